// Package results keeps what runs found: rows, the manifest that says how they
// came about, and statistics over them. It never runs anything: charts, tables
// and reports are drawn from rows alone.
package results

// A Row is one run in numbers: one cell of the grid, one seed. It holds all
// that any chart or table needs, so that they can be redrawn without a run.
type Row struct {
	Experiment string  `json:"experiment"` // name of the experiment, not a path
	Cell       int     `json:"cell"`       // index of the cell in the grid
	Series     string  `json:"series"`     // short label of the cell: "raft n=5 loss=1%"
	Model      string  `json:"model"`      // catalogue name of the store
	Params     []Param `json:"params"`     // the swept settings of this cell, in the order of the sweep
	Seed       uint64  `json:"seed"`
	Hash       string  `json:"hash"` // 64-bit trace hash of the run with its history, 16 hex digits

	// Verdicts by property, such as "linearizable": Holds, Violated or Undecided.
	Verdicts map[string]string `json:"verdicts"`
	// Evidence in one sentence for each verdict that is not "holds".
	Evidence map[string]string `json:"evidence,omitempty"`
	// Beyond lists the model's assumptions that the run's faults broke; empty: within its assumptions.
	Beyond []string `json:"beyond,omitempty"`

	// Metrics by name; the catalogue of names, units and meanings is Metrics.
	// A metric that has no value in a run (p99 without an answered operation) is absent.
	Metrics map[string]float64 `json:"metrics"`

	Ops      Counts   `json:"ops"`
	Latency  Latency  `json:"latency"`          // of operations answered OK
	Timeline Timeline `json:"timeline"`         // availability over the run
	Faults   []Band   `json:"faults,omitempty"` // when faults were active
	Stale    []Stale  `json:"stale,omitempty"`  // every stale read, at most MaxStale of them
	Fresh    []Fresh  `json:"fresh,omitempty"`  // share of fresh reads by time since the newest acknowledged write
	Edges    []Edge   `json:"edges,omitempty"`  // who asked whom, callers first, where there are services
	Probes   *Probes  `json:"probes,omitempty"` // what probes of t-visibility saw, where the workload sends them
}

// The verdicts of a Row. Undecided is an answer of its own and never counts as Holds.
const (
	Holds     = "holds"
	Violated  = "violated"
	Undecided = "undecided"
)

// MaxStale bounds the stale reads listed in a Row; metrics count all of them.
const MaxStale = 1000

// A Param is one swept setting of a cell.
type Param struct {
	Name  string `json:"name"`  // path in the experiment file: model.r
	Value string `json:"value"` // as written there: 2, 1%, raft
}

// Counts counts operations by what the client learned.
type Counts struct {
	OK      int `json:"ok"`
	Failed  int `json:"failed"`  // certainly did not happen
	Unknown int `json:"unknown"` // may have happened
}

// Latency holds one histogram for reads and one for all operations that change a key.
type Latency struct {
	Read  Histogram `json:"read"`
	Write Histogram `json:"write"`
}

// A Timeline counts operations by the window in which they were called.
type Timeline struct {
	WindowMS float64 `json:"window_ms"` // width of a window, milliseconds
	Called   []int   `json:"called"`    // operations called in each window
	OK       []int   `json:"ok"`        // of these, answered OK

	// Reads judged in each window, and those of them that were stale or that no order in real
	// time explains. Empty in rows from before this was scored.
	Judged []int `json:"judged,omitempty"`
	Wrong  []int `json:"wrong,omitempty"`
}

// A Band is a stretch of time in which a fault was active, in milliseconds since the run began.
type Band struct {
	FromMS float64 `json:"from_ms"`
	ToMS   float64 `json:"to_ms"`
	Label  string  `json:"label"` // "isolate the leader"
}

// A Stale is one read that returned an overwritten value.
type Stale struct {
	AtMS     float64 `json:"at_ms"`    // when the read was called
	AgeMS    float64 `json:"age_ms"`   // time since the value was certainly overwritten
	Versions int     `json:"versions"` // writes acknowledged since, wholly between that write and the read
}

// A Fresh counts reads called within a span of time after the newest write
// that was acknowledged before them (t-visibility, Bailis et al., VLDB 2012).
type Fresh struct {
	SinceMS float64 `json:"since_ms"` // upper end of the span
	Reads   int     `json:"reads"`
	Fresh   int     `json:"fresh"` // of these, returned that write or a newer one
}

// An Edge is the requests of one service to another over the workload, every attempt counted.
type Edge struct {
	From  string `json:"from"` // a service, or clients
	To    string `json:"to"`   // a service, or store
	Calls int    `json:"calls"`
	OK    int    `json:"ok"` // answers OK, those that nobody waited for any more included
}

// Probes are the reads of t-visibility probes, by the time since the
// acknowledgement of the newest write.
type Probes struct {
	All    Histogram `json:"all"`
	Stale  Histogram `json:"stale"`            // of these, stale
	Behind []int     `json:"behind,omitempty"` // reads that were so many versions behind: none, 1, 2, ...
}

// Package txn judges the isolation of transactions: which of Adya's anomalies
// (Adya, Liskov and O'Neil, ICDE 2000) a history shows, and how strong an
// isolation level it keeps. It sees only what clients saw, as Elle does
// (Kingsbury and Alvaro, VLDB 2020), and knows nothing of the database.
//
// It works in five steps:
//
//	number   keys, and who wrote each value           number.go
//	order    the versions of each key                 list.go, register.go
//	inspect  what each transaction saw                inspect.go
//	connect  who must come before whom: a graph       connect.go, graph.go
//	judge    cycles of the graph, levels, a search    scc.go, cycle.go, level.go, search.go
//
// Lists that are only appended to tell their own order of versions, so levels are
// decided by the graph alone. Appends that no read shows come after all that
// reads show. Of several such on one key the order is unknown; it may be that of
// any topological order of the graph, which adds no cycle, so none is needed.
// (Snapshot isolation is the exception, see searcher.) Registers do not tell
// their order: where the graph has no cycle, a search within a budget of steps
// looks for an order that explains every read, and without one a level does not
// "hold": it is undecided.
//
// What the outcomes mean: an OK transaction happened. A failed one certainly did
// not, so whoever sees its writes has seen an aborted read. One of unknown outcome
// happened if a read shows one of its writes; else it is taken never to have
// happened, which can only make a history better. What it read says nothing.
package txn

import (
	"fmt"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Options say what to judge. The zero value judges strict serializability and
// assumes nothing.
type Options struct {
	Level Level // what Report.Result is about; 0 means StrictSerializable

	// Uncalled says that nobody knows when transactions were called: their calls are
	// the instants of their answers. Sessions keep their order; levels of real time
	// are not known to hold.
	Uncalled bool

	// Assumptions about registers, whose order of versions cannot be seen. They
	// find anomalies of levels without real time or sessions that would be missed
	// otherwise, but an anomaly so found may be a breach of the assumption instead.
	SequentialKeys   bool // each key alone is sequentially consistent: a session never goes back to an older version
	LinearizableKeys bool // each key alone is linearizable: nobody does
}

// Engines, as results name them.
const (
	Graph  = "graph"        // the dependency graph alone decided
	Search = "graph+search" // a search for an order had to help
)

// A Report is all that was found out about a history of transactions.
type Report struct {
	Transactions int         `json:"transactions"`
	OK           int         `json:"ok"`
	Failed       int         `json:"failed"`
	Unknown      int         `json:"unknown"` // of unknown outcome
	Seen         int         `json:"seen"`    // of unknown outcome, but some read shows that they happened
	Keys         int         `json:"keys"`
	Anomalies    []Anomaly   `json:"anomalies"`       // worst first
	Levels       []Judgement `json:"levels"`          // weakest first
	Notes        []string    `json:"notes,omitempty"` // what the verdicts rest on, or why some are undecided

	Result judge.Result `json:"-"` // for the level asked for
}

// Check judges the isolation of a history. Every level gets its verdict; the
// Result is that of the level in o. If the budget asks for an order and that
// level is a serializable one that holds, its transactions are given in an order
// that explains every read.
func Check(ts []history.Transaction, o Options, b judge.Budget) Report {
	if o.Level >= levelCount {
		panic(fmt.Sprintf("txn: level %d", o.Level))
	}
	a := analyze(ts, o)
	levels := a.judgeLevels(b).list()
	r := Report{Transactions: len(ts), Keys: len(a.keys), Anomalies: a.report(), Levels: levels, Notes: a.notes()}
	for t := range ts {
		switch ts[t].Status {
		case history.OK:
			r.OK++
		case history.Failed:
			r.Failed++
		default:
			r.Unknown++
			if a.happened[t] {
				r.Seen++
			}
		}
	}
	r.Result = a.result(&r, b)
	return r
}

// analyze infers all that needs no search.
func analyze(ts []history.Transaction, o Options) *analysis {
	a := &analysis{ts: ts, o: o, engine: Graph, orders: map[versionPair]origin{}, followers: map[int32][]int32{}, g: graph{txns: int32(len(ts)), nodes: int32(len(ts))}}
	a.number()
	a.order()
	a.inspect()
	a.connect()
	a.findCycles()
	return a
}

// level returns the level asked for.
func (o *Options) level() Level {
	if o.Level == 0 {
		return StrictSerializable
	}
	return o.Level
}

// result puts the verdict on the level asked for in the words of a checker.
func (a *analysis) result(r *Report, b judge.Budget) judge.Result {
	level := a.o.level()
	j := r.Levels[level-1]
	res := judge.Result{Verdict: j.Verdict, Engine: a.engine, Steps: a.steps}
	switch j.Verdict {
	case judge.Holds:
		if b.Order && level.Implies(Serializable) {
			s := a.newSearch(level)
			if s.run(b.Limit()+4*len(a.ts)) == judge.Holds {
				res.Order = s.order()
			}
		}
	case judge.Violated:
		res.Evidence = r.refuting(level).evidence()
	default:
		res.Evidence.Text = j.Why
	}
	return res
}

// refuting returns the first anomaly that the level forbids.
func (r *Report) refuting(l Level) *Anomaly {
	for i := range r.Anomalies {
		if r.Anomalies[i].refutes(l) {
			return &r.Anomalies[i]
		}
	}
	return nil
}

// Cast returns the transactions of the anomaly by which the level falls, as the
// evidence calls them: T1, T2 and so on. It is nil if the level does not fall by one.
func (r *Report) Cast(l Level) []int {
	if an := r.refuting(l); an != nil {
		return an.Cast
	}
	return nil
}

// evidence puts an anomaly in the words of a checker.
func (an *Anomaly) evidence() judge.Evidence {
	if an == nil {
		return judge.Evidence{}
	}
	return judge.Evidence{Ops: an.Ops, Text: an.Title() + ": " + an.sentence}
}

// notes says what the verdicts rest on.
func (a *analysis) notes() []string {
	var notes []string
	if a.o.LinearizableKeys {
		notes = append(notes, "assumed: each key alone is linearizable")
	} else if a.o.SequentialKeys {
		notes = append(notes, "assumed: each key alone is sequentially consistent")
	}
	return notes
}

// none stands where there is no transaction, write or key.
const none = -1

// An analysis is what has been inferred about one history.
type analysis struct {
	ts []history.Transaction
	o  Options

	start    []int32 // where the micro-operations of each transaction begin in the two below, and where the last ones end
	keyOf    []int32 // the key of each micro-operation
	ref      []int32 // what each micro-operation wrote, as index into writes; or the version that it read
	keys     []key
	writes   []write
	byItem   map[item]int32 // the write that brought a value to a key
	happened []bool         // transactions: OK, or shown by a read
	maybe    []bool         // transactions of unknown outcome of which a read may show a write, if nobody else made it
	byCall   []int32        // transactions in order of call

	reads  []externalRead
	sights []sight

	// Of registers.
	orders    map[versionPair]origin // why one version came before another
	followers map[int32][]int32      // of a version: who wrote over it without having read it, but having seen its maker

	g      graph
	cyclic [depths][variants]components
	found  []finding

	unfit  string // why some of the history is outside what can be judged, or empty
	engine string
	steps  int // spent by searches
}

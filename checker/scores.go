package checker

import (
	"slices"
	"time"

	"faultline/checker/atomicity"
	"faultline/checker/consistability"
	"faultline/checker/converge"
	"faultline/checker/effects"
	"faultline/checker/history"
	"faultline/checker/keys"
	"faultline/checker/staleness"
)

// A Run is what there is to be scored. Only the history is needed.
type Run struct {
	History  history.History
	Finals   history.History    // the reads that clients made in the end, which may be in History, too
	Replicas []converge.Replica // what replicas held in the end
	Healed   history.Time       // when the last fault was healed; 0: not known
	End      history.Time       // when clients stopped asking: windows end there; 0: with the history
	Window   time.Duration      // the width of windows; 0: the default of package consistability
}

// Scores are all scores of one run. Their definitions, with the papers, are with
// the packages that measure them. What could not be judged is counted, and never
// taken to be good. Durations are in nanoseconds.
type Scores struct {
	Operations     int            `json:"operations"`
	Delta          Distance       `json:"delta"`
	Gamma          Distance       `json:"gamma"`
	Late           int            `json:"late_reads"`       // reads that Delta has to move
	Wrong          int            `json:"wrong_operations"` // operations that make Delta infinite
	Unjudged       int            `json:"unjudged_keys"`    // keys that Delta and Gamma do not cover
	K              Bounds         `json:"k"`                // k-atomicity
	Removal        Bounds         `json:"removal"`          // least number of operations to remove
	RemovalOps     []int          `json:"removal_operations,omitempty"`
	Staleness      Staleness      `json:"staleness"`
	Lost           Lost           `json:"lost_writes"`
	Effects        Effects        `json:"effects"`
	Convergence    *Convergence   `json:"convergence,omitempty"`   // nil if the heal is not known
	Diverged       *int           `json:"diverged_keys,omitempty"` // on which replicas differ; nil if they are not known
	Consistability Consistability `json:"consistability"`

	Detail Detail `json:"-"`
}

// A Distance is a time from linearizable, with what proves it.
type Distance struct {
	Time     time.Duration `json:"ns"`
	Infinite bool          `json:"infinite,omitempty"` // no time is enough; Time is for the rest
	Ops      []int         `json:"operations,omitempty"`
	Text     string        `json:"text,omitempty"`
}

// Bounds are what is known of a number: all of it if they are equal.
type Bounds struct {
	Lower    int  `json:"lower"`
	Upper    int  `json:"upper"`
	Infinite bool `json:"infinite,omitempty"` // no number is enough; the bounds are for the rest
	Unjudged int  `json:"unjudged_keys,omitempty"`
}

// A Staleness sums up how old reads were.
type Staleness struct {
	Basis      string              `json:"basis"` // store, inferred, or both
	Reads      int                 `json:"reads"`
	Stale      int                 `json:"stale"`
	Share      float64             `json:"share"`
	Oldest     time.Duration       `json:"oldest_ns"`
	Age99      time.Duration       `json:"age_p99_ns"`     // of all reads, the fresh ones being 0
	Versions   int                 `json:"versions_max"`   // the most versions that a read was behind
	Visible99  *time.Duration      `json:"visible_99_ns"`  // t-visibility at 99 %; nil if even the latest reads are stale too often
	Visible999 *time.Duration      `json:"visible_999_ns"` // the same at 99.9 %
	Curve      []staleness.Visible `json:"visibility"`
	Behind     []staleness.Behind  `json:"versions"`
	Unjudged   int                 `json:"unjudged_reads,omitempty"`
}

// A Lost sums up acknowledged writes that are gone.
type Lost struct {
	Acked    int `json:"acknowledged"` // on the keys judged
	Lost     int `json:"lost"`
	Dropped  int `json:"dropped,omitempty"`             // old when they were acknowledged, by the store's own order
	ByStore  int `json:"acknowledged_ranked,omitempty"` // of the acknowledged ones, those judged by the store's own order
	Unjudged int `json:"unjudged_keys,omitempty"`
}

// An Effects sums up the ledger of what was asked for and what happened.
type Effects struct {
	Intents   int `json:"intents"`
	Lost      int `json:"lost"`
	Duplicate int `json:"duplicate"`
	Phantom   int `json:"phantom"`
	Appeared  int `json:"limbo_appeared"` // of unknown outcome, and their effect was seen
	Absent    int `json:"limbo_absent"`   // it is not there in the end
	Open      int `json:"limbo_open"`     // nobody can tell
	Unjudged  int `json:"unjudged_keys,omitempty"`
}

// A Convergence sums up how reads agreed after the heal.
type Convergence struct {
	Time    time.Duration `json:"ns"`
	Reads   int           `json:"reads"`
	Settled bool          `json:"settled"`
}

// A Consistability sums up the windows.
type Consistability struct {
	Value        float64                 `json:"value"`
	Consistency  float64                 `json:"consistency"`
	Availability float64                 `json:"availability"`
	Width        time.Duration           `json:"window_ns"`
	Distribution []consistability.Level  `json:"distribution"`
	Windows      []consistability.Window `json:"windows"`
}

// A Detail is what the scores were summed up from.
type Detail struct {
	Keys        []keys.Key // of the history
	Explained   bool       // by the store's own order, which respects real time: linearizable, and all that follows
	Atomicity   atomicity.Score
	Staleness   staleness.Score
	Losses      converge.Losses
	Convergence converge.Convergence
	Apart       []converge.Difference
	Ledger      effects.Ledger
	Windows     consistability.Score
}

// Score scores a run in O(n log n), plus the length of the lists read.
func Score(r Run) Scores { return new(Scorer).Score(r) }

// A Scorer scores runs, one after the other in the same memory. The zero value is
// ready to use.
type Scorer struct {
	split   keys.Splitter
	spans   spans
	meter   staleness.Meter
	effects effects.Reader
	judged  []bool
}

// Score is the function Score. The detail of what it returns is good until the next call.
func (sc *Scorer) Score(r Run) Scores {
	h, all := r.History, sc.split.Of(r.History)
	s := Scores{Operations: len(h)}
	d := &s.Detail
	d.Keys = all
	if d.Explained = sc.spans.explained(h, all); d.Explained {
		d.Atomicity = faultless(all)
	} else {
		d.Atomicity = atomicity.MeasureKeys(h, all)
	}
	d.Staleness = sc.meter.MeasureKeys(h, all, d.Explained)
	d.Losses = converge.LostWritesOf(h, all, r.Finals)
	d.Ledger = sc.effects.OfKeys(h, all, r.Finals)
	s.sumAtomicity(&d.Atomicity)
	s.sumStaleness(&d.Staleness)
	s.sumLedger(&d.Ledger)
	s.Lost = Lost{d.Losses.Acked, len(d.Losses.Lost), len(d.Losses.Dropped), d.Losses.Ranked, len(d.Losses.Unjudged)}
	if r.Healed > 0 {
		s.converge(&r, all)
	}
	if r.Replicas != nil {
		d.Apart = converge.Divergence(r.Replicas)
		n := len(d.Apart)
		s.Diverged = &n
	}
	sc.windows(&s, &r)
	return s
}

func (s *Scores) sumAtomicity(a *atomicity.Score) {
	s.Delta, s.Gamma = distance(&a.Delta), distance(&a.Gamma)
	s.Late, s.Wrong, s.Unjudged = len(a.Late), len(a.Wrong), a.Unjudged
	s.K = Bounds{a.K.Lower, a.K.Upper, a.K.Infinite, a.K.Unjudged}
	s.Removal = Bounds{a.Removal.Lower, a.Removal.Upper, false, a.Removal.Unjudged}
	s.RemovalOps = a.Removal.Ops
}

func distance(d *atomicity.Distance) Distance {
	return Distance{d.Time, d.Infinite, d.Evidence.Ops, d.Evidence.Text}
}

func (s *Scores) sumStaleness(st *staleness.Score) {
	s.Staleness = Staleness{
		Basis: st.Basis(), Reads: st.Reads, Stale: len(st.Stale), Share: st.Share(), Age99: st.Age(0.99),
		Visible99: visible(st, 0.99), Visible999: visible(st, 0.999),
		Curve: st.Visibility(), Behind: st.Behind(), Unjudged: st.Skipped + st.Unexplained,
	}
	if oldest, any := st.Oldest(); any {
		s.Staleness.Oldest = oldest.Age
	}
	for i := range st.Stale {
		s.Staleness.Versions = max(s.Staleness.Versions, st.Stale[i].Versions)
	}
}

func visible(st *staleness.Score, p float64) *time.Duration {
	if t, ok := st.VisibleAfter(p); ok {
		return &t
	}
	return nil
}

func (s *Scores) sumLedger(l *effects.Ledger) {
	open, appeared, absent := l.Fates()
	s.Effects = Effects{l.Intents, len(l.Lost), len(l.Duplicate), len(l.Phantom), appeared, absent, open, l.Unsettled}
}

func (s *Scores) converge(r *Run, all []keys.Key) {
	lost := make(map[int]bool, len(s.Detail.Losses.Lost))
	for _, x := range s.Detail.Losses.Lost {
		lost[x.Op] = true
	}
	stale := make([]int, 0, len(s.Detail.Staleness.Stale))
	for _, x := range s.Detail.Staleness.Stale {
		if !lost[x.Newer] {
			stale = append(stale, x.Op)
		}
	}
	c := converge.AfterHeal(r.History, all, r.Finals, r.Healed, stale)
	s.Detail.Convergence = c
	s.Convergence = &Convergence{c.Time, c.Reads, c.Settled}
}

// windows scores windows. An operation is inconsistent if Delta has to move it or
// cannot explain it, or if it is a stale read.
func (sc *Scorer) windows(s *Scores, r *Run) {
	d := &s.Detail
	faults := make([]consistability.Fault, 0, len(d.Atomicity.Late)+len(d.Atomicity.Wrong)+len(d.Staleness.Stale))
	for i := range d.Atomicity.Late {
		faults = append(faults, consistability.Fault{Op: d.Atomicity.Late[i].Op, By: d.Atomicity.Late[i].By})
	}
	for i := range d.Atomicity.Wrong {
		faults = append(faults, consistability.Fault{Op: d.Atomicity.Wrong[i].Op})
	}
	for i := range d.Staleness.Stale {
		faults = append(faults, consistability.Fault{Op: d.Staleness.Stale[i].Op, By: d.Staleness.Stale[i].Age})
	}
	judged := slices.Grow(sc.judged[:0], len(r.History))[:len(r.History)]
	sc.judged = judged
	clear(judged)
	for i := range d.Keys {
		if k := &d.Keys[i]; k.Shape == keys.Register || k.Shape == keys.List {
			for _, read := range k.Reads {
				judged[read] = true
			}
		}
	}
	end := r.End
	if end == 0 {
		end = history.Never
	}
	d.Windows = consistability.Measure(r.History, end, r.Window, faults, func(op int) bool { return judged[op] })
	w := &d.Windows
	s.Consistability = Consistability{w.Value(), w.Consistency(), w.Availability(), w.Width, w.Distribution(), w.Windows}
}

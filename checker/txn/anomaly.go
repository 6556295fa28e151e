package txn

import (
	"slices"
	"strings"
)

// A Kind is a class of anomalies, named as in Adya's thesis and by Elle. Those of
// the variants -process and -realtime need the order within sessions, or real
// time, for their contradiction.
type Kind string

// The kinds of anomalies, worst first.
const (
	Internal         Kind = "internal"           // a transaction does not see its own writes
	Garbage          Kind = "garbage-read"       // a read of what nobody wrote
	Duplicate        Kind = "duplicate-elements" // one append shows twice in a list
	Scrambled        Kind = "scrambled-appends"  // appends of one transaction show in another order
	G0               Kind = "G0"                 // write cycle: two transactions overwrote each other
	G1a              Kind = "G1a"                // aborted read: of a failed transaction's write
	DirtyUpdate      Kind = "dirty-update"       // a committed append stands on a failed one
	G1b              Kind = "G1b"                // intermediate read: of what a transaction itself overwrote
	Incompatible     Kind = "incompatible-order" // two reads disagree on the order of the same appends
	Future           Kind = "future-read"        // a transaction reads what it writes only later
	G1c              Kind = "G1c"                // circular information flow: two transactions each saw the other
	ObservedVanishes Kind = "OTV"                // a transaction saw one write of another, and then not its other one
	LostUpdate       Kind = "lost-update"        // an update of what had been overwritten since it was read
	FuzzyRead        Kind = "fuzzy-read"         // two reads of one key in one transaction differ
	GSingle          Kind = "G-single"           // a cycle with a single anti-dependency, such as read skew
	GNonadjacent     Kind = "G-nonadjacent"      // a cycle with several, no two in a row, such as a long fork
	G2Item           Kind = "G2-item"            // a cycle with two in a row, such as write skew
	NoOrder          Kind = "no-order"           // a search found no order that explains all reads
)

// The endings that make the variants of the kinds that are cycles.
const (
	ofSession  = "-process"
	ofRealtime = "-realtime"
)

// kinds lists them, worst first.
var kinds = []Kind{
	Garbage, Duplicate, Scrambled, Internal, G0, G1a, DirtyUpdate, G1b, Incompatible, Future, G1c, ObservedVanishes,
	LostUpdate, FuzzyRead, GSingle, GNonadjacent, G2Item, NoOrder,
}

// rank orders kinds, worst first: variants come after all kinds without.
func (k Kind) rank() int {
	base, v := k.base()
	return int(v)*len(kinds) + slices.Index(kinds, base)
}

// base returns the kind without its variant, and the variant.
func (k Kind) base() (Kind, variant) {
	if b, ok := strings.CutSuffix(string(k), ofSession); ok {
		return Kind(b), inSessions
	}
	if b, ok := strings.CutSuffix(string(k), ofRealtime); ok {
		return Kind(b), inRealTime
	}
	return k, byData
}

// in returns the variant of the kind.
func (k Kind) in(v variant) Kind {
	return k + [variants]Kind{"", ofSession, ofRealtime}[v]
}

// An Anomaly is something that a history shows and some levels forbid.
type Anomaly struct {
	Kind    Kind    `json:"kind"`
	Name    string  `json:"name"`    // in plain words, such as read skew
	Refutes []Level `json:"refutes"` // the weakest levels that forbid it; so do all that imply one of them
	Count   int     `json:"count"`   // reads or transactions that show it; of cycles, groups of entangled transactions
	Ops     []int   `json:"ops"`     // the transactions that prove it, as indices into the history, ascending
	Cast    []int   `json:"-"`       // the same, as the text calls them: T1, T2 and so on
	Cycle   []Step  `json:"cycle,omitempty"`
	Derived bool    `json:"derived,omitempty"` // the cycle rests on an order of writes that was derived by taking the level for granted
	Text    string  `json:"text"`              // why, in lines of 80 columns at most where words allow

	sentence string // the same in one sentence
}

// A Step of a cycle says that one transaction must come before another.
type Step struct {
	From int    `json:"from"` // as indices into the history
	To   int    `json:"to"`
	Type string `json:"type"` // ww, wr, rw, session, realtime, view
	Key  string `json:"key,omitempty"`
	Why  string `json:"why"`
}

// refutes returns the weakest levels that forbid a kind.
func (k Kind) refutes() []Level {
	base, v := k.base()
	switch v {
	case inSessions:
		if base == G2Item {
			return []Level{StrongSessionSerializable}
		}
		return []Level{StrongSessionSnapshot}
	case inRealTime:
		if base == G2Item {
			return []Level{StrictSerializable}
		}
		return []Level{StrongSnapshot}
	}
	switch base {
	case Internal, Garbage, Duplicate, Scrambled, G0:
		return []Level{ReadUncommitted}
	case ObservedVanishes:
		return []Level{MonotonicAtomicView}
	case LostUpdate:
		return []Level{CursorStability}
	case FuzzyRead, GSingle, GNonadjacent:
		return []Level{RepeatableRead, SnapshotIsolation}
	case G2Item:
		return []Level{RepeatableRead}
	default:
		return []Level{ReadCommitted}
	}
}

// refutes reports whether the level forbids the anomaly.
func (an *Anomaly) refutes(l Level) bool {
	for _, r := range an.Refutes {
		if l.Implies(r) {
			return true
		}
	}
	return false
}

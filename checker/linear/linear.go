// Package linear judges linearizability (Herlihy and Wing, TOPLAS 1990): can the
// operations on each key be put into one order that respects real time and
// explains every answer? Linearizability is local, so keys are judged one by one.
//
// Four engines, each on the keys it fits:
//
//   - zones: registers whose written values are unique, in O(n log n) (Gibbons and Korach, SIAM J. Comput. 1997);
//   - blocks: the same with compare-and-sets, whose values are chained into blocks;
//   - order: lists that are only appended to, with unique numbers: the longest read gives the order;
//   - porcupine: everything else, by search within a budget of steps.
//
// What the outcomes mean: intervals are closed, so operations that touch at one
// instant are concurrent. A write of unknown outcome may take effect at any later
// time or never. A failed operation certainly did not happen, so a read of its
// value is a violation. Reads without an answer say nothing. A compare-and-set
// that did not swap is a read of what it found, or, if blind, says only that it
// did not find what it expected; one that found it and still did not swap is a violation.
package linear

import (
	"slices"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// The engines, as results name them.
const (
	Zones     = "zones"
	Blocks    = "blocks"
	Order     = "order"
	Porcupine = "porcupine"
)

var engines = [...]string{Zones, Blocks, Order, Porcupine}

// Checker is Check as a checker for catalogues.
type Checker struct{}

// Name returns linearizable.
func (Checker) Name() string { return "linearizable" }

// Check is the function Check.
func (Checker) Check(h history.History, b judge.Budget) judge.Result { return Check(h, b) }

// Check judges whether h is linearizable. The first violated key, in the order
// in which keys appear, is the evidence: at most four operations for registers,
// except that a circle of compare-and-sets is shown whole. Only the porcupine
// engine uses the budget, after all other keys were judged.
func Check(h history.History, b judge.Budget) judge.Result {
	c := checker{h: h, limit: b.Limit()}
	g := groupByKey(h)
	var used [len(engines)]bool
	var hard [][]int32
	for k := range g.keys() {
		r := c.key(g.key(k))
		used[slices.Index(engines[:], r.Engine)] = true
		switch r.Verdict {
		case judge.Violated:
			return r
		case judge.Undecided:
			hard = append(hard, g.key(k))
		}
	}
	if r := c.search(hard); r.Verdict != judge.Holds {
		return r
	}
	return judge.Result{Engine: together(used)}
}

// together names the engines that took part in a verdict.
func together(used [len(engines)]bool) string {
	var names []string
	for i, name := range engines {
		if used[i] {
			names = append(names, name)
		}
	}
	if names == nil {
		return Zones // nothing to judge: any engine would do
	}
	return strings.Join(names, "+")
}

// A checker judges one history. Its slices are scratch, used anew for each key.
type checker struct {
	h     history.History
	limit int // the budget, in steps

	writers  writers
	clusters []cluster
	stack    []int32
	blocks   []block
	forward  []int32 // the forward blocks among them
	seen     []bool  // the appends that the longest read shows
}

// key judges the operations of one key, given as indices into the history. What
// only a search can judge is undecided.
func (c *checker) key(ops []int32) judge.Result {
	switch s := c.shape(ops); {
	case s.registers() && c.writers.collect(c.h, ops):
		engine := Zones
		if s.cas {
			engine = Blocks
		}
		return result(engine, c.register(ops))
	case s.lists() && c.writers.collect(c.h, ops):
		return result(Order, c.list(ops))
	default:
		return judge.Result{Verdict: judge.Undecided, Engine: Porcupine}
	}
}

// result is the answer of an engine that always decides.
func result(engine string, why *judge.Evidence) judge.Result {
	if why == nil {
		return judge.Result{Engine: engine}
	}
	return judge.Result{Verdict: judge.Violated, Engine: engine, Evidence: *why}
}

// A shape says which kinds of operation a key saw.
type shape struct{ write, cas, append, blind, odd bool }

// registers reports whether zones or blocks apply, if values are unique.
func (s shape) registers() bool { return !s.append && !s.blind && !s.odd }

// lists reports whether order applies, if the numbers appended are unique.
func (s shape) lists() bool { return s.append && !s.write && !s.cas && !s.blind }

func (c *checker) shape(ops []int32) (s shape) {
	for _, i := range ops {
		op := &c.h[i]
		s.blind = s.blind || isBlind(op)
		if !op.MayMutate() {
			continue
		}
		switch op.Kind {
		case history.Append:
			s.append = true
			continue
		case history.CAS:
			s.cas = true
		default:
			s.write = true
		}
		// A written list, or a write of the initial value, is no unique number.
		s.odd = s.odd || len(op.In.List) > 0 || op.In.Num == 0
	}
	return s
}

// isBlind reports whether op only says what its key did not hold.
func isBlind(op *history.Op) bool {
	return op.Kind == history.CAS && op.Status == history.OK && !op.Swapped && op.Blind
}

// matters reports whether op says anything about its key.
func matters(op *history.Op) bool {
	return op.Status == history.OK || op.Status == history.Unknown && op.Kind.Mutates()
}

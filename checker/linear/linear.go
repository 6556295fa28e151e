// Package linear judges linearizability (Herlihy and Wing, TOPLAS 1990): can the
// operations on each key be put into one order that respects real time and
// explains every answer? Linearizability is local, so keys are judged one by one.
//
// Eight engines, each on the keys it fits:
//
//   - zones: registers whose written values are unique, in O(n log n) (Gibbons and Korach, SIAM J. Comput. 1997);
//   - blocks: the same with compare-and-sets, whose values are chained into blocks;
//   - order: lists that are written and appended to, with unique numbers: each read shows a chain;
//   - set: all sets: what was read is a chain;
//   - queue, stack: those into which no value comes twice and that nobody reads (queue.go, stack.go);
//   - search: everything else, just in time (Lowe 2017), within a budget of steps;
//   - porcupine: keys with too much open at once for that, within the same budget.
//
// What the outcomes mean: intervals are closed, so operations that touch at one
// instant are concurrent. A write of unknown outcome may take effect at any later
// time or never. A failed operation certainly did not happen, so a read of its
// value is a violation. Reads without an answer say nothing. A compare-and-set
// that did not swap is a read of what it found, or, if blind, says only that it
// did not find what it expected; one that found it and still did not swap is a violation.
//
// A set is read in any order, each member once. A queue or stack is read first
// what would come out first. To take from an empty one and not know it changes nothing.
package linear

import (
	"fmt"
	"math/bits"
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
	Sets      = "set"
	Queues    = "queue"
	Stacks    = "stack"
	Search    = "search"
	Porcupine = "porcupine"
)

var engines = [...]string{Zones, Blocks, Order, Sets, Queues, Stacks, Search, Porcupine}

// Checker is Check as a checker for catalogues.
type Checker struct{}

// Name returns linearizable.
func (Checker) Name() string { return "linearizable" }

// Check is the function Check.
func (Checker) Check(h history.History, b judge.Budget) judge.Result { return Check(h, b) }

// Check judges whether h is linearizable. The first key found to be violated is the
// evidence: at most four operations for registers, except that a circle of
// compare-and-sets is shown whole; where a search was needed, operations of which
// none can be left out (see witness.go). Only searches use the budget, and a hopeless
// key hides no other, nor what a single answer shows. Beside the budget a search may spend a few steps for each
// operation, so that length alone makes no history undecided.
//
// If the budget asks for an order, one that passes Verify comes with Holds.
func Check(h history.History, b judge.Budget) judge.Result {
	c := checker{h: h, limit: b.Limit() + stepsPerOp*len(h), want: b.Order, brief: b.Brief}
	r := c.check()
	r.Steps = c.steps
	if r.Engine == "" {
		r.Engine = c.together()
	}
	if r.Verdict == judge.Holds && b.Order {
		r.Order = merge(h, c.orders)
		if err := Verify(h, r.Order); err != nil {
			panic("linear: " + r.Engine + " found a wrong order: " + err.Error())
		}
	}
	return r
}

// stepsPerOp is how many steps each operation adds to the budget.
const stepsPerOp = 8

// A checker judges one history. Its slices are scratch, used anew for each key.
type checker struct {
	h           history.History
	limit       int                // the budget, in steps
	want, brief bool               // an order; no more than the verdict
	steps       int                // spent
	used        [len(engines)]bool // the engines that took part
	orders      [][]int32          // of the keys that are linearizable, if wanted
	undecided   []hard             // the keys whose search needs more steps
	mixed       []int32            // the operations of the first key that cannot be judged, or nil
	why         string             // it cannot

	writers  writers
	clusters []cluster
	stack    []int32
	blocks   []block
	forward  []int32 // the forward blocks among them
	lists    bool    // what is being judged is a list
	known    known   // the list read last
	searcher search
}

func (c *checker) check() judge.Result {
	g := groupByKey(c.h)
	for k := range g.keys() {
		if r := c.key(g.key(k)); r.Verdict == judge.Violated {
			return r
		}
	}
	if r := c.retry(); r.Verdict != judge.Holds {
		return r
	}
	if c.mixed != nil {
		return judge.Result{Verdict: judge.Undecided, Evidence: judge.Evidence{Text: c.why}}
	}
	return judge.Result{}
}

// key judges the operations of one key, given as indices into the history. A
// search that needs more steps than others might is put off.
func (c *checker) key(ops []int32) judge.Result {
	s := c.shape(ops)
	f, why := s.family()
	switch {
	case why != "":
		if c.mixed == nil {
			c.mixed, c.why = ops, fmt.Sprintf(why, c.h[ops[0]].Key)
		}
		return judge.Result{}
	case f == registers && s.registers() && c.writers.collect(c.h, ops, &s):
		if s.cas {
			return c.polynomial(Blocks, ops)
		}
		return c.polynomial(Zones, ops)
	case f == registers && s.lists() && c.writers.collect(c.h, ops, &s):
		return c.polynomial(Order, ops)
	}
	if r, fits := c.thing(f, ops, &s); fits {
		return r
	}
	k := hard{ops, f}
	r := c.try(k, firstRound)
	if r.Verdict != judge.Undecided {
		return r
	}
	if why := c.impossible(ops); why != nil {
		return judge.Result{Verdict: judge.Violated, Engine: r.Engine, Evidence: *why}
	}
	c.undecided = append(c.undecided, k)
	return r
}

// polynomial judges a key by an engine that always decides.
func (c *checker) polynomial(engine string, ops []int32) judge.Result {
	c.use(engine)
	c.lists, c.known = engine == Order, known{}
	if why := c.register(ops); why != nil {
		return judge.Result{Verdict: judge.Violated, Engine: engine, Evidence: *why}
	}
	if c.want {
		c.orders = append(c.orders, c.arrange(ops))
	}
	return judge.Result{}
}

// use notes that the engine took part.
func (c *checker) use(engine string) { c.used[slices.Index(engines[:], engine)] = true }

// together names the engines that took part.
func (c *checker) together() string {
	var names []string
	for i, name := range engines {
		if c.used[i] {
			names = append(names, name)
		}
	}
	if names == nil {
		return Zones // nothing to judge: any engine would do
	}
	return strings.Join(names, "+")
}

// A shape says what sort of operations a key saw.
type shape struct {
	kinds       uint16 // by number, of all operations
	cas, append bool   // happened, or may have
	blind       bool   // some refusal says only what was not found
	list        bool   // a list was written
	odd         bool   // what was written is no unique number, not even as a list of one
	items       bool   // what was added, enqueued or pushed is no number that can stand there

	writers   int   // how many operations happened, or may have, that change the key
	low, high int64 // the least and the greatest number they brought
}

// family returns what sort of thing the key is, or why it cannot be judged, with
// a verb for its name.
func (s *shape) family() (f family, why string) {
	could := uint8(1<<registers | 1<<sets | 1<<queues | 1<<stacks)
	for k, of := range familyOf {
		if s.kinds>>k&1 != 0 {
			could &= of
		}
	}
	f = family(bits.TrailingZeros8(could))
	switch {
	case could == 0:
		return f, "%s is used as two of register, set, queue and stack; give each its own key"
	case s.items:
		return f, "a list or 0 was put in %s, where single numbers other than 0 are expected: 0 stands for nothing there; give each item a number"
	default:
		return f, ""
	}
}

// registers reports whether zones or blocks apply, if values are unique.
func (s *shape) registers() bool { return !s.append && !s.list && !s.blind && !s.odd }

// lists reports whether order applies, if the numbers are unique.
func (s *shape) lists() bool { return s.append && !s.cas && !s.blind && !s.odd }

func (c *checker) shape(ops []int32) (s shape) {
	for _, i := range ops {
		op := &c.h[i]
		s.kinds |= 1 << op.Kind
		s.blind = s.blind || isBlind(op)
		if !op.MayMutate() {
			continue
		}
		s.bring(number(op))
		switch op.Kind {
		case history.Append:
			s.append = true
			continue
		case history.CAS:
			s.cas = true
		case history.Add, history.Enqueue, history.Push:
			s.items = s.items || len(op.In.List) > 0 || op.In.Num == 0 && op.Kind != history.Add
		}
		s.list = s.list || len(op.In.List) > 0
		s.odd = s.odd || op.In.IsZero() || len(op.In.List) > 1 || len(op.In.List) == 1 && op.In.Num != 0
	}
	return s
}

// bring notes that an operation that changes the key brought the number.
func (s *shape) bring(x int64) {
	if s.writers == 0 {
		s.low, s.high = x, x
	}
	s.writers++
	s.low, s.high = min(s.low, x), max(s.high, x)
}

// isBlind reports whether op only says what its key did not hold.
func isBlind(op *history.Op) bool {
	return op.Kind == history.CAS && op.Status == history.OK && !op.Swapped && op.Blind
}

// matters reports whether op says anything about its key.
func matters(op *history.Op) bool {
	return op.Status == history.OK || op.Status == history.Unknown && op.Kind.Mutates()
}

package linear

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A witness is a set of operations that cannot be put in order whatever all the
// others on the key did: those may have happened at any time, any number of times
// (on queues and stacks, once), or never. So whoever looks at the witness may
// forget the rest. Making an operation one of the others only makes it easier to
// find an order, so a set from which none can be left out is found by halving
// (QuickXplain: Junker, AAAI 2004).

// What it may cost to make a witness small. The verdict stands without it.
const (
	witnessSteps = 500_000 // in all, beside the budget
	witnessTry   = 20_000  // for each set
	witnessOps   = 512     // operations before the last straw that are looked at one by one
	witnessMost  = 16      // operations that are shown, if it could not be made sure that none can be left out
)

// witness explains that x is the first return on the key that no order explains.
func (c *checker) witness(k hard, x int32) *judge.Evidence {
	if c.brief {
		return c.lastStraw(x)
	}
	w := witness{checker: c, family: k.family, until: c.h[x].Return, steps: witnessSteps}
	w.split(k.ops)
	recent := w.had[max(0, len(w.had)-witnessOps):]
	if len(recent) < len(w.had) && !w.proves(recent) {
		return c.lastStraw(x)
	}
	slices.Reverse(recent) // the latest are the likeliest to matter
	needed := w.smallest(nil, false, recent)
	if w.steps < 0 && len(needed) > witnessMost {
		return c.lastStraw(x)
	}
	return c.noOrder(needed)
}

// lastStraw explains no more than that x is where no order is left.
func (c *checker) lastStraw(x int32) *judge.Evidence {
	op := &c.h[x]
	return because(fmt.Sprintf("no order of the operations on %s up to %v explains that %v (called at %v)", op.Key, op.Return, op, op.Call), x)
}

type witness struct {
	*checker
	family family
	until  history.Time
	had    []int32 // what had been called by then and could matter, by return
	steps  int     // left
}

// split finds what had been called by the instant. Of what had not returned by
// then, only what may have changed the key could matter.
func (w *witness) split(ops []int32) {
	for _, i := range ops {
		if op := &w.h[i]; op.Call <= w.until && (returned(op) <= w.until || !looks(op)) {
			w.had = append(w.had, i)
		}
	}
	slices.SortStableFunc(w.had, func(a, b int32) int { return cmp.Compare(returned(&w.h[a]), returned(&w.h[b])) })
}

// proves reports whether the operations cannot be put in order.
func (w *witness) proves(kept []int32) bool {
	if w.steps < 0 {
		return false
	}
	ops := slices.Sorted(slices.Values(kept))
	var loose []int32
	for _, i := range w.had {
		if _, ok := slices.BinarySearch(ops, i); !ok {
			loose = append(loose, i)
		}
	}
	slices.Sort(loose)
	s := &w.searcher
	s.want = false
	s.prepare(w.h, ops, loose, w.family, w.until)
	v, _ := s.judge(witnessTry)
	w.steps -= s.steps + len(loose)
	return v == judge.Violated
}

// smallest returns a part of the candidates which, with those that are kept, proves
// the violation, as all of them do, and from which none can be left out. test says
// whether what is kept may prove it alone.
func (w *witness) smallest(kept []int32, test bool, candidates []int32) []int32 {
	switch {
	case test && w.proves(kept):
		return nil
	case len(candidates) == 1:
		return candidates
	}
	half := len(candidates) / 2
	first, second := candidates[:half], candidates[half:]
	b := w.smallest(slices.Concat(kept, first), len(first) > 0, second)
	a := w.smallest(slices.Concat(kept, b), len(b) > 0, first)
	return slices.Concat(a, b)
}

// noOrder explains operations that have no order.
func (c *checker) noOrder(ops []int32) *judge.Evidence {
	slices.Sort(ops)
	if len(ops) == 1 {
		return c.alone(ops[0])
	}
	const most = 6
	var list []string
	for _, i := range ops[max(0, len(ops)-most):] {
		list = append(list, c.when(i))
	}
	if len(ops) > most {
		list = append([]string{fmt.Sprintf("%d more", len(ops)-most)}, list...)
	}
	text := fmt.Sprintf("whatever else was done to %s, there is no order of these %d: %s", c.h[ops[0]].Key, len(ops), strings.Join(list, "; "))
	return because(text, ops...)
}

// when says what an operation did, when it was called and when it was answered.
func (c *checker) when(i int32) string {
	op := &c.h[i]
	if op.Status == history.Unknown {
		return fmt.Sprintf("%v (called at %v, never answered)", op, op.Call)
	}
	return fmt.Sprintf("%v (called at %v, answered at %v)", op, op.Call, op.Return)
}

// alone explains an operation that could not happen whatever the others did.
func (c *checker) alone(i int32) *judge.Evidence {
	op := &c.h[i]
	v := op.Out
	switch {
	case op.Kind == history.CAS && op.Swapped:
		v = op.Expect
	case op.Kind == history.CAS && !op.Blind && op.Out.Equal(op.Expect):
		return c.refused(i)
	}
	for n, x := range append([]int64{v.Num}, v.List...) {
		switch w := c.bringer(i, x, n > 0 || op.Kind.Takes()); {
		case n == 0 && x == 0:
		case w == none:
			return c.noOrigin(i, history.Num(x), c.bringing(i))
		case c.h[w].Call > op.Return:
			return c.readBeforeWrite(i, w)
		}
	}
	return because(fmt.Sprintf("%s, but nothing that was done to %s by then can have led to that", c.done(i), op.Key), i)
}

// bringer returns the first operation that may have brought x to the key of i, as
// an item of what is there or as the register, or none.
func (c *checker) bringer(i int32, x int64, item bool) int32 {
	for k := range c.h {
		op := &c.h[k]
		if !op.Kind.Brings() || !op.MayMutate() || op.Key != c.h[i].Key {
			continue
		}
		asItem := op.Kind != history.Write && op.Kind != history.CAS
		if op.In.Num == x && asItem == item || item && slices.Contains(op.In.List, x) {
			return int32(k)
		}
	}
	return none
}

// bringing returns the kind of operation that brings values to the key of i.
func (c *checker) bringing(i int32) history.Kind {
	for k := range c.h {
		if op := &c.h[k]; op.Kind.Brings() && op.Key == c.h[i].Key {
			return op.Kind
		}
	}
	return history.Write
}

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
// others on the key did: those may have happened, each in its time, or not at all.
// So whoever looks at the witness need only look for what else may have written
// what it read. Letting an operation off only makes it easier to find an order, so a
// set from which none can be left out is found by halving (QuickXplain: Junker, AAAI 2004).

// What it may cost to make a witness small. The verdict stands without it.
const (
	witnessSteps = 500_000 // in all, beside the budget
	witnessTry   = 20_000  // for each set
	witnessOps   = 512     // operations before the last straw that are looked at one by one
	opsPerStep   = 1       // operations that are made ready to be asked about within a step
	witnessMost  = 16      // operations that are shown, if it could not be made sure that none can be left out
)

// witness explains that x is the first return on the key that no order explains.
func (c *checker) witness(k hard, x int32) *judge.Evidence {
	if c.brief {
		return c.lastStraw(x)
	}
	w := witness{checker: c, steps: witnessSteps}
	w.ask(k, c.h[x].Return)
	if w.asked.anyStart && !w.proves(w.recent) {
		return c.lastStraw(x)
	}
	needed := w.smallest(nil, false, w.recent)
	if w.steps < 0 && len(needed) > witnessMost {
		return c.lastStraw(x)
	}
	return c.noOrder(needed)
}

// lastStraw explains no more than that x is where no order is left.
func (c *checker) lastStraw(x int32) *judge.Evidence {
	op := &c.h[x]
	return because("no order of the operations on "+op.Key+" up to "+op.Return.String()+" explains that "+op.String()+" (called at "+op.Call.String()+")", x)
}

type witness struct {
	*checker
	asked  question
	recent []int32 // what had returned when the question is asked, the latest first: the likeliest to matter
	steps  int     // left
}

// ask asks about what had been called by the instant. If that is too much, the key
// may have held anything a while before it.
func (w *witness) ask(k hard, until history.Time) {
	for _, i := range k.ops {
		if returned(&w.h[i]) <= until {
			w.recent = append(w.recent, i)
		}
	}
	slices.SortStableFunc(w.recent, func(a, b int32) int { return cmp.Compare(w.h[b].Return, w.h[a].Return) })
	since := always
	if k.family == registers && len(w.recent) > witnessOps {
		since = w.h[w.recent[witnessOps]].Return
		w.recent = slices.DeleteFunc(w.recent, func(i int32) bool { return w.h[i].Return <= since })
	}
	w.asked = question{h: w.h, family: k.family, until: until, some: true, anyStart: since > always}
	for _, i := range k.ops {
		if op := &w.h[i]; op.Call <= until && returned(op) > since {
			w.asked.ops = append(w.asked.ops, i)
		}
	}
}

// proves reports whether the operations cannot be put in order.
func (w *witness) proves(kept []int32) bool {
	if w.steps < 0 {
		return false
	}
	w.asked.kept = slices.Sorted(slices.Values(kept))
	s := &w.searcher
	s.want = false
	s.prepare(w.asked)
	v, _ := s.judge(witnessTry)
	w.steps -= s.steps + len(w.asked.ops)/opsPerStep
	return v == judge.Violated
}

// smallest returns a part of the candidates which, with those that are kept, proves
// the violation, as all of them do, and from which none can be left out. test says
// whether what is kept may prove it alone.
func (w *witness) smallest(kept []int32, test bool, candidates []int32) []int32 {
	switch {
	case w.steps < 0:
		return candidates // nothing more can be proved
	case test && w.proves(kept):
		return nil
	case len(candidates) == 1:
		return candidates
	}
	half := len(candidates) / 2
	first, second := candidates[:half], candidates[half:]
	b := w.smallest(slices.Concat(kept, first), true, second)
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
	text := fmt.Sprintf("whatever else was done to %s in its time, there is no order of these %d: %s", c.h[ops[0]].Key, len(ops), strings.Join(list, "; "))
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
	switch c.h[i].Kind {
	case history.Dequeue:
		return history.Enqueue
	case history.Pop:
		return history.Push
	default:
		return history.Write
	}
}

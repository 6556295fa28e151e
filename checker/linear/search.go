package linear

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// stepOps is the number of operations on a key up to which a step of the search
// counts once. Porcupine keeps a set of all operations at each step, so on
// longer keys a step counts for more: the budget bounds memory as well.
const stepOps = 1024

// Each key gets so many steps in the first round, and so many times more in each
// later one. A key that is easy to refute would else wait behind a hopeless one.
const (
	firstRound  = 20_000
	roundFactor = 8
)

// search judges keys with porcupine, round by round, until the budget is spent.
func (c *checker) search(keys [][]int32) judge.Result {
	left := make([]*searcher, len(keys))
	for i, ops := range keys {
		left[i] = newSearch(c.h, ops)
	}
	budget := c.limit
	for allowance := firstRound; len(left) > 0 && budget > 0; allowance *= roundFactor {
		still := left[:0]
		for _, s := range left {
			steps := min(allowance, budget)
			before := steps
			verdict := s.run(never, &steps)
			budget -= before - max(steps, 0)
			switch verdict {
			case judge.Violated:
				return judge.Result{Verdict: judge.Violated, Engine: Porcupine, Evidence: *s.explain(c.limit)}
			case judge.Undecided:
				still = append(still, s)
			}
		}
		left = still
	}
	if len(left) == 0 {
		return judge.Result{Engine: Porcupine}
	}
	return judge.Result{Verdict: judge.Undecided, Engine: Porcupine, Evidence: judge.Evidence{Text: c.ranOut(left)}}
}

// ranOut says on which keys the budget was not enough, and what to do.
func (c *checker) ranOut(left []*searcher) string {
	first := left[0]
	return fmt.Sprintf("the search of %d steps ended with %d keys undecided (the first is %s, with %d operations); allow more steps, use unique values, or spread the load over more keys",
		c.limit, len(left), c.h[first.ops[0]].Key, len(first.ops))
}

// A move is an operation as porcupine sees it.
type move struct {
	op              *history.Op
	expect, in, out *cell
	unknown         bool // its outcome
}

// A searcher prepares the operations of one key for porcupine.
type searcher struct {
	h     history.History
	ops   []int32
	cells cells
	moves []move
}

func newSearch(h history.History, ops []int32) *searcher {
	s := &searcher{h: h, cells: newCells(), moves: make([]move, 0, len(ops))}
	seen := observe(h, ops, &s.cells)
	for _, i := range ops {
		op := &h[i]
		if op.Status == history.Unknown && seen.misses(op) {
			continue
		}
		m := move{op: op, expect: s.cells.of(op.Expect), unknown: op.Status == history.Unknown}
		if op.Kind != history.Append {
			m.in = s.cells.of(op.In)
		}
		if op.Observes() {
			m.out = s.cells.of(op.Out)
		}
		s.ops = append(s.ops, i)
		s.moves = append(s.moves, m)
	}
	return s
}

// run searches for an order of what had happened until the given instant:
// operations that were running then count as unknown.
func (s *searcher) run(until history.Time, steps *int) judge.Verdict {
	ops := make([]porcupine.Operation, 0, len(s.moves))
	for k := range s.moves {
		m := s.moves[k]
		end := returned(m.op)
		if m.op.Call > until {
			continue
		}
		if end > until {
			if !m.op.MayMutate() {
				continue
			}
			m.unknown, end = true, never
		}
		ops = append(ops, porcupine.Operation{ClientId: m.op.Process, Input: &m, Call: int64(m.op.Call), Return: int64(end)})
	}
	cost := 1 + len(ops)/stepOps
	model := porcupine.Model{
		Init: func() any { return s.cells.of(history.Value{}) },
		// Porcupine cannot be told to stop, but a search in which no step
		// succeeds any more unwinds at once.
		StepContext: func(_ context.Context, state, input, _ any) (bool, any) {
			if *steps -= cost; *steps < 0 {
				return false, nil
			}
			return s.cells.step(state.(*cell), input.(*move))
		},
		Hash: func(state any) uint64 { return state.(*cell).hash },
	}
	found := porcupine.CheckOperations(model, ops)
	switch {
	case found:
		return judge.Holds
	case *steps < 0:
		return judge.Undecided
	default:
		return judge.Violated
	}
}

// step is the sequential specification of a key.
func (c *cells) step(state *cell, m *move) (bool, *cell) {
	switch m.op.Kind {
	case history.Read:
		return m.out == state, state
	case history.Write:
		return true, m.in
	case history.Append:
		return true, c.append(state, m.op.In.Num)
	}
	switch equal := m.expect == state; {
	case m.unknown && equal, m.op.Swapped && equal:
		return true, m.in
	case m.unknown:
		return true, state
	case m.op.Swapped:
		return false, nil
	case m.op.Blind:
		return !equal, state
	default:
		return !equal && m.out == state, state
	}
}

// explain names the operation whose return made the history impossible: what
// had happened before it can be explained, what had happened with it cannot.
// Prefixes of linearizable histories are linearizable, so bisection finds it.
func (s *searcher) explain(limit int) *judge.Evidence {
	byReturn := slices.DeleteFunc(slices.Clone(s.ops), func(i int32) bool { return returned(&s.h[i]) == never })
	slices.SortStableFunc(byReturn, func(a, b int32) int { return cmp.Compare(s.h[a].Return, s.h[b].Return) })
	low, high := 0, len(byReturn)-1 // the culprit is in byReturn[low:high+1]
	for low < high {
		mid := (low + high) / 2
		steps := limit // of its own: the verdict stands whatever comes out
		if s.run(s.h[byReturn[mid]].Return, &steps) == judge.Violated {
			high = mid
		} else {
			low = mid + 1
		}
	}
	i := byReturn[low]
	return because(fmt.Sprintf("no order of the operations on %s up to %v explains that %v (called at %v)", s.h[i].Key, s.h[i].Return, s.h[i], s.h[i].Call), i)
}

// observed is what the answers on a key tell of.
type observed struct {
	nums  map[int64]bool // what it held
	items map[int64]bool // what was in its list
	blind bool           // an answer depends on what it did not hold
}

// observe collects what the answers tell of, and makes cells of it.
func observe(h history.History, ops []int32, cells *cells) observed {
	o := observed{nums: map[int64]bool{}, items: map[int64]bool{}}
	add := func(v history.Value) {
		cells.add(v)
		o.nums[v.Num] = true
		for _, x := range v.List {
			o.items[x] = true
		}
	}
	for _, i := range ops {
		op := &h[i]
		o.blind = o.blind || isBlind(op)
		if op.Observes() {
			add(op.Out)
		}
		if op.Kind == history.CAS {
			add(op.Expect)
		}
	}
	return o
}

// misses reports whether no answer depends on op, of unknown outcome, having
// happened: then it can be taken never to have. Without it a few dozen crashed
// writes make the search hopeless.
func (o *observed) misses(op *history.Op) bool {
	switch {
	case o.blind || len(op.In.List) > 0:
		return false
	case op.Kind == history.Append:
		return !o.items[op.In.Num]
	default:
		return !o.nums[op.In.Num]
	}
}

package linear

import (
	"fmt"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// What no order whatsoever can explain needs no search: an answer that shows what
// nobody can have brought by then, or what was taken more often than it was brought.
// A search would find it, too, but only behind every order of what came before.
// So whoever got lost in those looks for it.

// A source is who may have brought a number to a key.
type source struct {
	first history.Time // the earliest call
	times int
}

// A supply is the sources of all numbers on a key.
type supply struct {
	values map[int64]source // what a register was written to
	items  map[int64]source // what was put into what is there, or written as part of a list
}

// impossible returns why the key cannot be linearizable, if a single answer shows it,
// or those that took one item; else nil.
func (c *checker) impossible(ops []int32) *judge.Evidence {
	s := c.supply(ops)
	taken := map[int64]int{}
	for _, i := range ops {
		op := &c.h[i]
		if op.Status != history.OK {
			continue
		}
		takes := op.Kind.Takes()
		seen := op.Out
		switch {
		case op.Kind == history.CAS && op.Swapped:
			seen = op.Expect
		case !op.Observes() && !takes:
			continue
		}
		if s.lacks(seen, takes, op.Return) {
			return c.alone(i)
		}
		if takes && seen.Num != 0 {
			if taken[seen.Num]++; taken[seen.Num] > s.items[seen.Num].times {
				return c.takenTooOften(ops, seen.Num, s.items[seen.Num].times)
			}
		}
	}
	return nil
}

func (c *checker) supply(ops []int32) supply {
	s := supply{map[int64]source{}, map[int64]source{}}
	note := func(in map[int64]source, x int64, call history.Time) {
		at, known := in[x]
		if !known || call < at.first {
			at.first = call
		}
		at.times++
		in[x] = at
	}
	for _, i := range ops {
		op := &c.h[i]
		if !op.Kind.Brings() || !op.MayMutate() {
			continue
		}
		if op.Kind == history.Write || op.Kind == history.CAS {
			note(s.values, op.In.Num, op.Call)
		} else {
			note(s.items, op.In.Num, op.Call)
		}
		for _, x := range op.In.List {
			note(s.items, x, op.Call)
		}
	}
	return s
}

// lacks reports whether nobody can have brought all of v by then.
func (s *supply) lacks(v history.Value, item bool, by history.Time) bool {
	without := func(in map[int64]source, x int64) bool {
		at, known := in[x]
		return !known || at.first > by
	}
	if in := s.values; v.Num != 0 {
		if item {
			in = s.items
		}
		if without(in, v.Num) {
			return true
		}
	}
	return slices.ContainsFunc(v.List, func(x int64) bool { return without(s.items, x) })
}

// takenTooOften explains that x was taken more often than it can have been brought.
func (c *checker) takenTooOften(ops []int32, x int64, times int) *judge.Evidence {
	var took []int32
	for _, i := range ops {
		if op := &c.h[i]; op.Kind.Takes() && op.Status == history.OK && op.Out.Num == x && len(took) <= times {
			took = append(took, i)
		}
	}
	last := &c.h[took[len(took)-1]]
	return because(fmt.Sprintf("%d operations took %s from %s, but it was %s only %d times",
		times+1, last.Show(history.Num(x)), last.Key, brought[c.bringing(took[0])][1], times), took...)
}

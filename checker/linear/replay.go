package linear

import (
	"fmt"
	"slices"

	"faultline/checker/history"
)

// A replay walks once more along the steps that a search found, and puts what
// happened unseen where there was room for it.
type replay struct {
	*search
	state   state
	waiting []int32   // open moves that are no step, in order of call
	crashed [][]int32 // by effect: the crashed moves that no step used yet
	order   []int32
}

// order returns the operations in an order that shows that the key is
// linearizable, given the last step.
func (s *search) order(last int32) []int32 {
	var steps []step
	marks := make([]bool, len(s.moves)) // the moves that are steps
	for at := last; at != none; at = s.trail[at].before {
		st := s.trail[at]
		steps = append(steps, st)
		if st.move != none {
			marks[st.move] = true
		}
	}
	slices.Reverse(steps)
	s.goTo(0)
	r := replay{search: s, state: s.alive(blank, 0), crashed: make([][]int32, len(s.plan.effects)), order: make([]int32, 0, len(s.moves))}
	for at, event := range s.events {
		s.goTo(int32(at))
		if event >= 0 {
			r.call(event, marks[event])
			continue
		}
		r.place(s.idle(r.state))
		for len(steps) > 0 && steps[0].event == int32(at) {
			r.take(steps[0])
			steps = steps[1:]
		}
		if m := ^event; slices.Contains(r.waiting, m) {
			panic(fmt.Sprintf("linear: operation %d returned at event %d and has no place in the order", s.moves[m].op, at))
		}
		r.state = s.alive(r.state, int32(at)+1)
	}
	return r.order
}

func (r *replay) call(k int32, isStep bool) {
	switch m := &r.moves[k]; {
	case m.end == forever:
		r.crashed[m.effect] = append(r.crashed[m.effect], k)
	case !isStep:
		r.waiting = append(r.waiting, k)
	}
}

// take makes a step.
func (r *replay) take(st step) {
	k := st.move
	if k == none {
		k = r.crashed[st.effect][0]
		r.crashed[st.effect] = r.crashed[st.effect][1:]
	}
	e := &r.plan.effects[st.effect]
	if e.kind == history.Write {
		r.place(r.blind)
	}
	r.order = append(r.order, r.moves[k].op)
	r.state = r.after(r.state, e)
	r.place(r.idle(r.state))
}

// place puts those that wait and are among the given ones into the order.
func (r *replay) place(these uint64) {
	r.waiting = slices.DeleteFunc(r.waiting, func(k int32) bool {
		m := &r.moves[k]
		if these&m.bit() == 0 {
			return false
		}
		r.order = append(r.order, m.op)
		return true
	})
}

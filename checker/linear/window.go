package linear

import (
	"math/bits"

	"faultline/checker/history"
)

// A window is what is open at an event of a plan. It can be moved to any other
// event, back and forth.
type window struct {
	p      *plan
	now    int32          // the event to come
	inSlot [maxOpen]int32 // the move that has the bit
	looks  uint64         // open looks
	blind  uint64         // open writes and appends: they may happen in any state
	refuse uint64         // open looks that say what they did not find
	may    uint64         // open operations that need not happen

	states  []inState
	effects []byEffect
	active  []int32 // the effects that have an operation open or crashed
	builds  int32   // how many of these build on what is there
}

// inState is what is open that has to do with a state.
type inState struct {
	idle    uint64 // looks that fit it, and operations that leave it as it is
	unseen  uint64 // looks that say they did not find it
	expects int32  // active compare-and-sets that expect it
	leads   int32  // active writes and compare-and-sets that lead to it
}

// byEffect is what is open that has an effect.
type byEffect struct {
	open    uint64
	crashed int32 // operations of unknown outcome that were called
	place   int32 // among the active effects
}

// prepare makes a window on the plan, before its first event.
func (w *window) prepare(p *plan) {
	w.p, w.now, w.looks, w.blind, w.refuse, w.may, w.builds = p, 0, 0, 0, 0, 0, 0
	w.states = append(w.states[:0], make([]inState, len(p.space.until))...)
	w.effects = append(w.effects[:0], make([]byEffect, len(p.effects))...)
	w.active = w.active[:0]
}

// goTo makes now the event to come.
func (w *window) goTo(now int32) {
	for w.now < now {
		w.shift(w.p.events[w.now])
		w.now++
	}
	for w.now > now {
		w.now--
		w.shift(^w.p.events[w.now])
	}
}

// shift opens or closes a move: going back, a return opens it and a call closes it.
func (w *window) shift(event int32) {
	if event >= 0 {
		w.begin(event)
	} else {
		w.finish(^event)
	}
}

func (w *window) begin(k int32) {
	m := &w.p.moves[k]
	if m.effect == none {
		w.looks |= m.bit()
	} else {
		e := &w.effects[m.effect]
		if e.open == 0 && e.crashed == 0 {
			e.place = int32(len(w.active))
			w.active = append(w.active, m.effect)
			w.tally(m.effect, 1)
		}
		if m.end == forever {
			e.crashed++
			return
		}
		e.open |= m.bit()
	}
	w.inSlot[m.slot] = k
	w.flip(m)
}

func (w *window) finish(k int32) {
	m := &w.p.moves[k]
	if m.effect == none {
		w.looks &^= m.bit()
		w.flip(m)
		return
	}
	e := &w.effects[m.effect]
	if m.end == forever {
		e.crashed--
	} else {
		e.open &^= m.bit()
		w.flip(m)
	}
	if e.open == 0 && e.crashed == 0 {
		last := w.active[len(w.active)-1]
		w.active[e.place], w.effects[last].place = last, e.place
		w.active = w.active[:len(w.active)-1]
		w.tally(m.effect, -1)
	}
}

// flip sets or clears the bit of a move wherever it says in which states the
// move changes nothing.
func (w *window) flip(m *move) {
	if m.may {
		w.may ^= m.bit()
	}
	if m.effect == none {
		switch {
		case m.blind:
			w.refuse ^= m.bit()
			w.states[m.sight].unseen ^= m.bit()
		case m.sight != nowhere:
			w.states[m.sight].idle ^= m.bit()
		}
		return
	}
	switch e := &w.p.effects[m.effect]; e.kind {
	case history.Write:
		w.blind ^= m.bit()
		w.states[e.in].idle ^= m.bit()
	case history.Append:
		w.blind ^= m.bit()
		w.states[dead].idle ^= m.bit()
	case history.CAS:
		if e.expect == e.in {
			w.states[e.in].idle ^= m.bit()
		}
	}
}

func (w *window) tally(effect, by int32) {
	switch e := &w.p.effects[effect]; e.kind {
	case history.CAS:
		w.states[e.expect].expects += by
		w.states[e.in].leads += by
	case history.Write:
		w.states[e.in].leads += by
	default:
		w.builds += by
	}
}

// idle returns the open operations that may happen in the state and leave it as it
// is, and those that need not happen.
func (w *window) idle(s state) uint64 {
	idle := w.states[s].idle | w.refuse&^w.states[s].unseen | w.may
	if w.p.space.things != nil {
		idle |= w.addsIn(s)
	}
	return idle
}

// addsIn returns the open adds of what the set has already.
func (w *window) addsIn(s state) (adds uint64) {
	t := w.p.space.things
	if t.family != sets {
		return 0
	}
	for _, e := range w.active {
		if s == dead || t.holds(s, w.p.effects[e].item) {
			adds |= w.effects[e].open
		}
	}
	return adds
}

// earliest returns the bit of the operation that returns first.
func (w *window) earliest(of uint64) (bit uint64, end int32) {
	end = forever
	for ; of != 0; of &= of - 1 {
		if m := &w.p.moves[w.inSlot[bits.TrailingZeros64(of)]]; m.end < end {
			bit, end = m.bit(), m.end
		}
	}
	return bit, end
}

// after returns the state after the effect, or nowhere if it cannot happen in s.
func (w *window) after(s state, e *effect) state {
	to := w.p.alive(w.p.space.after(s, e), w.now)
	for int(to) >= len(w.states) { // a new one
		w.states = append(w.states, inState{})
	}
	return to
}

// moveOf returns the move that has the bit.
func (w *window) moveOf(bit uint64) int32 { return w.inSlot[bits.TrailingZeros64(bit)] }

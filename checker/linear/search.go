package linear

import "faultline/checker/history"

// The idea (Lowe, "Testing for linearizability", Concurrency and Computation
// 2017): follow the configurations in which things may stand from one return to
// the next. Nothing needs to happen before it must: when an operation returns,
// configurations in which it has not happened are led on, by any open operations,
// until it has; those that cannot be led there are given up. A configuration tells
// of what is open, not of all that happened.
//
// What keeps configurations few:
//
//   - A look happens as soon as its answer fits. It changes nothing, so that is never wrong.
//   - A write hides what was written or appended just before it. All that is open by
//     then is free: it may pass for having happened there, unseen, or for still to happen.
//   - Operations of one effect are interchangeable: the one to return first goes first,
//     and a crashed one, which never returns, goes last.
//   - A configuration that another covers is dropped.
//   - A write, and a crashed operation, is not worth a step on the way if nothing
//     open could tell that it happened.
//   - What no later answer can tell apart is one state, dead.

// A search judges one key. It is used again for the next.
type search struct {
	plan
	window
	bags    bags
	crashes []int32 // by effect: crashed operations, if they are counted

	out   []configuration // where the one just visited leads
	stack []int32         // depth first: configurations to visit yet
	here  configurations
	past  configurations // breadth first: after the return

	steps, limit int
	want         bool // an order
	trail        []step
}

// A step is an operation that led from one configuration to another.
type step struct {
	before int32 // the step before, or none
	move   int32 // none for a crashed operation
	effect int32
	event  int32 // the return for which it was taken
}

// prepare gets ready to answer a question.
func (s *search) prepare(q question) {
	if s.here.head == nil {
		s.furnish()
	}
	s.plan.prepare(q)
	if s.tooWide {
		return
	}
	s.window.prepare(&s.plan)
	s.crashes = append(s.crashes[:0], make([]int32, len(s.plan.effects))...)
	for k := range s.moves {
		if m := &s.moves[k]; m.end == forever {
			s.crashes[m.effect]++
		}
	}
	s.bags.prepare(s.crashes)
}

// start goes back to the beginning, with so many steps to spend, and puts out how
// things may stand there.
func (s *search) start(limit int) {
	s.limit, s.trail = limit, s.trail[:0]
	s.here.reset()
	s.goTo(0)
	c := configuration{state: s.alive(blank, 0), event: s.nextReturn(0), trail: none}
	s.out = append(s.out[:0], c)
	if s.anyStart {
		for c.state = range state(len(s.space.until)) {
			s.out = append(s.out, c)
		}
	}
}

// nextReturn returns the first return from the event on, or the end of all events.
func (s *search) nextReturn(event int32) int32 {
	for int(event) < len(s.events) && s.events[event] >= 0 {
		event++
	}
	return event
}

// alive returns the state, or dead if no answer from the event on tells of it.
func (p *plan) alive(at state, event int32) state {
	if at > dead && p.space.until[at] < event {
		return dead
	}
	return at
}

// visit finds out where a configuration leads: past the return that comes next,
// or a step on the way there.
func (s *search) visit(c configuration) {
	s.goTo(c.event)
	s.out = s.out[:0]
	x := &s.moves[^s.events[c.event]]
	if c.onWay {
		s.leadOn(&c, x)
		return
	}
	c.free |= s.idle(c.state) &^ c.taken
	happened := (c.taken|c.free)&x.bit() != 0
	if happened {
		s.pass(c, x)
	}
	// What is free may have happened unseen; but this is its last chance to leave a mark.
	if !happened || c.free&x.bit() != 0 && x.effect != none {
		c.free &^= x.bit()
		c.onWay = true
		s.out = append(s.out, c)
	}
}

// leadOn makes operations happen in c, one at a time, on the way to x.
func (s *search) leadOn(c *configuration, x *move) {
	if at := s.needs(x); at != nowhere && at != c.state && s.builds == 0 && s.window.states[at].leads == 0 {
		return // nothing open leads to where x can happen
	}
	for _, e := range s.active {
		if effect := &s.plan.effects[e]; effect.kind != history.CAS || effect.expect == c.state {
			s.try(c, e, x)
		}
	}
}

// needs returns the only state in which x can happen, or nowhere if there are others.
func (s *search) needs(x *move) state {
	switch {
	case x.effect != none:
		return s.plan.effects[x.effect].expect
	case x.blind:
		return nowhere
	default:
		return x.sight
	}
}

// pass leads a configuration in which x happened past its return.
func (s *search) pass(c configuration, x *move) {
	c.taken &^= x.bit()
	c.free &^= x.bit()
	c.state = s.alive(c.state, c.event+1)
	c.event, c.onWay = s.nextReturn(c.event+1), false
	s.out = append(s.out, c)
}

// try makes an operation of the effect happen in c, if one can. Those that return
// first go first; but what is still to happen and what is free are not the same,
// and so both may be tried.
func (s *search) try(c *configuration, e int32, x *move) {
	effect := &s.plan.effects[e]
	to := s.after(c.state, effect)
	if to == nowhere {
		return
	}
	w := &s.window.effects[e]
	due, dueEnd := s.earliest(w.open &^ (c.taken | c.free))
	if due != 0 {
		s.take(c, e, due, to, x)
	}
	if to == c.state && (effect.kind != history.Write || s.blind&^(c.taken|c.free) == 0) {
		return // it would change nothing and hide nothing
	}
	free, freeEnd := s.earliest(w.open & c.free)
	switch {
	case free != 0 && freeEnd < dueEnd:
		s.take(c, e, free, to, x)
	case free == 0 && due == 0 && s.bags.count(c.used, e) < w.crashed:
		s.take(c, e, 0, to, x)
	}
}

// take makes the operation with the bit, or a crashed one if it is 0, happen in c.
func (s *search) take(c *configuration, e int32, bit uint64, to state, x *move) {
	d := *c
	d.state = to
	if bit == 0 {
		d.used = s.bags.plus(c.used, e)
	}
	d.taken |= bit
	d.free &^= bit
	isWrite := s.plan.effects[e].kind == history.Write
	if isWrite {
		d.free |= s.blind &^ d.taken
	}
	idle := s.idle(to) &^ d.taken
	happened := bit == x.bit() || idle&x.bit() != 0
	if !happened && (bit == 0 || isWrite) && !s.tells(&d, idle) {
		return
	}
	d.free |= idle
	s.note(&d, bit, e)
	if happened {
		s.pass(d, x)
	}
	if bit != x.bit() && !(happened && x.effect == none) {
		d.free &^= x.bit() // it may yet leave its mark
		s.out = append(s.out, d)
	}
}

// tells reports whether something open could tell that d came to its state.
func (s *search) tells(d *configuration, idle uint64) bool {
	return s.builds > 0 || idle&s.looks&^d.free != 0 || s.window.states[d.state].expects > 0
}

// note writes down the step that led to d.
func (s *search) note(d *configuration, bit uint64, e int32) {
	if !s.want {
		return
	}
	st := step{before: d.trail, move: none, effect: e, event: d.event}
	if bit != 0 {
		st.move = s.moveOf(bit)
	}
	s.trail = append(s.trail, st)
	d.trail = int32(len(s.trail) - 1)
}

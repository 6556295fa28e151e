package linear

import "faultline/checker/history"

// A state is what a key holds, as a number. Equal states have the same number,
// as far as any answer can tell them apart.
type state int32

// The states that every space has.
const (
	nowhere state = iota - 1 // where an operation leads that is not possible
	dead                     // all that no answer tells of
	blank                    // the initial value
)

// A space numbers the states that a key may have. Registers and lists are in one
// that some answer depends on: what a read returned, what a compare-and-set
// found or expects, and the beginnings of such lists. All others are one state,
// dead: no answer tells them apart, and whatever is appended to one of them
// gives another. Without this, a search would try every order of appends that a
// later write wiped out unseen.
type space struct {
	until  []int32 // by state: the last event at which an answer may depend on it
	from   []state // by state: the list without its last item, or nowhere
	with   table   // by state and item: the state once the item was added; by nowhere and a number: the register
	shown  table   // by 0 and an item: some answer tells of it
	things *things // sets, queues and stacks; nil for registers and lists
}

// reset forgets all states but the initial one.
func (s *space) reset(f family) {
	s.until, s.from, s.things = s.until[:0], s.from[:0], nil
	s.with.reset()
	s.shown.reset()
	if f != registers {
		s.things = newThings(f)
	}
	s.fresh(nowhere) // dead
	s.with.put(int32(nowhere), 0, int32(s.fresh(nowhere)))
}

func (s *space) fresh(from state) state {
	s.until, s.from = append(s.until, 0), append(s.from, from)
	return state(len(s.until) - 1)
}

// see gives the value a state of its own, and each of its beginnings if it is a list.
func (s *space) see(v history.Value) state {
	for _, x := range v.List {
		s.show(x)
	}
	if s.things != nil {
		return s.seeThing(v)
	}
	at := s.grow(nowhere, v.Num)
	for _, x := range v.List {
		at = s.grow(at, x)
	}
	return at
}

// grow returns the state of its own for the list with one more item.
func (s *space) grow(from state, x int64) state {
	to := state(s.with.get(int32(from), x))
	if to == nowhere {
		to = s.fresh(from)
		s.with.put(int32(from), x, int32(to))
	}
	return to
}

// show notes that an answer tells of the item.
func (s *space) show(x int64) {
	if !s.shows(x) {
		s.shown.put(0, x, 0)
	}
}

// shows reports whether an answer tells of the item.
func (s *space) shows(x int64) bool { return s.shown.get(0, x) == 0 }

// of returns the state of the value of a register or list.
func (s *space) of(v history.Value) state {
	at := state(s.with.get(int32(nowhere), v.Num))
	for _, x := range v.List {
		if at == nowhere {
			break
		}
		at = state(s.with.get(int32(at), x))
	}
	return max(at, dead)
}

// add returns the state once the item was appended, added, enqueued or pushed.
func (s *space) add(from state, x int64) state {
	to := state(s.with.get(int32(from), x))
	if to == nowhere && s.things != nil {
		to = s.addThing(from, x)
		s.with.put(int32(from), x, int32(to))
	}
	return max(to, dead)
}

// after returns the state after the effect, or nowhere if it cannot happen in at.
func (s *space) after(at state, e *effect) state {
	switch e.kind {
	case history.Write:
		return e.in
	case history.CAS:
		if at != e.expect {
			return nowhere
		}
		return e.in
	case history.Dequeue, history.Pop:
		rest, item := s.take(at)
		if e.item != 0 && e.item != item {
			return nowhere
		}
		return rest
	default:
		return s.add(at, e.item)
	}
}

// matter notes that an answer at the event depends on the state.
func (s *space) matter(at state, event int32) {
	if at > dead {
		s.until[at] = max(s.until[at], event)
	}
}

// settle passes on until when states matter: a list matters as long as one that
// continues it. What is in sets, queues and stacks matters for ever.
func (s *space) settle() {
	for at := state(len(s.until) - 1); at > blank; at-- {
		if from := s.from[at]; from != nowhere {
			s.until[from] = max(s.until[from], s.until[at])
		}
	}
	if s.things != nil {
		for at := range s.until {
			s.until[at] = forever
		}
	}
}

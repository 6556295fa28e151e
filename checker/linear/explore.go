package linear

import "faultline/checker/judge"

// A step of a search is one configuration visited.
const (
	looksPerStep = 64      // configurations that may be compared, or effects tried, within a step
	most         = 1 << 21 // configurations kept at once: about 100 MB
	fewSteps     = 1024    // how far the first try goes, and how much further for each operation
	fewPerOp     = 2
	longest      = 1 << 16 // operations up to which there is such a try: it keeps all it visited
)

// judge finds out whether the key is linearizable, in at most so many steps. at is the
// return that no order explains, if it is not; or the last step of an order, if it is.
//
// Where there is an order, following one configuration as far as it leads finds it
// soonest. Where there is none, all must be visited; then to lead them on
// together keeps but what is open in memory and drops more of what is covered. It
// fails where they become too many, and an order may yet be found depth first.
func (s *search) judge(limit int) (v judge.Verdict, at int32) {
	s.steps = 0
	if n := len(s.moves); n <= longest {
		if v, at = s.depth(min(limit, fewSteps+fewPerOp*n)); v != judge.Undecided || s.steps > limit {
			return v, at
		}
	}
	if v, at = s.breadth(s.steps + (limit-s.steps)/2); v != judge.Undecided || s.steps > limit {
		return v, at
	}
	return s.depth(limit)
}

// depth judges the key by following one configuration as far as it leads, then
// the next.
func (s *search) depth(limit int) (v judge.Verdict, at int32) {
	s.start(limit)
	s.stack = s.stack[:0]
	s.push()
	furthest := int32(0)
	for len(s.stack) > 0 {
		m := &s.here.all[s.stack[len(s.stack)-1]]
		s.stack = s.stack[:len(s.stack)-1]
		switch {
		case int(m.event) == len(s.events):
			return judge.Holds, m.trail
		case m.gone:
			continue
		}
		if s.steps++; s.steps > s.limit || len(s.here.all) > most {
			return judge.Undecided, none
		}
		furthest = max(furthest, m.event)
		s.visit(*m)
		s.steps += s.space.owed() + len(s.active)/looksPerStep
		s.push()
	}
	return judge.Violated, furthest
}

// push puts on the stack where the last visit led, the most hopeful last: past
// the return, by few crashed operations.
func (s *search) push() {
	for i := range s.out {
		added, looked := s.here.add(&s.out[len(s.out)-1-i], &s.bags)
		s.steps += looked / looksPerStep
		if added {
			s.stack = append(s.stack, int32(len(s.here.all)-1))
		}
	}
}

// breadth judges the key by leading all configurations that there are past one
// return after the other.
func (s *search) breadth(limit int) (v judge.Verdict, at int32) {
	s.start(limit)
	s.sort(s.out[0].event)
	for {
		at := s.here.all[0].event
		if int(at) == len(s.events) {
			return judge.Holds, s.here.all[0].trail
		}
		s.past.reset()
		for i := 0; i < len(s.here.all); i++ {
			m := &s.here.all[i]
			if m.gone {
				continue
			}
			if s.steps++; s.steps > s.limit || len(s.here.all)+len(s.past.all) > most {
				return judge.Undecided, none
			}
			s.visit(*m)
			s.steps += s.space.owed() + len(s.active)/looksPerStep
			s.sort(at)
		}
		if len(s.past.all) == 0 {
			return judge.Violated, at
		}
		s.here, s.past = s.past, s.here
	}
}

// sort adds where the last visit led to those on the way and those past the return.
func (s *search) sort(at int32) {
	for i := range s.out {
		to := &s.past
		if s.out[i].event == at {
			to = &s.here
		}
		_, looked := to.add(&s.out[i], &s.bags)
		s.steps += looked / looksPerStep
	}
}

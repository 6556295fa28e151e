package causal

import (
	"faultline/checker/execution"
	"faultline/checker/history"
)

// sessions looks for a session that no order of its operations and all writes
// explains (WriteHBInitRead, CyclicHB).
func (s *search) sessions() *finding {
	first := s.g.Clocks // of causal order, the same for all sessions
	var own execution.Clocks
	if s.together(&own) {
		return nil
	}
	for c := range s.x.Chains {
		if s.idle(c) {
			continue
		}
		s.g.Clocks = own
		if s.m == CM {
			s.g.Clocks = first
		}
		changed, f := s.session(int32(c), &own)
		if f != nil || s.spent {
			return f
		}
		if changed {
			own = s.g.Clocks
		}
		s.g.Forget(int(s.base))
	}
	return nil
}

// together reports whether one order would do for all sessions: what any of them
// forces upon writes, taken together, goes in no circle and explains all reads. Then
// each of them is explained by less, and need not be looked at by itself. Stores
// whose replicas agree on the order of writes pass, as most do.
func (s *search) together(scratch *execution.Clocks) bool {
	defer s.g.Forget(int(s.base))
	s.g.Clocks = *scratch
	defer func() { *scratch = s.g.Clocks }()
	var reads []int32
	for e := range s.x.Events {
		if s.x.Events[e].Reads() {
			reads = append(reads, int32(e))
		}
	}
	if s.m == PRAM {
		s.g.AddReadsFrom(reads, s.trunk)
	}
	s.orderLists(reads)
	s.group(reads)
	for {
		if f := s.order(cyclicHB, none); f != nil || s.spent {
			return false
		}
		edges := len(s.g.Edges)
		if f := s.arbitrate(reads); f != nil {
			return false
		}
		if len(s.g.Edges) == edges {
			return true
		}
	}
}

// idle reports whether the session as seen from the end of the chain says
// nothing more than as seen from another: the chain is a write of unknown
// outcome, to which the session did not look back.
func (s *search) idle(c int) bool {
	last := &s.x.Events[s.x.Chains[c].End-1]
	return !last.Reads() && s.x.History[last.Op].Status == history.Unknown
}

// session looks at the session whose operations end with the chain. It leaves
// clocks other than those it found in scratch, and says so.
func (s *search) session(c int32, scratch *execution.Clocks) (changed bool, f *finding) {
	reads := s.readsUntil(s.x.Chains[c].End - 1)
	if s.m == PRAM {
		s.g.AddReadsFrom(reads, s.trunk)
	}
	s.orderLists(reads)
	s.group(reads)
	unordered := s.m == PRAM || len(s.g.Edges) > int(s.base)
	for {
		if unordered {
			if !changed {
				s.g.Clocks, changed = *scratch, true
			}
			if f := s.order(cyclicHB, c); f != nil || s.spent {
				return changed, f
			}
		}
		edges := len(s.g.Edges)
		if f := s.arbitrate(reads); f != nil {
			f.session = c
			return changed, f
		}
		if unordered = len(s.g.Edges) > edges; !unordered {
			return changed, nil
		}
	}
}

// readsUntil returns the reads of a session up to an event, in program order.
func (s *search) readsUntil(e int32) []int32 {
	var reads []int32
	for ; e != none; e = s.x.Before(e) {
		if s.x.Events[e].Reads() {
			reads = append(reads, e)
		}
	}
	for i, j := 0, len(reads)-1; i < j; i, j = i+1, j-1 {
		reads[i], reads[j] = reads[j], reads[i]
	}
	return reads
}

// orderLists puts appends in the order in which the session saw them.
func (s *search) orderLists(reads []int32) {
	var keys []int32
	of := map[int32][]int32{}
	for _, r := range reads {
		if ev := &s.x.Events[r]; ev.List != none {
			if of[ev.Key] == nil {
				keys = append(keys, ev.Key)
			}
			of[ev.Key] = append(of[ev.Key], r)
		}
	}
	for _, k := range keys {
		s.arbitrateLists(&s.x.Keys[k], of[k])
	}
}

package keys

import (
	"slices"

	"faultline/checker/history"
)

// A shelf holds operations key by key.
type shelf struct {
	ops   []int32
	start []int32 // where each key begins in ops, and where the last one ends
}

func (s *shelf) of(k int) []int32 { return s.ops[s.start[k]:s.start[k+1]:s.start[k+1]] }

// grouped are the operations that say anything, by key.
type grouped struct {
	names  []string
	blind  []bool
	writes shelf
	reads  shelf
}

// A role is what an operation says about its key.
type role uint8

const (
	nothing role = iota
	wrote
	read
	denied // a blind compare-and-set: it says what the key did not hold
)

func roleOf(op *history.Op) role {
	switch {
	case op.Observes():
		return read
	case op.MayMutate():
		return wrote
	case op.Blind && op.Kind == history.CAS && op.Status == history.OK:
		return denied
	default:
		return nothing
	}
}

// group sorts operations by key and role, by counting.
func (s *Splitter) group(h history.History) {
	g := &s.grouped
	g.names, g.blind = g.names[:0], g.blind[:0]
	if s.number == nil {
		s.number = map[string]int32{}
	}
	clear(s.number)
	s.keyOf, s.roles = fit(s.keyOf, len(h)), fit(s.roles, len(h))
	count := [2][]int32{s.count[0][:0], s.count[1][:0]} // of writes and reads, by key
	last := int32(-1)
	for i := range h {
		op := &h[i]
		s.roles[i] = roleOf(op)
		if s.roles[i] == nothing {
			continue
		}
		if last < 0 || g.names[last] != op.Key {
			k, known := s.number[op.Key]
			if !known {
				k = int32(len(g.names))
				s.number[op.Key] = k
				g.names, g.blind = append(g.names, op.Key), append(g.blind, false)
				count[0], count[1] = append(count[0], 0), append(count[1], 0)
			}
			last = k
		}
		s.keyOf[i] = last
		switch s.roles[i] {
		case wrote:
			count[0][last]++
		case read:
			count[1][last]++
		default:
			g.blind[last] = true
		}
	}
	s.count = count
	s.fill(&g.writes, count[0], wrote)
	s.fill(&g.reads, count[1], read)
}

// fill puts the operations of one role on a shelf, of which each key has so many.
func (s *Splitter) fill(on *shelf, count []int32, which role) {
	on.start = append(on.start[:0], 0)
	s.next = s.next[:0] // where the next operation of each key goes
	sum := int32(0)
	for _, n := range count {
		s.next = append(s.next, sum)
		sum += n
		on.start = append(on.start, sum)
	}
	on.ops = fit(on.ops, int(sum))
	for i, r := range s.roles {
		if r == which {
			k := s.keyOf[i]
			on.ops[s.next[k]] = int32(i)
			s.next[k]++
		}
	}
}

// fit returns n elements in the memory of s, or more of it. They hold anything.
func fit[E any](s []E, n int) []E { return slices.Grow(s[:0], n)[:n] }

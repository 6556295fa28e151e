package keys

import "faultline/checker/history"

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
func group(h history.History) grouped {
	var g grouped
	number := map[string]int32{}
	keyOf, roles := make([]int32, len(h)), make([]role, len(h))
	var count [2][]int32 // of writes and reads, by key
	last := int32(-1)
	for i := range h {
		op := &h[i]
		roles[i] = roleOf(op)
		if roles[i] == nothing {
			continue
		}
		if last < 0 || g.names[last] != op.Key {
			k, known := number[op.Key]
			if !known {
				k = int32(len(g.names))
				number[op.Key] = k
				g.names, g.blind = append(g.names, op.Key), append(g.blind, false)
				count[0], count[1] = append(count[0], 0), append(count[1], 0)
			}
			last = k
		}
		keyOf[i] = last
		switch roles[i] {
		case wrote:
			count[0][last]++
		case read:
			count[1][last]++
		default:
			g.blind[last] = true
		}
	}
	g.writes, g.reads = newShelf(count[0]), newShelf(count[1])
	g.writes.fill(keyOf, roles, wrote)
	g.reads.fill(keyOf, roles, read)
	return g
}

// newShelf returns an empty shelf with room for so many operations of each key.
func newShelf(count []int32) shelf {
	s := shelf{start: make([]int32, len(count)+1)}
	for k, n := range count {
		s.start[k+1] = s.start[k] + n
	}
	s.ops = make([]int32, s.start[len(count)])
	return s
}

// fill puts the operations of one role on the shelf.
func (s *shelf) fill(keyOf []int32, roles []role, which role) {
	next := append([]int32(nil), s.start...) // where the next operation of each key goes
	for i, k := range keyOf {
		if roles[i] == which {
			s.ops[next[k]] = int32(i)
			next[k]++
		}
	}
}

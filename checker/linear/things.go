package linear

import (
	"slices"

	"faultline/checker/history"
)

// things are the sets, queues and stacks among the states of a space.
type things struct {
	family family
	number map[uint64]state // by the hash of their items
	items  [][]int64        // by state: a set's ascending, else first what goes first
	rest   []state          // by state: what is left when one was taken, or nowhere while nobody asked
	size   int              // items held, in all states together
}

func newThings(f family) *things {
	return &things{family: f, number: map[uint64]state{hashItems(nil): blank}, items: make([][]int64, 2), rest: []state{nowhere, nowhere}}
}

// seeThing is see for a set, queue or stack, which is read from the top. No set
// has an item twice, and none of the three is a number: what was read has no
// state then.
func (s *space) seeThing(v history.Value) state {
	items := slices.Clone(v.List)
	if s.things.family == sets {
		slices.Sort(items)
		if len(slices.Compact(slices.Clone(items))) < len(items) {
			return nowhere
		}
	}
	if v.Num != 0 {
		return nowhere
	}
	return s.thing(items)
}

// addThing is add for a set, queue or stack. A set with an item that no read
// shows is dead.
func (s *space) addThing(from state, x int64) state {
	items := s.things.items[from]
	switch s.things.family {
	case queues:
		return s.thing(append(slices.Clip(items), x))
	case stacks:
		return s.thing(append([]int64{x}, items...))
	}
	at, there := slices.BinarySearch(items, x)
	switch {
	case there:
		return from
	case from == dead || !s.shows(x):
		return dead
	default:
		return s.thing(slices.Insert(slices.Clone(items), at, x))
	}
}

// take returns the state without its first item and that item, or nowhere if
// there is none.
func (s *space) take(from state) (state, int64) {
	items := s.things.items[from]
	if len(items) == 0 {
		return nowhere, 0
	}
	if s.things.rest[from] == nowhere {
		to := s.thing(items[1:]) // may move rest
		s.things.rest[from] = to
	}
	return s.things.rest[from], items[0]
}

// thing returns the state with the items.
func (s *space) thing(items []int64) state {
	t := s.things
	h := hashItems(items)
	for ; ; h++ { // past others of the same hash
		at, ok := t.number[h]
		if !ok {
			break
		}
		if slices.Equal(t.items[at], items) {
			return at
		}
	}
	at := s.fresh(nowhere)
	s.until[at] = forever
	t.number[h] = at
	t.items, t.rest = append(t.items, items), append(t.rest, nowhere)
	t.size += len(items)
	return at
}

// holds reports whether x is in the set.
func (t *things) holds(set state, x int64) bool {
	_, ok := slices.BinarySearch(t.items[set], x)
	return ok
}

func hashItems(items []int64) uint64 {
	h := uint64(len(items))
	for _, x := range items {
		h = (h ^ uint64(x)) * hashMultiplier
		h ^= h >> 32
	}
	return h
}

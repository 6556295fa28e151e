package linear

import (
	"slices"

	"faultline/checker/history"
)

// things are the sets, queues and stacks among the states of a space. A search may
// come to as many states as it takes steps, so none of them may cost as much as
// it holds: a stack is the stack below and its top, and a queue ends where the one
// it came from does in memory, if it was the first to.
type things struct {
	family family
	number map[uint64]state // of sets and queues, by the hash of their items
	items  [][]int64        // by state: a set's ascending, a queue's first what goes first; a stack's top alone
	hash   []uint64         // by state: of the items
	last   []bool           // by state: a queue may be continued where it stands
	rest   []state          // by state: what is left when one was taken, or nowhere while nobody asked
	powers []uint64         // of the multiplier
	copied int              // items that were copied or compared and not yet paid for
}

func newThings(f family) *things {
	return &things{
		family: f, number: map[uint64]state{0: blank}, items: make([][]int64, 2), hash: make([]uint64, 2),
		last: make([]bool, 2), rest: []state{nowhere, nowhere}, powers: []uint64{1},
	}
}

// seeThing is see for a set, queue or stack, which is read from the top. No set
// has an item twice, and none of the three is a number: what was read has no
// state then.
func (s *space) seeThing(v history.Value) state {
	t := s.things
	items := slices.Clone(v.List)
	switch {
	case v.Num != 0:
		return nowhere
	case t.family == stacks:
		at := blank
		for _, x := range slices.Backward(items) {
			at = s.add(at, x)
		}
		return at
	case t.family == sets:
		slices.Sort(items)
		if len(slices.Compact(slices.Clone(items))) < len(items) {
			return nowhere
		}
	}
	return s.thing(items, t.hashOf(items), true)
}

// addThing is add for a set, queue or stack, if it was not asked for yet. A set
// with an item that no read shows is dead.
func (s *space) addThing(from state, x int64) state {
	t := s.things
	switch t.family {
	case queues:
		return s.thing(t.extend(from, x), t.hash[from]*hashMultiplier+spread(x), true)
	case stacks:
		return s.newThing([]int64{x}, 0, from)
	}
	items := t.items[from]
	at, there := slices.BinarySearch(items, x)
	switch {
	case there:
		return from
	case from == dead || !s.shows(x):
		return dead
	default:
		t.copied += len(items)
		items = slices.Insert(slices.Clone(items), at, x)
		return s.thing(items, t.hashOf(items), false)
	}
}

// extend returns the items of the queue and one more behind them. Whoever is first
// may write it where they stand.
func (t *things) extend(from state, x int64) []int64 {
	items := t.items[from]
	if !t.last[from] {
		t.copied += len(items)
		items = slices.Clip(items)
	}
	t.last[from] = false
	return append(items, x)
}

// take returns the state without its first item and that item, or nowhere if
// there is none.
func (s *space) take(from state) (state, int64) {
	t := s.things
	items := t.items[from]
	if len(items) == 0 {
		return nowhere, 0
	}
	if t.rest[from] == nowhere {
		last := t.last[from]
		t.last[from] = false // from now on it is for what is left to be continued
		to := s.thing(items[1:], t.hash[from]-spread(items[0])*t.power(len(items)-1), last)
		t.rest[from] = to
	}
	return t.rest[from], items[0]
}

// thing returns the state with the items, of a hash.
func (s *space) thing(items []int64, hash uint64, last bool) state {
	t := s.things
	h := hash
	for ; ; h++ { // past others of the same hash
		at, ok := t.number[h]
		if !ok {
			break
		}
		t.copied += min(len(items), len(t.items[at]))
		if slices.Equal(t.items[at], items) {
			return at
		}
	}
	at := s.newThing(items, hash, nowhere)
	t.number[h], t.last[at] = at, last
	return at
}

// newThing returns a new state.
func (s *space) newThing(items []int64, hash uint64, rest state) state {
	t := s.things
	at := s.fresh(nowhere)
	s.until[at] = forever
	t.items, t.hash, t.last, t.rest = append(t.items, items), append(t.hash, hash), append(t.last, false), append(t.rest, rest)
	return at
}

// holds reports whether x is in the set.
func (t *things) holds(set state, x int64) bool {
	_, ok := slices.BinarySearch(t.items[set], x)
	return ok
}

// hashOf returns the hash of items: a polynomial, so that one can be put behind
// and another taken from the front without a look at those between.
func (t *things) hashOf(items []int64) (h uint64) {
	for _, x := range items {
		h = h*hashMultiplier + spread(x)
	}
	return h
}

// power returns the n-th power of the multiplier.
func (t *things) power(n int) uint64 {
	for len(t.powers) <= n {
		t.powers = append(t.powers, t.powers[len(t.powers)-1]*hashMultiplier)
	}
	return t.powers[n]
}

// spread makes of an item a number that is not like those of its neighbours.
func spread(x int64) uint64 {
	h := (uint64(x) + 1) * hashMultiplier
	return (h ^ h>>29) * hashMultiplier
}

// owed returns how many steps of a search the items are worth that were copied or
// compared since it was asked last.
func (s *space) owed() (steps int) {
	const itemsPerStep = 32
	if t := s.things; t != nil {
		steps = t.copied / itemsPerStep
		t.copied %= itemsPerStep
	}
	return steps
}

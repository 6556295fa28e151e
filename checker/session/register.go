package session

import (
	"cmp"
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// A step is an operation on a key in the life of its session: it met a value, or
// made one, or both.
type step struct {
	op   int32
	met  int32 // what it found, or nothing
	made int32 // what it wrote, or nothing
}

// nothing is no value.
const nothing = -3

// merge puts the reads and writes of a key in order of call, with the values that
// they met and made.
func (m *measurer) merge(k *keys.Key, read func(n int) int32, write func(w int) (met, made int32)) []step {
	steps := make([]step, 0, len(k.Writes)+len(k.Reads))
	for n, r := range k.Reads {
		steps = append(steps, step{r, read(n), nothing})
	}
	for w, i := range k.Writes {
		met, made := write(w)
		steps = append(steps, step{i, met, made})
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.op, b.op) })
	return steps
}

// replaces returns whose value the w-th write found, if it is a compare-and-set:
// a place in the key's writes, or keys.Initial; else nothing.
func (m *measurer) replaces(k *keys.Key, w int) int32 {
	op := &m.h[k.Writes[w]]
	if op.Kind != history.CAS {
		return nothing
	}
	return k.Origin(op.Expect)
}

// versions scores a key by the store's own order: values are ranks in it.
func (m *measurer) versions(k *keys.Key, ranks *keys.Ranks) {
	steps := m.merge(k, func(n int) int32 { return ranks.Reads[n] }, func(w int) (met, made int32) {
		met = nothing
		switch from := m.replaces(k, w); {
		case from >= 0 && ranks.Writes[from] > 0:
			met = ranks.Writes[from]
		case from == keys.Initial:
			met = 0
		}
		return met, ranks.Writes[w]
	})
	type ahead struct{ rank, op int32 }
	wrote, read := map[int]ahead{}, map[int]ahead{} // by session: as far as it got
	further := func(of map[int]ahead, client int, a ahead) {
		if a.rank > of[client].rank {
			of[client] = a
		}
	}
	for _, s := range steps {
		if !m.counts(s.op) {
			continue
		}
		client := m.h[s.op].Client
		if s.met != nothing {
			if w := wrote[client]; s.met < w.rank {
				m.found(Violation{ReadYourWrites, w.op, s.op, none, ByStore, false})
			}
			if r := read[client]; s.met < r.rank {
				m.found(Violation{MonotonicReads, r.op, s.op, none, ByStore, false})
			}
		}
		if s.made != nothing {
			if w := wrote[client]; s.made < w.rank {
				m.found(Violation{MonotonicWrites, w.op, s.op, none, ByStore, false})
			}
			if r := read[client]; s.made < r.rank {
				m.found(Violation{WritesFollowReads, r.op, s.op, none, ByStore, false})
			}
			further(wrote, client, ahead{s.made, s.op})
		}
		if s.met != nothing {
			further(read, client, ahead{s.met, s.op})
		}
	}
}

// register scores a register by an order in which not all values have a place.
// Values are places in the key's writes.
func (m *measurer) register(k *keys.Key, ranks []rank, by Order) {
	steps := m.merge(k, func(n int) int32 { return k.From[n] }, func(w int) (met, made int32) {
		return m.replaces(k, w), int32(w)
	})
	lives := map[int]*life{} // by session
	for _, s := range steps {
		if s.met == keys.Nobody {
			m.skipped(s.op)
			continue
		}
		if !m.counts(s.op) {
			continue
		}
		client := m.h[s.op].Client
		if lives[client] == nil {
			lives[client] = newLife(ranks)
		}
		m.live(lives[client], s, by)
	}
}

// skipped counts an operation that cannot be judged.
func (m *measurer) skipped(i int32) {
	if m.h[i].Status == history.OK {
		m.s.Skipped++
	}
}

// live lets a session take a step.
func (m *measurer) live(l *life, s step, by Order) {
	if s.met != nothing {
		if w := l.wrote.newerThan(s.met); w != none {
			m.found(Violation{ReadYourWrites, w, s.op, none, by, false})
		}
		if r := l.read.newerThan(s.met); r != none {
			m.found(Violation{MonotonicReads, r, s.op, none, by, false})
		} else if l.left[s.met] {
			m.found(Violation{MonotonicReads, l.now.op, s.op, none, by, true})
		}
	}
	if s.made != nothing {
		if w := l.wrote.newerThan(s.made); w != none {
			m.found(Violation{MonotonicWrites, w, s.op, none, by, false})
		}
		if r := l.read.newerThan(s.made); r != none {
			m.found(Violation{WritesFollowReads, r, s.op, none, by, false})
		}
		l.wrote.add(s.made, s.op)
	}
	if s.met != nothing {
		l.meet(s.met, s.op)
	}
}

// A life is what a session wrote to and read from a register.
type life struct {
	wrote, read front
	now         held           // what it read last
	left        map[int32]bool // the values that it read before that, and then another one
}

// A held is a value and the operation that met or made it.
type held struct{ value, op int32 }

func newLife(ranks []rank) *life {
	return &life{wrote: newFront(ranks), read: newFront(ranks), now: held{nothing, none}, left: map[int32]bool{}}
}

// meet notes that the session read a value.
func (l *life) meet(value, op int32) {
	if value != l.now.value {
		if l.now.value != nothing {
			l.left[l.now.value] = true
		}
		delete(l.left, value)
	}
	l.now = held{value, op}
	l.read.add(value, op)
}

// A front is the newest of some values: whatever is older than any of them is
// older than one of the front.
type front struct {
	ranks    []rank
	latest   held           // was in place last
	ofChain  map[int32]held // by chain of compare-and-sets: the last
	ofWriter map[int]held   // by session that wrote it: the last
}

func newFront(ranks []rank) front {
	return front{ranks: ranks, latest: held{nothing, none}, ofChain: map[int32]held{}, ofWriter: map[int]held{}}
}

// add takes a value into account.
func (f *front) add(value, op int32) {
	if value < 0 {
		return // nothing is older than the initial value
	}
	r := &f.ranks[value]
	if f.latest.value == nothing || r.from > f.ranks[f.latest.value].from {
		f.latest = held{value, op}
	}
	if had, ok := f.ofChain[r.chain]; r.chain != none && (!ok || r.link > f.ranks[had.value].link) {
		f.ofChain[r.chain] = held{value, op}
	}
	if had, ok := f.ofWriter[r.writer]; !ok || r.turn > f.ranks[had.value].turn {
		f.ofWriter[r.writer] = held{value, op}
	}
}

// newerThan returns the operation of a value in the front that is certainly newer
// than the given one, or none.
func (f *front) newerThan(value int32) int32 {
	if f.latest.value == nothing {
		return none
	}
	if value < 0 {
		return f.latest.op
	}
	r := &f.ranks[value]
	if r.olderThan(&f.ranks[f.latest.value]) {
		return f.latest.op
	}
	if had, ok := f.ofChain[r.chain]; ok && r.olderThan(&f.ranks[had.value]) {
		return had.op
	}
	if had, ok := f.ofWriter[r.writer]; ok && r.olderThan(&f.ranks[had.value]) {
		return had.op
	}
	return none
}

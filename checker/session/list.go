package session

import (
	"faultline/checker/history"
	"faultline/checker/keys"
)

// list scores a key that is only appended to, by what its reads show.
func (m *measurer) list(k *keys.Key) {
	l := newLists(m, k)
	steps := m.merge(k, func(n int) int32 { return int32(n) }, func(w int) (met, made int32) { return nothing, int32(w) })
	for _, s := range steps {
		switch {
		case s.made != nothing:
			l.append(s.made)
		case l.open(s.met):
			l.read(s.op)
			l.grow(s.met)
		default:
			m.skipped(s.op)
		}
	}
	l.inspectTrunk()
	for _, n := range l.forks {
		if l.looks < 0 {
			m.skipped(k.Reads[n])
			continue
		}
		l.open(n)
		l.inspect(func(int) int32 { return n })
	}
}

// lists is a key that is only appended to. Items are places in the key's writes,
// lists are places in its reads.
type lists struct {
	m        *measurer
	k        *keys.Key
	sessions map[int]*reader
	readers  []*reader // in order of first appearance

	list  []int32 // the items of the list at hand
	place []int32 // by item: where the list at hand shows it, if it does

	trunk []int32 // the items of the first list, as far as others went on from it
	shown []int32 // by place in the trunk: the list that first showed it
	forks []int32 // the lists that went on otherwise

	before []int32   // by item: how many acknowledged appends of its session came before
	saw    []int32   // by item: how many items its session had seen before
	told   [2][]bool // by item: that it broke monotonic writes, or writes follow reads, was noted
	looks  int       // left for lists that fork
}

// maxLooks bounds the work on lists that fork: items looked at.
const maxLooks = 1 << 26

// A reader is a session on a list.
type reader struct {
	made  []int32 // its appends, as items
	wrote []int32 // the acknowledged ones among them
	seen  []int32 // items that it read, each once
	first []int32 // for each of them, the read that showed it first
	has   []bool  // by item: it is in seen
}

func newLists(m *measurer, k *keys.Key) *lists {
	n := len(k.Writes)
	return &lists{
		m: m, k: k, sessions: map[int]*reader{}, place: make([]int32, n),
		before: make([]int32, n), saw: make([]int32, n), told: [2][]bool{make([]bool, n), make([]bool, n)}, looks: maxLooks,
	}
}

func (l *lists) session(client int) *reader {
	if l.sessions[client] == nil {
		l.sessions[client] = &reader{has: make([]bool, len(l.k.Writes))}
		l.readers = append(l.readers, l.sessions[client])
	}
	return l.sessions[client]
}

// append lets a session append an item.
func (l *lists) append(item int32) {
	i := l.k.Writes[item]
	if l.m.busy[l.m.h[i].Client] {
		l.m.skipped(i)
		return
	}
	r := l.session(l.m.h[i].Client)
	r.made = append(r.made, item)
	l.before[item], l.saw[item] = int32(len(r.wrote)), int32(len(r.seen))
	if l.m.counts(i) {
		r.wrote = append(r.wrote, item)
	}
}

// open takes a list at hand. It reports whether all its items were appended, each once.
func (l *lists) open(n int32) bool {
	out := &l.m.h[l.k.Reads[n]].Out
	l.list = l.list[:0]
	if out.Num != 0 {
		return false
	}
	for _, x := range out.List {
		w := l.k.Writer(x)
		if w < 0 || l.shows(w, len(l.list)) {
			return false
		}
		l.place[w] = int32(len(l.list))
		l.list = append(l.list, w)
	}
	return true
}

// shows reports whether the item is among the first n of the list at hand, which has so many.
func (l *lists) shows(item int32, n int) bool {
	at := int(l.place[item])
	return at < n && l.list[at] == item
}

// missing returns the place of the first of the items that the list at hand does not show.
func (l *lists) missing(items []int32) int {
	for i, item := range items {
		if !l.shows(item, len(l.list)) {
			return i
		}
	}
	panic("session: nothing is missing")
}

// read lets a session read the list at hand.
func (l *lists) read(op int32) {
	if !l.m.counts(op) {
		return
	}
	h, client := l.m.h, l.m.h[op].Client
	r := l.session(client)
	mine, again, had := 0, 0, len(r.seen)
	for _, item := range l.list {
		if i := l.k.Writes[item]; h[i].Client == client && h[i].Status == history.OK && i < op {
			mine++
		}
		if r.has[item] {
			again++
			continue
		}
		r.has[item] = true
		r.seen, r.first = append(r.seen, item), append(r.first, op)
	}
	if mine < len(r.wrote) {
		l.m.found(Violation{ReadYourWrites, l.k.Writes[r.wrote[l.missing(r.wrote)]], op, none, ByLists, false})
	}
	if again < had {
		l.m.found(Violation{MonotonicReads, r.first[l.missing(r.seen[:had])], op, none, ByLists, false})
	}
}

// grow compares the list at hand, the n-th, with the trunk.
func (l *lists) grow(n int32) {
	common := 0
	for common < len(l.list) && common < len(l.trunk) && l.list[common] == l.trunk[common] {
		common++
	}
	if common < len(l.list) && common < len(l.trunk) {
		l.forks = append(l.forks, n)
		return
	}
	for _, item := range l.list[common:] {
		l.trunk, l.shown = append(l.trunk, item), append(l.shown, n)
	}
}

// inspectTrunk looks at the order in which the trunk shows the items.
func (l *lists) inspectTrunk() {
	l.list = append(l.list[:0], l.trunk...)
	for i, item := range l.list {
		l.place[item] = int32(i)
	}
	l.inspect(func(at int) int32 { return l.shown[at] })
}

// inspect looks at the order in which the list at hand shows the items of each
// session, and what the session had appended and seen before. By tells which list
// proves what it shows up to a place.
func (l *lists) inspect(by func(at int) int32) {
	for _, r := range l.readers {
		var wrote, seen latest
		for _, item := range r.made {
			l.extend(&wrote, r.wrote[:l.before[item]])
			l.extend(&seen, r.seen[:l.saw[item]])
			if !l.shows(item, len(l.list)) {
				continue
			}
			at := int(l.place[item])
			if wrote.place > at {
				l.tell(MonotonicWrites, l.k.Writes[r.wrote[wrote.index]], item, l.k.Reads[by(at)])
			}
			if seen.place > at {
				l.tell(WritesFollowReads, r.first[seen.index], item, l.k.Reads[by(at)])
			}
		}
	}
}

// A latest is the item, of the first n of some, that the list at hand shows last
// or not at all: its index and its place there.
type latest struct{ n, index, place int }

// extend takes more items into account. One that is missing has a place after all others.
func (l *lists) extend(a *latest, items []int32) {
	for ; a.n < len(items); a.n++ {
		l.looks--
		place := len(l.list)
		if l.shows(items[a.n], place) {
			place = int(l.place[items[a.n]])
		}
		if place > a.place {
			a.index, a.place = a.n, place
		}
	}
}

// tell notes that an item broke a guarantee, once.
func (l *lists) tell(g Guarantee, first, item, proof int32) {
	if told := &l.told[g-MonotonicWrites][item]; !*told {
		*told = true
		l.m.found(Violation{g, first, l.k.Writes[item], proof, ByLists, false})
	}
}

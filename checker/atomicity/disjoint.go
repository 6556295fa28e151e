package atomicity

import (
	"slices"
	"sort"
)

// disjointRounds bounds how often the rest is looked through for explanations.
const disjointRounds = 8

// A disjoint looks for explanations that have no item in common. From each of them
// another item has to go, so their number is a lower bound.
type disjoint struct {
	used   []bool
	byRet  []placed // the items, by return
	byCall []placed // the reads, by call
	groups []placed // in order
	start  []int32  // where the items of each of these groups begin in a row of all items
	place  []int32  // of each item: its place there
	at     []int32  // of each place: its item
	over   peaks    // of each place: 1 if the item is over and not used
	spans  []span
	best   []int32
	met    []bool
	why    explanation
}

// lower returns how many explanations without common items were found: stale
// reads first, then what else there is.
func (d *disjoint) lower(r *remover) int {
	n := d.stale(r)
	for range disjointRounds {
		more := d.rest(r)
		n += more
		if more == 0 {
			break
		}
	}
	return n
}

// stale pairs reads with operations that prove them stale: those of a value that
// certainly follows the read's, and over before the read was called. Going through the
// reads by call, each takes one of the first value that follows, which is of least
// use to others.
func (d *disjoint) stale(r *remover) int {
	d.used = append(d.used[:0], make([]bool, len(r.items))...)
	d.arrange(r)
	n, over := 0, 0
	for _, p := range d.byCall {
		read := p.block
		x := &r.items[read]
		for over < len(d.byRet) && d.byRet[over].key < unsigned(x.call) {
			if y := d.byRet[over].block; !d.used[y] {
				d.over.set(d.place[y], 1)
			}
			over++
		}
		if d.used[read] {
			continue
		}
		own := r.until(r.of[read])
		first := sort.Search(len(d.groups), func(k int) bool { return d.groups[k].key > own })
		if at := d.over.next(d.start[first], 0); int(at) < len(d.at) {
			d.over.set(at, 0)
			d.used[read], d.used[d.at[at]] = true, true
			n++
		}
	}
	return n
}

// order and until say when values certainly follow one another: group a before
// group b if until(a) < order(b). On a register, b was written after a, and in a list b
// stands after a.
func (r *remover) order(k int) uint64 {
	if r.list {
		return uint64(k)
	}
	return unsigned(r.write(&r.groups[k]).call)
}

func (r *remover) until(k int32) uint64 {
	if r.list {
		return uint64(k)
	}
	return unsigned(r.write(&r.groups[k]).ret)
}

// arrange sorts what stale goes through.
func (d *disjoint) arrange(r *remover) {
	n := len(r.items)
	d.byRet, d.byCall, d.groups = slices.Grow(d.byRet[:0], n), slices.Grow(d.byCall[:0], n), slices.Grow(d.groups[:0], len(r.groups))
	for k := range r.groups {
		g := &r.groups[k]
		d.groups = append(d.groups, placed{r.order(k), int32(k)})
		for i := g.from; i < g.to; i++ {
			x := &r.items[i]
			if !x.free {
				d.byRet = append(d.byRet, placed{unsigned(x.ret), i})
			}
			if i > g.from {
				d.byCall = append(d.byCall, placed{unsigned(x.call), i})
			}
		}
	}
	sortPlaced(d.byRet)
	sortPlaced(d.byCall)
	sortPlaced(d.groups)
	d.start, d.at = slices.Grow(d.start[:0], len(r.groups)+1), slices.Grow(d.at[:0], n)
	d.place = append(d.place[:0], make([]int32, len(r.items))...)
	for _, p := range d.groups {
		d.start = append(d.start, int32(len(d.at)))
		for i := r.groups[p.block].from; i < r.groups[p.block].to; i++ {
			d.place[i] = int32(len(d.at))
			d.at = append(d.at, i)
		}
	}
	d.start = append(d.start, int32(len(d.at)))
	d.over.reset(len(d.at))
	d.over.grow()
}

// rest looks once through what is not used for other explanations. No group is in
// two of them, since what is left of it changes with the first.
func (d *disjoint) rest(r *remover) (n int) {
	d.spans = r.spans(d.spans, d.used)
	d.met = append(d.met[:0], make([]bool, len(r.groups))...)
	d.best = conflicts(d.spans, d.best, func(a, b *span) bool {
		if d.met[a.group] || d.met[b.group] {
			return false
		}
		d.why = r.explain(d.why, a, b)
		if slices.ContainsFunc(d.why, func(i int32) bool { return d.used[i] }) {
			return false
		}
		for _, i := range d.why {
			d.used[i] = true
		}
		d.met[a.group], d.met[b.group] = true, true
		n++
		return false
	})
	return n
}

package atomicity

import (
	"cmp"
	"slices"
	"sort"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// rows are the zones of one key, sorted by first, and the rows in which they stand
// while an order of writes is built from its end.
type rows struct {
	zones []zone
	calls []placed // sorted by call
	lasts []placed // sorted by last
	sees  []int32  // how many zones have a first before the last of this one
	most  []int32  // scratch

	byFirst, byCall, byLast row
	taken                   []int32 // out of the rows, the last write first
	candidates              []int32
}

func (r *rows) fill(zones []zone) {
	slices.SortFunc(zones, func(a, b zone) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.place, b.place)) })
	r.zones = zones
	n := len(zones)
	r.calls, r.lasts, r.sees = slices.Grow(r.calls[:0], n), slices.Grow(r.lasts[:0], n), slices.Grow(r.sees[:0], n)
	for i := range zones {
		z := &zones[i]
		r.calls = append(r.calls, placed{unsigned(z.call), int32(i)})
		r.lasts = append(r.lasts, placed{unsigned(z.last), int32(i)})
		r.sees = append(r.sees, int32(sort.Search(len(zones), func(k int) bool { return zones[k].first >= z.last })))
	}
	sortPlaced(r.calls)
	sortPlaced(r.lasts)
}

// spread returns the least k for which the order that places say is k-atomic.
func (r *rows) spread() int {
	r.most = slices.Grow(r.most[:0], len(r.zones))
	most := int32(0)
	for i := range r.zones {
		most = max(most, r.zones[i].place)
		r.most = append(r.most, most)
	}
	k := int32(1)
	for i, n := range r.sees {
		if n > 0 {
			k = max(k, r.most[n-1]-r.zones[i].place+1)
		}
	}
	return int(k)
}

// bounds returns bounds of k, for a register that is not 1-atomic.
func (r *rows) bounds() (lower, upper int) {
	if r.twoAtomic() {
		return 2, 2
	}
	for i := range r.zones {
		r.zones[i].place = int32(i) // as they returned
	}
	upper = r.spread()
	r.greedy()
	return max(3, r.between(), r.overlap()), min(upper, r.spread())
}

// between returns a lower bound: the value of a read, and all writes that were
// certainly newer than it and over before the read, are so many versions.
func (r *rows) between() int {
	rank := make([]int32, len(r.zones)) // by call
	for at, p := range r.calls {
		rank[p.block] = int32(at)
	}
	tally, marked, k := keys.NewTally(len(r.zones)), int32(0), 1
	for _, p := range r.lasts { // and thus by sees
		for ; marked < r.sees[p.block]; marked++ {
			tally.Mark(int(rank[marked]))
		}
		first := unsigned(r.zones[p.block].first)
		older := sort.Search(len(r.calls), func(at int) bool { return r.calls[at].key > first })
		k = max(k, int(marked)-tally.Below(older)+1)
	}
	return k
}

// overlap returns a lower bound: of values that all conflict with one another, the
// first and the last stand at least so far apart. Such are those that were in sight
// at one instant, from first to last.
func (r *rows) overlap() int {
	k, open, ended := 1, 0, 0
	for i := range r.zones {
		z := &r.zones[i]
		if z.first >= z.last {
			continue
		}
		open++
		for ; r.lasts[ended].key <= unsigned(z.first); ended++ {
			if gone := &r.zones[r.lasts[ended].block]; gone.first < gone.last {
				open--
			}
		}
		k = max(k, open)
	}
	return k
}

// stand puts all zones into the rows.
func (r *rows) stand() {
	r.taken = r.taken[:0]
	r.byCall.reset(r.calls)
	r.byLast.reset(r.lasts)
	r.byFirst.line(len(r.zones))
}

// take takes a zone out of the rows: its write comes before those taken so far.
func (r *rows) take(i int32) {
	r.byFirst.drop(i)
	r.byCall.drop(i)
	r.byLast.drop(i)
	r.taken = append(r.taken, i)
}

// back puts the zones back that were taken since there were so many.
func (r *rows) back(n int) {
	for _, i := range slices.Backward(r.taken[n:]) {
		r.byFirst.put(i)
		r.byCall.put(i)
		r.byLast.put(i)
	}
	r.taken = r.taken[:n]
}

// mayEnd reports whether the write of zone i may come after all others in the rows.
func (r *rows) mayEnd(i int32) bool { return r.zones[i].first >= r.zones[r.byCall.last()].call }

// twoAtomic reports whether the key is 2-atomic: LBT, "limited backtracking"
// (Golab, Hurwitz, Li, "On the k-atomicity-verification problem", ICDCS 2013). It
// builds the order from its end. A write w that is put there leaves at most one
// zone with a last after its first, which must then come next. Once there is none,
// what was put behind puts no condition on the rest, so it can stay for good:
// leaving out writes brings those that remain no farther apart.
func (r *rows) twoAtomic() bool {
	r.stand()
	for len(r.taken) < len(r.zones) {
		if !r.epoch() {
			return false
		}
	}
	return true
}

// epoch puts one or more writes behind the rest. The candidates for the last one
// are tried side by side, each with twice as many steps as before, so that one that
// fails late costs no more than the one that succeeds. If three zones have a last
// after the first of a zone, it is no candidate: two of them would have to come next.
func (r *rows) epoch() bool {
	r.candidates = r.candidates[:0]
	third := always
	if i := r.byLast.prev[r.byLast.prev[r.byLast.last()]]; len(r.zones)-len(r.taken) > 2 {
		third = r.zones[i].last
	}
	for i := r.byFirst.last(); i != r.byFirst.end() && r.mayEnd(i) && r.zones[i].first >= third; i = r.byFirst.prev[i] {
		r.candidates = append(r.candidates, i)
	}
	for steps := 1; len(r.candidates) > 0; steps *= 2 {
		left := r.candidates[:0]
		for _, i := range r.candidates {
			done, stuck := r.try(i, steps)
			if done {
				return true
			}
			if !stuck {
				left = append(left, i)
			}
		}
		r.candidates = left
	}
	return false
}

// try puts zone i behind the rest, and what must come next, in so many steps at
// most. Unless it is done then, it takes them back.
func (r *rows) try(i int32, steps int) (done, stuck bool) {
	before := len(r.taken)
	for range steps {
		r.take(i)
		next := r.byLast.last()
		if next == r.byLast.end() || r.zones[next].last <= r.zones[i].first {
			return true, false
		}
		other := r.byLast.prev[next]
		if other != r.byLast.end() && r.zones[other].last > r.zones[i].first || !r.mayEnd(next) {
			r.back(before)
			return false, true
		}
		i = next
	}
	r.back(before)
	return false, false
}

// greedy sets places to an order in which k is small. It builds it from its end: the
// zone of the greatest last comes next if it has to be near what is there already
// and may come now, else that of the greatest first, which asks for the least.
func (r *rows) greedy() {
	r.stand()
	nearest := history.Never
	for place := len(r.zones) - 1; place >= 0; place-- {
		i := r.byFirst.last()
		if due := r.byLast.last(); r.zones[due].last > nearest && r.mayEnd(due) {
			i = due
		}
		nearest = min(nearest, r.zones[i].first)
		r.zones[i].place = int32(place)
		r.take(i)
	}
}

// A row is a doubly linked list of numbers below n. What was dropped can be put
// back, latest first, to where it was (Knuth, "Dancing links", 2000).
type row struct{ next, prev []int32 }

// reset puts the zones into the row in the order given.
func (r *row) reset(order []placed) {
	r.line(len(order))
	at := r.end()
	for _, p := range order {
		r.next[at], r.prev[p.block] = p.block, at
		at = p.block
	}
	r.next[at], r.prev[r.end()] = r.end(), at
}

// line puts n zones into the row in order of their numbers.
func (r *row) line(n int) {
	r.next = slices.Grow(r.next[:0], n+1)[:n+1]
	r.prev = slices.Grow(r.prev[:0], n+1)[:n+1]
	for i := range r.next {
		r.next[i], r.prev[i] = int32(i)+1, int32(i)-1
	}
	r.next[n], r.prev[0] = 0, int32(n)
}

// end is what stands before the first and after the last.
func (r *row) end() int32  { return int32(len(r.next) - 1) }
func (r *row) last() int32 { return r.prev[r.end()] }

func (r *row) drop(i int32) {
	r.next[r.prev[i]], r.prev[r.next[i]] = r.next[i], r.prev[i]
}

func (r *row) put(i int32) {
	r.next[r.prev[i]], r.prev[r.next[i]] = i, i
}

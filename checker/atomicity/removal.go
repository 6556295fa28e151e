package atomicity

import (
	"cmp"
	"slices"
	"sort"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// A Removal is the least number of operations that have to be removed until the
// rest is linearizable. Whoever removes a write has to remove the reads that show
// it; a write of unknown outcome need not be removed, for it may never have
// happened. The unit is operations. No paper defines it; it is the least set that
// hits all the small explanations that package linear gives.
//
// Judged are registers without compare-and-sets that swapped, and lists. Lower
// counts explanations that have no operation in common. Upper is the best that can
// be done in one order of the values: of a register, in the better one of two; of
// a list, in that of the longest read. On registers where the two differ and Upper
// is at most SearchRemovals, a search of at most SearchSteps steps decides, if at
// most SearchOps operations are in conflict.
type Removal struct {
	Lower    int
	Upper    int
	Ops      []int // Upper operations whose removal is enough, as indices into the history, ascending
	Unjudged int   // keys that were not judged
}

// The bounds of the search for the least removal, for each key.
const (
	SearchOps      = 128
	SearchRemovals = 12
	SearchSteps    = 1_000
)

// Exact returns the number, and whether it is known.
func (r *Removal) Exact() (int, bool) { return r.Lower, r.Lower == r.Upper }

// removal judges the key whose blocks were joined, of which some reads are late or
// none, and some operations wrong.
func (m *measurer) removal(k *keys.Key, late bool, wrong []Wrong) {
	s := &m.score.Removal
	switch {
	case len(m.swaps) > 0:
		s.Unjudged++
		return
	case !late && len(wrong) == 0:
		return
	case k.Shape == keys.List:
		m.removeFromList(wrong)
		return
	}
	for n, r := range k.Reads {
		if m.of[n] == none { // wrong, and without swaps only reads are
			s.Lower++
			s.Upper++
			s.Ops = append(s.Ops, int(r))
		}
	}
	if !late {
		return
	}
	r := &m.remover
	r.conflicted(m)
	r.fill(m, false)
	lower := r.disjoint.lower(r)
	gone := slices.Clone(r.cover.least(r, func(g *group) uint64 { return unsigned(g.first) }))
	if other := r.cover.least(r, func(g *group) uint64 { return unsigned(r.write(g).call) }); len(other) < len(gone) {
		gone = other
	}
	if len(r.items) <= SearchOps && len(gone) <= SearchRemovals {
		lower, gone = r.search.least(r, lower, gone)
	}
	s.Lower += lower
	s.Upper += len(gone)
	for _, i := range gone {
		s.Ops = append(s.Ops, int(r.items[i].op))
	}
}

// An item is an operation that may be removed.
type item struct {
	op   int32        // none for the initial value
	call history.Time // of a read, not before that of its write, which it could not do without
	ret  history.Time
	free bool // it need not be removed: the initial value, or a write of unknown outcome
}

// A group is a write and the reads of its value, in order of call: the items from
// one place to another.
type group struct {
	from, to int32
	first    history.Time // earliest return
}

// A remover judges one key. Its slices are scratch, used anew for each key.
type remover struct {
	items  []item
	groups []group
	of     []int32 // of each item: its group
	next   []int32 // of each cluster: where its next item goes
	in     []bool  // of each cluster: whether it is to be judged
	list   bool    // the order of groups is that of a list

	disjoint disjoint
	cover    cover
	search   search
}

// write returns the write of the group.
func (r *remover) write(g *group) *item { return &r.items[g.from] }

// fill takes over the clusters of the key that are to be judged.
func (r *remover) fill(m *measurer, list bool) {
	r.list = list
	r.next = append(r.next[:0], make([]int32, len(m.clusters))...)
	for _, of := range m.of {
		if of != none {
			r.next[of]++
		}
	}
	at := int32(0)
	r.groups, r.of = slices.Grow(r.groups[:0], len(m.clusters)), slices.Grow(r.of[:0], len(m.clusters)+len(m.of))
	for k := range m.clusters {
		if c := &m.clusters[k]; r.in[k] {
			size := 1 + r.next[k]
			for range size {
				r.of = append(r.of, int32(len(r.groups)))
			}
			r.groups = append(r.groups, group{at, at + size, c.first.at})
			r.next[k] = at
			at += size
		}
	}
	r.items = slices.Grow(r.items[:0], int(at))[:at]
	for k := range m.clusters {
		if c := &m.clusters[k]; r.in[k] {
			r.put(int32(k), writeItem(m.h, c))
		}
	}
	for n, of := range m.of {
		if of != none && r.in[of] {
			op := &m.h[m.reads[n]]
			r.put(of, item{m.reads[n], max(op.Call, m.clusters[of].call.at), op.Return, false})
		}
	}
	for i := range r.groups {
		g := &r.groups[i]
		slices.SortStableFunc(r.items[g.from+1:g.to], func(a, b item) int { return cmp.Compare(a.call, b.call) })
	}
}

// conflicted chooses the clusters that conflict with others: A does if, of the others
// with f < s(A), one has s > f(A). The rest can stay, whatever is removed.
func (r *remover) conflicted(m *measurer) {
	r.in = append(r.in[:0], make([]bool, len(m.clusters))...)
	latest := make([][2]int32, 1, len(m.blocks)+1) // the two blocks of the latest calls before each
	latest[0] = [2]int32{none, none}
	last := func(i int32) history.Time { return m.blocks[i].last.at }
	for i := range m.blocks {
		top := latest[i]
		switch i := int32(i); {
		case top[0] == none || last(i) > last(top[0]):
			top = [2]int32{i, top[0]}
		case top[1] == none || last(i) > last(top[1]):
			top[1] = i
		}
		latest = append(latest, top)
	}
	for i := range m.blocks {
		b := &m.blocks[i]
		before := sort.Search(len(m.blocks), func(k int) bool { return m.blocks[k].first.at >= b.last.at })
		other := latest[before][0]
		if other == int32(i) {
			other = latest[before][1]
		}
		r.in[b.head] = other != none && last(other) > b.first.at
	}
}

func (r *remover) put(cluster int32, x item) {
	r.items[r.next[cluster]] = x
	r.next[cluster]++
}

func writeItem(h history.History, c *cluster) item {
	if c.write == none {
		return item{none, always, always, true}
	}
	op := &h[c.write]
	return item{c.write, op.Call, returned(op), op.Status == history.Unknown}
}

// An explanation is a few items of which one has to go. A write that one of the
// reads needs anyway is not among them.
type explanation []int32

// A span is what is left of a group, from its earliest return to its latest call.
type span struct {
	first, last mark // of items, not operations
	group       int32
}

// spans sets zones to what is left of the groups, sorted by first. Of a group only
// the write counts even if it is gone, for the reads need it.
func (r *remover) spans(spans []span, gone []bool) []span {
	spans = slices.Grow(spans[:0], len(r.groups))
	for k := range r.groups {
		g := &r.groups[k]
		w := r.write(g)
		s := span{mark{w.ret, g.from}, mark{w.call, g.from}, int32(k)}
		left := !gone[g.from]
		for i := g.from + 1; i < g.to; i++ {
			if !gone[i] {
				s.first = earlier(s.first, mark{r.items[i].ret, i})
				s.last = later(s.last, mark{r.items[i].call, i})
				left = true
			}
		}
		if left {
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.first.at, b.first.at), cmp.Compare(a.group, b.group)) })
	return spans
}

// conflicts shows each span that conflicts with one before it to meet, with the one
// of the latest call. If any two conflict, it shows some. It stops when meet says so.
func conflicts(spans []span, best []int32, meet func(a, b *span) (stop bool)) []int32 {
	best = append(slices.Grow(best[:0], len(spans)+1), none) // among the spans before each, the forward one of the latest call
	for i := range spans {
		s, b := &spans[i], best[i]
		if s.first.at < s.last.at && (b == none || s.last.at > spans[b].last.at) {
			b = int32(i)
		}
		best = append(best, b)
	}
	for i := range spans {
		s, until := &spans[i], i
		if s.first.at >= s.last.at {
			until = sort.Search(i, func(k int) bool { return spans[k].first.at >= s.last.at })
		}
		if b := best[until]; b != none && s.first.at < spans[b].last.at && meet(&spans[b], s) {
			break
		}
	}
	return best
}

// explain returns why a and b conflict, with the writes where they are enough.
func (r *remover) explain(e explanation, a, b *span) explanation {
	e = r.half(e[:0], a, b)
	return r.half(e, b, a)
}

// half adds the items of a that show that it must come both before and after b.
func (r *remover) half(e explanation, a, b *span) explanation {
	w := r.groups[a.group].from
	first, last := a.first.op, a.last.op
	if r.items[w].ret < b.last.at {
		first = w
	}
	if r.items[w].call > b.first.at {
		last = w
	}
	switch {
	case first == last:
		return append(e, first)
	case first == w:
		return append(e, last)
	case last == w:
		return append(e, first)
	default:
		return append(e, first, last)
	}
}

package linear

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Sets only grow, and a read shows all of its set. So what was read must be a chain
// by inclusion, and the chain settles the order: what the least set shows is added,
// it is read, what the next one shows beside is added, and so on; what no read
// shows comes last. Every operation has a rank, and it remains to see that none had
// returned before one of lower rank was called. This takes O(n log n) and the
// sizes of what was read. (Gibbons and Korach, "Testing Shared Memories", SIAM J.
// Comput. 1997, section 4, judge registers written once each alike: by the order
// in which the values must have stood.)
//
// A value may be added many times: it is there from the first time on, so that its
// additions count as one, from the earliest call to the earliest return. Any instant
// of that span lies within the addition that was called first.

// A member is a value that was added to a set.
type member struct {
	call, answer mark // the earliest of each among its additions
	rank         int32
}

// A ranked read, or the first addition of a value, must come after those of lower rank.
type ranked struct {
	rank         int32
	call, answer mark
}

// A growth is what a set went through.
type growth struct {
	*checker
	members []member
	seen    []int32 // by member: the last read that showed it, or none
	number  directory
	adds    []int32
	reads   []int32 // from the least set to the largest
	ranks   []ranked
}

// judgeSet judges a set. It returns an order, or why there is none.
func (c *checker) judgeSet(ops []int32, s *shape) ([]int32, *judge.Evidence) {
	g := growth{checker: c, number: newDirectory(s)}
	g.collect(ops)
	if why := g.chain(); why != nil {
		return nil, why
	}
	if why := g.compare(); why != nil || !c.want {
		return nil, why
	}
	return g.order(), nil
}

func (g *growth) collect(ops []int32) {
	for _, i := range ops {
		op := &g.h[i]
		if op.Kind == history.Read {
			g.reads = append(g.reads, i)
			continue
		}
		k := g.number.of(op.In.Num)
		if k == none {
			k = int32(len(g.members))
			g.number.put(op.In.Num, k)
			g.members = append(g.members, member{call: mark{op.Call, i}, answer: mark{never, none}})
		}
		g.adds = append(g.adds, i)
		m := &g.members[k]
		if at := returned(op); at < m.answer.at {
			m.answer = mark{at, i}
		}
	}
	g.seen = slices.Repeat([]int32{none}, len(g.members))
	slices.SortStableFunc(g.reads, func(a, b int32) int {
		return cmp.Compare(len(g.h[a].Out.List), len(g.h[b].Out.List))
	})
}

// A directory finds members by value. Most sets hold numbers that are close together.
type directory struct {
	low    int64
	dense  []int32 // by value minus low: the member plus one
	spread map[int64]int32
}

// newDirectory returns an empty one for what the operations of a set add.
func newDirectory(s *shape) directory {
	if width := uint64(s.high - s.low); s.writers > 0 && width <= uint64(denseSlack*s.writers) {
		return directory{low: s.low, dense: make([]int32, width+1)}
	}
	return directory{spread: map[int64]int32{}}
}

func (d *directory) of(x int64) int32 {
	if d.spread == nil {
		if at := uint64(x - d.low); at < uint64(len(d.dense)) {
			return d.dense[at] - 1
		}
		return none
	}
	if k, ok := d.spread[x]; ok {
		return k
	}
	return none
}

func (d *directory) put(x int64, k int32) {
	if d.spread == nil {
		d.dense[x-d.low] = k + 1
		return
	}
	d.spread[x] = k
}

// chain ranks the operations by what was read: a read has twice the number of its
// set, what it is the first to show comes just before.
func (g *growth) chain() *judge.Evidence {
	level, size := int32(0), 0
	for k, i := range g.reads {
		list := g.h[i].Out.List
		if len(list) > size {
			level, size = level+1, len(list)
		}
		for _, x := range list {
			if why := g.show(i, x, 2*level-1); why != nil {
				return why
			}
		}
		if k > 0 && !g.within(g.reads[k-1], i) {
			return g.crossed(g.reads[k-1], i)
		}
		g.ranks = append(g.ranks, ranked{2 * level, mark{g.h[i].Call, i}, mark{g.h[i].Return, i}})
	}
	for k := range g.members {
		m := &g.members[k]
		if g.seen[k] == none {
			m.rank = 2*level + 1
		}
		if g.seen[k] != none || m.answer.op != none { // else it may never have happened
			g.ranks = append(g.ranks, ranked{m.rank, m.call, m.answer})
		}
	}
	return nil
}

// show notes that read i showed x.
func (g *growth) show(i int32, x int64, rank int32) *judge.Evidence {
	k := g.number.of(x)
	if k == none {
		return g.noOrigin(i, history.Num(x), history.Add)
	}
	switch g.seen[k] {
	case i:
		return because(fmt.Sprintf("%s with %s in it twice, but a set has each member once", g.at(i), itemName(&g.h[i], x)), i)
	case none:
		g.members[k].rank = rank
	}
	g.seen[k] = i
	return nil
}

// within reports whether all that the lesser read showed was shown by the one just noted.
func (g *growth) within(lesser, i int32) bool {
	return !slices.ContainsFunc(g.h[lesser].Out.List, func(x int64) bool { return g.seen[g.number.of(x)] != i })
}

// compare looks for an operation that had returned before one of lower rank was called.
func (g *growth) compare() *judge.Evidence {
	slices.SortFunc(g.ranks, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.call.at, b.call.at), cmp.Compare(a.call.op, b.call.op))
	})
	latest := 0
	for k := range g.ranks {
		switch r := &g.ranks[k]; {
		case r.answer.at < g.ranks[latest].call.at:
			return g.tooLate(&g.ranks[latest], r)
		case r.call.at > g.ranks[latest].call.at:
			latest = k
		}
	}
	return nil
}

// order lets each operation happen as soon as those of lower rank have been called.
// Of the additions of a value the one called first is the first.
func (g *growth) order() []int32 {
	type stand struct {
		op int32
		at history.Time
	}
	all := make([]stand, 0, len(g.ranks)+len(g.adds))
	there := make([]history.Time, len(g.members)) // when they came in
	at := always
	for k := range g.ranks {
		i := g.ranks[k].call.op
		at = max(at, g.h[i].Call)
		all = append(all, stand{i, at})
		if g.h[i].Kind == history.Add {
			there[g.number.of(g.h[i].In.Num)] = at
		}
	}
	for _, i := range g.adds {
		op := &g.h[i]
		if k := g.number.of(op.In.Num); op.Status == history.OK && g.members[k].call.op != i {
			all = append(all, stand{i, max(there[k], op.Call)})
		}
	}
	slices.SortStableFunc(all, func(a, b stand) int { return cmp.Compare(a.at, b.at) })
	order := make([]int32, len(all))
	for k, s := range all {
		order[k] = s.op
	}
	return order
}

// crossed explains two reads of which neither shows all that the other does.
func (g *growth) crossed(a, b int32) *judge.Evidence {
	return because(fmt.Sprintf("%s without %s, but %s without %s: a set only grows, so one should have all of the other",
		g.at(a), g.beside(a, b), g.at(b), g.beside(b, a)), a, b)
}

// beside names the first member that read b showed and read a did not.
func (g *growth) beside(a, b int32) string {
	op := &g.h[b]
	for _, x := range op.Out.List {
		if !slices.Contains(g.h[a].Out.List, x) {
			return itemName(op, x)
		}
	}
	panic("linear: one of two sets has all of the other")
}

// tooLate explains an operation, before, which must come first but was called only
// when the other had returned.
func (g *growth) tooLate(before, after *ranked) *judge.Evidence {
	a, b := before.call.op, after.answer.op
	adds, added := g.h[a].Kind == history.Add, g.h[b].Kind == history.Add
	switch {
	case adds && added:
		k, _ := slices.BinarySearchFunc(g.ranks, before.rank+1, func(r ranked, rank int32) int { return cmp.Compare(r.rank, rank) })
		read := g.ranks[k].call.op
		return because(fmt.Sprintf("%s, before %s, but %s with the latter and without the former", g.done(b), g.at(a), g.at(read)), a, b, read)
	case adds:
		return g.readBeforeWrite(b, a)
	case added:
		return because(fmt.Sprintf("%s, but %s is missing when %s", g.done(b), itemName(&g.h[b], g.h[b].In.Num), g.at(a)), a, b)
	default:
		return because(fmt.Sprintf("%s, but %s is missing when %s: a set only grows", g.done(b), g.beside(a, b), g.at(a)), a, b)
	}
}

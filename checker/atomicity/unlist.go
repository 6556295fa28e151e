package atomicity

import (
	"cmp"
	"slices"
)

// removeFromList judges a list that is not linearizable, of which the given operations
// are wrong: something has to go. So have reads of what nobody appended, or not yet.
// Of two reads neither of which continues the other, one has to go: here, those that
// disagree with the longest.
func (m *measurer) removeFromList(wrong []Wrong) {
	s, r := &m.score.Removal, &m.remover
	r.in = append(r.in[:0], make([]bool, len(m.clusters))...)
	for i := range m.clusters {
		r.in[i] = m.clusters[i].happened
	}
	r.fill(m, true)
	lower := r.disjoint.stale(r)
	var apart []int // how far reads that disagree agree
	for _, w := range wrong {
		if !m.h[w.Op].Observes() {
			continue
		}
		s.Upper++
		s.Ops = append(s.Ops, w.Op)
		if w.Why != Disagrees {
			lower++
			continue
		}
		apart = append(apart, m.common(m.h[w.Op].Out.List))
	}
	lower += r.disjoint.apart(r, apart)
	s.Lower += max(1, lower)
	for _, i := range r.cover.leastOfList(r, m.chainLength()) {
		s.Upper++
		s.Ops = append(s.Ops, int(r.items[i].op))
	}
}

// chainLength returns how many clusters the list read makes, the initial one included.
func (m *measurer) chainLength() int {
	n := 0
	for at := int32(initial); at != none; at = m.clusters[at].next {
		n++
	}
	return n
}

// common returns how many items the list has in common with the longest, from the
// beginning on.
func (m *measurer) common(list []int64) int {
	n := 0
	for at := m.clusters[initial].next; at != none && n < len(list) && m.h[m.clusters[at].write].In.Num == list[n]; at = m.clusters[at].next {
		n++
	}
	return n
}

// apart pairs reads that disagree with the longest with reads that do not and are
// longer than what the two have in common. The lengths in common are given.
func (d *disjoint) apart(r *remover, common []int) (n int) {
	slices.SortFunc(common, func(a, b int) int { return cmp.Compare(b, a) })
	at := len(r.items) - 1
	for _, length := range common {
		for at >= 0 && (d.used[at] || at == int(r.groups[r.of[at]].from)) {
			at--
		}
		if at < 0 || int(r.of[at]) <= length {
			continue
		}
		at--
		n++
	}
	return n
}

// leastOfList returns the least items to remove from a list, if the longest read is
// right. Up to some number of the chain, all appends are kept, and reads may show
// them. What comes after that no read shows, so its appends can come in any order:
// all can be kept that returned after the latest call before.
func (c *cover) leastOfList(r *remover, chain int) []int32 {
	c.rank(r, func(g *group) uint64 { return uint64(g.from) })
	c.list = true
	c.whole.reset(len(c.calls))
	c.alive.reset(len(c.calls))
	c.alive.grow()
	c.alive.set(0, 1)
	for k := range r.groups {
		w := r.groups[k].from
		c.whole.add(c.steps[w].ret, r.weight(w))
	}
	most, at, cut := int32(-1), int32(0), 0
	for k := range chain {
		g := &r.groups[k]
		w := &c.steps[g.from]
		c.whole.add(w.ret, -r.weight(g.from)) // it is in the chain now
		c.kill(w.ret+1, int32(len(c.calls)))
		c.keep(r, g)
		for i := g.from; i < g.to; i++ {
			if c.steps[i].took {
				c.alive.set(c.steps[i].call, 1)
			}
		}
		c.kill(0, w.call)
		if n, where := c.whole.most(c.last()); n > most {
			most, at, cut = n, where, k
		}
	}
	return c.traceList(r, cut, at)
}

// kill forgets what was kept with latest calls from one rank to another.
func (c *cover) kill(from, to int32) {
	for at := c.alive.next(from, 0); at < to; at = c.alive.next(at+1, 0) {
		c.alive.set(at, 0)
		c.best.forget(at)
		c.whole.forget(at)
	}
}

// traceList notes what was not kept, if the chain was kept up to cut and the latest
// call was at.
func (c *cover) traceList(r *remover, cut int, at int32) []int32 {
	c.gone = c.gone[:0]
	for k := cut + 1; k < len(r.groups); k++ {
		g := &r.groups[k]
		if c.steps[g.from].ret < at {
			c.remove(r, g.from)
		}
		for i := g.from + 1; i < g.to; i++ {
			c.remove(r, i)
		}
	}
	for k := cut; k >= 0; k-- {
		at = c.trace(r, &r.groups[k], at)
	}
	slices.Sort(c.gone)
	return c.gone
}

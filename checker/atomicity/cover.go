package atomicity

import (
	"slices"
	"sort"

	"faultline/checker/history"
)

// The best that can be done if the values come in a given order. Going through
// the values, all that matters of what was kept is its latest call: an operation
// can be kept as well if it returned then or later. So let best(M) be the most
// operations that can be kept so far if their latest call is M. A value written
// from a to b can add to it if M <= b: its operations up to some latest call M',
// those that returned at M or later, give a best(M') for M' > M; those that were
// called by then add to best(M) itself. It is a longest increasing subsequence,
// for intervals, in time O(n log n).

// A cover finds the least items to remove for an order of the values.
type cover struct {
	order []placed // groups
	calls []history.Time
	best  prefixes

	list  bool
	whole prefixes // of a list: best, and the appends outside of the chain that can be kept with it
	alive peaks    // of a list: which latest calls were reached
	steps []step
	gone  []int32
}

// A step is what keeping the items of a group up to this one would give.
type step struct {
	call int32 // the rank of M'
	ret  int32 // the rank of the greatest M for which the item can be kept
	from int32 // the rank of M
	best int32
	took bool // it is better than what there was
}

// least returns the least items to remove if the values come in order of key. The
// result is good until the next call.
func (c *cover) least(r *remover, key func(*group) uint64) []int32 {
	c.rank(r, key)
	c.list = false
	for _, p := range c.order {
		c.keep(r, &r.groups[p.block])
	}
	c.gone = c.gone[:0]
	_, at := c.best.most(c.last())
	for _, p := range slices.Backward(c.order) {
		at = c.trace(r, &r.groups[p.block], at)
	}
	slices.Sort(c.gone)
	return c.gone
}

// last returns the greatest rank.
func (c *cover) last() int32 { return int32(len(c.calls)) - 1 }

// rank sorts the groups by key and gives ranks to calls.
func (c *cover) rank(r *remover, key func(*group) uint64) {
	c.order, c.calls = slices.Grow(c.order[:0], len(r.groups)), slices.Grow(c.calls[:0], len(r.items))
	for k := range r.groups {
		c.order = append(c.order, placed{key(&r.groups[k]), int32(k)})
	}
	sortPlaced(c.order)
	for i := range r.items {
		c.calls = append(c.calls, r.items[i].call)
	}
	slices.Sort(c.calls)
	c.calls = slices.Compact(c.calls)
	c.steps = slices.Grow(c.steps[:0], len(r.items))[:len(r.items)]
	for k := range r.groups {
		g := &r.groups[k]
		for i := g.from; i < g.to; i++ {
			call, _ := slices.BinarySearch(c.calls, r.items[i].call)
			c.steps[i] = step{call: int32(call), ret: c.upTo(min(r.items[i].ret, r.write(g).ret))}
		}
	}
	c.best.reset(len(c.calls))
}

// upTo returns the rank of the latest call until the given instant.
func (c *cover) upTo(at history.Time) int32 {
	return int32(sort.Search(len(c.calls), func(i int) bool { return c.calls[i] > at })) - 1
}

// keep goes on to the next group.
func (c *cover) keep(r *remover, g *group) {
	within := c.steps[g.from].ret // M <= b
	for i := g.from; i < g.to; i++ {
		s := &c.steps[i]
		c.add(s.ret, r.weight(i))
		s.best, s.from = c.best.most(min(s.call, within))
	}
	for i := g.from; i < g.to; i++ { // for lesser M, the latest call does not stay
		if s := &c.steps[i]; s.call > 0 {
			c.add(min(s.call-1, s.ret), -r.weight(i))
		}
	}
	for i := g.from; i < g.to; i++ {
		s := &c.steps[i]
		s.took = c.raise(s.call, s.best)
	}
}

// add adds n operations to all that was kept with latest calls up to a rank.
func (c *cover) add(call, n int32) {
	c.best.add(call, n)
	if c.list {
		c.whole.add(call, n)
	}
}

// raise notes that n operations can be kept with a latest call, and reports whether
// these are more than before.
func (c *cover) raise(call, n int32) bool {
	took := c.best.raise(call, n)
	if took && c.list {
		c.whole.raise(call, n+c.whole.after(call)-c.best.after(call))
	}
	return took
}

// weight is 1 if removing the item counts.
func (r *remover) weight(i int32) int32 {
	if r.items[i].free {
		return 0
	}
	return 1
}

// trace notes what was not kept of a group, if the latest call was at afterwards,
// and returns the latest call before.
func (c *cover) trace(r *remover, g *group, at int32) int32 {
	upTo, before := c.cameFrom(g, at)
	for i := g.from; i < g.to; i++ {
		if kept := i <= upTo && c.steps[i].call <= at && c.steps[i].ret >= before; !kept {
			c.remove(r, i)
		}
	}
	return before
}

// remove notes that an item has to go, if it matters.
func (c *cover) remove(r *remover, i int32) {
	if !r.items[i].free {
		c.gone = append(c.gone, i)
	}
}

// cameFrom returns up to which item of the group operations were kept if the latest
// call was at afterwards, and the latest call before.
func (c *cover) cameFrom(g *group, at int32) (upTo, before int32) {
	for i := g.to - 1; i >= g.from; i-- {
		if s := &c.steps[i]; s.took && s.call == at {
			return i, s.from
		}
	}
	return g.to, at
}

// prefixes holds a number for each place, to which numbers can be added up to a
// place, and tells the greatest up to a place, in O(log n). Each node of its tree
// knows what was added at the places below it, and the greatest number there if nothing
// was added at later places.
type prefixes struct {
	leaves int
	nodes  []node
	base   []int32
}

type node struct{ added, most, place int32 }

// unreached is less than every number that occurs.
const unreached = -1 << 30

// reset sets the number of place 0 to 0, and those of the others to unreached.
func (p *prefixes) reset(n int) {
	p.leaves = 1
	for p.leaves < n {
		p.leaves *= 2
	}
	p.nodes = slices.Grow(p.nodes[:0], 2*p.leaves)[:2*p.leaves]
	p.base = slices.Grow(p.base[:0], p.leaves)[:p.leaves]
	for i := range p.leaves {
		p.base[i] = unreached
		p.nodes[p.leaves+i] = node{0, unreached, int32(i)}
	}
	p.base[0], p.nodes[p.leaves].most = 0, 0
	for i := p.leaves - 1; i > 0; i-- {
		p.join(i)
	}
}

func (p *prefixes) join(i int) {
	a, b := &p.nodes[2*i], &p.nodes[2*i+1]
	p.nodes[i] = node{a.added + b.added, a.most + b.added, a.place}
	if b.most > p.nodes[i].most {
		p.nodes[i].most, p.nodes[i].place = b.most, b.place
	}
}

// add adds x to all places up to the given one.
func (p *prefixes) add(place, x int32) {
	i := p.leaves + int(place)
	p.nodes[i].added += x
	p.nodes[i].most += x
	for i /= 2; i > 0; i /= 2 {
		p.join(i)
	}
}

// most returns the greatest number up to the given place, and where it is.
func (p *prefixes) most(place int32) (most, where int32) {
	i := p.leaves + int(place)
	n := p.nodes[i]
	after := int32(0) // added at later places
	for ; i > 1; i /= 2 {
		if i%2 == 0 {
			after += p.nodes[i+1].added
			continue
		}
		a := &p.nodes[i-1]
		if a.most+n.added >= n.most {
			n.most, n.place = a.most+n.added, a.place
		}
		n.added += a.added
	}
	return n.most + after, n.place
}

// raise makes the number of a place at least x, and reports whether it was less.
func (p *prefixes) raise(place, x int32) bool {
	after := p.after(place)
	if p.base[place]+after >= x {
		return false
	}
	i := p.leaves + int(place)
	p.nodes[i].most += x - after - p.base[place]
	p.base[place] = x - after
	for i /= 2; i > 0; i /= 2 {
		p.join(i)
	}
	return true
}

// after returns what was added up to the given place or later ones.
func (p *prefixes) after(place int32) int32 {
	i := p.leaves + int(place)
	added := p.nodes[i].added
	for ; i > 1; i /= 2 {
		if i%2 == 0 {
			added += p.nodes[i+1].added
		}
	}
	return added
}

// forget makes the number of a place unreached.
func (p *prefixes) forget(place int32) {
	p.nodes[p.leaves+int(place)].most += unreached - p.base[place]
	p.base[place] = unreached
	p.add(place, 0)
}

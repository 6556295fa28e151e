package atomicity

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// A block is one cluster, or several in a chain: no other cluster may come between
// them.
type block struct {
	head  int32 // the first cluster of the chain
	first mark  // earliest return
	calls mark  // latest call of a write
	last  mark  // latest call
	early mark  // earliest return of a read before its write was called
}

// join makes a block of each chain, and sorts the blocks by first. Inside a chain,
// the bound of a cluster is the earliest return in those that follow it.
func (m *measurer) join() {
	m.chained = false
	m.blocks = slices.Grow(m.blocks[:0], len(m.clusters))
	for k := range m.clusters {
		if c := &m.clusters[k]; c.happened && c.from == none {
			m.blocks = append(m.blocks, m.block(int32(k)))
		}
	}
	m.sortByFirst()
}

// sortByFirst sorts the blocks by first, or else by head, as they are already. They
// are large: their places are sorted, and each block is moved once.
func (m *measurer) sortByFirst() {
	to := slices.Grow(m.order.byCenter[:0], len(m.blocks))
	for i := range m.blocks {
		to = append(to, placed{unsigned(m.blocks[i].first.at), int32(i)})
	}
	sortPlaced(to)
	for at := range to {
		if to[at].block < 0 {
			continue // moved
		}
		kept, hole := m.blocks[at], at
		for from := int(to[at].block); from != at; from = int(to[hole].block) {
			m.blocks[hole] = m.blocks[from]
			to[hole].block = -1
			hole = from
		}
		m.blocks[hole] = kept
		to[hole].block = -1
	}
	m.order.byCenter = to
}

func (m *measurer) block(head int32) block {
	c := &m.clusters[head]
	b := block{head, c.first, c.call, c.last, c.early}
	if c.next == none {
		return b
	}
	m.chained = true
	m.chain = append(m.chain[:0], head)
	for at := c.next; at != none; at = c.next {
		c = &m.clusters[at]
		if c.first.at < b.calls.at {
			m.wrong(b.calls.op, Contradicts)
		}
		m.widen(b.last, earlier(c.first, c.early))
		b.first, b.early = earlier(b.first, c.first), earlier(b.early, c.early)
		b.calls, b.last = later(b.calls, c.call), later(b.last, c.last)
		m.chain = append(m.chain, at)
	}
	bound := mark{history.Never, none}
	for _, at := range slices.Backward(m.chain) {
		m.clusters[at].bound = bound
		bound = earlier(bound, m.clusters[at].first)
	}
	return b
}

// An order is what is known of the places of blocks, which are sorted by first.
type order struct {
	byCenter []placed
	ranks    peaks // of each block, its place in byCenter, from 1
	calls    peaks // of each block, the latest call of a write
}

// A placed is a block, or a zone, and what it is sorted by.
type placed struct {
	key   uint64
	block int32
}

func sortPlaced(p []placed) {
	slices.SortFunc(p, func(a, b placed) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Compare(a.block, b.block)
	})
}

// sortByCenter sorts the blocks by first+last, the one that holds the initial value first.
func (o *order) sortByCenter(blocks []block) {
	base := history.Never
	for i := range blocks {
		if b := &blocks[i]; b.head != initial {
			base = min(base, b.first.at, b.last.at)
		}
	}
	o.byCenter = slices.Grow(o.byCenter[:0], len(blocks))
	for i := range blocks {
		b := &blocks[i]
		key := uint64(b.first.at-base) + uint64(b.last.at-base)
		if b.head == initial {
			key = 0 // and no block has a lesser index
		}
		o.byCenter = append(o.byCenter, placed{key, int32(i)})
	}
	sortPlaced(o.byCenter)
}

// fill prepares the search for blocks that come after others.
func (o *order) fill(blocks []block) {
	o.ranks.reset(len(blocks))
	for i, p := range o.byCenter {
		o.ranks.leaf(p.block, uint64(i)+1)
	}
	o.ranks.grow()
	o.calls.reset(len(blocks))
	for i := range blocks {
		o.calls.leaf(int32(i), unsigned(blocks[i].calls.at))
	}
	o.calls.grow()
}

// unsigned maps instants to numbers in the same order.
func unsigned(t history.Time) uint64 { return uint64(t) ^ 1<<63 }

// peaks finds the next of a row of numbers that is above a bound, in O(log n): a
// tree of maxima in which node i is above 2i and 2i+1.
type peaks struct {
	tree   []uint64
	leaves int
	n      int32
}

// reset makes room for n numbers, all 0.
func (p *peaks) reset(n int) {
	p.n, p.leaves = int32(n), 1
	for p.leaves < n {
		p.leaves *= 2
	}
	p.tree = slices.Grow(p.tree[:0], 2*p.leaves)[:2*p.leaves]
	clear(p.tree[p.leaves:])
}

func (p *peaks) leaf(i int32, number uint64) { p.tree[p.leaves+int(i)] = number }

// set changes the number of a place.
func (p *peaks) set(place int32, number uint64) {
	i := p.leaves + int(place)
	p.tree[i] = number
	for i /= 2; i > 0; i /= 2 {
		p.tree[i] = max(p.tree[2*i], p.tree[2*i+1])
	}
}

func (p *peaks) of(i int) uint64 { return p.tree[p.leaves+i] }

// grow fills in the maxima.
func (p *peaks) grow() {
	for i := p.leaves - 1; i > 0; i-- {
		p.tree[i] = max(p.tree[2*i], p.tree[2*i+1])
	}
}

// next returns the first place from the given one on whose number is above the
// bound, or the number of places.
func (p *peaks) next(from int32, bound uint64) int32 {
	if from >= p.n {
		return p.n
	}
	i := int(from) + p.leaves
	for p.tree[i] <= bound { // climb, to the right
		for i%2 == 1 {
			i /= 2
		}
		if i == 0 {
			return p.n
		}
		i++
	}
	for i < p.leaves { // and down, to the left
		i *= 2
		if p.tree[i] <= bound {
			i++
		}
	}
	return int32(i - p.leaves)
}

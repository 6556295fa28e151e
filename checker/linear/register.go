package linear

import (
	"cmp"
	"math"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// The idea (Gibbons and Korach, "Testing Shared Memories"). When all written
// values differ, the write of a value and the reads of it must stand
// together in the order: a cluster. Of a cluster only two instants matter: its
// earliest return f and its latest call s. Cluster A must come before B if
// f(A) < s(B): some operation of A had returned before one of B was called. The
// history is linearizable if and only if no read precedes its write and no two
// clusters must each come before the other.
//
// Why pairs suffice: take a circle of clusters, each of which must come before
// the next, with no circle of two. Let m be the one of least f, p the one before
// it and q the one before p. Since m need not come before p, s(p) <= f(m) <=
// f(q). But q before p says f(q) < s(p).
//
// A compare-and-set that swapped a for b makes the cluster of b follow that of a
// directly: both join one block, which then is treated as a cluster.

// never and always bound all instants.
const (
	always = history.Time(math.MinInt64)
	never  = history.Never
)

// A mark is an instant and the operation it belongs to.
type mark struct {
	at history.Time
	op int32 // none for the initial value
}

// A cluster is the write of a value and the reads of it.
type cluster struct {
	write    int32 // the operation that wrote it; none for the initial value
	happened bool  // the write was acknowledged or its value seen
	linked   bool  // the write is a compare-and-set, or an append that was seen, so from is another cluster
	from     int32 // the cluster whose value it replaced
	next     int32 // the cluster whose compare-and-set replaced this value, or none
	told     int32 // of an append that is linked: the first read that shows it
	first    mark  // earliest return
	last     mark  // latest call
}

// initial is the cluster of the initial value. Writer k has the cluster k+1.
const initial = 0

// register judges a register with unique values. It returns nil if the key is
// linearizable, else why not.
func (c *checker) register(ops []int32) *judge.Evidence {
	c.startClusters()
	if why := c.addReads(ops); why != nil {
		return why
	}
	if why := c.linkSwaps(); why != nil {
		return why
	}
	if why := c.joinBlocks(); why != nil {
		return why
	}
	if a, b := c.comparePairs(); a != nil {
		return c.conflict(a, b)
	}
	return nil
}

// startClusters opens a cluster for each writer. A write of unknown outcome
// enters the game only when its value is seen: it may never have happened.
func (c *checker) startClusters() {
	c.clusters = slices.Grow(c.clusters[:0], len(c.writers.ops)+1)
	c.clusters = append(c.clusters, cluster{
		write: none, happened: true, next: none,
		first: mark{always, none}, last: mark{always, none},
	})
	c.stack = c.stack[:0]
	for _, i := range c.writers.ops {
		op := &c.h[i]
		c.clusters = append(c.clusters, cluster{
			write: i, linked: op.Kind == history.CAS, next: none,
			first: mark{returned(op), i}, last: mark{op.Call, i},
		})
		if op.Status == history.OK {
			c.see(int32(len(c.clusters)) - 1)
		}
	}
}

// returned is when an operation had certainly taken effect.
func returned(op *history.Op) history.Time {
	if op.Status == history.Unknown {
		return never
	}
	return op.Return
}

// see notes that the write of the cluster happened.
func (c *checker) see(k int32) {
	cl := &c.clusters[k]
	if !cl.happened {
		cl.happened = true
		if cl.linked {
			c.stack = append(c.stack, k)
		}
	}
}

// clusterOf returns the cluster of the value, or none if nobody wrote it.
func (c *checker) clusterOf(v history.Value) int32 {
	switch {
	case len(v.List) > 0:
		return none
	case v.Num == 0:
		return initial
	default:
		if k := c.writers.of(v.Num); k != none {
			return k + 1
		}
		return none
	}
}

// locate returns the cluster of what i read.
func (c *checker) locate(i int32) (int32, *judge.Evidence) {
	if c.lists {
		return c.clusterOfList(i)
	}
	k := c.clusterOf(c.h[i].Out)
	if k == none {
		return none, c.noOrigin(i, c.h[i].Out, history.Write)
	}
	return k, nil
}

func (c *checker) addReads(ops []int32) *judge.Evidence {
	for _, i := range ops {
		op := &c.h[i]
		if !op.Observes() {
			continue
		}
		k, why := c.locate(i)
		if why != nil {
			return why
		}
		cl := &c.clusters[k]
		if op.Kind == history.CAS && op.Out.Equal(op.Expect) {
			return c.refused(i)
		}
		if cl.write != none && op.Return < c.h[cl.write].Call {
			return c.readBeforeWrite(i, cl.write)
		}
		if op.Return < cl.first.at {
			cl.first = mark{op.Return, i}
		}
		if op.Call > cl.last.at {
			cl.last = mark{op.Call, i}
		}
		c.see(k)
	}
	return nil
}

// linkSwaps chains the clusters by the compare-and-sets that happened. Each of
// them saw the value it replaced, so that value's write happened too.
func (c *checker) linkSwaps() *judge.Evidence {
	for len(c.stack) > 0 {
		k := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		cl := &c.clusters[k]
		from := c.clusterOf(c.h[cl.write].Expect)
		if from == none {
			return c.noOrigin(cl.write, c.h[cl.write].Expect, history.Write)
		}
		if other := c.clusters[from].next; other != none {
			return c.swappedTwice(cl.write, c.clusters[other].write)
		}
		cl.from, c.clusters[from].next = from, k
		c.see(from)
	}
	return nil
}

// A block is one cluster, or several that compare-and-sets chained together.
type block struct {
	first, last mark
	head        int32 // its first cluster
}

// forward reports whether the block must have been in place throughout the time
// from first to last; else it may fit into any instant of that span.
func (b *block) forward() bool { return b.first.at < b.last.at }

// joinBlocks makes a block of each chain and judges the order inside it.
func (c *checker) joinBlocks() *judge.Evidence {
	c.blocks = slices.Grow(c.blocks[:0], len(c.clusters))
	joined, happened := 0, 0
	for k := range c.clusters {
		cl := &c.clusters[k]
		if !cl.happened {
			continue
		}
		happened++
		if cl.linked {
			continue // joined from the head of its chain
		}
		b := block{cl.first, cl.last, int32(k)}
		joined++
		for at := cl.next; at != none; at = c.clusters[at].next {
			nx := &c.clusters[at]
			if nx.first.at < b.last.at {
				return c.outOfChain(nx.first.op, b.last.op)
			}
			b.first, b.last = earlier(b.first, nx.first), later(b.last, nx.last)
			joined++
		}
		c.blocks = append(c.blocks, b)
	}
	if joined < happened {
		return c.circle()
	}
	return nil
}

func earlier(a, b mark) mark {
	if b.at < a.at {
		return b
	}
	return a
}

func later(a, b mark) mark {
	if b.at > a.at {
		return b
	}
	return a
}

// comparePairs returns two blocks that must each come before the other, or nil. In
// order of first, forward blocks need comparing with their neighbours alone, and
// a backward block only with the last forward block that began before it.
func (c *checker) comparePairs() (a, b *block) {
	slices.SortFunc(c.blocks, func(a, b block) int {
		return cmp.Or(cmp.Compare(a.first.at, b.first.at), cmp.Compare(a.first.op, b.first.op))
	})
	var before *block // the last forward block so far
	for i := range c.blocks {
		b := &c.blocks[i]
		if !b.forward() {
			continue
		}
		if before != nil && b.first.at < before.last.at {
			return before, b
		}
		before = b
	}
	return c.compareBackward()
}

// compareBackward returns a forward block and the backward one that lies within it, or nil.
// Forward blocks do not overlap any more.
func (c *checker) compareBackward() (a, b *block) {
	c.forward = c.forward[:0]
	for i := range c.blocks {
		if c.blocks[i].forward() {
			c.forward = append(c.forward, int32(i))
		}
	}
	for i := range c.blocks {
		b := &c.blocks[i]
		if b.forward() {
			continue
		}
		k, _ := slices.BinarySearchFunc(c.forward, b.last.at, func(i int32, at history.Time) int {
			return cmp.Compare(c.blocks[i].first.at, at)
		})
		if k == 0 {
			continue // no forward block begins before b
		}
		if around := &c.blocks[c.forward[k-1]]; b.first.at < around.last.at {
			return around, b
		}
	}
	return nil, nil
}

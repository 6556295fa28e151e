package atomicity

import (
	"math"
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// none stands for the writer of the initial value, and for no cluster.
const none = -1

// always is before all operations.
const always = history.Time(math.MinInt64)

// A mark is an instant and the operation it belongs to.
type mark struct {
	at history.Time
	op int32 // none for the initial value
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

// A cluster is the write of a value and the reads of it (Gibbons and Korach,
// SIAM J. Comput. 1997). It must come before another cluster if its earliest
// return is before the other's latest call.
type cluster struct {
	write    int32 // the operation that wrote it; none for the initial value
	happened bool  // the write was acknowledged or its value seen
	from     int32 // the cluster that it follows directly, as a swap follows what it replaced; else none
	next     int32 // the cluster that follows it directly, or none
	call     mark  // of the write
	first    mark  // earliest return, of operations that did not end before the write was called
	last     mark  // latest call of these
	early    mark  // earliest return before the write was called
	bound    mark  // earliest return in the clusters that come after this one
}

// initial is the cluster of the initial value. The write at place k has the cluster k+1.
const initial = 0

// A measurer scores one history. Its slices are scratch, used anew for each key.
type measurer struct {
	h     history.History
	score Score
	gamma gap // the widest so far

	deltaAlone bool // nothing else is asked for

	clusters []cluster
	reads    []int32 // of the key
	of       []int32 // for each read: its cluster, or none
	swaps    []int32 // clusters that compare-and-sets wrote, which happened
	reached  []bool
	chain    []int32
	chained  bool // a block of the key is longer than one cluster
	blocks   []block
	order    order
	rows     rows
	remover  remover
}

// start opens a cluster for the initial value.
func (m *measurer) start(k *keys.Key) {
	m.reads = k.Reads
	m.of = slices.Grow(m.of[:0], len(k.Reads))[:len(k.Reads)]
	m.swaps = m.swaps[:0]
	m.clusters = slices.Grow(m.clusters[:0], len(k.Writes)+1)
	m.clusters = append(m.clusters, newCluster(none, always, always))
	m.clusters[initial].happened = true
}

// open opens a cluster for a write.
func (m *measurer) open(write int32) *cluster {
	op := &m.h[write]
	m.clusters = append(m.clusters, newCluster(write, op.Call, returned(op)))
	return &m.clusters[len(m.clusters)-1]
}

func newCluster(write int32, call, ret history.Time) cluster {
	unset := mark{history.Never, none}
	return cluster{write: write, from: none, next: none, call: mark{call, write}, first: mark{ret, write}, last: mark{call, write}, early: unset, bound: unset}
}

// returned is when an operation had certainly taken effect.
func returned(op *history.Op) history.Time {
	if op.Status == history.Unknown {
		return history.Never
	}
	return op.Return
}

func (m *measurer) wrong(op int32, why Why) {
	m.score.Wrong = append(m.score.Wrong, Wrong{int(op), why})
}

// add puts the n-th read into a cluster. A read that ended before the write was
// called is kept apart: moving its call does not help it.
func (m *measurer) add(n int, to int32) {
	c, r := &m.clusters[to], m.reads[n]
	op := &m.h[r]
	if op.Return < c.call.at {
		c.early = earlier(c.early, mark{op.Return, r})
		m.widen(c.call, mark{op.Return, r})
		m.of[n] = none
		m.wrong(r, BeforeWrite)
		return
	}
	m.of[n] = to
	c.first = earlier(c.first, mark{op.Return, r})
	c.last = later(c.last, mark{op.Call, r})
}

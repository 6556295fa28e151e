package atomicity

import (
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// k-atomicity. What matters of a block is when its write was called, a, its
// earliest return f and its latest call s. The write may be taken to have returned
// at f: whatever saw its value came after it. So an order of the writes respects
// real time if A stands before B whenever f(A) < a(B). Each read then fits in
// right behind the last write that must come before it, its own or another B with
// f(B) before its call. So the order will do if and only if no B with f(B) < s(A)
// stands k or more places behind A.

// A K is the least k for which a history is k-atomic (Aiyer, Alvisi, Bazzi, "On
// the availability of non-strict quorum systems", DISC 2005): in some order that
// respects real time, every read returns one of the k latest values written before
// it. 1-atomic is linearizable. The unit is versions.
//
// Judged are registers without compare-and-sets that swapped, in time O(n log n +
// c n) for c writes at once, and lists, where a version is an append and the order
// is that of the list. What makes Delta infinite makes k infinite.
type K struct {
	Lower    int  // k is at least this
	Upper    int  // and at most this. The two are equal if either is 1 or 2, and for lists
	Infinite bool // no k is enough; Lower and Upper are of the reads that can be explained
	Unjudged int  // keys that were not judged
}

// Exact returns k, and whether it is known.
func (k *K) Exact() (int, bool) { return k.Lower, k.Lower == k.Upper && !k.Infinite }

// include makes k that of one more key.
func (k *K) include(lower, upper int) { k.Lower, k.Upper = max(k.Lower, lower), max(k.Upper, upper) }

// versions judges the key whose blocks were joined, of which some reads are late and
// some operations wrong, or none. If none is late, 1 is enough for what is not wrong.
func (m *measurer) versions(k *keys.Key, late, wrong bool) {
	s := &m.score.K
	if len(m.swaps) > 0 {
		s.Unjudged++
		return
	}
	s.Infinite = s.Infinite || wrong
	switch {
	case !late:
		s.include(1, 1)
	case k.Shape == keys.List:
		m.rows.fill(m.zones())
		n := m.rows.spread()
		s.include(n, n)
	default:
		m.rows.fill(m.zones())
		s.include(m.rows.bounds())
	}
}

// A zone is a value: when it was written and when it was in sight.
type zone struct {
	call  history.Time // of its write
	first history.Time // earliest return
	last  history.Time // latest call
	place int32        // in an order of the writes
}

// zones returns the zones of the key, one block after the other. For a list this
// is the order of writes: the chain, and then what no read shows as it returned,
// so that as little as possible stands before what a read had to see.
func (m *measurer) zones() []zone {
	zones := slices.Grow(m.rows.zones[:0], len(m.clusters))
	for i := range m.blocks {
		for at := m.blocks[i].head; at != none; at = m.clusters[at].next {
			c := &m.clusters[at]
			zones = append(zones, zone{c.call.at, c.first.at, c.last.at, int32(len(zones))})
		}
	}
	return zones
}

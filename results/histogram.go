package results

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"sort"
)

// A Histogram counts latencies in buckets whose width grows with the latency:
// subBuckets to every doubling, so that a bucket's middle is within 1.6 % of
// every value in it. Values below 2*subBuckets nanoseconds are exact. Buckets
// are chosen by integer shifts alone, so every machine chooses the same ones.
//
// The zero value is empty and ready to use. In JSON it is one flat array of
// pairs, bucket and count, in ascending order: [812,3,813,1].
type Histogram struct {
	buckets []bucket // ascending, none empty
}

type bucket struct {
	index uint16
	n     uint32
}

const (
	subBucketBits = 5
	subBuckets    = 1 << subBucketBits // to every doubling of the latency
	maxBucket     = (63-subBucketBits)*subBuckets - 1 + subBuckets
)

// bucketOf is the bucket of a latency. The leading subBucketBits+1 bits of ns
// choose it: their place counts the doublings, the rest of them the sub-bucket. It
// panics on a negative one: time ran backwards.
func bucketOf(ns int64) uint16 {
	if ns < 0 {
		panic(fmt.Sprintf("results: negative latency %d ns", ns))
	}
	doublings := max(0, bits.Len64(uint64(ns))-subBucketBits-1)
	return uint16(doublings*subBuckets + int(ns>>doublings))
}

// bucketRange is the smallest and the largest latency of a bucket.
func bucketRange(index uint16) (lo, hi int64) {
	if index < 2*subBuckets {
		return int64(index), int64(index)
	}
	doublings := index/subBuckets - 1
	lo = int64(index%subBuckets+subBuckets) << doublings
	return lo, lo + (1<<doublings - 1)
}

// Add counts one latency in nanoseconds. It panics on a negative one: time ran backwards.
func (h *Histogram) Add(ns int64) { h.add(bucketOf(ns), 1) }

func (h *Histogram) add(index uint16, n uint32) {
	i := sort.Search(len(h.buckets), func(i int) bool { return h.buckets[i].index >= index })
	if i < len(h.buckets) && h.buckets[i].index == index {
		h.buckets[i].n += n
		return
	}
	h.buckets = append(h.buckets, bucket{})
	copy(h.buckets[i+1:], h.buckets[i:])
	h.buckets[i] = bucket{index, n}
}

// Merge adds all that other counted. Other is not changed.
func (h *Histogram) Merge(other Histogram) {
	merged := make([]bucket, 0, len(h.buckets)+len(other.buckets))
	a, b := h.buckets, other.buckets
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].index < b[0].index:
			merged, a = append(merged, a[0]), a[1:]
		case a[0].index > b[0].index:
			merged, b = append(merged, b[0]), b[1:]
		default:
			merged = append(merged, bucket{a[0].index, a[0].n + b[0].n})
			a, b = a[1:], b[1:]
		}
	}
	h.buckets = append(append(merged, a...), b...)
}

// Count is the number of latencies counted.
func (h Histogram) Count() int {
	n := 0
	for _, b := range h.buckets {
		n += int(b.n)
	}
	return n
}

// Quantile is the latency in nanoseconds that a share p of all does not
// exceed, as the middle of its bucket; p=0.5 is the median (nearest rank). It is 0 for an empty histogram.
func (h Histogram) Quantile(p float64) int64 {
	rank := nearestRank(p, h.Count())
	for _, b := range h.buckets {
		if rank -= int(b.n); rank <= 0 {
			lo, hi := bucketRange(b.index)
			return lo + (hi-lo)/2
		}
	}
	return 0
}

// nearestRank is the rank from 1 to n of the p-quantile. The slack keeps
// 0.07*100 = 7.000000000000001 from becoming rank 8.
func nearestRank(p float64, n int) int {
	const slack = 1e-9
	return min(max(int(math.Ceil(float64(p*float64(n))-slack)), 1), n)
}

// A Step of a cumulative distribution: so many latencies were at most so long.
type Step struct {
	FromNS int64 // lower end of a bucket, nanoseconds
	NS     int64 // its upper end
	AtMost int   // latencies counted up to there
}

// CDF is the cumulative distribution, one step for each bucket that is not empty.
func (h Histogram) CDF() []Step {
	steps := make([]Step, len(h.buckets))
	n := 0
	for i, b := range h.buckets {
		n += int(b.n)
		lo, hi := bucketRange(b.index)
		steps[i] = Step{lo, hi, n}
	}
	return steps
}

// AtMost counts the latencies that did not exceed ns, to within the width of one bucket.
func (h Histogram) AtMost(ns int64) int {
	n := 0
	for _, b := range h.buckets {
		if _, hi := bucketRange(b.index); hi > ns {
			break
		}
		n += int(b.n)
	}
	return n
}

// MarshalJSON writes bucket and count in turn.
func (h Histogram) MarshalJSON() ([]byte, error) {
	flat := make([]uint32, 0, 2*len(h.buckets))
	for _, b := range h.buckets {
		flat = append(flat, uint32(b.index), b.n)
	}
	return json.Marshal(flat)
}

// UnmarshalJSON reads what MarshalJSON wrote and refuses anything else.
func (h *Histogram) UnmarshalJSON(data []byte) error {
	var flat []uint32
	if err := json.Unmarshal(data, &flat); err != nil {
		return fmt.Errorf("histogram: %w", err)
	}
	if len(flat)%2 != 0 {
		return fmt.Errorf("histogram: %d numbers, want pairs of bucket and count", len(flat))
	}
	h.buckets = nil
	last := -1
	for i := 0; i < len(flat); i += 2 {
		index, n := flat[i], flat[i+1]
		if index > maxBucket || int(index) <= last || n == 0 {
			return fmt.Errorf("histogram: bucket %d with count %d after bucket %d: buckets ascend up to %d and are never empty", index, n, last, maxBucket)
		}
		last = int(index)
		h.buckets = append(h.buckets, bucket{uint16(index), n})
	}
	return nil
}

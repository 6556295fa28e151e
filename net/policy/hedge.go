package policy

import (
	"fmt"
	"math/bits"
	"time"
)

// A HedgePolicy sends another attempt while the first is still under way (Dean
// and Barroso, "The Tail at Scale", CACM 2013). The zero policy sends none.
type HedgePolicy struct {
	Max     int           // attempts beyond the first that may be sent so; 0: no hedging
	After   time.Duration // how long to wait for each before the next; with Percentile: at least this long
	Percent float64       // wait as long as so many of 100 calls took lately; 0: After alone
	Unsafe  bool          // hedge what is not idempotent, too: it may be applied twice
}

// Validate returns an error that names the field and the remedy if the policy makes no sense.
func (p HedgePolicy) Validate() error {
	switch {
	case p.Max < 0 || p.Max >= maxInFlight:
		return fmt.Errorf("hedge max is %d: it must be from 0 to %d", p.Max, maxInFlight-1)
	case p.Percent < 0 || p.Percent >= 100:
		return fmt.Errorf("hedge percentile is %v: it must be from 0 to below 100", p.Percent)
	case p.After < 0:
		return fmt.Errorf("hedge after is %v: it must not be negative", p.After)
	case p.Max > 0 && p.Percent == 0 && p.After == 0:
		return fmt.Errorf("hedge has neither after nor percentile: every call would be sent twice at once")
	}
	return nil
}

// eligible reports whether an intent may be hedged.
func (p HedgePolicy) eligible(i Intent) bool {
	return p.Max > 0 && (p.Unsafe || !i.Mutates || i.Dedup)
}

// Latencies remembers how long calls took lately, in buckets of an eighth of a
// power of two. Every fewSamples calls the counts are halved, so the past fades.
type Latencies struct {
	buckets [bucketCount]uint32
	total   uint32
}

const (
	bucketBits  = 3 // 8 buckets for each power of two: 9 % wide on average
	bucketCount = (64 - bucketBits) << bucketBits
	fadeAt      = 4096
	fewest      = 20 // samples below which no percentile is told
)

// bucketOf returns the bucket of d.
func bucketOf(d time.Duration) int {
	u := uint64(max(d, 0))
	if u < 1<<bucketBits {
		return int(u)
	}
	shift := bits.Len64(u) - bucketBits - 1
	return (shift+1)<<bucketBits + int(u>>shift&(1<<bucketBits-1))
}

// bucketEnd returns the longest duration in a bucket.
func bucketEnd(i int) time.Duration {
	if i < 1<<bucketBits {
		return time.Duration(i)
	}
	shift := i>>bucketBits - 1
	return time.Duration((uint64(1<<bucketBits+i&(1<<bucketBits-1))+1)<<shift - 1)
}

// Add notes that a call took d.
func (l *Latencies) Add(d time.Duration) {
	l.buckets[bucketOf(d)]++
	if l.total++; l.total == fadeAt {
		l.fade()
	}
}

func (l *Latencies) fade() {
	l.total = 0
	for i := range l.buckets {
		l.buckets[i] /= 2
		l.total += l.buckets[i]
	}
}

// Percentile returns the duration that p of 100 calls did not exceed, within the
// width of a bucket, and false while too few calls are known.
func (l *Latencies) Percentile(p float64) (time.Duration, bool) {
	if l.total < fewest {
		return 0, false
	}
	rank := uint32(float64(p*float64(l.total)) / 100)
	for i, n := range l.buckets {
		if rank < n {
			return bucketEnd(i), true
		}
		rank -= n
	}
	return 0, false
}

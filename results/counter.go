package results

// A Counter counts latencies for a Histogram that many come to: where each goes is
// one step away. Its zero value is empty and ready to use.
type Counter struct{ counts [maxBucket + 1]uint32 }

// Add counts one latency in nanoseconds. It panics on a negative one: time ran backwards.
func (t *Counter) Add(ns int64) { t.counts[bucketOf(ns)]++ }

// Histogram returns what was counted.
func (t *Counter) Histogram() Histogram {
	used := 0
	for _, n := range t.counts {
		if n > 0 {
			used++
		}
	}
	if used == 0 {
		return Histogram{}
	}
	h := Histogram{make([]bucket, 0, used)}
	for index, n := range t.counts {
		if n > 0 {
			h.buckets = append(h.buckets, bucket{uint16(index), n})
		}
	}
	return h
}

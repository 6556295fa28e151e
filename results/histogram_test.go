package results

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The promise of the histogram: whatever the latency, its bucket's middle is within 1.6 %.
func TestBucketMiddleIsNearEveryLatency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ns := rapid.Int64Range(0, math.MaxInt64).Draw(t, "ns") >> rapid.IntRange(0, 62).Draw(t, "shift")
		lo, hi := bucketRange(bucketOf(ns))
		if ns < lo || ns > hi {
			t.Fatalf("%d ns went to the bucket %d..%d", ns, lo, hi)
		}
		middle := lo + (hi-lo)/2
		if off := math.Abs(float64(middle - ns)); off > 0.0160*float64(ns) {
			t.Fatalf("%d ns reads as %d, off by %.2f%%", ns, middle, 100*off/float64(ns))
		}
	})
}

func TestBucketsTileTheTimeLine(t *testing.T) {
	next := int64(0)
	for i := range uint16(maxBucket + 1) {
		lo, hi := bucketRange(i)
		if lo != next || bucketOf(lo) != i || bucketOf(hi) != i {
			t.Fatalf("bucket %d is %d..%d (buckets %d and %d); the one before ends at %d", i, lo, hi, bucketOf(lo), bucketOf(hi), next-1)
		}
		next = hi + 1
	}
	if next != math.MinInt64 { // one past the largest latency there is
		t.Fatalf("buckets end at %d, want %d", next-1, int64(math.MaxInt64))
	}
}

func TestHistogramMergeIsAddingAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		latencies := rapid.SliceOf(rapid.Int64Range(0, 1e11))
		a, b := latencies.Draw(t, "a"), latencies.Draw(t, "b")
		var left, right, all Histogram
		var tally Counter
		for _, ns := range a {
			left.Add(ns)
			all.Add(ns)
			tally.Add(ns)
		}
		for _, ns := range b {
			right.Add(ns)
			all.Add(ns)
			tally.Add(ns)
		}
		if got, want := mustJSON(t, tally.Histogram()), mustJSON(t, all); got != want {
			t.Fatalf("tallied %s, want %s", got, want)
		}
		left.Merge(right)
		if got, want := mustJSON(t, left), mustJSON(t, all); got != want {
			t.Fatalf("merged %s, want %s", got, want)
		}
		if left.Count() != len(a)+len(b) {
			t.Fatalf("count %d of %d", left.Count(), len(a)+len(b))
		}
	})
}

func TestHistogramQuantilesAreTheSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, 1e10), 1, 200).Draw(t, "latencies")
		var h Histogram
		for _, ns := range all {
			h.Add(ns)
		}
		slices.Sort(all)
		for _, p := range []float64{0, 0.07, 0.5, 0.99, 1} {
			want := all[max(0, int(math.Ceil(p*float64(len(all))-1e-9))-1)]
			if got := h.Quantile(p); bucketOf(got) != bucketOf(want) {
				t.Fatalf("quantile %v of %v is %d, want the bucket of %d", p, all, got, want)
			}
		}
		steps := h.CDF()
		if last := steps[len(steps)-1]; last.AtMost != len(all) || h.AtMost(last.NS) != len(all) {
			t.Fatalf("last step %v of %d latencies", last, len(all))
		}
	})
}

func TestHistogramJSON(t *testing.T) {
	var h Histogram
	for _, ns := range []int64{3, 3, 1_000_000, 70} {
		h.Add(ns)
	}
	const want = "[3,2,67,1,509,1]"
	if got := mustJSON(t, h); got != want {
		t.Errorf("JSON %s, want %s", got, want)
	}
	var back Histogram
	if err := json.Unmarshal([]byte(want), &back); err != nil || mustJSON(t, back) != want {
		t.Errorf("read back %v, error %v", back, err)
	}
	if got := mustJSON(t, Histogram{}); got != "[]" {
		t.Errorf("empty: %s", got)
	}
	for _, bad := range []string{"[1]", "[2,1,1,1]", "[1,0]", "[99999,1]", `{"a":1}`, "[-1,3]"} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("read %s without an error", bad)
		}
	}
}

func TestEmptyHistogram(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Count() != 0 || len(h.CDF()) != 0 {
		t.Errorf("empty histogram answers %d, %d, %v", h.Quantile(0.5), h.Count(), h.CDF())
	}
}

func mustJSON(t interface{ Fatal(...any) }, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func BenchmarkHistogramAdd(b *testing.B) {
	var h Histogram
	ns := int64(1)
	for b.Loop() {
		ns = ns*6364136223846793005 + 1442695040888963407
		h.Add(1_000_000 + ns&0xffffff)
	}
}

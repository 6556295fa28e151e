package results

import (
	"math"
	"testing"
)

// The number of seeds is the least with which the chance to see nothing is 5 % at most.
func TestSeedsToSee(t *testing.T) {
	for n := 1; n <= 60; n++ {
		for k := 1; k < n; k++ {
			miss, want := 1.0, 0
			for ; miss > 1-Confidence+1e-12; want++ {
				miss *= 1 - float64(k)/float64(n)
			}
			if got := SeedsToSee(k, n); got != float64(want) {
				t.Errorf("%d of %d: %v seeds, want %d", k, n, got, want)
			}
		}
	}
	if !math.IsInf(SeedsToSee(0, 20), 1) || SeedsToSee(20, 20) != 1 {
		t.Error("never takes for ever, always one seed")
	}
}

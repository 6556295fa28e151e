package sim

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A timer goes off once the node's own clock has counted its duration, and no
// sooner than that, whatever the drift and wherever the count began.
func TestTimersAndClockAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Clock{sim: &Sim{}}
		c.Drift(rapid.Int64Range(-900_000, 900_000).Draw(t, "ppm"))
		set := Time(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "set"))
		d := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "timer"))
		off := set.Add(c.elapse(d))
		if counted := c.Read(off).Sub(c.Read(set)); counted < d {
			t.Fatalf("a timer of %v went off after the clock counted %v", d, counted)
		}
		if counted := c.Read(off-2).Sub(c.Read(set)) - 1; counted > d {
			t.Fatalf("a timer of %v was still to come when the clock had counted %v", d, counted)
		}
	})
}

// What is further away than time reaches never comes; it does not wrap around.
func TestTooFarAway(t *testing.T) {
	slow := Clock{sim: &Sim{}}
	slow.Drift(-900_000)
	for _, d := range []time.Duration{time.Duration(Forever) / 9, time.Duration(Forever)} {
		if got := Time(5).Add(slow.elapse(d)); got != Forever {
			t.Errorf("a timer of %v on a slow clock: due at %v, want never", d, got)
		}
	}
	if got := Time(5).Add(time.Duration(Forever)); got != Forever {
		t.Errorf("5ns + forever = %v", got)
	}
}

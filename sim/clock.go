package sim

import (
	"math/bits"
	"time"
)

// A Clock is a node's own clock: an oscillator that counts at a rate near that of
// true time, and a reading that can be set. At first it is perfect: it reads the
// time since the run began.
type Clock struct {
	sim    *Sim
	base   Time  // the reading at since
	since  Time  // true time
	ppb    int64 // drift: how much too fast the oscillator is, in parts per 10^9
	frozen bool
	bound  time.Duration // the error that the clock service claims at most
}

const second = int64(time.Second)

// scale returns d*ppb/second, rounded down, without overflow for |ppb| up to 2*10^9.
func scale(d, ppb int64) int64 {
	part := d % second * ppb
	whole := d/second*ppb + part/second
	if part%second < 0 { // division rounds towards 0
		whole--
	}
	return whole
}

// Read returns the clock's reading at true time now.
func (c *Clock) Read(now Time) Time {
	if c.frozen {
		return c.base
	}
	passed := int64(now - c.since)
	if c.ppb != 0 {
		passed += scale(passed, c.ppb)
	}
	return c.base + Time(passed)
}

// elapse returns the true time until the oscillator has counted d, which must not
// be negative: rounded up, or else a node that looks at its clock when its timer
// goes off could find that it is not yet time. A change of drift counts for timers
// set after it.
func (c *Clock) elapse(d time.Duration) time.Duration {
	if c.ppb == 0 {
		return d
	}
	rate := uint64(second + c.ppb)
	hi, lo := bits.Mul64(uint64(d), uint64(second))
	lo, carry := bits.Add64(lo, rate-1, 0)
	if hi += carry; hi >= rate/2 { // more than a Duration holds
		return time.Duration(Forever)
	}
	elapsed, _ := bits.Div64(hi, lo, rate)
	return time.Duration(elapsed)
}

// rebase makes now the point from which the reading is counted.
func (c *Clock) rebase() { c.base, c.since = c.Read(c.sim.now), c.sim.now }

// Step moves the reading by d, as an operator or a time daemon does.
func (c *Clock) Step(d time.Duration) {
	c.rebase()
	c.base = c.base.Add(d)
}

// Drift makes the oscillator too fast by ppm parts per million, or too slow if
// ppm is negative. It panics outside +-900,000.
func (c *Clock) Drift(ppm int64) {
	if ppm < -900_000 || ppm > 900_000 {
		panic("sim: a clock cannot drift by more than 900,000 ppm")
	}
	c.rebase()
	c.ppb = ppm * 1000
}

// Freeze stops the reading. Timers, which count the oscillator, go on.
func (c *Clock) Freeze() {
	c.rebase()
	c.frozen = true
}

// Thaw lets a frozen reading go on from where it stopped.
func (c *Clock) Thaw() {
	c.rebase()
	c.frozen = false
}

// Sync sets the reading to true time, as a time daemon does once it works again.
func (c *Clock) Sync() { c.base, c.since = c.sim.now-c.sim.begin, c.sim.now }

// Claim sets the error that the clock service claims at most; it may be false.
func (c *Clock) Claim(bound time.Duration) { c.bound = bound }

// Error returns how far the reading is ahead of true time.
func (c *Clock) Error() time.Duration { return c.Read(c.sim.now).Sub(c.sim.now - c.sim.begin) }

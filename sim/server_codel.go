package sim

import (
	"math"
	"time"
)

// codel is the controlled-delay rule for what to drop from a line (RFC 8289, section 5).
// The names are those of its pseudocode.
type codel struct {
	target, interval time.Duration

	firstAbove Time // when the wait will have been above target for an interval; 0: it is not above
	dropNext   Time
	count      int // drops since dropping began
	lastCount  int // count when dropping last began
	dropping   bool
	dropped    bool // the one before was dropped, and the time of the next drop is yet to be set
}

// The constants of RFC 8289, section 4.
const (
	codelTarget   = 5 * time.Millisecond
	codelInterval = 100 * time.Millisecond
)

func newCodel(rules Server) codel {
	c := codel{target: rules.Target, interval: rules.Interval}
	if c.target == 0 {
		c.target = codelTarget
	}
	if c.interval == 0 {
		c.interval = codelInterval
	}
	return c
}

// drops reports whether one that has waited so long is to be dropped. More says
// whether others wait behind it: the last one is never dropped.
func (c *codel) drops(now Time, waited time.Duration, more bool) bool {
	ok := c.okToDrop(now, waited, more)
	switch {
	case !c.dropping && ok:
		c.begin(now)
		return true
	case !ok:
		c.dropping, c.dropped = false, false
		return false
	}
	if c.dropped {
		c.dropNext = c.control(c.dropNext)
	}
	c.dropped = now >= c.dropNext
	if c.dropped {
		c.count++
	}
	return c.dropped
}

// okToDrop reports whether the wait has been above target for an interval.
func (c *codel) okToDrop(now Time, waited time.Duration, more bool) bool {
	if waited < c.target || !more {
		c.firstAbove = 0
		return false
	}
	if c.firstAbove == 0 {
		c.firstAbove = now.Add(c.interval)
		return false
	}
	return now >= c.firstAbove
}

// begin begins to drop. If dropping ended a short while ago, the rate of drops
// that controlled the line then is a good one to start from.
func (c *codel) begin(now Time) {
	delta := c.count - c.lastCount
	c.count = 1
	if delta > 1 && now.Sub(c.dropNext) < 16*c.interval {
		c.count = delta
	}
	c.dropping, c.dropped = true, false
	c.dropNext = c.control(now)
	c.lastCount = c.count
}

// control is the control law: the time between drops falls with the root of their
// number. A square root is rounded alike on every platform.
func (c *codel) control(from Time) Time {
	return from.Add(time.Duration(float64(c.interval) / math.Sqrt(float64(c.count))))
}

package net

import (
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// A condition is all that is wrong with a link but cuts: its effects, and what
// they add up to. It never changes; links share conditions.
//
// Effects of one kind that overlap on a link draw alike: both reorderings hold
// up the same message, both extra delays are long for the same message. To tell
// their draws apart by their place among the effects would move the draws of one
// when the other is removed.
type condition struct {
	blocks    []uint64 // that links with this condition are in
	effects   []Effect
	loss      chance
	duplicate chance
	slow      ratio // 0 means 1
	perByte   ratio // nanoseconds; 0 means none
	reorders  []reorder
	extras    []*dist.Law
}

type reorder struct {
	chance chance
	by     *dist.Law
}

// sum adds effects up.
func sum(effects []Effect) *condition {
	c := &condition{effects: effects}
	survives, single, slow, bandwidth := 1.0, 1.0, 1.0, 0.0
	for _, e := range effects {
		survives = float64(survives * (1 - e.Loss))
		single = float64(single * (1 - e.Duplicate))
		if e.Slow > 0 {
			slow = min(float64(slow*e.Slow), maxSlow)
		}
		if e.Bandwidth > 0 && (bandwidth == 0 || e.Bandwidth < bandwidth) {
			bandwidth = e.Bandwidth
		}
		if e.Reorder > 0 {
			c.reorders = append(c.reorders, reorder{chanceOf(e.Reorder), e.ReorderBy})
		}
		if e.Extra != nil {
			c.extras = append(c.extras, e.Extra)
		}
	}
	c.loss, c.duplicate = chanceOf(1-survives), chanceOf(1-single)
	if slow != 1 {
		c.slow = ratioOf(slow)
	}
	if bandwidth > 0 {
		c.perByte = ratioOf(float64(time.Second) / bandwidth)
	}
	return c
}

// delay returns how long a message travels.
func (c *condition) delay(law *dist.Law, draw uint64) time.Duration {
	d := law.Sample(draw)
	if c.slow > 0 {
		d = c.slow.times(int64(d))
	}
	for _, extra := range c.extras {
		d = min(d+extra.Sample(sim.Mix(draw^saltExtra)), maxDelay)
	}
	for _, r := range c.reorders {
		if r.chance.happens(draw, saltReorder) {
			d = min(d+r.by.Sample(sim.Mix(draw^saltReorderBy)), maxDelay)
		}
	}
	return d
}

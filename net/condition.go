package net

import (
	"slices"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// A condition is all that is wrong with a link but cuts: its effects, and what
// they add up to. It never changes; links share conditions.
type condition struct {
	effects   []namedEffect
	loss      chance
	duplicate chance
	slow      ratio // 0 means 1
	perByte   ratio // nanoseconds; 0 means none
	reorders  []reorder
	extras    []*dist.Law
}

// Effects of one kind that overlap on a link draw alike: both reorderings hold
// up the same message, both extra delays are long for the same message. To tell
// their draws apart by their place among the effects would move the draws of one
// when the other is removed.

type namedEffect struct {
	id     FaultID
	effect Effect
}

type reorder struct {
	chance chance
	by     *dist.Law
}

// orElse returns c, or other if c is nil.
func (c *condition) orElse(other *condition) *condition {
	if c == nil {
		return other
	}
	return c
}

// with returns the condition with one more effect.
func (c *condition) with(id FaultID, e Effect) *condition {
	var effects []namedEffect
	if c != nil {
		effects = slices.Clone(c.effects)
	}
	return sum(append(effects, namedEffect{id, e}))
}

// without returns the condition with the effects of one fault fewer, or nil if
// only nature is left.
func (c *condition) without(id FaultID) *condition {
	effects := slices.DeleteFunc(slices.Clone(c.effects), func(e namedEffect) bool { return e.id == id })
	if !slices.ContainsFunc(effects, func(e namedEffect) bool { return e.id != natural }) {
		return nil
	}
	return sum(effects)
}

// sum adds effects up.
func sum(effects []namedEffect) *condition {
	c := &condition{effects: effects}
	survives, single, slow, bandwidth := 1.0, 1.0, 1.0, 0.0
	for _, n := range effects {
		e := n.effect
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

package net

import (
	"testing"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// onLeg is a message that names its leg.
type onLeg string

func (m onLeg) Leg() string { return string(m) }

// constant returns the law of oneWay that takes d within a site, and a second more between two.
func constant(d time.Duration) func(from, to int) *dist.Law {
	return func(from, to int) *dist.Law {
		if from != to {
			d := d + time.Second
			return dist.Constant(d)
		}
		return dist.Constant(d)
	}
}

// A message that names its leg takes as long as the leg's law, whatever else is
// wrong with the network; any other message as long as the topology says.
func TestLegsHaveLawsOfTheirOwn(t *testing.T) {
	plain := NewTopology("two", []string{"here", "there"}, constant(1*time.Millisecond))
	legs := plain.WithLeg(LegWrite, constant(2*time.Millisecond)).WithLeg(LegRead, constant(3*time.Millisecond))
	for _, effect := range []Effect{{}, {Duplicate: 1}} {
		for _, c := range []struct {
			topology *Topology
			to       sim.NodeID
			msg      any
			want     time.Duration
		}{
			{legs, 1, onLeg(LegWrite), 2 * time.Millisecond},
			{legs, 2, onLeg(LegWrite), 1002 * time.Millisecond},
			{legs, 1, onLeg(LegRead), 3 * time.Millisecond},
			{legs, 1, onLeg(LegResponse), 1 * time.Millisecond},
			{legs, 2, "none", 1001 * time.Millisecond},
			{plain, 1, onLeg(LegWrite), 1 * time.Millisecond},
		} {
			n := New(sim.New(1), c.topology, Options{Effect: effect})
			n.Place(2, 1)
			if got := n.Carry(0, c.to, c.msg).Delay; got != c.want {
				t.Errorf("%v to node %d with %+v: %v, want %v", c.msg, c.to, effect, got, c.want)
			}
		}
	}
}

// A cut stops messages with a leg too.
func TestLegsAreCut(t *testing.T) {
	n := New(sim.New(1), Flat(dist.Constant(time.Millisecond)).WithLeg(LegWrite, constant(time.Millisecond)), Options{})
	n.Carry(0, 1, onLeg(LegWrite))
	n.Cut(Between([]sim.NodeID{0}, []sim.NodeID{1}))
	if fate := n.Carry(0, 1, onLeg(LegWrite)); fate != sim.Lost {
		t.Errorf("a message over a cut link: %v", fate)
	}
}

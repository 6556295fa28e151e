package net

import "faultline/sim/dist"

// The legs of an operation in the WARS model (Bailis et al., PVLDB 5(8), 2012,
// section 5.1). A message that has a method Leg() string names the one that it is.
const (
	LegWrite           = "W" // a write on its way to a replica
	LegAcknowledgement = "A" // its acknowledgement
	LegRead            = "R" // a read on its way to a replica
	LegResponse        = "S" // its answer
)

// A leg is a kind of message that has laws of its own.
type leg struct {
	name string
	laws []*dist.Law // of one way, by from*len(Sites)+to
}

// WithLeg returns the topology in which the messages of a leg take as long as the
// law of oneWay; all others take as long as before.
func (t *Topology) WithLeg(name string, oneWay func(from, to int) *dist.Law) *Topology {
	changed, own := *t, NewTopology(t.Name, t.Sites, oneWay)
	changed.legs = append(t.legs[:len(t.legs):len(t.legs)], leg{name, own.laws})
	changed.soonest = min(t.soonest, own.soonest)
	return &changed
}

// lawOf returns the law of a message between two sites, given the one of messages
// without a leg.
func (t *Topology) lawOf(msg any, sites int, law *dist.Law) *dist.Law {
	m, ok := msg.(interface{ Leg() string })
	if !ok {
		return law
	}
	name := m.Leg()
	for i := range t.legs {
		if t.legs[i].name == name {
			return t.legs[i].laws[sites]
		}
	}
	return law
}

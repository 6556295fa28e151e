package experiments

import (
	"fmt"
	"slices"
	"time"

	"faultline/experiments/strict"
	"faultline/net"
	"faultline/sim/dist"
)

// LegsSpec is the laws of the four legs of an operation, as they are written.
type LegsSpec struct {
	Write           *LawSpec `yaml:"write" doc:"W: a write on its way to a replica"`
	Acknowledgement *LawSpec `yaml:"acknowledgement" doc:"A: its acknowledgement"`
	Read            *LawSpec `yaml:"read" doc:"R: a read on its way to a replica"`
	Response        *LawSpec `yaml:"response" doc:"S: its answer"`
}

// laws returns the laws that are written, by leg.
func (s *LegsSpec) laws() (legs []legLaw) {
	for _, l := range []struct {
		leg string
		law *LawSpec
	}{{net.LegWrite, s.Write}, {net.LegAcknowledgement, s.Acknowledgement}, {net.LegRead, s.Read}, {net.LegResponse, s.Response}} {
		if l.law != nil {
			legs = append(legs, legLaw{l.leg, l.law.Law})
		}
	}
	return legs
}

type legLaw struct {
	leg string
	law *dist.Law
}

// ownTopology returns the topology that a file describes itself, without a preset:
// one site, or sites with their round trips.
func (s *NetworkSpec) ownTopology() (*net.Topology, error) {
	sites, halves, err := s.distances()
	if err != nil {
		return nil, err
	}
	law := dist.LogNormal(defaultMedian, defaultSigma)
	if s.Latency != nil {
		law = s.Latency.Law
	} else if halves != nil {
		law = dist.Constant(0)
	}
	if halves == nil {
		return s.withLegs(net.Flat(law), func(l *dist.Law, _, _ int) *dist.Law { return l }), nil
	}
	apart := func(l *dist.Law, from, to int) *dist.Law { return l.Plus(halves[from][to]) }
	t := net.NewTopology("round-trips", sites, func(from, to int) *dist.Law { return apart(law, from, to) })
	return s.withLegs(t, apart), nil
}

// withLegs gives the legs that are written their laws.
func (s *NetworkSpec) withLegs(t *net.Topology, apart func(l *dist.Law, from, to int) *dist.Law) *net.Topology {
	for _, l := range s.Legs.laws() {
		t = t.WithLeg(l.leg, func(from, to int) *dist.Law { return apart(l.law, from, to) })
	}
	return t
}

// distances returns the sites in the order in which they are named, and half of
// the round trips between them; no sites if there are no round trips.
func (s *NetworkSpec) distances() (sites []string, halves [][]time.Duration, err error) {
	place := func(name string) int {
		i := slices.Index(sites, name)
		if i < 0 {
			i, sites = len(sites), append(sites, name)
		}
		return i
	}
	for _, from := range s.RoundTrips {
		place(from.Name)
		for _, to := range from.Value {
			place(to.Name)
		}
	}
	halves = apartBy(len(sites), unknownTrip)
	for _, from := range s.RoundTrips {
		for _, to := range from.Value {
			a, b := place(from.Name), place(to.Name)
			if halves[a][b] != unknownTrip {
				return nil, nil, fmt.Errorf("the round trip between %s and %s is there twice\n  hint: delete one of the two", from.Name, to.Name)
			}
			halves[a][b] = to.Value.Std() / 2
			halves[b][a] = halves[a][b]
		}
	}
	return sites, halves, fillDiagonal(sites, halves)
}

// unknownTrip stands for a round trip that is not written.
const unknownTrip = -1

func apartBy(sites int, d time.Duration) [][]time.Duration {
	var rows [][]time.Duration
	for range sites {
		rows = append(rows, slices.Repeat([]time.Duration{d}, sites))
	}
	return rows
}

// fillDiagonal makes a site no distance from itself, and complains about pairs without a distance.
func fillDiagonal(sites []string, halves [][]time.Duration) error {
	for a := range halves {
		if halves[a][a] == unknownTrip {
			halves[a][a] = 0
		}
		for b := range halves {
			if halves[a][b] == unknownTrip {
				return fmt.Errorf("there is no round trip between %s and %s\n  hint: add it: round_trips: {%s: {%s: 80ms}}", sites[a], sites[b], sites[a], sites[b])
			}
		}
	}
	return nil
}

// checkOwn complains about what a preset cannot be combined with.
func (s *NetworkSpec) checkOwn(n *strict.Node) bool {
	preset := n.Field("preset") != nil || n.Field("regions") != nil
	for _, field := range []string{"round_trips", "legs"} {
		if f := n.Field(field); f != nil && preset {
			f.Fail(field+" goes with latency, not with a preset or regions, which say how long messages take", "leave out one of them")
			return false
		}
	}
	return true
}

package fault

import (
	"slices"

	"faultline/net"
	"faultline/sim"
)

// A cut is a directed link on which nothing passes.
type cut struct{ from, to sim.NodeID }

// cutsOf lists the links of a set one by one.
func cutsOf(links net.Links) []cut {
	var cuts []cut
	for _, block := range links {
		for _, from := range block.From {
			for _, to := range block.To {
				cuts = append(cuts, cut{from, to})
			}
		}
	}
	return cuts
}

// countDown returns how many replicas are down while the strikes last: taken down
// themselves, or unable to talk both ways with a majority, themselves included.
func countDown(replicas []sim.NodeID, strikes []*strike) int {
	var taken []sim.NodeID
	cuts := map[cut]bool{}
	for _, s := range strikes {
		taken = append(taken, s.takes...)
		for _, c := range s.cuts {
			cuts[c] = true
		}
	}
	down := 0
	for _, a := range replicas {
		if slices.Contains(taken, a) || reaches(a, replicas, cuts) <= len(replicas)/2 {
			down++
		}
	}
	return down
}

// reaches returns how many replicas a has open links with, itself included.
func reaches(a sim.NodeID, replicas []sim.NodeID, cuts map[cut]bool) int {
	n := 0
	for _, b := range replicas {
		if !cuts[cut{a, b}] && !cuts[cut{b, a}] {
			n++
		}
	}
	return n
}

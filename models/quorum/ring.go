package quorum

import (
	"slices"

	"faultline/models/store"
	"faultline/models/store/versioned"
	"faultline/sim"
)

// A ring places keys on replicas: a key's homes are the first n replicas from
// where its hash falls, its stand-ins those that follow. All together, in that
// order, are its preference list (DeCandia et al., section 4.3).
type ring struct {
	replicas []sim.NodeID
	n        int
}

func newRing(cfg store.Config) ring { return ring{cfg.Replicas, homes(cfg)} }

// homes returns how many homes a key has.
func homes(cfg store.Config) int {
	if copies := cfg.Int("copies"); copies > 0 {
		return copies
	}
	return len(cfg.Replicas)
}

// first returns where on the ring the preference list of a key begins.
func (g ring) first(key string) int { return g.segment(versioned.Hash(key)) }

func (g ring) segment(h uint64) int { return int(h % uint64(len(g.replicas))) }

// at returns the replica at a place of the preference list that begins at first.
func (g ring) at(first, place int) sim.NodeID { return g.replicas[(first+place)%len(g.replicas)] }

// place returns the place of a replica in the preference list that begins at first.
func (g ring) place(first int, id sim.NodeID) int {
	return (slices.Index(g.replicas, id) - first + len(g.replicas)) % len(g.replicas)
}

// isHome reports whether a replica is a home of the keys of a segment.
func (g ring) isHome(segment int, id sim.NodeID) bool { return g.place(segment, id) < g.n }

package versioned

import (
	"time"

	"faultline/checker/history"
	"faultline/sim"
)

// A history.Version is two numbers, where a stamp may be of three parts or four:
// what breaks ties shares the second one.
const (
	nodeBits  = 13 // a network has at most 8,192 nodes
	roundBits = 63 - nodeBits
	lifeBits  = 16
)

// Round returns where a node begins to count the rounds of a life: at random, for
// answers to an earlier life must not count for this one, and no two writes may
// share a stamp; and with room to count on in a Place.
func Round(r *sim.Stream) uint64 { return r.Uint64() >> (64 - roundBits + 1) }

// Life returns a number that tells a node's lives apart, as far as luck allows.
func Life(r *sim.Stream) uint64 { return r.Uint64() >> (64 - lifeBits) }

// ByRound returns the place of a stamp that orders by major, then node, then round.
func ByRound(major int64, node sim.NodeID, round uint64) history.Version {
	return history.Version{Major: major, Minor: int64(node)<<roundBits | int64(round)}
}

// ByLife returns the place of a stamp that orders by major, then count, then node, then life.
func ByLife(major int64, count uint32, node sim.NodeID, life uint64) history.Version {
	return history.Version{Major: major, Minor: (int64(count)<<nodeBits|int64(node))<<lifeBits | int64(life)}
}

// Instant returns the reading of a clock as the major part of a place. A clock
// may have been set to before 0, which no place is.
func Instant(t sim.Time) int64 { return int64(t) + century }

const century = int64(100 * 365 * 24 * time.Hour)

package quorum

import (
	"fmt"

	"faultline/checker/history"
	"faultline/models/store/versioned"
	"faultline/sim"
)

// A stamp orders the versions of a key: by the coordinator's clock, then by
// coordinator, then by its round, so that no two writes share one.
type stamp struct {
	time  sim.Time
	node  sim.NodeID
	round uint64
}

func (s stamp) less(t stamp) bool {
	if s.time != t.time {
		return s.time < t.time
	}
	if s.node != t.node {
		return s.node < t.node
	}
	return s.round < t.round
}

// Fingerprint mixes the stamp with its key's hash.
func (s stamp) Fingerprint(h uint64) uint64 {
	return sim.Mix(sim.Mix(sim.Mix(h^uint64(s.time))^s.round) ^ uint64(s.node))
}

// Place returns the stamp's place in the order, for checkers.
func (s stamp) Place() history.Version {
	return versioned.ByRound(versioned.Instant(s.time), s.node, s.round)
}

// String shows the time of the stamp and its coordinator: @1.5ms by 2.
func (s stamp) String() string { return fmt.Sprintf("@%v by %d", s.time, s.node) }

type (
	version  = versioned.Version[stamp]
	table    = versioned.Table[stamp]
	contents = versioned.Contents[stamp] // of what homes compare
)

// unwritten is the version of every key that was never written. Clocks may read
// less than zero, so its stamp is the least there is.
var unwritten = &version{Stamp: stamp{time: -1 << 63}}

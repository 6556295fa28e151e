package lww

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/models/store/versioned"
	"faultline/sim"
)

// A stamp orders the versions of a key: by time, then by count, then by node. No
// two writes share one: a node counts its writes within one instant, and its
// lives, each of which drew a number, are told apart at last.
type stamp struct {
	time  sim.Time // in steps of the granularity
	count uint32
	node  sim.NodeID
	life  uint64
}

func (s stamp) less(t stamp) bool {
	if s.time != t.time {
		return s.time < t.time
	}
	if s.count != t.count {
		return s.count < t.count
	}
	if s.node != t.node {
		return s.node < t.node
	}
	return s.life < t.life
}

// Fingerprint mixes the stamp with its key's hash.
func (s stamp) Fingerprint(h uint64) uint64 {
	return sim.Mix(sim.Mix(sim.Mix(h^uint64(s.time))^s.life) ^ uint64(s.count)<<32 ^ uint64(s.node))
}

// Place returns the stamp's place in the order, for checkers.
func (s stamp) Place() history.Version {
	return versioned.ByLife(versioned.Instant(s.time), s.count, s.node, s.life)
}

// String shows the time and count of the stamp and its writer: @1500.0 by 2.
func (s stamp) String() string { return fmt.Sprintf("@%d.%d by %d", s.time, s.count, s.node) }

// A stamper makes the stamps of one replica.
type stamper struct {
	hybrid      bool
	granularity time.Duration
	node        sim.NodeID
	life        uint64
	last        stamp  // of a hybrid clock: the latest made or seen; of a wall clock: the latest made
	again       uint32 // stamps made of a wall clock that read what it may have read before
}

// next returns the stamp of a write when the wall clock reads now.
//
// A wall clock is taken at its word, though it may have been set back; what is
// stamped while it reads times of its past is counted, so that it differs from
// what was stamped then. A hybrid clock follows the wall clock while that is ahead
// of everything seen, and else counts on from there.
func (s *stamper) next(now sim.Time) stamp {
	next := stamp{time: now / sim.Time(s.granularity), node: s.node, life: s.life}
	switch {
	case next.time > s.last.time:
		s.last = next
	case s.hybrid:
		next.time, next.count = s.last.time, s.last.count+1
		s.last = next
	default:
		s.again++
		next.count = s.again
	}
	return next
}

// saw moves a hybrid clock past a stamp from elsewhere.
func (s *stamper) saw(t stamp) {
	if s.hybrid && s.last.less(t) {
		s.last = t
	}
}

type version = versioned.Version[stamp]

// unwritten is the version of every key that was never written.
var unwritten = &version{}

package abd

import (
	"fmt"

	"faultline/checker/history"
	"faultline/models/store/versioned"
	"faultline/sim"
)

// A tag orders the versions of a key: by counter, then by who wrote it in which
// round, so that no two writes share one. The zero tag is older than all others.
type tag struct {
	counter uint64
	round   uint64
	writer  sim.NodeID
}

func (t tag) less(u tag) bool {
	if t.counter != u.counter {
		return t.counter < u.counter
	}
	if t.writer != u.writer {
		return t.writer < u.writer
	}
	return t.round < u.round
}

// Fingerprint mixes the tag with its key's hash.
func (t tag) Fingerprint(h uint64) uint64 {
	return sim.Mix(sim.Mix(sim.Mix(h^t.counter)^t.round) ^ uint64(t.writer))
}

// Place returns the tag's place in the order, for checkers.
func (t tag) Place() history.Version { return versioned.ByRound(int64(t.counter), t.writer, t.round) }

// String shows the counter of the tag and its writer: #3 by 0.
func (t tag) String() string { return fmt.Sprintf("#%d by %d", t.counter, t.writer) }

type (
	version  = versioned.Version[tag]
	contents = versioned.Contents[tag] // of what repair compares
)

// unwritten is the version of every key that was never written.
var unwritten = &version{}

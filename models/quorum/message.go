package quorum

import (
	"fmt"

	"faultline/sim"
)

// The messages. The round names the operation whose coordinator asks.
type (
	storeMsg struct {
		round uint64     // noRound: nobody waits for an acknowledgement
		home  sim.NodeID // for whom it is to be kept; None: for whom it is sent to
		*version
	}
	storedMsg struct{ round uint64 } // the version, or a newer one, is durable
	fetchMsg  struct {
		round uint64
		key   string
	}
	fetchedMsg struct {
		round uint64
		*version
	}
	digestMsg   struct{ sums []uint64 }
	contentsMsg struct{ versions []*version } // answers a digest
	handoffMsg  struct{ versions []*version } // what was kept for the receiver
	handedMsg   struct{ versions []*version } // answers a handoff: all durable
)

// noRound is the round of no operation. Rounds begin at random; that one of them is this happens once in 2^64.
const noRound = 0

// Leg returns W: the message is the first leg of a write in the WARS model (Bailis et al., section 5.1).
func (storeMsg) Leg() string { return "W" }

// Leg returns A: the message is the second leg of a write in the WARS model.
func (storedMsg) Leg() string { return "A" }

// Leg returns R: the message is the first leg of a read in the WARS model.
func (fetchMsg) Leg() string { return "R" }

// Leg returns S: the message is the second leg of a read in the WARS model.
func (fetchedMsg) Leg() string { return "S" }

// String shows the version as key=value and its stamp: x=7 @1.5ms by 2.
func (v *version) String() string {
	if v == unwritten {
		return "nothing"
	}
	return fmt.Sprintf("%s=%v @%v by %d", v.key, v.value, v.stamp.time, v.stamp.node)
}

// String shows the message in transcripts.
func (m storeMsg) String() string {
	if m.home != sim.None {
		return fmt.Sprintf("store %v for %d", m.version, m.home)
	}
	return fmt.Sprintf("store %v", m.version)
}

// String shows the message in transcripts.
func (m storedMsg) String() string { return "stored" }

// String shows the message in transcripts.
func (m fetchMsg) String() string { return "fetch " + m.key }

// String shows the message in transcripts.
func (m fetchedMsg) String() string { return fmt.Sprintf("fetched %v", m.version) }

// String shows the message in transcripts.
func (m digestMsg) String() string { return "digest" }

// String shows the message in transcripts.
func (m contentsMsg) String() string { return fmt.Sprintf("contents %v", m.versions) }

// String shows the message in transcripts.
func (m handoffMsg) String() string { return fmt.Sprintf("handoff %v", m.versions) }

// String shows the message in transcripts.
func (m handedMsg) String() string { return fmt.Sprintf("handed %v", m.versions) }

const (
	headerSize = 40 // bytes of addresses and lengths in every message, roughly those of TCP/IP
	wordSize   = 8
	stampSize  = 3 * wordSize
)

// Size returns the bytes that the version takes on the wire.
func (v *version) Size() int { return len(v.key) + stampSize + wordSize*(1+len(v.value.List)) }

func sizeOf(versions []*version) int {
	size := headerSize
	for _, v := range versions {
		size += v.Size()
	}
	return size
}

// Size returns the bytes that the message takes on the wire.
func (m storeMsg) Size() int { return headerSize + 2*wordSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m storedMsg) Size() int { return headerSize + wordSize }

// Size returns the bytes that the message takes on the wire.
func (m fetchMsg) Size() int { return headerSize + wordSize + len(m.key) }

// Size returns the bytes that the message takes on the wire.
func (m fetchedMsg) Size() int { return headerSize + wordSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m digestMsg) Size() int { return headerSize + wordSize*len(m.sums) }

// Size returns the bytes that the message takes on the wire.
func (m contentsMsg) Size() int { return sizeOf(m.versions) }

// Size returns the bytes that the message takes on the wire.
func (m handoffMsg) Size() int { return sizeOf(m.versions) }

// Size returns the bytes that the message takes on the wire: the stamps alone would do.
func (m handedMsg) Size() int { return headerSize + stampSize*len(m.versions) }

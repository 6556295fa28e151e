package quorum

import (
	"fmt"

	"faultline/models/store/versioned"
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
	handoffMsg struct{ versions []*version } // what was kept for the receiver
	handedMsg  struct{ versions []*version } // answers a handoff: all durable
)

// noRound is the round of no operation: they count from there or above.
const noRound = 0

// Leg returns W: the message is the first leg of a write in the WARS model (Bailis et al., section 5.1).
func (storeMsg) Leg() string { return "W" }

// Leg returns A: the message is the second leg of a write in the WARS model.
func (storedMsg) Leg() string { return "A" }

// Leg returns R: the message is the first leg of a read in the WARS model.
func (fetchMsg) Leg() string { return "R" }

// Leg returns S: the message is the second leg of a read in the WARS model.
func (fetchedMsg) Leg() string { return "S" }

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
func (m handoffMsg) String() string { return fmt.Sprintf("handoff %v", m.versions) }

// String shows the message in transcripts.
func (m handedMsg) String() string { return fmt.Sprintf("handed %v", m.versions) }

const askSize = versioned.HeaderSize + versioned.WordSize // bytes of a message with a round

// Size returns the bytes that the message takes on the wire.
func (m storeMsg) Size() int { return askSize + versioned.WordSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m storedMsg) Size() int { return askSize }

// Size returns the bytes that the message takes on the wire.
func (m fetchMsg) Size() int { return askSize + len(m.key) }

// Size returns the bytes that the message takes on the wire.
func (m fetchedMsg) Size() int { return askSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m handoffMsg) Size() int { return contents(m.versions).Size() }

// Size returns the bytes that the message takes on the wire: the stamps alone would do.
func (m handedMsg) Size() int { return versioned.HeaderSize + versioned.StampSize*len(m.versions) }

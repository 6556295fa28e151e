package abd

import "faultline/models/store/versioned"

// The messages. The round names the operation whose coordinator asks.
type (
	query struct {
		round uint64
		key   string
	}
	answer struct { // to a query
		round uint64
		*version
	}
	update struct {
		round uint64
		*version
	}
	ack struct{ round uint64 } // the update, or a newer one, is durable
)

// String shows the message in transcripts.
func (m query) String() string { return "query " + m.key }

// String shows the message in transcripts.
func (m answer) String() string { return "answer " + m.version.String() }

// String shows the message in transcripts.
func (m update) String() string { return "update " + m.version.String() }

// String shows the message in transcripts.
func (m ack) String() string { return "ack" }

const askSize = versioned.HeaderSize + versioned.WordSize // bytes of a message with a round

// Size returns the bytes that the message takes on the wire.
func (m query) Size() int { return askSize + len(m.key) }

// Size returns the bytes that the message takes on the wire.
func (m answer) Size() int { return askSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m update) Size() int { return askSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m ack) Size() int { return askSize }

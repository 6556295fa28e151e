package abd

import "fmt"

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
	ack      struct{ round uint64 } // the update, or a newer one, is durable
	digest   struct{ sums *sums }
	contents struct{ versions []*version }
)

// String shows the version as key=value with the counter of its tag and its writer: x=7 #3 by 0.
func (v *version) String() string {
	if v == unwritten {
		return "nothing"
	}
	return fmt.Sprintf("%s=%v #%d by %d", v.key, v.value, v.tag.counter, v.tag.writer)
}

// String shows the message in transcripts.
func (m query) String() string { return "query " + m.key }

// String shows the message in transcripts.
func (m answer) String() string { return "answer " + m.version.String() }

// String shows the message in transcripts.
func (m update) String() string { return "update " + m.version.String() }

// String shows the message in transcripts.
func (m ack) String() string { return "ack" }

// String shows the message in transcripts.
func (m digest) String() string { return "digest" }

// String shows the message in transcripts.
func (m contents) String() string { return fmt.Sprintf("contents %v", m.versions) }

const (
	headerSize = 40 // bytes of addresses and lengths in every message, roughly those of TCP/IP
	wordSize   = 8
	tagSize    = 3 * wordSize
)

// Size returns the bytes that the version takes on the wire.
func (v *version) Size() int { return len(v.key) + tagSize + wordSize*(1+len(v.value.List)) }

// Size returns the bytes that the message takes on the wire.
func (m query) Size() int { return headerSize + wordSize + len(m.key) }

// Size returns the bytes that the message takes on the wire.
func (m answer) Size() int { return headerSize + wordSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m update) Size() int { return headerSize + wordSize + m.version.Size() }

// Size returns the bytes that the message takes on the wire.
func (m ack) Size() int { return headerSize + wordSize }

// Size returns the bytes that the message takes on the wire.
func (m digest) Size() int { return headerSize + wordSize*buckets }

// Size returns the bytes that the message takes on the wire.
func (m contents) Size() int {
	size := headerSize
	for _, v := range m.versions {
		size += v.Size()
	}
	return size
}

package lww

import "fmt"

// The messages.
type (
	push     struct{ *version }
	digest   struct{ sums *sums }
	contents struct{ versions []*version } // an answer to a digest
)

// String shows the version as key=value and its stamp: x=7 @1500.0 by 2.
func (v *version) String() string {
	return fmt.Sprintf("%s=%v @%d.%d by %d", v.key, v.value, v.stamp.time, v.stamp.count, v.stamp.node)
}

// String shows the message in transcripts.
func (m push) String() string { return "push " + m.version.String() }

// String shows the message in transcripts.
func (m digest) String() string { return "digest" }

// String shows the message in transcripts.
func (m contents) String() string { return fmt.Sprintf("contents %v", m.versions) }

const (
	headerSize = 40 // bytes of addresses and lengths in every message, roughly those of TCP/IP
	wordSize   = 8
	stampSize  = 3 * wordSize
)

// Size returns the bytes that the version takes on the wire.
func (v *version) Size() int { return len(v.key) + stampSize + wordSize*(1+len(v.value.List)) }

// Size returns the bytes that the message takes on the wire.
func (m push) Size() int { return headerSize + m.version.Size() }

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

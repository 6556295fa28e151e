package lww

import "faultline/models/store/versioned"

// A push tells another replica of a write. The other messages are those of
// anti-entropy: a versioned.Digest, and contents in answer to it.
type push struct{ *version }

type contents = versioned.Contents[stamp]

// String shows the message in transcripts.
func (m push) String() string { return "push " + m.version.String() }

// Size returns the bytes that the message takes on the wire.
func (m push) Size() int { return versioned.HeaderSize + m.version.Size() }

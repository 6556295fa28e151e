package primarybackup

import (
	"faultline/models/store"
)

// From a primary to its backups, and back. Every message carries the sender's
// view: what comes from an earlier one is not heeded.
type (
	// An update is the next write in order.
	update struct {
		view        int
		seq, commit uint64
		entry       *entry
	}
	// A beat says that the primary lives, and how far writes are committed.
	beat struct {
		view   int
		commit uint64
	}
	// An ack says that its sender durably has every write up to seq.
	ack struct {
		view int
		seq  uint64
	}
	// An ask is the answer to a beat of a replica that has no state of this view.
	ask struct{ view int }
	// A transfer is the whole state of the primary: the committed writes applied,
	// and the ones after them as they are.
	transfer struct {
		view   int
		commit uint64
		state  *store.State // shared: receivers clone it
		tail   []*entry
	}
)

// Among replicas that look for a primary.
type (
	// A solicit asks for a vote.
	solicit struct {
		view int
		rank rank
	}
	// A grant is a vote: a promise to heed no earlier view.
	grant struct{ view int }
	// A passed tells the sender of an old message how far views have gone.
	passed struct{ view int }
	// A takeOver comes from the replica's own disk: its victory is durable.
	takeOver struct{ view int }
)

// A rank says how much of the history a replica has: a later view has seen more
// than an earlier one, and within a view more writes are more.
type rank struct {
	installed int
	last      uint64
}

func (a rank) less(b rank) bool {
	return a.installed < b.installed || a.installed == b.installed && a.last < b.last
}

const smallSize = 56 // bytes of a message that holds only a few numbers

// Size returns the bytes of the message on the wire.
func (m update) Size() int { return smallSize + m.entry.req.Size() }

// Size returns the bytes of the message on the wire.
func (beat) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (ack) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (ask) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (m transfer) Size() int {
	size := smallSize + m.state.Size()
	for i := range m.tail {
		size += m.tail[i].req.Size()
	}
	return size
}

// Size returns the bytes of the message on the wire.
func (solicit) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (grant) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (passed) Size() int { return smallSize }

package chain

import (
	"slices"

	"faultline/models/store"
	"faultline/sim"
)

// A config is a decision of the master: who stands in the row. It is never changed, only followed by another.
type config struct {
	epoch  int
	origin int          // epoch in which this history began, with nothing; it changes only if all disks were lost
	chain  []sim.NodeID // from head to tail
	joiner sim.NodeID   // behind the tail, catching up; None if nobody is
}

func (c *config) place(id sim.NodeID) int { return slices.Index(c.chain, id) }

func (c *config) head() sim.NodeID { return c.chain[0] }

func (c *config) tail() sim.NodeID { return c.chain[len(c.chain)-1] }

// Between a replica and the master.
type (
	// A ping says that its sender lives, where it stands, and asks for a lease.
	ping struct {
		number uint64
		epoch  int
		linked bool // has caught up in this epoch
		empty  bool // holds no history
	}
	// A pong answers a ping.
	pong struct {
		number uint64
		config *config
		lease  bool // granted
		formed bool // the replica has held this history before
	}
	// An install announces a configuration.
	install struct{ config *config }
)

// Between neighbours in the row. They heed only messages of their own epoch.
type (
	// An update is the next write in order, on its way down.
	update struct {
		epoch int
		seq   uint64
		entry *entry
	}
	// An ack says, on its way up, that everybody has the writes up to seq.
	ack struct {
		epoch int
		seq   uint64
	}
	// A greet tells the successor how far its predecessor is.
	greet struct {
		epoch  int
		seq    uint64
		linked bool // and has itself caught up
	}
	// A have answers a greet: how far the successor is itself.
	have struct {
		epoch      int
		seq, acked uint64
		empty      bool // holds no history
	}
	// A transfer is the whole state up to seq.
	transfer struct {
		epoch int
		seq   uint64
		state *store.State // shared: receivers clone it
	}
	// A forward hands a client's write to the head.
	forward struct {
		client sim.NodeID
		req    *store.Request
	}
	// A settled comes from the replica's own disk: its configuration is durable.
	settled struct{ epoch int }
)

const smallSize = 56 // bytes of a message that holds only a few numbers

func (c *config) size() int { return 16 + 4*len(c.chain) }

// Size returns the bytes of the message on the wire.
func (ping) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (m pong) Size() int { return smallSize + m.config.size() }

// Size returns the bytes of the message on the wire.
func (m install) Size() int { return smallSize + m.config.size() }

// Size returns the bytes of the message on the wire.
func (m update) Size() int { return smallSize + m.entry.req.Size() }

// Size returns the bytes of the message on the wire.
func (ack) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (greet) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (have) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (m transfer) Size() int { return smallSize + m.state.Size() }

// Size returns the bytes of the message on the wire.
func (m forward) Size() int { return smallSize + m.req.Size() }

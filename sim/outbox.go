package sim

import "time"

// Among thousands of nodes every message needs memory that no cache holds: its
// link's count, its sender's and its receiver's place. One after the other, the
// misses are nine tenths of its time. So the messages of such a run wait in an
// outbox until there are enough of them, or until the first could arrive: then the
// wire decides all their fates together, and their misses overlap.
//
// Nobody can tell the difference. No event fires at or after the instant at which
// the first message could arrive, and whatever else is scheduled is so behind the
// messages that were sent before it. What scripts do to the wire, they do after it
// has decided.

// A BulkWire is a Wire that can decide the fates of many messages together.
type BulkWire interface {
	Wire
	// CarryAll decides their fates, as Carry would of one after the other, though they were sent at several instants.
	CarryAll(parcels []Parcel)
	// Lookahead returns a time in which no message sent from now on arrives; 0 if
	// there is none, or if a fate depends on the instant of sending.
	Lookahead() time.Duration
}

// A Parcel is a message on its way to a BulkWire, and then its fate.
type Parcel struct {
	From, To NodeID
	Msg      any
	Fate     Fate
	sent     Time
}

const (
	outboxSize = 64
	manyNodes  = 256 // from which on the state of nodes and links is too much for the nearest cache
)

// An outbox holds the messages of which the wire has not decided yet.
type outbox struct {
	wire    BulkWire // nil if the wire is none
	open    bool     // a node handles a message: what it sends may wait
	due     Time     // before this instant none of them arrives; Forever if there is none
	count   int
	parcels [outboxSize]Parcel
}

// post puts a message in the outbox, and reports whether it may wait there.
func (s *Sim) post(from, to NodeID, msg any) bool {
	o := &s.outbox
	if !o.open || o.wire == nil {
		return false
	}
	if o.count == 0 {
		ahead := o.wire.Lookahead()
		if ahead == 0 || s.tracer != nil {
			return false
		}
		o.due = s.now.Add(ahead)
	}
	o.parcels[o.count] = Parcel{From: from, To: to, Msg: msg, sent: s.now}
	if o.count++; o.count == outboxSize {
		s.flush()
	}
	return true
}

// flush empties the outbox.
func (s *Sim) flush() {
	if s.outbox.count > 0 {
		s.decide()
	}
}

// decide has the wire decide about all messages in the outbox, and schedules their arrivals.
func (s *Sim) decide() {
	o := &s.outbox
	parcels := o.parcels[:o.count]
	o.count, o.due = 0, Forever
	o.wire.CarryAll(parcels)
	for i := range parcels {
		p := &parcels[i]
		s.carry(p.sent, p.From, p.To, p.Msg, p.Fate)
		p.Msg = nil
	}
}

// close empties the outbox, and lets nothing wait until a node handles a message again.
func (s *Sim) close() {
	s.flush()
	s.outbox.open = false
}

// schedule schedules an event that is not a message, behind the messages that were sent before.
func (s *Sim) schedule(at Time, kind uint8, node, from NodeID, life uint16, msg any) TimerID {
	s.flush()
	return s.queue.push(at, kind, node, from, life, msg)
}

// approach reads the nodes of the events that fire next, if there are many: together,
// so that their cache misses overlap.
func (s *Sim) approach() {
	run := s.queue.run[s.queue.first:s.queue.last]
	for i := range run {
		if to := run[i].node; to >= 0 {
			s.warm += uint64(s.nodes[to].id)
		}
	}
}

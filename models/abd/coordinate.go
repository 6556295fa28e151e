package abd

import (
	"math/bits"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// An operation is a client's request on its way through the two phases.
type operation struct {
	round   uint64 // names it in messages
	client  sim.NodeID
	req     *store.Request
	phase   phase
	asked   any      // the message of this phase
	heard   uint64   // who answered it: bit i is replica i
	newest  *version // among the answers to the query; then what is being stored
	split   bool     // the answers to the query differ in their tags
	durable bool     // the disk remembers that this was taken up
	ticks   int      // how often the coordinator looked at it in vain
}

type phase uint8

const (
	querying phase = iota
	storing
	finished
)

// begin takes up a client's request and queries every replica for its value.
func (r *replica) begin(e sim.Env, client sim.NodeID, req *store.Request) {
	op, round := r.rounds.New(), r.rounds.Next()
	*op = operation{round: round, client: client, req: req, asked: r.queries.New(query{round, req.Key}), newest: unwritten}
	if req.Kind.Mutates() && !r.take(e, op) {
		r.rounds.Recycle(op)
		return // the network doubled it: who took up the first copy answers
	}
	r.rounds.Add(op)
	if r.ticking == 0 {
		r.ticking = e.After(r.resend)
	}
	r.askAll(e, op)
}

// answered counts the answer of a replica to the query.
func (r *replica) answered(e sim.Env, from sim.NodeID, m *answer) {
	op := r.rounds.Find(m.round)
	if op == nil || op.phase != querying || !r.hear(op, from) {
		return
	}
	op.split = op.split || op.heard&(op.heard-1) != 0 && op.newest.Stamp != m.Stamp
	if op.newest.Stamp.less(m.Stamp) {
		op.newest = m.version
	}
	r.proceed(e, op)
}

// proceed goes on to the second phase once a majority has answered the query.
func (r *replica) proceed(e sim.Env, op *operation) {
	if bits.OnesCount64(op.heard) < r.quorum {
		return
	}
	switch {
	case !op.req.Kind.Mutates():
		r.returnNewest(e, op)
	case op.durable:
		r.writeNext(e, op)
	}
}

// writeNext stores the client's value under a tag above all that were seen.
func (r *replica) writeNext(e sim.Env, op *operation) {
	counter := op.newest.Stamp.counter
	if r.mutant == "no-query" {
		counter = r.written
		r.written++
	}
	next := tag{counter: counter + 1, writer: e.Self(), round: op.round}
	r.storeAll(e, op, &version{Key: op.req.Key, Stamp: next, Value: op.req.In})
}

// returnNewest stores the newest value, for the reader to return.
func (r *replica) returnNewest(e sim.Env, op *operation) {
	// Write back what we are about to return: without this, a later read could
	// miss it and time would seem to run backwards. If the whole majority has it
	// already, then any later majority meets it.
	if r.mutant == "no-write-back" || r.fastReads && !op.split {
		r.finish(e, op, op.answer())
		return
	}
	r.storeAll(e, op, op.newest)
}

func (r *replica) storeAll(e sim.Env, op *operation, v *version) {
	op.phase, op.newest, op.heard = storing, v, 0
	op.asked = r.updates.New(update{op.round, v})
	r.askAll(e, op)
}

// acknowledged counts a replica that holds the value, or a newer one.
func (r *replica) acknowledged(e sim.Env, from sim.NodeID, m *ack) {
	op := r.rounds.Find(m.round)
	if op == nil || op.phase != storing || !r.hear(op, from) || bits.OnesCount64(op.heard) < r.quorum {
		return
	}
	r.finish(e, op, op.answer())
}

// answer is what the client is told of an operation that succeeded.
func (op *operation) answer() *store.Reply {
	if op.req.Kind.Mutates() {
		return op.req.Answer(history.Value{}, op.newest.Place())
	}
	return op.req.Answer(op.newest.Value, op.newest.Place())
}

// hear notes that a replica has answered in this phase, and reports whether that is new.
func (r *replica) hear(op *operation, from sim.NodeID) bool {
	bit := uint64(1) << r.cfg.Index(from)
	isNew := op.heard&bit == 0
	op.heard |= bit
	return isNew
}

func (r *replica) finish(e sim.Env, op *operation, reply *store.Reply) {
	r.rounds.Finish(op.round)
	op.phase = finished
	e.Send(op.client, reply)
	if op.durable || !op.req.Kind.Mutates() { // else the journal refers to it still
		r.rounds.Recycle(op)
	}
}

// askAll sends the message of the phase to everyone who has not answered it, oneself included.
func (r *replica) askAll(e sim.Env, op *operation) {
	for i, id := range r.cfg.Replicas {
		if op.heard>>i&1 == 0 {
			e.Send(id, op.asked)
		}
	}
}

// tick asks the silent again, and gives up what took too long. It counts
// intervals, not clock readings: clocks may step.
func (r *replica) tick(e sim.Env) {
	for _, op := range r.rounds.Open() {
		if op == nil {
			continue
		}
		op.ticks++
		switch {
		case op.ticks > r.patience:
			r.giveUp(e, op)
		case op.ticks > 1: // at the first tick it may have begun a moment ago
			r.askAll(e, op)
		}
	}
	r.ticking = 0
	if len(r.rounds.Open()) > 0 {
		r.ticking = e.After(r.resend)
	}
}

// giveUp tells the client what is certain. A write that was sent to anyone may
// be found and completed by any later read. One that only queried is over, but
// if the disk does not know yet that it was taken up, then a crash and a second
// copy of the request could bring it back.
func (r *replica) giveUp(e sim.Env, op *operation) {
	if op.req.Kind.Mutates() && (op.phase == storing || !op.durable) {
		r.finish(e, op, op.req.Doubt())
		return
	}
	r.finish(e, op, op.req.Refuse(sim.None))
}

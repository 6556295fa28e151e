package chain

import (
	"slices"

	"faultline/models/store"
	"faultline/sim"
)

// The journal holds a snapshot, then configurations and writes in order.
type (
	snapshot struct {
		config    *config
		has       bool
		state     *store.State // the writes up to done applied
		done      uint64
		forgotten uint64
		log       []write // the writes after forgotten
	}
	adopted struct {
		config *config
		formed bool
	}
	// An entry is a write in its place: who asked for it, and in which epoch it got that place.
	entry struct {
		epoch  int
		client sim.NodeID
		req    *store.Request
	}
)

// checkpointEvery is how many records the journal may have before it is replaced by a snapshot.
const checkpointEvery = 2048

// A waiter waits for the disk: a message, or with none the news that the writes of
// a life of the history up to a place are durable.
type waiter struct {
	to   sim.NodeID
	msg  any
	life int
	seq  uint64
}

// write adds a record to the journal. It must be followed by a Flush.
func (r *replica) write(e sim.Env, record any) {
	r.disk.Write(e, record)
	r.disk.Wait(waiter{life: r.life, seq: r.log.Last()})
}

// checkpoint replaces the journal by what the replica holds now. It must be followed by a Flush.
func (r *replica) checkpoint(e sim.Env) {
	log := slices.Clone(r.log.After(r.log.Forgotten()))
	r.disk.Checkpoint(e, snapshot{r.config, r.has, r.state.Clone(), r.done, r.log.Forgotten(), log})
	r.disk.Wait(waiter{life: r.life, seq: r.log.Last()})
}

// post sends a message once what was written so far is durable: at once if all is.
func (r *replica) post(e sim.Env, to sim.NodeID, msg any) {
	if r.disk.Clean() {
		e.Send(to, msg)
		return
	}
	r.disk.Wait(waiter{to: to, msg: msg})
	r.disk.Flush(e)
}

// Durable sends the messages that waited, and goes on with the writes.
func (r *replica) Durable(e sim.Env, due []waiter) {
	life, seq := r.landed, uint64(0)
	for i := range due {
		if w := &due[i]; w.msg != nil {
			e.Send(w.to, w.msg)
		} else {
			life, seq = w.life, w.seq
		}
	}
	r.landed = life
	if life == r.life {
		r.process(e, seq)
	}
}

// replay restores what the disk holds. All of it is durable, so all of it is applied.
func (r *replica) replay(e sim.Env) {
	for _, record := range r.disk.Records(e) {
		switch rec := record.(type) {
		case snapshot:
			r.config, r.has = rec.config, rec.has
			r.state, r.done, r.log = rec.state.Clone(), rec.done, store.NewLog(rec.forgotten, slices.Clone(rec.log)...)
		case adopted:
			r.take(rec.config, rec.formed)
		case *entry:
			r.log.Append(write{entry: rec})
		}
	}
	r.acked, r.landed = r.log.Forgotten(), r.life
	r.apply(r.log.Last())
}

package primarybackup

import (
	"faultline/models/store"
	"faultline/sim"
)

// The journal holds a snapshot, then the writes after it in order, and the
// promises given meanwhile.
type (
	snapshot struct {
		promised, installed int
		commit              uint64
		state               *store.State
		tail                []*entry
	}
	promise struct{ view int }
	entry   struct {
		view int // in which the write got its place
		req  *store.Request
	}
)

// checkpointEvery is how many records the journal may have before it is replaced by a snapshot.
const checkpointEvery = 2048

// A waiter waits for the disk: a message, or with none the news that the writes of
// a view up to a place are durable.
type waiter struct {
	to   sim.NodeID
	msg  any
	view int
	seq  uint64
}

// write adds a record to the journal. It must be followed by a Flush.
func (r *replica) write(e sim.Env, record any) {
	r.disk.Write(e, record)
	r.disk.Wait(waiter{view: r.installed, seq: r.log.Last()})
}

// checkpoint replaces the journal by what the replica holds now. It must be followed by a Flush.
func (r *replica) checkpoint(e sim.Env) {
	r.disk.Checkpoint(e, snapshot{r.promised, r.installed, r.commit, r.state.Clone(), r.tail()})
	r.disk.Wait(waiter{view: r.installed, seq: r.log.Last()})
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
	view, seq := none, uint64(0)
	for i := range due {
		if w := &due[i]; w.msg != nil {
			e.Send(w.to, w.msg)
		} else {
			view, seq = w.view, w.seq
		}
	}
	if view == r.installed {
		r.persisted(e, seq)
	}
}

// replay restores what the disk holds. It reports whether that is anything.
func (r *replica) replay(e sim.Env) bool {
	records := r.disk.Records(e)
	for _, record := range records {
		switch rec := record.(type) {
		case snapshot:
			r.promised, r.installed = rec.promised, rec.installed
			r.adopt(rec.commit, rec.state, rec.tail)
		case promise:
			r.promised = max(r.promised, rec.view)
		case *entry:
			r.log.Append(write{rec, sim.None})
		}
	}
	r.durable = r.log.Last()
	return len(records) > 0
}

package lww

import (
	"faultline/models/store"
	"faultline/sim"
)

// A saving is a version on its way to the disk, and what waits for it.
type saving struct {
	version *version
	client  sim.NodeID // who wrote it and waits for the reply; None for a version from another replica
	reply   store.Reply
}

// A journal puts versions on disk in batches: while one sync is under way the
// next batch gathers (group commit), so that a slow disk delays but never chokes.
type journal struct {
	batch    []saving // in order
	flushing int      // so many at the front are being synced
	syncing  sim.TimerID
	length   int // records since the last checkpoint
}

const minJournal = 4096 // records before a checkpoint is worth its while

// save writes a version; saved is called once the disk has it.
func (r *replica) save(e sim.Env, s saving) {
	d := &r.disk
	d.batch = append(d.batch, s)
	if d.flushing > 0 {
		return
	}
	r.flush(e)
	if !r.sync {
		r.flushed(e)
	}
}

// flush hands the batch to the disk, after a checkpoint if the journal is more
// than twice as long as what it says. What is in the batch is not held yet, so a
// checkpoint must not come after it.
func (r *replica) flush(e sim.Env) {
	d := &r.disk
	if d.length > minJournal+2*len(r.held.rows) {
		records := make([]any, len(r.held.rows))
		for i, v := range r.held.rows {
			records[i] = v
		}
		e.Disk().Checkpoint(records...)
		d.length = 0
	}
	for i := range d.batch {
		e.Disk().Write(d.batch[i].version)
	}
	d.flushing = len(d.batch)
	d.length += d.flushing
	if r.sync {
		d.syncing = e.Disk().Sync()
	}
}

// flushed goes on with what was synced, and syncs what has gathered meanwhile.
func (r *replica) flushed(e sim.Env) {
	d := &r.disk
	for _, s := range d.batch[:d.flushing] {
		r.saved(e, s)
	}
	rest := copy(d.batch, d.batch[d.flushing:])
	clear(d.batch[rest:])
	d.batch, d.flushing, d.syncing = d.batch[:rest], 0, 0
	if rest > 0 {
		r.flush(e)
	}
}

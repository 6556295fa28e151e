package lww

import (
	"faultline/models/store"
	"faultline/sim"
)

// A saving is a client's write on its way to the disk.
type saving struct {
	version *version
	client  sim.NodeID
	reply   store.Reply // once the disk has it
}

// A journal puts writes on disk in batches: while one sync is under way the
// next batch gathers (group commit), so that a slow disk delays but never chokes.
type journal struct {
	batch    []saving // in order
	flushing int      // so many at the front are being synced
	syncing  sim.TimerID
	length   int // records since the last checkpoint
}

const minJournal = 4096 // records before a checkpoint is worth its while

// save syncs a write; saved is called once the disk has it.
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

// flush hands the batch to the disk.
func (r *replica) flush(e sim.Env) {
	d := &r.disk
	for i := range d.batch {
		r.record(e, d.batch[i].version)
		d.flushing++
	}
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

// record writes a version to the journal, after a checkpoint if that is more than
// twice as long as what it says. What is being flushed is not held yet, so a
// checkpoint would lose it.
func (r *replica) record(e sim.Env, v *version) {
	d := &r.disk
	if d.length > minJournal+2*len(r.held.rows) && d.flushing == 0 {
		records := make([]any, len(r.held.rows))
		for i, v := range r.held.rows {
			records[i] = v
		}
		e.Disk().Checkpoint(records...)
		d.length = len(records)
	}
	e.Disk().Write(v)
	d.length++
}

package quorum

import "faultline/sim"

// A saving is a record on its way to the disk, and who waits for it.
type saving struct {
	record any // a storeMsg or a handoffMsg
	from   sim.NodeID
}

// A journal puts records on disk in batches: while one sync is under way the
// next batch gathers (group commit), so that a slow disk delays but never chokes.
type journal struct {
	batch    []saving // in order
	flushing int      // so many at the front are being synced
	syncing  sim.TimerID
	length   int // records since the last checkpoint
}

const minJournal = 4096 // records before a checkpoint is worth its while

// save writes a record; saved is called once the disk has it.
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
		r.write(e, d.batch[i].record)
		d.flushing++
	}
	if r.sync {
		d.syncing = e.Disk().Sync()
	}
}

// write adds a record to the journal, after a checkpoint if that is more than
// twice as long as what it says. What is being flushed is not held yet, so a
// checkpoint would lose it.
func (r *replica) write(e sim.Env, record any) {
	d := &r.disk
	if d.length > minJournal+2*len(r.held.rows) && d.flushing == 0 {
		records := r.records()
		e.Disk().Checkpoint(records...)
		d.length = len(records)
	}
	e.Disk().Write(record)
	d.length++
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

// records returns what a journal needs to hold.
func (r *replica) records() []any {
	var records []any
	for _, v := range r.held.rows {
		records = append(records, storeMsg{noRound, sim.None, v})
	}
	for i := range r.kept {
		for _, v := range r.kept[i].rows {
			records = append(records, storeMsg{noRound, r.replicas[i], v})
		}
	}
	return records
}

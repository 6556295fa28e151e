package versioned

import (
	"slices"

	"faultline/sim"
)

// A Journal puts the records of a replica on its disk in batches: while one sync
// is under way the next batch gathers (group commit), so that a slow disk delays
// but never chokes. Now and then a checkpoint replaces what has become stale.
//
// W is what waits for a record: whom to answer, and how.
type Journal[W any] struct {
	owner    Owner[W]
	sync     bool
	batch    []saving[W] // in order
	flushing int         // so many at the front are being synced
	syncing  sim.TimerID
	length   int // records on disk
}

// A saving is a record on its way to the disk, and what waits for it.
type saving[W any] struct {
	record any
	waiter W
}

// An Owner is the replica that a journal remembers the state of.
type Owner[W any] interface {
	// Saved goes on with what waited for a record: the disk has it now.
	Saved(e sim.Env, record any, waiter W)
	// Image returns records that say all that the replica holds. What is not
	// saved yet must not be held yet, for a checkpoint would come before it.
	Image() []any
	// Keys returns how many keys the replica holds: roughly, how long an image is.
	Keys() int
}

// minJournal is the number of records before a checkpoint is worth its while.
const minJournal = 4096

// NewJournal returns the journal of a replica. Without sync, records count as saved once they are written.
func NewJournal[W any](sync bool, owner Owner[W]) Journal[W] {
	return Journal[W]{owner: owner, sync: sync}
}

// Records returns what a replica finds on its disk when it starts, without the records that crashes tore.
func (j *Journal[W]) Records(e sim.Env) []any {
	records := e.Disk().Records()
	j.length = len(records)
	return slices.DeleteFunc(records, func(record any) bool { return record == sim.Torn{} })
}

// Save syncs a record; the owner's Saved is called once the disk has it.
func (j *Journal[W]) Save(e sim.Env, record any, waiter W) {
	j.batch = append(j.batch, saving[W]{record, waiter})
	if j.flushing == 0 {
		j.flush(e)
	}
}

// flush hands the batch to the disk.
func (j *Journal[W]) flush(e sim.Env) {
	for i := range j.batch {
		j.Write(e, j.batch[i].record)
		j.flushing++
	}
	if j.sync {
		j.syncing = e.Disk().Sync()
	} else {
		j.Synced(e)
	}
}

// Write adds a record that nobody waits for: it becomes durable with the next
// sync, and a crash may take it before. The replica may hold it at once.
//
// If the journal is more than twice as long as what it says, a checkpoint comes
// first; but not while a batch is being flushed, which is not held yet.
func (j *Journal[W]) Write(e sim.Env, record any) {
	if j.flushing == 0 && j.length > minJournal && j.length > minJournal+2*j.owner.Keys() {
		image := j.owner.Image()
		e.Disk().Checkpoint(image...)
		j.length = len(image)
	}
	e.Disk().Write(record)
	j.length++
}

// Syncing returns the timer of the sync under way, for which Synced is to be called; zero if there is none.
func (j *Journal[W]) Syncing() sim.TimerID { return j.syncing }

// Synced goes on with what was synced, and syncs what has gathered meanwhile.
func (j *Journal[W]) Synced(e sim.Env) {
	for _, s := range j.batch[:j.flushing] {
		j.owner.Saved(e, s.record, s.waiter)
	}
	rest := copy(j.batch, j.batch[j.flushing:])
	clear(j.batch[rest:])
	j.batch, j.flushing, j.syncing = j.batch[:rest], 0, 0
	if rest > 0 {
		j.flush(e)
	}
}

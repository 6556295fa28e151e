package versioned

import (
	"faultline/models/store"
	"faultline/sim"
)

// A Journal keeps a table of versions on disk: it hands records back once they are
// saved, and now and then replaces what has become stale by a checkpoint.
//
// W is what waits for a record: whom to answer, and how.
type Journal[W any] struct {
	store.Journal[saving[W]]
	owner Owner[W]
}

// A saving is a record on its way to the disk, and what waits for it.
type saving[W any] struct {
	record any
	waiter W
}

// An Owner is the replica whose table a journal keeps.
type Owner[W any] interface {
	// Saved goes on with what waited for a record: the disk has it now.
	Saved(e sim.Env, record any, waiter W)
	// Image returns records that say all that the replica holds.
	Image() []any
	// Keys returns how many keys the replica holds: roughly, how long an image is.
	Keys() int
}

// minJournal is the number of records before a checkpoint is worth its while.
const minJournal = 4096

// NewJournal returns the journal of a replica. Without sync, records count as saved once they are written.
func NewJournal[W any](sync bool, owner Owner[W]) Journal[W] {
	return Journal[W]{store.NewJournal(sync, durable[W]{owner}), owner}
}

// Save makes a record durable; then the owner's Saved is called.
func (j *Journal[W]) Save(e sim.Env, record any, waiter W) {
	j.tidy(e)
	j.Write(e, record)
	j.Wait(saving[W]{record, waiter})
	j.Flush(e)
}

// Note adds a record that nobody waits for: it becomes durable with the next
// sync, and a crash may take it before. The replica may hold it at once.
func (j *Journal[W]) Note(e sim.Env, record any) {
	j.tidy(e)
	j.Journal.Note(e, record)
}

// tidy replaces the records by a checkpoint if there are more than twice as many
// as what they say needs. What is not saved yet is not held yet, so it follows.
func (j *Journal[W]) tidy(e sim.Env) {
	if j.Len() <= minJournal+2*j.owner.Keys() {
		return
	}
	image := j.owner.Image()
	for _, s := range j.Waiting() {
		image = append(image, s.record)
	}
	j.Compact(e, image...)
}

// durable is what a store.Journal knows of an Owner.
type durable[W any] struct{ owner Owner[W] }

// Durable hands the owner what was saved.
func (d durable[W]) Durable(e sim.Env, due []saving[W]) {
	for i := range due {
		d.owner.Saved(e, due[i].record, due[i].waiter)
	}
}

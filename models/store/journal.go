package store

import (
	"slices"

	"faultline/sim"
)

// A Journal puts the records of a replica on its disk, many at a time: what is
// written while one sync is under way shares the next (group commit), so that a
// slow disk delays but never chokes.
//
// W is what waits for the disk: a message to send, an operation to go on with.
type Journal[W any] struct {
	owner   Owner[W]
	lazy    bool
	dirty   bool        // something was written since the sync under way began
	syncing sim.TimerID // zero if no sync is under way
	waiting []W         // in order
	covered int         // so many at the front wait for the sync under way
	due     []W         // the last that were handed to the owner; memory for the next
	going   bool        // they are being handed over
	length  int         // records on the disk
}

// An Owner is the replica that a journal belongs to.
type Owner[W any] interface {
	// Durable goes on with what waited: all that was written before it is durable.
	// The slice is the journal's.
	Durable(e sim.Env, due []W)
}

// NewJournal returns the journal of a replica. Without sync, what is written counts as durable.
func NewJournal[W any](sync bool, owner Owner[W]) Journal[W] {
	return Journal[W]{owner: owner, lazy: !sync}
}

// Records returns what a replica finds on its disk when it starts, without the
// records that crashes tore: nobody was promised what those held.
func (j *Journal[W]) Records(e sim.Env) []any {
	records := e.Disk().Records()
	j.length = len(records)
	return slices.DeleteFunc(records, func(record any) bool { return record == sim.Torn{} })
}

// Len returns how many records the disk holds.
func (j *Journal[W]) Len() int { return j.length }

// Write adds a record that is to be made durable; Flush must follow.
func (j *Journal[W]) Write(e sim.Env, record any) {
	j.Note(e, record)
	j.dirty = true
}

// Note adds a record that nobody waits for: it becomes durable with the next
// sync, and a crash may take it before.
func (j *Journal[W]) Note(e sim.Env, record any) {
	e.Disk().Write(record)
	j.length++
}

// Checkpoint replaces all records by others, which are to be made durable; Flush must follow.
func (j *Journal[W]) Checkpoint(e sim.Env, records ...any) {
	j.Compact(e, records...)
	j.dirty = true
}

// Compact replaces all records by fewer that say the same, those on their way
// included. There is no hurry: until the next sync a crash finds the old ones.
func (j *Journal[W]) Compact(e sim.Env, records ...any) {
	e.Disk().Checkpoint(records...)
	j.length = len(records)
}

// Clean reports whether everything is durable that was written: nobody need wait.
func (j *Journal[W]) Clean() bool { return !j.dirty && j.syncing == 0 }

// Wait has the owner go on with w once all that was written so far is durable,
// which it must not be yet.
func (j *Journal[W]) Wait(w W) {
	j.waiting = append(j.waiting, w)
	if !j.dirty {
		j.covered = len(j.waiting) // the sync under way is all there is to wait for
	}
}

// Waiting returns what waits, in order. The result is read only.
func (j *Journal[W]) Waiting() []W { return j.waiting }

// Flush begins to make durable what was written, unless a sync is under way:
// then the next one does.
func (j *Journal[W]) Flush(e sim.Env) {
	if j.syncing != 0 || !j.dirty || j.going {
		return
	}
	j.dirty, j.covered = false, len(j.waiting)
	if j.lazy {
		j.Synced(e)
		return
	}
	j.syncing = e.Disk().Sync()
}

// Syncing returns the timer of the sync under way, for which Synced is to be called; zero if there is none.
func (j *Journal[W]) Syncing() sim.TimerID { return j.syncing }

// Synced goes on with what waited for the sync that is done, and begins the next if there is need.
func (j *Journal[W]) Synced(e sim.Env) {
	j.due, j.waiting = j.waiting[:j.covered], append(j.due[:0], j.waiting[j.covered:]...)
	j.syncing, j.covered = 0, 0
	j.going = true
	j.owner.Durable(e, j.due)
	j.going = false
	clear(j.due)
	j.Flush(e)
}

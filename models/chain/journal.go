package chain

import (
	"faultline/models/store"
	"faultline/sim"
)

// The journal holds a snapshot, then configurations and writes in order.
type (
	snapshot struct {
		config  *config
		has     bool
		state   *store.State // the writes up to done applied
		done    uint64
		trimmed uint64
		log     []write // the writes after trimmed
	}
	adopted struct {
		config *config
		formed bool
	}
)

// checkpointEvery is how many records the journal grows by before it is replaced by a snapshot.
const checkpointEvery = 2048

// A saver makes the journal durable, many records at a time (group commit).
type saver struct {
	dirty   bool // something was written since the sync under way began
	timer   sim.TimerID
	life    int      // of the history that the sync under way covers
	seq     uint64   // up to here
	records int      // since the last checkpoint
	letters []letter // wait for the disk, in order
	covered int      // letters that the sync under way covers
}

// A letter is a message that leaves once what was written before it is durable.
type letter struct {
	to  sim.NodeID
	msg any
}

// write adds a record to the journal and sees to it that it becomes durable.
func (r *replica) write(e sim.Env, record any) {
	e.Disk().Write(record)
	r.saver.records++
	r.saver.dirty = true
	r.flush(e)
}

// checkpoint replaces the journal by what the replica holds now.
func (r *replica) checkpoint(e sim.Env) {
	log := append([]write(nil), r.log...)
	e.Disk().Checkpoint(snapshot{r.config, r.has, r.state.Clone(), r.done, r.trimmed, log})
	r.saver.records = 0
	r.saver.dirty = true
	r.flush(e)
}

// post sends a message once what was written so far is durable: at once if all is.
func (r *replica) post(e sim.Env, to sim.NodeID, msg any) {
	s := &r.saver
	if !s.dirty && s.timer == 0 {
		e.Send(to, msg)
		return
	}
	s.letters = append(s.letters, letter{to, msg})
	if !s.dirty {
		s.covered = len(s.letters) // the sync under way is all there is to wait for
	}
}

// flush starts a sync. While one is under way it waits for that: what comes
// meanwhile shares the next one.
func (r *replica) flush(e sim.Env) {
	s := &r.saver
	if s.timer != 0 || !s.dirty {
		return
	}
	s.dirty, s.life, s.seq, s.covered = false, r.life, r.last(), len(s.letters)
	s.timer = e.Disk().Sync()
}

// saved is called when the sync under way is complete.
func (r *replica) saved(e sim.Env) {
	s := &r.saver
	s.timer = 0
	due := s.letters[:s.covered]
	s.letters = s.letters[s.covered:]
	for _, l := range due {
		e.Send(l.to, l.msg)
	}
	r.landed = s.life
	if s.life == r.life {
		r.process(e, s.seq)
	}
	r.flush(e)
}

// replay restores what the disk holds, up to a record that the crash tore. All of
// it is durable, so all of it is applied.
func (r *replica) replay(e sim.Env) {
	for _, record := range e.Disk().Records() {
		switch rec := record.(type) {
		case snapshot:
			r.config, r.has = rec.config, rec.has
			r.state, r.done, r.trimmed = rec.state.Clone(), rec.done, rec.trimmed
			r.log = append([]write(nil), rec.log...)
		case adopted:
			r.take(rec.config, rec.formed)
		case write:
			r.log = append(r.log, rec)
		}
	}
	r.acked, r.landed = r.trimmed, r.life
	r.apply(r.last())
}

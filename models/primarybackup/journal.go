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
		tail                []entry
	}
	promise struct{ view int }
	entry   struct {
		view int // in which the write got its place
		req  store.Request
	}
)

// checkpointEvery is how many records the journal grows by before it is replaced by a snapshot.
const checkpointEvery = 2048

// A saver makes the journal durable, many records at a time (group commit).
type saver struct {
	lazy    bool // sync: false
	dirty   bool // something was written since the sync under way began
	timer   sim.TimerID
	view    int      // what the sync under way covers
	seq     uint64   // the same
	records int      // since the last checkpoint
	letters []letter // wait for the disk, in order
	covered int      // letters that the sync under way covers
}

// A letter is a message that leaves once what was written before it is durable.
type letter struct {
	to  sim.NodeID
	msg any
}

// write adds a record to the journal. It must be followed by flush.
func (r *replica) write(e sim.Env, record any) {
	e.Disk().Write(record)
	r.saver.records++
	r.saver.dirty = true
}

// checkpoint replaces the journal by what the replica holds now. It must be followed by flush.
func (r *replica) checkpoint(e sim.Env) {
	e.Disk().Checkpoint(snapshot{r.promised, r.installed, r.commit, r.state.Clone(), r.tail()})
	r.saver.records = 0
	r.saver.dirty = true
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
	r.flush(e)
}

// flush starts to make the journal durable. While a sync is under way it waits for
// that: what comes meanwhile shares the next one.
func (r *replica) flush(e sim.Env) {
	s := &r.saver
	if s.timer != 0 || !s.dirty {
		return
	}
	s.dirty, s.view, s.seq, s.covered = false, r.installed, r.last(), len(s.letters)
	if s.lazy {
		r.saved(e)
		return
	}
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
	if s.view == r.installed {
		r.persisted(e, s.seq)
	}
	r.flush(e)
}

// replay restores what the disk holds, up to a record that the crash tore. It
// reports whether the disk held anything.
func (r *replica) replay(e sim.Env) bool {
	records := e.Disk().Records()
	for _, record := range records {
		switch rec := record.(type) {
		case snapshot:
			r.promised, r.installed = rec.promised, rec.installed
			r.adopt(rec.commit, rec.state, rec.tail)
		case promise:
			r.promised = max(r.promised, rec.view)
		case entry:
			r.log = append(r.log, write{rec, sim.None})
		}
	}
	r.durable = r.last()
	return len(records) > 0
}

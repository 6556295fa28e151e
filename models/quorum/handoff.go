package quorum

import (
	"slices"

	"faultline/sim"
)

const handoffBatch = 64 // versions in one message

// delivered records that what was kept for a home reached it.
type delivered struct {
	home     sim.NodeID
	versions []*version
}

// scheduleReplay sets the timer of the replay, if anything is kept and none is set.
func (r *replica) scheduleReplay(e sim.Env) {
	if r.replaying != 0 || r.mutant == "no-replay" {
		return
	}
	for i := range r.kept {
		if r.kept[i].Len() > 0 {
			r.replaying = e.After(r.replay)
			return
		}
	}
}

// replayAll offers every home a part of what is kept for it; who takes it gets more.
func (r *replica) replayAll(e sim.Env) {
	r.replaying = 0
	for i := range r.kept {
		r.offer(e, i)
	}
	r.scheduleReplay(e)
}

func (r *replica) offer(e sim.Env, i int) {
	rows := r.kept[i].Rows()
	if len(rows) == 0 {
		return
	}
	batch := slices.Clone(rows[:min(handoffBatch, len(rows))])
	e.Send(r.replicas[i], handoffMsg{batch})
}

// takeBack takes what another replica has kept for this one, and says so once it is on disk.
func (r *replica) takeBack(e sim.Env, from sim.NodeID, m handoffMsg) {
	r.disk.Save(e, m, from)
}

// handed drops what its home has taken, and offers it the next part.
func (r *replica) handed(e sim.Env, home sim.NodeID, m handedMsg) {
	done := delivered{home, m.versions}
	if r.drop(done) {
		r.disk.Note(e, done) // not synced: delivering twice does no harm
		r.offer(e, r.place(0, home))
	}
}

// drop forgets what was delivered, unless something newer has taken its place. It
// reports whether anything was left to forget.
func (r *replica) drop(d delivered) bool {
	forgot := false
	kept := &r.kept[r.place(0, d.home)]
	for _, v := range d.versions {
		if kept.Get(v.Key).Stamp == v.Stamp {
			kept.Remove(v.Key)
			forgot = true
		}
	}
	return forgot
}

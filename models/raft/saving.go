package raft

import (
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/sim"
)

// A saving is the way of the log to the disk. At most one sync is under way;
// what is written meanwhile shares the next one (group commit).
type saving struct {
	timer   sim.TimerID   // of the sync under way; zero if none is
	current []*pb.Message // to deliver when it is done
	next    []*pb.Message // to deliver when the one after it is done
	written bool          // there is something for the next one to save
}

// save writes what m, a MsgStorageAppend, holds, and has its responses delivered
// once all that was written so far is durable.
func (r *replica) save(e sim.Env, m *pb.Message, must bool) {
	s := &r.saving
	snap := r.announced(m)
	r.journal.write(e.Disk(), m, snap, must)
	if snap != nil {
		must = true
		r.restore(snap)
	}
	r.voted(m.GetResponses())
	switch {
	case r.cfg.Mutant == "no-sync":
		r.deliver(e, m.GetResponses())
	case must:
		s.next = append(s.next, m.GetResponses()...)
		s.written = true
		if s.timer == 0 {
			r.sync(e)
		}
	case s.written:
		s.next = append(s.next, m.GetResponses()...)
	case s.timer != 0:
		s.current = append(s.current, m.GetResponses()...)
	default:
		r.deliver(e, m.GetResponses())
	}
}

func (r *replica) sync(e sim.Env) {
	s := &r.saving
	s.timer = e.Disk().Sync()
	s.current, s.next, s.written = s.next, nil, false
}

// saved is called when a sync is done.
func (r *replica) saved(e sim.Env) {
	s := &r.saving
	done := s.current
	s.timer, s.current = 0, nil
	if s.written {
		r.sync(e)
	}
	r.deliver(e, done)
	r.settle(e)
}

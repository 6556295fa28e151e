package raft

import (
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/sim"
)

// save writes what m, a MsgStorageAppend, holds, and has its responses delivered
// once all that was written so far is durable.
func (r *replica) save(e sim.Env, m *pb.Message, must bool) {
	snap := r.announced(m)
	if snap != nil {
		must = true
	}
	rec := r.journal.take(m, snap)
	switch {
	case snap != nil:
		r.disk.Checkpoint(e, r.journal.image())
		r.restore(snap)
	case must:
		r.disk.Write(e, rec)
	}
	r.voted(m.GetResponses())
	if r.cfg.Mutant == "no-sync" || r.disk.Clean() {
		r.deliver(e, m.GetResponses())
		return
	}
	for _, response := range m.GetResponses() {
		r.disk.Wait(response)
	}
	r.disk.Flush(e)
}

// Durable delivers the responses that waited for the disk.
func (r *replica) Durable(e sim.Env, due []*pb.Message) { r.deliver(e, due) }

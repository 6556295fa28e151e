package raft

import (
	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/models/store"
	"faultline/sim"
)

// A quiet makes idle time cheap: it answers the heartbeats of a follower's
// leader in the library's place. To the library such a heartbeat that says
// nothing new does one thing: the follower's count of ticks begins anew. So it is
// shown only the latest one, and the ticks since, before anything else.
type quiet struct {
	beat     *pb.Message // the latest heartbeat that the library was not shown, or nil
	ticks    int         // since then
	reply    *message    // to every heartbeat of this term that asks nothing
	owed     *message    // to one that asks for a read index, when the replica settles; or nil
	replies  *store.Slab[message]
	answered bool // the library is about to answer one that was answered here
}

// answerBeat answers m if it is a heartbeat that says nothing new, and reports whether it did.
func (r *replica) answerBeat(e sim.Env, from sim.NodeID, m *pb.Message) bool {
	q := &r.quiet
	if m.GetType() != pb.MsgHeartbeat || r.role != etcd.StateFollower || m.GetTerm() != r.term || m.GetFrom() != r.leader ||
		m.GetCommit() > r.commit || r.settling != 0 {
		return false
	}
	q.beat, q.ticks = m, 0
	r.election.elapsed = 0
	if q.reply == nil || *q.reply.Term != r.term {
		q.reply = (*message)(&pb.Message{Type: pb.MsgHeartbeatResp.Enum(), To: m.From, From: new(r.id), Term: new(r.term)})
	}
	if len(m.GetContext()) == 0 {
		e.Send(from, q.reply)
		return true
	}
	q.owed = q.replies.New(message{Type: q.reply.Type, To: q.reply.To, From: q.reply.From, Term: q.reply.Term, Context: m.Context})
	r.unsettle(e)
	return true
}

// answerOwed sends the answer that waited until all that arrived in this instant
// was taken in.
func (r *replica) answerOwed(e sim.Env) {
	if owed := r.quiet.owed; owed != nil {
		r.quiet.owed = nil
		e.Send(r.cfg.Replicas[*owed.To-1], owed)
	}
}

// tick counts a tick for the library, now or when it is shown the last heartbeat.
func (q *quiet) tick(node *etcd.RawNode) {
	if q.beat != nil {
		q.ticks++
	} else {
		node.TickQuiesced()
	}
}

// catchUp shows the library what was kept from it.
func (q *quiet) catchUp(node *etcd.RawNode) {
	if q.beat == nil {
		return
	}
	must(node.Step(q.beat))
	for range q.ticks {
		node.TickQuiesced()
	}
	q.beat, q.answered, q.owed = nil, q.owed == nil, nil // an answer that is still owed is the library's to give
}

// repeats reports whether m is the library's answer to a heartbeat that was answered already.
func (q *quiet) repeats(m *pb.Message) bool {
	if !q.answered || m.GetType() != pb.MsgHeartbeatResp {
		return false
	}
	q.answered = false
	return true
}

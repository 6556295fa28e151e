package raft

import (
	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/models/store"
	"faultline/sim"
)

// An election is a replica's patience with its leader. The library draws its
// election timeouts from crypto/rand, which no seed repeats, and offers no other
// source. But only the Tick of a replica that does not lead ever looks at them.
// So none is ever called: a leader gets Tick, which sends heartbeats and checks
// its quorum by the fixed election timeout, and everyone else gets TickQuiesced,
// which counts for the promise not to vote while a leader is heard, and no more.
// When to stand for election is counted here, by the library's own rules.
type election struct {
	timeout int  // ticks, fixed
	spread  int  // ticks; timeout in the library
	patient int  // ticks, drawn anew from timeout to timeout+spread-1 whenever the role or the term changes
	fresh   bool // a candidate that a majority turned down counts anew, too
	elapsed int  // ticks since the leader was heard, a vote was given, or the role or the term changed
}

// restart draws a new patience, as the library does in its reset.
func (el *election) restart(rand *sim.Stream) {
	el.elapsed = 0
	el.patient = el.timeout + rand.IntN(el.spread)
}

// tick is one interval of the replica's own oscillator.
func (r *replica) tick(e sim.Env) {
	r.ticker = e.After(r.tickTime)
	if r.settling != 0 {
		r.settle(e) // what came in this instant came before the tick
	}
	r.age++
	r.rejected = rejection{}
	if r.leads() {
		r.node.Tick()
		r.giveUpTransfers()
		r.settle(e)
		return
	}
	r.quiet.tick(r.node)
	r.election.elapsed++
	if r.election.elapsed >= r.election.patient && r.stands {
		r.campaign(e)
	}
}

// campaign stands for election.
func (r *replica) campaign(e sim.Env) {
	// A follower begins to count anew when it becomes a candidate. It does not
	// while a snapshot is on its way to the disk; then it tries again next tick.
	if r.role != etcd.StateFollower {
		r.election.elapsed = 0
	}
	r.quiet.catchUp(r.node)
	must(r.node.Campaign())
	r.settle(e)
}

// hear notes that a leader's message came.
func (r *replica) hear(m *pb.Message) {
	switch m.GetType() {
	case pb.MsgApp, pb.MsgHeartbeat, pb.MsgSnap:
		r.heardIn = max(r.heardIn, m.GetTerm())
	}
}

// heard resets the patience of a replica that heard the leader of its present term.
func (r *replica) heard() {
	if r.heardIn > 0 && r.heardIn == r.term {
		r.election.elapsed = 0
	}
	r.heardIn = 0
}

// voted resets the patience of a replica that gives its vote to another.
func (r *replica) voted(responses []*pb.Message) {
	for _, m := range responses {
		if m.GetType() == pb.MsgVoteResp && !m.GetReject() && m.GetTo() != r.id {
			r.election.elapsed = 0
		}
	}
}

// observe takes in what a Ready says about role, leader and term.
func (r *replica) observe(e sim.Env, rd *etcd.Ready) {
	role, term, led := r.role, r.term, r.leads()
	if rd.SoftState != nil {
		r.leader, r.role = rd.SoftState.Lead, rd.SoftState.RaftState
	}
	if rd.HardState != nil {
		r.term, r.commit = rd.HardState.GetTerm(), rd.HardState.GetCommit()
	}
	if r.role == role && r.term == term {
		return
	}
	turnedDown := role == etcd.StateCandidate && r.role == etcd.StateFollower && r.term == term && r.leader == etcd.None
	if !turnedDown || r.election.fresh {
		r.election.restart(e.Rand())
	}
	if led {
		r.abdicate(e)
	}
	if r.leads() {
		r.cfg.Leads(e.Self(), int(r.term))
	}
}

// tooYoung reports whether m asks for a vote that a restarted replica must not
// give yet: it may have heard a leader just before it crashed, and that leader
// may count on its silence for a lease. The library forgets this in a crash; an
// empty log has heard no leader.
func (r *replica) tooYoung(m *pb.Message) bool {
	if r.reads.mode != readClockLease || r.age >= r.election.timeout || !r.journal.found {
		return false
	}
	return m.GetType() == pb.MsgVote || m.GetType() == pb.MsgPreVote
}

// stands reports whether a replica ever stands for election. Others vote, and their
// patience is of no consequence.
func stands(cfg store.Config, id sim.NodeID) bool {
	n := cfg.Int("candidates")
	return n == 0 || cfg.Index(id) < n
}

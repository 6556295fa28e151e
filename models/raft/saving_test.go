package raft

import (
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
	"faultline/sim/dist"
)

// A listener carries messages in a millisecond and notes what a follower acknowledges when.
type listener struct {
	sim   *sim.Sim
	ear   sim.NodeID          // who is listened to
	acked map[uint64]sim.Time // by index: when the follower first acknowledged that or more
}

func (l *listener) Carry(from, to sim.NodeID, msg any) sim.Fate {
	if m, ok := msg.(*message); ok && from == l.ear && *m.Type == pb.MsgAppResp && m.Reject == nil {
		index := (*pb.Message)(m).GetIndex()
		if _, again := l.acked[index]; !again {
			l.acked[index] = l.sim.Now()
		}
	}
	return sim.Arrives(time.Millisecond)
}

// silence is a client that wants no answer.
type silence struct{ env sim.Env }

func (c *silence) Start(e sim.Env)                { c.env = e }
func (*silence) Receive(sim.Env, sim.NodeID, any) {}
func (*silence) Timer(sim.Env, sim.TimerID)       {}
func (c *silence) write(to sim.NodeID, id call.ID) {
	c.env.Send(to, &store.Request{
		Header: call.Header{ID: id, Token: call.Token{Client: int64(c.env.Self()), Seq: uint64(id)}},
		Kind:   history.Write, Key: "x", In: history.Num(int64(id)),
	})
}

// A follower's disk is slow. Two entries come, one after the other, so that the
// second waits until the first is saved; meanwhile the others commit the first,
// and the leader's word of it reaches the follower. Whatever the follower answers
// to that, it acknowledges no entry that its disk does not have.
func TestNothingIsAcknowledgedBeforeItIsSaved(t *testing.T) {
	const slow = 50 * time.Millisecond
	for _, fast := range []int{3, 1} { // replicas beside the leader and the slow one; with one, it is the slow one that commits
		s := sim.New(1)
		wire := &listener{sim: s, acked: map[uint64]sim.Time{}, ear: sim.None}
		s.Use(wire)
		cfg := store.Config{Master: sim.None, Values: Model.Defaults(nil)}
		for i := range sim.NodeID(fast + 2) {
			cfg.Replicas = append(cfg.Replicas, i)
		}
		replicas := make([]*replica, len(cfg.Replicas))
		for i, id := range cfg.Replicas {
			s.Add(id, func() sim.Handler {
				replicas[i] = newReplica(cfg, id)
				return replicas[i]
			})
		}
		client := &silence{}
		s.Add(90, func() sim.Handler { return client })
		s.Run(sim.Time(5 * time.Second))
		leader := 0
		for i, r := range replicas {
			if r.Leads() {
				leader = i
			}
		}
		wire.ear = cfg.Replicas[(leader+1)%len(replicas)]
		s.SetDisk(wire.ear, dist.Constant(slow))
		if fast == 1 { // the third is down: the slow one is needed
			s.Crash(cfg.Replicas[(leader+2)%len(replicas)], sim.LoseUnsynced)
		}
		begin := s.Now()
		last, _ := replicas[leader].journal.LastIndex()
		client.write(cfg.Replicas[leader], 1)
		s.Run(begin.Add(2 * time.Millisecond))
		client.write(cfg.Replicas[leader], 2)
		s.Run(begin.Add(time.Second))
		for i, atLeast := range []time.Duration{slow, 2 * slow} {
			at, ok := wire.acked[last+uint64(i)+1]
			if !ok || at.Sub(begin) < atLeast {
				t.Errorf("%d fast: entry %d was acknowledged %v after %v, want at least %v", fast, i+1, ok, at.Sub(begin), atLeast)
			}
		}
	}
}

package raft_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/raft"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// newStore returns a run with a store of n replicas whose disks take no time.
func newStore(n int) (*sim.Sim, store.Config) {
	cfg := config(n, nil, "")
	s := sim.New(1)
	s.Use(&wire{delay: time.Millisecond})
	for _, id := range cfg.Replicas {
		s.Add(id, func() sim.Handler { return raft.Model.Replica(cfg, id) })
	}
	return s, cfg
}

// A writer is a closed-loop client: it sends a write as soon as the last one is
// answered, to whom the last answer named.
type writer struct {
	replicas []sim.NodeID
	to       int
	seq      uint64
	done     *int
}

func (w *writer) Start(e sim.Env) { w.next(e) }

func (w *writer) next(e sim.Env) {
	w.seq++
	e.Send(w.replicas[w.to], &store.Request{
		Header: call.Header{ID: call.ID(w.seq), Token: call.Token{Client: int64(e.Self()), Seq: w.seq}},
		Kind:   history.Write, Key: "key", In: history.Num(int64(w.seq)),
	})
}

func (w *writer) Receive(e sim.Env, _ sim.NodeID, msg any) {
	reply := msg.(*store.Reply)
	switch {
	case reply.Status == history.OK:
		*w.done++
		w.next(e)
	case reply.Hint != sim.None:
		w.to = int(reply.Hint)
		w.next(e)
	default:
		w.to = (w.to + 1) % len(w.replicas)
		e.After(100 * time.Millisecond)
	}
}

func (w *writer) Timer(e sim.Env, _ sim.TimerID) { w.next(e) }

// BenchmarkRaftCommits measures wall time per committed write of 64 clients to 5 replicas.
func BenchmarkRaftCommits(b *testing.B) {
	s, cfg := newStore(5)
	done := 0
	for i := range 64 {
		s.Add(sim.NodeID(100+i), func() sim.Handler { return &writer{replicas: cfg.Replicas, done: &done} })
	}
	s.Run(sim.Time(5 * time.Second))
	if done == 0 {
		b.Fatal("no leader")
	}
	b.ReportAllocs()
	b.ResetTimer()
	target := done + b.N
	for done < target {
		s.Run(s.Now().Add(10 * time.Millisecond))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// BenchmarkRaftIdle measures wall time per virtual second of 5 replicas with nothing to do but 100 ms ticks.
func BenchmarkRaftIdle(b *testing.B) {
	s, _ := newStore(5)
	s.Run(sim.Time(5 * time.Second))
	b.ReportAllocs()
	b.ResetTimer()
	s.Run(s.Now().Add(time.Duration(b.N) * time.Second))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "virtual-s/s")
}

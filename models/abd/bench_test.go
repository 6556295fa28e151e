package abd_test

import (
	"strconv"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/abd"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// steady carries every message in a time of its own, around 1 ms.
type steady struct{ r *sim.Stream }

func (w steady) Carry(_, _ sim.NodeID, _ any) sim.Fate {
	return sim.Arrives(time.Millisecond + time.Duration(w.r.Uint64()&0xffff))
}

// A worker is a closed-loop client: it asks again as soon as it is answered.
type worker struct {
	id   sim.NodeID
	asks sim.NodeID
	keys []string
	left *int
	seq  uint64
}

func (w *worker) Start(e sim.Env)          { w.next(e) }
func (*worker) Timer(sim.Env, sim.TimerID) {}
func (w *worker) Receive(e sim.Env, _ sim.NodeID, msg any) {
	if r := msg.(*store.Reply); r.Status == history.OK && uint64(r.ID) == w.seq {
		w.next(e)
	}
}

func (w *worker) next(e sim.Env) {
	if *w.left == 0 {
		return
	}
	*w.left--
	w.seq++
	req := &store.Request{Kind: history.Kind(w.seq & 1), Key: w.keys[e.Rand().IntN(len(w.keys))]}
	req.ID, req.Attempt, req.Token = call.ID(w.seq), 1, call.Token{Client: int64(w.id), Seq: w.seq}
	req.In = history.Num(int64(w.id)<<32 | int64(w.seq))
	e.Send(w.asks, req)
}

// 10,000 operations, half of them writes, by 20 clients at 5 replicas on 10 keys.
func BenchmarkABD(b *testing.B) {
	const replicas, clients, ops = 5, 20, 10_000
	cfg := store.Config{Master: sim.None, Values: abd.Model.Defaults(nil)}
	for id := range sim.NodeID(replicas) {
		cfg.Replicas = append(cfg.Replicas, id)
	}
	keys := make([]string, 10)
	for i := range keys {
		keys[i] = "k" + strconv.Itoa(i)
	}
	s := sim.New(1)
	b.ReportAllocs()
	for b.Loop() {
		s.Reset(1)
		s.Use(steady{s.Stream("wire")})
		for _, id := range cfg.Replicas {
			s.Add(id, func() sim.Handler { return abd.Model.Replica(cfg, id) })
		}
		left := ops
		for c := range clients {
			w := &worker{id: sim.NodeID(100 + c), asks: sim.NodeID(c % replicas), keys: keys, left: &left}
			s.Add(w.id, func() sim.Handler { return w })
		}
		for left > 0 {
			s.Run(s.Now().Add(time.Second))
		}
	}
	b.ReportMetric(float64(s.Stats().Events)/ops, "events/op")
}

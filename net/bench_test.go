package net

import (
	"container/heap"
	"fmt"
	"runtime"
	"testing"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// The message path: every node sends 4 tokens; whoever gets one sends it on to a
// random node. One operation is one message: keyed fate draw, loss, partition
// check, delivery to a typed handler, trace hash.

const tokensPerNode = 4

// The network of the benchmarks: a third of the scale of the events' spread does not matter.
func benchLaw() *dist.Law { return dist.Exponential(time.Millisecond).Plus(100 * time.Microsecond) }

type bouncer struct{ nodes int }

type token struct{ hops int }

func (b *bouncer) Start(e sim.Env) {
	for range tokensPerNode {
		e.Send(b.next(e), &token{})
	}
}

func (b *bouncer) next(e sim.Env) sim.NodeID {
	to := sim.NodeID(e.Rand().Uint64() >> 32 * uint64(b.nodes-1) >> 32)
	if to >= e.Self() {
		to++
	}
	return to
}

func (b *bouncer) Receive(e sim.Env, _ sim.NodeID, msg any) {
	msg.(*token).hops++
	e.Send(b.next(e), msg)
}

func (b *bouncer) Timer(sim.Env, sim.TimerID) {}

// states are those in which the message path is measured.
var states = []struct {
	name    string
	options Options
	cut     bool // a partition is active, of a node that nobody talks to
}{
	{"calm", Options{}, false},
	{"partition", Options{}, true},
	{"loss-everywhere", Options{Effect: Effect{Loss: 1e-9}}, false},
}

func BenchmarkMessage(b *testing.B) {
	for _, nodes := range []int{3, 5, 10, 100, 1000, 10_000} {
		for _, state := range states {
			b.Run(fmt.Sprintf("%s/%d", state.name, nodes), func(b *testing.B) { benchMessages(b, nodes, state.options, state.cut) })
		}
		b.Run(fmt.Sprintf("naive/%d", nodes), func(b *testing.B) { benchNaive(b, nodes) })
	}
}

func benchMessages(b *testing.B, nodes int, o Options, cut bool) {
	s := sim.New(1)
	n := New(s, Flat(benchLaw()), o)
	var ids []sim.NodeID
	for i := range nodes {
		ids = append(ids, sim.NodeID(i))
		s.Add(sim.NodeID(i), func() sim.Handler { return &bouncer{nodes} })
	}
	if cut {
		n.Cut(Between([]sim.NodeID{sim.NodeID(nodes)}, ids))
	}
	s.Run(sim.Time(20 * time.Millisecond)) // warm up: reach the greatest number of pending events
	b.ReportAllocs()
	b.ResetTimer()
	start := n.Stats().Sent
	for n.Stats().Sent-start < uint64(b.N) {
		s.Run(s.Now().Add(time.Millisecond))
	}
	b.StopTimer()
	b.ReportMetric(float64(n.Stats().Sent-start)/b.Elapsed().Seconds()/1e6, "M/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(n.Stats().Sent-start), "ns/op")
}

// BenchmarkMemory measures what a node takes, and each token under way, once a
// hundred messages a node have gone their ways: in bytes of the heap.
func BenchmarkMemory(b *testing.B) {
	for _, nodes := range []int{10, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			heap := func() uint64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			var bytes uint64
			for b.Loop() {
				before := heap()
				s := sim.New(1)
				n := New(s, Flat(benchLaw()), Options{})
				for id := range sim.NodeID(nodes) {
					s.Add(id, func() sim.Handler { return &bouncer{nodes} })
				}
				for n.Stats().Sent < uint64(100*nodes) {
					s.Run(s.Now().Add(time.Millisecond))
				}
				bytes += heap() - before
				runtime.KeepAlive(s)
			}
			b.ReportMetric(float64(bytes)/float64(b.N)/float64(nodes), "B/node")
		})
	}
}

// The naive simulator: closures on container/heap, a map of cut links, one shared
// random source, as one writes it in an hour.

type naiveEvent struct {
	at  time.Duration
	seq int
	do  func()
}

type naiveQueue []*naiveEvent

func (q naiveQueue) Len() int { return len(q) }
func (q naiveQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q naiveQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *naiveQueue) Push(x any)   { *q = append(*q, x.(*naiveEvent)) }
func (q *naiveQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

type naiveSim struct {
	now   time.Duration
	seq   int
	queue naiveQueue
	rand  *sim.Stream
	law   *dist.Law
	cut   [][]bool
	sent  int
	hash  uint64
}

func (s *naiveSim) send(from, to int, msg *token, receive func(to int, msg *token)) {
	s.sent++
	delay := s.law.Sample(s.rand.Uint64())
	if s.cut[from][to] || s.rand.Float64() < 1e-9 {
		return
	}
	s.seq++
	heap.Push(&s.queue, &naiveEvent{at: s.now + delay, seq: s.seq, do: func() {
		s.hash = sim.Mix(s.hash ^ uint64(s.now) ^ uint64(from)<<32 ^ uint64(to))
		receive(to, msg)
	}})
}

func benchNaive(b *testing.B, nodes int) {
	s := &naiveSim{rand: sim.NewStream(1, "naive"), law: benchLaw(), cut: make([][]bool, nodes)}
	for i := range s.cut {
		s.cut[i] = make([]bool, nodes)
	}
	var receive func(at int, msg *token)
	receive = func(at int, msg *token) {
		msg.hops++
		to := s.rand.IntN(nodes - 1)
		if to >= at {
			to++
		}
		s.send(at, to, msg, receive)
	}
	for i := range nodes {
		for range tokensPerNode {
			receive(i, &token{})
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		e := heap.Pop(&s.queue).(*naiveEvent)
		s.now = e.at
		e.do()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
}

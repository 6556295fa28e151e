package sim

import (
	"container/heap"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// The hold model: pop the earliest event, push it back later (Jones, CACM 1986).
func BenchmarkHold(b *testing.B) {
	for _, pending := range []int{100, 10_000, 100_000, 1_000_000} {
		for _, law := range holdLaws {
			b.Run(fmt.Sprintf("wheel/%s/%d", law.name, pending), func(b *testing.B) { holdWheel(b, pending, law.next) })
		}
		b.Run(fmt.Sprintf("container-heap/exponential/%d", pending), func(b *testing.B) { holdHeap(b, pending) })
	}
}

var holdLaws = []struct {
	name string
	next func(r *Stream) Time
}{
	{"exponential", exponential},
	{"constant", func(*Stream) Time { return 1_000_000 }},
	{"bimodal", func(r *Stream) Time {
		if r.Uint64()&7 == 0 {
			return Time(1_000_000 + r.Uint64()&0xfffff)
		}
		return Time(1000 + r.Uint64()&0x3ff)
	}},
}

// exponential draws from an exponential law with mean 1 ms, out of a table that is
// small, so that it takes neither time nor cache from the queue.
func exponential(r *Stream) Time { return delays[r.Uint64()%uint64(len(delays))] }

var delays = func() (table [512]Time) {
	for i := range table {
		table[i] = Time(-1e6 * math.Log((float64(i)+0.5)/float64(len(table))))
	}
	return table
}()

func holdWheel(b *testing.B, pending int, next func(*Stream) Time) {
	var q queue
	r := newStream(1, 1)
	for range pending {
		q.pushMessage(next(r), 0, 0, nil)
	}
	var ev event
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		q.pop(Forever, &ev)
		q.pushMessage(ev.at+next(r), ev.node, ev.from, ev.msg)
	}
}

type heapItem struct {
	at  Time
	seq uint64
	_   event // of the same size as in the wheel
}
type boxedHeap []*heapItem

func (h boxedHeap) Len() int { return len(h) }
func (h boxedHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h boxedHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *boxedHeap) Push(x any)   { *h = append(*h, x.(*heapItem)) }
func (h *boxedHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func holdHeap(b *testing.B, pending int) {
	var h boxedHeap
	r := newStream(1, 1)
	seq := uint64(0)
	for range pending {
		seq++
		heap.Push(&h, &heapItem{at: exponential(r), seq: seq})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		it := heap.Pop(&h).(*heapItem)
		seq++
		heap.Push(&h, &heapItem{at: it.at + exponential(r), seq: seq})
	}
}

// BenchmarkCalibration is work of a fixed kind, to measure all other benchmarks by:
// random reads of a table of 1 MB, which no event machine does without.
func BenchmarkCalibration(b *testing.B) {
	table := make([]uint64, 1<<17)
	r := newStream(1, 1)
	for i := range table {
		table[i] = r.Uint64()
	}
	at := uint64(0)
	b.ResetTimer()
	for range b.N {
		for range 8 {
			at = mix(at ^ table[at%uint64(len(table))])
		}
	}
	if at == 0 {
		b.Fatal("the chain of draws ended at 0")
	}
}

// BenchmarkTraceHash measures what the trace hash takes of the kernel alone: the
// same tokens with and without it, in short turns, of whose times it compares the
// medians. A message of a network takes half as long again, so that the share is less there.
func BenchmarkTraceHash(b *testing.B) {
	with, without := bouncing(5), bouncing(5)
	var spent [2][]time.Duration
	for with.stats.Delivered < uint64(b.N) {
		for i, run := range []func(){
			func() { with.Run(with.now + 10_000_000) },
			func() { without.runUnhashed(without.now + 10_000_000) },
		} {
			start := time.Now()
			run()
			spent[i] = append(spent[i], time.Since(start))
		}
	}
	if with.stats != without.stats {
		b.Fatalf("with a hash %+v, without %+v", with.stats, without.stats)
	}
	for i := range spent {
		slices.Sort(spent[i])
	}
	middle := len(spent[0]) / 2
	b.ReportMetric(100-100*float64(spent[1][middle])/float64(spent[0][middle]), "%")
}

// runUnhashed is Run without the hash.
func (s *Sim) runUnhashed(until Time) {
	s.halted = false
	for e := s.queue.next(min(until, s.outbox.due-1)); e != nil; e = s.queue.next(min(until, s.outbox.due-1)) {
		if s.queue.first == 0 && len(s.nodes) >= manyNodes {
			s.approach()
		}
		s.now = e.at
		s.stats.Events++
		s.deliver(e)
	}
	s.now = until
}

// A timeout that a reply cancels, 100 ms set for a 1 ms reply.
func BenchmarkCancel(b *testing.B) {
	var q queue
	var armed [400]TimerID
	b.ReportAllocs()
	for i := range b.N {
		slot := i % len(armed)
		q.cancel(armed[slot])
		armed[slot] = q.push(100_000_000, evTimer, 0, None, 0, nil)
	}
}

type bouncer struct{ peers int }

func (bouncer) Start(Env)          {}
func (bouncer) Timer(Env, TimerID) {}
func (h *bouncer) Receive(e Env, _ NodeID, msg any) {
	e.Send(NodeID(e.Rand().IntN(h.peers)), msg)
}

type bareWire struct{ r *Stream }

func (w bareWire) Carry(NodeID, NodeID, any) Fate {
	return Arrives(time.Duration(1 + w.r.Uint64()&0xfffff))
}

// The kernel alone: tokens bounce between nodes over a wire that only draws a delay.
func BenchmarkBounce(b *testing.B) {
	for _, nodes := range []int{5, 1000} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			s := bouncing(nodes)
			b.ReportAllocs()
			b.ResetTimer()
			for s.stats.Delivered < uint64(b.N) {
				s.Run(s.now + 1_000_000)
			}
		})
	}
}

// bouncing returns a run in which every node has sent four tokens.
func bouncing(nodes int) *Sim {
	s := New(1)
	s.Use(bareWire{s.Stream("wire")})
	for id := range nodes {
		s.Add(NodeID(id), func() Handler { return &bouncer{nodes} })
	}
	s.Run(0)
	for id := range nodes {
		for range 4 {
			s.send(NodeID(id), NodeID((id+1)%nodes), nil)
		}
	}
	return s
}

// BenchmarkDraw draws from one stream, and from each of a thousand in turn.
func BenchmarkDraw(b *testing.B) {
	for _, streams := range []int{1, 1000} {
		b.Run(fmt.Sprint(streams), func(b *testing.B) {
			all := make([]Stream, streams)
			sum, at := uint64(0), 0
			for range b.N {
				sum += all[at].Uint64()
				if at++; at == streams {
					at = 0
				}
			}
			if sum == 0 {
				b.Fatal("all draws add up to 0")
			}
		})
	}
}

func BenchmarkScriptSwitch(b *testing.B) {
	s := New(1)
	s.Go(None, "sleeper", func(p *Proc) {
		for {
			p.Sleep(1)
		}
	})
	b.ReportAllocs()
	b.ResetTimer()
	s.Run(Time(b.N))
	b.StopTimer()
	s.Close()
}

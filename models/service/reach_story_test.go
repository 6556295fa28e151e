package service

import (
	"fmt"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/net/policy"
	"faultline/sim"
)

// who lists which replicas of the called service get the requests of a client about a key.
func who(t *testing.T, inner Service, origin int, key string) []sim.NodeID {
	t.Helper()
	inner.Name = "work"
	front := Service{Name: "front", Replicas: 3, Stages: [][]Call{{{To: "work", Policy: attempts(1)}}}}
	front.Stages[0][0].Policy.Balance = policy.RoundRobin
	s := newStage(t, &Graph{Services: []Service{front, inner}})
	defer s.Close()
	var got []sim.NodeID
	s.Trace(func(tr sim.Trace) {
		if req, ok := tr.Msg.(*store.Request); ok && tr.What == sim.Deliver && tr.Node >= 3 {
			if req.Origin != origin {
				t.Errorf("a request of client %d comes under the name of %d", origin, req.Origin)
			}
			got = append(got, tr.Node)
		}
	})
	for i := range 24 {
		req := &store.Request{Kind: history.Read, Key: key}
		req.ID, req.Origin = call.ID(i+1), origin
		s.Inject(client, sim.NodeID(i%3), req)
		s.Run(s.Now().Add(ms))
	}
	slices.Sort(got)
	return slices.Compact(got)
}

// A client, or key, has the same replicas behind every replica of the service before
// them, and another may have others.
func TestShardsOfInnerServices(t *testing.T) {
	for _, c := range []struct {
		about Service
		size  int
	}{
		{Service{Replicas: 6}, 6},
		{Service{Replicas: 6, Shard: 2}, 2},
		{Service{Replicas: 6, Shard: 2, Cells: true}, 2},
		{Service{Replicas: 7, Shard: 2, Cells: true}, 2}, // the last one is nobody's
		{Service{Replicas: 6, Shard: 3, ByKey: true}, 3},
		{Service{Replicas: 6, Shard: 1, Cells: true, ByKey: true}, 1},
	} {
		seen := map[string]bool{}
		for n := range 12 {
			origin, key := n+1, fmt.Sprint("k", n)
			got := who(t, c.about, origin, key)
			if len(got) != c.size {
				t.Fatalf("%+v: client %d, key %s is served by %v, want %d replicas", c.about, origin, key, got, c.size)
			}
			if c.about.ByKey {
				if again := who(t, c.about, 99, key); !slices.Equal(again, got) {
					t.Errorf("%+v: key %s is served by %v for one client and by %v for another", c.about, key, got, again)
				}
			} else if again := who(t, c.about, origin, "other"); !slices.Equal(again, got) {
				t.Errorf("%+v: client %d is served by %v for one key and by %v for another", c.about, origin, got, again)
			}
			seen[fmt.Sprint(got)] = true
		}
		if n := len(seen); (n == 1) != (c.size == 6) {
			t.Errorf("%+v: 12 clients and keys are served by %d different groups", c.about, n)
		}
	}
}

// A breaker per shard that one shard has opened lets calls about another through; one per service does not.
func TestBreakersPerShard(t *testing.T) {
	for _, per := range []policy.Scope{policy.PerService, policy.PerShard} {
		front := Service{Name: "front", Replicas: 1, Stages: [][]Call{{{To: "work", Policy: attempts(1)}}}}
		p := &front.Stages[0][0].Policy
		p.Breaker, p.BreakerPer = policy.BreakerPolicy{Rule: policy.Consecutive, Failures: 1, Open: 10e9}, per
		work := Service{Name: "work", Replicas: 3, Shard: 1, Cells: true, ByKey: true}
		s := newStage(t, &Graph{Services: []Service{front, work}})
		ask := func(id int, key string) {
			req := &store.Request{Kind: history.Read, Key: key}
			req.ID = call.ID(id)
			s.Inject(client, 0, req)
			s.Run(s.Now().Add(100 * ms))
		}
		keys := map[int]string{}
		for n := 0; len(keys) < 3; n++ {
			key := fmt.Sprint("k", n)
			keys[work.ShardOfKey(key)] = key
		}
		s.Crash(1, sim.KeepAll) // the replica of shard 0
		ask(1, keys[0])
		ask(2, keys[0])
		ask(3, keys[1])
		want := []string{"20: client hears of 1: failed 0", "100: client hears of 2: failed 0", "200: client hears of 3: ok 0"}
		if per == policy.PerService {
			want[2] = "200: client hears of 3: failed 0"
		}
		s.expect(t, want...)
	}
}

// Which requests need a call their tokens decide: all attempts of one do, or none, and
// another call at the same place is needed by others.
func TestCallsForAShareOfTheRequests(t *testing.T) {
	g := each(graph("front: a b", "a:", "b:"), func(c *Call) { c.Share = 0.25 })
	r := newReplica(&world{Graph: g}, configOf(6), &g.Services[0], 0)
	a, b := r.stages[0][0], r.stages[1][0]
	other := newReplica(&world{Graph: g}, configOf(6), &g.Services[0], 1).stages[0][0]
	n, both := 0, 0
	for seq := range uint64(4000) {
		q := &request{req: &store.Request{Header: call.Header{ID: 1, Token: call.Token{Client: 7, Seq: seq + 1}}}}
		retry := &request{from: 3, req: &store.Request{Header: call.Header{ID: 2, Token: q.req.Token, Attempt: 2}}}
		if a.needs(q) != a.needs(retry) {
			t.Fatal("a request needs a call at one attempt and not at the other")
		}
		if a.needs(q) != other.needs(retry) {
			t.Fatal("a request needs a call at one replica and not at the other, which its retry asks")
		}
		if a.needs(q) {
			n++
			if b.needs(q) {
				both++
			}
		}
	}
	if n < 900 || n > 1100 || both < 190 || both > 310 {
		t.Errorf("of 4000 requests %d need a call for a quarter of them, and %d two such calls", n, both)
	}
}

// blocking makes the first service keep so many workers at its requests.
func blocking(g *Graph, workers int) *Graph {
	g.Services[0].Server = &sim.Server{Workers: workers, Service: exactly(1), Blocking: true}
	return g
}

// A worker that waits for an answer does nothing else: with one of them, the second
// request is begun when the first is answered.
func TestAWorkerIsKeptUntilTheAnswer(t *testing.T) {
	for _, keep := range []bool{false, true} {
		g := blocking(plain(graph("front: store")), 1)
		g.Services[0].Server.Blocking = keep
		s := newStage(t, g, "silence")
		s.ask(0, history.Read)
		s.ask(0, history.Read)
		want := []string{"1: store gets read 50.1 attempt 1: silence", "2: store gets read 50.2 attempt 1: silence", "21: client hears of 1: failed 0", "22: client hears of 2: failed 0"}
		if keep {
			want = []string{"1: store gets read 50.1 attempt 1: silence", "21: client hears of 1: failed 0", "22: store gets read 50.2 attempt 1: silence", "42: client hears of 2: failed 0"}
		}
		s.expect(t, want...)
	}
}

// Whatever becomes of a request, its worker is let go: one that comes twice, one too many, one that is taken back.
func TestWorkersAreLetGo(t *testing.T) {
	g := blocking(each(graph("front: store"), func(c *Call) { c.Policy.Cancel = true }), 2)
	g.Services[0].Concurrent = 1
	s := newStage(t, g, "silence", "ok")
	s.ask(0, history.Read)
	s.ask(1, history.Read) // one too many
	s.asked--
	s.ask(4, history.Read) // the same once more
	s.At(sim.Time(10*ms), func() { s.Inject(client, 1, call.Cancel{ID: 1}) })
	s.ask(11, history.Read)
	s.ask(14, history.Read)
	s.expect(t, "1: store gets read 50.1 attempt 1: silence", "2: client hears of 2: failed 0",
		"10: store is told to stop", "12: store gets read 50.3 attempt 1: ok", "13: client hears of 3: ok 7",
		"15: store gets read 50.4 attempt 1: ok", "16: client hears of 4: ok 7")
}

// What a caller takes back is taken back from those below, and gets no answer.
func TestCancelGoesDown(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		g := each(graph("front: mid", "mid: store"), func(c *Call) {
			c.Policy = attempts(1)
			c.Policy.AttemptTimeout, c.Policy.Cancel = 200*ms, cancel
		})
		g.Services[0].Stages[0][0].Policy.AttemptTimeout = 50 * ms
		s := newStage(t, g, "silence")
		s.ask(0, history.Write)
		want := []string{"0: store gets write 50.1 attempt 1: silence", "50: client hears of 1: unknown 0", "50: store is told to stop"}
		if !cancel {
			want = want[:2]
		}
		s.expect(t, want...)
	}
}

// One for whose answer another request waits is not taken back.
func TestCancelLeavesWhatOthersWaitFor(t *testing.T) {
	s := newStage(t, cached(func(c *Call) { c.Coalesce, c.Policy.Cancel = true, true }), "ok")
	s.ask(0, history.Read)
	s.ask(0, history.Read)
	s.Inject(client, 1, call.Cancel{ID: 1})
	s.At(0, func() { s.Inject(client, 1, call.Cancel{ID: 1}) })
	s.expect(t, "0: store gets read 50.1 attempt 1: ok", "1: client hears of 2: ok 7")
}

// A call that was given up holds no place in a bulkhead.
func TestCancelFreesTheBulkhead(t *testing.T) {
	g := each(graph("front: store"), func(c *Call) {
		c.Policy.Limiter = policy.LimiterPolicy{Rule: policy.Fixed, Initial: 1}
	})
	s := newStage(t, g, "silence", "ok")
	s.ask(0, history.Read)
	s.At(sim.Time(5*ms), func() { s.Inject(client, 1, call.Cancel{ID: 1}) })
	s.ask(6, history.Read)
	s.expect(t, "0: store gets read 50.1 attempt 1: silence", "6: store gets read 50.2 attempt 1: ok", "7: client hears of 2: ok 7")
}

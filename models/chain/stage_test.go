package chain_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/chain"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
	"faultline/sim/simtest"
)

// A stage is three replicas, a the head and c the tail, a master and a client, on links of 1 ms.
type stage struct {
	*simtest.World
	t      *testing.T
	config store.Config
	client *asker
}

// An asker is a client that a story moves by hand.
type asker struct {
	sim.Env
	id      sim.NodeID
	lastID  call.ID
	replies map[call.ID]store.Reply
}

func (c *asker) Start(e sim.Env)          { c.Env = e }
func (*asker) Timer(sim.Env, sim.TimerID) {}
func (c *asker) Receive(_ sim.Env, _ sim.NodeID, msg any) {
	r := msg.(store.Reply)
	c.replies[r.ID] = r
}

func newStage(t *testing.T, mutant string, set store.Values) *stage {
	w := simtest.NewWorld(1)
	w.Sim.Trace(nil)
	s := &stage{World: w, t: t, client: &asker{replies: map[call.ID]store.Reply{}}}
	s.config = store.Config{Replicas: []sim.NodeID{0, 1, 2}, Master: 3, Values: chain.Model.Defaults(set), Mutant: mutant}
	for id, name := range []string{"a", "b", "c"} {
		w.Add(name, func() sim.Handler { return chain.Model.Replica(s.config, sim.NodeID(id)) })
	}
	w.Add("master", func() sim.Handler { return chain.Model.Master(s.config) })
	s.client.id = w.Add("client", func() sim.Handler { return s.client })
	s.do("run 20ms")
	return s
}

// do carries out commands of the world.
func (s *stage) do(lines ...string) {
	for _, line := range lines {
		s.Play(line)
	}
}

// isolate cuts a node off from all others but the client.
func (s *stage) isolate(name string) {
	for _, other := range []string{"a", "b", "c", "master"} {
		if other != name {
			s.do("cut " + name + " " + other)
		}
	}
}

// request makes a new request.
func (s *stage) request(kind history.Kind, value int64) store.Request {
	s.client.lastID++
	req := store.Request{Kind: kind, Key: "x", In: history.Num(value)}
	req.ID, req.Attempt = s.client.lastID, 1
	req.Token = call.Token{Client: s.client.id, Seq: uint64(req.ID)}
	return req
}

// again makes the next attempt of the same intent.
func (s *stage) again(req store.Request) store.Request {
	s.client.lastID++
	req.ID, req.Attempt = s.client.lastID, req.Attempt+1
	return req
}

// ask sends a request to a replica and waits for the answer for a quarter of a second; without one it is Unknown.
func (s *stage) ask(at string, req store.Request) store.Reply {
	s.client.Send(s.ID(at), req)
	for range 250 {
		if r, ok := s.client.replies[req.ID]; ok {
			return r
		}
		s.do("run 1ms")
	}
	return store.Reply{Status: history.Unknown}
}

// write has a replica write a value, which must succeed.
func (s *stage) write(at string, value int64) {
	s.t.Helper()
	if r := s.ask(at, s.request(history.Write, value)); r.Status != history.OK {
		s.t.Fatalf("%v: write of %d at %s: %v", s.Sim.Now(), value, at, r.Status)
	}
}

// read has a replica read, which must succeed.
func (s *stage) read(at string) int64 {
	s.t.Helper()
	r := s.ask(at, s.request(history.Read, 0))
	if r.Status != history.OK {
		s.t.Fatalf("%v: read at %s: %v", s.Sim.Now(), at, r.Status)
	}
	return r.Value.Num
}

// serves waits until a replica answers a read, for at most 5 s.
func (s *stage) serves(at string) {
	s.t.Helper()
	for deadline := s.Sim.Now().Add(5 * time.Second); s.Sim.Now() < deadline; {
		if r := s.ask(at, s.request(history.Read, 0)); r.Status == history.OK {
			return
		}
	}
	s.t.Fatalf("%v: %s did not serve within 5 s", s.Sim.Now(), at)
}

// agree tests that all replicas hold the same value of x.
func (s *stage) agree(want int64) {
	s.t.Helper()
	for _, name := range []string{"a", "b", "c"} {
		var held history.Value
		s.Sim.Handler(s.ID(name)).(store.Dumper).Dump(func(_ string, v history.Value) { held = v })
		if !held.Equal(history.Num(want)) {
			s.t.Errorf("%v: %s holds %v, want %d", s.Sim.Now(), name, held, want)
		}
	}
}

package quorum_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/quorum"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
	"faultline/sim/simtest"
)

const never = time.Duration(0)

// A stage is three replicas a, b and c (or more) and a client, on links of 1 ms.
type stage struct {
	*simtest.World
	t      *testing.T
	config store.Config
	client *asker
	key    string
	disks  [5]sim.Disk
}

// A watched replica lets the story see its disk.
type watched struct {
	sim.Handler
	disk *sim.Disk
}

func (w watched) Start(e sim.Env) {
	*w.disk = e.Disk()
	w.Handler.Start(e)
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
	return newStageOf(3, t, mutant, set)
}

// newStageOf sets up so many replicas, and a proxy if the settings ask for one.
func newStageOf(replicas int, t *testing.T, mutant string, set store.Values) *stage {
	w := simtest.NewWorld(1)
	w.Sim.Trace(nil)
	s := &stage{World: w, t: t, key: "x", client: &asker{replies: map[call.ID]store.Reply{}}}
	s.config = store.Config{Master: sim.None, Values: quorum.Model.Defaults(set), Mutant: mutant}
	if s.config.Int("copies") == 0 { // stories have five replicas, so that there are stand-ins
		s.config.Values["copies"] = 3
	}
	for id := range replicas {
		s.config.Replicas = append(s.config.Replicas, sim.NodeID(id))
	}
	if err := quorum.Model.Check(s.config); err != nil {
		t.Fatal(err)
	}
	for id, name := range []string{"a", "b", "c", "d", "e"}[:replicas] {
		w.Add(name, func() sim.Handler { return watched{quorum.Model.Replica(s.config, sim.NodeID(id)), &s.disks[id]} })
	}
	if quorum.Model.Proxy(s.config, sim.NodeID(replicas)) != nil {
		w.Add("proxy", func() sim.Handler { return quorum.Model.Proxy(s.config, sim.NodeID(replicas)) })
	}
	s.client.id = w.Add("client", func() sim.Handler { return s.client })
	s.do("run 0s")
	return s
}

// do carries out commands of the world.
func (s *stage) do(lines ...string) {
	for _, line := range lines {
		s.Play(line)
	}
}

// send sends a request to a replica and returns it, so that it can be sent again.
func (s *stage) send(to string, kind history.Kind, value int64) store.Request {
	s.client.lastID++
	req := store.Request{Kind: kind, Key: s.key, In: history.Num(value)}
	req.ID, req.Attempt = s.client.lastID, 1
	req.Token = call.Token{Client: s.client.id, Seq: uint64(req.ID)}
	s.client.Send(s.ID(to), req)
	return req
}

// reply waits for the answer to a request, for at most 5 s.
func (s *stage) reply(req store.Request) store.Reply {
	s.t.Helper()
	for deadline := s.Sim.Now().Add(5 * time.Second); s.Sim.Now() < deadline; {
		if r, ok := s.client.replies[req.ID]; ok {
			return r
		}
		s.do("run 1ms")
	}
	s.t.Fatalf("%v: no answer to %v within 5 s", s.Sim.Now(), req.Kind)
	return store.Reply{}
}

// write has a replica write a value, which must succeed.
func (s *stage) write(at string, value int64) {
	s.t.Helper()
	if r := s.reply(s.send(at, history.Write, value)); r.Status != history.OK {
		s.t.Fatalf("%v: write of %d at %s: %v", s.Sim.Now(), value, at, r.Status)
	}
}

// read has a replica read, which must succeed.
func (s *stage) read(at string) int64 {
	s.t.Helper()
	r := s.reply(s.send(at, history.Read, 0))
	if r.Status != history.OK {
		s.t.Fatalf("%v: read at %s: %v", s.Sim.Now(), at, r.Status)
	}
	return r.Value.Num
}

// holds returns what a replica holds for x.
func (s *stage) holds(name string) int64 {
	var held int64
	s.dump(name, func(_ string, v history.Value) { held = v.Num })
	return held
}

func (s *stage) dump(name string, visit func(string, history.Value)) {
	s.Sim.Handler(s.ID(name)).(watched).Handler.(store.Dumper).Dump(visit)
}

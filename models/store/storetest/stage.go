package storetest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
	"faultline/sim/simtest"
)

// A Stage is where a story about a store plays: replicas a, b, c and so on, and a
// client that the story moves by hand, on links of 1 ms and disks that take no
// time. The master, if the model has one, is called master; the proxy, if the
// settings ask for one, proxy. What the client does is about one key.
type Stage struct {
	*simtest.World
	Config store.Config
	Key    string // x, unless the story changes it

	t        *testing.T
	replicas []string
	disks    map[string]sim.Disk
	client   asker
}

// NewStage returns a stage with so many replicas, all of which have started.
func NewStage(t *testing.T, m *store.Model, replicas int, mutant string, set store.Values) *Stage {
	t.Helper()
	w := simtest.NewWorld(1)
	w.Sim.Trace(nil)
	s := &Stage{World: w, Key: "x", t: t, disks: map[string]sim.Disk{}, client: asker{replies: map[call.ID]*store.Reply{}}}
	s.Config = store.Config{Master: sim.None, Values: m.Defaults(set), Mutant: mutant}
	for id := range sim.NodeID(replicas) {
		s.Config.Replicas = append(s.Config.Replicas, id)
	}
	next := sim.NodeID(replicas)
	if m.Master != nil {
		s.Config.Master = next
	}
	if m.Check != nil {
		if err := m.Check(s.Config); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range s.Config.Replicas {
		name := string(rune('a' + id))
		s.replicas = append(s.replicas, name)
		w.Add(name, func() sim.Handler { return watched{m.Replica(s.Config, id), s, name} })
	}
	if m.Master != nil {
		w.Add("master", func() sim.Handler { return m.Master(s.Config) })
	}
	if m.Proxy != nil && m.Proxy(s.Config, next) != nil {
		w.Add("proxy", func() sim.Handler { return m.Proxy(s.Config, next) })
	}
	s.client.id = w.Add("client", func() sim.Handler { return &s.client })
	s.Do("run 0s")
	return s
}

// A watched replica lets the story see its disk.
type watched struct {
	sim.Handler
	stage *Stage
	name  string
}

func (w watched) Start(e sim.Env) {
	w.stage.disks[w.name] = e.Disk()
	w.Handler.Start(e)
}

// An asker is the client.
type asker struct {
	sim.Env
	id      sim.NodeID
	lastID  call.ID
	replies map[call.ID]*store.Reply
}

func (c *asker) Start(e sim.Env)          { c.Env = e }
func (*asker) Timer(sim.Env, sim.TimerID) {}
func (c *asker) Receive(_ sim.Env, _ sim.NodeID, msg any) {
	r := msg.(*store.Reply)
	c.replies[r.ID] = r
}

// Do carries out commands of the world.
func (s *Stage) Do(lines ...string) {
	for _, line := range lines {
		s.Play(line)
	}
}

// Cut cuts every link between two groups of nodes.
func (s *Stage) Cut(one, other []string) {
	for _, a := range one {
		for _, b := range other {
			s.Do("cut " + a + " " + b)
		}
	}
}

// Split cuts every link between two groups of replicas, named by letters such as ab and cde.
func (s *Stage) Split(one, other string) { s.Cut(strings.Split(one, ""), strings.Split(other, "")) }

// Handler returns the live handler of a replica, or nil while it is down.
func (s *Stage) Handler(name string) sim.Handler {
	w, up := s.Sim.Handler(s.ID(name)).(watched)
	if !up {
		return nil
	}
	return w.Handler
}

// Records returns what a replica would find on its disk if it were started now.
func (s *Stage) Records(name string) []any { return s.disks[name].Records() }

// Request makes a new request of the client.
func (s *Stage) Request(kind history.Kind, value int64) *store.Request {
	s.client.lastID++
	req := &store.Request{Kind: kind, Key: s.Key, In: history.Num(value)}
	req.ID, req.Attempt = s.client.lastID, 1
	req.Token = call.Token{Client: int64(s.client.id), Seq: uint64(req.ID)}
	return req
}

// Again makes the next attempt of the same intent.
func (s *Stage) Again(req *store.Request) *store.Request {
	s.client.lastID++
	again := req.Copy()
	again.ID, again.Attempt = s.client.lastID, req.Attempt+1
	return again
}

// Send sends a request to a node, and returns it: sent once more, it is a copy that the network made.
func (s *Stage) Send(to string, req *store.Request) *store.Request {
	s.client.Send(s.ID(to), req)
	return req
}

// Replied returns the answer to a request that has come by now; Unknown if none has.
func (s *Stage) Replied(req *store.Request) *store.Reply {
	if r, ok := s.client.replies[req.ID]; ok {
		return r
	}
	return new(store.Reply)
}

// Reply waits for the answer to a request for 5 s at most; without one it is Unknown.
func (s *Stage) Reply(req *store.Request) *store.Reply { return s.wait(req, 5*time.Second) }

// Ask sends a request to a node and waits for the answer for a quarter of a second; without one it is Unknown.
func (s *Stage) Ask(at string, req *store.Request) *store.Reply {
	return s.wait(s.Send(at, req), 250*time.Millisecond)
}

func (s *Stage) wait(req *store.Request, d time.Duration) *store.Reply {
	for deadline := s.Sim.Now().Add(d); s.Sim.Now() < deadline; s.Do("run 1ms") {
		if r, ok := s.client.replies[req.ID]; ok {
			return r
		}
	}
	return &store.Reply{Status: history.Unknown}
}

// Write has a node write a value, which must succeed.
func (s *Stage) Write(at string, value int64) {
	s.t.Helper()
	s.must(at, s.Request(history.Write, value))
}

// Read has a node read, which must succeed, and returns the number.
func (s *Stage) Read(at string) int64 {
	s.t.Helper()
	return s.must(at, s.Request(history.Read, 0)).Value.Num
}

func (s *Stage) must(at string, req *store.Request) *store.Reply {
	s.t.Helper()
	r := s.Reply(s.Send(at, req))
	if r.Status != history.OK {
		s.t.Fatalf("%v: %v of %v at %s: %v", s.Sim.Now(), req.Kind, req.In, at, r.Status)
	}
	return r
}

// Holds returns what a replica holds for the key.
func (s *Stage) Holds(name string) history.Value {
	var held history.Value
	s.Handler(name).(store.Dumper).Dump(func(key string, v history.Value) {
		if key == s.Key {
			held = v
		}
	})
	return held
}

// Agree tests that all replicas hold the same number for the key.
func (s *Stage) Agree(want int64) {
	s.t.Helper()
	for _, name := range s.replicas {
		if held := s.Holds(name); !held.Equal(history.Num(want)) {
			s.t.Errorf("%v: %s holds %v, want %d", s.Sim.Now(), name, held, want)
		}
	}
}

// Leaders returns the names of the replicas that believe that they lead.
func (s *Stage) Leaders() string {
	names := ""
	for _, name := range s.replicas {
		if l, up := s.Handler(name).(store.Leader); up && l.Leads() {
			names += name
		}
	}
	return names
}

// NewLeader waits until one of the named replicas believes that it leads, for at most 5 s, and returns its name.
func (s *Stage) NewLeader(among string) string {
	s.t.Helper()
	for deadline := s.Sim.Now().Add(5 * time.Second); s.Sim.Now() < deadline; s.Do("run 5ms") {
		if at := strings.IndexAny(s.Leaders(), among); at >= 0 {
			return s.Leaders()[at : at+1]
		}
	}
	s.t.Fatalf("%v: none of %s leads after 5 s", s.Sim.Now(), among)
	return ""
}

// Transcripts plays the transcripts in testdata on a stage of three replicas.
// Commands beyond those of the world: `a write 5`, `b read`.
func Transcripts(t *testing.T, m *store.Model, set store.Values) {
	simtest.Transcripts(t, "testdata/*.txt", func(t *testing.T) simtest.Play {
		s := NewStage(t, m, 3, "", set)
		s.Sim.Trace(s.tell)
		return func(line string) string {
			words := strings.Fields(line)
			kinds := map[string]history.Kind{"read": history.Read, "write": history.Write}
			if len(words) < 2 || !slices.Contains(s.Names, words[0]) {
				return s.Play(line)
			}
			kind, known := kinds[words[1]]
			if !known {
				t.Fatalf("%s: neither read nor write", line)
			}
			s.Send(words[0], s.Request(kind, number(t, words[2:])))
			return s.Shown()
		}
	})
}

func number(t *testing.T, words []string) int64 {
	if len(words) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tell shows messages as they arrive, and what clients ask and are answered in a few words.
func (s *Stage) tell(e sim.Trace) {
	at := s.Names[e.Node]
	switch m := e.Msg.(type) {
	case *store.Request:
		if e.What == sim.Deliver {
			s.Show("%s is asked: %v %s", at, m.Kind, m.Key)
		}
	case *store.Reply:
		if e.What == sim.Deliver {
			s.Show("%s answers %v %v", s.Names[e.From], m.Status, m.Value)
		}
	default:
		s.tellOthers(e, at)
	}
}

func (s *Stage) tellOthers(e sim.Trace, at string) {
	switch {
	case e.What == sim.Deliver:
		s.Show("%s <- %s: %v", at, s.Names[e.From], e.Msg)
	case e.What == sim.Sent && e.Fate == sim.Lost:
		s.Show("%s -> %s: %v (lost)", s.Names[e.From], at, e.Msg)
	case e.What == sim.Crashed || e.What == sim.Started:
		s.Show("%s %v", at, e.What)
	}
}

package raft_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/raft"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
	"faultline/sim/dist"
)

// A wire carries messages with a fixed delay and, if asked to, loses, doubles and shuffles them.
type wire struct {
	delay  time.Duration
	jitter time.Duration
	loss   float64
	double float64
	rand   *sim.Stream
	cut    map[[2]sim.NodeID]bool
	slow   map[[2]sim.NodeID]time.Duration
	spy    func(from, to sim.NodeID, msg any) (drop bool) // if not nil
}

func (w *wire) Carry(from, to sim.NodeID, msg any) sim.Fate {
	if w.cut[[2]sim.NodeID{from, to}] || w.spy != nil && w.spy(from, to, msg) {
		return sim.Lost
	}
	if w.rand == nil {
		return sim.Arrives(w.delay + w.slow[[2]sim.NodeID{from, to}])
	}
	if w.rand.Chance(w.loss) {
		return sim.Lost
	}
	fate := sim.Arrives(w.lag())
	if w.rand.Chance(w.double) {
		fate.Copy = w.lag()
	}
	return fate
}

func (w *wire) lag() time.Duration { return w.delay + time.Duration(w.rand.IntN(int(w.jitter)+1)) }

// isolate cuts a from all of those in others, in both directions.
func (w *wire) isolate(a sim.NodeID, others ...sim.NodeID) {
	for _, b := range others {
		if a != b {
			w.cut[[2]sim.NodeID{a, b}], w.cut[[2]sim.NodeID{b, a}] = true, true
		}
	}
}

func (w *wire) heal() { clear(w.cut) }

// A rig is a run with a store and a client on whose behalf the test speaks.
type rig struct {
	*sim.Sim
	t    testing.TB
	cfg  store.Config
	wire *wire
	me   *mouth
	env  map[sim.NodeID]sim.Env // of the replicas, to look at their disks
}

// A member is a replica that shows its Env.
type member struct {
	replica
	rig *rig
}

// A replica is what a store's handlers are.
type replica interface {
	sim.Handler
	store.Leader
	store.Dumper
}

func (m *member) Start(e sim.Env) {
	m.rig.env[e.Self()] = e
	m.replica.Start(e)
}

// me is the address of the rig's client.
const me = sim.NodeID(90)

// config returns the configuration of n replicas, numbered from 0.
func config(n int, set store.Values, mutant string) store.Config {
	cfg := store.Config{Master: sim.None, Values: raft.Model.Defaults(set), Mutant: mutant}
	for i := range n {
		cfg.Replicas = append(cfg.Replicas, sim.NodeID(i))
	}
	return cfg
}

// newRig returns a run with a store of n replicas; messages take a millisecond, syncs two.
func newRig(t testing.TB, seed uint64, n int, set store.Values, mutant string) *rig {
	r := &rig{Sim: sim.New(seed), t: t, cfg: config(n, set, mutant), me: &mouth{}, env: map[sim.NodeID]sim.Env{}}
	r.wire = &wire{delay: time.Millisecond, cut: map[[2]sim.NodeID]bool{}, slow: map[[2]sim.NodeID]time.Duration{}}
	r.Use(r.wire)
	for _, id := range r.cfg.Replicas {
		r.Add(id, func() sim.Handler { return &member{raft.Model.Replica(r.cfg, id).(replica), r} })
		r.SetDisk(id, dist.Constant(2*time.Millisecond))
	}
	r.Add(me, func() sim.Handler { return r.me })
	return r
}

// wait lets time pass.
func (r *rig) wait(d time.Duration) { r.Run(r.Now().Add(d)) }

// leader returns a replica that believes that it leads, other than those excluded, or waits for one.
func (r *rig) leader(except ...sim.NodeID) sim.NodeID {
	for range 1000 {
		for _, id := range r.cfg.Replicas {
			if r.leads(id) && !contains(except, id) {
				return id
			}
		}
		r.wait(10 * time.Millisecond)
	}
	r.t.Fatal("no leader within ten seconds")
	return sim.None
}

func contains(ids []sim.NodeID, id sim.NodeID) bool {
	for _, have := range ids {
		if have == id {
			return true
		}
	}
	return false
}

func (r *rig) leads(id sim.NodeID) bool {
	h := r.Handler(id)
	return h != nil && h.(store.Leader).Leads()
}

// others returns the replicas but for id.
func (r *rig) others(id sim.NodeID) []sim.NodeID {
	var rest []sim.NodeID
	for _, other := range r.cfg.Replicas {
		if other != id {
			rest = append(rest, other)
		}
	}
	return rest
}

// dump returns what the replica holds.
func (r *rig) dump(id sim.NodeID) map[string]history.Value {
	held := map[string]history.Value{}
	r.Handler(id).(store.Dumper).Dump(func(key string, v history.Value) { held[key] = v })
	return held
}

// mustAgree fails the test unless all replicas hold v under key.
func (r *rig) mustAgree(key string, v history.Value) {
	r.t.Helper()
	for _, id := range r.cfg.Replicas {
		if got := r.dump(id)[key]; !got.Equal(v) {
			r.t.Errorf("replica %d holds %s=%v, want %v", id, key, got, v)
		}
	}
}

// A mouth is the client: it sends what the test says and keeps the answers.
type mouth struct {
	env     sim.Env
	id      call.ID
	seq     uint64
	answers map[call.ID]*store.Reply
}

func (m *mouth) Start(e sim.Env)            { m.env, m.answers = e, map[call.ID]*store.Reply{} }
func (m *mouth) Timer(sim.Env, sim.TimerID) {}
func (m *mouth) Receive(_ sim.Env, _ sim.NodeID, msg any) {
	reply := msg.(*store.Reply)
	m.answers[reply.ID] = reply
}

// send sends a request under a new token and returns it.
func (r *rig) send(to sim.NodeID, req *store.Request) *store.Request {
	r.wait(0) // the client starts with the run
	r.me.seq++
	req = req.Copy()
	req.Token = call.Token{Client: int64(me), Seq: r.me.seq}
	return r.resend(to, req)
}

// resend sends a request once more, under its old token.
func (r *rig) resend(to sim.NodeID, req *store.Request) *store.Request {
	r.me.id++
	req = req.Copy()
	req.ID = r.me.id
	r.me.env.Send(to, req)
	return req
}

// answer returns the answer to a request within a second, if there is one.
func (r *rig) answer(req *store.Request) (*store.Reply, bool) {
	for range 1000 {
		if reply, ok := r.me.answers[req.ID]; ok {
			return reply, true
		}
		r.wait(time.Millisecond)
	}
	return &store.Reply{}, false
}

func write(key string, n int64) *store.Request {
	return &store.Request{Kind: history.Write, Key: key, In: history.Num(n)}
}

func appendTo(key string, n int64) *store.Request {
	return &store.Request{Kind: history.Append, Key: key, In: history.Num(n)}
}

func read(key string) *store.Request { return &store.Request{Kind: history.Read, Key: key} }

// mustDo has a replica carry out a request and returns the answer.
func (r *rig) mustDo(to sim.NodeID, req *store.Request) *store.Reply {
	r.t.Helper()
	sent := r.send(to, req)
	reply, ok := r.answer(sent)
	if !ok || reply.Status != history.OK {
		r.t.Fatalf("%v of %s at replica %d: answer %v, %+v", req.Kind, req.Key, to, ok, reply)
	}
	return reply
}

// mustRead fails the test unless a replica answers that key holds v.
func (r *rig) mustRead(from sim.NodeID, key string, v history.Value) {
	r.t.Helper()
	if got := r.mustDo(from, read(key)).Value; !got.Equal(v) {
		r.t.Errorf("replica %d reads %s=%v, want %v", from, key, got, v)
	}
}

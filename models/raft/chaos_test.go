package raft_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
	"faultline/models/raft"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
	"faultline/sim/dist"
)

// A chaos is what may happen in a random run.
type chaos struct {
	replicas int
	set      store.Values
	mutant   string
	pauses   bool
	drift    int64 // parts per million, of every replica's clock, to either side
	failStop bool  // nothing but crashes
	length   time.Duration
}

const clients = 6

// lastReader is the client that reads every key once more at the end.
const lastReader = 10

// outcome is what a random run left behind.
type outcome struct {
	hash     uint64
	history  history.History
	answered int    // operations that were OK
	diverged string // where two replicas differ at the end
	late     bool   // the store did not serve again after the faults
}

// play carries out one random run: clients write, read, swap and append; nodes
// crash, restart and pause; the network splits, loses, doubles and reorders.
// Then all is healed and settles.
func (c chaos) play(t testing.TB, seed uint64) outcome {
	if c.length == 0 {
		c.length = 12 * time.Second
	}
	r := newRig(t, seed, c.replicas, c.set, c.mutant)
	defer r.Close()
	r.wire.rand = r.Stream("wire")
	r.wire.jitter = 4 * time.Millisecond
	if !c.failStop {
		r.wire.loss, r.wire.double = 0.01, 0.02
	}
	for _, id := range r.cfg.Replicas {
		r.SetDisk(id, dist.Uniform(100*time.Microsecond, 5*time.Millisecond))
		if c.drift > 0 {
			r.ClockOf(id).Drift(int64(r.Stream("drift").IntN(int(2*c.drift+1))) - c.drift)
		}
	}
	var rec history.Recorder
	end := sim.Time(c.length)
	for i := range clients {
		id := sim.NodeID(100 + i)
		r.Go(id, fmt.Sprint("client ", i), func(p *sim.Proc) {
			(&client{Proc: p, rig: r, rec: &rec, number: i, hint: sim.None}).run(end)
		})
	}
	r.Go(sim.None, "faults", func(p *sim.Proc) { c.breakThings(p, r, end) })
	r.Run(end.Add(10 * time.Second))
	var out outcome
	before := len(rec.History())
	r.Go(110, "last reader", func(p *sim.Proc) { (&client{Proc: p, rig: r, rec: &rec, number: lastReader, hint: sim.None}).readAll() })
	r.wait(10 * time.Second)
	out.history, out.hash, out.diverged = rec.History(), r.Hash(), r.divergence()
	for i, op := range out.history {
		if op.Status == history.OK {
			out.answered++
		} else if i >= before {
			out.late = true
		}
	}
	return out
}

// breakThings breaks one thing after the other, two at a time at most, and mends all at the end.
func (c chaos) breakThings(p *sim.Proc, r *rig, end sim.Time) {
	for p.Now() < end {
		p.Sleep(time.Duration(p.Rand().IntN(int(700 * time.Millisecond))))
		victim := r.cfg.Replicas[p.Rand().IntN(len(r.cfg.Replicas))]
		if aim := p.Rand().Chance(0.4); aim {
			for _, id := range r.cfg.Replicas {
				if r.leads(id) {
					victim = id
				}
			}
		}
		what := p.Rand().IntN(8)
		if c.failStop {
			what %= 3
		}
		loss := sim.Loss(p.Rand().IntN(3))
		switch what {
		case 0, 1:
			r.Crash(victim, loss)
		case 2:
			for _, id := range r.cfg.Replicas { // the power fails
				r.Crash(id, loss)
			}
		case 3:
			r.wire.isolate(victim, append(r.others(victim), 100, 101, 102)...)
		case 4: // a random split, clients included
			side := p.Rand().Uint64()
			for a := range sim.NodeID(64) {
				for b := range sim.NodeID(64) {
					if side>>a&1 != side>>b&1 {
						r.wire.cut[[2]sim.NodeID{place(a), place(b)}] = true
					}
				}
			}
		case 5: // deaf on one side
			for _, id := range r.others(victim) {
				r.wire.cut[[2]sim.NodeID{id, victim}] = true
			}
		case 6:
			if c.pauses {
				r.Pause(victim)
			}
		case 7:
			r.wire.heal()
		}
		p.Sleep(time.Duration(p.Rand().IntN(int(2500 * time.Millisecond))))
		r.mend(p.Rand().Chance(0.5) || p.Now() >= end)
	}
	r.mend(true)
}

// place maps small numbers to replicas and clients.
func place(i sim.NodeID) sim.NodeID {
	if i < 32 {
		return i
	}
	return 100 + i - 32
}

// mend restarts and resumes everything, and heals the network if asked to.
func (r *rig) mend(network bool) {
	for _, id := range r.cfg.Replicas {
		r.Restart(id)
		r.Resume(id)
	}
	if network {
		r.wire.heal()
	}
}

// divergence returns a key that two replicas hold differently, or "".
func (r *rig) divergence() string {
	first := r.dump(0)
	for _, id := range r.cfg.Replicas[1:] {
		other := r.dump(id)
		for _, key := range keys {
			if !first[key].Equal(other[key]) {
				return fmt.Sprintf("%s is %v at replica 0 and %v at replica %d", key, first[key], other[key], id)
			}
		}
	}
	return ""
}

// Registers and, under the last one, a list.
var keys = []string{"a", "b", "list"}

// A client is a script that asks the store for random operations, one after the other.
type client struct {
	*sim.Proc
	rig    *rig
	rec    *history.Recorder
	number int
	hint   sim.NodeID
	last   call.ID
	seq    uint64
	value  int64
	seen   history.Value
}

func (c *client) run(end sim.Time) {
	for c.Now() < end {
		op := history.Op{Kind: history.Kind(c.Rand().IntN(3)), Key: keys[c.Rand().IntN(2)]}
		if c.Rand().Chance(0.3) {
			op.Key, op.Kind = keys[2], history.Append
			if c.Rand().Chance(0.5) {
				op.Kind = history.Read
			}
		}
		c.perform(op)
		c.Sleep(time.Duration(c.Rand().IntN(int(30 * time.Millisecond))))
	}
}

func (c *client) readAll() {
	for _, key := range keys {
		c.perform(history.Op{Kind: history.Read, Key: key})
	}
}

// patience is how long a client waits for the answer to one attempt.
const patience = 400 * time.Millisecond

// perform carries out one operation, in up to eight attempts, and writes it down.
func (c *client) perform(op history.Op) {
	c.seq++
	c.value++
	op.Client, op.Process, op.Call = c.number, c.number, history.Time(c.Now())
	if op.Kind.Mutates() {
		op.In = history.Num(c.value*100 + int64(c.number))
	}
	if op.Kind == history.CAS {
		op.Expect = c.seen
	}
	handle := c.rec.Call(op)
	status, reply := history.Failed, store.Reply{}
	for attempt := range 8 {
		reply = c.attempt(op, attempt)
		if reply.Status == history.OK {
			status = history.OK
			break
		}
		if reply.Status == history.Unknown {
			status = history.Unknown
			if op.Kind.Mutates() && !raft.Model.AppliesOnce(c.rig.cfg) {
				break
			}
		}
	}
	if status == history.OK && len(reply.Value.List) == 0 && op.Key != keys[2] {
		c.seen = reply.Value
	}
	c.rec.Return(handle, history.Time(c.Now()), status, reply.Value, reply.Swapped)
}

// attempt asks one replica, and returns its answer or doubt.
func (c *client) attempt(op history.Op, attempt int) store.Reply {
	view := store.View{Client: c.Self(), Near: c.near(), Hint: c.hint, Proxy: sim.None}
	targets := raft.Model.Route(c.rig.cfg, op, view)
	to := targets[attempt%len(targets)]
	if attempt > 0 && c.hint != sim.None {
		to = targets[0]
	}
	c.last++
	c.Send(to, store.Request{
		Header: call.Header{ID: c.last, Token: call.Token{Client: c.Self(), Seq: c.seq}, Attempt: attempt + 1},
		Kind:   op.Kind, Key: op.Key, In: op.In, Expect: op.Expect,
	})
	c.hint = sim.None
	deadline := c.Now().Add(patience)
	for {
		_, msg, ok := c.Recv(deadline)
		if !ok {
			return store.Reply{Status: history.Unknown}
		}
		if reply := msg.(store.Reply); reply.ID == c.last {
			c.hint = reply.Hint
			if reply.Status == history.OK {
				c.hint = to
			} else {
				c.Sleep(20 * time.Millisecond)
			}
			return reply
		}
	}
}

// near returns the replicas, beginning anywhere.
func (c *client) near() []sim.NodeID {
	all := c.rig.cfg.Replicas
	start := c.Rand().IntN(len(all))
	return append(append([]sim.NodeID(nil), all[start:]...), all[:start]...)
}

// violation returns what is wrong with the outcome of a run, or "".
func (out *outcome) violation() string {
	result := linear.Check(out.history, judge.Budget{})
	switch {
	case result.Verdict == judge.Violated:
		return "not linearizable"
	case result.Verdict != judge.Holds:
		return "undecided"
	case out.diverged != "":
		return "diverged: " + out.diverged
	case out.late:
		return "does not serve after the faults"
	}
	return ""
}

// Each of the random tests takes a few seeds; -many=100 shows more.
var many = flag.Int("many", 1, "how many times as many seeds random tests take")

func seeds(n int) int { return n * *many }

// Under every fault that its assumptions allow the store keeps its promise, in
// all its variants.
func TestClaimsHoldUnderFaults(t *testing.T) {
	variants := map[string]chaos{
		"default":     {replicas: 5, pauses: true, drift: 400},
		"log":         {replicas: 3, pauses: true, set: store.Values{"reads": "log", "snapshot_every": 7}},
		"clock_lease": {replicas: 3, pauses: true, drift: 400, set: store.Values{"reads": "clock_lease", "snapshot_every": 50}},
		"plain":       {replicas: 3, pauses: true, set: store.Values{"prevote": false, "check_quorum": false, "sessions": false}},
		"lease":       {replicas: 3, failStop: true, drift: 400, set: store.Values{"reads": "lease"}},
		"batched":     {replicas: 5, pauses: true, set: store.Values{"batch": 5 * time.Millisecond, "heartbeat": 50 * time.Millisecond}},
	}
	for name, c := range variants {
		t.Run(name, func(t *testing.T) {
			answered := 0
			for seed := range uint64(seeds(6)) {
				out := c.play(t, seed)
				if what := out.violation(); what != "" {
					t.Errorf("seed %d: %s", seed, what)
				}
				answered += out.answered
			}
			t.Logf("%d operations answered", answered)
			if answered == 0 {
				t.Error("no operation was ever answered: this shows nothing")
			}
		})
	}
}

// Reads from the local copy may be old, but nothing that was acknowledged is
// lost, and in the end all replicas hold the same.
func TestLocalReadsAreStaleAtMost(t *testing.T) {
	stale := 0
	for seed := range uint64(seeds(6)) {
		c := chaos{replicas: 5, pauses: true, set: store.Values{"reads": "local"}}
		out := c.play(t, seed)
		if out.diverged != "" || out.late {
			t.Errorf("seed %d: diverged %q, late %v", seed, out.diverged, out.late)
		}
		if linear.Check(out.history, judge.Budget{}).Verdict == judge.Violated {
			stale++
		}
		// Without the reads of the fault phase, what is left must be linearizable: the last reads see all writes.
		var writes history.History
		for _, op := range out.history {
			if op.Kind.Mutates() || op.Client == lastReader {
				writes = append(writes, op)
			}
		}
		if linear.Check(writes, judge.Budget{}).Verdict == judge.Violated {
			t.Errorf("seed %d: an acknowledged write was lost", seed)
		}
	}
	if stale == 0 {
		t.Error("no read was ever stale: are they local?")
	}
}

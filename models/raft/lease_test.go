package raft_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// An overlap is a story of two leaders. A client is cut off together with the
// leader, which hears no more of the others; they elect another, which
// acknowledges a write; then, again and again, the client reads at the old one.
type overlap struct {
	reads string
	pause bool // the old leader is stopped too, and goes on five seconds after the write
	upset func(r *rig, old sim.NodeID)
}

// stale returns how many of so many overlaps ended with a read that missed the
// acknowledged write, and how long after the write the latest of them came.
func (o overlap) stale(t *testing.T, runs int) (stale int, latest time.Duration) {
	for seed := range uint64(runs) {
		r := newRig(t, seed, 5, store.Values{"reads": o.reads}, "")
		old := r.leader()
		r.mustDo(old, write("x", 1))
		r.wait(time.Second + time.Duration(seed)*1_000_003*37%time.Second) // leads for a while, at any phase
		r.mustRead(old, "x", history.Num(1))
		if o.upset != nil {
			o.upset(r, old)
		}
		r.wire.isolate(old, r.cfg.Replicas...)
		if o.pause {
			r.Pause(old)
		}
		next := r.leader(old)
		r.mustDo(next, write("x", 2))
		written := r.Now()
		if o.pause {
			r.wait(5 * time.Second)
			r.Resume(old)
		}
		if late := o.missed(r, old); late >= 0 {
			stale++
			latest = max(latest, late.Sub(written))
		}
	}
	return stale, latest
}

// missed reads x at the old leader for three seconds and returns when an answer last missed the write, or -1.
func (o overlap) missed(r *rig, old sim.NodeID) sim.Time {
	var asked []*store.Request
	for range 300 {
		asked = append(asked, r.send(old, read("x")))
		r.wait(10 * time.Millisecond)
	}
	missed := sim.Time(-1)
	for i, req := range asked {
		if reply, ok := r.me.answers[req.ID]; ok && reply.Status == history.OK && reply.Value.Equal(history.Num(1)) {
			missed = r.Now().Add(time.Duration(i-len(asked)) * 10 * time.Millisecond)
		}
	}
	return missed
}

// The library's lease is no lease. All clocks are perfect and nobody crashes,
// and still a leader that is cut off answers reads after another was elected.
func TestLeaseReadsOverlapWithANewLeader(t *testing.T) {
	const runs = 40
	stale, latest := overlap{reads: "lease"}.stale(t, runs)
	t.Logf("cut off: %d of %d runs had stale reads, the latest %v after the write that they missed", stale, runs, latest)
	if stale == 0 {
		t.Error("lease reads were never stale when the leader was cut off: has the library changed? Then the claim may be raised")
	}
	stale, latest = overlap{reads: "lease", pause: true}.stale(t, runs)
	t.Logf("cut off and paused: %d of %d runs had stale reads, the latest %v after the write that they missed", stale, runs, latest)
	if latest < 5*time.Second {
		t.Error("a pause did not prolong the lease")
	}
}

// The same stories with every other way to read that claims to miss nothing.
func TestOtherReadsDoNotOverlap(t *testing.T) {
	for _, reads := range []string{"log", "readindex", "clock_lease"} {
		for _, pause := range []bool{false, true} {
			if stale, late := (overlap{reads: reads, pause: pause}).stale(t, 20); stale > 0 {
				t.Errorf("%s, pause %v: %d stale reads, the latest after %v", reads, pause, stale, late)
			}
		}
	}
}

// Two stories in which a lease is easily counted too long. The answers to the
// leader's heartbeats take long, so that the lease is half over when they come.
// And followers crash, and might forget whom they promised not to vote; a third,
// which hears the others but not the leader, asks them for their votes all the time.
func TestClockLeaseIsNotCountedTooLong(t *testing.T) {
	upsets := map[string]func(r *rig, old sim.NodeID){
		"slow answers": func(r *rig, old sim.NodeID) {
			for _, id := range r.others(old) {
				r.wire.slow[[2]sim.NodeID{id, old}] = 400 * time.Millisecond
			}
			r.wait(2 * time.Second)
			req := r.send(old, read("x"))
			r.wait(5 * time.Millisecond)
			for _, id := range r.others(old) { // from here on they hear nothing
				r.wire.cut[[2]sim.NodeID{old, id}] = true
			}
			if reply, ok := r.answer(req); !ok || reply.Status != history.OK {
				t.Errorf("answer %v, %+v", ok, reply)
			}
		},
		"forgetful followers": func(r *rig, old sim.NodeID) {
			followers := r.others(old)
			r.wire.isolate(old, followers[0])
			r.wait(5 * time.Second)
			r.mustRead(old, "x", history.Num(1))
			for _, id := range followers[1:] {
				r.Crash(id, sim.LoseUnsynced)
				r.Restart(id)
			}
		},
	}
	for name, upset := range upsets {
		if stale, late := (overlap{reads: "clock_lease", upset: upset}).stale(t, 40); stale > 0 {
			t.Errorf("%s: %d of 40 runs had stale reads, the latest after %v", name, stale, late)
		}
	}
}

// The lease of the clock rests on the clock: one that runs at half speed, or is
// set back, makes it outlive the followers' patience.
func TestClockLeaseRestsOnTheClock(t *testing.T) {
	upsets := map[string]func(r *rig, old sim.NodeID){
		"slow clock": func(r *rig, old sim.NodeID) {
			r.ClockOf(old).Drift(-700_000)
			r.mustRead(old, "x", history.Num(1))
		},
		"clock set back": func(r *rig, old sim.NodeID) { r.ClockOf(old).Step(-2 * time.Second) },
	}
	for name, upset := range upsets {
		stale, _ := overlap{reads: "clock_lease", upset: upset}.stale(t, 20)
		t.Logf("%s: %d of 20 runs had stale reads", name, stale)
		if stale == 0 {
			t.Errorf("%s: no stale reads", name)
		}
	}
}

// A lease saves messages: while it lasts, reads cost the leader none.
func TestClockLeaseReadsAreFree(t *testing.T) {
	cost := map[string]uint64{}
	for _, reads := range []string{"readindex", "clock_lease"} {
		r := newRig(t, 1, 5, store.Values{"reads": reads}, "")
		leader := r.leader()
		r.mustDo(leader, write("x", 1))
		r.wait(time.Second)
		before := r.Stats().Sent
		for range 100 {
			r.mustRead(leader, "x", history.Num(1))
		}
		cost[reads] = r.Stats().Sent - before
	}
	if cost["clock_lease"]*2 > cost["readindex"] {
		t.Errorf("messages for 100 reads: %v", cost)
	}
}

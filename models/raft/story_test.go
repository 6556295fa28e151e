package raft_test

import (
	"fmt"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// The leader crashes. Another takes over within a few election timeouts, has
// what was acknowledged, and the old one follows it when it is back.
func TestLeaderCrashes(t *testing.T) {
	r := newRig(t, 1, 5, nil, "")
	first := r.leader()
	r.mustDo(first, write("x", 1))
	r.Crash(first, sim.LoseUnsynced)
	second := r.leader()
	if r.Now() > sim.Time(6*time.Second) {
		t.Errorf("the second leader came only at %v", r.Now())
	}
	r.mustRead(second, "x", history.Num(1))
	r.mustDo(second, write("x", 2))
	r.Restart(first)
	r.wait(time.Second)
	r.mustAgree("x", history.Num(2))
	if !r.leads(second) || r.leads(first) {
		t.Error("the old leader's return unseated the new one")
	}
}

// Who does not lead refuses and names the leader.
func TestFollowerNamesTheLeader(t *testing.T) {
	r := newRig(t, 1, 3, nil, "")
	leader := r.leader()
	r.wait(time.Second)
	for _, id := range r.others(leader) {
		reply, _ := r.answer(r.send(id, write("x", 1)))
		if reply.Status != history.Failed || reply.Hint != leader {
			t.Errorf("follower %d answers %+v, want a refusal that names %d", id, reply, leader)
		}
	}
	r.wait(time.Second)
	r.mustAgree("x", history.Value{})
}

// The leader is cut off together with a client. It takes the client's write in
// but cannot commit it, and once it notices that it is alone it says that it
// does not know. The majority goes on, and its writes are the ones that last.
func TestLeaderCutOffWithAClient(t *testing.T) {
	r := newRig(t, 2, 5, nil, "")
	old := r.leader()
	r.mustDo(old, write("x", 1))
	r.wire.isolate(old, r.cfg.Replicas...)
	stuck := r.send(old, write("x", 2))
	if reply, ok := r.answer(stuck); ok {
		t.Fatalf("the leader answers %+v although it is alone", reply)
	}
	asking := r.send(old, read("x"))
	r.wait(2 * time.Second)
	reply, ok := r.answer(stuck)
	if !ok || reply.Status != history.Unknown {
		t.Errorf("the deposed leader answers the write %v %+v, want doubt", ok, reply)
	}
	reply, ok = r.answer(asking)
	if !ok || reply.Status != history.Failed {
		t.Errorf("the deposed leader answers the read %v %+v, want a refusal", ok, reply)
	}
	r.mustDo(r.leader(old), write("x", 3))
	r.wire.heal()
	r.wait(time.Second)
	r.mustAgree("x", history.Num(3))
}

// A leader that lost its place with reads under way and wins it back reads as before.
func TestLeaderComesBack(t *testing.T) {
	r := newRig(t, 12, 3, nil, "")
	old := r.leader()
	r.mustDo(old, write("x", 1))
	r.wire.isolate(old, r.cfg.Replicas...)
	r.send(old, read("x"))
	r.wait(3 * time.Second)
	r.wire.heal()
	r.wait(time.Second)
	for range 30 {
		now := r.leader()
		if now == old {
			r.mustRead(old, "x", history.Num(1))
			return
		}
		r.Pause(now)
		r.leader(now)
		r.Resume(now)
		r.wait(time.Second)
	}
	t.Error("it never won again")
}

// A write is sent again to the next leader because the first one died before it
// answered. It is applied once.
func TestRetriedWriteIsAppliedOnce(t *testing.T) {
	r := newRig(t, 3, 3, nil, "")
	first := r.leader()
	req := r.send(first, appendTo("list", 7))
	r.wait(5 * time.Millisecond) // enough to reach the followers
	r.Crash(first, sim.LoseUnsynced)
	second := r.leader()
	again := r.resend(second, req)
	if reply, ok := r.answer(again); !ok || reply.Status != history.OK {
		t.Fatalf("answer %v, %+v", ok, reply)
	}
	r.mustRead(second, "list", history.Value{List: []int64{7}})
}

// The power fails in the whole room. What was acknowledged is on a majority of
// the disks.
func TestPowerLoss(t *testing.T) {
	for _, every := range []int{0, 10} {
		t.Run(fmt.Sprintf("snapshot_every=%d", every), func(t *testing.T) {
			r := newRig(t, 4, 3, store.Values{"snapshot_every": every}, "")
			leader := r.leader()
			var last *store.Request
			for i := range 55 {
				last = r.send(leader, appendTo("list", int64(i)))
				if _, ok := r.answer(last); !ok {
					t.Fatal("no answer")
				}
			}
			for _, id := range r.cfg.Replicas {
				r.Crash(id, sim.LoseUnsynced)
			}
			for _, id := range r.cfg.Replicas {
				r.Restart(id)
			}
			leader = r.leader()
			again := r.resend(leader, last) // sessions are part of the state
			if reply, ok := r.answer(again); !ok || reply.Status != history.OK {
				t.Fatalf("answer %v, %+v", ok, reply)
			}
			list := r.mustDo(leader, read("list")).Value.List
			if len(list) != 55 {
				t.Errorf("%d of 55 elements are left: %v", len(list), list)
			}
		})
	}
}

// A follower was down for so long that the leader no longer has the log that it
// lacks. It gets a snapshot, even if the first one is lost on the way.
func TestLaggingFollowerGetsASnapshot(t *testing.T) {
	r := newRig(t, 5, 3, store.Values{"snapshot_every": 20}, "")
	leader := r.leader()
	slow := r.others(leader)[0]
	r.Crash(slow, sim.LoseUnsynced)
	for i := range 100 {
		r.mustDo(leader, write("x", int64(i)))
	}
	sent := 0
	r.wire.spy = func(_, _ sim.NodeID, msg any) bool {
		if fmt.Sprintf("%T", msg) != "*raft.transfer" {
			return false
		}
		sent++
		return sent == 1
	}
	r.Restart(slow)
	r.wait(3 * time.Second)
	if sent != 2 {
		t.Errorf("%d snapshots were sent, want one that is lost and another", sent)
	}
	r.mustAgree("x", history.Num(99))
	r.mustDo(leader, write("x", 100))
	r.Crash(slow, sim.LoseUnsynced) // what it was given is on its disk
	r.Restart(slow)
	r.wait(time.Second)
	r.mustAgree("x", history.Num(100))
}

// A crash in the middle of a write tears the last record. The replica takes the
// journal up to there, and what it goes on to write can be read past the tear.
func TestTornJournal(t *testing.T) {
	torn := 0
	for seed := range uint64(20) {
		r := newRig(t, seed, 3, nil, "")
		leader := r.leader()
		for i := range 3 {
			victim := r.cfg.Replicas[i]
			r.mustDo(leader, write("x", int64(i)))
			r.send(leader, write("y", int64(i)))
			r.wait(1500 * time.Microsecond) // the record is written, but not synced
			r.Crash(victim, sim.TearUnsynced)
			r.Restart(victim)
			r.wait(50 * time.Millisecond)
			torn += r.tears(victim)
			r.wait(3 * time.Second)
			leader = r.leader()
			r.mustRead(leader, "x", history.Num(int64(i)))
		}
		r.wait(time.Second)
		r.mustAgree("x", history.Num(2))
	}
	if torn == 0 {
		t.Error("no record was ever torn: the story tells nothing")
	}
}

// A replica that was cut off stands for election again and again. With PreVote
// it wins nothing by that and its return goes unnoticed; without, its term is
// the higher one and the leader must go.
func TestReturnOfAReplicaThatWasCutOff(t *testing.T) {
	for _, prevote := range []bool{true, false} {
		t.Run(fmt.Sprintf("prevote=%v", prevote), func(t *testing.T) {
			r := newRig(t, 7, 5, store.Values{"prevote": prevote}, "")
			leader := r.leader()
			r.wait(time.Second)
			lost := r.others(leader)[0]
			r.wire.isolate(lost, r.cfg.Replicas...)
			r.wait(10 * time.Second)
			r.wire.heal()
			unseated := false
			for range 300 {
				r.wait(10 * time.Millisecond)
				unseated = unseated || !r.leads(leader)
			}
			if unseated == prevote {
				t.Errorf("the leader lost its place: %v", unseated)
			}
			r.mustDo(r.leader(), write("x", 1))
		})
	}
}

// A leader that is cut off steps down within two election timeouts if it checks
// its quorum. If not, it goes on believing that it leads.
func TestCheckQuorum(t *testing.T) {
	for _, checks := range []bool{true, false} {
		t.Run(fmt.Sprintf("check_quorum=%v", checks), func(t *testing.T) {
			r := newRig(t, 8, 5, store.Values{"check_quorum": checks}, "")
			leader := r.leader()
			r.wire.isolate(leader, r.cfg.Replicas...)
			r.wait(2100 * time.Millisecond)
			if r.leads(leader) == checks {
				t.Errorf("leads after 2.1 s alone: %v", r.leads(leader))
			}
			r.mustDo(r.leader(leader), write("x", 1))
			r.wire.heal()
			r.wait(time.Second)
			r.mustAgree("x", history.Num(1))
		})
	}
}

// A follower's disk is replaced by an empty one. The leader tells it to commit
// what it no longer has, so it gives up, as etcd does; the others go on. When
// the leader changes, the new one knows nothing of what the follower once had,
// and fills the empty disk.
func TestWipedDisk(t *testing.T) {
	r := newRig(t, 9, 3, nil, "")
	leader := r.leader()
	r.mustDo(leader, write("x", 1))
	wiped := r.others(leader)[0]
	r.Crash(wiped, sim.LoseUnsynced)
	r.Wipe(wiped)
	r.Restart(wiped)
	r.wait(5 * time.Second)
	r.mustDo(leader, write("x", 2))
	if got := r.dump(wiped)["x"]; !got.IsZero() {
		t.Fatalf("the wiped replica holds %v: this story is about one that gives up", got)
	}
	r.Pause(leader)
	r.wait(5 * time.Second)
	r.Resume(leader)
	r.wait(5 * time.Second)
	r.mustAgree("x", history.Num(2))
}

// A follower's disk lied, and after a crash it lacks what it had acknowledged. The
// leader, which has no majority just then, offers it what follows, and is refused
// again and again, since it believes that the follower has what comes before.
// That must not fill the network.
func TestRefusalsDoNotStorm(t *testing.T) {
	r := newRig(t, 13, 5, store.Values{"check_quorum": false}, "")
	leader := r.leader()
	r.mustDo(leader, write("x", 1))
	r.wait(time.Second)
	liar := r.others(leader)[0]
	for _, id := range r.others(leader)[1:] {
		r.wire.isolate(leader, id)
		r.wire.isolate(liar, id)
	}
	r.LieAboutSync(liar, true)
	for i := range 3 {
		r.send(leader, write("x", int64(i)))
		r.wait(10 * time.Millisecond)
	}
	r.Crash(liar, sim.LoseUnsynced)
	r.LieAboutSync(liar, false)
	r.Restart(liar)
	r.wait(5 * time.Millisecond)
	r.send(leader, write("x", 8))
	r.send(leader, write("x", 9))
	before := r.Stats().Sent
	r.wait(time.Second)
	if sent := r.Stats().Sent - before; sent > 300 {
		t.Errorf("%d messages in a second, in which there were ten heartbeats", sent)
	}
}

// A store of one replica needs nobody's vote but its own.
func TestSingleReplica(t *testing.T) {
	r := newRig(t, 10, 1, nil, "")
	r.mustDo(r.leader(), write("x", 1))
	r.Crash(0, sim.LoseUnsynced)
	r.Restart(0)
	r.mustRead(r.leader(), "x", history.Num(1))
}

// All who ask within the window of group commit share one entry's way to the
// disks, and each gets its own answer.
func TestGroupCommit(t *testing.T) {
	r := newRig(t, 11, 3, store.Values{"batch": 10 * time.Millisecond}, "")
	leader := r.leader()
	r.wait(time.Second)
	before := r.Stats().Syncs
	var sent []*store.Request
	for i := range 50 {
		req := appendTo("list", int64(i))
		req.Token.Seq = 0
		sent = append(sent, r.send(leader, req))
	}
	for _, req := range sent {
		if reply, ok := r.answer(req); !ok || reply.Status != history.OK {
			t.Fatalf("answer %v, %+v", ok, reply)
		}
	}
	r.wait(time.Second)
	if syncs := r.Stats().Syncs - before; syncs > 3 {
		t.Errorf("%d syncs for one batch at three replicas", syncs)
	}
	if n := len(r.mustDo(leader, read("list")).Value.List); n != 50 {
		t.Errorf("%d of 50 elements arrived", n)
	}
}

// tears returns how many records of the replica's journal are torn.
func (r *rig) tears(id sim.NodeID) int {
	n := 0
	for _, record := range r.env[id].Disk().Records() {
		if _, torn := record.(sim.Torn); torn {
			n++
		}
	}
	return n
}

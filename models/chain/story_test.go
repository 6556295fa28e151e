package chain_test

import (
	"testing"

	"faultline/checker/history"
	"faultline/sim"
)

// A write may be sent to anyone, and is everywhere once it is answered. Only the tail answers reads.
func TestARowInOrder(t *testing.T) {
	s := newStage(t, "", nil)
	s.Write("b", 7)
	s.Agree(7)
	if r := s.Ask("a", s.Request(history.Read, 0)); r.Status != history.Failed || r.Hint != s.ID("c") {
		t.Errorf("a read at the head: %v, hint %v; want failed and a hint at the tail", r.Status, r.Hint)
	}
	if got := s.Read("c"); got != 7 {
		t.Errorf("the tail reads %d, want 7", got)
	}
}

// The tail is cut off from everybody but a client. The row goes on without it,
// but not before its lease is over: until then nothing new is acknowledged that
// it could fail to read, and after that it reads nothing.
func TestACutOffTailStopsReading(t *testing.T) {
	for mutant, want := range map[string]history.Status{"": history.Unknown, "no-lease": history.OK} {
		s := newStage(t, mutant, nil)
		s.Write("a", 1)
		isolate(s, "c")
		if got := s.Read("c"); got != 1 {
			t.Errorf("%q: within its lease the old tail reads %d, want 1", mutant, got)
		}
		serves(t, s, "b")
		s.Write("a", 2)
		if r := s.Ask("c", s.Request(history.Read, 0)); r.Status != want {
			t.Errorf("%q: after the write of 2 the old tail answers a read: %v %v, want %v", mutant, r.Status, r.Value, want)
		}
		s.Do("heal", "run 1s")
		if got := s.Read("c"); got != 2 {
			t.Errorf("%q: back in the row c reads %d, want 2", mutant, got)
		}
		s.Agree(2)
	}
}

// The tail's oscillator is a tenth too slow and the master's a tenth too fast. The
// old tail's last read is answered before the new tail's first.
func TestLeasesBearDrift(t *testing.T) {
	lastOld, firstNew := handover(t, "drift c -100000", "drift master 100000")
	if lastOld >= firstNew {
		t.Errorf("the old tail still read at %v, the new one at %v", lastOld, firstNew)
	}
	// They bear no more than they say: with an oscillator at half speed both read at once.
	lastOld, firstNew = handover(t, "drift c -500000")
	if lastOld < firstNew {
		t.Errorf("at half speed the old tail last read at %v, before the new one at %v: the lease was not needed", lastOld, firstNew)
	}
}

// handover cuts the tail off and returns when it answered a read last, and when the next tail did first.
func handover(t *testing.T, drifts ...string) (lastOld, firstNew sim.Time) {
	s := newStage(t, "", nil)
	s.Do(drifts...)
	s.Do("run 500ms")
	isolate(s, "c")
	firstNew = sim.Forever
	for range 1500 {
		old, next := s.Request(history.Read, 0), s.Request(history.Read, 0)
		s.Send("c", old)
		s.Send("b", next)
		s.Do("run 2ms")
		if s.Replied(old).Status == history.OK {
			lastOld = s.Sim.Now()
		}
		if s.Replied(next).Status == history.OK {
			firstNew = min(firstNew, s.Sim.Now())
		}
	}
	if lastOld == 0 || firstNew == sim.Forever {
		t.Fatalf("old tail read until %v, new tail from %v: somebody never served", lastOld, firstNew)
	}
	return lastOld, firstNew
}

// The tail stands still while the row goes on without it. What it finds in its
// inbox afterwards it must not answer from what it remembers.
func TestAPausedTailWakesUpWithoutALease(t *testing.T) {
	s := newStage(t, "", nil)
	s.Write("a", 1)
	s.Do("pause c")
	serves(t, s, "b")
	s.Write("a", 2)
	late := s.Request(history.Read, 0)
	s.Send("c", late)
	s.Do("run 10ms", "resume c", "run 30ms")
	if r := s.Replied(late); r.Status == history.OK && r.Value.Num != 2 {
		t.Errorf("the tail that was paused reads %v after the write of 2", r.Value)
	}
}

// A replica in the middle dies with a write on its way: its predecessor sends it
// again to whoever comes next, and the client gets its answer without asking again.
func TestWhatWasOnItsWayIsSentAgain(t *testing.T) {
	for mutant, want := range map[string]history.Status{"": history.OK, "no-resend": history.Unknown} {
		s := newStage(t, mutant, nil)
		req := s.Request(history.Write, 7)
		s.Send("a", req)
		s.Do("run 1500us", "crash b", "run 2s") // a has handed it on; b never got it
		if r := s.Replied(req); r.Status != want {
			t.Errorf("%q: the write: %v, want %v", mutant, r.Status, want)
		}
	}
}

// The tail dies before it could answer: its predecessor becomes the tail, and answers.
func TestTheNextTailAnswers(t *testing.T) {
	s := newStage(t, "", nil)
	req := s.Request(history.Write, 7)
	s.Send("a", req)
	s.Do("run 2500us", "crash c", "run 2s")
	if r := s.Replied(req); r.Status != history.OK {
		t.Errorf("the write: %v, want ok", r.Status)
	}
	s.Do("restart c", "run 1s")
	s.Agree(7)
	if got := s.Read("c"); got != 7 {
		t.Errorf("c is the tail again and reads %d, want 7", got)
	}
}

// The head dies; the client tries again at its successor, which has the append
// already: the list holds it once.
func TestARetryAtTheNextHeadIsAppliedOnce(t *testing.T) {
	s := newStage(t, "", nil)
	req := s.Request(history.Append, 7)
	s.Send("a", req)
	s.Do("run 2500us", "crash a", "crash c", "run 1s", "restart c", "run 1s")
	if r := s.Ask("b", s.Again(req)); r.Status != history.OK {
		t.Fatalf("the retry: %v, want ok", r.Status)
	}
	if r := s.Ask("c", s.Request(history.Read, 0)); len(r.Value.List) != 1 {
		t.Errorf("the list is %v, want one 7", r.Value.List)
	}
}

// c is left out, then the power fails everywhere. c comes back first, but lacks a
// write that was acknowledged without it: nobody is served until a or b is back.
func TestAfterAPowerLossTheLastConfigurationCounts(t *testing.T) {
	s := newStage(t, "", nil)
	s.Write("a", 1)
	s.Do("crash c", "run 1s")
	s.Write("a", 2)
	s.Do("crash a", "crash b", "run 1s", "restart c", "run 3s")
	if r := s.Ask("c", s.Request(history.Read, 0)); r.Status == history.OK {
		t.Errorf("c, which lacks a write, reads %v", r.Value)
	}
	s.Do("restart b")
	serves(t, s, "b")
	if r := s.Ask("b", s.Request(history.Read, 0)); r.Status == history.OK && r.Value.Num != 2 {
		t.Errorf("b reads %v, want 2", r.Value)
	}
	s.Do("restart a", "run 3s")
	s.Agree(2)
}

// Disks are replaced: one while others have everything, then all of them.
func TestWipedDisks(t *testing.T) {
	s := newStage(t, "", nil)
	s.Write("a", 7)
	s.Do("crash a", "wipe a", "restart a", "run 3s")
	s.Agree(7)
	for _, name := range []string{"a", "b", "c"} {
		s.Do("crash "+name, "wipe "+name, "restart "+name)
	}
	s.Do("run 3s")
	s.Write("b", 8) // nothing is left, but there is service
	s.Agree(8)
}

// The master crashes. The row stands, without a lease after a while; a master that
// comes back remembers the epoch.
func TestTheMasterRemembers(t *testing.T) {
	s := newStage(t, "", nil)
	s.Do("crash c", "run 1s")
	s.Write("a", 7)
	s.Do("crash master", "run 1s", "restart c", "restart master", "run 3s")
	s.Agree(7)
	if got := s.Read("c"); got != 7 {
		t.Errorf("c reads %d, want 7", got)
	}
}

// The head is cut off with its clients, and goes on to take writes. None of them
// is acknowledged, and none is left when it is back.
func TestACutOffHeadWritesInVain(t *testing.T) {
	for mutant, want := range map[string]int64{"": 8, "keep-history": 9} {
		s := newStage(t, mutant, nil)
		s.Write("a", 7)
		isolate(s, "a")
		s.Do("run 1s")
		if r := s.Ask("a", s.Request(history.Write, 9)); r.Status == history.OK {
			t.Errorf("%q: a head that was left out acknowledges a write", mutant)
		}
		s.Write("b", 8)
		s.Do("heal", "run 2s")
		if held := s.Holds("a"); held.Num != want {
			t.Errorf("%q: back in the row a holds %v, want %d", mutant, held, want)
		}
	}
}

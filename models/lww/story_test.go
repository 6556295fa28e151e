package lww_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
)

// No partition stops anybody; afterwards all agree.
func TestBothSidesGoOnAndAgreeAfterwards(t *testing.T) {
	s := newStage(t, "", nil)
	s.Do("cut a b", "cut a c")
	s.Write("a", 1)
	s.Write("b", 2)
	if a, b := s.Read("a"), s.Read("b"); a != 1 || b != 2 {
		t.Fatalf("during the cut a reads %d and b %d, want 1 and 2", a, b)
	}
	s.Do("heal", "run 5s")
	for _, name := range []string{"a", "b", "c"} {
		if got := s.Holds(name).Num; got != 2 {
			t.Errorf("%s holds %d in the end; 2 was written last", name, got)
		}
	}
}

// Two clients write at one instant; one write is gone although both were acknowledged.
func TestOfConcurrentWritesOneIsLost(t *testing.T) {
	s := newStage(t, "", nil)
	first, second := s.Send("a", s.Request(history.Write, 1)), s.Send("b", s.Request(history.Write, 2))
	if s.Reply(first).Status != history.OK || s.Reply(second).Status != history.OK {
		t.Fatal("a write was not acknowledged")
	}
	s.Do("run 10ms")
	for _, name := range []string{"a", "b", "c"} {
		if got := s.Read(name); got != 2 {
			t.Errorf("%s reads %d, want 2: b wins the tie", name, got)
		}
	}
}

// The clock of b is behind. A client reads at b what a wrote, writes at b, and
// its write loses, unless the clocks are hybrid.
func TestAClockBehindLosesWrites(t *testing.T) {
	for clock, want := range map[string]int64{"wall": 1, "hybrid": 2} {
		s := newStage(t, "", store.Values{"clock": clock})
		s.Do("step b -1h")
		s.Write("a", 1)
		s.Do("run 10ms")
		if got := s.Read("b"); got != 1 {
			t.Fatalf("b reads %d, want 1", got)
		}
		s.Write("b", 2)
		if got := s.Read("b"); got != want {
			t.Errorf("%s: after its own write of 2, the client reads %d at b; want %d", clock, got, want)
		}
	}
}

// What a hybrid clock saw, it remembers over a crash.
func TestAHybridClockSurvivesACrash(t *testing.T) {
	s := newStage(t, "", store.Values{"clock": "hybrid"})
	s.Do("step b -1h")
	s.Write("a", 1)
	s.Do("run 10ms", "crash b", "restart b", "run 1ms")
	s.Write("b", 2)
	if got := s.Read("b"); got != 2 {
		t.Errorf("b reads %d after writing 2", got)
	}
}

// What hybrid clocks do not save: b never heard of the write that its own, later one loses to.
func TestAHybridClockKnowsOnlyWhatItSaw(t *testing.T) {
	s := newStage(t, "", store.Values{"clock": "hybrid"})
	s.Do("step b -1h", "cut a b", "cut a c")
	s.Write("a", 1)
	s.Write("b", 2)
	s.Do("heal", "run 5s")
	if got := s.Read("b"); got != 1 {
		t.Errorf("b reads %d; the stamp of 1 is higher", got)
	}
}

// A clock that stands still, and a store that never wrote before time zero.
func TestStrangeClocks(t *testing.T) {
	s := newStage(t, "", nil)
	s.Do("step a -1h")
	s.Write("a", 1)
	if got := s.Read("a"); got != 1 {
		t.Errorf("the first write, at a negative time, reads %d", got)
	}
	s.Sim.ClockOf(s.ID("a")).Freeze()
	for v := int64(2); v < 5; v++ {
		s.Write("a", v)
		if got := s.Read("a"); got != v {
			t.Errorf("the clock stands still: after writing %d at a it reads %d", v, got)
		}
	}
}

// The only replica that has a write crashes before the others hear of it.
func TestTheOnlyCopyIsOnDisk(t *testing.T) {
	for sync, want := range map[bool]int64{true: 1, false: 0} {
		s := newStage(t, "", store.Values{"sync": sync})
		s.Do("cut a b", "cut a c")
		s.Write("a", 1)
		s.Do("crash a", "heal", "run 1s", "restart a", "run 3s")
		if got := s.Read("c"); got != want {
			t.Errorf("sync %v: c reads %d, want %d", sync, got, want)
		}
	}
}

// c hears of a write only by comparing.
func TestAntiEntropy(t *testing.T) {
	for mutant, want := range map[string]int64{"": 1, "no-anti-entropy": 0} {
		s := newStage(t, mutant, nil)
		s.Do("cut a c", "cut b c")
		s.Write("a", 1)
		s.Do("heal", "run 5s")
		if got := s.Holds("c").Num; got != want {
			t.Errorf("%q: c holds %d, want %d", mutant, got, want)
		}
	}
}

// A replica that slept brings back an old value, if what arrives last wins.
func TestAnOldValueDoesNotReturn(t *testing.T) {
	for mutant, want := range map[string]bool{"": false, "arrival-order": true} {
		s := newStage(t, mutant, nil)
		s.Write("a", 1)
		s.Do("run 10ms", "cut a c", "cut b c")
		s.Write("a", 2)
		s.Do("run 10ms", "heal")
		returned := false
		for range 50 {
			s.Do("run 100ms")
			returned = returned || s.Holds("a").Num == 1 || s.Holds("b").Num == 1
		}
		if returned != want {
			t.Errorf("%q: the old value returned: %v", mutant, returned)
		}
	}
}

// Two writes carry the same time.
func TestTies(t *testing.T) {
	for mutant, agree := range map[string]bool{"": true, "no-tie-break": false} {
		s := newStage(t, mutant, store.Values{"granularity": 100 * time.Millisecond})
		first, second := s.Send("a", s.Request(history.Write, 1)), s.Send("b", s.Request(history.Write, 2))
		s.Reply(first)
		s.Reply(second)
		s.Do("run 5s")
		if got := s.Holds("a").Num == s.Holds("b").Num; got != agree {
			t.Errorf("%q: a holds %d, b holds %d", mutant, s.Holds("a").Num, s.Holds("b").Num)
		}
	}
}

// Merging the oldest turns every overwrite into a loss.
func TestTheNewestWins(t *testing.T) {
	for mutant, want := range map[string]int64{"": 2, "oldest-wins": 1} {
		s := newStage(t, mutant, nil)
		s.Write("a", 1)
		s.Write("a", 2)
		if got := s.Read("a"); got != want {
			t.Errorf("%q: a reads %d, want %d", mutant, got, want)
		}
	}
}

// The journal is replaced by what it says before it grows without bound, and says the same after.
func TestCheckpoint(t *testing.T) {
	s := newStage(t, "", nil)
	const count = 6000
	for v := int64(1); v <= count; v++ {
		s.Write("a", v)
	}
	s.Do("crash a", "restart a", "run 1ms")
	if got := s.Read("a"); got != count {
		t.Errorf("a reads %d, want %d", got, count)
	}
	if n := len(s.Records("a")); n > 5000 {
		t.Errorf("the journal of a has %d records after %d writes", n, count)
	}
}

package abd_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// A write reaches one replica before its coordinator is cut off. Whoever reads
// it makes sure that everyone after reads it too.
func TestWhatOneReaderSawTheNextOneSees(t *testing.T) {
	for mutant, want := range map[string]int64{"": 2, "no-write-back": 1} {
		s := newStage(t, mutant, nil)
		s.Write("a", 1)
		s.Send("a", s.Request(history.Write, 2))
		s.Do("run 2500us", "cut a b", "cut a c") // the query is answered; the update is about to be sent
		s.Do("run 5ms", "heal")
		if got := s.Read("a"); got != 2 {
			t.Fatalf("%q: a, which holds 2, reads %d", mutant, got)
		}
		s.Do("cut a b", "cut a c")
		if got := s.Read("b"); got != want {
			t.Errorf("%q: after a reader saw 2, b reads %d; want %d", mutant, got, want)
		}
	}
}

// b has written often, a never. A write must find out how far the others have counted.
func TestAWriteLearnsTheNewestTag(t *testing.T) {
	for mutant, want := range map[string]int64{"": 9, "no-query": 2} {
		s := newStage(t, mutant, nil)
		s.Write("b", 1)
		s.Write("b", 2)
		s.Write("a", 9)
		if got := s.Read("c"); got != want {
			t.Errorf("%q: the latest write is 9, c reads %d; want %d", mutant, got, want)
		}
	}
}

// A coordinator that is alone can neither read nor write, and says so for certain.
func TestAMinorityRefuses(t *testing.T) {
	s := newStage(t, "", nil)
	s.Write("a", 1)
	s.Do("cut a b", "cut a c")
	if r := s.Reply(s.Send("a", s.Request(history.Write, 2))); r.Status != history.Failed {
		t.Errorf("a write that only queried: %v, want failed", r.Status)
	}
	if r := s.Reply(s.Send("a", s.Request(history.Read, 0))); r.Status != history.Failed {
		t.Errorf("a read: %v, want failed", r.Status)
	}
	s.Do("heal")
	if got := s.Read("a"); got != 1 {
		t.Errorf("after the heal a reads %d: a refused write has happened", got)
	}

	// With one replica less than a majority, both sides of the cut would go on.
	s = newStage(t, "minority", nil)
	s.Do("cut a b", "cut a c")
	s.Write("a", 2)
	if got := s.Read("b"); got == 2 {
		t.Error("the mutant reads across the cut")
	}
}

// Once an update is sent, nobody can tell that it will never be seen.
func TestAWriteThatWasSentIsInDoubt(t *testing.T) {
	s := newStage(t, "", nil)
	w := s.Send("a", s.Request(history.Write, 2))
	s.Do("run 2500us", "cut a b", "cut a c")
	if r := s.Reply(w); r.Status != history.Unknown {
		t.Errorf("write: %v, want unknown", r.Status)
	}
	s.Do("heal")
	if got := s.Read("a"); got != 2 {
		t.Errorf("a reads %d; it holds 2 itself", got)
	}
}

// The power fails everywhere after the acknowledgement.
func TestPowerLoss(t *testing.T) {
	for mutant, want := range map[string]int64{"": 7, "no-sync": 0} {
		s := newStage(t, mutant, nil)
		s.Write("a", 7)
		s.Do("crash a", "crash b", "crash c", "run 1s", "restart a", "restart b", "restart c", "run 1ms")
		if got := s.Read("b"); got != want {
			t.Errorf("%q: after the power loss b reads %d, want %d", mutant, got, want)
		}
	}
}

// The power fails while a record is being written; what was acknowledged before it is whole.
func TestTornRecord(t *testing.T) {
	torn := false
	s := newStage(t, "", nil)
	s.Write("a", 7)
	s.Sim.SetDisk(s.ID("b"), slow{})
	for range 20 {
		s.Send("b", s.Request(history.Write, 8)) // b notes its intent on a disk that is too slow
		s.Do("run 2ms", "crash b torn", "restart b", "run 1ms")
		records := s.Records("b")
		torn = torn || records[len(records)-1] == sim.Torn{}
	}
	s.Do("cut a b", "run 1s")
	if got := s.Read("b"); got != 7 {
		t.Errorf("b, which acknowledged 7, reads %d with c", got)
	}
	if !torn {
		t.Error("no record was ever torn: this tests nothing")
	}
}

// slow is a disk that needs 30 ms for a sync.
type slow struct{}

func (slow) Sample(uint64) time.Duration { return 30 * time.Millisecond }

// The network doubles a request, and delivers the copy after a later write,
// perhaps to a coordinator that has crashed in between.
func TestADoubledRequestIsWrittenOnce(t *testing.T) {
	for _, crash := range []bool{false, true} {
		s := newStage(t, "", nil)
		first := s.Send("a", s.Request(history.Write, 1))
		s.Reply(first)
		s.Write("b", 2)
		if crash {
			s.Do("crash a", "restart a")
		}
		s.Send("a", first)
		s.Do("run 20ms")
		if got := s.Read("c"); got != 2 {
			t.Errorf("crash %v: c reads %d, want 2: the copy was written again", crash, got)
		}
		first.Token = call.Token{} // a copy that nothing can tell from a new request
		s.Send("a", first)
		s.Do("run 20ms")
		if got := s.Read("c"); got != 1 {
			t.Errorf("crash %v: without a token c reads %d, want 1: this tests nothing", crash, got)
		}
	}
}

// An answer to a coordinator's earlier life means nothing to the present one.
func TestAnswersToAnEarlierLifeDoNotCount(t *testing.T) {
	s := newStage(t, "", nil)
	s.Write("b", 1)
	s.Do("delay 50ms")
	s.Send("a", s.Request(history.Write, 2))
	s.Do("run 60ms", "crash a", "restart a", "cut a b", "cut a c") // the queries are on their way
	w := s.Send("a", s.Request(history.Write, 3))
	s.Do("run 200ms")
	if r := s.Reply(w); r.Status != history.Failed {
		t.Errorf("a write that heard nobody but answers to another: %v, want failed", r.Status)
	}
}

// Messages get lost; the coordinator asks again.
func TestTheSilentAreAskedAgain(t *testing.T) {
	s := newStage(t, "", nil)
	s.Do("cut a b", "cut a c")
	w := s.Send("a", s.Request(history.Write, 5))
	s.Do("run 150ms", "heal")
	if r := s.Reply(w); r.Status != history.OK {
		t.Errorf("write over a link that lost the first messages: %v, want ok", r.Status)
	}
}

// c missed a write. Linearizability does not need it to learn of it; repair tells it anyway.
func TestRepair(t *testing.T) {
	for interval, want := range map[string]int64{"on": 5, "off": 0} {
		set := store.Values{}
		if interval == "off" {
			set["repair"] = never
		}
		s := newStage(t, "", set)
		s.Do("cut a c", "cut b c")
		s.Write("a", 5)
		s.Do("heal", "run 3s")
		if got := s.Holds("c").Num; got != want {
			t.Errorf("repair %s: c holds %d, want %d", interval, got, want)
		}
	}
}

// A read of what a whole majority holds takes one round trip instead of two.
func TestFastReads(t *testing.T) {
	for fast, messages := range map[bool]uint64{true: 2 + 3 + 3, false: 2 + 4*3} {
		s := newStage(t, "", store.Values{"fast_reads": fast, "repair": never})
		s.Write("a", 5)
		s.Do("run 100ms")
		before := s.Sim.Stats().Sent
		s.Read("b")
		s.Do("run 100ms")
		if got := s.Sim.Stats().Sent - before; got != messages {
			t.Errorf("fast_reads %v: %d messages for a read, want %d", fast, got, messages)
		}
	}
}

// The journal is replaced by what it says before it grows without bound, and says the same after.
func TestCheckpoint(t *testing.T) {
	s := newStage(t, "", store.Values{"repair": never})
	const writes = 6000
	for v := int64(1); v <= writes; v++ {
		s.Write("a", v)
	}
	first := s.Send("b", s.Request(history.Write, writes+1))
	s.Reply(first)
	s.Do("crash a", "crash b", "crash c", "restart a", "restart b", "restart c", "run 1ms")
	if got := s.Read("c"); got != writes+1 {
		t.Errorf("c reads %d, want %d", got, writes+1)
	}
	if n := len(s.Records("a")); n > 5000 {
		t.Errorf("the journal of a has %d records after %d writes", n, writes)
	}
}

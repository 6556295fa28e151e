package quorum_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/quorum"
	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/sim"
)

// bare switches off all that mends copies afterwards.
var bare = store.Values{"read_repair": false, "handoff": false, "sloppy": false, "anti_entropy": never}

// Why r+w > n is not linearizable, first: the clock of b is behind, so a write
// through b is acknowledged by a majority, and loses.
func TestAClockBehindLosesAnAcknowledgedWrite(t *testing.T) {
	s := newStage(t, "", nil)
	s.Do("step b -1s")
	s.Write("a", 1)
	s.Write("b", 2) // acknowledged
	if got := s.Read("b"); got != 1 {
		t.Errorf("after the write of 2, b reads %d; the stamp of 1 is higher", got)
	}
}

// Second: a write that reached one home of three is not undone. One read meets
// it, the next one, by other homes, does not.
func TestAPartialWriteIsReadAndThenNot(t *testing.T) {
	s := newStage(t, "", bare)
	s.Write("a", 1)
	s.Do("run 10ms", "cut a b", "cut a c")
	if r := s.Reply(s.Send("a", s.Request(history.Write, 2))); r.Status != history.Unknown {
		t.Fatalf("a write that one home acknowledged: %v, want unknown", r.Status)
	}
	s.Do("heal", "cut a c")
	if got := s.Read("a"); got != 2 {
		t.Fatalf("a, with b, reads %d, want 2", got)
	}
	s.Do("heal", "cut a b")
	if got := s.Read("b"); got != 1 {
		t.Errorf("b, with c, reads %d; want 1, after another read saw 2", got)
	}
}

// Third: the same while the write is under way, and in the end acknowledged.
func TestReadsDuringAWriteInvert(t *testing.T) {
	s := newStage(t, "", bare)
	s.Write("a", 1)
	s.Do("run 10ms", "delay 100ms")
	w := s.Send("a", s.Request(history.Write, 2))
	s.Do("run 101ms", "delay 1ms") // a has it; it is on its way to b and c
	s.Do("cut a c")
	if got := s.Read("a"); got != 2 {
		t.Fatalf("a, with b, reads %d, want 2", got)
	}
	s.Do("cut a b")
	if got := s.Read("b"); got != 1 {
		t.Errorf("b, with c, reads %d; want 1, after another read saw 2", got)
	}
	s.Do("heal")
	if r := s.Reply(w); r.Status != history.OK {
		t.Errorf("the write: %v, want ok", r.Status)
	}
}

// A read that meets an old copy mends it.
func TestReadRepair(t *testing.T) {
	for repair, want := range map[bool]int64{true: 1, false: 0} {
		s := newStage(t, "", with(bare, "read_repair", repair))
		s.Do("cut a c", "cut b c")
		s.Write("a", 1)
		s.Do("heal", "run 1s")
		s.Read("b")
		s.Do("run 10ms")
		if got := s.Holds("c").Num; got != want {
			t.Errorf("read_repair %v: after a read c holds %d, want %d", repair, got, want)
		}
	}
}

// A home was away; another keeps what it missed and delivers it.
func TestHintedHandoff(t *testing.T) {
	for handoff, want := range map[bool]int64{true: 1, false: 0} {
		s := newStage(t, "", with(bare, "handoff", handoff))
		s.Do("crash c")
		s.Write("a", 1)
		s.Do("run 500ms", "crash a", "crash b", "restart a", "restart b", "restart c", "run 3s") // hints are on disk
		if got := s.Holds("c").Num; got != want {
			t.Errorf("handoff %v: c holds %d, want %d", handoff, got, want)
		}
	}
}

// A home learns of many writes, in more than one batch.
func TestHandoffInBatches(t *testing.T) {
	s := newStage(t, "", with(bare, "handoff", true))
	s.Do("crash c")
	const keys = 200
	for i := range keys {
		s.Key = "k" + string(rune('0'+i))
		s.Write("a", int64(i+1))
	}
	s.Do("run 500ms", "restart c", "run 2s")
	count := 0
	s.Handler("c").(store.Dumper).Dump(func(string, history.Value) { count++ })
	if count != keys {
		t.Errorf("c holds %d keys, want %d", count, keys)
	}
}

// homes returns the names of the homes of x among five replicas, and of the others.
func homes(s *storetest.Stage) (home, other []string) {
	view := store.View{Near: s.Config.Replicas, Proxy: sim.None, Hint: sim.None}
	for i, id := range quorum.Model.Route(s.Config, &history.Op{Key: "x"}, &view) {
		if i < s.Config.Int("copies") {
			home = append(home, s.Names[id])
		} else {
			other = append(other, s.Names[id])
		}
	}
	return home, other
}

// All homes of a key but one are away. A sloppy quorum goes on with stand-ins,
// who deliver later; a strict one does not answer.
func TestSloppyQuorum(t *testing.T) {
	for sloppy, want := range map[bool]history.Status{true: history.OK, false: history.Unknown} {
		s := newStageOf(5, t, "", with(bare, "handoff", sloppy, "sloppy", sloppy))
		home, other := homes(s)
		s.Do("crash "+home[1], "crash "+home[2])
		if r := s.Reply(s.Send(other[0], s.Request(history.Write, 7))); r.Status != want {
			t.Errorf("sloppy %v: the write is %v, want %v", sloppy, r.Status, want)
		}
		if !sloppy {
			continue
		}
		if got := s.Read(other[1]); got != 7 {
			t.Errorf("during the crash a read finds %d", got)
		}
		s.Do("restart "+home[1], "restart "+home[2], "run 3s")
		for _, name := range home {
			if got := s.Holds(name).Num; got != 7 {
				t.Errorf("home %s holds %d in the end", name, got)
			}
		}
		for _, name := range other {
			if got := s.Holds(name).Num; got != 0 {
				t.Errorf("%s, no home, holds %d", name, got)
			}
		}
	}
}

// The only home of a key is away, a stand-in takes the write, and must deliver it.
func TestReplay(t *testing.T) {
	for mutant, want := range map[string]int64{"": 7, "no-replay": 0} {
		s := newStage(t, mutant, store.Values{"copies": 1, "r": 1, "w": 1})
		home, other := homes(s)
		s.Do("crash " + home[0])
		s.Write(other[0], 7)
		s.Do("restart "+home[0], "run 3s")
		if got := s.Read(home[0]); got != want {
			t.Errorf("%q: the home reads %d, want %d", mutant, got, want)
		}
	}
}

// Homes compare, and learn what they missed.
func TestAntiEntropy(t *testing.T) {
	for mutant, want := range map[string]int64{"": 2, "no-anti-entropy": 1, "fills-gaps": 1} {
		s := newStage(t, mutant, with(bare, "anti_entropy", 500*time.Millisecond))
		s.Write("a", 1)
		s.Do("run 10ms", "cut a c", "cut b c")
		s.Write("a", 2)
		s.Do("heal", "run 3s")
		if got := s.Holds("c").Num; got != want {
			t.Errorf("%q: c holds %d, want %d", mutant, got, want)
		}
	}
}

// In the WARS model a read with r = 1 may miss a write with w = 1 that was
// acknowledged before; with r+w > n it does not.
func TestWARS(t *testing.T) {
	for r, want := range map[int]int64{1: 0, 3: 7} {
		s := newStage(t, "", with(bare, "coordinator", "proxy", "r", r, "w", 1))
		s.Do("cut proxy b", "cut proxy c")
		s.Write("proxy", 7)
		s.Do("heal", "cut proxy a")
		if r == 3 {
			s.Do("heal")
		}
		if got := s.Read("proxy"); got != want {
			t.Errorf("r = %d: the proxy reads %d, want %d", r, got, want)
		}
	}
}

// A proxy has a clock of its own, and stamps with it.
func TestAProxyStampsWithItsOwnClock(t *testing.T) {
	s := newStage(t, "", store.Values{"coordinator": "proxy"})
	s.Write("proxy", 1)
	s.Do("step proxy -1s")
	s.Write("proxy", 2)
	if got := s.Read("proxy"); got != 1 {
		t.Errorf("the proxy reads %d; its clock was set back before it wrote 2", got)
	}
}

// The power fails everywhere after the acknowledgement.
func TestPowerLoss(t *testing.T) {
	for sync, want := range map[bool]int64{true: 7, false: 0} {
		s := newStage(t, "", with(bare, "sync", sync))
		for _, id := range s.Config.Replicas {
			s.Sim.SetDisk(id, slow{})
		}
		s.Write("a", 7)
		s.Do("crash a", "crash b", "crash c", "run 1s", "restart a", "restart b", "restart c", "run 1ms")
		if got := s.Read("b"); got != want {
			t.Errorf("sync %v: after the power loss b reads %d, want %d", sync, got, want)
		}
	}
}

// slow is a disk that needs 30 ms for a sync.
type slow struct{}

func (slow) Sample(uint64) time.Duration { return 30 * time.Millisecond }

func TestTheNewerWins(t *testing.T) {
	for mutant, want := range map[string]int64{"": 2, "older-wins": 1} {
		s := newStage(t, mutant, nil)
		s.Write("a", 1)
		s.Write("b", 2)
		if got := s.Read("c"); got != want {
			t.Errorf("%q: c reads %d, want %d", mutant, got, want)
		}
	}
}

// A coordinator alone: a read has changed nothing, a write may be seen yet.
func TestWhatATimeoutMeans(t *testing.T) {
	s := newStage(t, "", nil)
	s.Do("cut a b", "cut a c")
	if r := s.Reply(s.Send("a", s.Request(history.Read, 0))); r.Status != history.Failed {
		t.Errorf("a read: %v, want failed", r.Status)
	}
	if r := s.Reply(s.Send("a", s.Request(history.Write, 1))); r.Status != history.Unknown {
		t.Errorf("a write: %v, want unknown", r.Status)
	}
}

// The journal is replaced by what it says before it grows without bound, and says the same after.
func TestCheckpoint(t *testing.T) {
	s := newStage(t, "", nil)
	const count = 6000
	for v := int64(1); v <= count; v++ {
		s.Write("a", v)
	}
	s.Do("crash a", "crash b", "crash c", "restart a", "restart b", "restart c", "run 1ms")
	if got := s.Read("b"); got != count {
		t.Errorf("b reads %d, want %d", got, count)
	}
	if n := len(s.Records("a")); n > 5000 {
		t.Errorf("the journal of a has %d records after %d writes", n, count)
	}
}

func TestCheck(t *testing.T) {
	good := store.Config{Replicas: []sim.NodeID{0, 1, 2}, Values: quorum.Model.Defaults(nil)}
	if err := quorum.Model.Check(good); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, v := range map[string]any{"copies": 4, "r": 4, "w": 4, "handoff": false, "timeout": time.Millisecond} {
		bad := good
		bad.Values = quorum.Model.Defaults(store.Values{name: v})
		if quorum.Model.Check(bad) == nil {
			t.Errorf("%s = %v is accepted", name, v)
		}
	}
}

// with returns set with some settings changed: names and values by turns.
func with(set store.Values, changes ...any) store.Values {
	changed := store.Values{}
	for name, v := range set {
		changed[name] = v
	}
	for i := 0; i < len(changes); i += 2 {
		changed[changes[i].(string)] = changes[i+1]
	}
	return changed
}

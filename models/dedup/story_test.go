package dedup_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/chain"
	"faultline/models/dedup"
	"faultline/models/lww"
	"faultline/models/primarybackup"
	"faultline/models/single"
	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/sim/dist"
)

// newStage returns a stage with one machine a behind a layer. Links take 1 ms, the disk 10 ms.
func newStage(t *testing.T, l dedup.Layer) *storetest.Stage {
	s := storetest.NewStage(t, l.Over(&single.Model), 1, "", nil)
	s.Sim.SetDisk(s.ID("a"), dist.Constant(10*time.Millisecond))
	return s
}

// times returns how often the charge was carried out.
func times(s *storetest.Stage) int { return len(s.Holds("a").List) }

// crash takes the machine down and up again, at once.
func crash(s *storetest.Stage) { s.Do("crash a", "restart a", "run 1ms") }

// The answer is lost, the machine crashes, and the client asks again: only a table
// that is in the log knows that the charge is there.
func TestWhoseAnswerIsLostAsksAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		layer dedup.Layer
		calm  int // charges if the machine does not crash
		crash int // if it does
	}{
		{"in the log", dedup.Layer{}, 1, 1},
		{"in the log, for a while", dedup.Layer{Window: time.Minute}, 1, 1},
		{"recorded after", dedup.Layer{Record: dedup.After}, 1, 1},
		{"recorded before", dedup.Layer{Record: dedup.Before}, 1, 1},
		{"in memory", dedup.Layer{Table: dedup.Local}, 1, 2},
		{"in memory, recorded after", dedup.Layer{Table: dedup.Local, Record: dedup.After}, 1, 2},
		{"no table", dedup.Layer{Table: dedup.Absent}, 2, 2},
	} {
		for _, crashes := range []bool{false, true} {
			s, want := newStage(t, c.layer), c.calm
			charge := s.Send("a", s.Request(history.Append, 7))
			s.Do("run 2ms", "cut a client", "run 100ms", "heal")
			if crashes {
				crash(s)
				want = c.crash
			}
			if r := s.Reply(s.Send("a", s.Again(charge))); r.Status != history.OK {
				t.Errorf("%s: the second attempt: %v", c.name, r.Status)
			}
			if got := times(s); got != want {
				t.Errorf("%s, crash %v: charged %d times, want %d", c.name, crashes, got, want)
			}
		}
	}
}

// The machine crashes between the two steps of a write. Recorded after, the
// charge is there and nobody knows; recorded before, everybody knows and it is not.
func TestCrashBetweenEffectAndRecord(t *testing.T) {
	for _, c := range []struct {
		name  string
		layer dedup.Layer
		want  int
	}{
		{"atomic", dedup.Layer{Window: time.Minute}, 1},
		{"after", dedup.Layer{Record: dedup.After}, 2},
		{"before", dedup.Layer{Record: dedup.Before}, 0},
	} {
		s := newStage(t, c.layer)
		charge := s.Send("a", s.Request(history.Append, 7))
		s.Do("run 16ms") // 1 ms to get there, 10 ms for the first step, 5 ms of the second
		crash(s)
		if r := s.Reply(s.Send("a", s.Again(charge))); r.Status != history.OK {
			t.Errorf("%s: the second attempt: %v", c.name, r.Status)
		}
		if got := times(s); got != c.want {
			t.Errorf("%s: charged %d times, want %d", c.name, got, c.want)
		}
	}
}

// A record is good for as long as the window, and not an instant longer: time counts from the first attempt.
func TestWindow(t *testing.T) {
	for _, table := range []dedup.Table{dedup.Replicated, dedup.Local} {
		s := newStage(t, dedup.Layer{Table: table, Window: time.Second})
		charge := s.Request(history.Append, 7)
		s.Reply(s.Send("a", charge))
		s.Do("run 500ms")
		s.Reply(s.Send("a", s.Again(charge)))
		if got := times(s); got != 1 {
			t.Errorf("%s: within the window charged %d times, want once", dedup.Tables[table], got)
		}
		s.Do("run 500ms")
		s.Reply(s.Send("a", s.Again(charge)))
		if got := times(s); got != 2 {
			t.Errorf("%s: beyond the window charged %d times, want twice", dedup.Tables[table], got)
		}
	}
}

// A retry that comes while the first attempt is under way is told to come again,
// and carries nothing out. Where writes are recorded after, it does.
func TestRetryOfWhatIsUnderWay(t *testing.T) {
	for record, want := range map[dedup.Timing]int{dedup.Atomic: 1, dedup.After: 2} { // any order: each is tested by itself
		s := newStage(t, dedup.Layer{Table: dedup.Local, Record: record})
		charge := s.Send("a", s.Request(history.Append, 7))
		s.Do("run 5ms")
		again := s.Send("a", s.Again(charge))
		s.Do("run 2ms")
		if got := s.Replied(again).Status; record == dedup.Atomic && got != history.Unknown {
			t.Errorf("the second attempt is answered %v, want that it may or may not have happened", got)
		}
		s.Do("run 100ms")
		if got := times(s); got != want {
			t.Errorf("recorded %s: charged %d times, want %d", dedup.Timings[record], got, want)
		}
	}
}

// The primary is gone before it could answer. Its successor has the log, and
// with it the table; what the primary had in memory it does not have.
func TestFailover(t *testing.T) {
	for _, c := range []struct {
		name  string
		layer dedup.Layer
		want  int
	}{
		{"in the log", dedup.Layer{Window: time.Minute}, 1},
		{"in memory", dedup.Layer{Table: dedup.Local}, 2},
	} {
		s := storetest.NewStage(t, c.layer.Over(&primarybackup.Model), 3, "", nil)
		s.Do("run 20ms")
		charge := s.Send("a", s.Request(history.Append, 7))
		s.Do("run 2ms", "cut a client", "run 100ms", "crash a", "heal")
		next := s.NewLeader("bc")
		s.Do("run 20ms")
		if r := s.Reply(s.Send(next, s.Again(charge))); r.Status != history.OK {
			t.Errorf("%s: the second attempt: %v", c.name, r.Status)
		}
		if got := len(s.Holds(next).List); got != c.want {
			t.Errorf("%s: charged %d times, want %d", c.name, got, c.want)
		}
	}
}

// What a layer promises, and where it can stand.
func TestDeclares(t *testing.T) {
	cfg := func(m *store.Model) store.Config { return store.Config{Replicas: nil, Values: m.Defaults(nil)} }
	for _, c := range []struct {
		layer dedup.Layer
		leaf  *store.Model
		once  bool
		fits  bool
	}{
		{dedup.Layer{}, &single.Model, true, true},
		{dedup.Layer{Window: time.Hour}, &single.Model, false, true},
		{dedup.Layer{Record: dedup.After}, &single.Model, false, true},
		{dedup.Layer{}, &chain.Model, true, true},
		{dedup.Layer{Table: dedup.Local}, &chain.Model, false, false},
		{dedup.Layer{Record: dedup.Before}, &chain.Model, false, false},
		{dedup.Layer{}, &lww.Model, false, false},
		{dedup.Layer{Table: dedup.Local}, &lww.Model, false, true},
	} {
		m := c.layer.Over(c.leaf)
		if got := m.AppliesOnce(cfg(m)); got != c.once {
			t.Errorf("%+v over %s applies once: %v, want %v", c.layer, c.leaf.Name, got, c.once)
		}
		if err := m.Check(cfg(m)); (err == nil) != c.fits {
			t.Errorf("%+v over %s: %v, want fits %v", c.layer, c.leaf.Name, err, c.fits)
		}
		if !c.once && m.Claims(cfg(m)) == store.Linearizable {
			t.Errorf("%+v over %s claims to be linearizable", c.layer, c.leaf.Name)
		}
	}
}

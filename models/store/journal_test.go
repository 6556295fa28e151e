package store_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"faultline/models/store"
	"faultline/sim"
	"faultline/sim/dist"
)

const syncTime = 10 * time.Millisecond

// A scribe writes numbers into its journal, and notes when it may tell of them.
type scribe struct {
	sim.Env
	disk  store.Journal[int]
	holds []any      // found when it started, or written since
	told  []int      // in order
	at    []sim.Time // when
	sim   *sim.Sim
}

func (s *scribe) Start(e sim.Env) {
	s.Env = e
	s.holds = s.disk.Records(e)
}
func (*scribe) Receive(sim.Env, sim.NodeID, any) {}
func (s *scribe) Timer(e sim.Env, t sim.TimerID) {
	if t == s.disk.Syncing() {
		s.disk.Synced(e)
	}
}

func (s *scribe) Durable(_ sim.Env, due []int) {
	for _, n := range due {
		s.told, s.at = append(s.told, n), append(s.at, s.sim.Now())
	}
}

// write writes numbers and waits for each.
func (s *scribe) write(numbers ...int) {
	for _, n := range numbers {
		s.holds = append(s.holds, n)
		s.disk.Write(s, n)
		s.disk.Wait(n)
	}
	s.disk.Flush(s)
}

// newScribe returns a scribe on a disk that needs 10 ms for a sync. After a crash there is a new one.
func newScribe(sync bool) (*sim.Sim, func() *scribe) {
	s := sim.New(1)
	var last *scribe
	s.Add(0, func() sim.Handler {
		last = &scribe{sim: s}
		last.disk = store.NewJournal(sync, last)
		return last
	})
	s.SetDisk(0, dist.Constant(syncTime))
	s.Run(0)
	return s, func() *scribe { return last }
}

// What is written at one instant shares a sync; what comes meanwhile shares the next.
func TestGroupCommit(t *testing.T) {
	s, now := newScribe(true)
	now().write(1, 2)
	s.Run(sim.Time(2 * time.Millisecond))
	now().write(3)
	s.Run(sim.Time(4 * time.Millisecond))
	now().write(4)
	s.Run(sim.Time(time.Second))
	first, second := sim.Time(syncTime), sim.Time(2*syncTime)
	if told, at := now().told, now().at; !slices.Equal(told, []int{1, 2, 3, 4}) || !slices.Equal(at, []sim.Time{first, first, second, second}) {
		t.Errorf("told %v at %v", told, at)
	}
	if got := s.Stats().Syncs; got != 2 {
		t.Errorf("%d syncs, want 2", got)
	}
}

// Who comes during a sync and has written nothing waits for that one alone.
func TestWhoHasWrittenNothingWaitsForWhatIsUnderWay(t *testing.T) {
	s, now := newScribe(true)
	if !now().disk.Clean() {
		t.Error("a new journal is not clean")
	}
	now().write(1)
	s.Run(sim.Time(2 * time.Millisecond))
	now().disk.Wait(2)
	s.Run(sim.Time(3 * time.Millisecond))
	now().write(3)
	now().disk.Wait(4)
	s.Run(sim.Time(time.Second))
	first, second := sim.Time(syncTime), sim.Time(2*syncTime)
	if told, at := now().told, now().at; !slices.Equal(told, []int{1, 2, 3, 4}) || !slices.Equal(at, []sim.Time{first, first, second, second}) {
		t.Errorf("told %v at %v", told, at)
	}
	if !now().disk.Clean() {
		t.Error("with everything on disk the journal is not clean")
	}
}

// Without sync everything goes on at once, and a crash takes it.
func TestWithoutSync(t *testing.T) {
	s, now := newScribe(false)
	now().write(1, 2)
	if told := now().told; !slices.Equal(told, []int{1, 2}) {
		t.Errorf("told %v at once, want both", told)
	}
	s.Crash(0, sim.LoseUnsynced)
	s.Restart(0)
	s.Run(sim.Time(time.Second))
	if found := now().holds; len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

// Whatever was told of is found after a crash, once and in order, whether the crash
// tore records, and whether the journal was compacted meanwhile.
func TestWhatIsToldOfIsDurable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now := newScribe(true)
		var told []int
		for n := range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			default:
				now().write(n)
			case 8:
				now().disk.Compact(now(), now().holds...)
			case 9:
				told = append(told, now().told...)
				s.Crash(0, sim.Loss(rapid.IntRange(0, 2).Draw(t, "loss")))
				s.Restart(0)
				s.Run(s.Now())
				checkFound(t, now().holds, told)
			}
			s.Run(s.Now().Add(time.Duration(rapid.IntRange(0, 15).Draw(t, "ms")) * time.Millisecond))
		}
	})
}

func checkFound(t *rapid.T, found []any, told []int) {
	for i, x := range found {
		if i > 0 && found[i-1].(int) >= x.(int) {
			t.Fatalf("found %v: not in the order in which they were written", found)
		}
	}
	for _, n := range told {
		if !slices.Contains(found, any(n)) {
			t.Fatalf("told of %d, and found %v", n, found)
		}
	}
}

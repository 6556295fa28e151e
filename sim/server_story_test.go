package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/sim"
)

const ms = time.Millisecond

// An errand is a job that is known by its name. It takes what its name says after the colon: a:3.
type errand struct {
	name string
	till sim.Time // 0: for ever
}

func (e errand) Expires() sim.Time {
	if e.till == 0 {
		return sim.Forever
	}
	return e.till
}

func (e errand) Refusal(sure bool) any {
	if sure {
		return "refused " + e.name
	}
	return "doubtful " + e.name
}

// A counter is where errands are done. It says what it has handled, and when.
type counter struct {
	log *[]string
	s   *sim.Sim
}

func (c counter) Start(e sim.Env) {}
func (c counter) Receive(_ sim.Env, _ sim.NodeID, msg any) {
	if e, ok := msg.(errand); ok {
		msg = e.name
	}
	*c.log = append(*c.log, fmt.Sprintf("%v at %d", msg, c.s.Now()/sim.Time(ms)))
}
func (c counter) Timer(sim.Env, sim.TimerID) { c.Receive(nil, 0, "timer") }

// scripted is a law whose samples are given, in ms.
type scripted struct{ take []int }

func (l *scripted) Sample(uint64) time.Duration {
	d := l.take[0]
	if len(l.take) > 1 {
		l.take = l.take[1:]
	}
	return time.Duration(d) * ms
}

// A play is a run with a server at node 0 and its client at node 1.
type play struct {
	*sim.Sim
	log []string
}

func newPlay(rules sim.Server, takes ...int) *play {
	p := &play{Sim: sim.New(1)}
	rules.Service = &scripted{takes}
	p.Add(0, func() sim.Handler { return counter{&p.log, p.Sim} })
	p.SetServer(0, rules)
	p.AddDesk(1, func(msg any) *sim.Proc {
		counter{&p.log, p.Sim}.Receive(nil, 0, msg)
		return nil
	})
	return p
}

// ask sends a job or any other message at an instant, in ms.
func (p *play) ask(at int, msg any) {
	p.At(sim.Time(at)*sim.Time(ms), func() { p.Inject(1, 0, msg) })
}

func (p *play) asks(at int, names ...string) {
	for _, name := range names {
		p.ask(at, errand{name: name})
	}
}

// expect runs the play and compares what was handled and answered.
func (p *play) expect(t *testing.T, want ...string) {
	t.Helper()
	p.Run(sim.Time(time.Second))
	p.Close()
	if !slices.Equal(p.log, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(p.log, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestWorkersWorkSideBySide(t *testing.T) {
	p := newPlay(sim.Server{Workers: 2}, 5, 1, 1, 1)
	p.asks(0, "a", "b", "c", "d")
	p.expect(t, "b at 1", "c at 2", "d at 3", "a at 5")
}

// What replicas say to each other waits behind the requests of clients.
func TestHeartbeatsWaitBehindJobs(t *testing.T) {
	p := newPlay(sim.Server{}, 5)
	p.asks(0, "a", "b")
	p.ask(1, "heartbeat")
	p.expect(t, "a at 5", "b at 10", "heartbeat at 10")
}

// Under LIFO, jobs that came earlier stay; what is no job is not buried under them.
func TestNewestFirst(t *testing.T) {
	p := newPlay(sim.Server{Discipline: sim.LIFO}, 5)
	p.asks(0, "a", "b", "c")
	p.ask(1, "heartbeat")
	p.asks(2, "d")
	p.expect(t, "a at 5", "heartbeat at 5", "d at 10", "c at 15", "b at 20")
}

func TestBoundTurnsTheNewestAway(t *testing.T) {
	p := newPlay(sim.Server{Bounded: true, Limit: 1}, 5)
	p.asks(0, "a", "b", "c")
	p.ask(1, "heartbeat") // is never turned away, and takes no place
	p.expect(t, "refused c at 0", "a at 5", "b at 10", "heartbeat at 10")
}

// The newest has the best chance to be answered in time: of LIFO it is the oldest that goes.
func TestBoundOfLIFOTurnsTheOldestAway(t *testing.T) {
	p := newPlay(sim.Server{Discipline: sim.LIFO, Bounded: true, Limit: 1}, 5)
	p.asks(0, "a", "b", "c")
	p.expect(t, "refused b at 0", "a at 5", "c at 10")
}

// Who has to say no to everybody gets nothing else done.
func TestRefusalsTakeTimeAndGoFirst(t *testing.T) {
	p := newPlay(sim.Server{Bounded: true, Limit: 1, RejectCost: 400}, 5)
	p.asks(0, "a", "b", "c", "d")
	p.expect(t, "a at 5", "refused c at 7", "refused d at 9", "b at 14")
	want := sim.ServerStats{Done: 2, Refused: 2, Busy: 14 * ms, Wasted: 4 * ms}
	if got := p.ServerStats(0); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

// One that is done too late was in vain; one that has expired is dropped, if asked for.
func TestDropExpired(t *testing.T) {
	for _, drop := range []bool{false, true} {
		p := newPlay(sim.Server{DropExpired: drop}, 5)
		p.ask(0, errand{"a", sim.Time(3 * ms)}) // expires while it is worked on
		p.ask(0, errand{"b", sim.Time(4 * ms)}) // while it waits
		p.ask(0, errand{"c", sim.Time(time.Second)})
		if drop {
			p.expect(t, "a at 5", "c at 10")
			if got := p.ServerStats(0); got.Dropped != 1 || got.Wasted != 5*ms {
				t.Errorf("stats %+v, want 1 dropped and 5ms wasted", got)
			}
		} else {
			p.expect(t, "a at 5", "b at 10", "c at 15")
		}
	}
}

// With less time left than the service takes, there is no point in beginning.
func TestDropWhatHasTooLittleTimeLeft(t *testing.T) {
	p := newPlay(sim.Server{DropExpired: true, MinLeft: 5 * ms}, 5)
	p.asks(0, "a")
	p.ask(0, errand{"b", sim.Time(9 * ms)})
	p.ask(0, errand{"c", sim.Time(11 * ms)})
	p.expect(t, "a at 5", "c at 10")
}

// The server knows the time from its own clock alone: one that is fast drops what it could still do.
func TestExpiryIsJudgedByTheServersClock(t *testing.T) {
	p := newPlay(sim.Server{DropExpired: true}, 5)
	p.ClockOf(0).Step(time.Minute)
	p.ask(0, errand{"a", sim.Time(time.Second)})
	p.expect(t)
}

// One that waits for ever is never hopeless, though a clock behind all beginnings makes for ever long.
func TestWhatNeverExpiresIsNotDropped(t *testing.T) {
	p := newPlay(sim.Server{DropExpired: true}, 5)
	p.ClockOf(0).Step(-time.Minute)
	p.ask(0, errand{"a", sim.Forever})
	p.expect(t, "a at 5")
}

// Where a run begins before instant 0, clocks are ahead of it, and so are the deadlines that they measure.
func TestExpiryInARunThatBeganBefore(t *testing.T) {
	p := &play{Sim: sim.New(1)}
	p.BeginAt(-sim.Time(time.Minute))
	p.Add(0, func() sim.Handler { return counter{&p.log, p.Sim} })
	p.SetServer(0, sim.Server{DropExpired: true, Service: &scripted{[]int{5}}})
	p.Run(0)
	p.ask(0, errand{"a", p.ClockTime(sim.Time(3 * ms))})
	p.ask(0, errand{"b", p.ClockTime(sim.Time(4 * ms))})
	p.ask(0, errand{"c", p.ClockTime(sim.Time(6 * ms))})
	p.expect(t, "a at 5", "c at 10")
	if got := p.ServerStats(0); got.Wasted != 10*ms || p.TrueTime(p.ClockTime(7)) != 7 || p.TrueTime(sim.Forever) != sim.Forever {
		t.Errorf("stats %+v", got)
	}
}

// A slow processor takes longer for jobs and refusals alike, and begins anew what it is at.
func TestSlowServer(t *testing.T) {
	p := newPlay(sim.Server{}, 4)
	p.asks(0, "a", "b")
	p.At(sim.Time(2*ms), func() { p.SlowCPU(0, 2500) })
	p.At(sim.Time(13*ms), func() { p.SlowCPU(0, 1000) })
	p.expect(t, "a at 12", "b at 17")
}

// A server that stands still refuses nobody either; who comes is looked at afterwards.
func TestPausedServerIsSilent(t *testing.T) {
	p := newPlay(sim.Server{Bounded: true}, 5)
	p.asks(0, "a")
	p.At(sim.Time(ms), func() { p.Pause(0) })
	p.asks(2, "b")
	p.At(sim.Time(20*ms), func() { p.Resume(0) })
	p.expect(t, "a at 25", "refused b at 25")
}

// A crash loses what waits and what is worked on, and the server starts empty.
func TestCrashedServerForgets(t *testing.T) {
	for _, rules := range []sim.Server{{}, {Discipline: sim.LIFO}, {Bounded: true, Limit: 1, RejectCost: 900}} {
		p := newPlay(rules, 5)
		p.asks(0, "a", "b", "c", "d")
		p.At(sim.Time(ms), func() { p.Crash(0, sim.KeepAll); p.Restart(0) })
		p.asks(2, "e", "f")
		p.expect(t, "e at 7", "f at 12")
	}
}

// Chores keep a worker busy, and come up again after a restart.
func TestChores(t *testing.T) {
	p := newPlay(sim.Server{Every: 100 * ms, Chore: &scripted{[]int{10}}}, 5)
	p.At(sim.Time(450*ms), func() { p.Crash(0, sim.KeepAll); p.Restart(0) })
	p.expect(t)
	if got := p.ServerStats(0).Busy; got < 80*ms || got > 100*ms {
		t.Errorf("chores of 10ms every 100ms kept the server busy for %v of 1s", got)
	}
}

// twice is a wire that doubles every message.
type twice struct{}

func (twice) Carry(_, _ sim.NodeID, _ any) sim.Fate { return sim.Fate{Copy: ms} }

// Where messages come twice, a refusal of one does not mean that nothing happens.
func TestRefusalsAreUnsureWhereMessagesAreDoubled(t *testing.T) {
	p := newPlay(sim.Server{Bounded: true}, 5)
	p.Use(twice{})
	p.asks(0, "a")
	p.expect(t, "doubtful a at 1", "doubtful a at 2", "a at 5")
}

// A server with many workers and much to do allocates nothing but what its lines grow by.
func TestServersAllocateNothing(t *testing.T) {
	for _, rules := range []sim.Server{
		{Workers: 3}, {Discipline: sim.LIFO, Bounded: true, Limit: 20, RejectCost: 200},
		{Discipline: sim.CoDel, DropExpired: true}, {Bounded: true, Limit: 5, Every: 10 * ms, Chore: fixed(ms)},
	} {
		s := sim.New(1)
		rules.Service = fixed(ms)
		s.Add(0, func() sim.Handler { return quiet{} })
		s.SetServer(0, rules)
		s.AddDesk(1, func(any) *sim.Proc { return nil })
		j := &patientJob{}
		arrivals := func() {
			for range 100 {
				s.Inject(1, 0, j)
				s.Run(s.Now().Add(700 * time.Microsecond))
			}
		}
		arrivals()
		s.Run(s.Now().Add(time.Second))
		if n := testing.AllocsPerRun(10, func() { arrivals(); s.Run(s.Now().Add(time.Second)) }); n > 0 {
			t.Errorf("%+v: %v allocations in 100 jobs", rules, n)
		}
	}
}

type quiet struct{}

func (quiet) Start(sim.Env)                    {}
func (quiet) Timer(sim.Env, sim.TimerID)       {}
func (quiet) Receive(sim.Env, sim.NodeID, any) {}

// A patientJob waits for ever.
type patientJob struct{}

func (*patientJob) Expires() sim.Time    { return sim.Forever }
func (j *patientJob) Refusal(_ bool) any { return j }

func BenchmarkServer(b *testing.B) {
	s := sim.New(1)
	s.Add(0, func() sim.Handler { return quiet{} })
	s.SetServer(0, sim.Server{Workers: 10, Service: fixed(10 * ms), Bounded: true, Limit: 40})
	s.AddDesk(1, func(any) *sim.Proc { return nil })
	j := &patientJob{}
	b.ReportAllocs()
	for range b.N {
		s.Inject(1, 0, j)
		s.Run(s.Now().Add(time.Millisecond))
	}
}

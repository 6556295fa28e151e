package sim_test

import (
	"testing"
	"time"

	"faultline/sim"
)

// A waiter keeps its worker at each job for so many ms after it got it, as one that waits for another's answer does.
type waiter struct {
	counter
	keeps time.Duration
	due   map[sim.TimerID]int
}

func (h *waiter) Receive(e sim.Env, from sim.NodeID, msg any) {
	h.counter.Receive(e, from, msg)
	if _, is := msg.(errand); is {
		h.due[e.After(h.keeps)] = e.(sim.Workplace).Worker()
	}
}

func (h *waiter) Timer(e sim.Env, t sim.TimerID) { e.(sim.Workplace).Free(h.due[t]) }

func newKeepingPlay(rules sim.Server, takes ...int) *play {
	p := &play{Sim: sim.New(1)}
	rules.Service, rules.Blocking = &scripted{takes}, true
	p.Add(0, func() sim.Handler { return &waiter{counter{&p.log, p.Sim}, 10 * ms, map[sim.TimerID]int{}} })
	p.SetServer(0, rules)
	p.AddDesk(1, func(msg any) *sim.Proc {
		counter{&p.log, p.Sim}.Receive(nil, 0, msg)
		return nil
	})
	return p
}

// With two workers that are kept for 10 ms at each job, the third begins when the
// first is let go. What is no job does not wait for them.
func TestWorkersAreKept(t *testing.T) {
	p := newKeepingPlay(sim.Server{Workers: 2}, 1)
	p.asks(0, "a", "b", "c")
	p.ask(5, "answer")
	p.expect(t, "a at 1", "b at 1", "answer at 5", "c at 12")
	if got := p.ServerStats(0); got.Busy != 33*ms || got.Done != 3 || got.Wasted != 0 {
		t.Errorf("stats %+v, want 33ms at work: 3 times 1 and 10", got)
	}
}

// The rules of the line are those of any server.
func TestRulesOfTheLineWhereWorkersAreKept(t *testing.T) {
	for _, c := range []struct {
		rules sim.Server
		want  []string
	}{
		{sim.Server{}, []string{"a at 1", "b at 12", "c at 23"}},
		{sim.Server{Discipline: sim.LIFO}, []string{"a at 1", "c at 12", "b at 23"}},
		{sim.Server{Bounded: true, Limit: 1}, []string{"refused c at 0", "a at 1", "b at 12"}},
		{sim.Server{Bounded: true, Limit: 1, Discipline: sim.LIFO}, []string{"refused b at 0", "a at 1", "c at 12"}},
		{sim.Server{Bounded: true}, []string{"refused b at 0", "refused c at 0", "a at 1"}},
	} {
		p := newKeepingPlay(c.rules, 1)
		p.asks(0, "a", "b", "c")
		p.expect(t, c.want...)
	}
}

// A crash lets go of all workers, and a pause keeps them.
func TestKeptWorkersInCrashAndPause(t *testing.T) {
	p := newKeepingPlay(sim.Server{}, 1)
	p.asks(0, "a", "b")
	p.At(sim.Time(5*ms), func() { p.Crash(0, sim.KeepAll); p.Restart(0) })
	p.asks(6, "c")
	p.expect(t, "a at 1", "c at 7")
	p = newKeepingPlay(sim.Server{}, 1)
	p.asks(0, "a", "b")
	p.At(sim.Time(5*ms), func() { p.Pause(0) })
	p.At(sim.Time(50*ms), func() { p.Resume(0) })
	p.expect(t, "a at 1", "b at 51")
}

// A takeBack takes back the job of a name.
type takeBack struct{ name string }

func (r takeBack) Recalls(job any) bool { e, ok := job.(errand); return ok && e.name == r.name }

// Of two jobs that are taken back, the one that waits is not done, and the one that is worked on is done in vain.
func TestJobsAreTakenBack(t *testing.T) {
	for _, rules := range []sim.Server{{}, {Discipline: sim.LIFO}} {
		p := newPlay(rules, 5)
		p.asks(0, "a", "b", "c")
		p.ask(1, takeBack{"a"})
		p.ask(1, takeBack{"b"})
		p.ask(1, takeBack{"nobody"})
		p.Run(sim.Time(time.Second))
		got := p.ServerStats(0)
		if got.Done != 2 || got.Dropped != 1 || got.Busy != 10*ms || got.Wasted != 5*ms {
			t.Errorf("%v: stats %+v, want 2 done, 1 dropped, 5ms of 10ms in vain", rules.Discipline, got)
		}
		p.Close()
	}
	p := newPlay(sim.Server{Bounded: true, Limit: 1}, 5) // the place in line is free again
	p.asks(0, "a", "b")
	p.ask(1, takeBack{"b"})
	p.asks(2, "c")
	p.expect(t, "a at 5", "{b} at 5", "c at 10")
}

// Nobody takes back what another sent.
func TestOnlyOwnJobsAreTakenBack(t *testing.T) {
	p := newPlay(sim.Server{}, 5)
	p.AddDesk(2, func(any) *sim.Proc { return nil })
	p.asks(0, "a", "b")
	p.At(sim.Time(ms), func() { p.Inject(2, 0, takeBack{"b"}) })
	p.expect(t, "a at 5", "b at 10", "{b} at 10")
}

// Under controlled delay a job may wait for an interval, here 20 ms, and no longer than
// the target, 5 ms, once there was a line for an interval before it came.
func TestControlledDelay(t *testing.T) {
	rules := sim.Server{Discipline: sim.ControlledDelay, Target: 5 * ms, Interval: 20 * ms}
	p := newPlay(rules, 10)
	p.asks(0, "a", "b", "c", "d") // the line begins; d is next at 30, and has waited too long
	p.asks(15, "e")               // the line is 15 ms old: e may wait for 20 ms
	p.asks(25, "f")               // it is 25 ms old: f may wait for 5 ms
	p.asks(100, "g")              // there is no line any more
	p.expect(t, "a at 10", "b at 20", "c at 30", "refused d at 30", "e at 40", "refused f at 40", "g at 110")
}

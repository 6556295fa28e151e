package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"faultline/sim"
)

// A pinger sends a token on and on, and sets a timer that the next token cancels.
type pinger struct {
	peer  sim.NodeID
	timer sim.TimerID
}

func (p *pinger) Start(e sim.Env)                { e.Send(p.peer, nil) }
func (p *pinger) Timer(e sim.Env, _ sim.TimerID) { e.Send(p.peer, nil) }
func (p *pinger) Receive(e sim.Env, _ sim.NodeID, _ any) {
	e.Cancel(p.timer)
	p.timer = e.After(time.Second)
	e.Send(p.peer, nil)
}

// A jitter is a wire whose delays come from the run's own randomness.
type jitter struct{ r *sim.Stream }

func (j jitter) Carry(sim.NodeID, sim.NodeID, any) sim.Fate {
	return sim.Arrives(time.Duration(1 + j.r.IntN(1_000_000)))
}

func playPingers(s *sim.Sim) {
	s.Use(jitter{s.Stream("wire")})
	for id := range sim.NodeID(4) {
		s.Add(id, func() sim.Handler { return &pinger{peer: (id + 1) % 4} })
	}
	s.Run(sim.Time(time.Second))
}

func TestKernelAllocatesNothingPerEvent(t *testing.T) {
	s := sim.New(1)
	playPingers(s)
	before := s.Stats().Events
	allocations := testing.AllocsPerRun(10, func() { s.Run(s.Now().Add(100 * time.Millisecond)) })
	if s.Stats().Events == before || allocations > 0 {
		t.Errorf("%v allocations in %d events", allocations, s.Stats().Events-before)
	}
}

func TestResetIsAsGoodAsNew(t *testing.T) {
	used := sim.New(5)
	playPingers(used)
	first := used.Hash()
	used.Go(sim.None, "sleeper", func(p *sim.Proc) { p.Wait() })
	used.Run(used.Now().Add(time.Second))
	used.Reset(5)
	playPingers(used)
	if used.Hash() != first {
		t.Errorf("hash %016x after Reset, %016x when new", used.Hash(), first)
	}
	other := sim.New(6)
	playPingers(other)
	if other.Hash() == first {
		t.Error("seeds 5 and 6 have the same hash")
	}
}

func TestEventsBeforeTimeZeroComeInOrder(t *testing.T) {
	s := sim.New(1)
	s.BeginAt(-sim.Time(time.Second))
	var seen []sim.Time
	for _, at := range []time.Duration{300 * time.Millisecond, -700 * time.Millisecond, 0, -1, 1} {
		s.At(sim.Time(at), func() { seen = append(seen, s.Now()) })
	}
	s.Run(sim.Forever)
	want := []sim.Time{-sim.Time(700 * time.Millisecond), -1, 0, 1, sim.Time(300 * time.Millisecond)}
	for i := range want {
		if seen[i] != want[i] {
			t.Fatalf("events at %v, want %v", seen, want)
		}
	}
}

// A clockReader notes what its clock reads when it starts.
type clockReader struct{ read *sim.Time }

func (c clockReader) Start(e sim.Env)                { *c.read = e.Clock() }
func (clockReader) Timer(sim.Env, sim.TimerID)       {}
func (clockReader) Receive(sim.Env, sim.NodeID, any) {}

func TestClocksReadZeroWhenTheRunBegins(t *testing.T) {
	s := sim.New(1)
	s.BeginAt(-sim.Time(time.Second))
	read := sim.Time(-1)
	s.Add(0, func() sim.Handler { return clockReader{&read} })
	s.Run(0)
	if read != 0 {
		t.Errorf("the clock read %v at the beginning, want 0", read)
	}
	if clock := s.ClockOf(0); clock.Read(s.Now()) != sim.Time(time.Second) || clock.Error() != 0 {
		t.Errorf("after a second it reads %v, wrong by %v", clock.Read(s.Now()), clock.Error())
	}
}

func TestScriptsWaitAndWake(t *testing.T) {
	s := sim.New(1)
	var order []string
	waiter := s.Go(sim.None, "waiter", func(p *sim.Proc) {
		p.Wait()
		order = append(order, "woken at "+p.Now().String())
		p.Wait()
		order = append(order, "never")
	})
	s.Go(sim.None, "waker", func(p *sim.Proc) {
		p.Sleep(time.Second)
		waiter.Wake()
		waiter.Wake() // a second one does nothing
		order = append(order, "waker goes on first")
	})
	s.Run(sim.Forever)
	if len(order) != 2 || order[0] != "waker goes on first" || order[1] != "woken at 1s" {
		t.Errorf("got %q", order)
	}
	s.Close()
	if !waiter.Done() {
		t.Error("the script still waits after Close")
	}
}

func TestScriptsWaitUntilOrWake(t *testing.T) {
	s := sim.New(1)
	var times []sim.Time
	waiter := s.Go(sim.None, "waiter", func(p *sim.Proc) {
		for range 4 {
			p.WaitUntil(sim.Time(3 * time.Second)) // woken at 1 s, again at 2 s; on time; at once
			times = append(times, p.Now())
		}
	})
	s.Go(sim.None, "waker", func(p *sim.Proc) {
		for range 2 {
			p.Sleep(time.Second)
			waiter.Wake()
			waiter.Wake()
		}
	})
	s.Run(sim.Forever)
	want := []sim.Time{sim.Time(time.Second), sim.Time(2 * time.Second), sim.Time(3 * time.Second), sim.Time(3 * time.Second)}
	if !slices.Equal(times, want) {
		t.Errorf("went on at %v, want %v", times, want)
	}
	if n := s.Stats().Events; n != 7 {
		t.Errorf("%d events, want 7: two starts, two naps, two calls to wake, and the end of the wait; an alarm was left behind", n)
	}
}

func TestKilledScriptsRunTheirDeferredCalls(t *testing.T) {
	s := sim.New(1)
	ended := false
	p := s.Go(sim.None, "sleeper", func(p *sim.Proc) {
		defer func() { ended = true }()
		p.Sleep(time.Hour)
		t.Error("the script went on after it was killed")
	})
	s.Run(sim.Time(time.Second))
	p.Kill()
	p.Kill()
	s.Run(sim.Time(2 * time.Hour))
	if !ended || !p.Done() {
		t.Errorf("deferred call ran: %v; done: %v", ended, p.Done())
	}
}

// A script of a few sleeps, waits for a message and waits to be woken, on a coroutine
// or in steps: nobody can tell the difference.
func TestStepsDoWhatACoroutineDoes(t *testing.T) {
	type wait struct {
		what int // 0: sleep, 1: for a message, 2: to be woken
		d    time.Duration
	}
	const awaitWake = 2
	rng := sim.NewStream(3, "programs")
	for range 300 {
		var program []wait
		for range 1 + rng.IntN(12) {
			program = append(program, wait{rng.IntN(3), time.Duration(rng.IntN(4)) * time.Millisecond})
		}
		play := func(steps bool) (events []string, hash uint64) {
			s := sim.New(7)
			defer s.Close()
			s.Use(jitter{s.Stream("wire")})
			note := func(p *sim.Proc, msg any, ok bool) { events = append(events, fmt.Sprint(p.Now(), msg, ok)) }
			var p *sim.Proc
			if steps {
				next, waits := 0, false
				p = s.GoSteps(9, "script", func() {
					for next < len(program) {
						w := program[next]
						switch {
						case w.what == 0 && !waits && p.AwaitTime(p.Now().Add(w.d)):
							waits = true
							return
						case w.what == awaitWake && !waits:
							p.AwaitWake()
							waits = true
							return
						case w.what == 1:
							_, msg, ok := p.Poll()
							if !ok && !waits && p.AwaitMessage(p.Now().Add(w.d)) {
								waits = true
								return
							}
							note(p, msg, ok)
						default:
							note(p, nil, true)
						}
						next, waits = next+1, false
					}
				})
			} else {
				p = s.Go(9, "script", func(p *sim.Proc) {
					for _, w := range program {
						switch w.what {
						case 0:
							p.Sleep(w.d)
							note(p, nil, true)
						case awaitWake:
							p.Wait()
							note(p, nil, true)
						default:
							_, msg, ok := p.Recv(p.Now().Add(w.d))
							note(p, msg, ok)
						}
					}
				})
			}
			s.Go(8, "world", func(w *sim.Proc) {
				for i := range 30 {
					w.Sleep(time.Duration(w.Rand().IntN(2_000_000)))
					if w.Rand().IntN(3) == 0 {
						p.Wake()
					} else {
						w.Send(9, i)
					}
				}
				p.Kill()
			})
			s.Run(sim.Forever)
			if !p.Done() {
				t.Fatalf("%v: the script goes on for ever (in steps: %v)", program, steps)
			}
			return events, s.Hash()
		}
		a, hash := play(false)
		b, same := play(true)
		if !slices.Equal(a, b) || hash != same {
			t.Fatalf("%v: on a coroutine %v (%016x), in steps %v (%016x)", program, a, hash, b, same)
		}
	}
}

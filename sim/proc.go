package sim

import (
	"iter"
	"time"
)

// A Proc is straight-line code on a coroutine: a client, a fault script, an
// operator. It gives way only inside Sleep and Recv; between two of those calls
// nothing else in the world moves. Procs see true time and never crash.
//
// A client that asks a million times is better off without a coroutine, which costs a
// stack, and 100 ns and more at every wake (BenchmarkScriptSwitch): see GoSteps.
type Proc struct {
	sim     *Sim
	id      NodeID // None for a script without a network address
	index   NodeID // among the scripts of the run
	rand    *Stream
	resume  func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	step    func() // of a script in steps, instead of a coroutine
	inbox   []envelope
	first   int // of the inbox: what was read before it is gone
	alarm   TimerID
	waiting waiting
	done    bool
}

type envelope struct {
	from NodeID
	msg  any
}

// What a script waits for.
type waiting uint8

const (
	forNothing waiting = iota
	forTime
	forMessage // or for time
	forWake    // by another script
)

// killed unwinds a script that is killed while it waits.
type killed struct{}

// Go starts body as a script at the current instant. Its random stream belongs
// to name, which should be unique. A script started with an ID other than None
// can send and receive messages under it; the ID must be new, or that of a desk.
func (s *Sim) Go(id NodeID, name string, body func(p *Proc)) *Proc {
	p := s.newProc(id, name)
	p.resume, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			p.done = true
			if r := recover(); r != nil && r != (killed{}) {
				panic(r)
			}
		}()
		p.yield = yield
		body(p)
	})
	return p
}

// GoSteps is Go for a script without a coroutine: step is called at the start, and
// again whenever what the script awaits has come. Before it returns it says what
// that is, by one of the calls that begin with Await; if by none, the script ends.
// It must not call what gives way: Sleep, Recv, Wait and their kin.
func (s *Sim) GoSteps(id NodeID, name string, step func()) *Proc {
	p := s.newProc(id, name)
	p.step = step
	return p
}

// newProc returns a script that starts at the current instant.
func (s *Sim) newProc(id NodeID, name string) *Proc {
	p := &Proc{sim: s, id: id, index: NodeID(len(s.procs)), rand: s.Stream(name), waiting: forTime}
	s.procs = append(s.procs, p)
	if id != None && !s.isDesk(id) {
		s.AddDesk(id, func(any) *Proc { return p })
	}
	p.alarm = s.schedule(s.now, evWake, p.index, None, 0, nil)
	return p
}

// AddDesk places an address that several scripts share, such as the sessions of
// one client machine. whose says which script a message is for; nil drops it.
func (s *Sim) AddDesk(id NodeID, whose func(msg any) *Proc) {
	n := s.place(id, nil)
	n.started, n.handler = true, desk(whose)
	n.refresh()
}

func (s *Sim) isDesk(id NodeID) bool {
	if int(id) >= len(s.nodes) || s.nodes[id] == nil {
		return false
	}
	_, ok := s.nodes[id].handler.(desk)
	return ok
}

// desk is the Handler of an address of scripts.
type desk func(msg any) *Proc

func (desk) Start(Env)          {}
func (desk) Timer(Env, TimerID) {}
func (whose desk) Receive(_ Env, from NodeID, msg any) {
	if p := whose(msg); p != nil && !p.done {
		p.post(envelope{from, msg})
	}
}

// post puts a message in the script's inbox, and wakes it if it waits for one.
func (p *Proc) post(m envelope) {
	p.inbox = append(p.inbox, m)
	if p.waiting == forMessage {
		p.sim.queue.cancel(p.alarm)
		p.woken()
	}
}

// woken lets the script run until it waits again.
func (p *Proc) woken() {
	p.waiting = forNothing
	p.sim.close() // the script may change the wire
	if p.step == nil {
		p.resume()
		return
	}
	p.step()
	p.done = p.waiting == forNothing
}

// Kill ends the script where it waits; its deferred calls run. Killing one that is done does nothing.
func (p *Proc) Kill() {
	if p.done || p.waiting == forNothing { // a script cannot kill itself
		return
	}
	p.sim.queue.cancel(p.alarm)
	p.waiting = forNothing
	if p.stop != nil {
		p.stop()
	}
	p.done = true
}

// Done reports whether the script has ended.
func (p *Proc) Done() bool { return p.done }

// Self returns the script's network address, or None.
func (p *Proc) Self() NodeID { return p.id }

// Sim returns the run.
func (p *Proc) Sim() *Sim { return p.sim }

// Now returns true time.
func (p *Proc) Now() Time { return p.sim.now }

// Rand returns the script's own random stream.
func (p *Proc) Rand() *Stream { return p.rand }

// Send hands a message to the network.
func (p *Proc) Send(to NodeID, msg any) { p.sim.send(p.id, to, msg) }

// Sleep waits for d; messages that arrive meanwhile stay queued.
func (p *Proc) Sleep(d time.Duration) { p.SleepUntil(p.Now().Add(d)) }

// SleepUntil waits until t; messages that arrive meanwhile stay queued.
func (p *Proc) SleepUntil(t Time) {
	if p.AwaitTime(t) {
		p.Yield()
	}
}

// Recv returns the next message, or ok false once the time is deadline.
func (p *Proc) Recv(deadline Time) (from NodeID, msg any, ok bool) {
	if from, msg, ok = p.Poll(); !ok && p.AwaitMessage(deadline) {
		p.Yield()
		return p.Poll()
	}
	return from, msg, ok
}

// Poll returns the next message, or ok false if none is there.
func (p *Proc) Poll() (from NodeID, msg any, ok bool) {
	if p.first == len(p.inbox) {
		p.inbox, p.first = p.inbox[:0], 0
		return None, nil, false
	}
	next := &p.inbox[p.first]
	p.first++
	return next.from, next.msg, true
}

// Wait gives way until another script calls Wake.
func (p *Proc) Wait() { p.WaitUntil(Forever) }

// WaitUntil gives way until t, or until another script calls Wake.
func (p *Proc) WaitUntil(t Time) {
	if p.await(t, forWake) {
		p.Yield()
	}
}

// Wake lets a script that waits for it go on at the current instant, after what is
// under way. Waking one that does not wait for that does nothing.
func (p *Proc) Wake() {
	if p.waiting == forWake {
		p.sim.queue.cancel(p.alarm)
		p.waiting = forTime // a second Wake does nothing
		p.alarm = p.sim.schedule(p.sim.now, evWake, p.index, None, 0, nil)
	}
}

// AwaitTime reports whether t is still to come, and if so has the script go on then.
func (p *Proc) AwaitTime(t Time) bool { return p.await(t, forTime) }

// AwaitMessage is AwaitTime for the next message, or the deadline without one.
func (p *Proc) AwaitMessage(deadline Time) bool { return p.await(deadline, forMessage) }

// AwaitWake has the script go on when another calls Wake.
func (p *Proc) AwaitWake() { p.await(Forever, forWake) }

// await has the script go on when the time is t or, if asked for, something else has come.
func (p *Proc) await(t Time, what waiting) bool {
	if t <= p.sim.now {
		return false
	}
	p.waiting, p.alarm = what, 0
	if t != Forever {
		p.alarm = p.sim.schedule(t, evWake, p.index, None, 0, nil)
	}
	return true
}

// Yield gives way until what the script awaits has come.
func (p *Proc) Yield() {
	if !p.yield(struct{}{}) {
		panic(killed{})
	}
}

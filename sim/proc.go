package sim

import (
	"iter"
	"time"
)

// A Proc is straight-line code on a coroutine: a client, a fault script, an
// operator. It gives way only inside Sleep and Recv; between two of those calls
// nothing else in the world moves. Procs see true time and never crash.
type Proc struct {
	sim     *Sim
	id      NodeID // None for a script without a network address
	index   NodeID // among the scripts of the run
	rand    *Stream
	resume  func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
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
)

// killed unwinds a script that is killed while it waits.
type killed struct{}

// Go starts body as a script at the current instant. Its random stream belongs
// to name, which should be unique. A script started with an ID other than None
// can send and receive messages under it.
func (s *Sim) Go(id NodeID, name string, body func(p *Proc)) *Proc {
	p := &Proc{sim: s, id: id, index: NodeID(len(s.procs)), rand: s.Stream(name), waiting: forTime}
	s.procs = append(s.procs, p)
	if id != None {
		n := s.place(id, nil)
		n.started, n.handler = true, inbox{p}
		n.refresh()
	}
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
	p.alarm = s.queue.push(s.now, event{kind: evWake, node: p.index, from: None})
	return p
}

// inbox is the Handler of a script's node.
type inbox struct{ p *Proc }

func (inbox) Start(Env)          {}
func (inbox) Timer(Env, TimerID) {}
func (b inbox) Receive(_ Env, from NodeID, msg any) {
	p := b.p
	if p.done {
		return
	}
	p.inbox = append(p.inbox, envelope{from, msg})
	if p.waiting == forMessage {
		p.sim.queue.cancel(p.alarm)
		p.woken()
	}
}

// woken lets the script run until it waits again.
func (p *Proc) woken() {
	p.waiting = forNothing
	p.resume()
}

// Kill ends the script where it waits; its deferred calls run. Killing one that is done does nothing.
func (p *Proc) Kill() {
	if p.done || p.waiting == forNothing { // a script cannot kill itself
		return
	}
	p.sim.queue.cancel(p.alarm)
	p.waiting = forNothing
	p.stop()
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
	if t > p.Now() {
		p.pause(t, forTime)
	}
}

// Recv returns the next message, or ok false once the time is deadline.
func (p *Proc) Recv(deadline Time) (from NodeID, msg any, ok bool) {
	if p.first == len(p.inbox) {
		p.inbox, p.first = p.inbox[:0], 0
		if p.Now() >= deadline {
			return None, nil, false
		}
		p.pause(deadline, forMessage)
		if len(p.inbox) == 0 {
			return None, nil, false
		}
	}
	next := p.inbox[p.first]
	p.inbox[p.first] = envelope{}
	p.first++
	return next.from, next.msg, true
}

// pause gives way until the time is t or, if asked for, a message arrives.
func (p *Proc) pause(t Time, what waiting) {
	p.waiting = what
	if t != Forever {
		p.alarm = p.sim.queue.push(t, event{kind: evWake, node: p.index, from: None})
	} else {
		p.alarm = 0
	}
	if !p.yield(struct{}{}) {
		panic(killed{})
	}
}

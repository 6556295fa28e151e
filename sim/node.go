package sim

import (
	"fmt"
	"time"
)

// A node is one machine: a handler, a clock, a disk, a processor. It is the Env of its handler.
//
// What every message needs is a cache line beside those of other nodes; the rest is elsewhere.
type node struct {
	sim     *Sim
	handler Handler
	rand    Stream
	id      NodeID
	life    uint16 // incarnation; what belongs to an earlier one is dropped. It wraps after 65,536 crashes
	plain   bool   // up, not paused, and its processor is free: messages go straight to the handler
	up      bool
	paused  bool
	started bool
	*parts
	_ [8]byte // 64 bytes make a line
}

// The parts of a node are what not every message needs.
type parts struct {
	build     func() Handler
	late      bool // it was to start while it was paused
	processor processor
	clock     Clock
	disk      disk
}

// empty makes n as good as new, but for the memory that it holds.
func (n *node) empty() {
	line, disk := n.processor.line, n.disk
	line.clear()
	clear(disk.durable)
	clear(disk.cache)
	*n.parts = parts{}
	*n = node{parts: n.parts}
	n.processor.line = line
	n.disk.durable, n.disk.cache, n.disk.pending = disk.durable[:0], disk.cache[:0], disk.pending[:0]
}

func (n *node) Self() NodeID  { return n.id }
func (n *node) Rand() *Stream { return &n.rand }
func (n *node) Disk() Disk    { return &n.disk }
func (n *node) Clock() Time   { return n.clock.Read(n.sim.now) }

func (n *node) ClockBound() (earliest, latest Time) {
	now := n.Clock()
	return now.Add(-n.clock.bound), now.Add(n.clock.bound)
}

func (n *node) Send(to NodeID, msg any) { n.sim.send(n.id, to, msg) }

func (n *node) After(d time.Duration) TimerID {
	s := n.sim
	at := s.now.Add(n.clock.elapse(max(d, 0)))
	return s.schedule(at, evTimer, n.id, None, n.life, nil)
}

func (n *node) Cancel(t TimerID) {
	if !n.sim.queue.cancel(t) && t != 0 {
		n.processor.forget(t)
	}
}

// send puts a message on the wire. A message to oneself needs no network.
func (s *Sim) send(from, to NodeID, msg any) {
	if uint(to) >= uint(len(s.nodes)) || s.nodes[to] == nil {
		panic(fmt.Sprintf("sim: node %d sent %T to node %d, which was never added", from, msg, to))
	}
	s.stats.Sent++
	if len(s.nodes) >= manyNodes && from != to && s.post(from, to, msg) {
		return
	}
	s.flush()
	fate := Fate{Copy: -1}
	if from != to && s.wire != nil {
		fate = s.wire.Carry(from, to, msg)
	}
	if s.tracer != nil {
		s.traceSend(from, to, msg, fate)
	}
	s.carry(s.now, from, to, msg, fate)
}

// carry schedules the arrivals of a message.
func (s *Sim) carry(sent Time, from, to NodeID, msg any, fate Fate) {
	if fate.Delay >= 0 {
		s.queue.pushMessage(sent.Add(fate.Delay), to, from, msg)
	}
	if fate.Copy >= 0 {
		s.doubled = true
		s.queue.pushMessage(sent.Add(fate.Copy), to, from, msg)
	}
}

// Inject puts a message on the wire as if from had sent it, for scripts and tests that play a node.
func (s *Sim) Inject(from, to NodeID, msg any) { s.send(from, to, msg) }

// arrive takes in a message at a node that is not plain.
func (n *node) arrive(ev *event) {
	switch {
	case !n.up:
		if n.sim.tracer != nil {
			n.sim.trace(Dead, n.id, ev.from, ev.msg)
		}
	case !n.started && !n.paused: // a message that came with the instant of birth waits for Start
		n.sim.queue.repeat(n.sim.now, ev)
	default:
		n.queue(work{from: ev.from, msg: ev.msg})
	}
}

// own handles an event that belongs to the node's present incarnation.
func (n *node) own(ev *event) {
	switch ev.kind {
	case evTimer:
		n.goesOff(ev.id)
	case evSync: // the disk works on while the node is paused
		n.goesOff(n.disk.synced(ev.id))
	case evWorked:
		n.worked(ev.id)
	case evChore:
		n.choreDue()
	case evStart:
		n.late = n.paused
		if !n.late {
			n.begin()
		}
	}
}

// goesOff handles a timer now, or lets it wait as messages do.
func (n *node) goesOff(id TimerID) {
	if n.plain {
		n.alarm(id)
	} else {
		n.queue(work{alarm: id, from: None})
	}
}

func (n *node) alarm(id TimerID) {
	if n.sim.tracer != nil {
		n.sim.trace(Alarm, n.id, None, nil)
	}
	n.handler.Timer(n, id)
}

func (n *node) begin() {
	n.up, n.started = true, true
	n.refresh()
	n.handler = n.build()
	if n.sim.tracer != nil {
		n.sim.trace(Started, n.id, None, nil)
	}
	n.handler.Start(n)
	n.expectChore()
	n.work()
}

func (n *node) refresh() { n.plain = n.up && n.started && !n.paused && n.processor.free() }

// node returns the node at id, which must exist.
func (s *Sim) node(id NodeID) *node {
	if int(id) >= len(s.nodes) || id < 0 || s.nodes[id] == nil {
		panic(fmt.Sprintf("sim: no node %d", id))
	}
	return s.nodes[id]
}

// Up reports whether the node at id is running (it may be paused).
func (s *Sim) Up(id NodeID) bool { return s.node(id).up }

// Paused reports whether the node at id is paused.
func (s *Sim) Paused(id NodeID) bool { return s.node(id).paused }

// Handler returns the live handler of the node at id, or nil while it is down.
// It is for observers: fault scripts that aim at a leader, dumps at the end.
func (s *Sim) Handler(id NodeID) Handler {
	n := s.node(id)
	if !n.up || !n.started {
		return nil
	}
	if w, is := n.handler.(Wrapper); is {
		return w.Inside()
	}
	return n.handler
}

// A Wrapper is a Handler that keeps some things from another, to which it passes on the rest.
type Wrapper interface {
	// Inside returns the handler to which it passes on.
	Inside() Handler
}

// Crash stops the node at id. Its handler and timers are gone, and of what it
// wrote to its disk without a completed Sync, loss says what remains. Crashing a
// node that is down does nothing.
func (s *Sim) Crash(id NodeID, loss Loss) {
	n := s.node(id)
	if n.build == nil {
		panic(fmt.Sprintf("sim: crashing node %d, an address of scripts, which do not crash", id))
	}
	if !n.up {
		return
	}
	s.note(Crashed, id)
	n.up, n.started, n.paused, n.handler = false, false, false, nil
	n.life++
	n.processor.crash()
	n.disk.crash(loss)
	n.refresh()
}

// Restart starts a crashed node again, with a new handler and the disk it had.
// Restarting a node that is up does nothing.
func (s *Sim) Restart(id NodeID) {
	n := s.node(id)
	if n.up {
		return
	}
	n.up = true
	s.start(id)
}

// Wipe empties the disk of the node at id, as if it had been replaced. The node must be down.
func (s *Sim) Wipe(id NodeID) {
	n := s.node(id)
	if n.up {
		panic(fmt.Sprintf("sim: wiping the disk of node %d, which is up", id))
	}
	n.disk.wipe()
}

// Pause stops the work of the node at id, as a long garbage collection or a
// stopped virtual machine does: messages and timers wait. Its clock goes on.
func (s *Sim) Pause(id NodeID) {
	n := s.node(id)
	if !n.up || n.paused {
		return
	}
	s.note(PausedNode, id)
	n.paused = true
	n.restart()
}

// Resume ends a pause. What waited is handled now, in order of arrival.
func (s *Sim) Resume(id NodeID) {
	n := s.node(id)
	if !n.paused {
		return
	}
	s.note(Resumed, id)
	n.paused = false
	if n.late {
		s.start(id)
	}
	n.restart()
}

// SetCPU sets what the node at id needs to handle one message or timer; zero,
// the default, means that handling takes no time. Work under way begins anew.
func (s *Sim) SetCPU(id NodeID, cost time.Duration) {
	n := s.node(id)
	n.processor.cost = cost
	n.restart()
}

// Slow multiplies the processor's cost and the disk's delays of the node at id
// by factor; 1 makes it healthy again.
func (s *Sim) Slow(id NodeID, factor int64) {
	d := &s.node(id).disk
	d.slow = factor
	s.SlowCPU(id, factor*thousandths)
	d.repace()
}

// SlowCPU makes the processor of the node at id take so many thousandths of what
// work takes when it is healthy: 2500 leaves it 40 % of its capacity. Work under
// way begins anew.
func (s *Sim) SlowCPU(id NodeID, factor int64) {
	n := s.node(id)
	n.processor.slow = factor
	n.restart()
}

// ClockOf returns the clock of the node at id, for fault scripts.
func (s *Sim) ClockOf(id NodeID) *Clock { return &s.node(id).clock }

// Package sim runs events in virtual time: the machine on which stores, clients
// and faults play. It knows nothing of what the messages mean.
//
// A Sim owns the clock, the event queue and all randomness, so a run is a pure
// function of its seed: same seed, same trace, same hash, on every platform.
// Nothing here reads the wall clock, starts a goroutine or draws from a shared
// source of randomness. Its duties, in order, for every event:
//
//	pop the earliest event       (equal times: first scheduled, first fired)
//	move the clock to it
//	mix it into the trace hash   (and show it to the tracer, if there is one)
//	run its handler to the end   (what the handler does only enqueues events)
//
// Nodes are state machines (Handler) that see the world through Env alone, or
// straight-line scripts (Proc). A node crashes and restarts, pauses and resumes,
// has a clock that may be wrong, a disk that may forget what was not synced, and
// a processor that may be slow.
package sim

import (
	"fmt"
	"slices"
	"time"
)

// A NodeID names a node within one run. IDs are small and not negative; they
// also name the node's random stream and its links, so a node that keeps its ID
// keeps its luck when others are added or removed.
type NodeID int32

// None is the ID of no node.
const None NodeID = -1

// A Time is an instant of virtual time, in nanoseconds since the run began.
type Time int64

// Add returns the instant d after t, or Forever if that is too far away.
func (t Time) Add(d time.Duration) Time {
	if later := t + Time(d); later >= t || d < 0 {
		return later
	}
	return Forever
}

// Sub returns the duration from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// String prints t as a duration since the run began: 1.5s.
func (t Time) String() string { return time.Duration(t).String() }

// Forever is later than every instant of a run: what is due then never happens.
const Forever Time = 1<<63 - 1

// A TimerID names one pending timer or disk sync. The zero TimerID names none.
type TimerID uint64

// A Handler is a node written as a state machine. Each call runs to completion:
// it never blocks, and touches the world only through Env. What a Handler holds
// in its fields is lost in a crash; what it wrote to its disk and synced is not.
type Handler interface {
	// Start is the first call, at the first start and after every restart, which
	// gets a new Handler: read the disk, set timers.
	Start(e Env)
	// Receive handles a message. The sender may be dead by now, and the message may come twice.
	Receive(e Env, from NodeID, msg any)
	// Timer handles a timer set by After, or the completion of a Sync.
	Timer(e Env, t TimerID)
}

// Env is what a node may do while it handles an event. Its calls enqueue
// effects and return at once; no handler ever runs inside another.
type Env interface {
	// Self returns the node's own ID.
	Self() NodeID
	// Clock returns the node's own clock: offset, drift and steps included. True time is not to be had here.
	Clock() Time
	// ClockBound returns what the clock service claims: true time is between
	// earliest and latest. A clock fault can make the claim false.
	ClockBound() (earliest, latest Time)
	// Send hands msg to the network. The message is shared, not copied: do not change it afterwards.
	Send(to NodeID, msg any)
	// After sets a timer that fires once the node's own oscillator has counted d.
	// Drift stretches it; steps of the clock do not move it. Timers die in a crash.
	After(d time.Duration) TimerID
	// Cancel stops a timer. Cancelling one that fired, was cancelled or is zero does nothing.
	Cancel(t TimerID)
	// Rand returns the node's own random stream.
	Rand() *Stream
	// Disk returns the node's disk.
	Disk() Disk
}

// A Wire decides the fate of every message between two different nodes.
type Wire interface {
	Carry(from, to NodeID, msg any) Fate
}

// A Fate says when a message arrives, counted from now, and when its duplicate
// does. A negative duration means never.
type Fate struct {
	Delay time.Duration
	Copy  time.Duration // of the duplicate
}

// Lost is the fate of a message that never arrives.
var Lost = Fate{Delay: -1, Copy: -1}

// Arrives returns the fate of a message that arrives once, after d.
func Arrives(d time.Duration) Fate { return Fate{Delay: d, Copy: -1} }

// Stats counts what happened in a run so far.
type Stats struct {
	Events    uint64 // events fired
	Sent      uint64 // messages handed to the network
	Delivered uint64 // messages that reached a live node
	Syncs     uint64 // disk syncs begun
}

// A Sim is one run.
type Sim struct {
	wire    Wire
	tracer  Tracer
	seed    uint64
	hash    uint64
	begin   Time // usually 0; see BeginAt
	now     Time
	queue   queue
	outbox  outbox
	warm    uint64  // see approach; means nothing
	nodes   []*node // by NodeID; nil where there is none
	spare   []*node // of earlier runs, for their memory
	fresh   []node  // that no run had yet
	procs   []*Proc
	calls   []func() // by the index that their event carries
	stats   Stats
	halted  bool
	doubled bool // the wire has doubled a message
}

// New returns an empty run with the given seed.
func New(seed uint64) *Sim {
	s := &Sim{}
	s.Reset(seed)
	return s
}

// Reset empties s for a new run with the given seed. It keeps the memory of the old one.
func (s *Sim) Reset(seed uint64) {
	s.Close()
	for _, n := range slices.Backward(s.nodes) { // so that the next run gives each node what it had
		if n != nil {
			n.empty()
			s.spare = append(s.spare, n)
		}
	}
	clear(s.nodes)
	clear(s.procs)
	clear(s.calls)
	queue := s.queue
	queue.reset()
	*s = Sim{
		seed: seed, hash: mix(seed ^ hashSalt), queue: queue, outbox: outbox{due: Forever},
		nodes: s.nodes[:0], spare: s.spare, fresh: s.fresh, procs: s.procs[:0], calls: s.calls[:0],
	}
}

// Close ends every script that still waits; their deferred calls run. A run
// that is not closed leaks the scripts' stacks.
func (s *Sim) Close() {
	for _, p := range s.procs {
		p.Kill()
	}
}

// BeginAt makes t, which may be before 0, the current instant of a run in which
// nothing was scheduled yet: what happens before 0 is preparation. The nodes'
// own clocks read 0 then, so that they never read less.
func (s *Sim) BeginAt(t Time) {
	if s.queue.pending() || s.stats.Events > 0 {
		panic("sim: BeginAt after something was scheduled")
	}
	s.now, s.begin = t, t
	s.queue.beginAt(t)
}

// ClockTime returns what the clock of a node that is right reads at instant t.
// Clocks read 0 when a run begins, which may be before instant 0.
func (s *Sim) ClockTime(t Time) Time { return t.Add(-time.Duration(s.begin)) }

// TrueTime is the inverse of ClockTime.
func (s *Sim) TrueTime(clock Time) Time {
	if clock == Forever {
		return Forever
	}
	return clock.Add(time.Duration(s.begin))
}

// Use plugs in the network. Without one, messages arrive at the instant they are sent.
func (s *Sim) Use(w Wire) {
	s.flush()
	s.wire = w
	s.outbox.wire, _ = w.(BulkWire)
}

// Now returns true time, which no node can see.
func (s *Sim) Now() Time { return s.now }

// Seed returns the seed of the run.
func (s *Sim) Seed() uint64 { return s.seed }

// Stats returns the counts so far.
func (s *Sim) Stats() Stats { return s.stats }

// Hash returns the 64-bit trace hash: equal hashes mean that the same events
// happened at the same instants to the same nodes in the same order.
func (s *Sim) Hash() uint64 { return mix(s.hash) }

// Stream returns the stream of random numbers of a named entity. Streams are
// independent: drawing more from one ("fault 2") never shifts another ("client 0").
func (s *Sim) Stream(name string) *Stream { return NewStream(s.seed, name) }

// Add places a node at id and starts it at the current instant. build makes its
// Handler now and again at every restart, so it must return a new one each time.
func (s *Sim) Add(id NodeID, build func() Handler) {
	s.place(id, build)
	s.start(id)
}

func (s *Sim) place(id NodeID, build func() Handler) *node {
	if id < 0 {
		panic(fmt.Sprintf("sim: node IDs are not negative: %d", id))
	}
	for int(id) >= len(s.nodes) {
		s.nodes = append(s.nodes, nil)
	}
	if s.nodes[id] != nil {
		panic(fmt.Sprintf("sim: node %d was added twice", id))
	}
	n := s.blank()
	n.sim, n.id, n.build, n.up, n.rand = s, id, build, true, *newStream(s.seed, uint64(id)|nodeStreams)
	n.clock = Clock{sim: s, since: s.begin}
	n.processor.hands = n.processor.only[:]
	n.disk.busy = s.begin
	n.disk.node = n
	n.disk.rand = *newStream(s.seed, uint64(id)|diskStreams)
	s.nodes[id] = n
	return n
}

// freshNodes is how many nodes are made together, so that they lie side by side.
const freshNodes = 16

// blank returns a node in the memory of an earlier run's, or else a new one.
func (s *Sim) blank() *node {
	last := len(s.spare) - 1
	if last < 0 {
		if len(s.fresh) == 0 {
			s.fresh = make([]node, freshNodes)
		}
		n := &s.fresh[0]
		s.fresh = s.fresh[1:]
		n.parts = new(parts)
		return n
	}
	n := s.spare[last]
	s.spare = s.spare[:last]
	return n
}

func (s *Sim) start(id NodeID) {
	s.schedule(s.now, evStart, id, None, s.nodes[id].life, nil)
}

// At calls f at instant t, or now if t has passed.
func (s *Sim) At(t Time, f func()) {
	s.calls = append(s.calls, f)
	s.schedule(max(t, s.now), evCall, NodeID(len(s.calls)-1), None, 0, nil)
}

// Halt makes Run return after the event being handled.
func (s *Sim) Halt() { s.halted = true }

// Run fires events in order until none is left, the next one lies after until,
// or Halt is called. Unless halted, true time is then until (or that of the last
// event, if until is Forever).
func (s *Sim) Run(until Time) {
	s.halted = false
	last := min(until, Forever-1) // what is due at Forever never happens
	for !s.halted {
		e := s.queue.next(min(last, s.outbox.due-1))
		if e == nil {
			if s.outbox.count == 0 {
				break
			}
			s.flush()
			continue
		}
		if s.queue.first == 0 && len(s.nodes) >= manyNodes {
			s.approach()
		}
		s.now = e.at
		s.stats.Events++
		if e.node >= 0 {
			s.hash = fold(s.hash, e.at, evMessage, e.node, NodeID(e.more))
			s.deliver(e)
		} else {
			var ev event
			s.queue.take(e, &ev)
			s.hash = fold(s.hash, ev.at, ev.kind, ev.node, ev.from)
			s.fire(&ev)
		}
	}
	s.close()
	if !s.halted && until != Forever && until > s.now {
		s.now = until
	}
}

// deliver takes a message, the first event of the run, out of it and hands it to
// its node. Most events are messages to nodes that have nothing else to do: these
// are read where they lie.
func (s *Sim) deliver(e *entry) {
	n := s.nodes[e.node]
	if !n.plain {
		var ev event
		s.queue.take(e, &ev)
		n.arrive(&ev)
		return
	}
	from, msg := NodeID(e.more), e.msg
	s.queue.drop(e)
	s.outbox.open = true
	s.receive(n, from, msg)
}

// fire runs the handler of an event that is not a message.
func (s *Sim) fire(ev *event) {
	switch ev.kind {
	case evTimer, evSync, evStart, evWorked, evChore:
		if n := s.nodes[ev.node]; n.life == ev.life {
			n.own(ev)
		}
	case evWake:
		s.procs[ev.node].woken()
	case evCall:
		s.close()
		f := s.calls[ev.node]
		s.calls[ev.node] = nil
		f()
	}
}

func (s *Sim) receive(n *node, from NodeID, msg any) {
	s.stats.Delivered++
	if s.tracer != nil {
		s.trace(Deliver, n.id, from, msg)
	}
	n.handler.Receive(n, from, msg)
}

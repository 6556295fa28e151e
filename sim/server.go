package sim

import (
	"fmt"
	"time"
)

// A Server is how the processor of a node serves clients: it gives their requests
// rules that other work does not have. The zero Server is a processor like any
// other: one worker, and one line in order of arrival, without a bound.
//
// A request of a client is a Job. Whatever else comes (the messages of replicas
// to each other, timers, completed syncs) takes what SetCPU says and is never
// turned away; it waits in the same line, so that an overload of requests can
// hold up a heartbeat.
type Server struct {
	Workers    int        // how many things are worked on at once; 0 means 1
	Service    Delays     // what a Job takes; nil: what SetCPU says
	Discipline Discipline // which Job is next

	Bounded bool // at most Limit jobs wait; one more is turned away, or of LIFO the oldest
	Limit   int

	// RejectCost is what turning a Job away takes of a worker, in thousandths of
	// what the Job would have taken. It goes before all other work: to look at a
	// request is what refusing it takes.
	RejectCost int64

	// Blocking keeps a worker at a Job after the handler got it, until the handler
	// calls Workplace.Free: a thread that waits for others' answers does nothing else.
	// What is no Job has a worker of its own then, or the answers that all wait for
	// would wait for them.
	Blocking bool

	DropExpired bool          // drop a Job whose sender no longer waits when its turn comes
	MinLeft     time.Duration // and one whose sender waits no longer than this

	Target   time.Duration // of CoDel and ControlledDelay: how long a Job may wait; 0 means 5 ms
	Interval time.Duration // of both: for how long it may be longer; 0 means 100 ms

	// A chore comes up every so often at a random phase, and takes a time of Chore: garbage collection, compaction.
	Every time.Duration // 0: never
	Chore Delays
}

// A Discipline says which Job is next.
type Discipline uint8

const (
	// FIFO takes the one that has waited longest.
	FIFO Discipline = iota
	// LIFO takes the newest. What is no Job goes first, as it would if it were the newest.
	LIFO
	// CoDel takes the one that has waited longest, and turns away more and more of them while none waits for less than
	// Target (Nichols and Jacobson, ACM Queue 10(5), 2012; RFC 8289).
	CoDel
	// ControlledDelay takes the one that has waited longest, and turns away those that waited for longer than Target if
	// there was a line for all of an Interval before they came, and else for longer than Interval (Maurer, Fail at Scale,
	// ACM Queue 13(8), 2015). Where CoDel drops a few at first, it drops all at once that are late.
	ControlledDelay
)

// Disciplines lists the disciplines.
var Disciplines = []Discipline{FIFO, LIFO, CoDel, ControlledDelay}

var disciplineNames = [...]string{"fifo", "lifo", "codel", "controlled-delay"}

// String returns fifo, lifo, codel or controlled-delay.
func (d Discipline) String() string { return disciplineNames[d] }

// A Job is a message that asks for work and can be turned away.
type Job interface {
	// Expires returns when the sender stops waiting for an answer, as its own clock reads then.
	Expires() Time
	// Refusal returns the answer that turns the job away, or nil to give none. Unless
	// sure, another copy of the message may have been, or may yet be, worked on.
	Refusal(sure bool) any
}

// A Recall is a message that takes back a Job of its sender's that still waits in
// line. What is under way already is for the handler to end.
type Recall interface {
	// Recalls reports whether a job is the one that it takes back.
	Recalls(job any) bool
}

// A Workplace is an Env of a node with the rules of a Server that is Blocking.
type Workplace interface {
	// Worker returns the worker that brought the Job which the handler is given now.
	Worker() int
	// Free lets go of a worker, which goes on to the next work.
	Free(worker int)
}

// ServerStats counts what a server did.
type ServerStats struct {
	Done    int // jobs that were worked on to the end
	Refused int // jobs that were turned away
	Dropped int // jobs that were dropped, since their senders would not wait for the answer

	// Time of workers: on all work, with that for which they were kept (Blocking), and of this on jobs whose sender no
	// longer waited when they were done, and on refusals.
	Busy, Wasted time.Duration
}

// Plus returns the sum of two counts.
func (a ServerStats) Plus(b ServerStats) ServerStats {
	return ServerStats{a.Done + b.Done, a.Refused + b.Refused, a.Dropped + b.Dropped, a.Busy + b.Busy, a.Wasted + b.Wasted}
}

// Minus returns what a counts beyond b.
func (a ServerStats) Minus(b ServerStats) ServerStats {
	return ServerStats{a.Done - b.Done, a.Refused - b.Refused, a.Dropped - b.Dropped, a.Busy - b.Busy, a.Wasted - b.Wasted}
}

// server is what a processor with the rules of a Server has beyond others.
type server struct {
	rules Server
	rand  Stream // apart from the node's own, so that a rule changes no other draw
	stack lane   // the jobs, where they do not wait in the line of all else: of LIFO, and if workers are kept
	turns lane   // refusals that take time
	jobs  int    // that wait to be worked on
	at    int    // the worker whose job the handler is given
	codel codel
	empty Time // when a job last found no other waiting
	stats ServerStats
}

// SetServer gives the processor of the node at id the rules of a server. It must
// be called before the node starts.
func (s *Sim) SetServer(id NodeID, rules Server) {
	n := s.node(id)
	if n.started {
		panic("sim: SetServer after the node has started")
	}
	p := &n.processor
	p.server = &server{rules: rules, rand: *newStream(s.seed, uint64(id)|serverStreams), codel: newCodel(rules)}
	p.hands = make([]hand, max(rules.Workers, 1))
	if rules.Blocking {
		p.hands = append(p.hands, hand{})
	}
	n.refresh()
}

// ServerStats returns the counts of the node at id, or none if it has no rules of a server.
func (s *Sim) ServerStats(id NodeID) ServerStats {
	if sv := s.node(id).processor.server; sv != nil {
		return sv.stats
	}
	return ServerStats{}
}

// admit puts something in line, or turns it away. What a job takes is drawn when
// it comes, so that the n-th job takes the same under every rule.
func (n *node) admit(w work) {
	p := &n.processor
	w.since = n.sim.now
	if _, is := w.msg.(Job); !is {
		if r, is := w.msg.(Recall); is {
			n.recall(r, w.from)
		}
		p.line.push(w)
		return
	}
	w.nature, w.takes = job, p.cost
	if p.rules.Service != nil {
		w.takes = p.rules.Service.Sample(p.rand.Uint64())
	}
	lifo := p.rules.Discipline == LIFO
	if p.full() {
		if lifo && p.stack.len() > 0 {
			oldest := p.stack.shift()
			p.stack.push(w)
			w = oldest
		}
		n.turnAway(w)
		return
	}
	if p.jobs == 0 {
		p.empty = n.sim.now
	}
	p.jobs++
	if lifo || p.rules.Blocking {
		p.stack.push(w)
	} else {
		p.line.push(w)
	}
}

// full reports whether a job that comes now is one too many: as many wait as may,
// and all workers are busy or about to be.
func (p *processor) full() bool {
	if !p.rules.Bounded || p.jobs < p.rules.Limit {
		return false
	}
	taken, workers := p.held+p.stack.len()+p.turns.len(), len(p.hands)
	if !p.rules.Blocking {
		return taken+p.line.len() >= workers
	}
	if p.hands[0].holds {
		taken--
	}
	return taken >= workers-1
}

// serve takes what a hand is to work on next, and gets rid of the jobs that are not.
func (n *node) serve(hand int) (work, bool) {
	p := &n.processor
	for {
		w, ok := p.pick(hand)
		if !ok || w.nature != job {
			return w, ok
		}
		p.jobs--
		switch now := n.sim.now; {
		case n.hopeless(&w):
			p.stats.Dropped++
		case p.rules.Discipline == CoDel && p.codel.drops(now, now.Sub(w.since), p.jobs > 0):
			n.turnAway(w)
		case p.rules.Discipline == ControlledDelay && p.late(now.Sub(w.since), w.since.Sub(p.empty)):
			n.turnAway(w)
		default:
			return w, true
		}
	}
}

// late reports whether a job has waited too long, before which there was a line for
// some time. It is the same line now: the job was in it.
func (sv *server) late(waited, line time.Duration) bool {
	if line > sv.codel.interval {
		return waited > sv.codel.target
	}
	return waited > sv.codel.interval
}

// pick takes what is next in line for a hand: the first, if workers are kept, is for all that is no job.
func (p *processor) pick(hand int) (work, bool) {
	mixed := !p.rules.Blocking
	switch {
	case !mixed && hand == 0:
		return p.line.next()
	case p.turns.len() > 0:
		return p.turns.next()
	case mixed && p.line.len() > 0:
		return p.line.next()
	case p.stack.len() > 0 && p.rules.Discipline == LIFO:
		return p.stack.pop(), true
	}
	return p.stack.next()
}

// hopeless reports whether the sender of a job will not wait for its answer. The
// server can but look at its own clock.
func (n *node) hopeless(w *work) bool {
	r := &n.processor.rules
	return r.DropExpired && w.msg.(Job).Expires() <= n.Clock().Add(r.MinLeft)
}

// recall drops a waiting job that its sender takes back. One that is worked on is
// worked on in vain from now on.
func (n *node) recall(r Recall, from NodeID) {
	p := &n.processor
	is := func(w *work) bool { return w.nature == job && w.from == from && r.Recalls(w.msg) }
	if p.line.drop(is) || p.stack.drop(is) {
		p.jobs--
		p.stats.Dropped++
		return
	}
	for i := range p.hands {
		if w := &p.hands[i].work; is(w) {
			w.vain = true
			return
		}
	}
}

// keep has a worker stay at its job while the handler sees to it.
func (n *node) keep(i int) {
	p := &n.processor
	h := &p.hands[i]
	h.end, h.kept, h.since = 0, true, n.sim.now
	p.at = i
	n.sim.receive(n, h.from, h.msg)
}

// Worker returns the worker that brought the Job which the handler is given now (Workplace).
func (n *node) Worker() int { return n.processor.at }

// Free lets go of a worker (Workplace). The time for which it was kept counts as
// time at work: nobody else could have had it.
func (n *node) Free(worker int) {
	p := &n.processor
	h := &p.hands[worker]
	if !h.kept {
		panic(fmt.Sprintf("sim: node %d frees worker %d, which is not kept", n.id, worker))
	}
	took := n.sim.now.Sub(h.since)
	p.stats.Busy += took
	if h.inVain(n.sim.ClockTime(n.sim.now)) {
		p.stats.Wasted += took
	}
	*h = hand{}
	p.held--
	n.refresh()
	n.work()
}

// turnAway answers a job that will not be worked on, at once or when that is worked off.
func (n *node) turnAway(w work) {
	p := &n.processor
	p.stats.Refused++
	w.nature, w.takes = refusal, scaled(w.takes, p.rules.RejectCost)
	if w.takes > 0 || n.paused || !n.started {
		p.turns.push(w)
	} else {
		n.refuse(&w)
	}
}

func (n *node) refuse(w *work) {
	if answer := w.msg.(Job).Refusal(!n.sim.doubled); answer != nil {
		n.Send(w.from, answer)
	}
}

// inVain reports whether the sender of a job no longer waits.
func (w *work) inVain(now Time) bool { return w.vain || w.msg.(Job).Expires() <= now }

// account notes work that is done, and what of it was in vain.
func (sv *server) account(now Time, w *work, took time.Duration) {
	sv.stats.Busy += took
	switch w.nature {
	case refusal:
		sv.stats.Wasted += took
	case job:
		sv.stats.Done++
		if w.inVain(now) {
			sv.stats.Wasted += took
		}
	}
}

// expectChore sets the time of the first chore of an incarnation.
func (n *node) expectChore() {
	if sv := n.processor.server; sv != nil && sv.rules.Every > 0 {
		n.choreIn(1 + time.Duration(sv.rand.IntN(int(sv.rules.Every))))
	}
}

func (n *node) choreIn(d time.Duration) {
	n.sim.schedule(n.sim.now.Add(d), evChore, n.id, None, n.life, nil)
}

// choreDue puts a chore in line, and waits for the next one.
func (n *node) choreDue() {
	sv := n.processor.server
	n.choreIn(sv.rules.Every)
	n.queue(work{nature: chore, takes: sv.rules.Chore.Sample(sv.rand.Uint64()), from: None})
}

func (sv *server) crash() {
	sv.stack.clear()
	sv.turns.clear()
	sv.jobs, sv.codel = 0, newCodel(sv.rules)
}

package sim

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// A processor handles what comes to its node: messages and timers in order of
// arrival, one at a time, unless it has the rules of a Server. What comes while
// it is at work, or while its node is paused, waits in line.
type processor struct {
	cost   time.Duration // of handling one message or timer, when the node is healthy
	slow   int64         // thousandths that work takes of what it takes when the node is healthy; 0 means 1000
	line   lane          // in order of arrival
	alarms int           // timers in line or worked on
	hands  []hand
	only   [1]hand // all hands of a processor without the rules of a server
	held   int     // hands that hold work
	*server
}

// A hand is a worker of a processor.
type hand struct {
	work
	holds bool    // work, on which it is at work or, while the node is paused, is not
	kept  bool    // at a job that the handler has (Server.Blocking)
	end   TimerID // of the work that it is at
}

// A work is something that waits to be handled.
type work struct {
	msg    any
	alarm  TimerID       // of a timer; zero once it was cancelled
	takes  time.Duration // on a healthy node; of what a server works on
	since  Time          // it came; of one that the handler has, when it got it
	from   NodeID        // None: no message
	nature nature
	vain   bool // a job that its sender took back
}

// The nature of work says what it takes, and what comes of it.
type nature uint8

const (
	plain   nature = iota // a timer, or a message that is no Job
	job                   // a Job that is worked on
	refusal               // a Job that is turned away
	chore                 // background work
)

// A lane is a line of work: what comes is put at its back.
type lane struct {
	works []work // works[first:] wait
	first int
}

func (l *lane) len() int { return len(l.works) - l.first }

func (l *lane) push(w work) { l.works = append(l.works, w) }

// shift takes the oldest work, which there must be.
func (l *lane) shift() work {
	w := l.works[l.first]
	l.works[l.first] = work{}
	l.first++
	if 2*l.first >= len(l.works) {
		l.works, l.first = append(l.works[:0], l.works[l.first:]...), 0
	}
	return w
}

// next takes the oldest work, if there is any.
func (l *lane) next() (work, bool) {
	if l.len() == 0 {
		return work{}, false
	}
	return l.shift(), true
}

// pop takes the newest work, which there must be.
func (l *lane) pop() work {
	last := len(l.works) - 1
	w := l.works[last]
	l.works[last] = work{}
	l.works = l.works[:last]
	return w
}

// drop takes the first work out of the line of which is reports true, and reports whether there was one.
func (l *lane) drop(is func(*work) bool) bool {
	for i := l.first; i < len(l.works); i++ {
		if is(&l.works[i]) {
			l.works = slices.Delete(l.works, i, i+1)
			return true
		}
	}
	return false
}

func (l *lane) clear() {
	clear(l.works)
	l.works, l.first = l.works[:0], 0
}

// free reports whether what comes now is handled now, in no time.
func (p *processor) free() bool {
	return p.cost == 0 && p.server == nil && p.held == 0 && p.line.len() == 0
}

// queue puts something in line.
func (n *node) queue(w work) {
	p := &n.processor
	if w.alarm != 0 {
		p.alarms++
	}
	switch {
	case p.server != nil:
		n.admit(w)
	case p.held == 0 && n.started && !n.paused: // nothing waits: no need to stand in line
		n.give(&p.hands[0], w)
		return
	default:
		p.line.push(w)
	}
	n.refresh()
	n.work()
}

// give gives work to a hand that holds none, and has it begin.
func (n *node) give(h *hand, w work) {
	h.work, h.holds = w, true
	n.processor.held++
	n.set(h)
}

// set has a hand begin with the work that it holds.
func (n *node) set(h *hand) {
	h.end = n.sim.schedule(n.sim.now.Add(n.processor.duration(&h.work)), evWorked, n.id, None, n.life, nil)
}

// work gives work to the hands that rest, in the order in which they stand.
func (n *node) work() {
	p := &n.processor
	if !n.started || n.paused {
		return
	}
	for i := range p.hands {
		h := &p.hands[i]
		if h.end != 0 || h.kept {
			continue
		}
		if h.holds {
			n.set(h)
			continue
		}
		w, ok := n.next(i)
		if !ok && i == 0 && p.server != nil && p.rules.Blocking {
			continue // the others have a line of their own
		}
		if !ok {
			return
		}
		n.give(h, w)
	}
}

// next takes what a hand is to work on next.
func (n *node) next(hand int) (work, bool) {
	p := &n.processor
	if p.server != nil {
		return n.serve(hand)
	}
	return p.line.next()
}

// duration returns how long the work takes now.
func (p *processor) duration(w *work) time.Duration {
	d := w.takes
	if w.nature == plain {
		d = p.cost
	}
	if p.slow == 0 {
		return d
	}
	return scaled(d, p.slow)
}

// scaled returns d times factor thousandths, or the longest duration if that is longer.
func scaled(d time.Duration, factor int64) time.Duration {
	hi, lo := bits.Mul64(uint64(d), uint64(factor))
	if hi >= thousandths/2 {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(hi, lo, thousandths)
	return time.Duration(quotient)
}

const thousandths = 1000

// worked handles what a hand is done with, which goes on with the next.
func (n *node) worked(end TimerID) {
	p := &n.processor
	i := p.handOf(end)
	w := p.hands[i].work
	if p.server != nil {
		p.account(n.sim.ClockTime(n.sim.now), &w, p.duration(&w))
		if p.rules.Blocking && w.nature == job {
			n.keep(i)
			return
		}
	}
	p.hands[i] = hand{}
	p.held--
	n.refresh()
	if p.server != nil || p.line.len() > 0 {
		n.work()
	}
	switch {
	case w.alarm != 0:
		p.alarms--
		n.alarm(w.alarm)
	case w.nature == refusal:
		n.refuse(&w)
	case w.from != None:
		n.sim.receive(n, w.from, w.msg)
	}
}

// handOf returns the place of the hand whose work ends.
func (p *processor) handOf(end TimerID) int {
	i := 0
	for p.hands[i].end != end {
		i++
	}
	return i
}

// restart begins anew what is worked on: the processor stopped, or its pace is another.
func (n *node) restart() {
	hands := n.processor.hands
	for i := range hands {
		n.sim.queue.cancel(hands[i].end)
		hands[i].end = 0
	}
	n.refresh()
	n.work()
}

// forget cancels a timer that went off and waits to be handled.
func (p *processor) forget(id TimerID) {
	if p.alarms == 0 {
		return
	}
	forget := func(w *work) {
		if w.alarm == id {
			w.alarm = 0
			p.alarms--
		}
	}
	for i := range p.hands {
		forget(&p.hands[i].work)
	}
	for i := p.line.first; i < len(p.line.works); i++ {
		forget(&p.line.works[i])
	}
}

// crash loses all that waits and is worked on.
func (p *processor) crash() {
	p.line.clear()
	clear(p.hands)
	p.alarms, p.held = 0, 0
	if p.server != nil {
		p.server.crash()
	}
}

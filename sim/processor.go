package sim

import "time"

// A processor handles what comes to its node, one thing at a time, in order of
// arrival. What comes while it is at work, or while its node is paused, waits in line.
type processor struct {
	cost time.Duration // of handling one message or timer, when the node is healthy
	slow int64         // factor on cost while the node is slow; 0 means 1

	line   []work // line[next:] waits; its first is being worked on
	next   int
	alarms int     // in line
	end    TimerID // of the work on the first; zero while the processor rests
}

// A work is a message or a timer that waits to be handled.
type work struct {
	alarm TimerID // zero: a message, or a timer that was cancelled since
	from  NodeID  // None: a timer
	msg   any
}

// free reports whether what comes now is handled now, in no time.
func (p *processor) free() bool { return p.cost == 0 && p.next == len(p.line) }

// queue puts something in line.
func (n *node) queue(w work) {
	p := &n.processor
	if w.alarm != 0 {
		p.alarms++
	}
	p.line = append(p.line, w)
	n.refresh()
	n.work()
}

// work begins with the first in line, unless that is under way or must wait.
func (n *node) work() {
	p := &n.processor
	if p.end != 0 || p.next == len(p.line) || !n.started || n.paused {
		return
	}
	cost := p.cost
	if p.slow > 0 {
		cost *= time.Duration(p.slow)
	}
	p.end = n.sim.queue.push(n.sim.now.Add(cost), evWorked, n.id, None, n.life, nil)
}

// worked handles the first in line, on which the work is done, and goes on with the next.
func (n *node) worked() {
	p := &n.processor
	w := p.line[p.next]
	p.line[p.next] = work{}
	p.next++
	if 2*p.next >= len(p.line) {
		p.line, p.next = append(p.line[:0], p.line[p.next:]...), 0
	}
	p.end = 0
	n.refresh()
	n.work()
	switch {
	case w.alarm != 0:
		p.alarms--
		n.alarm(w.alarm)
	case w.from != None:
		n.sim.receive(n, w.from, w.msg)
	}
}

// restart begins anew with the first in line: the processor stopped, or its pace is another.
func (n *node) restart() {
	n.sim.queue.cancel(n.processor.end)
	n.processor.end = 0
	n.refresh()
	n.work()
}

// forget cancels a timer that went off and waits in line.
func (p *processor) forget(id TimerID) {
	for i := p.next; p.alarms > 0 && i < len(p.line); i++ {
		if p.line[i].alarm == id {
			p.line[i].alarm = 0
			p.alarms--
		}
	}
}

// crash loses all that waits.
func (p *processor) crash() {
	clear(p.line)
	p.line, p.next, p.alarms, p.end = p.line[:0], 0, 0, 0
}

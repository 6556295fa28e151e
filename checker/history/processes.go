package history

import (
	"fmt"
	"time"
)

// processes gives every process of an event log its number, and a new one after
// an operation of unknown outcome, should the file go on under the old one.
type processes struct {
	numbers map[int64]int  // of processes that are called by a number
	named   map[string]int // of those that are called by anything else
	taken   map[int]bool
	lowest  int         // no number below it is free
	heirs   map[int]int // by process: the number under which it goes on
	top     int         // the highest number that is free for heirs
}

func newProcesses() *processes {
	return &processes{numbers: map[int64]int{}, named: map[string]int{}, taken: map[int]bool{}, heirs: map[int]int{}, top: maxID}
}

// number returns the number of a process: its own, or, for those called by a
// keyword or anything else, and where a name took it before, the lowest that is free.
func (p *processes) number(who *form) (int, *flaw) {
	if who.kind != numberForm {
		if who.long() {
			return 0, outOfRange(who)
		}
		text := who.String()
		n, known := p.named[text]
		if !known {
			n = p.free()
			p.named[text] = n
		}
		return n, nil
	}
	n, known := p.numbers[who.num]
	if known {
		return n, nil
	}
	if who.num < 0 || who.num > maxID {
		return 0, outOfRange(who)
	}
	if n = int(who.num); p.taken[n] {
		n = p.free()
	}
	p.taken[n] = true
	p.numbers[who.num] = n
	return n, nil
}

func outOfRange(who *form) *flaw {
	return who.wrong("process", short(who.String())+" is out of range", fmt.Sprintf("use numbers from 0 to %d", maxID))
}

// knows reports whether a process that is called by a name called before.
func (p *processes) knows(who *form) bool {
	_, known := p.named[who.String()]
	return known
}

func (p *processes) free() int {
	for p.taken[p.lowest] {
		p.lowest++
	}
	p.taken[p.lowest] = true
	return p.lowest
}

// acting returns the number under which the process acts at present.
func (p *processes) acting(process int) int {
	if heir, ok := p.heirs[process]; ok {
		return heir
	}
	return process
}

// renew has the process act under a number that nobody has.
func (p *processes) renew(process int) {
	for p.taken[p.top] {
		p.top--
	}
	p.taken[p.top] = true
	p.heirs[process] = p.top
}

// A stampClock tells the times of events. Their order in the file is what
// counts, as it does for Knossos: a time that does not come after the one before is
// moved on to one nanosecond after it. Without times in the file, the number
// of the line is the time.
type stampClock struct {
	timed bool
	begun bool
	first int64
	last  Time
	moved int           // times that were moved on
	most  time.Duration // the farthest that one was
}

// farTime leaves room above all times for those that are moved on.
const farTime = Never - 1<<40

// stamp returns the time of the event.
func (c *stampClock) stamp(e *event) (Time, *flaw) {
	if !c.begun {
		c.begun, c.timed, c.first = true, e.timed, e.time
		if !c.timed {
			c.last = Time(e.line)
		}
		return c.last, nil
	}
	next := c.last + 1
	switch {
	case !c.timed:
		next = max(next, Time(e.line))
	case e.timed:
		since := Time(e.time - c.first)
		if since > farTime || (since < 0) != (e.time < c.first) {
			return 0, e.wrong("time", fmt.Sprintf("%d is too far from the first time, %d", e.time, c.first), "count nanoseconds from any one instant on")
		}
		if since < next {
			c.moved++
			c.most = max(c.most, next.Sub(since))
		}
		next = max(next, since)
	}
	c.last = next
	return next, nil
}

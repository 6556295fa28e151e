package sim

import "math/bits"

// An event is one thing that happens, as it comes out of the queue.
type event struct {
	at   Time
	msg  any
	id   TimerID // under which it was scheduled
	node NodeID
	from NodeID // of a message; None otherwise
	life uint16 // incarnation of node that the event belongs to; messages belong to none
	kind uint8
}

// The kinds of event.
const (
	evMessage     uint8 = iota // a message arrives at node
	evTimer                    // a timer of node goes off
	evSync                     // a disk sync of node is complete
	evStart                    // node starts
	evQueued                   // a message waited for node's processor and is handled now
	evQueuedTimer              // a timer waited for node's processor
	evWake                     // a script wakes; node is its index
	evCall                     // a function is called; node is its index
)

// A queue is a 64-way hierarchical radix wheel on the nanosecond. An event lies
// at the level of the highest base-64 digit in which its time differs from the
// queue's time, in the slot of that digit. The first occupied slot of the lowest
// occupied level holds the earliest event; at level 0 all events of a slot are
// due at the same instant.
//
// Slots are lists, filled at the tail and dealt out in order. Events due at the
// same instant always share a slot, so they fire in the order of scheduling
// without a sequence number. Cancelling unlinks an event at once.
type queue struct {
	now    Time   // no later than any pending event
	links  []link // by event; index 0 is never used, so that zero values are empty
	loads  []load // by event
	free   int32  // first of the places that are free, linked by next; or nothing
	levels uint16 // bit l: level l is occupied
	level  [numLevels]level
}

// A link is an event's time and place in a list. Dealing events out touches their
// links alone, so links are kept apart and small: four to a cache line.
type link struct {
	at         Time
	next, prev int32
}

// A load is what else there is to an event.
type load struct {
	msg  any
	gen  uint32 // counts the uses of the place, so that an old TimerID does not name its new event
	node NodeID
	from NodeID
	life uint16
	kind uint8
}

const (
	digitBits = 6
	width     = 1 << digitBits
	numLevels = 11 // 64^11 > 2^64
	nothing   = int32(0)
	signBit   = 1 << 63 // flipped, so that instants before 0 come before those after it
)

// A level is one digit's slots.
type level struct {
	occupied uint64 // bit i: slot i is occupied
	slots    [width]slot
}

type slot struct{ head, tail int32 }

// reset empties the queue. It keeps the memory, and the generations in it.
func (q *queue) reset() {
	for i := range q.loads {
		q.loads[i] = load{gen: q.loads[i].gen + 1}
	}
	*q = queue{links: q.links[:0], loads: q.loads[:0]}
}

// push schedules an event at an instant that has not passed.
func (q *queue) push(at Time, kind uint8, node, from NodeID, life uint16, msg any) TimerID {
	i := q.free
	if i != nothing {
		q.free = q.links[i].next
	} else {
		i = q.grow()
	}
	p := &q.loads[i]
	p.msg, p.node, p.from, p.life, p.kind = msg, node, from, life, kind
	q.links[i].at = at
	q.append(i)
	return timerID(i, p.gen)
}

// repeat schedules an event that was taken out once more.
func (q *queue) repeat(at Time, ev *event) {
	q.push(at, ev.kind, ev.node, ev.from, ev.life, ev.msg)
}

func timerID(i int32, gen uint32) TimerID { return TimerID(gen)<<32 | TimerID(uint32(i)) }

// grow returns a place that was not used in this run.
func (q *queue) grow() int32 {
	if len(q.links) == 0 {
		q.links, q.loads = append(q.links, link{}), append(q.loads, load{})
	}
	q.links = append(q.links, link{})
	if len(q.loads) < cap(q.loads) { // memory of an earlier run: keep its generations
		q.loads = q.loads[:len(q.loads)+1]
	} else {
		q.loads = append(q.loads, load{})
	}
	return int32(len(q.links) - 1)
}

// release gives a place back.
func (q *queue) release(i int32) {
	p := &q.loads[i]
	p.gen++
	p.msg = nil
	q.links[i].next = q.free
	q.free = i
}

// place returns the level and slot of an instant, seen from the queue's time.
// That is where an event is: moving the queue's time never changes it, but for
// the events that deal moves.
func (q *queue) place(at Time) (level, index int) {
	level = (bits.Len64(uint64(at^q.now)|1) - 1) / digitBits
	return level, int((uint64(at)^signBit)>>(digitBits*uint(level)&63)) & (width - 1)
}

// append adds an event at the end of the list of its slot.
func (q *queue) append(i int32) {
	k := &q.links[i]
	level, index := q.place(k.at)
	l := &q.level[level]
	s := &l.slots[index]
	k.next, k.prev = nothing, s.tail
	if s.tail != nothing {
		q.links[s.tail].next = i
	} else {
		s.head = i
		l.occupied |= 1 << index
		q.levels |= 1 << level
	}
	s.tail = i
}

// remove takes an event out of the list of its slot.
func (q *queue) remove(k *link) {
	level, index := q.place(k.at)
	s := &q.level[level].slots[index]
	if k.prev != nothing {
		q.links[k.prev].next = k.next
	} else {
		s.head = k.next
	}
	if k.next != nothing {
		q.links[k.next].prev = k.prev
	} else {
		s.tail = k.prev
	}
	if s.head == nothing {
		q.vacate(level, index)
	}
}

func (q *queue) vacate(level, index int) {
	l := &q.level[level]
	l.occupied &^= 1 << index
	if l.occupied == 0 {
		q.levels &^= 1 << level
	}
}

// cancel removes the event scheduled under id and reports whether it was still pending.
func (q *queue) cancel(id TimerID) bool {
	i := int32(uint32(id))
	if id == 0 || int(i) >= len(q.loads) || q.loads[i].gen != uint32(id>>32) {
		return false
	}
	q.remove(&q.links[i])
	q.release(i)
	return true
}

// pop takes the earliest event out into ev, unless there is none or it lies after until.
func (q *queue) pop(until Time, ev *event) bool {
	for q.levels != 0 {
		level := bits.TrailingZeros16(q.levels)
		l := &q.level[level]
		index := bits.TrailingZeros64(l.occupied) & (width - 1)
		i := l.slots[index].head
		k := &q.links[i]
		if level != 0 && k.next != nothing {
			if !q.deal(level, index, until) {
				return false
			}
			continue
		}
		if k.at > until {
			return false
		}
		q.now = k.at
		q.take(level, index, k)
		p := &q.loads[i]
		ev.at, ev.msg, ev.id, ev.node, ev.from, ev.life, ev.kind = k.at, p.msg, timerID(i, p.gen), p.node, p.from, p.life, p.kind
		q.release(i)
		return true
	}
	return false
}

// take takes the first event out of a slot.
func (q *queue) take(level, index int, k *link) {
	s := &q.level[level].slots[index]
	s.head = k.next
	if s.head != nothing {
		q.links[s.head].prev = nothing
		return
	}
	s.tail = nothing
	q.vacate(level, index)
}

// deal moves the queue's time forward into the slot's span and deals the slot's
// events out to lower levels, seen from there. Lower levels are empty, and all
// other events differ from both times in the same digit, so they stay. It does
// nothing and returns false if all of that lies after until.
func (q *queue) deal(level, index int, until Time) bool {
	s := &q.level[level].slots[index]
	to := q.landing(s.head, level)
	if to > until {
		return false
	}
	q.now = to
	i := s.head
	*s = slot{}
	q.vacate(level, index)
	for i != nothing {
		next := q.links[i].next
		q.append(i)
		i = next
	}
	return true
}

// landing returns the instant to which the queue's time moves when a slot is
// dealt out. The best is that of its earliest event, but to look for it in a long
// list costs more cache misses than it saves; the beginning of the slot's span is
// right as well.
func (q *queue) landing(head int32, level int) Time {
	const few = 8
	earliest := q.links[head].at
	i := q.links[head].next
	for range few {
		if i == nothing {
			return earliest
		}
		earliest = min(earliest, q.links[i].at)
		i = q.links[i].next
	}
	return earliest &^ (1<<(digitBits*uint(level)) - 1)
}

package sim

import "math/bits"

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

// An event is one thing that will happen. It fits in 48 bytes beside its time
// and links, so that an event costs one cache line.
type event struct {
	msg  any
	node NodeID
	from NodeID // of a message
	life uint16 // incarnation of node that the event belongs to; messages belong to none
	kind uint8
	id   TimerID // filled in by pop: the ID under which the event was scheduled
}

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
	now      Time
	pool     []item
	free     int32 // first free item, or nothing
	size     int
	levels   uint16            // bit l: level l is occupied
	occupied [numLevels]uint64 // bit i: slot i of the level is occupied
	slots    [numLevels][64]slot
}

const (
	numLevels = 11       // 64^11 > 2^63
	nothing   = int32(0) // item 0 is never used, so that zero values are empty
)

type slot struct{ head, tail int32 }

type item struct {
	at         Time
	msg        any
	next, prev int32
	gen        uint32 // counts the uses of the item, so that an old TimerID does not name its new event
	node       NodeID
	from       NodeID
	life       uint16
	kind       uint8
	level      uint8 // where it is linked
}

func (q *queue) reset() {
	for i := range q.pool {
		q.pool[i] = item{gen: q.pool[i].gen + 1}
	}
	*q = queue{pool: q.pool[:0]}
}

// alloc returns a free item.
func (q *queue) alloc() int32 {
	if i := q.free; i != nothing {
		q.free = q.pool[i].next
		return i
	}
	if len(q.pool) == 0 {
		q.pool = append(q.pool, item{})
	}
	if len(q.pool) < cap(q.pool) { // memory of an earlier run: keep its generations
		q.pool = q.pool[:len(q.pool)+1]
	} else {
		q.pool = append(q.pool, item{})
	}
	return int32(len(q.pool) - 1)
}

// push schedules an event at an instant that has not passed.
func (q *queue) push(at Time, ev event) TimerID {
	i := q.alloc()
	it := &q.pool[i]
	it.at, it.msg, it.node, it.from, it.life, it.kind = at, ev.msg, ev.node, ev.from, ev.life, ev.kind
	q.link(i, it)
	q.size++
	return timerID(i, it.gen)
}

func timerID(i int32, gen uint32) TimerID { return TimerID(gen)<<32 | TimerID(uint32(i)) }

// place returns the level and slot of an instant, seen from the queue's time.
func (q *queue) place(at Time) (level, index int) {
	differ := uint64(at ^ q.now)
	level = (bits.Len64(differ|1) - 1) / 6
	return level, int(uint64(at)>>(6*uint(level))) & 63
}

// link appends an item to the list of its slot.
func (q *queue) link(i int32, it *item) {
	level, index := q.place(it.at)
	it.level = uint8(level)
	s := &q.slots[level][index]
	it.next, it.prev = nothing, s.tail
	if s.tail != nothing {
		q.pool[s.tail].next = i
	} else {
		s.head = i
		q.occupied[level] |= 1 << index
		q.levels |= 1 << level
	}
	s.tail = i
}

// unlink takes an item out of the list of its slot.
func (q *queue) unlink(it *item) {
	level := int(it.level)
	index := int(uint64(it.at)>>(6*uint(level))) & 63
	s := &q.slots[level][index]
	if it.prev != nothing {
		q.pool[it.prev].next = it.next
	} else {
		s.head = it.next
	}
	if it.next != nothing {
		q.pool[it.next].prev = it.prev
	} else {
		s.tail = it.prev
	}
	if s.head == nothing {
		q.vacate(level, index)
	}
}

func (q *queue) vacate(level, index int) {
	q.occupied[level] &^= 1 << index
	if q.occupied[level] == 0 {
		q.levels &^= 1 << level
	}
}

// release gives an item back.
func (q *queue) release(i int32, it *item) {
	it.gen++
	it.msg = nil
	it.next = q.free
	q.free = i
	q.size--
}

// cancel removes the event scheduled under id and reports whether it was still pending.
func (q *queue) cancel(id TimerID) bool {
	i := int32(uint32(id))
	if id == 0 || int(i) >= len(q.pool) || q.pool[i].gen != uint32(id>>32) {
		return false
	}
	it := &q.pool[i]
	q.unlink(it)
	q.release(i, it)
	return true
}

// pop removes and returns the earliest event, unless it lies after until.
func (q *queue) pop(until Time) (at Time, ev event, ok bool) {
	for q.levels != 0 {
		level := bits.TrailingZeros16(q.levels)
		index := bits.TrailingZeros64(q.occupied[level])
		i := q.slots[level][index].head
		it := &q.pool[i]
		if level == 0 || it.next == nothing {
			if it.at > until {
				return 0, event{}, false
			}
			return q.take(i, it, level, index)
		}
		if !q.deal(level, index, until) {
			return 0, event{}, false
		}
	}
	return 0, event{}, false
}

// take removes the first item of a slot whose items are all due at the same
// instant, and moves the queue's time there.
func (q *queue) take(i int32, it *item, level, index int) (Time, event, bool) {
	s := &q.slots[level][index]
	s.head = it.next
	if s.head != nothing {
		q.pool[s.head].prev = nothing
	} else {
		s.tail = nothing
		q.vacate(level, index)
	}
	q.now = it.at
	ev := event{msg: it.msg, node: it.node, from: it.from, life: it.life, kind: it.kind, id: timerID(i, it.gen)}
	q.release(i, it)
	return it.at, ev, true
}

// deal moves the queue's time to the earliest event of the slot and deals the
// slot's events out to lower levels, seen from there. Lower levels are empty,
// and all other events differ from both times in the same digit, so they stay.
// It does nothing if that event lies after until.
func (q *queue) deal(level, index int, until Time) bool {
	head := q.slots[level][index].head
	earliest := q.pool[head].at
	for i := q.pool[head].next; i != nothing; i = q.pool[i].next {
		earliest = min(earliest, q.pool[i].at)
	}
	if earliest > until {
		return false
	}
	q.now = earliest
	q.slots[level][index] = slot{}
	q.vacate(level, index)
	for i := head; i != nothing; {
		it := &q.pool[i]
		next := it.next
		q.link(i, it)
		i = next
	}
	return true
}

package sim

import "math/bits"

// An event is one thing that happens, as it comes out of the queue.
type event struct {
	at   Time
	msg  any
	id   TimerID // under which it was scheduled; 0 for a message
	node NodeID
	from NodeID // of a message; None otherwise
	life uint16 // incarnation of node that the event belongs to; messages belong to none
	kind uint8
}

// The kinds of event.
const (
	evMessage uint8 = iota // a message arrives at node
	evTimer                // a timer of node goes off
	evSync                 // a disk sync of node is complete
	evStart                // node starts
	evWorked               // node's processor is done with something
	evWake                 // a script wakes; node is its index
	evCall                 // a function is called; node is its index
	evChore                // background work of node's processor comes up
)

// A queue has a near part and a far part. The near part is the run: the events
// due until the horizon, sorted; the first of them is the next to fire. The far
// part is a 64-way radix wheel: an event lies at the level of the highest base-64
// digit in which its time differs from the wheel's base, in the slot of that
// digit. So all events of a lower level come before those of a higher level, and
// all events of a slot before those of a later slot.
//
//	push    insert into the run if due by the horizon; otherwise append to a slot
//	next    look at the first of the run, to take it out
//	refill  when the run is empty: the first slots that are occupied become the
//	        run if they are short; a long one is dealt out to the level below
//	cancel  strike an event out where it lies
//
// Events due at the same instant are always together, in the run or in one slot,
// and stay in the order in which they came: they fire in the order of scheduling
// without a sequence number.
type queue struct {
	first, last int        // the run is run[first:last]
	horizon     Time       // until when the run has all events
	base        Time       // of the wheel: start of the first slot that became the run; no event is due before it
	levels      uint64     // bit l: level l is occupied
	level       [11]*level // nil until used; 64^11 > 2^64
	spare       *block     // pages, linked by next
	notes       []note     // index 0 is never used
	unused      int32      // first of the notes that are free, linked by index; or 0
	run         [runLen]entry
}

// An entry is an event as it lies in the queue. A message, the most frequent
// kind, has all there is to it in its entry, which is half a cache line. Other
// events have a note, which also knows where they are, so that they can be cancelled.
type entry struct {
	at   Time
	msg  any
	node NodeID // of a message; all bits inverted, so that it is negative, of another event
	more int32  // the sender of a message; otherwise the event's note, or 0 if it was cancelled
}

// A note is what else there is to an event that is not a message.
type note struct {
	block *block // in which it lies; nil if that is the run
	index int    // in the block
	gen   uint32 // counts the uses of the note, so that an old TimerID does not stand for its new event
	from  NodeID
	life  uint16
	kind  uint8
}

// A level is one digit's slots. A slot is a list of blocks: one of its own, and
// pages when that is full. So entries lie in memory in the order in which they
// came, and to deal a slot out is to read on; if they were linked one by one, each
// would be a cache miss once there are 100,000.
type level struct {
	occupied uint64 // bit i: slot i is occupied
	tail     [width]*block
	own      [width]block
	entries  [width * short]entry // of the slots' own blocks
}

// A block is a stretch of a slot's list.
type block struct {
	entries    []entry
	used, live int // entries[:used] are pending or cancelled; so many are pending
	next, prev *block
}

const (
	digitBits = 6
	width     = 1 << digitBits
	short     = 8   // entries in a slot's own block
	pageLen   = 100 // entries in a page
	batch     = 8   // entries that are enough for a run
	runLen    = 128 // at least pageLen and batch + short
	signBit   = 1 << 63
)

// reset empties the queue. It keeps the memory, and the generations in it.
func (q *queue) reset() {
	for _, l := range q.level {
		for l != nil && l.occupied != 0 {
			index := bits.TrailingZeros64(l.occupied)
			q.wipe(&l.own[index], &l.tail[index])
			l.occupied &= l.occupied - 1
		}
	}
	clear(q.run[q.first:q.last])
	q.first, q.last, q.levels, q.unused = 0, 0, 0, 0
	for i := len(q.notes) - 1; i > 0; i-- {
		q.release(int32(i))
	}
	q.beginAt(0)
}

// beginAt makes an instant the first that an empty queue can have events at.
func (q *queue) beginAt(t Time) { q.horizon, q.base = t, t }

// pending reports whether there is any event.
func (q *queue) pending() bool { return q.levels != 0 || q.first != q.last }

// pushMessage schedules the arrival of a message at an instant that has not passed.
func (q *queue) pushMessage(at Time, node, from NodeID, msg any) {
	e, _ := q.add(at)
	e.at, e.msg, e.node, e.more = at, msg, node, int32(from)
}

// push schedules another event at an instant that has not passed.
func (q *queue) push(at Time, kind uint8, node, from NodeID, life uint16, msg any) TimerID {
	i := q.newNote()
	e, b := q.add(at)
	e.at, e.msg, e.node, e.more = at, msg, ^node, i
	n := &q.notes[i]
	n.from, n.life, n.kind = from, life, kind
	n.moved(b)
	return n.id(i)
}

// repeat schedules an event that was taken out once more.
func (q *queue) repeat(at Time, ev *event) {
	if ev.kind == evMessage {
		q.pushMessage(at, ev.node, ev.from, ev.msg)
	} else {
		q.push(at, ev.kind, ev.node, ev.from, ev.life, ev.msg)
	}
}

// add returns room for an event, and the block that it is in unless that is the run.
func (q *queue) add(at Time) (*entry, *block) {
	if at <= q.horizon {
		if q.last < runLen {
			return q.insert(at), nil
		}
		q.makeRoom()
		return q.add(at)
	}
	level, index := q.place(at)
	l := q.level[level]
	if l == nil {
		l = q.newLevel(level)
	}
	q.levels |= 1 << level
	l.occupied |= 1 << index
	b := l.tail[index]
	if b.full() {
		b = q.extend(&l.tail[index])
	}
	return b.add(), b
}

// place returns the level and slot of an instant, seen from the wheel's base.
// That is where its events are: whenever the base moves on, those of which this
// would not be true any more are taken into the run or dealt out.
func (q *queue) place(at Time) (level, index uint) {
	level = uint(uint8(bits.Len64(uint64(at^q.base)|1)-1) / digitBits)
	return level, uint((uint64(at)^signBit)>>(digitBits*level&63)) % width
}

// start returns the first instant of a slot.
func (q *queue) start(level, index uint) Time {
	higher := uint64(1)<<(digitBits*(level+1)) - 1 // all bits at the highest level
	return Time(uint64(q.base)&^higher | uint64(index)<<(digitBits*level) ^ signBit&higher)
}

// next returns the earliest event, which is then the first of the run, or nil if
// there is none or it lies after until. Once there was none until then, none must be
// pushed before then.
func (q *queue) next(until Time) *entry {
	for q.first == q.last {
		if !q.refill(until) {
			return nil
		}
	}
	if e := &q.run[q.first%runLen]; e.at <= until {
		return e
	}
	return nil
}

// take takes the first event of the run out into ev.
func (q *queue) take(e *entry, ev *event) {
	ev.at, ev.msg = e.at, e.msg
	if e.node >= 0 {
		ev.id, ev.node, ev.from, ev.life, ev.kind = 0, e.node, NodeID(e.more), 0, evMessage
	} else {
		n := &q.notes[e.more]
		ev.id, ev.node, ev.from, ev.life, ev.kind = n.id(e.more), ^e.node, n.from, n.life, n.kind
		q.release(e.more)
	}
	q.drop(e)
}

// drop drops the first event of the run.
func (q *queue) drop(e *entry) {
	e.msg = nil
	q.first++
}

// refill fills the run, which is empty, with the next events, unless there are
// none or their slot begins after until.
func (q *queue) refill(until Time) bool {
	for q.levels != 0 {
		level := uint(bits.TrailingZeros64(q.levels))
		l := q.level[level]
		index := uint(bits.TrailingZeros64(l.occupied))
		start := q.start(level, index)
		if start > until {
			return false
		}
		switch {
		case l.tail[index] == &l.own[index]:
			q.gather(level, start)
		case level == 0:
			q.takeBlock(index, start)
		default:
			q.deal(level, index, start)
			continue
		}
		return true
	}
	return false
}

// gather makes the first slots of a level the run, until it has enough. The first
// one, which begins at start, is short.
func (q *queue) gather(level uint, start Time) {
	l := q.level[level]
	var index uint
	q.first, q.last = 0, 0
	for l.occupied != 0 && q.last < batch {
		next := uint(bits.TrailingZeros64(l.occupied))
		if l.tail[next] != &l.own[next] {
			break
		}
		index = next
		q.sortIn(&l.own[index])
		q.vacate(level, index)
	}
	q.horizon = q.start(level, index) + 1<<(digitBits*level) - 1
	q.base = start
}

// takeBlock makes the first block of a long slot of level 0 the run. All events
// of the slot are due at the same instant, at.
func (q *queue) takeBlock(index uint, at Time) {
	l := q.level[0]
	b := &l.own[index]
	if b.used == 0 {
		b = b.next
	}
	b.compact()
	for i := range b.entries[:b.used] {
		q.put(&b.entries[i], i)
	}
	q.first, q.last = 0, b.used
	b.clear()
	q.base, q.horizon = at, at-1 // what is pushed at this instant comes after the rest of the slot
	if b != &l.own[index] {
		q.unlink(b, &l.tail[index])
	}
	if l.tail[index] == &l.own[index] {
		q.vacate(0, index)
	}
}

// sortIn moves the events of a slot that is short to the end of the run. Those
// that are there are due earlier.
//
// An event's rank is how many of the slot are due before it. To count them takes
// more steps than to insert one after the other, but no branch that depends on
// their times, which a processor would foresee only half of the time.
func (q *queue) sortIn(b *block) {
	b.compact()
	entries := b.entries[:b.used]
	var ranks [short]int
	for i := range entries {
		rank, at := i, entries[i].at
		for j := range entries[:i] {
			later := int(uint64(at-entries[j].at) >> 63)
			ranks[j%short] += later
			rank -= later
		}
		ranks[i%short] = rank
	}
	for i := range entries {
		q.put(&entries[i], q.last+ranks[i%short])
	}
	q.last += len(entries)
	b.clear()
}

// put puts an event of the wheel into the run.
func (q *queue) put(e *entry, index int) {
	if e.node < 0 {
		q.notes[e.more].moved(nil)
	}
	q.run[index%runLen] = *e
	e.msg = nil
}

// deal deals the events of a long slot out to the level below, as it is seen from
// the slot's start. All lower levels are empty.
func (q *queue) deal(level, index uint, start Time) {
	from, to := q.level[level], q.level[level-1]
	if to == nil {
		to = q.newLevel(level - 1)
	}
	q.base = start
	shift := digitBits * (level - 1)
	own := &from.own[index]
	for b := own; b != nil; {
		entries := b.entries[:b.used]
		for i := range entries {
			e := &entries[i]
			if e.node < 0 && e.more == 0 {
				continue
			}
			digit := uint64(e.at) >> (shift & 63) % width
			to.occupied |= 1 << digit
			in := to.tail[digit]
			if in.full() {
				in = q.extend(&to.tail[digit])
			}
			*in.add() = *e
			e.msg = nil
			if e.node < 0 {
				q.notes[e.more].moved(in)
			}
		}
		next := b.next
		b.clear()
		if b != own {
			q.discard(b)
		}
		b = next
	}
	own.next, from.tail[index] = nil, own
	q.vacate(level, index)
	q.levels |= 1 << (level - 1)
}

// wipe empties a slot.
func (q *queue) wipe(own *block, tail **block) {
	for b := *tail; b != own; b = *tail {
		b.wipe()
		q.unlink(b, tail)
	}
	own.wipe()
}

// vacate marks a slot as empty.
func (q *queue) vacate(level, index uint) {
	l := q.level[level]
	l.occupied &^= 1 << index
	if l.occupied == 0 {
		q.levels &^= 1 << level
	}
}

// insert returns room in the run for an event, behind those that are due no
// later. There must be room at the run's end.
func (q *queue) insert(at Time) *entry {
	if q.first > 0 && at < q.run[(q.first+q.last)/2].at { // fewer lie before it than behind it
		i := q.first - 1
		for ; i+1 < q.last && q.run[i+1].at <= at; i++ {
			q.run[i] = q.run[i+1]
		}
		q.first--
		return &q.run[i]
	}
	i := q.last
	for ; i > q.first && q.run[i-1].at > at; i-- {
		q.run[i] = q.run[i-1]
	}
	q.last++
	return &q.run[i]
}

// makeRoom makes room at the end of the run. If the run is full, of events that
// came before its horizon, all go back to the wheel.
func (q *queue) makeRoom() {
	run := q.run[q.first:q.last]
	if q.first > 0 {
		q.first, q.last = 0, copy(q.run[:], run)
		clear(q.run[q.last:])
		return
	}
	q.horizon = q.base - 1
	for i := range run {
		e, b := q.add(run[i].at)
		*e = run[i]
		if e.node < 0 {
			q.notes[e.more].moved(b)
		}
	}
	clear(run)
	q.first, q.last = 0, 0
}

// newLevel makes a level at its first use.
//
//go:noinline
func (q *queue) newLevel(n uint) *level {
	l := new(level)
	for i := range l.own {
		l.own[i].entries = l.entries[i*short : (i+1)*short]
		l.tail[i] = &l.own[i]
	}
	q.level[n] = l
	return l
}

// extend adds a page to a slot's list.
//
//go:noinline
func (q *queue) extend(tail **block) *block {
	b := q.spare
	if b != nil {
		q.spare = b.next
	} else {
		b = &block{entries: make([]entry, pageLen)}
	}
	b.prev, b.next = *tail, nil
	b.prev.next = b
	*tail = b
	return b
}

// unlink takes a page out of a slot's list.
func (q *queue) unlink(b *block, tail **block) {
	b.prev.next = b.next
	if b.next != nil {
		b.next.prev = b.prev
	} else {
		*tail = b.prev
	}
	q.discard(b)
}

// discard keeps an empty page for further use.
func (q *queue) discard(b *block) { b.next, q.spare = q.spare, b }

func (b *block) full() bool { return b.used == len(b.entries) }

// add returns room for an entry behind the others. The block must not be full.
func (b *block) add() *entry {
	b.used++
	b.live++
	return &b.entries[b.used-1]
}

// compact removes what was cancelled.
func (b *block) compact() {
	if b.live == b.used {
		return
	}
	used := b.used
	b.used = 0
	for _, e := range b.entries[:used] {
		if e.node >= 0 || e.more != 0 {
			b.entries[b.used] = e
			b.used++
		}
	}
	clear(b.entries[b.used:used])
}

// wipe empties a block of all that it has.
func (b *block) wipe() {
	clear(b.entries[:b.used])
	b.clear()
}

// clear empties a block, whose messages must not be there any more.
func (b *block) clear() { b.used, b.live = 0, 0 }

// cancel takes out the event scheduled under id and reports whether it was still pending.
func (q *queue) cancel(id TimerID) bool {
	i := int32(uint32(id))
	if id == 0 || int(i) >= len(q.notes) || q.notes[i].id(i) != id {
		return false
	}
	if n := &q.notes[i]; n.block != nil {
		q.strike(n.block, n.index)
	} else {
		q.takeOut(i)
	}
	q.release(i)
	return true
}

// takeOut takes the event with the given note out of the run.
func (q *queue) takeOut(note int32) {
	i := q.first
	for q.run[i].node >= 0 || q.run[i].more != note {
		i++
	}
	copy(q.run[q.first+1:i+1], q.run[q.first:i])
	q.run[q.first] = entry{}
	q.first++
}

// strike strikes an event out of its block; of a block that is empty now, its
// slot is rid.
func (q *queue) strike(b *block, index int) {
	at := b.entries[index].at
	b.entries[index] = entry{node: None}
	if b.live--; b.live > 0 {
		return
	}
	b.clear()
	level, slot := q.place(at)
	l := q.level[level]
	own := &l.own[slot]
	if b != own {
		q.unlink(b, &l.tail[slot])
	}
	if own.live == 0 && l.tail[slot] == own {
		q.vacate(level, slot)
	}
}

// newNote returns a note that is free.
func (q *queue) newNote() int32 {
	if i := q.unused; i != 0 {
		q.unused = int32(q.notes[i].index)
		return i
	}
	if len(q.notes) == 0 {
		q.notes = append(q.notes, note{})
	}
	q.notes = append(q.notes, note{})
	return int32(len(q.notes) - 1)
}

// release makes a note free again.
func (q *queue) release(i int32) {
	q.notes[i] = note{index: int(q.unused), gen: q.notes[i].gen + 1}
	q.unused = i
}

// moved notes that the event was put at the end of a block, or in the run if b is nil.
func (n *note) moved(b *block) {
	n.block = b
	if b != nil {
		n.index = b.used - 1
	}
}

// id returns the ID of the event whose note is at i.
func (n *note) id(i int32) TimerID { return TimerID(n.gen)<<32 | TimerID(i) }

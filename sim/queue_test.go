package sim

import (
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

// The queue against a 'dumb' one: a sorted list.
func TestQueueFiresInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t, -delay(t))
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			p.step(t)
		}
		p.drain(t)
	})
}

// A pair is a queue and a dumb one that are treated alike.
type pair struct {
	q    queue
	dumb dumbQueue
	gone []TimerID // of events that fired or were cancelled
}

func newPair(t *rapid.T, begin Time) *pair {
	p := &pair{dumb: dumbQueue{now: begin}}
	p.q.beginAt(begin)
	return p
}

func (p *pair) step(t *rapid.T) {
	switch rapid.IntRange(0, 20).Draw(t, "step") {
	case 0, 1, 2, 3, 4, 5:
		p.push(p.dumb.now+delay(t), rapid.Bool().Draw(t, "named"))
	case 6: // what many a node does at the same time
		at := p.dumb.now + delay(t)
		for range rapid.IntRange(1, 300).Draw(t, "ties") {
			p.push(at, false)
		}
	case 7: // a burst, perhaps before the horizon of what is pending
		r := newStream(rapid.Uint64().Draw(t, "burst"), 0)
		within, named := 1+uint64(delay(t)), rapid.Uint64Range(0, 4).Draw(t, "named")
		if early := p.q.horizon - p.dumb.now; early > 0 && rapid.Bool().Draw(t, "early") {
			within = uint64(early)
		}
		for range rapid.IntRange(1, 300).Draw(t, "events") {
			p.push(p.dumb.now+Time(r.Uint64()%within), r.Uint64()%4 < named)
		}
	case 8, 9:
		p.cancel(t, 1)
	case 10:
		p.cancel(t, rapid.IntRange(1, 300).Draw(t, "victims"))
	case 11:
		p.cancelStale(t)
	case 12:
		if rapid.IntRange(0, 9).Draw(t, "reset") == 0 {
			p.reset(t)
		}
	case 13:
		until := p.dumb.now + delay(t)
		for p.pop(t, until) {
		}
	default:
		p.pop(t, p.dumb.now+delay(t))
	}
}

func (p *pair) push(at Time, named bool) {
	e := dumbEvent{at: at, number: p.dumb.pushed}
	if named {
		e.id = p.q.push(at, evTimer, NodeID(e.number), None, 7, e.number)
	} else {
		p.q.pushMessage(at, NodeID(e.number), NodeID(e.number-1), e.number)
	}
	p.dumb.push(e)
}

// cancel cancels events that follow each other in the order of firing.
func (p *pair) cancel(t *rapid.T, count int) {
	named := p.dumb.named()
	if len(named) == 0 {
		return
	}
	first := rapid.IntRange(0, len(named)-1).Draw(t, "victim")
	for _, victim := range named[first:min(first+count, len(named))] {
		if !p.q.cancel(victim.id) || p.q.cancel(victim.id) {
			t.Fatalf("cancel of event %d: want true, then false", victim.number)
		}
		p.dumb.remove(victim.number)
		p.gone = append(p.gone, victim.id)
	}
}

func (p *pair) cancelStale(t *rapid.T) {
	if len(p.gone) > 0 && p.q.cancel(rapid.SampledFrom(p.gone).Draw(t, "stale")) {
		t.Fatal("cancelled an event that fired or was cancelled before")
	}
}

func (p *pair) reset(t *rapid.T) {
	for _, e := range p.dumb.named() {
		p.gone = append(p.gone, e.id)
	}
	p.q.reset()
	p.dumb = dumbQueue{pushed: p.dumb.pushed}
	if p.q.pending() {
		t.Fatal("events are pending after reset")
	}
}

// pop takes the earliest event out into ev, unless there is none until then.
func (q *queue) pop(until Time, ev *event) bool {
	e := q.next(until)
	if e != nil {
		q.take(e, ev)
	}
	return e != nil
}

func (p *pair) pop(t *rapid.T, until Time) bool {
	t.Helper()
	var ev event
	want, ok := p.dumb.pop(until)
	got := p.q.pop(until, &ev)
	switch {
	case got != ok:
		t.Fatalf("pop until %d: got %v, want %v", until, got, ok)
	case !ok:
		return false
	case ev.at != want.at || int(ev.node) != want.number || ev.id != want.id:
		t.Fatalf("popped event %d due at %d, want event %d due at %d", ev.node, ev.at, want.number, want.at)
	case ev.id == 0 && (ev.kind != evMessage || ev.from != ev.node-1 || ev.msg != want.number):
		t.Fatalf("message %d lost its contents: %+v", want.number, ev)
	case ev.id != 0 && (ev.kind != evTimer || ev.from != None || ev.life != 7 || ev.msg != want.number):
		t.Fatalf("timer %d lost its contents: %+v", want.number, ev)
	case ev.id != 0:
		p.gone = append(p.gone, ev.id)
	}
	return true
}

func (p *pair) drain(t *rapid.T) {
	for p.pop(t, Forever) {
	}
	if len(p.dumb.pending) > 0 || p.q.pending() {
		t.Fatalf("%d events left, pending %v", len(p.dumb.pending), p.q.pending())
	}
	if p.q.hoards() {
		t.Fatal("the empty queue still holds messages, which the collector cannot free")
	}
}

// hoards reports whether an empty queue has anything in it.
func (q *queue) hoards() bool {
	used := func(e entry) bool { return e.msg != nil }
	if slices.ContainsFunc(q.run[:], used) {
		return true
	}
	for _, l := range q.level {
		if l != nil && slices.ContainsFunc(l.entries[:], used) {
			return true
		}
	}
	for b := q.spare; b != nil; b = b.next {
		if slices.ContainsFunc(b.entries, used) {
			return true
		}
	}
	return false
}

// delay draws delays of every magnitude, and many ties.
func delay(t *rapid.T) Time {
	return Time(rapid.Uint64Range(0, 3).Draw(t, "digit")) << rapid.IntRange(0, 45).Draw(t, "shift")
}

type dumbEvent struct {
	at     Time
	number int
	id     TimerID // 0 if it has no name
}

// A dumbQueue is a list in the order of firing.
type dumbQueue struct {
	now     Time
	pushed  int
	pending []dumbEvent
}

func (d *dumbQueue) push(e dumbEvent) {
	behind := sort.Search(len(d.pending), func(i int) bool { return d.pending[i].at > e.at })
	d.pending = slices.Insert(d.pending, behind, e)
	d.pushed++
}

func (d *dumbQueue) remove(number int) {
	d.pending = slices.DeleteFunc(d.pending, func(e dumbEvent) bool { return e.number == number })
}

func (d *dumbQueue) named() (all []dumbEvent) {
	for _, e := range d.pending {
		if e.id != 0 {
			all = append(all, e)
		}
	}
	return all
}

// pop takes the first event; the time becomes until if there is none by then.
func (d *dumbQueue) pop(until Time) (dumbEvent, bool) {
	if len(d.pending) == 0 || d.pending[0].at > until {
		d.now = max(d.now, until)
		return dumbEvent{}, false
	}
	first := d.pending[0]
	d.pending = slices.Delete(d.pending, 0, 1)
	d.now = first.at
	return first, true
}

package sim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The wheel against a 'dumb' queue: a slice, searched for the first of the earliest.
func TestQueueFiresInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := -delay(t)
		q, dumb := queue{now: begin}, dumbQueue{now: begin}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2, 3, 4:
				at := dumb.now + delay(t)
				id := q.push(at, evMessage, NodeID(dumb.pushed), None, 0, nil)
				dumb.push(at, id)
			case 5:
				if len(dumb.pending) > 0 {
					victim := dumb.pending[rapid.IntRange(0, len(dumb.pending)-1).Draw(t, "victim")]
					if !q.cancel(victim.id) || q.cancel(victim.id) {
						t.Fatalf("cancel of event %d: want true, then false", victim.number)
					}
					dumb.remove(victim.number)
				}
			default:
				until := dumb.now + delay(t)
				var ev event
				want, ok := dumb.pop(until)
				if got := q.pop(until, &ev); got != ok {
					t.Fatalf("pop until %d: got %v, want %v", until, got, ok)
				}
				if ok && (ev.at != want.at || int(ev.node) != want.number || ev.id != want.id) {
					t.Fatalf("popped event %d due at %d, want event %d due at %d", ev.node, ev.at, want.number, want.at)
				}
				if ok && q.cancel(ev.id) {
					t.Fatalf("cancelled event %d after it fired", ev.node)
				}
			}
		}
	})
}

// delay draws delays of every magnitude, and many ties.
func delay(t *rapid.T) Time {
	return Time(rapid.Uint64Range(0, 3).Draw(t, "digit")) << rapid.IntRange(0, 45).Draw(t, "shift")
}

type dumbEvent struct {
	at     Time
	number int
	id     TimerID
}

type dumbQueue struct {
	now     Time
	pushed  int
	pending []dumbEvent
}

func (d *dumbQueue) push(at Time, id TimerID) {
	d.pending = append(d.pending, dumbEvent{at, d.pushed, id})
	d.pushed++
}

func (d *dumbQueue) remove(number int) {
	d.pending = slices.DeleteFunc(d.pending, func(e dumbEvent) bool { return e.number == number })
}

// pop takes the first of the earliest events; the time becomes until if there is none by then.
func (d *dumbQueue) pop(until Time) (dumbEvent, bool) {
	first := dumbEvent{at: Forever}
	for _, e := range d.pending {
		if e.at < first.at {
			first = e
		}
	}
	if len(d.pending) == 0 || first.at > until {
		d.now = until
		return dumbEvent{}, false
	}
	d.remove(first.number)
	d.now = first.at
	return first, true
}

// Long lists are dealt out relative to the beginning of their span, short ones
// relative to their earliest event; both must keep the order of equal times.
func TestQueueKeepsTiesInOrder(t *testing.T) {
	var q queue
	const n = 1000
	for i := range n {
		q.push(Time(1_000_000+i%7), evMessage, NodeID(i), None, 0, nil)
	}
	var ev event
	last := [7]NodeID{-1, -1, -1, -1, -1, -1, -1}
	for i := range n {
		if !q.pop(Forever, &ev) {
			t.Fatalf("empty after %d of %d events", i, n)
		}
		tie := ev.at - 1_000_000
		if ev.node <= last[tie] {
			t.Fatalf("event %d fired after event %d of the same instant", ev.node, last[tie])
		}
		last[tie] = ev.node
	}
}

func TestQueueResetForgetsOldIDs(t *testing.T) {
	var q queue
	old := q.push(5, evTimer, 0, None, 0, nil)
	q.reset()
	q.push(5, evTimer, 0, None, 0, nil)
	if q.cancel(old) {
		t.Error("an ID from before the reset cancelled an event after it")
	}
}

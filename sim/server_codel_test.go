package sim

import (
	"math"
	"testing"
	"time"
)

// packets is the pseudocode of RFC 8289, section 5, word for word: a queue that
// drops while it dequeues.
type packets struct {
	queue          []Time // when each came
	now            Time
	firstAboveTime Time
	dropNext       Time
	count          int
	lastcount      int
	dropping       bool
	dropped        int
}

func (q *packets) dodequeue() (tstamp Time, null, okToDrop bool) {
	if len(q.queue) == 0 {
		q.firstAboveTime = 0
		return 0, true, false
	}
	r := q.queue[0]
	q.queue = q.queue[1:]
	if q.now.Sub(r) < codelTarget || len(q.queue) == 0 { // bytes() <= MAXPACKET: no other packet is there
		q.firstAboveTime = 0
	} else if q.firstAboveTime == 0 {
		q.firstAboveTime = q.now.Add(codelInterval)
	} else if q.now >= q.firstAboveTime {
		okToDrop = true
	}
	return r, false, okToDrop
}

func (q *packets) controlLaw(t Time, count int) Time {
	return t.Add(time.Duration(float64(codelInterval) / math.Sqrt(float64(count))))
}

func (q *packets) dequeue() (Time, bool) {
	r, null, ok := q.dodequeue()
	if q.dropping {
		if !ok {
			q.dropping = false
		}
		for q.now >= q.dropNext && q.dropping {
			q.dropped++
			q.count++
			r, null, ok = q.dodequeue()
			if !ok {
				q.dropping = false
			} else {
				q.dropNext = q.controlLaw(q.dropNext, q.count)
			}
		}
	} else if ok {
		q.dropped++
		r, null, _ = q.dodequeue()
		q.dropping = true
		delta := q.count - q.lastcount
		q.count = 1
		if delta > 1 && q.now.Sub(q.dropNext) < 16*codelInterval {
			q.count = delta
		}
		q.dropNext = q.controlLaw(q.now, q.count)
		q.lastcount = q.count
	}
	return r, !null
}

// The server decides about one job at a time, the RFC about a packet and those
// after it; they must dequeue the same.
func TestCoDelIsThatOfTheRFC(t *testing.T) {
	for seed := range uint64(50) {
		r := newStream(seed, 1)
		rfc, ours, line := &packets{}, newCodel(Server{}), []Time{}
		arrived, drops := Time(1), 0
		for now := Time(1); now < Time(60*time.Second); now += Time(r.IntN(12_000_000)) { // 6 ms on average
			rfc.now = now
			load := 4_000_000 + 5_000_000*(int(now/Time(7*time.Second))%2) // by turns more and less than can be served
			for arrived < now {
				line, rfc.queue = append(line, arrived), append(rfc.queue, arrived)
				arrived += Time(r.IntN(2 * load))
			}
			want, any := rfc.dequeue()
			got := Time(0)
			for len(line) > 0 && got == 0 {
				head := line[0]
				line = line[1:]
				if ours.drops(now, now.Sub(head), len(line) > 0) {
					drops++
				} else {
					got = head
				}
			}
			if any != (got != 0) || any && want != got || drops != rfc.dropped {
				t.Fatalf("seed %d at %v: dequeued %v after %d drops, the RFC %v after %d", seed, now, got, drops, want, rfc.dropped)
			}
		}
		if drops < 100 {
			t.Errorf("seed %d: %d drops show little", seed, drops)
		}
	}
}

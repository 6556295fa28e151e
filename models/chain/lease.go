package chain

import (
	"slices"

	"faultline/sim"
)

// A lease is counted by timers, never by clock readings, which may be set. The
// timer starts when the replica asks, which is before the master grants. And it
// is one timer for each lease, set in advance: were leases counted in ticks, a
// replica that was paused would find its ticks where it left them.

// A tenure is the leases that a tail asked for and holds.
type tenure struct {
	next  uint64      // number of the next ping
	lease sim.TimerID // end of the lease held; zero if none is
	asked []asking    // not answered yet, in order
}

// An asking is a ping that asked for a lease, and when that lease would end.
type asking struct {
	number uint64
	end    sim.TimerID
}

func (t *tenure) held() bool { return t.lease != 0 }

// ends reports whether a timer was the end of a lease, and ends it.
func (t *tenure) ends(timer sim.TimerID) bool {
	if timer == t.lease {
		t.lease = 0
		return true
	}
	i := slices.IndexFunc(t.asked, func(a asking) bool { return a.end == timer })
	if i >= 0 {
		t.asked = slices.Delete(t.asked, i, i+1)
	}
	return i >= 0
}

// report tells the master how things are, and asks for a lease if this is the tail.
func (r *replica) report(e sim.Env) {
	t := &r.tenure
	t.next++
	if r.isTail() {
		t.asked = append(t.asked, asking{t.next, e.After(r.lease)})
	}
	e.Send(r.cfg.Master, ping{t.next, r.config.epoch, r.linked, !r.has})
}

// renew takes the lease that the master granted in answer to a ping.
func (r *replica) renew(e sim.Env, m pong) {
	t := &r.tenure
	i := slices.IndexFunc(t.asked, func(a asking) bool { return a.number == m.number })
	if i < 0 || !m.lease {
		return
	}
	e.Cancel(t.lease)
	t.lease = t.asked[i].end
	for _, older := range t.asked[:i] {
		e.Cancel(older.end)
	}
	t.asked = slices.Delete(t.asked, 0, i+1)
	r.unpark(e)
}

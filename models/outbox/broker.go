package outbox

import (
	"slices"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// A broker keeps a queue. It does not look into events: one that is published
// twice is in the queue twice.
type broker struct {
	store.Steps
	visibility time.Duration
	deliveries int

	queue []*item // oldest first
	next  uint64  // place
	dead  int     // letters
	disk  store.Journal[accept]
}

// An item is an event in the queue.
type item struct {
	place   uint64
	event   event
	visible sim.Time // from then on
	count   int      // how often it was handed out since the broker started
}

// What the broker's disk holds.
type (
	// An accept is an event that came from someone.
	accept struct {
		item *item
		from sim.NodeID
	}
	// A gone is an event that was acknowledged, or a dead letter.
	gone struct {
		place uint64
		dead  bool
	}
)

func newBroker(c store.Config) *broker {
	b := &broker{visibility: c.Duration("visibility"), deliveries: c.Int("deliveries")}
	b.disk = store.NewJournal(c.Mutant != "memory-queue", b)
	return b
}

// Start reads the queue. Nobody is known to have what was handed out before.
func (b *broker) Start(e sim.Env) {
	for _, record := range b.disk.Records(e) {
		switch rec := record.(type) {
		case accept:
			b.next = rec.item.place
			b.queue = append(b.queue, &item{place: rec.item.place, event: rec.item.event})
		case gone:
			b.remove(rec.place)
			if rec.dead {
				b.dead++
			}
		}
	}
}

func (b *broker) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case publish:
		b.accept(e, from, m.event)
	case poll:
		b.hand(e, from)
	case done:
		if b.remove(m.place) {
			b.disk.Write(e, gone{place: m.place})
			b.disk.Flush(e)
			b.Reached(removed)
		}
	case *store.Request:
		e.Send(from, m.Refuse(sim.None))
	}
}

// Timer is for the disk.
func (b *broker) Timer(e sim.Env, _ sim.TimerID) { b.disk.Synced(e) }

// accept puts an event into the queue, and confirms it once it is durable.
func (b *broker) accept(e sim.Env, from sim.NodeID, ev event) {
	b.next++
	it := &item{place: b.next, event: ev}
	b.disk.Write(e, accept{it, from})
	b.disk.Wait(accept{it, from})
	b.disk.Flush(e)
}

// Durable confirms events. Only now can they be handed out.
func (b *broker) Durable(e sim.Env, due []accept) {
	for _, a := range due {
		b.queue = append(b.queue, a.item)
		if b.Reached(accepted) {
			return
		}
		e.Send(a.from, confirm{a.item.event.name})
	}
}

// hand hands out the oldest event that is visible, which makes it invisible for a
// while. One that was handed out often enough is a dead letter.
func (b *broker) hand(e sim.Env, to sim.NodeID) {
	for i := 0; i < len(b.queue); {
		it := b.queue[i]
		switch {
		case e.Clock() < it.visible:
			i++
			continue
		case b.deliveries > 0 && it.count >= b.deliveries:
			b.remove(it.place)
			b.dead++
			b.disk.Write(e, gone{it.place, true})
			b.disk.Flush(e)
			continue
		}
		it.count++
		it.visible = e.Clock().Add(b.visibility)
		e.Send(to, delivery{it.place, it.event})
		b.Reached(delivered)
		return
	}
}

// remove takes what is at a place off the queue, and reports whether it was there.
func (b *broker) remove(place uint64) bool {
	i := slices.IndexFunc(b.queue, func(it *item) bool { return it.place == place })
	if i < 0 {
		return false
	}
	b.queue = slices.Delete(b.queue, i, i+1)
	return true
}

// Report counts the dead letters, and what is in the queue still.
func (b *broker) Report(visit func(metric string, v float64)) {
	visit("dead_letters", float64(b.dead))
	visit("queued", float64(len(b.queue)))
}

package outbox

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// A consumer handles one event at a time.
type consumer struct {
	store.Steps
	inbox  string
	mutant string
	poison int64
	poll   time.Duration
	broker sim.NodeID

	effects book
	newest  map[string]int64    // by key: the place of the order whose effect is the latest
	handled map[call.Token]bool // the inbox
	busy    bool
	waiting []delivery // that came meanwhile
	disk    store.Journal[handling]
}

// A handling is an event on its way, and the record that is being written.
type handling struct {
	delivery
	record any
}

// What the consumer's disk holds.
type (
	// An effect is the effect of an event, and whether it is in the inbox with it.
	effect struct {
		event event
		inbox bool
	}
	// An entry is an event in the inbox.
	entry struct{ name call.Token }
)

func newConsumer(c store.Config) *consumer {
	r := &consumer{
		inbox: c.Choice("inbox"), mutant: c.Mutant, poison: int64(c.Int("poison")), poll: c.Duration("poll"), broker: c.Replicas[brokerAt],
		effects: book{}, newest: map[string]int64{}, handled: map[call.Token]bool{},
	}
	r.disk = store.NewJournal(true, r)
	return r
}

// Start reads what was carried out, and asks for more.
func (c *consumer) Start(e sim.Env) {
	for _, record := range c.disk.Records(e) {
		if eff, ok := record.(effect); ok && c.mutant == "memory-inbox" {
			eff.inbox = false
			record = eff
		}
		c.enter(record)
	}
	e.After(c.poll)
}

// enter takes in a record that is durable.
func (c *consumer) enter(record any) {
	switch rec := record.(type) {
	case effect:
		c.effects.add(rec.event)
		c.newest[rec.event.key] = rec.event.place
		if rec.inbox {
			c.handled[rec.event.name] = true
		}
	case entry:
		c.handled[rec.name] = true
	}
}

// Timer is for the disk, and for asking.
func (c *consumer) Timer(e sim.Env, t sim.TimerID) {
	if t == c.disk.Syncing() {
		c.disk.Synced(e)
		return
	}
	e.After(c.poll)
	if !c.busy {
		e.Send(c.broker, poll{})
	}
}

func (c *consumer) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case delivery:
		c.waiting = append(c.waiting, m)
		c.next(e)
	case *store.Request:
		if m.Kind.Mutates() {
			e.Send(from, m.Refuse(sim.None))
			return
		}
		list := c.effects[m.Key]
		e.Send(from, m.Answer(history.Value{List: list[:len(list):len(list)]}, history.Version{Major: c.newest[m.Key]}))
	}
}

// next begins with an event that waits, if the one before is handled.
func (c *consumer) next(e sim.Env) {
	for !c.busy && len(c.waiting) > 0 {
		d := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.take(e, d)
	}
}

// take begins with an event. What cannot be handled is left to come again.
func (c *consumer) take(e sim.Env, d delivery) {
	switch {
	case c.Reached(taken):
		return
	case c.handled[d.event.name] && c.inbox != none:
		c.acknowledge(e, d)
		return
	case c.poison > 0 && d.event.number%c.poison == 0:
		return
	}
	c.busy = true
	if c.inbox == before {
		c.write(e, d, entry{d.event.name})
		return
	}
	c.write(e, d, effect{d.event, c.inbox == atomic})
}

func (c *consumer) write(e sim.Env, d delivery, record any) {
	c.disk.Write(e, record)
	c.disk.Wait(handling{d, record})
	c.disk.Flush(e)
}

// Durable goes on with the event, to its second record if it has one.
func (c *consumer) Durable(e sim.Env, due []handling) {
	for _, h := range due {
		c.enter(h.record)
		_, recorded := h.record.(entry)
		if c.Reached(stepOf(recorded)) {
			return
		}
		switch {
		case recorded && c.inbox == before:
			c.write(e, h.delivery, effect{event: h.event})
		case !recorded && c.inbox == after:
			c.write(e, h.delivery, entry{h.event.name})
		default:
			c.acknowledge(e, h.delivery)
			c.next(e)
		}
	}
}

func stepOf(inInbox bool) string {
	if inInbox {
		return recorded
	}
	return effected
}

// acknowledge tells the broker that an event is handled, and asks for the next.
func (c *consumer) acknowledge(e sim.Env, d delivery) {
	c.busy = false
	e.Send(c.broker, done{d.place})
	if c.Reached(acknowledged) {
		return
	}
	if len(c.waiting) == 0 {
		e.Send(c.broker, poll{})
	}
}

// Dump calls visit for every key with the effects that there are, by number.
func (c *consumer) Dump(visit func(key string, v history.Value)) { c.effects.sorted(visit) }

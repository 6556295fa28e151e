package outbox

import (
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// orders is the service with its database.
type orders struct {
	store.Steps
	mode   string // setting publish
	mutant string
	every  time.Duration
	broker sim.NodeID
	reader sim.NodeID // who answers reads

	booked  book
	known   map[call.Token]int64 // orders in the database: their places
	last    int64                // place
	working map[call.Token]*order
	outbox  []*order // events that the broker has not confirmed, oldest first; without an outbox those under way
	disk    store.Journal[*order]
}

// An order is one on its way.
type order struct {
	event event
	asked []asked
	sent  bool
	at    sim.Time // when it was sent last
}

// again is how many looks later an event is published again that was not confirmed.
const again = 10

// An asked is an attempt that waits for its answer.
type asked struct {
	from sim.NodeID
	req  *store.Request
}

// What the database holds.
type (
	// A row is an order, and whether its event is in the outbox with it.
	row struct {
		event  event
		outbox bool
	}
	// A mark says that the event of an order was published.
	mark struct{ name call.Token }
)

func newOrders(c store.Config) *orders {
	o := &orders{
		mode: c.Choice("publish"), mutant: c.Mutant, every: c.Duration("relay"), broker: c.Replicas[brokerAt], reader: c.Replicas[consumerAt],
		booked: book{}, known: map[call.Token]int64{}, working: map[call.Token]*order{},
	}
	o.disk = store.NewJournal(true, o)
	return o
}

// Start reads the database: what is in the outbox without a mark is to be published.
func (o *orders) Start(e sim.Env) {
	for _, record := range o.disk.Records(e) {
		switch rec := record.(type) {
		case row:
			o.enter(rec.event)
			if rec.outbox {
				o.outbox = append(o.outbox, &order{event: rec.event})
			}
		case mark:
			o.drop(rec.name)
		}
	}
	e.After(o.every)
}

func (o *orders) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case *store.Request:
		o.take(e, from, m)
	case confirm:
		o.confirmed(e, m.name)
	}
}

// Timer is for the disk, and for the relay.
func (o *orders) Timer(e sim.Env, t sim.TimerID) {
	if t == o.disk.Syncing() {
		o.disk.Synced(e)
		return
	}
	e.After(o.every)
	for _, w := range slices.Clone(o.outbox) {
		if w.sent && (o.mutant == "relay-once" || e.Clock().Sub(w.at) < again*o.every) {
			continue
		}
		if o.publish(e, w) {
			return
		}
	}
}

// take begins with an order, unless it is there or on its way.
func (o *orders) take(e sim.Env, from sim.NodeID, req *store.Request) {
	name := req.Token
	if req.Token.IsZero() { // no key: every attempt is an order of its own
		name = call.Token{Client: req.Token.Client, Seq: uint64(req.ID)}
	}
	place, there := o.known[name]
	switch w := o.working[name]; {
	case !req.Kind.Mutates():
		e.Send(from, req.Refuse(o.reader))
	case there:
		e.Send(from, req.Answer(history.Value{}, history.Version{Major: place}))
	case w != nil:
		w.asked = append(w.asked, asked{from, req})
	default:
		w = &order{event: event{name: name, key: req.Key, number: req.In.Num}, asked: []asked{{from, req}}}
		o.working[name] = w
		o.begin(e, w)
	}
}

func (o *orders) begin(e sim.Env, w *order) {
	if o.Reached(received) {
		return
	}
	if o.mode == beforeCommit {
		o.outbox = append(o.outbox, w)
		o.publish(e, w)
		return
	}
	o.commit(e, w)
}

// commit enters the order into the database, with its event if there is an outbox.
func (o *orders) commit(e sim.Env, w *order) {
	o.last++
	w.event.place = o.last
	o.disk.Write(e, row{w.event, o.mode == viaOutbox})
	o.disk.Wait(w)
	o.disk.Flush(e)
}

// Durable goes on with orders that are in the database now. Nil stands for a mark.
func (o *orders) Durable(e sim.Env, due []*order) {
	for _, w := range due {
		if o.durable(e, w) {
			return
		}
	}
}

func (o *orders) durable(e sim.Env, w *order) (stop bool) {
	if w == nil {
		return o.Reached(marked)
	}
	o.enter(w.event)
	if o.Reached(committed) {
		return true
	}
	switch o.mode {
	case viaOutbox:
		o.outbox = append(o.outbox, w)
		return o.answer(e, w)
	case afterCommit:
		o.outbox = append(o.outbox, w)
		return o.publish(e, w)
	}
	return o.answer(e, w)
}

// enter takes in an order that is in the database.
func (o *orders) enter(ev event) {
	o.booked.add(ev)
	o.known[ev.name] = ev.place
	o.last = max(o.last, ev.place)
}

// answer tells the client that the order is taken.
func (o *orders) answer(e sim.Env, w *order) (stop bool) {
	delete(o.working, w.event.name)
	for _, a := range w.asked {
		e.Send(a.from, a.req.Answer(history.Value{}, history.Version{Major: w.event.place}))
	}
	return o.Reached(answered)
}

func (o *orders) publish(e sim.Env, w *order) (stop bool) {
	w.sent, w.at = true, e.Clock()
	e.Send(o.broker, publish{w.event})
	return o.Reached(published)
}

// confirmed goes on with an order whose event the broker has.
func (o *orders) confirmed(e sim.Env, name call.Token) {
	w := o.drop(name)
	if w == nil || o.Reached(confirmed) {
		return
	}
	switch o.mode {
	case viaOutbox:
		o.disk.Write(e, mark{name})
		o.disk.Wait(nil)
		o.disk.Flush(e)
	case afterCommit:
		o.answer(e, w)
	default:
		o.commit(e, w)
	}
}

// drop takes an order off what is to be published, and returns it; nil if it is not there.
func (o *orders) drop(name call.Token) *order {
	i := slices.IndexFunc(o.outbox, func(w *order) bool { return w.event.name == name })
	if i < 0 {
		return nil
	}
	w := o.outbox[i]
	o.outbox = slices.Delete(o.outbox, i, i+1)
	return w
}

// Booked calls visit for every key with the orders that are in the database.
func (o *orders) Booked(visit func(key string, v history.Value)) { o.booked.sorted(visit) }

// Dump calls visit for every key with its orders, by number.
func (o *orders) Dump(visit func(key string, v history.Value)) { o.booked.sorted(visit) }

// Leads is true of the machine that orders go to.
func (o *orders) Leads() bool { return true }

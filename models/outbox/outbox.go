// Package outbox models work that is done later: a service enters an order into
// its database and has a consumer carry out the effect, through a queue.
//
//	n1  orders    takes an order, commits it, publishes an event
//	n2  broker    keeps events until they are handled; hands out the oldest that is
//	              visible, which is then invisible for a while (at-least-once delivery)
//	n3  consumer  carries out the effect of an event, such as a shipment, and acknowledges
//
// A client's append is an order, its read what was shipped. An order is to be
// shipped once, and what was never ordered is not to be shipped. What decides is
// the order of steps on either side of the queue:
//
//	publish: outbox         the event is committed with the order, in one transaction, and a
//	                        relay publishes what it finds there until the broker confirms it
//	publish: after-commit   commit, then publish: a crash between the two loses the event
//	publish: before-commit  publish, then commit: a crash between the two leaves an event
//	                        of an order that there is not
//
//	inbox: atomic           the event's name is recorded with the effect, in one transaction
//	inbox: before           record, then effect: a crash between the two loses the effect
//	inbox: after            effect, then record: a crash between the two repeats it
//	inbox: none             every delivery has its effect
//
// Between any two steps a crash can be planned (fault crash-at-step).
package outbox

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "outbox",
	Summary: "orders in a database, a queue, and a consumer that carries them out later: once only with an outbox before it and an inbox behind it",
	Paper: "transactional outbox and idempotent consumer as in Richardson, Microservices Patterns (2018), chapter 3; queued transaction processing as in " +
		"Bernstein, Hsu and Mann, Implementing Recoverable Requests Using Queues (SIGMOD 1990); the queue as Amazon SQS documents it. Departure: one relay and one consumer, so that order is lost to redelivery alone",
	Params: []store.Param{
		{Name: "publish", Default: viaOutbox, Choices: []string{viaOutbox, afterCommit, beforeCommit}, Safety: true,
			Doc: "how the event gets to the broker: committed with the order and relayed, or published after or before the order is committed"},
		{Name: "inbox", Default: atomic, Choices: []string{atomic, after, before, none}, Safety: true,
			Doc: "when the consumer records that it has handled an event: with the effect, after it, before it, or never"},
		{Name: "relay", Default: 50 * time.Millisecond, Min: time.Millisecond, Max: time.Minute,
			Doc: "time between two looks at what is to be published, again if the broker has not confirmed it"},
		{Name: "poll", Default: 10 * time.Millisecond, Min: time.Millisecond, Max: time.Minute,
			Doc: "time after which an idle consumer asks the broker again"},
		{Name: "visibility", Default: time.Second, Min: 10 * time.Millisecond, Max: 12 * time.Hour,
			Doc: "time after which an event that was handed out and not acknowledged is visible again"},
		{Name: "deliveries", Default: 0, Min: 0, Max: 1000,
			Doc: "so often an event is handed out; then it is a dead letter, which nobody handles any more; 0: for ever"},
		{Name: "poison", Default: 0, Min: 0, Max: 1_000_000,
			Doc: "every so-many-th order has an event that the consumer cannot handle; 0: none"},
	},
	Kinds: []history.Kind{history.Read, history.Append},
	Steps: steps,
	Mutants: []store.Mutant{
		{Name: "memory-inbox", Doc: "the inbox is not on disk: after a crash an event that is delivered again has its effect again", Breaks: "converges"},
		{Name: "memory-queue", Doc: "the broker confirms events that are not durable: a crash loses them", Breaks: "converges"},
		{Name: "relay-once", Doc: "the relay does not publish again what was not confirmed", Breaks: "converges"},
	},
	Claims:      claims,
	Assumes:     func(store.Config) []store.Assumption { return []store.Assumption{store.DisksSurvive, store.HonestSync} },
	AppliesOnce: func(store.Config) bool { return true }, // an order has the client's token, which is unique in the database
	Check:       check,
	Replica:     replica,
	Route: func(c store.Config, op *history.Op, _ *store.View) []sim.NodeID {
		if op.Kind.Mutates() {
			return c.Replicas[ordersAt : ordersAt+1]
		}
		return c.Replicas[consumerAt : consumerAt+1]
	},
}

// The settings of publish and inbox.
const (
	viaOutbox    = "outbox"
	afterCommit  = "after-commit"
	beforeCommit = "before-commit"

	atomic = "atomic"
	after  = "after"
	before = "before"
	none   = "none"
)

// The steps, by who takes them. Not every order goes through all of them.
const (
	received  = "received"  // orders: a new order has come; nothing is done
	committed = "committed" // orders: it is in the database
	answered  = "answered"  // orders: the client was told
	published = "published" // orders: the event was sent
	confirmed = "confirmed" // orders: the broker has it
	marked    = "marked"    // orders: the outbox says so

	accepted  = "accepted"  // broker: an event is durable; it is not confirmed
	delivered = "delivered" // broker: it was handed out
	removed   = "removed"   // broker: it was acknowledged

	taken        = "taken"        // consumer: an event has come; nothing is done
	recorded     = "recorded"     // consumer: it is in the inbox
	effected     = "effected"     // consumer: its effect is there; atomic: and it is in the inbox
	acknowledged = "acknowledged" // consumer: the broker was told
)

var steps = []string{
	received, committed, answered, published, confirmed, marked,
	accepted, delivered, removed,
	taken, recorded, effected, acknowledged,
}

// Who is where among the replicas. Further ones are idle.
const (
	ordersAt = iota
	brokerAt
	consumerAt
	machines
)

// claims: with outbox and inbox, in the end what was shipped is what was ordered.
// Without them it is so only if nothing crashes, and a promise needs more.
func claims(c store.Config) store.Level {
	if c.Choice("publish") == viaOutbox && c.Choice("inbox") == atomic && c.Int("deliveries") == 0 && c.Int("poison") == 0 {
		return store.Eventual
	}
	return store.Nothing
}

func check(c store.Config) error {
	if len(c.Replicas) < machines {
		return fmt.Errorf("n is %d: there must be at least %d machines, for the orders, the broker and the consumer", len(c.Replicas), machines)
	}
	return nil
}

func replica(c store.Config, id sim.NodeID) sim.Handler {
	switch c.Index(id) {
	case ordersAt:
		return newOrders(c)
	case brokerAt:
		return newBroker(c)
	case consumerAt:
		return newConsumer(c)
	}
	return idle{}
}

// idle is a machine beyond the three.
type idle struct{}

func (idle) Start(sim.Env)              {}
func (idle) Timer(sim.Env, sim.TimerID) {}
func (idle) Receive(e sim.Env, from sim.NodeID, msg any) {
	if req, ok := msg.(*store.Request); ok {
		e.Send(from, req.Refuse(sim.None))
	}
}

// Package store is the contract that every replicated store model fulfils: what
// clients send and get back, what a model declares about itself, and the state
// machine that most models replicate. It knows no particular model.
//
// A store is a set of replicas that answer requests. Clients belong to the
// toolkit, not to the model, so that every timeout and retry policy works with
// every store, and a partition can cut a client off like any node.
package store

import (
	"faultline/checker/history"
	"faultline/net/call"
	"faultline/sim"
)

// A Request asks a replica for one operation. It is one attempt: a retry carries
// the same Token, another ID and the next Attempt number. It goes as a *Request, which
// nobody changes any more.
type Request struct {
	call.Header
	Kind   history.Kind
	Key    string
	In     history.Value  // to write, set or append
	Expect *history.Value // what a CAS compares with; nil of other operations
	Once   *Once          // how the store recognises the write when it is retried; nil: by its sessions

	boxes *Boxes // where its replies go; nil: anywhere
}

// Size returns the bytes that the request takes on the wire.
func (r *Request) Size() int {
	return headerSize + len(r.Key) + valueSize(r.In) + valueSize(r.expected())
}

// expected returns what a compare-and-set compares with.
func (r *Request) expected() history.Value {
	if r.Expect == nil {
		return history.Value{}
	}
	return *r.Expect
}

// Copy returns a request like r that may be changed.
func (r *Request) Copy() *Request {
	own := *r
	return &own
}

// A Reply answers a Request. It goes as a *Reply.
type Reply struct {
	ID call.ID // of the Request

	// Status OK: it happened. Failed: this attempt certainly changed nothing and
	// never will. Unknown: it may have happened, or may happen yet.
	Status  history.Status
	Swapped bool          // whether a CAS took effect
	Again   bool          // the table of idempotency keys had the write already: this is the answer of then
	Hint    sim.NodeID    // whom to ask instead; None if the replica knows nobody better
	Value   history.Value // what a read returned or a CAS found

	// Version is the place, in the store's own order of the key's versions, of
	// what was read or found, or of what was written: a log index, a tag, a
	// timestamp. It grows with the versions; zero is the initial value's, or not
	// known. No client sees it: it is for checkers, and takes no bytes on the wire.
	Version history.Version
}

// Copy returns a reply like r that may be changed.
func (r *Reply) Copy() *Reply {
	own := *r
	return &own
}

// CallID returns the ID of the attempt that r answers.
func (r *Reply) CallID() call.ID { return r.ID }

// Size returns the bytes that the reply takes on the wire.
func (r *Reply) Size() int { return headerSize + valueSize(r.Value) }

const headerSize = 40 // bytes of addresses, IDs and lengths in every message, roughly those of TCP/IP

func valueSize(v history.Value) int { return 8 + 8*len(v.List) }

// Answer returns the reply that the operation happened: it returned v, and at is
// the Version of what it read or wrote.
func (r *Request) Answer(v history.Value, at history.Version) *Reply {
	return r.box(Reply{ID: r.ID, Status: history.OK, Value: v, Hint: sim.None, Version: at})
}

// Pass returns what another answered, as the reply to r: from whom it comes is no business of who asked.
func (r *Request) Pass(answer *Reply) *Reply {
	reply := *answer
	reply.ID, reply.Hint = r.ID, sim.None
	return r.box(reply)
}

// Refuse returns the reply that this attempt changes nothing; hint is whom to ask instead, or None.
func (r *Request) Refuse(hint sim.NodeID) *Reply {
	return r.box(Reply{ID: r.ID, Status: history.Failed, Hint: hint})
}

// Refusal returns the answer of a server that turns the request away unread
// (sim.Job). Where another copy of it may be carried out, a write is in doubt.
func (r *Request) Refusal(sure bool) any {
	if sure || !r.Kind.Mutates() {
		return r.Refuse(sim.None)
	}
	return r.Doubt()
}

// Doubt returns the reply that the operation may or may not happen.
func (r *Request) Doubt() *Reply {
	return r.box(Reply{ID: r.ID, Status: history.Unknown, Hint: sim.None})
}

// A Model describes one store: what it claims, and how to build it. All
// functions are pure: randomness and time come from sim.Env alone.
type Model struct {
	Name    string // as in experiment files; also the name of its folder
	Summary string // one sentence, for `faultline list`
	Paper   string // what it follows, and where it departs from it

	Params  []Param
	Kinds   []history.Kind // the operations that it supports
	Steps   []string       // between which a crash can be planned, in their order; none for most
	Mutants []Mutant

	// Claims is the strongest level promised with these settings while Assumes holds.
	Claims func(Config) Level
	// Assumes is what the promise rests on with these settings.
	Assumes func(Config) []Assumption
	// AppliesOnce reports whether a retried write is applied once with these
	// settings: the store remembers tokens. If not, a client that does not know
	// what became of a write must not send it again.
	AppliesOnce func(Config) bool
	// Relays is true of a store in which another replica may answer than the one that was asked.
	Relays bool

	// Check returns what is wrong with a combination of settings ("r must not
	// exceed n"), or nil. May be nil itself.
	Check func(Config) error
	// Replica builds the replica at id: first start and every restart.
	Replica func(cfg Config, id sim.NodeID) sim.Handler
	// Master builds the configuration master, a node of its own at cfg.Master. Nil: the model has none.
	Master func(cfg Config) sim.Handler
	// Proxy builds the stateless coordinator beside a client, at id, if the
	// settings ask for one and nil otherwise. Nil: the model has none.
	Proxy func(cfg Config, id sim.NodeID) sim.Handler
	// Front returns the replicas that the client of an index may ask, if not all. May be nil itself.
	Front func(cfg Config, client int) []sim.NodeID
	// Shard returns the part of the store that a key belongs to, from 0, for breakers and limiters that are
	// kept for each. Nil: there is but one.
	Shard func(cfg Config, key string) int
	// Route lists whom a client asks, in order: the first, then the next on
	// failure, and so on round. It must not be empty. The result is read only.
	Route func(cfg Config, op *history.Op, view *View) []sim.NodeID
}

// Supports reports whether the model has operations of kind k.
func (m *Model) Supports(k history.Kind) bool {
	for _, have := range m.Kinds {
		if have == k {
			return true
		}
	}
	return false
}

// A View is what a client knows when it chooses whom to ask.
type View struct {
	Client sim.NodeID
	Near   []sim.NodeID // the replicas from near to far; equally near ones in an order of the client's own
	Hint   sim.NodeID   // whom the last reply named, or the last to answer OK; None at first
	Proxy  sim.NodeID   // the client's own coordinator, or None

	orders [][]sim.NodeID // what HintFirst returned, by the place of the hint; nil: it is not remembered
}

// NewView returns the view of a client without a hint. It remembers the orders
// that HintFirst returns, as do its copies: routes are asked for at every operation.
func NewView(client sim.NodeID, near []sim.NodeID, proxy sim.NodeID) View {
	return View{Client: client, Near: near, Hint: sim.None, Proxy: proxy, orders: make([][]sim.NodeID, len(near))}
}

// A Config is what a replica is told: who is there, and the settings.
type Config struct {
	Replicas []sim.NodeID
	Master   sim.NodeID // None if the model has none
	Values   Values     // of every Param of the model
	Mutant   string     // name of the seeded bug to carry, or empty
	Boxes    *Boxes     // memory for messages; may be nil

	// Elected, if not nil, is told that a replica begins to lead, and in which term
	// or view, from 1. It only watches.
	Elected func(id sim.NodeID, term int)
}

// Leads tells who watches that a replica begins to lead in a term, from 1.
func (c Config) Leads(id sim.NodeID, term int) {
	if c.Elected != nil {
		c.Elected(id, term)
	}
}

// Majority returns the size of the smallest majority of the replicas.
func (c Config) Majority() int { return len(c.Replicas)/2 + 1 }

// Index returns the place of id among the replicas, or -1.
func (c Config) Index(id sim.NodeID) int {
	for i, r := range c.Replicas {
		if r == id {
			return i
		}
	}
	return -1
}

// A Mutant is a bug planted on purpose: a rule of the protocol left out. A
// checker that does not catch it checks nothing.
type Mutant struct {
	Name string // the rule that is broken: no-write-back
	Doc  string // what is left out, and what goes wrong then
	// Set holds settings under which the bug shows, where the defaults hide it.
	Set Values
	// Breaks is the property that is violated: "linearizable", "converges" (replicas equal after heal and
	// settle) or "durable" (no acknowledged write lost). Empty means linearizable.
	Breaks string
}

// A Level is how strong a store's consistency is.
type Level string

// Levels, from strong to weak.
const (
	Linearizable Level = "linearizable" // Herlihy and Wing, TOPLAS 1990
	Sequential   Level = "sequential"   // Lamport, IEEE ToC 1979
	Causal       Level = "causal"       // Ahamad et al., Distributed Computing 1995
	Eventual     Level = "eventual"     // replicas agree once faults end and writes stop; Vogels, CACM 2009
	Nothing      Level = "nothing"
)

// An Assumption is what a store's claim rests on. A run whose faults break one
// is beyond the store's assumptions: what it shows is about the assumption, not
// about a bug.
type Assumption string

// The assumptions that models make and faults break.
const (
	// FailStop: a node that seems dead is dead. Partitions, pauses, slow nodes and lost messages break it.
	FailStop Assumption = "fail-stop"
	// NoCrash: no replica crashes.
	NoCrash Assumption = "no-crash"
	// DisksSurvive: a crashed node finds its disk again.
	DisksSurvive Assumption = "disks-survive"
	// HonestSync: what a disk reports as synced is durable.
	HonestSync Assumption = "honest-sync"
	// ClockBound: every clock is within the error that its service claims.
	ClockBound Assumption = "clock-bound"
	// ClockRate: oscillators drift by no more than the model allows for.
	ClockRate Assumption = "clock-rate"
	// MajorityAlive: at most a minority of the replicas is down at once.
	MajorityAlive Assumption = "majority-alive"
)

// Leader is implemented by handlers that may lead, so that faults can aim at them.
type Leader interface {
	// Leads reports whether the replica believes that it leads.
	Leads() bool
}

// Dumper is implemented by handlers of replicas that hold data, so that the end
// of a run can tell whether they agree.
type Dumper interface {
	// Dump calls visit for every key the replica holds, in any order.
	Dump(visit func(key string, v history.Value))
}

// Flusher is implemented by handlers that keep answers to save work, so that faults can take them away.
type Flusher interface {
	// Flush forgets the answers that it keeps.
	Flush()
}

// Partial is implemented by handlers of replicas that hold only some of the keys.
type Partial interface {
	// Home reports whether the replica is one of those that hold the key.
	Home(key string) bool
}

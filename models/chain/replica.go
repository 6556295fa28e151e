package chain

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A replica is a place in the row, or waits for one.
type replica struct {
	cfg       store.Config
	self      sim.NodeID
	heartbeat time.Duration
	lease     time.Duration
	readAny   bool

	config *config
	has    bool // holds a prefix of the history; if not, what it holds counts for nothing
	life   int  // of the history: counts how often it began anew
	landed int  // the life that the disk has

	// The writes up to done are durable and applied, those up to acked are known
	// to be on every member.
	state       *store.State
	log         store.Log[write]
	acked, done uint64
	disk        store.Journal[waiter]

	linked bool   // has in this epoch caught up with the predecessor
	aimed  bool   // goal is known
	goal   uint64 // how far the predecessor was when it had caught up itself

	behind // what is known of the successor

	parked []parked // requests that come too early

	entries *store.Slab[entry]
	updates *store.Slab[update]
	acks    *store.Slab[ack]

	ticks int
	tenure
}

// behind is what a replica knows of its successor in this epoch.
type behind struct {
	met   bool   // it has answered
	seq   uint64 // it has the writes up to here
	moved int    // tick at which seq last rose, or it was last helped
}

// A write is a write in order, and the answer once it is applied.
type write struct {
	*entry
	reply *store.Reply
}

// A parked request waits until the replica knows its place, or has its lease.
type parked struct {
	client sim.NodeID
	req    *store.Request
}

const (
	helpTicks  = 2    // without progress, after which a successor is sent again what it lacks
	helpBatch  = 1024 // updates at once
	maxParked  = 1024 // requests that wait for a configuration or a lease; more are turned away
	maxPending = 8192 // writes that are not acknowledged, beyond which the head takes no more
)

func newReplica(cfg store.Config, id sim.NodeID) *replica {
	r := &replica{
		cfg: cfg, self: id, heartbeat: cfg.Duration("heartbeat"), lease: cfg.Duration("lease"),
		readAny: cfg.Choice("reads") == readAny || cfg.Mutant == "middle-reads",
		config:  &config{joiner: sim.None}, state: store.NewState(),
		entries: store.SlabOf[entry](cfg), updates: store.SlabOf[update](cfg), acks: store.SlabOf[ack](cfg),
	}
	r.disk = store.NewJournal(true, r)
	return r
}

// Start reads the journal. The replica stands where it stood, until it hears otherwise.
func (r *replica) Start(e sim.Env) {
	r.replay(e)
	r.tenure.next = e.Rand().Uint64() // pongs to an earlier life must not look like ours
	r.enter(e)
	r.report(e)
	e.After(r.heartbeat)
}

func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	switch {
	case t == r.disk.Syncing():
		r.disk.Synced(e)
	case r.tenure.ends(t):
	default:
		r.tick(e)
		e.After(r.heartbeat)
	}
}

func (r *replica) tick(e sim.Env) {
	r.ticks++
	r.report(e)
	r.greet(e)
	r.trim()
	if r.disk.Len() > checkpointEvery {
		r.checkpoint(e)
		r.disk.Flush(e)
	}
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case *store.Request:
		r.request(e, from, m)
	case forward:
		r.order(e, m.client, m.req)
	case *update:
		r.update(e, from, m)
	case *ack:
		if m.epoch == r.config.epoch {
			r.acknowledged(e, m.seq)
		}
	case greet:
		r.greeted(e, from, m)
	case have:
		r.answered(e, from, m)
	case transfer:
		r.receive(e, from, m)
	case pong:
		r.renew(e, m)
		r.adopt(e, m.config, m.formed)
	case install:
		r.adopt(e, m.config, false)
	case settled:
		if m.epoch == r.config.epoch {
			r.begin(e)
		}
	}
}

// request answers a read at the tail and sees a write to the head. A write is
// never refused once a configuration is known: a copy of it may be on its way.
func (r *replica) request(e sim.Env, client sim.NodeID, req *store.Request) {
	switch {
	case !req.Kind.Mutates():
		r.read(e, client, req)
	case r.config.epoch == 0:
		r.park(e, client, req)
	case r.isHead():
		r.order(e, client, req)
	default:
		e.Send(r.config.head(), forward{client, req})
	}
}

func (r *replica) read(e sim.Env, client sim.NodeID, req *store.Request) {
	switch {
	case r.readAny || r.mayAnswer():
		e.Send(client, r.state.Read(req))
	case r.config.epoch == 0 || r.isTail():
		r.park(e, client, req)
	default:
		e.Send(client, req.Refuse(r.config.tail()))
	}
}

// park keeps a request until there is news.
func (r *replica) park(e sim.Env, client sim.NodeID, req *store.Request) {
	if len(r.parked) == maxParked {
		e.Send(client, req.Doubt()) // a copy of it may be parked
		return
	}
	r.parked = append(r.parked, parked{client, req})
}

// unpark looks again at what was parked.
func (r *replica) unpark(e sim.Env) {
	waiting := r.parked
	r.parked = nil
	for _, p := range waiting {
		r.request(e, p.client, p.req)
	}
}

// mayAnswer reports whether the replica is the tail, has what earlier tails
// answered, and is sure that there is no later one.
func (r *replica) mayAnswer() bool {
	sure := r.tenure.held() || r.cfg.Mutant == "no-lease"
	return r.isTail() && r.has && r.linked && sure
}

// order gives a write its place in the history.
func (r *replica) order(e sim.Env, client sim.NodeID, req *store.Request) {
	if !r.isHead() || !r.has || r.log.Last()-r.acked >= maxPending {
		e.Send(client, req.Doubt())
		return
	}
	next := r.entries.New(entry{r.config.epoch, client, req})
	r.log.Append(write{entry: next})
	r.write(e, next)
	r.disk.Flush(e)
}

// update takes in the next write from the predecessor.
func (r *replica) update(e sim.Env, from sim.NodeID, m *update) {
	if m.epoch != r.config.epoch || from != r.predecessor() || !r.has {
		return
	}
	for _, w := range r.log.Take(m.seq, write{entry: m.entry}) {
		r.write(e, w.entry)
	}
	r.disk.Flush(e)
}

// process applies what is durable and passes it on. Only then: what a successor
// has, its predecessors must find again after a crash.
func (r *replica) process(e sim.Env, upTo uint64) {
	first := r.done + 1
	r.apply(upTo)
	if r.cfg.Mutant == "head-acks" && r.isHead() {
		r.answer(e, first)
	}
	if r.behind.met {
		r.pass(e, first, r.done)
	}
	r.conclude(e)
	r.checkLink(e)
}

func (r *replica) apply(upTo uint64) {
	for r.done < upTo {
		r.done++
		w := r.log.At(r.done)
		w.reply = r.state.Apply(w.req, history.Version{Major: int64(w.epoch), Minor: int64(r.done)})
	}
}

// pass sends the successor the writes from first to last.
func (r *replica) pass(e sim.Env, first, last uint64) {
	to := r.successor()
	for seq := first; seq <= last; seq++ {
		e.Send(to, r.updates.New(update{r.config.epoch, seq, r.log.At(seq).entry}))
	}
}

// conclude is what the tail does with writes that have come to the end of the row.
func (r *replica) conclude(e sim.Env) {
	if !r.isTail() || !r.has || r.acked == r.done {
		return
	}
	r.answer(e, r.acked+1)
	r.acknowledged(e, r.done)
}

func (r *replica) answer(e sim.Env, first uint64) {
	for seq := first; seq <= r.done; seq++ {
		w := r.log.At(seq)
		e.Send(w.client, w.reply)
	}
}

// acknowledged notes that everybody has the writes up to seq, and tells the predecessor.
func (r *replica) acknowledged(e sim.Env, seq uint64) {
	if seq <= r.acked || seq > r.done {
		return
	}
	r.acked = seq
	if !r.isTail() {
		r.behind.seq = max(r.behind.seq, seq)
	}
	if p := r.predecessor(); p != sim.None && r.place() >= 0 {
		e.Send(p, r.acks.New(ack{r.config.epoch, seq}))
	}
}

// trim forgets the writes that are acknowledged, and that the successor has.
func (r *replica) trim() {
	keep := r.acked
	if r.successor() != sim.None {
		keep = min(keep, r.behind.seq)
	}
	r.log.Forget(keep)
}

func (r *replica) place() int { return r.config.place(r.self) }

func (r *replica) isHead() bool { return r.config.epoch > 0 && r.config.head() == r.self }

func (r *replica) isTail() bool { return r.config.epoch > 0 && r.config.tail() == r.self }

// predecessor returns who stands before the replica, the joiner's being the tail, or None.
func (r *replica) predecessor() sim.NodeID {
	switch place := r.place(); {
	case place > 0:
		return r.config.chain[place-1]
	case r.config.joiner == r.self:
		return r.config.tail()
	}
	return sim.None
}

// successor returns who stands behind the replica, the tail's being the joiner, or None.
func (r *replica) successor() sim.NodeID {
	switch place := r.place(); {
	case place < 0:
		return sim.None
	case place+1 < len(r.config.chain):
		return r.config.chain[place+1]
	}
	return r.config.joiner
}

// Leads reports whether the replica believes that it is the head.
func (r *replica) Leads() bool { return r.isHead() }

// Dump calls visit for every key the replica holds, in any order.
func (r *replica) Dump(visit func(key string, v history.Value)) { r.state.Dump(visit) }

package quorum

import (
	"math/bits"
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/models/store/versioned"
	"faultline/sim"
)

// A coordinator carries out clients' requests. It holds no data; it is part of
// every replica, or stands alone as a proxy.
type coordinator struct {
	ring
	mutant     string
	r, w       int
	columns    int  // of the grid; 0: there is none
	some       bool // homes are asked, drawn at random, not all
	sloppy     bool
	handoff    bool
	readRepair bool
	patience   time.Duration
	ticksLeft  int // before it gives up: the timeout in intervals of patience

	rounds  versioned.Rounds[operation]
	ticking sim.TimerID // zero while nothing is open

	storeMsgs *store.Slab[storeMsg]
	fetchMsgs *store.Slab[fetchMsg]
}

func newCoordinator(cfg store.Config) coordinator {
	c := coordinator{
		ring: newRing(cfg), mutant: cfg.Mutant, r: cfg.Int("r"), w: cfg.Int("w"), columns: cfg.Int("grid"),
		some: cfg.Choice("ask") == askSome, sloppy: cfg.Bool("sloppy"), handoff: cfg.Bool("handoff"), readRepair: cfg.Bool("read_repair"),
		patience:  cfg.Duration("patience"),
		storeMsgs: store.SlabOf[storeMsg](cfg), fetchMsgs: store.SlabOf[fetchMsg](cfg),
	}
	c.ticksLeft = int(cfg.Duration("timeout") / c.patience)
	return c
}

// wake begins a life.
func (c *coordinator) wake(e sim.Env) { c.rounds.Begin(e.Rand()) }

// An operation is a client's request under way. It stays open after the answer,
// until all homes were heard or taken for silent.
type operation struct {
	round    uint64 // names it in messages
	client   sim.NodeID
	req      *store.Request
	first    int        // where its key's preference list begins
	asked    uint64     // who was asked at first: bit i is place i of the preference list
	heard    uint64     // who answered: bit i is place i of the preference list
	count    int        // of those, the ones that count
	newest   *version   // what is written, or the newest that was read
	answers  []*version // by place; of a read that may be repaired
	answered bool       // the client was
	finished bool
	ticks    int
}

// begin takes up a client's request and sends it to all homes of the key.
func (c *coordinator) begin(e sim.Env, client sim.NodeID, req *store.Request) {
	op := c.rounds.New()
	*op = operation{round: c.rounds.Next(), client: client, req: req, first: c.first(req.Key), newest: unwritten, answers: op.answers[:0]}
	c.rounds.Add(op)
	if c.ticking == 0 {
		c.ticking = e.After(c.patience)
	}
	if req.Kind.Mutates() {
		stamp := stamp{e.Clock(), e.Self(), op.round}
		op.newest = &version{Key: req.Key, Stamp: stamp, Value: req.In}
		c.ask(e, op, c.w, c.storeMsgs.New(storeMsg{op.round, sim.None, op.newest}))
		return
	}
	if c.readRepair {
		op.answers = slices.Grow(op.answers, len(c.replicas))[:len(c.replicas)]
		clear(op.answers)
	}
	c.ask(e, op, c.r, c.fetchMsgs.New(fetchMsg{op.round, req.Key}))
}

// ask sends a message to all homes of the key or, as in the quorum systems that do
// not expand, to as many as must answer, drawn at random (Bailis et al., section 2.1).
func (c *coordinator) ask(e sim.Env, op *operation, needed int, msg any) {
	op.asked = 1<<c.n - 1
	if !c.some {
		c.sendAll(e, op, 0, c.n, msg)
		return
	}
	op.asked = 0
	for place := range c.n { // each subset is equally likely: Knuth, volume 2, algorithm 3.4.2S
		if e.Rand().IntN(c.n-place) < needed-bits.OnesCount64(op.asked) {
			op.asked |= 1 << place
			e.Send(c.at(op.first, place), msg)
		}
	}
}

// sendAll sends a message to the given places of the preference list.
func (c *coordinator) sendAll(e sim.Env, op *operation, from, to int, msg any) {
	for place := from; place < min(to, len(c.replicas)); place++ {
		e.Send(c.at(op.first, place), msg)
	}
}

// stored counts a replica that has the value now. A stand-in counts in a sloppy quorum alone.
func (c *coordinator) stored(e sim.Env, from sim.NodeID, m *storedMsg) {
	op, _ := c.hear(from, m.round)
	if op == nil {
		return
	}
	if c.isQuorum(op, c.w) {
		c.answer(e, op, op.req.Answer(history.Value{}, op.newest.Place()))
	}
	c.retire(e, op)
}

// fetched counts a replica that told what it has.
func (c *coordinator) fetched(e sim.Env, from sim.NodeID, m *fetchedMsg) {
	op, place := c.hear(from, m.round)
	if op == nil {
		return
	}
	if op.newest.Stamp.less(m.Stamp) {
		op.newest = m.version
	}
	if len(op.answers) > 0 {
		op.answers[place] = m.version
	}
	if c.isQuorum(op, c.r) {
		c.answer(e, op, op.req.Answer(op.newest.Value, op.newest.Place()))
	}
	c.retire(e, op)
}

// hear returns the operation of a round, and the place of who answered it in the
// preference list, if that is news; else nil.
func (c *coordinator) hear(from sim.NodeID, round uint64) (*operation, int) {
	op := c.rounds.Find(round)
	if op == nil {
		return nil, 0
	}
	place := c.place(op.first, from)
	if op.heard>>place&1 == 1 {
		return nil, 0
	}
	op.heard |= 1 << place
	if place < c.n || c.sloppy {
		op.count++
	}
	return op, place
}

// isQuorum reports whether those who answered are a quorum now, and were none before.
func (c *coordinator) isQuorum(op *operation, needed int) bool {
	if c.columns == 0 {
		return op.count == needed
	}
	return !op.answered && c.coversGrid(op.heard, op.req.Kind.Mutates())
}

// coversGrid reports whether some homes are a quorum of the grid in which they stand,
// row by row: one of each column is enough for a read; a write needs all of one
// column, too. So each write meets each read and each write in some column
// (Cheung, Ammar and Ahamad, The Grid Protocol, ICDE 1990).
func (c *coordinator) coversGrid(homes uint64, write bool) bool {
	full := !write
	for column := range c.columns {
		there, rows := 0, c.n/c.columns
		for row := range rows {
			there += int(homes >> (row*c.columns + column) & 1)
		}
		if there == 0 {
			return false
		}
		full = full || there == rows
	}
	return full
}

func (c *coordinator) answer(e sim.Env, op *operation, reply *store.Reply) {
	if !op.answered {
		op.answered = true
		e.Send(op.client, reply)
	}
}

// retire ends an operation that is answered and has nobody left to hear from.
func (c *coordinator) retire(e sim.Env, op *operation) {
	if op.answered && op.heard&op.asked == op.asked {
		c.repairHomes(e, op)
		c.finish(op)
	}
}

func (c *coordinator) finish(op *operation) {
	c.rounds.Finish(op.round)
	op.finished = true
	c.rounds.Recycle(op)
}

// repairHomes sends the newest version to the homes that answered a read with less.
func (c *coordinator) repairHomes(e sim.Env, op *operation) {
	for place, v := range op.answers[:min(c.n, len(op.answers))] {
		if v != nil && v.Stamp.less(op.newest.Stamp) {
			e.Send(c.at(op.first, place), c.storeMsgs.New(storeMsg{noRound, sim.None, op.newest}))
		}
	}
}

// tick goes through what is open: it sees to the homes that are silent, and gives
// up what took too long. It counts intervals, not clock readings: clocks may step.
func (c *coordinator) tick(e sim.Env) {
	for _, op := range c.rounds.Open() {
		if op == nil {
			continue
		}
		op.ticks++
		if op.ticks == 2 { // at the first tick it may have begun a moment ago
			c.bypassSilent(e, op)
		}
		if op.ticks > c.ticksLeft && !op.finished {
			c.giveUp(e, op)
		}
	}
	c.ticking = 0
	if len(c.rounds.Open()) > 0 {
		c.ticking = e.After(c.patience)
	}
}

// bypassSilent does without the homes that have not answered: it hands their
// copies of a write to others, and asks others in a read.
func (c *coordinator) bypassSilent(e sim.Env, op *operation) {
	if op.req.Kind.Mutates() {
		c.hintSilent(e, op)
	} else {
		c.repairHomes(e, op)
		if silent := c.n - bits.OnesCount64(op.heard); c.sloppy && !op.answered {
			c.sendAll(e, op, c.n, c.n+silent, c.fetchMsgs.New(fetchMsg{op.round, op.req.Key}))
		}
	}
	if op.answered {
		c.finish(op)
	}
}

// hintSilent gives the copies of silent homes to the stand-ins that follow on the
// ring, with a hint whose they are; where there are no more of those, to a replica that has answered.
func (c *coordinator) hintSilent(e sim.Env, op *operation) {
	if !c.handoff {
		return
	}
	standIn := c.n
	for place := range c.n {
		if op.heard>>place&1 == 1 {
			continue
		}
		hint := c.storeMsgs.New(storeMsg{op.round, c.at(op.first, place), op.newest})
		switch {
		case standIn < len(c.replicas):
			e.Send(c.at(op.first, standIn), hint)
			standIn++
		case op.heard != 0:
			e.Send(c.at(op.first, bits.TrailingZeros64(op.heard)), hint)
		}
	}
}

// giveUp tells the client what is certain: a read changes nothing, and a write
// that was sent to anyone may be read at any time.
func (c *coordinator) giveUp(e sim.Env, op *operation) {
	if op.req.Kind.Mutates() {
		c.answer(e, op, op.req.Doubt())
	} else {
		c.answer(e, op, op.req.Refuse(sim.None))
	}
	c.finish(op)
}

// handle handles the messages for coordinators, and reports whether msg is one.
func (c *coordinator) handle(e sim.Env, from sim.NodeID, msg any) bool {
	switch m := msg.(type) {
	case *storedMsg:
		c.stored(e, from, m)
	case *fetchedMsg:
		c.fetched(e, from, m)
	case *store.Request:
		c.begin(e, from, m)
	default:
		return false
	}
	return true
}

// A proxy is a coordinator beside a client. It keeps nothing, so a crash costs what is under way.
type proxy struct{ coordinator }

func (p *proxy) Start(e sim.Env)                             { p.wake(e) }
func (p *proxy) Receive(e sim.Env, from sim.NodeID, msg any) { p.handle(e, from, msg) }
func (p *proxy) Timer(e sim.Env, _ sim.TimerID)              { p.tick(e) }

package transfer

import (
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// A coordinator carries transfers out. What it must not forget is in its log.
type coordinator struct {
	store.Steps
	saga       bool
	compensate string
	mutant     string
	retry      time.Duration
	banks      [2]sim.NodeID
	reader     sim.NodeID // who answers reads

	life   uint64
	last   int64      // place
	open   []*running // oldest first
	ended  map[call.Token]outcome
	booked map[string][]int64
	disk   store.Journal[*running]
}

// An outcome is how a transfer ended, and its place.
type outcome struct {
	done  bool
	place int64
}

// A phase is how far a transfer is. What comes next is asked of a bank until it says that it is done.
type phase uint8

const (
	debiting phase = iota
	crediting
	refunding
	preparingDebit
	preparingCredit
	committing // both banks are to be told
	finished
)

// A running transfer is one that is not over.
type running struct {
	transfer
	phase   phase
	done    bool // the outcome, if it is decided
	asked   []asked
	told    [2]bool  // committing: the banks that know
	logging bool     // that it has come to the phase is on its way to the log
	since   sim.Time // when a bank was asked for what the phase needs, in this life
}

// An asked is an attempt that waits for its answer.
type asked struct {
	from sim.NodeID
	req  *store.Request
}

// An entry of the log says how far a transfer is.
type entry struct {
	transfer transfer
	phase    phase
	done     bool
}

func newCoordinator(c store.Config) *coordinator {
	r := &coordinator{
		saga: c.Choice("commit") == bySaga, compensate: c.Choice("compensate"), mutant: c.Mutant, retry: c.Duration("retry"),
		banks: [2]sim.NodeID{c.Replicas[debitAt], c.Replicas[creditAt]}, reader: c.Replicas[debitAt],
		ended: map[call.Token]outcome{}, booked: map[string][]int64{},
	}
	r.disk = store.NewJournal(c.Mutant != "memory-log", r)
	return r
}

// Start reads the log, and goes on with what is not over.
func (c *coordinator) Start(e sim.Env) {
	c.life = e.Rand().Uint64()
	for _, record := range c.disk.Records(e) {
		rec := record.(entry)
		c.last = max(c.last, rec.transfer.place)
		t := c.find(rec.transfer.name)
		if t == nil {
			t = &running{transfer: rec.transfer}
			c.open = append(c.open, t)
		}
		t.phase, t.done = rec.phase, rec.done
		c.settle(t)
	}
	for _, t := range slices.Clone(c.open) {
		if t.phase == refunding && c.compensate == once { // it was asked for, for all that is known
			t.phase = finished
			c.settle(t)
		}
	}
	if c.mutant == "no-resume" && c.saga {
		c.open = nil
	}
	e.After(c.retry)
}

// settle takes in an outcome that is in the log.
func (c *coordinator) settle(t *running) {
	if t.phase != finished && t.phase != committing {
		return
	}
	if _, known := c.ended[t.name.intent]; !known {
		c.ended[t.name.intent] = outcome{t.done, t.place}
		if t.done {
			c.booked[t.key] = append(c.booked[t.key], t.number)
		}
	}
	if t.phase == finished {
		c.drop(t)
	}
}

func (c *coordinator) find(n name) *running {
	i := slices.IndexFunc(c.open, func(t *running) bool { return t.name == n })
	if i < 0 {
		return nil
	}
	return c.open[i]
}

func (c *coordinator) drop(t *running) {
	c.open = slices.DeleteFunc(c.open, func(o *running) bool { return o == t })
}

// Timer is for the disk, and for asking again.
func (c *coordinator) Timer(e sim.Env, t sim.TimerID) {
	if t == c.disk.Syncing() {
		c.disk.Synced(e)
		return
	}
	e.After(c.retry)
	for _, t := range slices.Clone(c.open) {
		if !t.logging && e.Clock().Sub(t.since) >= c.retry {
			c.ask(e, t)
		}
	}
}

func (c *coordinator) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case *store.Request:
		c.take(e, from, m)
	case told:
		c.told(e, from, m)
	case inquiry:
		c.inquired(e, from, m.name)
	}
}

// take begins with a transfer, unless it is known.
func (c *coordinator) take(e sim.Env, from sim.NodeID, req *store.Request) {
	if !req.Kind.Mutates() {
		e.Send(from, req.Refuse(c.reader))
		return
	}
	intent := req.Token
	if intent.IsZero() { // no key: every attempt is a transfer of its own
		intent = call.Token{Client: req.Token.Client, Seq: uint64(req.ID)}
	}
	if past, over := c.ended[intent]; over {
		e.Send(from, past.answer(req))
		return
	}
	if i := slices.IndexFunc(c.open, func(t *running) bool { return t.name.intent == intent }); i >= 0 {
		c.open[i].asked = append(c.open[i].asked, asked{from, req})
		return
	}
	t := &running{transfer: transfer{name: name{intent: intent}, key: req.Key, number: req.In.Num}, asked: []asked{{from, req}}}
	c.open = append(c.open, t)
	c.begin(e, t)
}

func (o outcome) answer(req *store.Request) *store.Reply {
	if !o.done {
		return req.Refuse(sim.None)
	}
	return req.Answer(history.Value{}, history.Version{Major: o.place})
}

// begin begins. A saga is in the log first: once a bank has changed, somebody must
// know. Two-phase commit needs no entry: what nobody knows of is aborted.
func (c *coordinator) begin(e sim.Env, t *running) {
	if c.Reached(received) {
		return
	}
	if c.saga {
		c.last++
		t.place = c.last
		c.enter(e, t, debiting, false)
		return
	}
	t.name.life = c.life
	t.phase = preparingDebit
	c.ask(e, t)
}

// enter puts into the log that a transfer has come to a phase, and goes on when it is there.
func (c *coordinator) enter(e sim.Env, t *running, p phase, done bool) {
	t.phase, t.done, t.logging = p, done, true
	c.disk.Write(e, entry{t.transfer, p, done})
	c.disk.Wait(t)
	c.disk.Flush(e)
}

// Durable goes on with transfers whose phase is in the log.
func (c *coordinator) Durable(e sim.Env, due []*running) {
	for _, t := range due {
		t.logging = false
		c.settle(t)
		if c.Reached(stepOf(t.phase)) {
			return
		}
		if t.phase == finished || t.phase == committing {
			c.answer(e, t)
			if c.Reached(answered) {
				return
			}
		}
		c.ask(e, t)
	}
}

// stepOf names the step that is done when a phase is in the log.
func stepOf(p phase) string {
	switch p {
	case debiting:
		return begun
	case crediting:
		return advanced
	case refunding:
		return compensating
	}
	return decided
}

func (c *coordinator) answer(e sim.Env, t *running) {
	for _, a := range t.asked {
		e.Send(a.from, c.ended[t.name.intent].answer(a.req))
	}
	t.asked = nil
}

// ask asks for what the phase needs. Whoever was asked before is asked again.
func (c *coordinator) ask(e sim.Env, t *running) {
	t.since = e.Clock()
	switch t.phase {
	case debiting:
		e.Send(c.banks[0], ask{doChange, t.transfer})
	case crediting:
		e.Send(c.banks[1], ask{doChange, t.transfer})
	case refunding:
		e.Send(c.banks[0], ask{doRefund, t.transfer})
	case preparingDebit:
		e.Send(c.banks[0], ask{doPrepare, t.transfer})
	case preparingCredit:
		e.Send(c.banks[1], ask{doPrepare, t.transfer})
	case committing:
		for i, knows := range t.told {
			if !knows {
				e.Send(c.banks[i], ask{doCommit, t.transfer})
			}
		}
	}
	if t.phase == refunding && c.compensate == once { // and take it for done
		c.enter(e, t, finished, false)
	}
}

// told goes on when a bank has done what the phase asks for.
func (c *coordinator) told(e sim.Env, from sim.NodeID, m told) {
	t := c.find(m.name)
	if t == nil || t.logging {
		return
	}
	debit := from == c.banks[0]
	switch {
	case t.phase == debiting && m.act == doChange && debit:
		c.enter(e, t, crediting, false)
	case t.phase == crediting && m.act == doChange && !debit && m.refused:
		c.enter(e, t, refunding, false)
	case t.phase == crediting && m.act == doChange && !debit:
		c.enter(e, t, finished, true)
	case t.phase == refunding && m.act == doRefund:
		c.enter(e, t, finished, false)
	case t.phase == preparingDebit && m.act == doPrepare && debit:
		t.phase = preparingCredit
		c.ask(e, t)
	case t.phase == preparingCredit && m.act == doPrepare && !debit && m.refused:
		c.abort(e, t)
	case t.phase == preparingCredit && m.act == doPrepare && !debit:
		c.last++
		t.place = c.last
		c.enter(e, t, committing, true)
	case t.phase == committing && m.act == doCommit:
		c.commitTold(e, t, debit)
	}
}

// abort undoes what is prepared. It needs no entry in the log: what is not there is aborted.
func (c *coordinator) abort(e sim.Env, t *running) {
	c.ended[t.name.intent] = outcome{}
	c.drop(t)
	for _, bank := range c.banks {
		e.Send(bank, ask{doAbort, t.transfer})
	}
	c.answer(e, t)
}

// commitTold notes that a bank knows of the commit; once both do, nothing is left to do.
func (c *coordinator) commitTold(e sim.Env, t *running, debit bool) {
	if debit {
		t.told[0] = true
	} else {
		t.told[1] = true
	}
	if t.told[0] && t.told[1] {
		t.phase = finished
		c.disk.Note(e, entry{t.transfer, finished, true})
		c.drop(t)
	}
}

// inquired answers a bank that is in doubt: what is neither under way nor committed
// is aborted. What is committed stays open until both banks have said that they know.
func (c *coordinator) inquired(e sim.Env, from sim.NodeID, n name) {
	switch t := c.find(n); {
	case t == nil:
		e.Send(from, ask{doAbort, transfer{name: n}})
	case t.phase == committing && !t.logging:
		e.Send(from, ask{doCommit, t.transfer})
	}
}

// Booked calls visit for every key with the transfers that were decided on.
func (c *coordinator) Booked(visit func(key string, v history.Value)) {
	for key, list := range c.booked { // any order: Booked promises none
		visit(key, history.Value{List: list})
	}
}

// Leads is true of the coordinator.
func (c *coordinator) Leads() bool { return true }

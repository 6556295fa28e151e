package chain

import (
	"faultline/models/store"
	"faultline/sim"
)

// How a replica goes from one epoch to the next: it journals the configuration,
// greets its successor, learns how far that is, and sends what it lacks.

// adopt goes over to a later configuration. One that has formed before and now
// finds its disk empty must not take the first epoch of a history for its own first.
func (r *replica) adopt(e sim.Env, c *config, formed bool) {
	if c.epoch <= r.config.epoch {
		return
	}
	r.take(c, formed)
	r.write(e, adopted{c, formed})
	r.enter(e)
}

// take is the part of adopt that a restart repeats from the journal.
func (r *replica) take(c *config, formed bool) {
	member := c.place(r.self) >= 0
	switch {
	case member && c.epoch == c.origin && !formed: // the history begins
		r.restart(0, store.NewState())
	case !member || c.origin != r.config.origin:
		// Left out. What came since, the others may have without us; what we
		// have, they may not.
		r.has = r.has && r.cfg.Mutant == "keep-history"
	}
	r.config = c
}

// restart replaces all that the replica holds.
func (r *replica) restart(seq uint64, state *store.State) {
	r.has, r.state, r.log = true, state, store.NewLog[write](seq)
	r.acked, r.done = seq, seq
	r.life++
}

// enter takes the replica's place once the configuration is durable: forgetting
// it in a crash, the replica would let through what the new epoch fences off.
func (r *replica) enter(e sim.Env) {
	r.linked, r.aimed, r.goal = r.isHead() && r.has, false, 0
	r.behind = behind{moved: r.ticks}
	r.log.DropEarly()
	r.post(e, r.self, settled{r.config.epoch})
}

func (r *replica) begin(e sim.Env) {
	r.report(e)
	r.greet(e)
	r.conclude(e) // a new tail answers what the old one may not have
	r.unpark(e)
}

// greet tells the successor how far this replica is.
func (r *replica) greet(e sim.Env) {
	if to := r.successor(); to != sim.None && r.has {
		r.post(e, to, greet{r.config.epoch, r.done, r.linked})
	}
}

// greeted answers the predecessor. What that had when it had itself caught up in
// this epoch includes all that was ever acknowledged before. (One that has not may
// have been added just now, and lack what an earlier tail has answered.)
func (r *replica) greeted(e sim.Env, from sim.NodeID, m greet) {
	if m.epoch != r.config.epoch || from != r.predecessor() {
		return
	}
	if m.linked && !r.aimed {
		r.goal, r.aimed = m.seq, true
	}
	r.checkLink(e)
	r.post(e, from, have{m.epoch, r.done, r.acked, !r.has})
}

// checkLink notes when the replica has, also on its disk, what its predecessor had.
func (r *replica) checkLink(e sim.Env) {
	if !r.linked && r.has && r.landed == r.life && r.aimed && r.done >= r.goal {
		r.linked = true
		r.greet(e) // the successor waits for this
		r.unpark(e)
	}
}

// answered learns how far the successor is, and helps it if it lacks something:
// at the beginning of an epoch at once, later if it makes no progress.
func (r *replica) answered(e sim.Env, from sim.NodeID, m have) {
	if m.epoch != r.config.epoch || from != r.successor() {
		return
	}
	b := &r.behind
	first := !b.met
	b.met = true
	if m.seq > b.seq && !m.empty {
		b.seq, b.moved = m.seq, r.ticks
	}
	if !r.isTail() {
		r.acknowledged(e, m.acked)
	}
	if first || r.ticks-b.moved >= helpTicks {
		r.help(e, m.empty)
	}
}

func (r *replica) help(e sim.Env, empty bool) {
	b := &r.behind
	b.moved = r.ticks
	switch {
	case empty || b.seq < r.log.Forgotten():
		e.Send(r.successor(), transfer{r.config.epoch, r.done, r.state.Clone()})
	case r.cfg.Mutant != "no-resend" && b.seq < r.done:
		r.pass(e, b.seq+1, min(r.done, b.seq+helpBatch))
	}
}

// receive takes over the whole state from the predecessor.
func (r *replica) receive(e sim.Env, from sim.NodeID, m transfer) {
	if m.epoch != r.config.epoch || from != r.predecessor() || r.has && m.seq <= r.log.Last() {
		return
	}
	r.restart(m.seq, m.state.Clone())
	r.checkpoint(e)
	r.post(e, from, have{m.epoch, r.done, r.acked, false})
}

package primarybackup

import (
	"faultline/models/store"
	"faultline/sim"
)

// How a view comes about: a backup hears nothing, stands for the next view of its
// own, gathers votes, makes its victory durable, and sends everyone its state.

// follow heeds a message of the primary of a view, unless a later view is promised.
// It reports whether the message counts.
func (r *replica) follow(e sim.Env, from sim.NodeID, view int) bool {
	if r.fearless() {
		return false
	}
	if view < r.promised {
		e.Send(from, passed{r.promised})
		return false
	}
	if r.role != isBackup {
		r.stepDown(e)
	}
	if view > r.promised {
		r.promised, r.joined = view, false
	}
	r.lookOut(e)
	r.unpark(e)
	return true
}

// fearless is the mutant of a primary that is not fenced.
func (r *replica) fearless() bool { return r.cfg.Mutant == "no-fence" && r.role == isPrimary }

// overtaken ends the rule of a primary that hears that others have promised a later view.
func (r *replica) overtaken(e sim.Env, view int) {
	r.seen = max(r.seen, view)
	if r.role == isPrimary && view > r.installed && !r.fearless() {
		r.stepDown(e)
	}
}

// stepDown makes the replica a backup. Nobody knows what becomes of the writes
// that it ordered and did not commit: the next primary may have them or not.
func (r *replica) stepDown(e sim.Env) {
	r.role = isBackup
	pending := r.log.After(r.commit)
	for i := range pending {
		if w := &pending[i]; w.client != sim.None {
			e.Send(w.client, w.req.Doubt())
			w.client = sim.None
		}
	}
	r.lookOut(e)
}

// lookOut begins a new wait for the primary. The random part makes it likely that
// one backup stands before the others do.
func (r *replica) lookOut(e sim.Env) {
	r.heard = r.ticks
	r.patience = r.failover + e.Rand().IntN(r.failover/2+1)
}

// takeOver is what a backup does that takes the primary for dead.
func (r *replica) takeOver(e sim.Env) {
	if r.alone {
		r.campaign = r.nextView(e)
		r.win(e)
		return
	}
	r.stand(e)
}

// stand asks for votes. The candidate itself promises nothing until it has won,
// so that it can go back to a primary that others still hear.
func (r *replica) stand(e sim.Env) {
	r.role, r.campaign, r.began = isCandidate, r.nextView(e), r.ticks
	clear(r.votes)
	r.votes[r.self] = true
	r.persuade(e)
	r.count(e)
}

// nextView returns a view of this replica's own that nobody it knows of has passed.
// It skips some at random, so that even a replica whose disk forgot a view does
// not give its name to another one.
func (r *replica) nextView(e sim.Env) int {
	n := len(r.cfg.Replicas)
	above := max(r.promised, r.seen)/n + 1
	return (above+e.Rand().IntN(maxSkip))*n + r.self
}

const maxSkip = 256 // views of a replica's own

func (r *replica) persuade(e sim.Env) {
	for i, id := range r.cfg.Replicas {
		if !r.votes[i] {
			e.Send(id, solicit{r.campaign, r.rank()})
		}
	}
}

// persist asks again those who have not voted, and after a while gives others a chance.
func (r *replica) persist(e sim.Env) {
	if r.campaign == r.installed {
		return // won; only the disk is waited for
	}
	if r.ticks-r.began < r.failover {
		r.persuade(e)
		return
	}
	r.role = isBackup
	r.patience = r.ticks - r.heard + e.Rand().IntN(r.failover+1)
}

func (r *replica) rank() rank { return rank{r.installed, r.log.Last()} }

// solicited votes for a candidate, if the voter too takes the primary for dead and
// the candidate lacks nothing that the voter has. Having voted, it gives the new
// primary as much time as it would give an old one: so no two are followed at once
// while messages arrive in time.
func (r *replica) solicited(e sim.Env, from sim.NodeID, m solicit) {
	switch {
	case m.view == r.promised && r.voted == m.view && r.role == isBackup:
		r.post(e, from, grant{m.view}) // the first grant was lost
	case m.view <= r.promised:
		e.Send(from, passed{r.promised})
	case r.content() || r.role == isCandidate && m.view < r.campaign:
		// no vote
	case m.rank.less(r.rank()) && r.cfg.Mutant != "blind-vote":
		// no vote
	default:
		r.stepDown(e)
		r.promised, r.voted, r.joined = m.view, m.view, false
		r.write(e, promise{m.view})
		r.post(e, from, grant{m.view})
	}
}

// content reports whether the replica knows of a primary that lives.
func (r *replica) content() bool { return r.role == isPrimary || r.ticks-r.heard < r.failover }

func (r *replica) granted(e sim.Env, from sim.NodeID, m grant) {
	if r.role != isCandidate || m.view != r.campaign || r.campaign == r.installed {
		return
	}
	r.votes[r.cfg.Index(from)] = true
	r.count(e)
}

func (r *replica) count(e sim.Env) {
	votes := 0
	for _, yes := range r.votes {
		if yes {
			votes++
		}
	}
	if votes >= r.cfg.Majority() {
		r.win(e)
	}
}

// win makes the new view durable. A winner that acted before that could crash,
// forget, and act in the same view again with another history.
func (r *replica) win(e sim.Env) {
	r.role, r.joined = isCandidate, false
	r.promised, r.installed, r.durable = r.campaign, r.campaign, 0
	r.checkpoint(e)
	r.post(e, r.id(), takeOver{r.campaign})
}

// lead begins the rule of the primary of a view: everyone gets its state.
func (r *replica) lead(e sim.Env, view int) {
	if r.role != isCandidate || r.promised != view || r.installed != view {
		return // a later view came about meanwhile
	}
	r.role, r.joined = isPrimary, true
	r.cfg.Leads(e.Self(), view+1)
	r.inherited = r.log.Last()
	for i := range r.backups {
		r.backups[i] = backup{heard: r.ticks - r.failover - 1, moved: r.ticks}
		if r.alone || r.votes[i] { // these are alive, or nobody can tell
			r.backups[i].heard = r.ticks
		}
	}
	m := r.transfer()
	for i, id := range r.cfg.Replicas {
		if i != r.self {
			e.Send(id, m)
		}
	}
	r.advance(e)
	r.unpark(e)
}

func (r *replica) transfer() transfer {
	return transfer{r.installed, r.commit, r.state.Clone(), r.tail()}
}

// asked sends the whole state to a replica that has none of this view, unless it was just sent.
func (r *replica) asked(e sim.Env, from sim.NodeID, m ask) {
	if r.role != isPrimary || m.view != r.installed {
		return
	}
	b := &r.backups[r.cfg.Index(from)]
	b.joined = false
	if r.ticks-b.moved >= resendTicks {
		b.moved = r.ticks
		e.Send(from, r.transfer())
	}
}

// install replaces what the replica holds by the primary's state. An older state
// of the same view, delayed on its way, must not undo what was acknowledged since.
func (r *replica) install(e sim.Env, from sim.NodeID, m transfer) {
	if !r.follow(e, from, m.view) {
		return
	}
	if last := m.commit + uint64(len(m.tail)); m.view == r.installed && (last < r.log.Last() || r.joined && last == r.log.Last()) {
		return
	}
	r.installed, r.joined = m.view, true
	r.adopt(m.commit, m.state, m.tail)
	r.checkpoint(e)
	r.disk.Flush(e)
}

var _ store.Leader = (*replica)(nil)

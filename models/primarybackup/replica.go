package primarybackup

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A replica is the primary of its view, a backup, or a candidate for the next view.
type replica struct {
	cfg       store.Config
	self      int    // index among the replicas
	ack       string // setting of that name
	alone     bool   // vote: any
	reads     string // setting of that name
	heartbeat time.Duration
	failover  int // in ticks

	// What is replicated: state holds the writes up to commit, log those after.
	state     *store.State
	log       store.Log[write]
	commit    uint64
	disk      store.Journal[waiter]
	durable   uint64 // the disk has the writes up to here
	installed int    // the view whose primary's history this is
	promised  int    // earlier views are not heeded

	role  role
	ticks int // heartbeat intervals on the own oscillator since the start
	following
	leading
	parked []parked // requests from before the first view

	entries *store.Slab[entry]
	updates *store.Slab[update]
	acks    *store.Slab[ack]
	beats   *store.Slab[beat]
}

// following is what a backup or candidate keeps.
type following struct {
	joined   bool // has this view's history, in this life
	heard    int  // tick at which the primary was heard, or a vote given
	patience int  // ticks of silence after which to take over
	seen     int  // a view that others know of
	voted    int  // the latest view voted for, in this life
	campaign int  // the view stood for
	began    int  // tick at which the campaign began
	votes    []bool
}

// leading is what a primary keeps.
type leading struct {
	backups   []backup // by index
	inherited uint64   // the last write of earlier views
}

// A backup is what the primary knows of one.
type backup struct {
	joined bool   // has the history of this view
	acked  uint64 // has the writes up to here
	heard  int    // tick of its last ack
	moved  int    // tick at which acked last rose, or it was last helped
}

// A write is a write in order, and who waits for the answer, if anyone.
type write struct {
	*entry
	client sim.NodeID
}

// A parked request waits until the replica knows of a view.
type parked struct {
	req    *store.Request
	client sim.NodeID
}

type role uint8

const (
	isBackup role = iota
	isCandidate
	isPrimary
)

const (
	none        = -1   // no view
	resendTicks = 2    // without progress, after which a backup is sent again what it lacks
	resendBatch = 128  // updates at once
	window      = 1024 // committed writes kept for backups that lag; one that lags more gets the whole state
	maxPending  = 8192 // uncommitted writes, beyond which the primary takes no more
)

func newReplica(cfg store.Config, id sim.NodeID) *replica {
	every := cfg.Duration("heartbeat")
	r := &replica{
		cfg: cfg, self: cfg.Index(id), ack: cfg.Choice("ack"), alone: cfg.Choice("vote") == voteAny, reads: cfg.Choice("reads"),
		heartbeat: every, failover: int((cfg.Duration("failover") + every - 1) / every),
		state: store.NewState(), installed: none, promised: none,
		entries: store.SlabOf[entry](cfg), updates: store.SlabOf[update](cfg), acks: store.SlabOf[ack](cfg), beats: store.SlabOf[beat](cfg),
	}
	r.disk = store.NewJournal(cfg.Bool("sync") && cfg.Mutant != "no-sync", r)
	r.seen, r.voted = none, none
	r.votes = make([]bool, len(cfg.Replicas))
	r.backups = make([]backup, len(cfg.Replicas))
	return r
}

// Start reads the journal. No replica starts as primary, not even one that was:
// others may have taken over.
func (r *replica) Start(e sim.Env) {
	known := r.replay(e)
	r.lookOut(e)
	if !known {
		r.heard = -r.failover // there is no primary yet: vote at once, but leave the first view to the first replica
		r.patience += r.failover
		if r.self == 0 {
			r.stand(e)
		}
	}
	e.After(r.heartbeat)
}

func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	if t == r.disk.Syncing() {
		r.disk.Synced(e)
		return
	}
	r.tick(e)
	e.After(r.heartbeat)
}

func (r *replica) tick(e sim.Env) {
	r.ticks++
	switch r.role {
	case isPrimary:
		r.beat(e)
	case isBackup:
		if r.ticks-r.heard > r.patience {
			r.takeOver(e)
		}
	case isCandidate:
		r.persist(e)
	}
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
	case *update:
		r.update(e, from, m)
	case *ack:
		r.acked(e, from, m)
	case *beat:
		r.beaten(e, from, m)
	case ask:
		r.asked(e, from, m)
	case transfer:
		r.install(e, from, m)
	case solicit:
		r.solicited(e, from, m)
	case grant:
		r.granted(e, from, m)
	case passed:
		r.overtaken(e, m.view)
	case takeOver:
		r.lead(e, m.view)
	}
}

// request orders a write, or answers a read from what is committed.
func (r *replica) request(e sim.Env, from sim.NodeID, req *store.Request) {
	switch {
	case r.promised == none && len(r.parked) < maxPending:
		r.parked = append(r.parked, parked{req, from})
	case !req.Kind.Mutates() && (r.reads == readAny || r.current()):
		e.Send(from, r.state.Read(req))
	case req.Kind.Mutates() && r.role == isPrimary && r.enough() && r.log.Last()-r.commit < maxPending:
		next := r.entries.New(entry{r.installed, req})
		r.log.Append(write{next, from})
		r.write(e, next)
		r.disk.Flush(e)
	default:
		e.Send(from, r.refusal(req))
	}
}

// unpark looks again at what came before there was a primary.
func (r *replica) unpark(e sim.Env) {
	waiting := r.parked
	r.parked = nil
	for _, w := range waiting {
		r.request(e, w.client, w.req)
	}
}

// current reports whether the state holds every acknowledged write, as far as a
// primary can know: one that has just taken over must first commit what earlier
// primaries may have acknowledged.
func (r *replica) current() bool {
	return r.role == isPrimary && (r.commit >= r.inherited || r.cfg.Mutant == "early-reads")
}

// enough reports whether so many backups are in touch that a write can commit. It
// saves a client of a primary that is cut off the wait.
func (r *replica) enough() bool {
	touch := 1
	for i := range r.backups {
		if i != r.self && r.inTouch(i) {
			touch++
		}
	}
	return touch >= r.copies()
}

// copies returns how many replicas must have a write at least, the primary among them, before it is answered.
func (r *replica) copies() int {
	switch {
	case r.ack == ackOneBackup:
		return min(2, len(r.backups))
	case r.ack == ackAll && !r.alone:
		return r.cfg.Majority()
	}
	return 1
}

func (r *replica) inTouch(i int) bool { return r.ticks-r.backups[i].heard <= r.failover }

// refusal says no, and whom to ask. But a copy of a request that was ordered here
// before must not be told that it failed: the write may live on in a later view.
func (r *replica) refusal(req *store.Request) *store.Reply {
	if req.Kind.Mutates() && r.holds(req) {
		return req.Doubt()
	}
	hint := sim.None
	if p := r.primary(r.promised); r.role == isBackup && p != r.id() && r.ticks-r.heard <= r.failover {
		hint = p
	}
	return req.Refuse(hint)
}

func (r *replica) holds(req *store.Request) bool {
	if _, ok := r.state.Applied(req.Token); ok {
		return true
	}
	for _, w := range r.log.After(r.log.Forgotten()) {
		if w.req.Token == req.Token {
			return true
		}
	}
	return false
}

// persisted is called when the disk has the writes up to seq.
func (r *replica) persisted(e sim.Env, seq uint64) {
	first := r.durable + 1
	r.durable = max(r.durable, seq)
	if r.role != isPrimary {
		if r.joined {
			e.Send(r.primary(r.installed), r.acks.New(ack{r.installed, r.durable}))
		}
		return
	}
	r.advance(e) // first, so that the updates tell of it
	for i := range r.backups {
		if i != r.self && r.inTouch(i) {
			r.send(e, i, first, r.durable)
		}
	}
}

// send sends backup i the writes from first to last.
func (r *replica) send(e sim.Env, i int, first, last uint64) {
	for seq := first; seq <= last; seq++ {
		e.Send(r.cfg.Replicas[i], r.updates.New(update{r.installed, seq, r.commit, r.log.At(seq).entry}))
	}
}

// update takes in the next write in order. One that overtook others waits for them.
func (r *replica) update(e sim.Env, from sim.NodeID, m *update) {
	if !r.follow(e, from, m.view) || !r.joined {
		return
	}
	next := write{m.entry, sim.None}
	for r.cfg.Mutant == "out-of-order" && r.log.Last()+1 < m.seq { // once more in place of what is missing: sessions make it one
		r.log.Append(next)
		r.write(e, next.entry)
	}
	for _, w := range r.log.Take(m.seq, next) {
		r.write(e, w.entry)
	}
	r.disk.Flush(e)
	r.commitTo(e, min(m.commit, r.log.Last()))
}

// acked notes how far a backup is.
func (r *replica) acked(e sim.Env, from sim.NodeID, m *ack) {
	if r.role != isPrimary || m.view != r.installed {
		return
	}
	b := &r.backups[r.cfg.Index(from)]
	b.joined, b.heard = true, r.ticks
	if m.seq > b.acked {
		b.acked, b.moved = m.seq, r.ticks
		r.advance(e)
	}
}

// advance commits what enough replicas have.
func (r *replica) advance(e sim.Env) { r.commitTo(e, r.agreed()) }

// agreed returns the last write that may be answered.
func (r *replica) agreed() uint64 {
	switch {
	case r.ack == ackPrimary, r.cfg.Mutant == "ack-early", len(r.backups) == 1:
		return r.durable
	case r.ack == ackOneBackup:
		return min(r.durable, r.furthest())
	case !r.enough():
		return r.commit
	}
	return min(r.durable, r.nearest())
}

// furthest returns how far the most advanced backup is.
func (r *replica) furthest() uint64 {
	most := uint64(0)
	for i := range r.backups {
		if i != r.self {
			most = max(most, r.backups[i].acked)
		}
	}
	return most
}

// nearest returns how far every backup is that is in touch.
func (r *replica) nearest() uint64 {
	least := r.log.Last()
	for i := range r.backups {
		if i != r.self && r.inTouch(i) {
			least = min(least, r.backups[i].acked)
		}
	}
	return least
}

// commitTo applies the writes up to seq and answers those who wait for them.
func (r *replica) commitTo(e sim.Env, seq uint64) {
	for r.commit < seq {
		r.commit++
		w := r.log.At(r.commit)
		reply := r.state.Apply(w.req, history.Version{Major: int64(w.view), Minor: int64(r.commit)})
		if w.client != sim.None {
			e.Send(w.client, reply)
			w.client = sim.None
		}
	}
}

// beat tells the backups that the primary lives, and sends again what may be lost.
func (r *replica) beat(e sim.Env) {
	r.advance(e) // a backup that fell silent is waited for no longer
	for i, id := range r.cfg.Replicas {
		if i == r.self {
			continue
		}
		e.Send(id, r.beats.New(beat{r.installed, r.commit}))
		b := &r.backups[i]
		if b.joined && b.acked < r.durable && r.inTouch(i) && r.ticks-b.moved >= resendTicks {
			b.moved = r.ticks
			r.help(e, i)
		}
	}
}

// help sends backup i what it lacks: again, or the whole state if that is no longer at hand write by write.
func (r *replica) help(e sim.Env, i int) {
	acked := r.backups[i].acked
	if acked < r.log.Forgotten() {
		e.Send(r.cfg.Replicas[i], r.transfer())
		return
	}
	r.send(e, i, acked+1, min(r.durable, acked+resendBatch))
}

// beaten answers a heartbeat: it says how far the backup is, or that it has nothing of this view.
func (r *replica) beaten(e sim.Env, from sim.NodeID, m *beat) {
	if !r.follow(e, from, m.view) {
		return
	}
	if r.cfg.Mutant == "no-transfer" && !r.joined {
		r.installed, r.joined = m.view, true
	}
	if !r.joined {
		e.Send(from, ask{m.view})
		return
	}
	r.commitTo(e, min(m.commit, r.log.Last()))
	e.Send(from, r.acks.New(ack{m.view, r.durable}))
}

// trim forgets the committed writes that no backup in touch can still ask for.
func (r *replica) trim() {
	keep := r.commit
	if r.role == isPrimary {
		keep = max(min(keep, r.nearest()), keep-min(keep, window))
	}
	r.log.Forget(keep)
}

// tail returns a copy of the writes after commit.
func (r *replica) tail() []*entry {
	pending := r.log.After(r.commit)
	tail := make([]*entry, len(pending))
	for i, w := range pending {
		tail[i] = w.entry
	}
	return tail
}

// adopt replaces everything held.
func (r *replica) adopt(commit uint64, state *store.State, tail []*entry) {
	r.state, r.commit, r.durable = state.Clone(), commit, 0
	r.log = store.NewLog[write](commit)
	for _, next := range tail {
		r.log.Append(write{next, sim.None})
	}
}

func (r *replica) id() sim.NodeID { return r.cfg.Replicas[r.self] }

// primary returns the primary of a view, or None of none.
func (r *replica) primary(view int) sim.NodeID {
	if view == none {
		return sim.None
	}
	return r.cfg.Replicas[view%len(r.cfg.Replicas)]
}

// Leads reports whether the replica believes that it is the primary.
func (r *replica) Leads() bool { return r.role == isPrimary }

// Dump calls visit for every key the replica holds, in any order.
func (r *replica) Dump(visit func(key string, v history.Value)) { r.state.Dump(visit) }

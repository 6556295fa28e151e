package abd

import (
	"maps"
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/models/store/versioned"
	"faultline/net/call"
	"faultline/sim"
)

// A replica holds the newest version it was given of every key, and coordinates
// the requests that clients bring to it.
type replica struct {
	cfg       store.Config
	mutant    string
	quorum    int
	fastReads bool
	resend    time.Duration
	patience  int // intervals of resend
	repair    time.Duration

	held  versioned.Table[tag]
	taken map[int64]intent // the latest write that was taken up from every client
	disk  versioned.Journal[waiter]

	written uint64 // by the mutant that asks nobody
	rounds  versioned.Rounds[operation]
	queries *store.Slab[query]
	answers *store.Slab[answer]
	updates *store.Slab[update]
	acks    *store.Slab[ack]
	ticking sim.TimerID // zero while nothing is open

	repairing sim.TimerID
	partner   int // whom it compared itself with last
}

const buckets = 64 // of the digest of what is held

func newReplica(cfg store.Config) *replica {
	r := &replica{
		cfg: cfg, mutant: cfg.Mutant, quorum: cfg.Majority(), fastReads: cfg.Bool("fast_reads"),
		resend: cfg.Duration("resend"), repair: cfg.Duration("repair"),
		held: versioned.NewTable(buckets, unwritten), taken: map[int64]intent{},
		queries: store.SlabOf[query](cfg), answers: store.SlabOf[answer](cfg), updates: store.SlabOf[update](cfg), acks: store.SlabOf[ack](cfg),
	}
	r.disk = versioned.NewJournal(cfg.Bool("sync") && r.mutant != "no-sync", r)
	r.patience = int(cfg.Duration("timeout") / r.resend)
	if r.mutant == "minority" {
		r.quorum = max(1, r.quorum-1)
	}
	return r
}

func (r *replica) Start(e sim.Env) {
	for _, record := range r.disk.Records(e) {
		switch record := record.(type) {
		case *update:
			r.keep(record.version)
		case intent:
			r.taken[record.token.Client] = record
		}
	}
	r.rounds.Begin(e.Rand())
	if r.repair > 0 && len(r.cfg.Replicas) > 1 {
		r.partner = r.cfg.Index(e.Self())
		r.repairing = e.After(time.Duration(e.Rand().IntN(int(r.repair))))
	}
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case *query:
		e.Send(from, r.answers.New(answer{m.round, r.held.Get(m.key)}))
	case *answer:
		r.answered(e, from, m)
	case *update:
		r.store(e, from, m)
	case *ack:
		r.acknowledged(e, from, m)
	case *store.Request:
		r.begin(e, from, m)
	case versioned.Digest:
		r.compare(e, from, m)
	case contents:
		r.merge(e, m)
	}
}

// store acknowledges an update once the disk has it, or at once if what is held is as new.
func (r *replica) store(e sim.Env, from sim.NodeID, m *update) {
	if !r.newer(m.version) {
		e.Send(from, r.acks.New(ack{m.round}))
		return
	}
	r.disk.Save(e, m, waiter{from: from})
}

// newer reports whether v is newer than what is held.
func (r *replica) newer(v *version) bool { return r.held.Of(v).Stamp.less(v.Stamp) }

// keep holds v if it is newer than what is held.
func (r *replica) keep(v *version) {
	if r.newer(v) {
		r.held.Put(v)
	}
}

// take notes on disk that a write is being taken up, and reports whether it is
// new. Without it a request that the network doubles would be written twice,
// and its value could come back after it was overwritten. The disk works while
// the query travels, so this takes no time of its own.
func (r *replica) take(e sim.Env, op *operation) bool {
	next := intent{op.req.Token, op.req.Attempt}
	if next.token.IsZero() {
		op.durable = true
		return true
	}
	if !r.taken[next.token.Client].before(next) {
		return false
	}
	r.taken[next.token.Client] = next
	r.disk.Save(e, next, waiter{op: op})
	return true
}

// A waiter waits for a record: who wants an acknowledgement of an update, or the operation of an intent.
type waiter struct {
	from sim.NodeID
	op   *operation
}

// nobody waits for what repair brings.
var nobody = waiter{from: sim.None}

// Saved goes on with what the disk has now.
func (r *replica) Saved(e sim.Env, record any, w waiter) {
	switch record := record.(type) {
	case *update:
		// Not before now: what a query is told must survive a crash, for a fast
		// read returns it without storing it anew.
		r.keep(record.version)
		if w.from != sim.None {
			e.Send(w.from, r.acks.New(ack{record.round}))
		}
	case intent:
		w.op.durable = true
		if w.op.phase == querying {
			r.proceed(e, w.op)
		}
	}
}

func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	switch t {
	case r.disk.Syncing():
		r.disk.Synced(e)
	case r.ticking:
		r.tick(e)
	case r.repairing:
		r.repairNext(e)
	}
}

// An intent records that a write was taken up, so that a second copy of the
// request is told from the first, even after a crash.
type intent struct {
	token   call.Token
	attempt int
}

func (i intent) before(j intent) bool {
	return i.token.Seq < j.token.Seq || i.token.Seq == j.token.Seq && i.attempt < j.attempt
}

// Image returns what the journal needs to hold.
func (r *replica) Image() []any {
	records := make([]any, 0, r.held.Len()+len(r.taken))
	for _, v := range r.held.Rows() {
		records = append(records, &update{version: v})
	}
	for _, client := range slices.Sorted(maps.Keys(r.taken)) {
		records = append(records, r.taken[client])
	}
	return records
}

// Keys returns how many keys the replica holds.
func (r *replica) Keys() int { return r.held.Len() }

// Dump visits all that the replica holds.
func (r *replica) Dump(visit func(key string, v history.Value)) { r.held.Dump(visit) }

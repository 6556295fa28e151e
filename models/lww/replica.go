package lww

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/models/store/versioned"
	"faultline/sim"
)

// A replica holds the winning version of every key, as far as it has heard.
type replica struct {
	cfg         store.Config
	mutant      string
	push        bool
	antiEntropy time.Duration

	clock stamper
	held  versioned.Table[stamp]
	disk  versioned.Journal[waiter]

	comparing sim.TimerID
}

const buckets = 64 // of the digest of what is held

func newReplica(cfg store.Config) *replica {
	r := &replica{
		cfg: cfg, mutant: cfg.Mutant, push: cfg.Bool("push"), antiEntropy: cfg.Duration("anti_entropy"),
		clock: stamper{hybrid: cfg.Choice("clock") == hybrid, granularity: cfg.Duration("granularity")},
		held:  versioned.NewTable(buckets, unwritten),
	}
	r.disk = versioned.NewJournal(cfg.Bool("sync"), r)
	return r
}

func (r *replica) Start(e sim.Env) {
	r.clock.node, r.clock.life = e.Self(), versioned.Life(e.Rand())
	for _, record := range r.disk.Records(e) {
		r.keep(record.(*version))
	}
	if r.antiEntropy > 0 && len(r.cfg.Replicas) > 1 && r.mutant != "no-anti-entropy" {
		r.comparing = e.After(time.Duration(e.Rand().IntN(int(r.antiEntropy))))
	}
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case *store.Request:
		if m.Kind.Mutates() {
			r.write(e, from, m)
		} else {
			v := r.held.Get(m.Key)
			e.Send(from, m.Answer(v.Value, v.Place()))
		}
	case push:
		r.merge(e, m.version)
	case versioned.Digest:
		r.compare(e, from, m)
	case contents:
		for _, v := range m {
			r.merge(e, v)
		}
	}
}

// write takes a client's write: its stamp is all that decides about it, here as elsewhere.
func (r *replica) write(e sim.Env, client sim.NodeID, req *store.Request) {
	v := &version{Key: req.Key, Stamp: r.clock.next(e.Clock()), Value: req.In}
	r.disk.Save(e, v, waiter{client, req.Answer(history.Value{}, v.Place())})
}

// merge takes a version that another replica sent. It is not synced: if a crash
// takes it, anti-entropy brings it back from where it was acknowledged.
func (r *replica) merge(e sim.Env, v *version) {
	r.clock.saw(v.Stamp)
	if r.wins(v) {
		r.disk.Note(e, v)
		r.keep(v)
	}
}

// wins reports whether v is to replace what is held: the rule that all else rests on.
func (r *replica) wins(v *version) bool {
	held := r.held.Of(v)
	switch {
	case held == unwritten:
		return true
	case held.Stamp == v.Stamp:
		return false
	case r.mutant == "arrival-order":
		return true
	case r.mutant == "no-tie-break":
		return held.Stamp.time < v.Stamp.time
	case r.mutant == "oldest-wins":
		return v.Stamp.less(held.Stamp)
	}
	return held.Stamp.less(v.Stamp)
}

// keep makes v what is held, unless it has lost by now.
func (r *replica) keep(v *version) {
	r.clock.saw(v.Stamp)
	if r.wins(v) {
		r.held.Put(v)
	}
}

// A waiter waits for its write to be on disk.
type waiter struct {
	client sim.NodeID
	reply  *store.Reply
}

// Saved goes on with a write that the disk has now: it is answered, and told to the others.
func (r *replica) Saved(e sim.Env, record any, w waiter) {
	v := record.(*version)
	r.keep(v)
	e.Send(w.client, w.reply)
	if !r.push {
		return
	}
	var msg any = push{v}
	for _, id := range r.cfg.Replicas {
		if id != e.Self() {
			e.Send(id, msg)
		}
	}
}

func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	switch t {
	case r.disk.Syncing():
		r.disk.Synced(e)
	case r.comparing:
		r.compareWithSomebody(e)
	}
}

// compareWithSomebody sends a digest to a random partner, who answers with what
// is new: anti-entropy by pulling, which spreads faster than pushing does once
// most replicas know (Demers et al., section 1.3).
func (r *replica) compareWithSomebody(e sim.Env) {
	r.comparing = e.After(r.antiEntropy)
	partner := e.Rand().IntN(len(r.cfg.Replicas) - 1)
	if partner >= r.cfg.Index(e.Self()) {
		partner++
	}
	e.Send(r.cfg.Replicas[partner], r.held.Digest())
}

// compare answers a digest with the versions in which the sender may differ; if it cannot, with silence.
func (r *replica) compare(e sim.Env, from sim.NodeID, theirs versioned.Digest) {
	if differing := r.held.Differing(theirs); len(differing) > 0 {
		e.Send(from, differing)
	}
}

// Dump visits all that the replica holds.
func (r *replica) Dump(visit func(key string, v history.Value)) { r.held.Dump(visit) }

// Image returns what the journal needs to hold.
func (r *replica) Image() []any {
	records := make([]any, r.held.Len())
	for i, v := range r.held.Rows() {
		records[i] = v
	}
	return records
}

// Keys returns how many keys the replica holds.
func (r *replica) Keys() int { return r.held.Len() }

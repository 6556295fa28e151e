package lww

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A replica holds the winning version of every key, as far as it has heard.
type replica struct {
	cfg         store.Config
	mutant      string
	push        bool
	sync        bool
	antiEntropy time.Duration

	clock stamper
	held  table
	disk  journal

	comparing sim.TimerID
}

func newReplica(cfg store.Config) *replica {
	return &replica{
		cfg: cfg, mutant: cfg.Mutant, push: cfg.Bool("push"),
		sync: cfg.Bool("sync"), antiEntropy: cfg.Duration("anti_entropy"),
		clock: stamper{hybrid: cfg.Choice("clock") == hybrid, granularity: cfg.Duration("granularity")},
		held:  newTable(),
	}
}

// Start reads the journal, past records that crashes tore.
func (r *replica) Start(e sim.Env) {
	r.clock.node, r.clock.life = e.Self(), e.Rand().Uint64()
	records := e.Disk().Records()
	r.disk.length = len(records)
	for _, record := range records {
		if v, whole := record.(*version); whole {
			r.keep(v)
		}
	}
	if r.antiEntropy > 0 && len(r.cfg.Replicas) > 1 && r.mutant != "no-anti-entropy" {
		r.comparing = e.After(time.Duration(e.Rand().IntN(int(r.antiEntropy))))
	}
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case store.Request:
		if m.Kind.Mutates() {
			r.write(e, from, m)
		} else {
			e.Send(from, m.Answer(r.held.get(m.Key).value))
		}
	case push:
		r.merge(e, m.version)
	case digest:
		r.compare(e, from, m)
	case contents:
		for _, v := range m.versions {
			r.merge(e, v)
		}
	}
}

// write takes a client's write: its stamp is all that decides about it, here as elsewhere.
func (r *replica) write(e sim.Env, client sim.NodeID, req store.Request) {
	v := &version{req.Key, r.clock.next(e.Clock()), req.In}
	r.save(e, saving{v, client, req.Answer(history.Value{})})
}

// merge takes a version that another replica sent. It is not synced: if a crash
// takes it, anti-entropy brings it back from where it was acknowledged.
func (r *replica) merge(e sim.Env, v *version) {
	r.clock.saw(v.stamp)
	if r.wins(v) {
		r.record(e, v)
		r.keep(v)
	}
}

// wins reports whether v is to replace what is held: the rule that all else rests on.
func (r *replica) wins(v *version) bool {
	held := r.held.get(v.key)
	switch {
	case held == unwritten:
		return true
	case held.stamp == v.stamp:
		return false
	case r.mutant == "arrival-order":
		return true
	case r.mutant == "no-tie-break":
		return held.stamp.time < v.stamp.time
	case r.mutant == "oldest-wins":
		return v.stamp.less(held.stamp)
	}
	return held.stamp.less(v.stamp)
}

// keep makes v what is held, unless it has lost by now.
func (r *replica) keep(v *version) {
	r.clock.saw(v.stamp)
	if r.wins(v) {
		r.held.put(v)
	}
}

// saved goes on with a write that the disk has now: it is answered, and told to the others.
func (r *replica) saved(e sim.Env, s saving) {
	r.keep(s.version)
	e.Send(s.client, s.reply)
	if !r.push {
		return
	}
	var msg any = push{s.version}
	for _, id := range r.cfg.Replicas {
		if id != e.Self() {
			e.Send(id, msg)
		}
	}
}

func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	switch t {
	case r.disk.syncing:
		r.flushed(e)
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
	mine := r.held.sums
	e.Send(r.cfg.Replicas[partner], digest{&mine})
}

// compare answers a digest with the versions in which the sender may differ; if it cannot, with silence.
func (r *replica) compare(e sim.Env, from sim.NodeID, m digest) {
	if *m.sums == r.held.sums {
		return
	}
	if versions := r.held.differing(m.sums); len(versions) > 0 {
		e.Send(from, contents{versions})
	}
}

// Dump visits all that the replica holds.
func (r *replica) Dump(visit func(key string, v history.Value)) {
	for _, v := range r.held.rows {
		visit(v.key, v.value)
	}
}

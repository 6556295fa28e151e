package quorum

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A replica holds the keys that it is a home of, keeps hints for other homes, and coordinates.
type replica struct {
	coordinator
	self        sim.NodeID
	sync        bool
	antiEntropy time.Duration
	replay      time.Duration

	held table
	kept []table // for other homes, by their place on the ring; only the newest of a key
	disk journal

	comparing sim.TimerID
	partner   int // whom it compared itself with last, by place on the ring
	replaying sim.TimerID
}

func newReplica(cfg store.Config) *replica {
	r := &replica{
		coordinator: newCoordinator(cfg), sync: cfg.Bool("sync"),
		antiEntropy: cfg.Duration("anti_entropy"), replay: cfg.Duration("replay"),
		held: newTable(len(cfg.Replicas)), kept: make([]table, len(cfg.Replicas)),
	}
	if r.mutant == "no-anti-entropy" {
		r.antiEntropy = 0
	}
	for i := range r.kept {
		r.kept[i] = newTable(len(cfg.Replicas))
	}
	return r
}

// Start reads the journal, past records that crashes tore.
func (r *replica) Start(e sim.Env) {
	r.self = e.Self()
	r.wake(e)
	records := e.Disk().Records()
	r.disk.length = len(records)
	for _, record := range records {
		switch record := record.(type) {
		case storeMsg:
			r.put(record)
		case handoffMsg:
			r.putAll(record.versions)
		case delivered:
			r.drop(record)
		}
	}
	r.beginComparing(e)
	r.scheduleReplay(e)
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case storeMsg:
		r.store(e, from, m, msg)
	case fetchMsg:
		e.Send(from, fetchedMsg{m.round, r.find(m.key)})
	case digestMsg:
		r.compare(e, from, m)
	case contentsMsg:
		r.merge(e, m.versions)
	case handoffMsg:
		r.takeBack(e, from, m)
	case handedMsg:
		r.handed(e, from, m)
	default:
		r.handle(e, from, msg)
	}
}

func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	switch t {
	case r.disk.syncing:
		r.flushed(e)
	case r.ticking:
		r.tick(e)
	case r.comparing:
		r.compareWithNext(e)
	case r.replaying:
		r.replayAll(e)
	}
}

// tableFor returns where a version belongs: what is held, or what is kept for another home.
func (r *replica) tableFor(m storeMsg) *table {
	if m.home == sim.None || m.home == r.self {
		return &r.held
	}
	return &r.kept[r.place(0, m.home)]
}

// wins reports whether v is to replace what t has: the rule that makes copies
// alike, whatever the order in which they learn of writes.
func (r *replica) wins(t *table, v *version) bool {
	has := t.get(v.key)
	switch {
	case has == unwritten:
		return true
	case r.mutant == "older-wins":
		return v.stamp.less(has.stamp)
	}
	return has.stamp.less(v.stamp)
}

// store acknowledges a version once the disk has it, or at once if it has lost already.
func (r *replica) store(e sim.Env, from sim.NodeID, m storeMsg, boxed any) {
	switch {
	case m.round == noRound:
		r.mend(e, m.version)
	case r.wins(r.tableFor(m), m.version):
		r.save(e, saving{boxed, from})
	default:
		e.Send(from, storedMsg{m.round})
	}
}

// mend takes in a version that another home has. It is not synced: nobody counts
// on it, and if a crash takes it, it is found missing again.
func (r *replica) mend(e sim.Env, v *version) {
	if m := (storeMsg{noRound, sim.None, v}); r.wins(&r.held, v) {
		r.write(e, m)
		r.put(m)
	}
}

// put takes a version in, unless it has lost by now.
func (r *replica) put(m storeMsg) {
	if t := r.tableFor(m); r.wins(t, m.version) {
		t.put(m.version)
	}
}

// putAll takes in versions of keys that the replica is a home of.
func (r *replica) putAll(versions []*version) {
	for _, v := range versions {
		r.put(storeMsg{noRound, sim.None, v})
	}
}

// saved goes on with what the disk has now.
func (r *replica) saved(e sim.Env, s saving) {
	switch record := s.record.(type) {
	case storeMsg:
		r.put(record)
		if record.home != sim.None {
			r.scheduleReplay(e)
		}
		e.Send(s.from, storedMsg{record.round})
	case handoffMsg:
		r.putAll(record.versions)
		e.Send(s.from, handedMsg(record))
	}
}

// find returns the newest version of a key that the replica has, for itself or for others.
func (r *replica) find(key string) *version {
	newest := r.held.get(key)
	for i := range r.kept {
		if len(r.kept[i].rows) == 0 {
			continue
		}
		if v := r.kept[i].get(key); newest.stamp.less(v.stamp) {
			newest = v
		}
	}
	return newest
}

// Home reports whether the replica is to hold a key in the end.
func (r *replica) Home(key string) bool { return r.isHome(r.first(key), r.self) }

// Dump visits the keys that the replica is a home of. What it keeps for others is on its way.
func (r *replica) Dump(visit func(key string, v history.Value)) {
	for _, v := range r.held.rows {
		visit(v.key, v.value)
	}
}

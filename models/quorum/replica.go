package quorum

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/models/store/versioned"
	"faultline/sim"
)

// A replica holds the keys that it is a home of, keeps hints for other homes, and coordinates.
type replica struct {
	coordinator
	self        sim.NodeID
	antiEntropy time.Duration
	replay      time.Duration

	held table
	kept []table                       // for other homes, by their place on the ring; only the newest of a key
	disk versioned.Journal[sim.NodeID] // who waits for an acknowledgement

	storedMsgs  *store.Slab[storedMsg]
	fetchedMsgs *store.Slab[fetchedMsg]

	comparing sim.TimerID
	partner   int // whom it compared itself with last, by place on the ring
	replaying sim.TimerID
}

const bucketsPerSegment = 16 // of digests

// newTable returns an empty table. All keys of one of its buckets are in one
// segment of the ring, that of the bucket modulo their number, so have the same homes.
func newTable(cfg store.Config) table {
	return versioned.NewTable(bucketsPerSegment*len(cfg.Replicas), unwritten)
}

func newReplica(cfg store.Config) *replica {
	r := &replica{
		coordinator: newCoordinator(cfg),
		antiEntropy: cfg.Duration("anti_entropy"), replay: cfg.Duration("replay"),
		held: newTable(cfg), kept: make([]table, len(cfg.Replicas)),
		storedMsgs: store.SlabOf[storedMsg](cfg), fetchedMsgs: store.SlabOf[fetchedMsg](cfg),
	}
	r.disk = versioned.NewJournal(cfg.Bool("sync"), r)
	if r.mutant == "no-anti-entropy" {
		r.antiEntropy = 0
	}
	for i := range r.kept {
		r.kept[i] = newTable(cfg)
	}
	return r
}

func (r *replica) Start(e sim.Env) {
	r.self = e.Self()
	r.wake(e)
	for _, record := range r.disk.Records(e) {
		switch record := record.(type) {
		case *storeMsg:
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
	case *storeMsg:
		r.store(e, from, m)
	case *fetchMsg:
		e.Send(from, r.fetchedMsgs.New(fetchedMsg{m.round, r.find(m.key)}))
	case versioned.Digest:
		r.compare(e, from, m)
	case contents:
		r.merge(e, m)
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
	case r.disk.Syncing():
		r.disk.Synced(e)
	case r.ticking:
		r.tick(e)
	case r.comparing:
		r.compareWithNext(e)
	case r.replaying:
		r.replayAll(e)
	}
}

// tableFor returns where a version belongs: what is held, or what is kept for another home.
func (r *replica) tableFor(m *storeMsg) *table {
	if m.home == sim.None || m.home == r.self {
		return &r.held
	}
	return &r.kept[r.place(0, m.home)]
}

// wins reports whether v is to replace what t has: the rule that makes copies
// alike, whatever the order in which they learn of writes.
func (r *replica) wins(t *table, v *version) bool {
	has := t.Of(v)
	switch {
	case has == unwritten:
		return true
	case r.mutant == "older-wins":
		return v.Stamp.less(has.Stamp)
	}
	return has.Stamp.less(v.Stamp)
}

// store acknowledges a version once the disk has it, or at once if it has lost already.
func (r *replica) store(e sim.Env, from sim.NodeID, m *storeMsg) {
	switch {
	case m.round == noRound:
		r.mend(e, m.version)
	case r.wins(r.tableFor(m), m.version):
		r.disk.Save(e, m, from)
	default:
		e.Send(from, r.storedMsgs.New(storedMsg{m.round}))
	}
}

// mend takes in a version that another home has. It is not synced: nobody counts
// on it, and if a crash takes it, it is found missing again.
func (r *replica) mend(e sim.Env, v *version) {
	if r.wins(&r.held, v) {
		r.disk.Note(e, r.storeMsgs.New(storeMsg{noRound, sim.None, v}))
		r.held.Put(v)
	}
}

// put takes a version in, unless it has lost by now.
func (r *replica) put(m *storeMsg) {
	if t := r.tableFor(m); r.wins(t, m.version) {
		t.Put(m.version)
	}
}

// putAll takes in versions of keys that the replica is a home of.
func (r *replica) putAll(versions []*version) {
	for _, v := range versions {
		r.put(&storeMsg{noRound, sim.None, v})
	}
}

// Saved goes on with what the disk has now.
func (r *replica) Saved(e sim.Env, record any, from sim.NodeID) {
	switch record := record.(type) {
	case *storeMsg:
		r.put(record)
		if record.home != sim.None {
			r.scheduleReplay(e)
		}
		e.Send(from, r.storedMsgs.New(storedMsg{record.round}))
	case handoffMsg:
		r.putAll(record.versions)
		e.Send(from, handedMsg(record))
	}
}

// find returns the newest version of a key that the replica has, for itself or for others.
func (r *replica) find(key string) *version {
	newest := r.held.Get(key)
	for i := range r.kept {
		if r.kept[i].Len() == 0 {
			continue
		}
		if v := r.kept[i].Get(key); newest.Stamp.less(v.Stamp) {
			newest = v
		}
	}
	return newest
}

// Home reports whether the replica is to hold a key in the end.
func (r *replica) Home(key string) bool { return r.isHome(r.first(key), r.self) }

// Dump visits the keys that the replica is a home of. What it keeps for others is on its way.
func (r *replica) Dump(visit func(key string, v history.Value)) { r.held.Dump(visit) }

// Image returns what the journal needs to hold.
func (r *replica) Image() []any {
	var records []any
	for _, v := range r.held.Rows() {
		records = append(records, &storeMsg{noRound, sim.None, v})
	}
	for i := range r.kept {
		for _, v := range r.kept[i].Rows() {
			records = append(records, &storeMsg{noRound, r.replicas[i], v})
		}
	}
	return records
}

// Keys returns how many keys the replica is a home of and holds.
func (r *replica) Keys() int { return r.held.Len() }

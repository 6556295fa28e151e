package sim

import "time"

// A Disk is a journal of records. Write adds a record to the cache; Sync makes
// durable all that was written before it. A crash takes what is not durable.
type Disk interface {
	// Write adds a record at the end of the journal. The disk keeps the value itself: do not change it afterwards.
	Write(record any)
	// Checkpoint replaces the whole journal by the given records, atomically.
	Checkpoint(records ...any)
	// Sync makes durable what was written so far. It returns at once; Timer is
	// called with the ID it returned when that is done.
	Sync() TimerID
	// Records returns the journal as a restarted node finds it: what is durable,
	// and perhaps, at the end, more that reached the platter by luck. A record
	// that was torn by a crash reads as Torn; nothing follows it, for the next
	// Write goes over it.
	Records() []any
}

// Torn is what a record reads as that was being written in a crash.
type Torn struct{}

// Loss says what a crash leaves of the writes that were not synced.
type Loss uint8

const (
	LoseUnsynced Loss = iota // nothing
	TearUnsynced             // a random part from the front; the record after it may be torn
	KeepAll                  // everything: the process died, not the machine
)

// A Delays is a law of random durations: 64 uniform bits in, a duration out.
type Delays interface {
	Sample(bits uint64) time.Duration
}

type disk struct {
	node    *node
	rand    Stream
	durable []any
	cache   []write // in order; what was synced is moved to durable
	taken   uint64  // writes moved out of the cache so far
	pending []syncing
	busy    Time // until when; syncs are done one after the other
	law     Delays
	slow    int64
	lying   bool
}

type write struct {
	records    []any // of a checkpoint
	record     any
	checkpoint bool
}

// A syncing is a Sync under way that will make the writes before upTo durable.
type syncing struct {
	id   TimerID // by which the node knows it
	due  TimerID // the event of its end; another than id once the disk has changed its pace
	upTo uint64
}

func (d *disk) Write(record any) { d.cache = append(d.cache, write{record: record}) }

func (d *disk) Checkpoint(records ...any) {
	d.cache = append(d.cache, write{records: records, checkpoint: true})
}

func (d *disk) Sync() TimerID {
	n := d.node
	n.sim.stats.Syncs++
	id := d.schedule()
	d.pending = append(d.pending, syncing{id, id, d.taken + uint64(len(d.cache))})
	return id
}

// schedule has one more sync end when those before it have ended and the disk has worked on it.
func (d *disk) schedule() TimerID {
	n := d.node
	d.busy = max(d.busy, n.sim.now).Add(d.delay())
	return n.sim.schedule(d.busy, evSync, n.id, None, n.life, nil)
}

// repace begins the syncs under way anew: a disk that has recovered does not go
// on at its slow pace with what it was given before, nor a slow one at its fast pace.
func (d *disk) repace() {
	d.busy = d.node.sim.now
	for i := range d.pending {
		d.node.sim.queue.cancel(d.pending[i].due)
		d.pending[i].due = d.schedule()
	}
}

func (d *disk) delay() time.Duration {
	if d.law == nil {
		return 0
	}
	delay := d.law.Sample(d.rand.Uint64())
	if d.slow > 0 {
		delay *= time.Duration(d.slow)
	}
	return delay
}

func (d *disk) Records() []any {
	records := append([]any(nil), d.durable...)
	for _, w := range d.cache {
		records = w.apply(records)
	}
	return records
}

func (w write) apply(records []any) []any {
	if w.checkpoint {
		clear(records)
		return append(records[:0], w.records...)
	}
	if last := len(records) - 1; last >= 0 && records[last] == any(Torn{}) {
		records = records[:last]
	}
	return append(records, w.record)
}

// synced completes the oldest sync, which is the one that was due: a disk works
// in order. It returns the ID by which the node knows it.
func (d *disk) synced(due TimerID) TimerID {
	done := d.pending[0]
	if done.due != due {
		panic("sim: disk syncs completed out of order")
	}
	d.pending = append(d.pending[:0], d.pending[1:]...)
	if !d.lying && done.upTo > d.taken {
		d.persist(int(done.upTo - d.taken))
	}
	return done.id
}

// persist makes the first n writes of the cache durable.
func (d *disk) persist(n int) {
	for _, w := range d.cache[:n] {
		d.durable = w.apply(d.durable)
	}
	d.taken += uint64(n)
	d.cache = append(d.cache[:0], d.cache[n:]...)
}

func (d *disk) crash(loss Loss) {
	switch loss {
	case KeepAll:
		d.persist(len(d.cache))
	case TearUnsynced:
		d.tear()
	}
	d.taken += uint64(len(d.cache))
	clear(d.cache)
	d.cache, d.pending, d.busy = d.cache[:0], d.pending[:0], d.node.sim.begin
}

// tear keeps a random part of the cache from the front. A checkpoint is written
// aside and renamed, so it is there or not, never torn.
func (d *disk) tear() {
	if len(d.cache) == 0 {
		return
	}
	d.persist(d.rand.IntN(len(d.cache) + 1))
	if len(d.cache) > 0 && !d.cache[0].checkpoint && d.rand.IntN(2) == 0 {
		d.durable = append(d.durable, Torn{})
	}
}

func (d *disk) wipe() { d.durable, d.cache = nil, nil }

// SetDisk sets the law of the time that a sync takes on the node at id; without
// one a sync takes none. Syncs under way begin anew under the new law.
func (s *Sim) SetDisk(id NodeID, law Delays) {
	d := &s.node(id).disk
	d.law = law
	d.repace()
}

// LieAboutSync makes the disk of the node at id report syncs as done that were
// not (lying true), or honest again. The next honest sync makes up for them.
func (s *Sim) LieAboutSync(id NodeID, lying bool) { s.node(id).disk.lying = lying }

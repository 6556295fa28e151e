package quorum

import (
	"faultline/checker/history"
	"faultline/sim"
)

// A stamp orders the versions of a key: by the coordinator's clock, then by
// coordinator, then by its round, so that no two writes share one.
type stamp struct {
	time  sim.Time
	node  sim.NodeID
	round uint64
}

func (s stamp) less(t stamp) bool {
	if s.time != t.time {
		return s.time < t.time
	}
	if s.node != t.node {
		return s.node < t.node
	}
	return s.round < t.round
}

// A version is a value of a key, under its stamp. Versions are shared by
// messages and tables, and never change.
type version struct {
	key   string
	stamp stamp
	value history.Value
}

// unwritten is the version of every key that was never written. Clocks may read
// less than zero, so its stamp is the least there is.
var unwritten = &version{stamp: stamp{time: -1 << 63}}

// A table holds the newest version of every key, and a digest of them.
type table struct {
	index map[string]int32
	rows  []*version // in an order that is the same in every run

	// sums are the digest: for every bucket of keys the sum of their versions'
	// fingerprints. Equal sums mean equal buckets, but for a chance of 2^-64. All
	// keys of a bucket are in one segment of the ring, so have the same homes.
	sums     []uint64
	segments uint64
}

const bucketsPerSegment = 16

func newTable(segments int) table {
	return table{index: map[string]int32{}, sums: make([]uint64, segments*bucketsPerSegment), segments: uint64(segments)}
}

// get returns the newest version of a key.
func (t *table) get(key string) *version {
	if i, ok := t.index[key]; ok {
		return t.rows[i]
	}
	return unwritten
}

// put makes v what the table holds of its key.
func (t *table) put(v *version) {
	i, ok := t.index[v.key]
	if !ok {
		i = int32(len(t.rows))
		t.index[v.key] = i
		t.rows = append(t.rows, unwritten)
	}
	h := hash(v.key)
	t.sums[t.bucket(h)] += v.fingerprint(h) - t.rows[i].fingerprint(h)
	t.rows[i] = v
}

// remove forgets a key, which the table must hold.
func (t *table) remove(key string) {
	i, last := t.index[key], len(t.rows)-1
	h := hash(key)
	t.sums[t.bucket(h)] -= t.rows[i].fingerprint(h)
	t.rows[i] = t.rows[last]
	t.index[t.rows[i].key] = i
	t.rows[last] = nil
	t.rows = t.rows[:last]
	delete(t.index, key)
}

// bucket returns the bucket of a key with hash h; its segment is the bucket modulo their number.
func (t *table) bucket(h uint64) uint64 {
	return h%t.segments + t.segments*(h>>32%bucketsPerSegment)
}

// fingerprint mixes the stamp of v with its key's hash; that of unwritten is zero.
func (v *version) fingerprint(h uint64) uint64 {
	if v == unwritten {
		return 0
	}
	return sim.Mix(sim.Mix(sim.Mix(h^uint64(v.stamp.time))^v.stamp.round) ^ uint64(v.stamp.node))
}

package abd

import (
	"faultline/checker/history"
	"faultline/sim"
)

// A tag orders the versions of a key: by counter, then by who wrote it in which
// round, so that no two writes share one. The zero tag is older than all others.
type tag struct {
	counter uint64
	round   uint64
	writer  sim.NodeID
}

func (t tag) less(u tag) bool {
	if t.counter != u.counter {
		return t.counter < u.counter
	}
	if t.writer != u.writer {
		return t.writer < u.writer
	}
	return t.round < u.round
}

// A version is a value of a key, under its tag. Versions are shared by messages
// and tables, and never change.
type version struct {
	key   string
	tag   tag
	value history.Value
}

// A table holds the newest version of every key, and a digest of them.
type table struct {
	index map[string]int32
	rows  []*version // in the order the keys came, so that every walk is the same
	sums  sums
}

// sums are a digest of a table: for every bucket of keys the sum of their
// versions' fingerprints. Equal sums mean equal buckets, but for a chance of 2^-64.
type sums [buckets]uint64

const buckets = 64

func newTable() table { return table{index: map[string]int32{}} }

// unwritten is the version of every key that was never written.
var unwritten = &version{}

// get returns the newest version of a key.
func (t *table) get(key string) *version {
	if i, ok := t.index[key]; ok {
		return t.rows[i]
	}
	return unwritten
}

// newer reports whether v is newer than what the table holds.
func (t *table) newer(v *version) bool { return t.get(v.key).tag.less(v.tag) }

// put keeps v if it is newer than what the table holds.
func (t *table) put(v *version) {
	if !t.newer(v) {
		return
	}
	i, ok := t.index[v.key]
	if !ok {
		i = int32(len(t.rows))
		t.index[v.key] = i
		t.rows = append(t.rows, unwritten)
	}
	h := hash(v.key)
	t.sums[h%buckets] += v.tag.fingerprint(h) - t.rows[i].tag.fingerprint(h)
	t.rows[i] = v
}

// fingerprint mixes a tag with its key's hash; that of the zero tag is zero.
func (t tag) fingerprint(h uint64) uint64 {
	if t == (tag{}) {
		return 0
	}
	return sim.Mix(sim.Mix(sim.Mix(h^t.counter)^t.round) ^ uint64(t.writer))
}

// hash is FNV-1a, mixed so that its low bits are good too.
func hash(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return sim.Mix(h)
}

// differing returns the versions in the buckets whose sums are not as given.
func (t *table) differing(other *sums) []*version {
	var versions []*version
	for _, v := range t.rows {
		if b := hash(v.key) % buckets; t.sums[b] != other[b] {
			versions = append(versions, v)
		}
	}
	return versions
}

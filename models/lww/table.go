package lww

import "faultline/sim"

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

// put makes v what the table holds of its key.
func (t *table) put(v *version) {
	i, ok := t.index[v.key]
	if !ok {
		i = int32(len(t.rows))
		t.index[v.key] = i
		t.rows = append(t.rows, unwritten)
	}
	h := hash(v.key)
	t.sums[h%buckets] += v.fingerprint(h) - t.rows[i].fingerprint(h)
	t.rows[i] = v
}

// fingerprint mixes the stamp of v with its key's hash; that of unwritten is zero.
func (v *version) fingerprint(h uint64) uint64 {
	if v == unwritten {
		return 0
	}
	s := v.stamp
	return sim.Mix(sim.Mix(sim.Mix(h^uint64(s.time))^s.life) ^ uint64(s.count)<<32 ^ uint64(s.node))
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

package versioned

import (
	"fmt"
	"slices"

	"faultline/checker/history"
)

// A Table holds one version of every key, and a digest of them all.
type Table[S Stamp] struct {
	unwritten *Version[S]
	index     map[string]int32
	rows      []*Version[S]
	digest    Digest
}

// A Digest sums up a table in buckets, among which the hashes of keys spread
// them: each is the sum of its versions' fingerprints. Equal sums mean equal
// buckets, but for a chance of 2^-64. A digest is also the message that asks
// another replica for what is different there; its answer is Contents.
type Digest []uint64

// Contents are the versions that may be new to who sent a Digest.
type Contents[S Stamp] []*Version[S]

// NewTable returns an empty table with so many buckets. It gives unwritten for the keys that it does not hold.
func NewTable[S Stamp](buckets int, unwritten *Version[S]) Table[S] {
	return Table[S]{unwritten: unwritten, index: map[string]int32{}, digest: make(Digest, buckets)}
}

// Get returns the version of a key.
func (t *Table[S]) Get(key string) *Version[S] {
	if i, ok := t.index[key]; ok {
		return t.rows[i]
	}
	return t.unwritten
}

// Len returns the number of keys.
func (t *Table[S]) Len() int { return len(t.rows) }

// Rows returns all versions, in an order that is the same in every run: that in
// which the keys came, as long as none is removed. The result is read only.
func (t *Table[S]) Rows() []*Version[S] { return t.rows }

// Put makes v the version of its key, whatever was there.
func (t *Table[S]) Put(v *Version[S]) {
	h := Hash(v.Key)
	sum := &t.digest[t.bucket(h)]
	*sum += v.Stamp.Fingerprint(h)
	i, ok := t.index[v.Key]
	if !ok {
		t.index[v.Key] = int32(len(t.rows))
		t.rows = append(t.rows, v)
		return
	}
	*sum -= t.rows[i].Stamp.Fingerprint(h)
	t.rows[i] = v
}

// Remove forgets a key, which the table must hold.
func (t *Table[S]) Remove(key string) {
	i, ok := t.index[key]
	if !ok {
		panic(fmt.Sprintf("versioned: removing %q, which is not among %d keys", key, len(t.rows)))
	}
	h := Hash(key)
	t.digest[t.bucket(h)] -= t.rows[i].Stamp.Fingerprint(h)
	last := len(t.rows) - 1
	t.rows[i] = t.rows[last]
	t.index[t.rows[i].Key] = i
	t.rows[last] = nil
	t.rows = t.rows[:last]
	delete(t.index, key)
}

// Digest returns the digest of what the table holds now.
func (t *Table[S]) Digest() Digest { return slices.Clone(t.digest) }

// bucket returns the bucket of the keys with hash h. Modulo any divisor of the
// number of buckets, bucket and hash are the same.
func (t *Table[S]) bucket(h uint64) int { return int(h % uint64(len(t.digest))) }

// Differing returns the versions in the buckets of which other says something else.
func (t *Table[S]) Differing(other Digest) Contents[S] {
	return t.DifferingIn(other, func(int) bool { return true })
}

// DifferingIn does the same for the buckets alone that in accepts.
func (t *Table[S]) DifferingIn(other Digest, in func(bucket int) bool) Contents[S] {
	var differ []bool // by bucket
	for b, sum := range t.digest {
		if sum != other[b] && in(b) {
			if differ == nil {
				differ = make([]bool, len(t.digest))
			}
			differ[b] = true
		}
	}
	if differ == nil {
		return nil
	}
	var versions Contents[S]
	for _, v := range t.rows {
		if differ[t.bucket(Hash(v.Key))] {
			versions = append(versions, v)
		}
	}
	return versions
}

// Dump calls visit for every key (see store.Dumper).
func (t *Table[S]) Dump(visit func(key string, v history.Value)) {
	for _, v := range t.rows {
		visit(v.Key, v.Value)
	}
}

// String shows the message in transcripts.
func (d Digest) String() string { return "digest" }

// Size returns the bytes that the message takes on the wire.
func (d Digest) Size() int { return HeaderSize + WordSize*len(d) }

// String shows the message in transcripts.
func (c Contents[S]) String() string { return fmt.Sprintf("contents %v", []*Version[S](c)) }

// Size returns the bytes that the message takes on the wire.
func (c Contents[S]) Size() int {
	size := HeaderSize
	for _, v := range c {
		size += v.Size()
	}
	return size
}

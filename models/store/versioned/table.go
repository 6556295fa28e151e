package versioned

import (
	"fmt"
	"slices"

	"faultline/checker/history"
)

// A Table holds one version of every key, and a digest of them all.
type Table[S Stamp] struct {
	unwritten *Version[S]
	rows      []*Version[S]
	slots     []int32 // where the row of a key is, by hash, with linear probing: its index plus one, or 0 for none
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
	return Table[S]{unwritten: unwritten, slots: make([]int32, firstSlots), digest: make(Digest, buckets)}
}

const firstSlots = 16 // always a power of two, and more than there are rows

// slot returns the slot of a key, or the empty one where it would be.
func (t *Table[S]) slot(h uint64, key string) int {
	mask := len(t.slots) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		if row := t.slots[i]; row == 0 || t.rows[row-1].Key == key {
			return i
		}
	}
}

func (t *Table[S]) get(h uint64, key string) *Version[S] {
	if row := t.slots[t.slot(h, key)]; row > 0 {
		return t.rows[row-1]
	}
	return t.unwritten
}

// Get returns the version of a key.
func (t *Table[S]) Get(key string) *Version[S] { return t.get(Hash(key), key) }

// Of returns the version of the key of v; it is faster than Get.
func (t *Table[S]) Of(v *Version[S]) *Version[S] { return t.get(v.keyHash(), v.Key) }

// Len returns the number of keys.
func (t *Table[S]) Len() int { return len(t.rows) }

// Rows returns all versions, in an order that is the same in every run: that in
// which the keys came, as long as none is removed. The result is read only.
func (t *Table[S]) Rows() []*Version[S] { return t.rows }

// Put makes v the version of its key, whatever was there.
func (t *Table[S]) Put(v *Version[S]) {
	h := v.keyHash()
	sum := &t.digest[t.bucket(h)]
	*sum += v.Stamp.Fingerprint(h)
	slot := t.slot(h, v.Key)
	if row := t.slots[slot]; row > 0 {
		*sum -= t.rows[row-1].Stamp.Fingerprint(h)
		t.rows[row-1] = v
		return
	}
	t.rows = append(t.rows, v)
	t.slots[slot] = int32(len(t.rows))
	if 2*len(t.rows) > len(t.slots) {
		t.grow()
	}
}

func (t *Table[S]) grow() {
	t.slots = make([]int32, 2*len(t.slots))
	for i, v := range t.rows {
		t.slots[t.slot(v.keyHash(), v.Key)] = int32(i + 1)
	}
}

// Remove forgets a key, which the table must hold.
func (t *Table[S]) Remove(key string) {
	h := Hash(key)
	slot := t.slot(h, key)
	at := int(t.slots[slot]) - 1
	if at < 0 {
		panic(fmt.Sprintf("versioned: removing %q, which is not among %d keys", key, len(t.rows)))
	}
	t.digest[t.bucket(h)] -= t.rows[at].Stamp.Fingerprint(h)
	last := len(t.rows) - 1
	moved := t.rows[last]
	t.slots[t.slot(moved.keyHash(), moved.Key)] = int32(at + 1)
	t.rows[at] = moved
	t.empty(slot)
	t.rows[last] = nil
	t.rows = t.rows[:last]
}

// empty empties a slot, and closes the gap: what was put behind it because it was
// taken moves up, or the search for it would end there.
func (t *Table[S]) empty(slot int) {
	mask := len(t.slots) - 1
	gap := slot
	for i := (slot + 1) & mask; t.slots[i] != 0; i = (i + 1) & mask {
		home := int(t.rows[t.slots[i]-1].keyHash()) & mask
		if (i-home)&mask >= (i-gap)&mask {
			t.slots[gap] = t.slots[i]
			gap = i
		}
	}
	t.slots[gap] = 0
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
		if differ[t.bucket(v.keyHash())] {
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

package results

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
)

// A rowKey names a row in a folder.
type rowKey struct {
	cell int
	seed uint64
}

func (k rowKey) compare(o rowKey) int {
	return cmp.Or(cmp.Compare(k.cell, o.cell), cmp.Compare(k.seed, o.seed))
}

// A place is where a row's line stands in the file, and the digest of its bytes.
type place struct {
	from   int64
	length int32
	digest [sha256.Size]byte
}

// An index knows where each row stands: all that is kept of a row while a sweep runs.
type index struct {
	at map[rowKey]place
}

func newIndex() index { return index{at: map[rowKey]place{}} }

func (ix index) add(k rowKey, from int64, line []byte) {
	ix.at[k] = place{from, int32(len(line)), sha256.Sum256(line)}
}

// ordered is every key, by cell and then by seed.
func (ix index) ordered() []rowKey {
	keys := make([]rowKey, 0, len(ix.at))
	for k := range ix.at {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, rowKey.compare)
	return keys
}

// inOrder tells whether the rows stand in the file as the keys say, without a gap.
func (ix index) inOrder(keys []rowKey) bool {
	end := int64(0)
	for _, k := range keys {
		p := ix.at[k]
		if p.from != end {
			return false
		}
		end += int64(p.length)
	}
	return true
}

// hash stands for all rows in the order of (cell, seed), whatever order they were written in.
func (ix index) hash() string {
	h := sha256.New()
	for _, k := range ix.ordered() {
		p := ix.at[k]
		h.Write(p.digest[:])
	}
	const shown = 8 // bytes, as many as a trace hash has
	return hex.EncodeToString(h.Sum(nil)[:shown])
}

// read is the line of a row.
func (ix index) read(f io.ReaderAt, k rowKey) ([]byte, error) {
	p := ix.at[k]
	line := make([]byte, p.length)
	_, err := f.ReadAt(line, p.from)
	return line, err
}

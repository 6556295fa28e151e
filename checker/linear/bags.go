package linear

import (
	"math/bits"
	"slices"
)

// A bag says how many crashed operations of each effect a configuration has
// used. Which of them does not matter: those of one effect are interchangeable.
// Bags are kept once each and known by number; 0 is the empty one.
type bag int32

// bags keeps each bag as a row of words. An effect has a field in it as wide as
// its number of crashed operations needs, and a guard bit above, so that one
// subtraction compares all the fields of a word.
type bags struct {
	width  int // words in a row
	fields []field
	guards []uint64 // by word: the guard bits
	rows   []uint64
	number table    // by bag and effect: the bag with one more; by -1 and a hash: a bag of that hash
	row    []uint64 // scratch
}

// A field is where the count of one effect stands.
type field struct {
	word  int32
	shift uint8
	mask  uint64 // of the count, once shifted down
}

// prepare lays out the fields for so many crashed operations of each effect, and
// forgets all bags but the empty one.
func (b *bags) prepare(crashed []int32) {
	b.number.reset()
	b.fields, b.guards = b.fields[:0], append(b.guards[:0], 0)
	shift := 0
	for _, n := range crashed {
		size := bits.Len32(uint32(n))
		if shift+size+1 > 64 {
			b.guards, shift = append(b.guards, 0), 0
		}
		word := int32(len(b.guards)) - 1
		b.fields = append(b.fields, field{word: word, shift: uint8(shift), mask: 1<<size - 1})
		if n > 0 {
			b.guards[word] |= 1 << (shift + size)
			shift += size + 1
		}
	}
	b.width = len(b.guards)
	b.rows = append(b.rows[:0], make([]uint64, b.width)...)
}

func (b *bags) at(a bag) []uint64 { return b.rows[int(a)*b.width : (int(a)+1)*b.width] }

// count returns how many of the effect are in the bag.
func (b *bags) count(a bag, effect int32) int32 {
	f := b.fields[effect]
	return int32(b.rows[int(a)*b.width+int(f.word)] >> f.shift & f.mask)
}

// plus returns the bag with one more of the effect.
func (b *bags) plus(a bag, effect int32) bag {
	f := b.fields[effect]
	b.row = append(b.row[:0], b.at(a)...)
	b.row[f.word] += 1 << f.shift
	var h uint64
	for _, w := range b.row {
		h = (h ^ w) * hashMultiplier
		h ^= h >> 32
	}
	for ; ; h++ { // past others of the same hash
		known := b.number.get(0, int64(h))
		if known < 0 {
			break
		}
		if slices.Equal(b.at(bag(known)), b.row) {
			return bag(known)
		}
	}
	n := bag(len(b.rows) / b.width)
	b.rows = append(b.rows, b.row...)
	b.number.put(0, int64(h), int32(n))
	return n
}

// within reports whether x used no more of any effect than y did.
func (b *bags) within(x, y bag) bool {
	if x == y || x == 0 {
		return true
	}
	for k, w := range b.at(x) {
		if g := b.guards[k]; ((b.rows[int(y)*b.width+k]|g)-w)&g != g {
			return false
		}
	}
	return true
}

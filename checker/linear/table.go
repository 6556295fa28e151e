package linear

// hashMultiplier spreads numbers over 64 bits (Fibonacci hashing).
const hashMultiplier = 0x9e3779b97f4a7c15

// A table maps pairs of numbers to numbers from 0 on. It is what a search looks
// things up in at every step, and a few times faster than a map.
type table struct {
	slots []slot // as many as a power of two; at most three in four in use
	used  int
}

type slot struct {
	b     int64
	a     int32
	value int32 // plus one; 0 if the slot is empty
}

// How many slots a table has at first, and how many it keeps when it is emptied.
const (
	firstSlots = 32
	keptSlots  = 1024
)

// reset empties the table.
func (t *table) reset() {
	if t.used > 0 {
		if t.used = 0; len(t.slots) > keptSlots {
			t.slots = nil
		}
		clear(t.slots)
	}
}

// find returns the slot of the pair: where it is, or where it would go.
func (t *table) find(a int32, b int64) *slot {
	h := (uint64(a)*hashMultiplier ^ uint64(b)) * hashMultiplier
	for at := h ^ h>>32; ; at++ {
		s := &t.slots[at&uint64(len(t.slots)-1)]
		if s.value == 0 || s.a == a && s.b == b {
			return s
		}
	}
}

// get returns the number of the pair, or -1.
func (t *table) get(a int32, b int64) int32 {
	if t.used == 0 {
		return -1
	}
	return t.find(a, b).value - 1
}

// put gives the pair, which has none yet, a number.
func (t *table) put(a int32, b int64, value int32) {
	if 4*t.used >= 3*len(t.slots) {
		old := t.slots
		t.slots = make([]slot, max(firstSlots, 2*len(old)))
		for _, s := range old {
			if s.value != 0 {
				*t.find(s.a, s.b) = s
			}
		}
	}
	*t.find(a, b) = slot{b, a, value + 1}
	t.used++
}

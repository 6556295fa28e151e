package keys

import (
	"cmp"
	"math"
	"slices"

	"faultline/checker/history"
)

// denseSlack is how much wider than the number of writes the range of their
// values may be, per write, for a direct table: simulated values are dense.
const denseSlack = 4

// values finds who wrote a number to a key.
type values struct {
	key    int32   // the key, from 1
	low    int64   // the least number, which is at dense[0]
	dense  []owner // who wrote which number, of all keys together
	sorted []written
}

// An owner is the key of a number, from 1, and the place of the write of it.
type owner struct{ key, place int32 }

type written struct {
	number int64
	place  int32
}

// collect finds out who wrote which number to registers and lists. Those to which
// one number was written twice are Repeated from then on. Operations of unknown
// outcome count, too.
func (s *Splitter) collect(h history.History) {
	if s.collectDense(h) {
		return
	}
	for k := range s.all {
		key := &s.all[k]
		key.values.dense = nil
		if key.numbered() && !key.values.fillSorted(h, key.Writes) {
			key.Shape = Repeated
		}
	}
}

// collectDense makes one table for all keys, and reports whether it will do: numbers
// lie close together, and no two keys share one.
func (s *Splitter) collectDense(h history.History) bool {
	all := s.all
	low, high, n := int64(math.MaxInt64), int64(math.MinInt64), 0
	for k := range all {
		if all[k].numbered() {
			for _, i := range all[k].Writes {
				low, high = min(low, h[i].In.Num), max(high, h[i].In.Num)
			}
			n += len(all[k].Writes)
		}
	}
	if n == 0 || uint64(high-low) > uint64(denseSlack*n) {
		return false
	}
	s.owners = fit(s.owners, int(high-low+1))
	clear(s.owners)
	for k := range all {
		if all[k].numbered() {
			all[k].values = values{key: int32(k) + 1, low: low, dense: s.owners}
			if !all[k].enter(h, s.owners) {
				return false
			}
		}
	}
	return true
}

// enter enters the numbers of the key, and reports whether no other key has them.
func (k *Key) enter(h history.History, table []owner) bool {
	for place, i := range k.Writes {
		at := &table[h[i].In.Num-k.values.low]
		switch at.key {
		case 0:
			*at = owner{k.values.key, int32(place)}
		case k.values.key:
			k.Shape = Repeated
		default:
			return false
		}
	}
	return true
}

func (v *values) fillSorted(h history.History, writes []int32) bool {
	v.sorted = make([]written, len(writes))
	for place, i := range writes {
		v.sorted[place] = written{h[i].In.Num, int32(place)}
	}
	slices.SortFunc(v.sorted, func(a, b written) int { return cmp.Compare(a.number, b.number) })
	for i := 1; i < len(v.sorted); i++ {
		if v.sorted[i].number == v.sorted[i-1].number {
			return false
		}
	}
	return true
}

// writer returns the place of the write of the number, or Nobody.
func (v *values) writer(number int64) int32 {
	if v.dense != nil {
		if at := uint64(number - v.low); at < uint64(len(v.dense)) && v.dense[at].key == v.key {
			return v.dense[at].place
		}
		return Nobody
	}
	i, ok := slices.BinarySearchFunc(v.sorted, number, func(a written, n int64) int { return cmp.Compare(a.number, n) })
	if !ok {
		return Nobody
	}
	return v.sorted[i].place
}

package keys

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// denseSlack is how much wider than the number of writes the range of their
// values may be, per write, for a direct table: simulated values are dense.
const denseSlack = 4

// values finds who wrote a number.
type values struct {
	low    int64   // the least number, which is at dense[0]
	dense  []int32 // by number minus low: the place of its write plus one; nil if numbers are spread out
	sorted []written
}

type written struct {
	number int64
	place  int32
}

// collect notes what the operations wrote or appended, and reports whether all
// the numbers differ. Operations of unknown outcome count, too.
func (v *values) collect(h history.History, writes []int32) bool {
	if len(writes) == 0 {
		return true
	}
	low, high := h[writes[0]].In.Num, h[writes[0]].In.Num
	for _, i := range writes {
		low, high = min(low, h[i].In.Num), max(high, h[i].In.Num)
	}
	v.low = low
	if width := uint64(high - low); width <= uint64(denseSlack*len(writes)) {
		return v.fillDense(h, writes, int(width)+1)
	}
	return v.fillSorted(h, writes)
}

func (v *values) fillDense(h history.History, writes []int32, width int) bool {
	v.dense = make([]int32, width)
	for place, i := range writes {
		at := &v.dense[h[i].In.Num-v.low]
		if *at != 0 {
			return false
		}
		*at = int32(place) + 1
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
		if at := uint64(number - v.low); at < uint64(len(v.dense)) && v.dense[at] != 0 {
			return v.dense[at] - 1
		}
		return Nobody
	}
	i, ok := slices.BinarySearchFunc(v.sorted, number, func(a written, n int64) int { return cmp.Compare(a.number, n) })
	if !ok {
		return Nobody
	}
	return v.sorted[i].place
}

package linear

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// none is the writer of a value that nobody wrote.
const none = -1

// denseSlack is how much wider than the number of writers the range of their
// values may be, per writer, for a direct table: simulated values are dense.
const denseSlack = 4

// writers finds who wrote a value. Writers are numbered from 0 in order of call.
type writers struct {
	ops    []int32 // the operation of each writer
	low    int64   // the least value, which is at dense[0]
	dense  []int32 // by value minus low: the writer plus one; nil if values are spread out
	sorted []written
}

type written struct {
	value  int64
	writer int32
}

// number returns the number that op brought: of a list, the first one.
func number(op *history.Op) int64 {
	if len(op.In.List) > 0 {
		return op.In.List[0]
	}
	return op.In.Num
}

// collect notes what the operations of a key wrote or appended, and reports
// whether all the values differ. Operations of unknown outcome count, too.
func (w *writers) collect(h history.History, ops []int32, s *shape) bool {
	width := uint64(s.high - s.low)
	if s.writers > 0 && uint64(s.writers-1) > width {
		return false // there are more writers than values
	}
	w.low, w.ops = s.low, slices.Grow(w.ops[:0], s.writers)
	for _, i := range ops {
		if h[i].MayMutate() {
			w.ops = append(w.ops, i)
		}
	}
	if width <= uint64(denseSlack*len(w.ops)) {
		return w.fillDense(h, int(width)+1)
	}
	return w.fillSorted(h)
}

func (w *writers) fillDense(h history.History, width int) bool {
	w.dense = slices.Grow(w.dense[:0], width)[:width]
	clear(w.dense)
	for k, i := range w.ops {
		at := &w.dense[number(&h[i])-w.low]
		if *at != 0 {
			return false
		}
		*at = int32(k) + 1
	}
	return true
}

func (w *writers) fillSorted(h history.History) bool {
	w.dense, w.sorted = w.dense[:0], w.sorted[:0]
	for k, i := range w.ops {
		w.sorted = append(w.sorted, written{number(&h[i]), int32(k)})
	}
	slices.SortFunc(w.sorted, func(a, b written) int { return cmp.Compare(a.value, b.value) })
	for k := 1; k < len(w.sorted); k++ {
		if w.sorted[k].value == w.sorted[k-1].value {
			return false
		}
	}
	return true
}

// of returns the writer of the value, or none.
func (w *writers) of(value int64) int32 {
	if len(w.dense) > 0 {
		if at := uint64(value - w.low); at < uint64(len(w.dense)) {
			return w.dense[at] - 1
		}
		return none
	}
	k, ok := slices.BinarySearchFunc(w.sorted, value, func(a written, v int64) int { return cmp.Compare(a.value, v) })
	if !ok {
		return none
	}
	return w.sorted[k].writer
}

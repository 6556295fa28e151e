package staleness

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// A key is what happened to one key: indices into the history, by call.
type key struct {
	writes  []int // what may have changed it
	reads   []int // what says what it held
	appends int   // how many of the writes are appends
	odd     bool  // a write of a list or of the initial value
}

// mixed reports whether appends and writes meet, or a write carries no number of its own.
func (k *key) mixed() bool { return k.odd || k.appends > 0 && k.appends < len(k.writes) }

// keysOf sorts the operations of h by key, in order of first appearance.
func keysOf(h history.History) []*key {
	var keys []*key
	byName := map[string]*key{}
	for i := range h {
		op := &h[i]
		writes, reads := op.MayMutate(), op.Observes()
		if !writes && !reads {
			continue
		}
		k := byName[op.Key]
		if k == nil {
			k = new(key)
			byName[op.Key] = k
			keys = append(keys, k)
		}
		if reads {
			k.reads = append(k.reads, i)
			continue
		}
		k.writes = append(k.writes, i)
		switch {
		case op.Kind == history.Append:
			k.appends++
		case op.In.Num == 0 || len(op.In.List) > 0:
			k.odd = true
		}
	}
	return keys
}

// A written is a write, and when its value was certainly in place.
type written struct {
	op    int
	value int64
	call  history.Time
	acked history.Time // Never if the outcome is unknown
	seen  history.Time // in place: acknowledged, or read; never before call
}

// writesByValue returns the writes sorted by value, and whether all values differ.
func writesByValue(h history.History, k *key) ([]written, bool) {
	ws := make([]written, len(k.writes))
	for i, at := range k.writes {
		op := &h[at]
		acked := op.Return
		if op.Status == history.Unknown {
			acked = history.Never
		}
		ws[i] = written{at, op.In.Num, op.Call, acked, acked}
	}
	slices.SortFunc(ws, func(a, b written) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.op, b.op)) })
	for i := 1; i < len(ws); i++ {
		if ws[i].value == ws[i-1].value {
			return ws, false
		}
	}
	return ws, true
}

// find returns the write of the value, or nil.
func find(ws []written, value int64) *written {
	i, ok := slices.BinarySearchFunc(ws, value, func(w written, v int64) int { return cmp.Compare(w.value, v) })
	if !ok {
		return nil
	}
	return &ws[i]
}

// sort puts the lists in order of call, which is that of indices.
func (s *Score) sort() {
	slices.SortFunc(s.Stale, func(a, b Stale) int { return cmp.Compare(a.Op, b.Op) })
	slices.SortFunc(s.Samples, func(a, b Sample) int { return cmp.Compare(a.Op, b.Op) })
}

// acknowledgements returns the sorted instants at which writes were acknowledged.
func acknowledgements(ws []written) []history.Time {
	var at []history.Time
	for _, w := range ws {
		if w.acked != history.Never {
			at = append(at, w.acked)
		}
	}
	slices.Sort(at)
	return at
}

// sample adds a point of the t-visibility curve, if a write was acknowledged before the read.
func (s *Score) sample(h history.History, read int, acks []history.Time, fresh bool) {
	call := h[read].Call
	if n, _ := slices.BinarySearch(acks, call); n > 0 {
		s.Samples = append(s.Samples, Sample{read, call.Sub(acks[n-1]), fresh})
	}
}

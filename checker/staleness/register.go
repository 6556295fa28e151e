package staleness

import (
	"cmp"
	"math"
	"slices"

	"faultline/checker/history"
)

// registers judges the reads of a key that is only written and swapped.
func (s *Score) registers(h history.History, k *key) {
	ws, unique := writesByValue(h, k)
	if !unique {
		s.Skipped += len(k.reads)
		return
	}
	notice(h, k, ws)
	acks := acknowledgements(ws)
	over := newOverwrites(ws)
	first := len(s.Stale)
	for _, r := range k.reads {
		placed, ok := placedAt(ws, h[r].Out)
		if !ok {
			s.Unexplained++
			continue
		}
		s.Reads++
		newer, stale := over.firstAfter(placed, h[r].Call)
		if stale {
			s.Stale = append(s.Stale, Stale{Op: r, Newer: newer.op, Age: h[r].Call.Sub(newer.seen)})
		}
		s.sample(h, r, acks, !stale)
	}
	over.count(h, ws, s.Stale[first:])
}

// notice moves forward when a value was in place, to the first read that shows it.
func notice(h history.History, k *key, ws []written) {
	for _, r := range k.reads {
		if len(h[r].Out.List) > 0 {
			continue
		}
		if w := find(ws, h[r].Out.Num); w != nil {
			w.seen = max(w.call, min(w.seen, h[r].Return))
		}
	}
}

// beginning is before all operations: the initial value was in place then.
const beginning = history.Time(math.MinInt64)

// placedAt returns when the value was certainly in place, and whether anyone wrote it.
func placedAt(ws []written, v history.Value) (history.Time, bool) {
	switch {
	case v.IsZero():
		return beginning, true
	case len(v.List) > 0:
		return 0, false
	}
	w := find(ws, v.Num)
	if w == nil {
		return 0, false
	}
	return w.seen, true
}

// overwrites answers which writes followed a value.
type overwrites struct {
	byCall []written
	first  []int // for each suffix of byCall, the write in it that was in place first
}

func newOverwrites(ws []written) overwrites {
	o := overwrites{byCall: slices.Clone(ws), first: make([]int, len(ws))}
	slices.SortFunc(o.byCall, func(a, b written) int { return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.op, b.op)) })
	for i := len(ws) - 1; i >= 0; i-- {
		o.first[i] = i
		if i+1 < len(ws) && o.byCall[o.first[i+1]].seen < o.byCall[i].seen {
			o.first[i] = o.first[i+1]
		}
	}
	return o
}

// after returns the place in byCall of the first write called after the instant.
func (o *overwrites) after(at history.Time) int {
	i, _ := slices.BinarySearchFunc(o.byCall, at, func(w written, at history.Time) int {
		if w.call <= at {
			return -1
		}
		return 1
	})
	return i
}

// firstAfter returns the write that was in place first among those called after
// placed, and whether it was in place before the given call.
func (o *overwrites) firstAfter(placed, call history.Time) (*written, bool) {
	i := o.after(placed)
	if i == len(o.byCall) {
		return nil, false
	}
	w := &o.byCall[o.first[i]]
	return w, w.seen < call
}

// count fills in the versions of stale reads: for each, the writes called after
// its value was in place and in place before the read was called. It sweeps
// over the reads by call, with a Fenwick tree over writes in order of call.
func (o *overwrites) count(h history.History, ws []written, stale []Stale) {
	if len(stale) == 0 {
		return
	}
	order := make([]int, len(o.byCall)) // places in byCall, by when they were in place
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(o.byCall[a].seen, o.byCall[b].seen) })
	tree := make(fenwick, len(order)+1)
	done := 0
	for i := range stale { // reads are in order of call
		read := &h[stale[i].Op]
		for done < len(order) && o.byCall[order[done]].seen < read.Call {
			tree.add(order[done])
			done++
		}
		placed, _ := placedAt(ws, read.Out)
		stale[i].Versions = done - tree.before(o.after(placed))
	}
}

// A fenwick counts marked places in O(log n) (Fenwick, Softw. Pract. Exp. 1994).
type fenwick []int

// add marks place i.
func (f fenwick) add(i int) {
	for i++; i < len(f); i += i & -i {
		f[i]++
	}
}

// before returns how many places below i are marked.
func (f fenwick) before(i int) int {
	n := 0
	for ; i > 0; i -= i & -i {
		n += f[i]
	}
	return n
}

package staleness

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// A written is a write, and when its value was certainly in place.
type written struct {
	op    int32
	call  history.Time
	acked history.Time // Never if the outcome is unknown
	seen  history.Time // in place: acknowledged, or read; never before call
}

// writes returns the writes of the key, by place.
func writes(h history.History, k *keys.Key) []written {
	ws := make([]written, len(k.Writes))
	for place, i := range k.Writes {
		op := &h[i]
		acked := op.Return
		if op.Status == history.Unknown {
			acked = history.Never
		}
		ws[place] = written{i, op.Call, acked, acked}
	}
	return ws
}

// notice moves forward when a value was in place, to the return of a read that shows it.
func (w *written) notice(read *history.Op) { w.seen = max(w.call, min(w.seen, read.Return)) }

// registers judges the reads of a key that is only written and swapped, by what is
// certain from the outside.
func (s *Score) registers(h history.History, k *keys.Key) {
	ws := writes(h, k)
	for n, r := range k.Reads {
		if from := k.From[n]; from >= 0 {
			ws[from].notice(&h[r])
		}
	}
	acks := acknowledgements(ws)
	over := newOverwrites(ws)
	first := len(s.Stale)
	for n, r := range k.Reads {
		from := k.From[n]
		if from == keys.Nobody {
			s.Unexplained++
			continue
		}
		s.Reads++
		placed := beginning
		if from != keys.Initial {
			placed = ws[from].seen
		}
		newer, stale := over.firstAfter(placed, h[r].Call)
		if stale {
			s.Stale = append(s.Stale, Stale{Op: int(r), Newer: int(newer.op), Age: h[r].Call.Sub(newer.seen)})
			over.placed = append(over.placed, placed)
		}
		s.sample(h, r, acks, !stale)
	}
	over.count(h, s.Stale[first:])
}

// beginning is before all operations: the initial value was in place then.
const beginning = history.Time(math.MinInt64)

// overwrites answers which writes followed a value.
type overwrites struct {
	byCall []written
	first  []int32        // for each suffix of byCall, the write in it that was in place first
	placed []history.Time // of each stale read, when its value was in place
}

func newOverwrites(ws []written) overwrites {
	o := overwrites{byCall: slices.Clone(ws), first: make([]int32, len(ws))}
	slices.SortFunc(o.byCall, func(a, b written) int { return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.op, b.op)) })
	for i := len(ws) - 1; i >= 0; i-- {
		o.first[i] = int32(i)
		if i+1 < len(ws) && o.byCall[o.first[i+1]].seen < o.byCall[i].seen {
			o.first[i] = o.first[i+1]
		}
	}
	return o
}

// after returns the place in byCall of the first write called after the instant.
func (o *overwrites) after(at history.Time) int {
	return sort.Search(len(o.byCall), func(i int) bool { return o.byCall[i].call > at })
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
// its value was in place and in place before the read was called.
func (o *overwrites) count(h history.History, stale []Stale) {
	if len(stale) == 0 {
		return
	}
	c := newCounter(len(o.byCall), func(i int) history.Time { return o.byCall[i].seen })
	for _, i := range byCall(h, stale) {
		stale[i].Versions = c.from(o.after(o.placed[i]), h[stale[i].Op].Call)
	}
}

// byCall returns the places of the reads, by call.
func byCall(h history.History, stale []Stale) []int {
	order := make([]int, len(stale))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(h[stale[a].Op].Call, h[stale[b].Op].Call) })
	return order
}

// A counter counts versions that were in place before an instant, from some version on.
type counter struct {
	order []int // the versions, by when they were in place
	seen  func(int) history.Time
	tally keys.Tally
	done  int
}

func newCounter(n int, seen func(int) history.Time) counter {
	c := counter{order: make([]int, n), seen: seen, tally: keys.NewTally(n)}
	for i := range c.order {
		c.order[i] = i
	}
	slices.SortFunc(c.order, func(a, b int) int { return cmp.Compare(seen(a), seen(b)) })
	return c
}

// from returns how many versions from the given one on were in place before the
// call. Calls come in order of time.
func (c *counter) from(version int, call history.Time) int {
	for c.done < len(c.order) && c.seen(c.order[c.done]) < call {
		c.tally.Mark(c.order[c.done])
		c.done++
	}
	return c.done - c.tally.Below(version)
}

// acknowledgements returns the sorted instants at which writes were acknowledged.
func acknowledgements(ws []written) []history.Time {
	at := make([]history.Time, 0, len(ws))
	for _, w := range ws {
		if w.acked != history.Never {
			at = append(at, w.acked)
		}
	}
	slices.Sort(at)
	return at
}

// sample adds a point of the t-visibility curve, if a write was acknowledged before the read.
func (s *Score) sample(h history.History, read int32, acks []history.Time, fresh bool) {
	call := h[read].Call
	if n, _ := slices.BinarySearch(acks, call); n > 0 {
		s.Samples = append(s.Samples, Sample{int(read), call.Sub(acks[n-1]), fresh})
	}
}

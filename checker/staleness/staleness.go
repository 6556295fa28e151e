// Package staleness scores how old reads are, in time and in versions, after
// Probabilistically Bounded Staleness (Bailis et al., VLDB 2012). A read is stale
// if, before it was called, a newer value than it returned was in place.
//
// Where the store's own order of versions is known for a key (history.Op.Version),
// newer means of a greater version, and the figures are exact. Elsewhere they are
// inferred: what is certain from the outside, in every order of the operations that
// respects real time, so that every figure is a lower bound. A score says of
// how many reads which is the case. The two can differ both ways: a store that
// ranks by clocks may rank a later write below an earlier one, and then it is not
// stale, by its order, to return the earlier.
//
// When a value was certainly in place: a write had certainly taken effect once
// it was acknowledged or, if earlier, once a read of its value returned. Writes
// of unknown outcome count from the first read that shows them, else not at all.
//
//   - Inferred, a write is newer than a value if it was called after that value was in place.
//   - A read is stale if, before it was called, a write newer than its value was in place.
//   - Its age in time (t-visibility) is how long such a write had been in place when it was called.
//   - Its age in versions (k-staleness) is how many such writes were in place; inferred, the writes wholly between.
//
// A key that is only appended to is read as a list, and no order is needed: a read
// is stale if an append that was acknowledged before its call is missing from its
// list; its age is the time since the earliest such acknowledgement, and the number
// of them.
//
// Judged are OK reads, and compare-and-sets that did not swap and said what they
// found, on keys where all written values differ or the store's order is known.
// What cannot be judged is counted.
package staleness

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/keys"
)

// A Stale is a read that was certainly stale.
type Stale struct {
	Op       int           // the read, as index into the history
	Newer    int           // the write that proves it: the first newer one to be in place (by the store's order, a read of it if the write is not known)
	Age      time.Duration // since a newer value was in place, at the read's call
	Versions int           // newer writes in place at the read's call
}

// A Sample is one point of a t-visibility curve: given the time since the newest
// acknowledged write, was the read fresh?
type Sample struct {
	Op    int           // the read, as index into the history
	Since time.Duration // to its call, from the newest acknowledgement on its key before; by the store's order, from that of the greatest version
	Fresh bool          // it returned that write's value, or one newer or concurrent: it was not stale
}

// A Score is the staleness of a history. Lists are in order of call.
type Score struct {
	Reads       int      // reads judged
	Ranked      int      // of these, judged by the store's own order
	Unwritten   int      // of these, on keys that were never seen to be written: fresh by any order. For the others, it is inferred
	Stale       []Stale  // the stale ones among them
	Samples     []Sample // one for each read judged that had an acknowledged write before it
	Unexplained int      // reads of a value that nobody wrote, or only a failed write: not judged
	Skipped     int      // reads on keys whose written values are not unique or mix writes with appends, where the store's order is not known: not judged
}

// Share returns the share of stale reads among those judged, 0 if there are none.
func (s *Score) Share() float64 {
	if s.Reads == 0 {
		return 0
	}
	return float64(len(s.Stale)) / float64(s.Reads)
}

// Oldest returns the stale read of greatest age, the first of several, and
// whether there is any.
func (s *Score) Oldest() (Stale, bool) {
	var oldest Stale
	for _, r := range s.Stale {
		if r.Age > oldest.Age {
			oldest = r
		}
	}
	return oldest, len(s.Stale) > 0
}

// Checker is Measure as a checker for catalogues: it holds if no read was
// stale. Its score is the share of stale reads.
type Checker struct{}

// Name returns fresh.
func (Checker) Name() string { return "fresh" }

// Check judges whether all reads are fresh. It needs no budget. Where values are
// not unique it cannot judge, and says undecided rather than holds.
func (Checker) Check(h history.History, _ judge.Budget) judge.Result {
	s := Measure(h)
	r := judge.Result{Engine: "intervals", Score: s.Share()}
	switch oldest, stale := s.Oldest(); {
	case stale:
		r.Verdict = judge.Violated
		read, newer := h[oldest.Op], h[oldest.Newer]
		r.Evidence.Ops = []int{min(oldest.Op, oldest.Newer), max(oldest.Op, oldest.Newer)}
		r.Evidence.Text = fmt.Sprintf("%v at %v, though %v, which was in place %v earlier (%d stale of %d reads)",
			read, read.Call, newer, history.Time(oldest.Age), len(s.Stale), s.Reads)
	case s.Skipped > 0 || s.Unexplained > 0:
		r.Verdict = judge.Undecided
		r.Evidence.Text = fmt.Sprintf("%d reads on keys without unique values and %d reads of values without origin cannot be judged", s.Skipped, s.Unexplained)
	}
	return r
}

// Measure scores the reads of h in O(n log n), plus the length of the lists read.
func Measure(h history.History) Score { return MeasureKeys(h, keys.Of(h)) }

// MeasureKeys is Measure for a history that is already taken apart.
func MeasureKeys(h history.History, all []keys.Key) Score {
	return new(Meter).MeasureKeys(h, all, false)
}

// A Meter measures histories, one after the other in the same memory. The zero
// value is ready to use.
type Meter struct {
	samples [2][]Sample // as keys come, and in order
	place   []int32
	ranked  ranked
}

// MeasureKeys is the function MeasureKeys, which need not look for stale reads if
// there are known to be none. The samples are good until the next call.
func (m *Meter) MeasureKeys(h history.History, all []keys.Key, fresh bool) Score {
	s := Score{Samples: m.samples[0][:0]}
	for i := range all {
		k := &all[i]
		ranks, known := keys.Ranks{}, false
		if k.Shape != keys.List {
			ranks, known = k.Ranks(h)
		}
		switch {
		case known && fresh:
			s.fresh(h, k, m.ranked.newest(h, k, ranks))
		case known:
			s.ranked(h, k, ranks, &m.ranked)
		case k.Shape == keys.List:
			s.lists(h, k)
		case k.Shape == keys.Register:
			s.registers(h, k)
		default:
			s.Skipped += len(k.Reads)
		}
		if !known && unwritten(h, k) {
			s.Unwritten += len(k.Reads)
		}
	}
	slices.SortFunc(s.Stale, func(a, b Stale) int { return cmp.Compare(a.Op, b.Op) })
	m.samples[0] = s.Samples
	s.Samples = m.inOrder(len(h))
	return s
}

// inOrder returns the samples of n operations in their order: it puts each in its
// place, which takes a tenth of the time of sorting them.
func (m *Meter) inOrder(n int) []Sample {
	m.place = slices.Grow(m.place[:0], n)[:n] // of an operation's sample, counted from 1
	clear(m.place)
	for i := range m.samples[0] {
		m.place[m.samples[0][i].Op] = int32(i + 1)
	}
	sorted := slices.Grow(m.samples[1][:0], len(m.samples[0]))
	for _, at := range m.place {
		if at > 0 {
			sorted = append(sorted, m.samples[0][at-1])
		}
	}
	m.samples[1] = sorted
	return sorted
}

// unwritten reports whether no write of the key was acknowledged or seen.
func unwritten(h history.History, k *keys.Key) bool {
	return !slices.ContainsFunc(k.Writes, func(i int32) bool { return h[i].Status == history.OK }) &&
		!slices.ContainsFunc(k.Reads, func(i int32) bool { return !h[i].Out.IsZero() })
}

// Basis says what the score rests on: store, inferred, or both.
func (s *Score) Basis() string {
	switch {
	case s.Ranked == 0:
		return "inferred"
	case s.Ranked+s.Unwritten == s.Reads:
		return "store"
	default:
		return "store and inferred"
	}
}

// Package consistability says how much consistency a store gave, how much of the
// time, next to how available it was (Aiyer, Anderson, Li, Shah, Wylie,
// "Consistability: describing usually consistent systems", HotDep 2008). It does
// not judge consistency itself: it is told which operations were inconsistent.
//
// Time is cut into windows, and each operation belongs to the window of its call.
// Of a window,
//
//   - availability is the share of its operations that were answered OK;
//   - consistency is the share of its judged reads that were consistent;
//   - goodness is the share of its operations that were answered OK and were not inconsistent.
//
// Windows count alike, however many operations they have, for it is a share of the
// time that is asked for: a store that stands still is asked less, and would else
// look better than it is. A window without calls during which a client was waiting all
// along has availability and goodness 0; one in which nobody wanted anything does not count.
package consistability

import (
	"cmp"
	"math"
	"slices"
	"time"

	"faultline/checker/history"
)

// A Fault is an operation that was inconsistent.
type Fault struct {
	Op int           // as index into the history
	By time.Duration // how late it was, for reads that a shift repairs; else 0
}

// A Window is what happened to the operations called in a stretch of time.
type Window struct {
	From         history.Time  `json:"from_ns"`
	Called       int           `json:"called"`
	OK           int           `json:"ok"`           // answered OK
	Judged       int           `json:"judged"`       // reads answered OK, on keys that were judged
	Inconsistent int           `json:"inconsistent"` // operations answered OK that were inconsistent
	Wrong        int           `json:"wrong"`        // of the judged reads, those inconsistent
	Delta        time.Duration `json:"delta_ns"`     // by how much the latest of its reads was late
	Waiting      bool          `json:"waiting"`      // nothing was called, but a client was waiting all along
}

// Availability returns the share of operations that were answered, and whether the
// window counts.
func (w *Window) Availability() (float64, bool) { return share(w.OK, w.Called, w.Waiting) }

// Goodness returns the share of operations that were answered and consistent, and
// whether the window counts.
func (w *Window) Goodness() (float64, bool) { return share(w.OK-w.Inconsistent, w.Called, w.Waiting) }

// Consistency returns the share of judged reads that were consistent, and whether
// there were any.
func (w *Window) Consistency() (float64, bool) { return share(w.Judged-w.Wrong, w.Judged, false) }

func share(part, all int, zero bool) (float64, bool) {
	if all == 0 {
		return 0, zero
	}
	return float64(part) / float64(all), true
}

// A Score is the windows of a history, in order of time and without gaps.
type Score struct {
	Width   time.Duration
	Windows []Window
}

// The default width of windows is a quarter of a second, or more if the history is
// so long that there would be more than manyWindows. However narrow they are asked for,
// there are at most maxWindows.
const (
	minWidth    = 250 * time.Millisecond
	manyWindows = 240
	maxWindows  = 100_000
)

// Measure cuts the time of h, up to the given end, into windows of the given
// width. Operations called at the end or later are left out. A width of 0 is the default. judged says
// whether reads of an operation's key were judged; faults come in any order.
func Measure(h history.History, end history.Time, width time.Duration, faults []Fault, judged func(op int) bool) Score {
	first, last, any := extent(h, end)
	if !any {
		return Score{Width: max(width, minWidth)}
	}
	s := Score{Width: fit(width, uint64(last)-uint64(first))}
	start := floor(first, s.Width)
	s.Windows = make([]Window, (uint64(last)-uint64(start))/uint64(s.Width)+1)
	for i := range s.Windows {
		s.Windows[i].From = start + history.Time(i)*history.Time(s.Width)
	}
	for i := range h {
		if op := &h[i]; op.Call < end {
			w := s.of(op)
			w.Called++
			if op.Status == history.OK {
				w.OK++
			}
			if op.Observes() && judged(i) {
				w.Judged++
			}
		}
	}
	s.blame(h, end, faults, judged)
	s.wait(h, end)
	return s
}

// extent returns the first call before the end, and when the last operation that
// was called before the end was over, if that was before the end; else the last instant before.
func extent(h history.History, end history.Time) (first, last history.Time, any bool) {
	first, last = history.Never, history.Time(math.MinInt64)
	for i := range h {
		if op := &h[i]; op.Call < end {
			first, last = min(first, op.Call), max(last, min(over(op), end-1))
		}
	}
	return first, last, first <= last
}

// over returns when the client stopped waiting: for an operation of unknown outcome, when it
// gave up the last attempt, if that is known, and else when it called.
func over(op *history.Op) history.Time {
	if op.Status != history.Unknown {
		return max(op.Call, op.Return)
	}
	at := op.Call
	for _, a := range op.Attempts {
		at = max(at, a.Return)
	}
	return at
}

// fit returns the width of windows for a span of time, in whole minWidth if it is
// the default.
func fit(width time.Duration, span uint64) time.Duration {
	if width <= 0 {
		width = minWidth * time.Duration(max(1, (span/manyWindows+uint64(minWidth)-1)/uint64(minWidth)))
	}
	for span/uint64(width) >= maxWindows {
		width *= 2
	}
	return width
}

// floor returns the greatest multiple of width that is not after t, or else the
// beginning of all time.
func floor(t history.Time, width time.Duration) history.Time {
	rest := t % history.Time(width)
	if rest < 0 {
		rest += history.Time(width)
	}
	return max(t, math.MinInt64+rest) - rest
}

// of returns the window of the operation.
func (s *Score) of(op *history.Op) *Window {
	return &s.Windows[(uint64(op.Call)-uint64(s.Windows[0].From))/uint64(s.Width)]
}

// blame enters what was inconsistent; an operation counts once.
func (s *Score) blame(h history.History, end history.Time, faults []Fault, judged func(int) bool) {
	faults = slices.Clone(faults)
	slices.SortFunc(faults, func(a, b Fault) int { return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(b.By, a.By)) })
	faults = slices.CompactFunc(faults, func(a, b Fault) bool { return a.Op == b.Op })
	for _, f := range faults {
		op := &h[f.Op]
		if op.Call >= end || op.Status != history.OK {
			continue
		}
		w := s.of(op)
		w.Inconsistent++
		if op.Observes() && judged(f.Op) {
			w.Wrong++
		}
		w.Delta = max(w.Delta, f.By)
	}
}

// wait finds the windows in which clients could only wait.
func (s *Score) wait(h history.History, end history.Time) {
	until := make([]history.Time, len(s.Windows)) // of the operations called in a window: when the last was over
	for i := range until {
		until[i] = s.Windows[i].From
	}
	for i := range h {
		if op := &h[i]; op.Call < end {
			at := (uint64(op.Call) - uint64(s.Windows[0].From)) / uint64(s.Width)
			until[at] = max(until[at], over(op))
		}
	}
	latest := s.Windows[0].From
	for i := range s.Windows {
		w := &s.Windows[i]
		w.Waiting = w.Called == 0 && latest > w.From && uint64(latest)-uint64(w.From) >= uint64(s.Width)
		latest = max(latest, until[i])
	}
}

// Value returns the score as one number: the mean goodness of the windows that
// count. It is the share of operations, asked for at a random time, that are answered and consistent; 1
// if no window counts.
func (s *Score) Value() float64 { return mean(s.Windows, (*Window).Goodness) }

// Availability returns the mean availability of the windows that count.
func (s *Score) Availability() float64 { return mean(s.Windows, (*Window).Availability) }

// Consistency returns the mean consistency of the windows with judged reads.
func (s *Score) Consistency() float64 { return mean(s.Windows, (*Window).Consistency) }

func mean(windows []Window, of func(*Window) (float64, bool)) float64 {
	sum, n := 0.0, 0
	for i := range windows {
		if x, counts := of(&windows[i]); counts {
			sum += x
			n++
		}
	}
	if n == 0 {
		return 1
	}
	return sum / float64(n)
}

// A Level says how much of the time the store was at least so good: a point of the
// distribution.
type Level struct {
	AtLeast      float64 `json:"at_least"`
	Consistency  float64 `json:"consistency"`  // share of windows of at least this consistency
	Availability float64 `json:"availability"` // share of windows of at least this availability
	Both         float64 `json:"both"`         // share of windows of at least this goodness
}

// levels are the points of a distribution.
var levels = [...]float64{1, 0.999, 0.99, 0.95, 0.9, 0.75, 0.5}

// Distribution returns how much of the time the store was how good, the best first.
// Shares are of the windows that count.
func (s *Score) Distribution() []Level {
	all := make([]Level, len(levels))
	for i, x := range levels {
		all[i] = Level{x, reach(s.Windows, x, (*Window).Consistency), reach(s.Windows, x, (*Window).Availability), reach(s.Windows, x, (*Window).Goodness)}
	}
	return all
}

// reach returns the share of windows that reach x, of those that count.
func reach(windows []Window, x float64, of func(*Window) (float64, bool)) float64 {
	return mean(windows, func(w *Window) (float64, bool) {
		y, counts := of(w)
		if y >= x {
			return 1, counts
		}
		return 0, counts
	})
}

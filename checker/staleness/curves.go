package staleness

import (
	"cmp"
	"slices"
	"time"
)

// A Visible counts the reads that were called within a span of time after the
// newest acknowledged write, from the end of the span before.
type Visible struct {
	Since time.Duration `json:"since_ns"` // where the span ends; the last one has no end
	Reads int           `json:"reads"`
	Fresh int           `json:"fresh"` // of these, fresh
}

// visibleSpans is how many spans a curve has at most: they double from 1 ms on, so
// that the last one begins at 16 s.
const visibleSpans = 16

// Visibility returns the t-visibility curve of PBS as it was measured: by the time t
// since the newest acknowledged write, the share of reads that were fresh. Spans without reads
// are left out.
func (s *Score) Visibility() []Visible {
	curve := make([]Visible, visibleSpans)
	for i := range curve {
		curve[i].Since = time.Millisecond << i
	}
	for _, x := range s.Samples {
		i := 0
		for i < visibleSpans-1 && x.Since > curve[i].Since {
			i++
		}
		curve[i].Reads++
		if x.Fresh {
			curve[i].Fresh++
		}
	}
	return slices.DeleteFunc(curve, func(v Visible) bool { return v.Reads == 0 })
}

// VisibleAfter returns t-visibility at probability p: the least t such that, of
// the reads called at least t after the newest acknowledged write, at least the
// share p was fresh. It is 0 if that is so of all reads, and there is none (false)
// if it is not even so of the reads called latest.
func (s *Score) VisibleAfter(p float64) (time.Duration, bool) {
	if !slices.ContainsFunc(s.Samples, func(x Sample) bool { return !x.Fresh }) {
		return 0, true
	}
	sorted := slices.Clone(s.Samples)
	slices.SortFunc(sorted, func(a, b Sample) int { return cmp.Compare(b.Since, a.Since) })
	t, ok := time.Duration(0), len(sorted) == 0
	fresh := 0
	for i, x := range sorted {
		if x.Fresh {
			fresh++
		}
		if last := i == len(sorted)-1; last || sorted[i+1].Since < x.Since {
			if float64(fresh) >= p*float64(i+1) {
				t, ok = x.Since, true
				if last {
					t = 0
				}
			}
		}
	}
	return t, ok
}

// A Behind counts the reads that were so many versions behind.
type Behind struct {
	Versions int `json:"versions"` // 0: fresh
	Reads    int `json:"reads"`
}

// Behind returns the distribution of k-staleness, by versions. Numbers of versions
// without reads are left out.
func (s *Score) Behind() []Behind {
	versions := make([]int, 0, len(s.Stale))
	for i := range s.Stale {
		versions = append(versions, s.Stale[i].Versions)
	}
	slices.Sort(versions)
	var all []Behind
	if fresh := s.Reads - len(s.Stale); fresh > 0 {
		all = append(all, Behind{0, fresh})
	}
	for _, v := range versions {
		if n := len(all); n == 0 || all[n-1].Versions != v {
			all = append(all, Behind{v, 0})
		}
		all[len(all)-1].Reads++
	}
	return all
}

// Within returns the share of reads that returned one of the k newest versions in
// place, which is the probability of k-staleness in PBS; 1 if there are no reads.
func (s *Score) Within(k int) float64 {
	if s.Reads == 0 {
		return 1
	}
	older := 0
	for i := range s.Stale {
		if s.Stale[i].Versions >= k {
			older++
		}
	}
	return 1 - float64(older)/float64(s.Reads)
}

// Age returns the p-quantile of the ages of all reads judged, where a fresh read
// has age 0: the least age that at least the share p does not exceed.
func (s *Score) Age(p float64) time.Duration {
	ages := make([]time.Duration, 0, len(s.Stale))
	for i := range s.Stale {
		ages = append(ages, s.Stale[i].Age)
	}
	slices.Sort(ages)
	younger := s.Reads - len(ages) // how many come before the first of ages
	for i, age := range ages {
		if i == 0 && float64(younger) >= p*float64(s.Reads) {
			return 0
		}
		if float64(younger+i+1) >= p*float64(s.Reads) {
			return age
		}
	}
	return 0
}

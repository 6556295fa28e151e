package results

import (
	"fmt"
	"slices"
)

// A Cell is all runs of one cell of the grid, one for each seed.
type Cell struct {
	CellInfo
	Rows []Row // by seed

	summaries map[string]Summary
}

// Group splits a Set into its cells, in the order of the grid.
func Group(s *Set) []*Cell {
	var cells []*Cell
	for i, r := range s.Rows() {
		if i == 0 || s.rows[i-1].Cell != r.Cell {
			info := CellInfo{Cell: r.Cell, Series: r.Series, Model: r.Model, Params: r.Params}
			cells = append(cells, &Cell{CellInfo: info, summaries: map[string]Summary{}})
		}
		last := cells[len(cells)-1]
		last.Rows = append(last.Rows, r)
	}
	return cells
}

// Values of one metric, by seed. Runs in which it has no value are left out.
func (c *Cell) Values(metric string) []Value {
	var vs []Value
	for _, r := range c.Rows {
		if v, ok := r.Metrics[metric]; ok {
			vs = append(vs, Value{r.Seed, v})
		}
	}
	return vs
}

// Summary of one metric over the seeds; N says in how many of them it has a
// value. It is computed once and kept: do not call it from two goroutines.
func (c *Cell) Summary(metric string) Summary {
	s, ok := c.summaries[metric]
	if !ok {
		s = Summarize(c.Values(metric))
		c.summaries[metric] = s
	}
	return s
}

// Beyond lists the assumptions that the faults of any of the runs broke, sorted.
func (c *Cell) Beyond() []string {
	var all []string
	for _, r := range c.Rows {
		all = append(all, r.Beyond...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Latency merges the histograms of all runs, reads and writes together.
func (c *Cell) Latency() Histogram {
	var h Histogram
	for _, r := range c.Rows {
		h.Merge(r.Latency.Read)
		h.Merge(r.Latency.Write)
	}
	return h
}

// A Tally counts the verdicts of one property over seeds.
type Tally struct {
	Holds     int `json:"holds"`
	Violated  int `json:"violated"`
	Undecided int `json:"undecided"`

	FirstViolated uint64 `json:"first_violated,omitempty"` // lowest violating seed, when Violated > 0
	Evidence      string `json:"evidence,omitempty"`       // of that seed
}

// Tally counts the verdicts of one property. Runs that were not judged by it count nowhere.
func (c *Cell) Tally(property string) Tally {
	var t Tally
	for _, r := range c.Rows {
		switch r.Verdicts[property] {
		case Holds:
			t.Holds++
		case Undecided:
			t.Undecided++
		case Violated:
			if t.Violated == 0 {
				t.FirstViolated, t.Evidence = r.Seed, r.Evidence[property]
			}
			t.Violated++
		}
	}
	return t
}

// Judged is the number of runs with a verdict.
func (t Tally) Judged() int { return t.Holds + t.Violated + t.Undecided }

// Verdict of all runs together: Violated when one is; Holds only when every one was decided and held; "" when none was judged.
func (t Tally) Verdict() string {
	switch {
	case t.Violated > 0:
		return Violated
	case t.Undecided > 0:
		return Undecided
	case t.Holds > 0:
		return Holds
	}
	return ""
}

// String says how many runs held: "200/200", "187/200", "187/200, 4 undecided".
func (t Tally) String() string {
	if t.Judged() == 0 {
		return "not checked"
	}
	s := fmt.Sprintf("%d/%d", t.Holds, t.Judged())
	if t.Undecided > 0 {
		s += fmt.Sprintf(", %d undecided", t.Undecided)
	}
	return s
}

// Properties lists every property that a run of the Set was judged by, sorted.
func Properties(s *Set) []string {
	seen := map[string]bool{}
	var names []string
	for _, r := range s.Rows() {
		for p := range r.Verdicts {
			if !seen[p] {
				seen[p] = true
				names = append(names, p)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Violations is the share of judged runs that violated a property, with its
// Wilson interval. An undecided run may have violated it or not: the upper end
// of the interval counts it as a violation, the mean and the lower end do not.
func (c *Cell) Violations(property string) Summary {
	t := c.Tally(property)
	n := t.Judged()
	if n == 0 {
		return Summary{}
	}
	s := Summary{N: n, Mean: float64(t.Violated) / float64(n), Max: 1, MaxSeed: t.FirstViolated}
	s.Lo, _ = Wilson(t.Violated, n)
	_, s.Hi = Wilson(t.Violated+t.Undecided, n)
	if t.Violated == 0 {
		s.Max, s.MaxSeed = 0, c.Rows[0].Seed
	}
	return s
}

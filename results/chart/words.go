package chart

import (
	"fmt"
	"slices"
	"strings"

	"faultline/results"
)

// A measure is a metric as a chart uses it: its value for each cell.
type measure struct {
	results.Metric
	of     func(*results.Cell) results.Summary
	values func(*results.Cell) []results.Value // by seed; nil when the seeds have none of their own
}

// measure looks a metric up; "violations" is the one that only cells have.
func (in *input) measure(name, fallback string) (measure, error) {
	if name == "" {
		name = fallback
	}
	if name == results.Violations.Name {
		if in.property == "" {
			return measure{}, fmt.Errorf("no run was judged by a checker, so there are no %s to show\n  hint: choose a metric: %s", name, results.Sentence(results.MetricNames()))
		}
		return measure{results.Violations, func(c *results.Cell) results.Summary { return c.Violations(in.property) }, nil}, nil
	}
	m, err := results.FindMetric(name)
	if err != nil {
		return measure{}, err
	}
	of := func(c *results.Cell) results.Summary { return c.Summary(name) }
	values := func(c *results.Cell) []results.Value { return c.Values(name) }
	return measure{m, of, values}, nil
}

// better tells whether a is certainly better than b: the interval of their
// difference, seed by seed, leaves out zero. Where seeds have no values, the two intervals must be apart.
func (m measure) better(a, b *results.Cell) bool {
	if a == b || m.of(a).N == 0 || m.of(b).N == 0 {
		return false
	}
	if m.values == nil {
		return m.of(a).Apart(m.of(b)) && m.gain(a, b) > 0
	}
	d := results.Paired(m.values(a), m.values(b))
	if !d.Certain() {
		return false
	}
	return (d.Mean > 0) == (m.Better != results.Lower)
}

// ranked is the cells with a value, best mean first; cells that are equal keep their order.
func (m measure) ranked(cells []*results.Cell) []*results.Cell {
	out := slices.DeleteFunc(slices.Clone(cells), func(c *results.Cell) bool { return m.of(c).N == 0 })
	slices.SortStableFunc(out, func(a, b *results.Cell) int {
		d := m.of(a).Mean - m.of(b).Mean
		if m.Better != results.Lower {
			d = -d
		}
		switch {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	return out
}

// best is the best cell and all that are not certainly worse than it.
func (m measure) best(cells []*results.Cell) []*results.Cell {
	ranked := m.ranked(cells)
	return slices.DeleteFunc(ranked, func(c *results.Cell) bool { return m.better(ranked[0], c) })
}

// worst is the worst cell and all that are not certainly better than it.
func (m measure) worst(cells []*results.Cell) []*results.Cell {
	ranked := m.ranked(cells)
	slices.Reverse(ranked)
	return slices.DeleteFunc(ranked, func(c *results.Cell) bool { return m.better(c, ranked[0]) })
}

// span writes the values of some cells: "96%", "95% to 97%".
func (m measure) span(cells []*results.Cell) string {
	lo, hi := m.of(cells[0]).Mean, m.of(cells[0]).Mean
	for _, c := range cells {
		lo, hi = min(lo, m.of(c).Mean), max(hi, m.of(c).Mean)
	}
	if m.Format(lo) == m.Format(hi) {
		return m.Format(lo)
	}
	return m.Format(lo) + " to " + m.Format(hi)
}

// allOf and noneOf speak of all cells: "all 7 stores", "neither store".
func (in *input) allOf(n int) string {
	if n == 2 {
		return "Both " + in.noun()
	}
	return fmt.Sprintf("All %d %s", n, in.noun())
}

func (in *input) noneOf(n int) string {
	if n == 2 {
		return "Neither of the " + in.noun()
	}
	return fmt.Sprintf("None of the %d %s", n, in.noun())
}

// fewNames is the most names that a title lists.
const fewNames = 4

// names lists cells for a title, in the order of the grid; many of them are counted.
func (in *input) names(cells []*results.Cell) string {
	if len(cells) > fewNames {
		return fmt.Sprintf("%d of %d %s", len(cells), len(in.cells), in.noun())
	}
	sorted := slices.Clone(cells)
	slices.SortFunc(sorted, func(a, b *results.Cell) int { return a.Cell - b.Cell })
	var names []string
	for _, c := range sorted {
		names = append(names, c.Series)
	}
	return results.Sentence(names)
}

// adjectives are the properties that a store can be said to stay.
var adjectives = []string{"linearizable", "sequential", "causal", "serializable", "convergent", "available"}

// stay says that some keep a property: "raft stays linearizable", "raft and abd keep monotonic reads".
func stay(names, property string, plural bool) string {
	verb := map[bool]string{true: "keep", false: "keeps"}[plural]
	if slices.Contains(adjectives, property) {
		verb = map[bool]string{true: "stay", false: "stays"}[plural]
	}
	return names + " " + verb + " " + property
}

// capital makes the first letter large, unless it begins a symbol such as p99.
func capital(s string) string {
	if len(s) < 2 || s[0] < 'a' || s[0] > 'z' || s[1] < 'a' || s[1] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// interval writes an interval with the unit only once: "12.1 to 14 ms".
func (m measure) interval(s results.Summary) string {
	lo, hi := m.Format(s.Lo), m.Format(s.Hi)
	unit := strings.TrimLeft(hi, "0123456789.,")
	if rest, same := strings.CutSuffix(lo, unit); same && unit != "" {
		lo = rest
	}
	return lo + " to " + hi
}

// stays says that a run has a property: "stays linearizable", "keeps monotonic reads".
func stays(property string) string { return stay("", property, false)[1:] }

// lacks says that a run does not have a property.
func lacks(property string) string {
	if slices.Contains(adjectives, property) {
		return "is not " + property
	}
	return "violates " + property
}

// undecidedCount says how undecided runs were counted, where there are any.
func (in *input) undecidedCount() string {
	n := 0
	for _, c := range in.cells {
		n += c.Tally(in.property).Undecided
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d undecided runs count in the upper ends only", n)
}

// byVerdict splits the cells by what all their runs together say of the property.
func (in *input) byVerdict() (held, violated, undecided []*results.Cell) {
	for _, c := range in.cells {
		switch c.Tally(in.property).Verdict() {
		case results.Holds:
			held = append(held, c)
		case results.Violated:
			violated = append(violated, c)
		case results.Undecided:
			undecided = append(undecided, c)
		}
	}
	return held, violated, undecided
}

// loses says what a cell lost, or nothing.
func loses(c *results.Cell) string {
	runs, sum := 0, c.Summary("lost")
	for _, v := range c.Values("lost") {
		if v.V > 0 {
			runs++
		}
	}
	switch {
	case runs == 0:
		return ""
	case sum.Mean >= 1:
		lost, _ := results.FindMetric("lost")
		return fmt.Sprintf("loses %s acknowledged writes a run", lost.Format(sum.Mean))
	}
	return fmt.Sprintf("loses acknowledged writes in %d of %d runs", runs, sum.N)
}

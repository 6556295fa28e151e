package report

import (
	"fmt"
	"strings"

	"faultline/results"
)

// single returns what there is to say about one cell, a line for each metric.
func (r *Run) single(c *results.Cell) *Table {
	t := &Table{Style: r.Style, Indent: "  ", Head: []string{"", "", ""}}
	add := func(label, value, note string) { t.Rows = append(t.Rows, []string{label, value, note}) }
	add("succeeded", spaced(metric("succeeded", true)(c)), worstSeed(c))
	add("p50 / p99", strings.Replace(latencies(c), "/", " / ", 1)+" ms", "")
	for _, name := range r.asked([]*results.Cell{c}) {
		add(heading(name), spaced(metric(name, true)(c)), "")
	}
	if !stored([]*results.Cell{c}) {
		return t
	}
	add("stale reads", spaced(metric("stale", true)(c)), oldestStale(c))
	add("lost writes", spaced(metric("lost", true)(c)), losses(c))
	if dropping([]*results.Cell{c}) {
		add("dropped writes", spaced(metric("dropped", true)(c)), "old when acknowledged")
	}
	mark := ""
	if len(c.Beyond()) > 0 {
		mark = "†"
	}
	if distant([]*results.Cell{c}) {
		add("delta", spaced(distance(c, 1, true))+" ms", "from linearizable")
	}
	add(linearizable, tally(c.Tally(linearizable)), mark)
	if c.Tally(linearizable).Verdict() != results.Holds {
		add("level that held", level(c), "")
	}
	return t
}

// spaced puts a blank where a column would be aligned.
func spaced(estimate string) string { return strings.Replace(estimate, "\t", " ", 1) }

// worstSeed names the run with the fewest successes.
func worstSeed(c *results.Cell) string {
	s := c.Summary("succeeded")
	if s.N < 2 || s.Min == s.Max {
		return ""
	}
	return fmt.Sprintf("min %s (seed %d)", shareText(s.Min, fewestOfShare), s.MinSeed)
}

// oldestStale says how stale the stalest read of all runs was.
func oldestStale(c *results.Cell) string {
	m, err := results.FindMetric("stale_age_max")
	if err != nil {
		panic("report: " + err.Error())
	}
	s := c.Summary(m.Name)
	if s.N == 0 {
		return ""
	}
	return "oldest " + m.Format(s.Max)
}

// losses says in how many runs a write was lost.
func losses(c *results.Cell) string {
	n := 0
	for _, v := range c.Values("lost") {
		if v.V > 0 {
			n++
		}
	}
	if n == 0 || len(c.Rows) < 2 {
		return ""
	}
	return fmt.Sprintf("in %d of %s", n, Count(len(c.Rows), "seed"))
}

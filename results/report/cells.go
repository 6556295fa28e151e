package report

import (
	"fmt"
	"slices"
	"strings"

	"faultline/results"
)

const linearizable = "linearizable"

// A detail says what a table shows; less of it makes it narrower.
type detail struct {
	latency bool // a column for each latency, with an interval; else both in one
	losses  bool // the interval of losses
	rates   bool // intervals of staleness and Delta
	terse   bool // no staleness and Delta, where the experiment is about something else
	fewer   int  // so many less columns for what the experiment is about
	name    int  // columns for the label of a cell; 0: as many as it takes
}

// narrower lists how the table gives way until it fits.
var narrower = []detail{
	{latency: true, losses: true, rates: true}, {losses: true, rates: true}, {rates: true}, {}, {terse: true}, {terse: true, fewer: 1}, {terse: true, fewer: 2},
	{terse: true, fewer: 2, name: 32}, {terse: true, fewer: 2, name: 24}, {terse: true, fewer: 2, name: 16},
}

// table returns one line for each cell, no wider than Width if that can be.
func (r *Run) table(cells []*results.Cell) string {
	if len(cells) == 1 {
		return r.single(cells[0]).String()
	}
	var t *Table
	for _, d := range narrower {
		if t = r.tableOf(cells, d); t.width() <= Width {
			break
		}
	}
	return t.String()
}

// A column is one column of the table.
type column struct {
	head string
	cell func(*results.Cell) string
}

func (r *Run) tableOf(cells []*results.Cell, d detail) *Table {
	columns := r.columns(cells, d)
	t := &Table{Style: r.Style}
	for _, c := range columns {
		t.Head = append(t.Head, c.head)
	}
	for _, cell := range cells {
		var row []string
		for _, c := range columns {
			row = append(row, c.cell(cell))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (r *Run) columns(cells []*results.Cell, d detail) []column {
	columns := append(labels(cells, d.name), column{">succeeded", metric("succeeded", true)})
	if d.latency {
		columns = append(columns, column{">p50 ms", metric("p50", true)}, column{">p99 ms", metric("p99", true)})
	} else {
		columns = append(columns, column{">p50/p99 ms", latencies})
	}
	asked := r.asked(cells)
	asked = asked[:max(min(1, len(asked)), len(asked)-d.fewer)]
	if terse := d.terse && len(asked) > 0; stored(cells) && !terse {
		columns = append(columns, column{">stale", metric("stale", d.rates)})
		if distant(cells) {
			columns = append(columns, distances(cells, d.rates))
		}
	}
	if stored(cells) {
		columns = append(columns, column{">lost", lost(d.losses)})
	}
	for _, name := range asked {
		columns = append(columns, column{toTheRight + heading(name), metric(name, d.rates)})
	}
	if stored(cells) {
		columns = append(columns, column{"level", level})
	}
	if r.differs(cells) {
		columns = append(columns, r.compared(cells))
	}
	return columns
}

// stored reports whether there is a store: services alone hold nothing that could be
// stale or lost.
func stored(cells []*results.Cell) bool {
	return slices.ContainsFunc(cells, func(c *results.Cell) bool { return c.Model != "service" })
}

// shownAnyway are the metrics that have a column whatever is asked.
var shownAnyway = []string{"succeeded", "p50", "p99", "stale", "delta", "lost", "dropped"}

// asked returns the metrics that the experiment is about, in which cells differ, and
// which no other column shows. A table is no place for more than a few.
func (r *Run) asked(cells []*results.Cell) (names []string) {
	const most = 3
	for _, name := range r.Asked {
		first := cells[0].Summary(name)
		tells := len(cells) == 1 && first.N > 0 || slices.ContainsFunc(cells, func(c *results.Cell) bool {
			s := c.Summary(name)
			return s.N > 0 && (first.N == 0 || s.Mean != first.Mean)
		})
		if tells && len(names) < most && !slices.Contains(shownAnyway, name) {
			names = append(names, name)
		}
	}
	return names
}

// heading is the name of a metric over its column, with its unit if cells leave it out.
func heading(name string) string {
	text := strings.ReplaceAll(strings.ReplaceAll(name, "_per_", "/"), "_", " ")
	if m, err := results.FindMetric(name); err == nil && m.Unit == results.Millisecond {
		text += " ms"
	}
	return text
}

// labels returns the columns that tell cells apart: the store, unless it is the
// same everywhere, and every swept setting.
func labels(cells []*results.Cell, most int) []column {
	var columns []column
	if !sameStore(cells) {
		columns = append(columns, column{"store", func(c *results.Cell) string {
			store, _ := split(c)
			return shortly(store, most)
		}})
	}
	_, settings := split(cells[0])
	for i, p := range settings {
		columns = append(columns, column{last(p.Name), func(c *results.Cell) string {
			if _, own := split(c); i < len(own) {
				return shortly(own[i].Value, most)
			}
			return ""
		}})
	}
	if len(columns) == 0 {
		columns = []column{{"store", func(c *results.Cell) string { return c.Series }}}
	}
	dagger := columns[len(columns)-1].cell
	columns[len(columns)-1].cell = func(c *results.Cell) string {
		if len(c.Beyond()) > 0 {
			return dagger(c) + " †"
		}
		return dagger(c)
	}
	return columns
}

// shortly returns a label in so many columns, or whole if most is 0.
func shortly(label string, most int) string {
	if most == 0 {
		return label
	}
	return cut(label, most)
}

// sameStore reports whether cells differ in swept settings alone.
func sameStore(cells []*results.Cell) bool {
	first, settings := split(cells[0])
	for _, c := range cells {
		if store, _ := split(c); store != first {
			return false
		}
	}
	return len(settings) > 0
}

// split takes the label of a cell apart: the store, and the settings that the label names.
func split(c *results.Cell) (store string, settings []results.Param) {
	store = c.Series
	for _, p := range slices.Backward(c.Params) {
		if rest, ok := strings.CutSuffix(store, " "+last(p.Name)+"="+p.Value); ok {
			store, settings = rest, append(settings, p)
		}
	}
	slices.Reverse(settings)
	return store, settings
}

// last returns the last name of a setting's path.
func last(path string) string { return path[strings.LastIndex(path, ".")+1:] }

func metric(name string, interval bool) func(*results.Cell) string {
	m, err := results.FindMetric(name)
	if err != nil {
		panic("report: " + err.Error())
	}
	return func(c *results.Cell) string { return estimate(m, c.Summary(name), interval) }
}

// latencies returns the median and the tail: "4.6/1,551".
func latencies(c *results.Cell) string {
	p50, p99 := metric("p50", false)(c), metric("p99", false)(c)
	if p50 == "-" {
		return p50
	}
	return p50 + "/" + p99
}

// lost returns the acknowledged writes that are gone and, if there are any, those
// that were dropped: "3+12".
func lost(interval bool) func(*results.Cell) string {
	gone := metric("lost", interval)
	return func(c *results.Cell) string {
		if c.Summary("dropped").Max == 0 {
			return gone(c)
		}
		return briefly("lost", c) + "+" + briefly("dropped", c)
	}
}

// briefly returns the mean of a count, without decimals from 10 on: two of them share a column.
func briefly(name string, c *results.Cell) string {
	if mean := c.Summary(name).Mean; mean >= 10 {
		return fmt.Sprintf("%.0f", mean)
	}
	return metric(name, false)(c)
}

// dropping reports whether some run dropped a write.
func dropping(cells []*results.Cell) bool {
	return slices.ContainsFunc(cells, func(c *results.Cell) bool { return c.Summary("dropped").Max > 0 })
}

// distant reports whether some run was certainly not linearizable by a measurable time.
func distant(cells []*results.Cell) bool {
	return slices.ContainsFunc(cells, func(c *results.Cell) bool { return c.Summary("delta").Max > 0 || inexplicable(c) })
}

// inexplicable reports whether in some run no time was enough.
func inexplicable(c *results.Cell) bool { return c.Summary("wrong").Max > 0 }

// distances is the column of Delta, the least time by which reads must be moved
// back for a run to be linearizable: in seconds where it is long.
func distances(cells []*results.Cell, interval bool) column {
	const long = 10_000 // ms
	if slices.ContainsFunc(cells, func(c *results.Cell) bool { return c.Summary("delta").Mean >= long }) {
		return column{">delta s", func(c *results.Cell) string { return distance(c, 1000, interval) }}
	}
	return column{">delta ms", func(c *results.Cell) string { return distance(c, 1, interval) }}
}

// distance returns Delta in the given number of milliseconds. If in some run no
// time is enough, the mean is infinite.
func distance(c *results.Cell, unit float64, interval bool) string {
	if inexplicable(c) {
		return "∞"
	}
	m, err := results.FindMetric("delta")
	if err != nil {
		panic("report: " + err.Error())
	}
	s := c.Summary(m.Name)
	s.Mean, s.Lo, s.Hi = s.Mean/unit, s.Lo/unit, s.Hi/unit
	return estimate(m, s, interval)
}

// level names the strongest level that held in all runs. If linearizability held
// in some of them, it says in how many.
func level(c *results.Cell) string {
	t := c.Tally(linearizable)
	strongest, any := c.Level()
	label := "none"
	if any {
		label = strongest.Label
	}
	switch {
	case t.Judged() == 0 && !any:
		return "-"
	case t.Undecided > 0, t.Holds > 0 && t.Violated > 0:
		return fmt.Sprintf("%s, lin. %s", label, tally(t))
	}
	return label
}

// tally says in how many runs a property held: "187/200", "187/200 4?".
func tally(t results.Tally) string {
	switch {
	case t.Judged() == 0:
		return "-"
	case t.Undecided > 0:
		return fmt.Sprintf("%d/%d %d?", t.Holds, t.Judged(), t.Undecided)
	}
	return t.String()
}

// differs reports whether some cell certainly differs from the first in the metric to compare.
func (r *Run) differs(cells []*results.Cell) bool {
	return r.Compare != "" && slices.ContainsFunc(cells, func(c *results.Cell) bool { return r.apart(c, cells[0]) })
}

func (r *Run) apart(c, first *results.Cell) bool {
	return c != first && results.Paired(c.Values(r.Compare), first.Values(r.Compare)).Certain()
}

// compared is the column of differences to the first cell.
func (r *Run) compared(cells []*results.Cell) column {
	m, err := results.FindMetric(r.Compare)
	if err != nil {
		panic("report: " + err.Error())
	}
	return column{">Δ " + m.Name, func(c *results.Cell) string {
		if !r.apart(c, cells[0]) {
			return ""
		}
		return difference(m, c, cells[0])
	}}
}

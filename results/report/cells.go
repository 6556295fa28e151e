package report

import (
	"fmt"

	"faultline/results"
)

const linearizable = "linearizable"

// A detail says which intervals a table shows; less of it makes it narrower.
type detail struct {
	latency, rates bool // intervals of latencies; of staleness and losses
	name           int  // columns for the label of a cell; 0: as many as it takes
}

// narrower lists how the table gives way until it fits.
var narrower = []detail{{latency: true, rates: true}, {rates: true}, {}, {name: 32}, {name: 24}, {name: 16}}

// table returns one line for each cell, no wider than Width if that can be.
func (r *Run) table(cells []*results.Cell) string {
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
	columns := []column{
		{"store", func(c *results.Cell) string { return nameOf(c, d.name) }},
		{">succeeded", metric("succeeded", true)},
	}
	if r.Compare == "" || d.latency {
		columns = append(columns, column{">p50 ms", metric("p50", false)})
	}
	columns = append(columns,
		column{">p99 ms", metric("p99", d.latency)},
		column{">stale", metric("stale", d.rates)},
		column{">lost", metric("lost", d.rates)},
		column{">" + linearizable, func(c *results.Cell) string { return tally(c.Tally(linearizable)) }},
	)
	if r.Compare != "" && len(cells) > 1 {
		columns = append(columns, r.compared(cells))
	}
	return columns
}

// nameOf returns the label of a cell, with a dagger if faults broke an assumption of its store.
func nameOf(c *results.Cell, most int) string {
	name := c.Series
	if most > 0 {
		name = cut(name, most)
	}
	if len(c.Beyond()) > 0 {
		name += " †"
	}
	return name
}

func metric(name string, interval bool) func(*results.Cell) string {
	m, err := results.FindMetric(name)
	if err != nil {
		panic("report: " + err.Error())
	}
	return func(c *results.Cell) string { return estimate(m, c.Summary(name), interval) }
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

// compared is the column of differences to the first cell.
func (r *Run) compared(cells []*results.Cell) column {
	m, err := results.FindMetric(r.Compare)
	if err != nil {
		panic("report: " + err.Error())
	}
	first := cells[0]
	return column{">Δ " + m.Name, func(c *results.Cell) string {
		if c == first || !results.Paired(c.Values(m.Name), first.Values(m.Name)).Certain() {
			return ""
		}
		return difference(m, c, first)
	}}
}

package chart

import (
	"cmp"
	"fmt"
	"strings"

	"faultline/results"
)

// aftermath says which cells recover once the faults are over, if some do not in
// every seed: that matters more than what they answer meanwhile. It is empty if all do.
func (in *input) aftermath(courses []course) string {
	if cmp.Or(in.options.Metric, "succeeded") != "succeeded" {
		return ""
	}
	var back, some, stuck []*results.Cell
	seeds := len(courses[0].cell.Rows)
	least, most := seeds, 0 // of those that recover in some seeds
	for _, t := range courses {
		switch n, known := recoveries(t.cell); {
		case !known || len(t.cell.Rows) != seeds:
			return ""
		case n == seeds:
			back = append(back, t.cell)
		case n == 0:
			stuck = append(stuck, t.cell)
		default:
			some = append(some, t.cell)
			least, most = min(least, n), max(most, n)
		}
	}
	if len(stuck)+len(some) == 0 || seeds < 2 {
		return ""
	}
	var parts []string
	if len(stuck) > 0 {
		parts = append(parts, fmt.Sprintf("%s %s in none of %d seeds", in.names(stuck), verb(stuck, "recovers", "recover"), seeds))
	}
	if len(some) > 0 {
		times := fmt.Sprint(least)
		if most > least {
			times = fmt.Sprintf("%d to %d", least, most)
		}
		parts = append(parts, fmt.Sprintf("%s %s in %s of %d", in.names(some), verb(some, "recovers", "recover"), times, seeds))
	}
	if len(back) > 0 {
		parts = append(parts, in.names(back)+" in all"+in.took(back))
	}
	return strings.Join(parts, "; ")
}

// took says how long cells that recover need for it.
func (in *input) took(back []*results.Cell) string {
	m, err := in.measure("recovery", "")
	if err != nil || len(m.ranked(back)) != len(back) {
		return ""
	}
	return ", after " + m.span(back) + " on average"
}

// recoveries counts the runs of a cell that recovered; known is false if one does not say.
func recoveries(c *results.Cell) (n int, known bool) {
	for i := range c.Rows {
		v, ok := c.Rows[i].Metrics["recovered"]
		if !ok {
			return 0, false
		}
		if v == 1 {
			n++
		}
	}
	return n, true
}

package chart

import (
	"cmp"
	"fmt"

	"faultline/results"
)

// aftermath says which cells recover once the faults are over, if some do in every
// seed and others in none: that matters more than what they answer meanwhile. It is
// empty otherwise.
func (in *input) aftermath(courses []course) string {
	if cmp.Or(in.options.Metric, "succeeded") != "succeeded" {
		return ""
	}
	var back, stuck []*results.Cell
	seeds := len(courses[0].cell.Rows)
	for _, t := range courses {
		switch n, known := recoveries(t.cell); {
		case !known || len(t.cell.Rows) != seeds:
			return ""
		case n == seeds:
			back = append(back, t.cell)
		case n == 0:
			stuck = append(stuck, t.cell)
		}
	}
	took, err := in.measure("recovery", "")
	if len(back) == 0 || len(stuck) == 0 || seeds < 2 || err != nil {
		return ""
	}
	after := ""
	if len(took.ranked(back)) == len(back) {
		after = ", after " + took.span(back) + " on average"
	}
	return fmt.Sprintf("%s %s in none of %d seeds; %s in all%s", in.names(stuck), verb(stuck, "recovers", "recover"), seeds, in.names(back), after)
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

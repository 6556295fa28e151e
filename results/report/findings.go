package report

import (
	"fmt"
	"slices"
	"strings"
)

// A group is the findings about one condition that came out alike.
type group struct {
	what string
	mark Mark
	got  []string
	in   []string // labels of cells
}

// groups puts findings together: one line for each condition and outcome.
func groups(findings []Finding) []*group {
	var all []*group
	for _, f := range findings {
		i := slices.IndexFunc(all, func(g *group) bool { return g.what == f.What && g.mark == f.Mark })
		if i < 0 {
			all = append(all, &group{what: f.What, mark: f.Mark})
			i = len(all) - 1
		}
		all[i].got, all[i].in = append(all[i].got, f.Got), append(all[i].in, f.Series)
	}
	slices.SortStableFunc(all, func(a, b *group) int { return weight[a.mark] - weight[b.mark] })
	return all
}

// weight is the order of outcomes: what failed comes last, nearest to the prompt.
var weight = [...]int{Met: 0, Open: 1, Failed: 2}

var marks = [...]struct{ sign, color string }{Met: {"✓", green}, Failed: {"✗", red}, Open: {"?", amber}}

// findings prints what was expected.
func (r *Run) findings(b *strings.Builder) {
	if len(r.Findings) == 0 {
		return
	}
	b.WriteByte('\n')
	for _, g := range groups(r.Findings) {
		sign := r.Style.Text(marks[g.mark].sign)
		text := r.Style.Text(Wrap(g.String(), "    "))
		b.WriteString("  " + r.Style.paint(marks[g.mark].color, sign) + strings.TrimPrefix(text, strings.Repeat(" ", 2+length(sign))) + "\n")
	}
}

const manyCells = 8 // more than these are counted, not listed

// String says what was expected of which cells and what came out.
func (g *group) String() string {
	in := strings.Join(g.in, ", ")
	if len(g.in) > manyCells {
		in = fmt.Sprintf("%s and %d more", strings.Join(g.in[:manyCells], ", "), len(g.in)-manyCells)
	}
	return strings.TrimPrefix(fmt.Sprintf("%s: %s (%s)", in, g.what, g.outcome()), ": ")
}

// outcome lists what the cells had, once if it was the same everywhere.
func (g *group) outcome() string {
	if same := slices.Compact(slices.Clone(g.got)); len(same) == 1 {
		return same[0]
	}
	shown := slices.Clone(g.got[:min(manyCells, len(g.got))])
	for i := range shown[1:] {
		shown[i+1] = strings.TrimPrefix(shown[i+1], HoldsIn)
	}
	if len(g.got) > manyCells {
		shown = append(shown, "…")
	}
	return strings.Join(shown, ", ")
}

// HoldsIn begins what came out for a property: "holds in 4/4". A list says it once.
const HoldsIn = "holds in "

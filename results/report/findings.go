package report

import (
	"fmt"
	"slices"
	"strings"
)

// A group is the findings about one condition that came out alike.
type group struct {
	what  string
	where string
	whole bool // it is all the cells of which it was expected
	mark  Mark
	got   []string
	in    []string // labels of cells
}

// groups puts findings together: one line for each condition and outcome. What is
// expected of many cells in several places goes by each place.
func groups(findings []Finding) []*group {
	var all []*group
	for _, f := range findings {
		i := slices.IndexFunc(all, func(g *group) bool {
			return g.what == f.What && g.mark == f.Mark && (g.where == f.Where || !many(findings, g) && !many(findings, &group{what: f.What, where: f.Where}))
		})
		if i < 0 {
			all = append(all, &group{what: f.What, where: f.Where, mark: f.Mark})
			i = len(all) - 1
		}
		all[i].got, all[i].in = append(all[i].got, f.Got), append(all[i].in, f.Series)
	}
	for _, g := range all {
		g.whole = len(g.in) == count(findings, g)
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

const (
	fewCells  = 4 // more than these go by what they have in common, if all came out alike
	manyCells = 8 // more than these are counted, not listed
)

// count says of how many cells what a group is about was expected, in the same place.
func count(findings []Finding, g *group) (n int) {
	for _, f := range findings {
		if f.What == g.what && f.Where == g.where {
			n++
		}
	}
	return n
}

func many(findings []Finding, g *group) bool { return count(findings, g) > fewCells }

// String says what was expected of which cells and what came out.
func (g *group) String() string {
	in := strings.Join(g.in, ", ")
	switch {
	case g.whole && g.where == "" && len(g.in) > fewCells:
		in = fmt.Sprintf("all %d", len(g.in))
	case g.whole && g.where != "" && len(g.in) > 1 && len(g.where) < len(in)/2:
		in = fmt.Sprintf("%s (%d)", g.where, len(g.in))
	case len(g.in) > manyCells:
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

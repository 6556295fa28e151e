package main

import (
	"fmt"
	"slices"
	"strings"

	"faultline/experiments"
	"faultline/results/chart"
	"faultline/results/report"
)

// A reproduction is what came out of some cases.
type reproduction struct {
	quick     bool     // a look that decides only whether a figure is outside
	args      []string // the cases, as they were asked for
	documents []caseDocument
	cases     []evidence
	ok        int // figures
	outside   int
	unsure    int
	doubtful  int // shown alone
}

// A caseDocument is one case in JSON.
type caseDocument struct {
	Case    string           `json:"case"`
	File    string           `json:"file"`
	Source  string           `json:"source"`
	Gap     string           `json:"gap,omitempty"`
	Seeds   string           `json:"seeds"`
	Figures []figureDocument `json:"figures"`
}

// A figureDocument is one figure in JSON, in the unit of what it measures.
type figureDocument struct {
	Cell            string   `json:"cell"`
	Measure         string   `json:"measure"`
	At              string   `json:"at,omitempty"`
	Unit            string   `json:"unit,omitempty"`
	Published       *float64 `json:"published,omitempty"`
	PublishedWithin string   `json:"published_within,omitempty"`
	Exact           *float64 `json:"exact,omitempty"`
	Within          string   `json:"within,omitempty"`
	Ours            float64  `json:"ours"`
	Lo              float64  `json:"lo"`
	Hi              float64  `json:"hi"`
	Verdict         string   `json:"verdict"`
	Doubt           string   `json:"doubt,omitempty"`
}

// The verdicts on a figure.
const (
	figureOK       = chart.AgainstOK
	figureOutside  = chart.AgainstOutside
	figureUnsure   = chart.AgainstUnsure
	figureDoubtful = chart.AgainstDoubtful
)

func verdictOn(c *experiments.Comparison) string {
	switch {
	case !c.Gated():
		return figureDoubtful
	case c.Met == experiments.Yes:
		return figureOK
	case c.Met == experiments.No:
		return figureOutside
	}
	return figureUnsure
}

// add counts the figures of a case.
func (t *reproduction) add(e *experiments.Experiment, found []experiments.Comparison) {
	d := caseDocument{Case: e.Name, File: e.File, Source: e.Against.Source, Gap: e.Against.Gap, Seeds: e.Seeds.String()}
	for i := range found {
		c := &found[i]
		f := c.Figure
		verdict := verdictOn(c)
		switch verdict {
		case figureOK:
			t.ok++
		case figureOutside:
			t.outside++
		case figureUnsure:
			t.unsure++
		default:
			t.doubtful++
		}
		d.Figures = append(d.Figures, figureDocument{
			Cell: c.Series, Measure: f.Quantity.Measure, At: f.Quantity.At, Unit: f.Quantity.Unit(),
			Published: f.Published, PublishedWithin: f.PublishedWithin.Text, Exact: f.Exact, Within: f.ExactWithin.Text,
			Ours: c.Ours.Value, Lo: c.Ours.Lo, Hi: c.Ours.Hi, Verdict: verdict, Doubt: f.Doubt,
		})
	}
	t.documents = append(t.documents, d)
	t.cases = append(t.cases, evidence{exp: e, found: found})
}

// table returns a case as it is printed, 80 columns wide.
func (t *reproduction) table(style report.Style, e *experiments.Experiment, found []experiments.Comparison) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", report.Wrap(e.Name+": "+strings.TrimSpace(e.Question), ""))
	fmt.Fprintf(&b, "%s\n", report.Wrap(strings.TrimSpace(e.Against.Source), "  "))
	b.WriteString(t.figures(style, e, found))
	return b.String() + "\n"
}

// figures returns the table of a case, and what is to be known about it.
func (t *reproduction) figures(style report.Style, e *experiments.Experiment, found []experiments.Comparison) string {
	var b strings.Builder
	table := report.Table{Style: style, Indent: "  ", Head: []string{"", ">published", ">exact", ">ours", "95%", ">within", ""}}
	series := ""
	for _, c := range bySeries(found) {
		if c.Series != series {
			series = c.Series
			table.Rows = append(table.Rows, []string{series})
		}
		table.Rows = append(table.Rows, figureRow(c))
	}
	b.WriteString(table.String())
	for _, text := range doubts(found) {
		fmt.Fprintf(&b, "%s\n", report.Wrap(text, "  "))
	}
	if e.Against.Gap != "" {
		fmt.Fprintf(&b, "%s\n", report.Wrap("Gap: "+strings.TrimSpace(e.Against.Gap), "  "))
	}
	return b.String()
}

// bySeries puts the figures of a cell together, and keeps their order otherwise.
func bySeries(found []experiments.Comparison) (sorted []*experiments.Comparison) {
	place := map[string]int{}
	for i := range found {
		if _, met := place[found[i].Series]; !met {
			place[found[i].Series] = len(place)
		}
		sorted = append(sorted, &found[i])
	}
	slices.SortStableFunc(sorted, func(a, b *experiments.Comparison) int { return place[a.Series] - place[b.Series] })
	return sorted
}

func figureRow(c *experiments.Comparison) []string {
	f := c.Figure
	number := func(v *float64) string {
		if v == nil {
			return ""
		}
		return f.Quantity.Format(*v)
	}
	within := f.ExactWithin.Text
	if f.PublishedWithin.Text != within && f.Published != nil {
		within += ", " + f.PublishedWithin.Text
	}
	row := []string{"  " + f.Quantity.String(), number(f.Published), number(f.Exact), "none", "", within, verdictOn(c)}
	if !c.None {
		row[3], row[4] = f.Quantity.Format(c.Ours.Value), interval(c)
	}
	return row
}

// interval writes the ends of an interval, with the unit once.
func interval(c *experiments.Comparison) string {
	if c.Ours.Lo == c.Ours.Hi {
		return ""
	}
	unit := c.Figure.Quantity.Unit()
	lo := strings.TrimSuffix(c.Figure.Quantity.Format(c.Ours.Lo), unit)
	return lo + ".." + strings.TrimSuffix(c.Figure.Quantity.Format(c.Ours.Hi), unit)
}

// doubts says, once each, why figures are doubtful.
func doubts(found []experiments.Comparison) (texts []string) {
	said := map[string]bool{}
	for i := range found {
		if d := found[i].Figure.Doubt; d != "" && !said[d] {
			said[d] = true
			texts = append(texts, "Doubtful: "+d)
		}
	}
	return texts
}

// sum says in one line what came out.
func (t *reproduction) sum() string {
	text := fmt.Sprintf("%s: %d ok, %d outside, %d unsure", report.Count(t.ok+t.outside+t.unsure, "figure"), t.ok, t.outside, t.unsure)
	if t.doubtful > 0 {
		text += fmt.Sprintf("; %d more are doubtful, and decide nothing", t.doubtful)
	}
	return text + "\n"
}

func (t *reproduction) code() int {
	switch {
	case t.outside > 0:
		return exitViolated
	case t.unsure > 0 && !t.quick:
		return exitUndecided
	}
	return exitMet
}

package chart

import (
	"fmt"
	"slices"

	"faultline/results"
)

const (
	dotsRow  = 21 // height of one cell
	mostRows = 60 // that a page can take
)

// dots draws one metric for each cell, the best on top.
func dots(in *input) (*figure, error) {
	m, err := in.measure(in.options.Metric, "lost")
	if err != nil {
		return nil, err
	}
	ranked := m.ranked(in.cells)
	if len(ranked) == 0 {
		return nil, fmt.Errorf("no row has a value of %s\n  hint: choose another metric with Metric: %s", m.Name, results.Sentence(results.MetricNames()))
	}
	if len(ranked) > mostRows {
		return nil, fmt.Errorf("%d cells do not fit on one page\n  hint: choose up to %d of them with Series", len(ranked), mostRows)
	}
	facts := fmt.Sprintf("Mean of %s over %s", m.Label, in.seeds())
	switch {
	case m.values == nil:
		facts = capital(fmt.Sprintf("%s, of %s; bars are 95%% intervals (Wilson)%s.", m.Label, in.seeds(), in.undecidedCount()))
	case in.many():
		facts += "; bars are its 95% intervals, pale dots the single runs."
	default:
		facts += "."
	}
	return &figure{
		title:  in.dotsFinding(m, ranked),
		facts:  facts,
		key:    in.verdictKey(ranked),
		height: 46 + dotsRow*float64(len(ranked)),
		notes:  slices.Concat(in.absent(ranked), in.beyondNote()),
		body:   func(c *canvas, area rect) { in.drawDots(c, area, m, ranked) },
	}, nil
}

// dotsFinding says who is best and who is worst, as far as the intervals tell.
func (in *input) dotsFinding(m measure, ranked []*results.Cell) string {
	clean := slices.DeleteFunc(slices.Clone(ranked), func(c *results.Cell) bool {
		return m.of(c).Max > 0 || (m.values == nil && c.Tally(in.property).Verdict() != results.Holds)
	})
	worst := m.worst(ranked)
	switch {
	case len(ranked) > 1 && m.Better == results.Lower && len(clean) == len(ranked):
		return fmt.Sprintf("No %s in any run of the %d %s", m.Label, len(ranked), in.noun())
	case m.Better == results.Lower && len(clean) > 0 && len(worst) < len(ranked):
		most, perRun := "worst", ""
		if m.Unit == results.Share || m.Unit == results.Count {
			most = "most"
		}
		if m.Unit == results.Count {
			perRun = " a run"
		}
		return fmt.Sprintf("%s %s the %s %s (%s%s); %s %s none", in.names(worst), verb(worst, "has", "have"), most, m.Label, m.span(worst), perRun, in.names(clean), verb(clean, "has", "have"))
	}
	return capital(in.bestFinding(ranked, m))
}

func (in *input) drawDots(c *canvas, area rect, m measure, ranked []*results.Cell) {
	var e extent
	names, values := 0.0, 0.0
	for _, cell := range ranked {
		s := m.of(cell)
		e.add(s.Mean, s.Lo, s.Hi)
		if m.values != nil {
			e.add(s.Min, s.Max)
		}
		names = max(names, width(in.name(cell), labelStyle))
		values = max(values, width(in.valueText(m, cell), tickStyle))
	}
	x := scaleFor(m.Metric, e, 6)
	plot := rect{area.x0 + names + 2*endPadding, area.y0, area.x1, area.y1}
	a := newAxes(plot, x, scale{min: 0, max: 1}, axisName(m.Metric), "", values+2*endPadding)
	for _, t := range a.x.ticks {
		c.line(point{a.x.at(t.at), a.plot.y0}, point{a.x.at(t.at), a.plot.y1}, thin, grid, nil)
	}
	a.draw(c)
	for i, cell := range ranked {
		y := a.plot.y1 - (float64(i)+0.5)*(a.plot.height()/float64(len(ranked)))
		in.drawDot(c, a, y, m, cell)
		c.textMiddle(in.name(cell), labelStyle.in(darker(in.color(cell))), point{plot.x0 - endPadding, y}, right)
		c.textMiddle(in.valueText(m, cell), tickStyle.in(dark), point{area.x1, y}, right)
	}
}

func (in *input) drawDot(c *canvas, a axes, y float64, m measure, cell *results.Cell) {
	s, col := m.of(cell), in.color(cell)
	if m.values != nil && s.N > 1 {
		for _, v := range m.values(cell) {
			c.disc(point{a.x.at(v.V), y}, dotRadius*0.55, withAlpha(col, 40))
		}
	}
	c.line(point{a.x.at(s.Lo), y}, point{a.x.at(s.Hi), y}, 2*medium, col, nil)
	mark(c, point{a.x.at(s.Mean), y}, cell.Tally(in.property).Verdict(), col)
}

// valueText is the number beside a dot: mean and interval.
func (in *input) valueText(m measure, cell *results.Cell) string {
	s := m.of(cell)
	if s.Lo == s.Hi {
		return m.Format(s.Mean)
	}
	if m.Format(s.Lo) == m.Format(s.Hi) { // narrower than what is written
		return m.Format(s.Mean)
	}
	return fmt.Sprintf("%s (%s)", m.Format(s.Mean), m.interval(s))
}

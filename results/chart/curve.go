package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"faultline/results"
)

// A line is the cells that differ in one swept setting alone.
type line struct {
	name  string
	cells []*results.Cell // by the values of the setting; nil where the sweep left a hole
}

// curveOver draws one metric over a swept setting, a line for each combination of the others.
func curveOver(in *input) (*figure, error) {
	m, err := in.measure(in.options.Metric, "succeeded")
	if err != nil {
		return nil, err
	}
	swept := in.swept()
	if len(swept) == 0 {
		return nil, fmt.Errorf("needs a swept setting, this result has none\n  hint: sweep one, or use the chart dots")
	}
	over := in.options.X
	if over == "" {
		over = swept[0]
	}
	if !slices.Contains(swept, over) {
		return nil, results.UnknownName("swept setting", over, swept)
	}
	values, lines := in.lines(m, over)
	switch {
	case len(lines) == 0:
		return nil, fmt.Errorf("no row has a value of %s\n  hint: choose another metric with Metric: %s", m.Name, results.Sentence(results.MetricNames()))
	case len(lines) > mostCurves:
		return nil, fmt.Errorf("%d lines do not fit on one page\n  hint: choose fewer cells with Where or Series", len(lines))
	}
	last := len(values) - 1
	slices.SortStableFunc(lines, func(a, b line) int { return sign(a.endsAt(m)-b.endsAt(m)) * -1 })
	x, at := settingScale(values)
	var e extent
	var curves []curve
	looks := looks(representatives(lines))
	for _, l := range lines {
		k := l.curve(m, at)
		e.add(k.lo...)
		e.add(k.hi...)
		curves = append(curves, k)
	}
	in.looks = looks // dashed by turns, so that a line shows beneath another
	for i, c := range representatives(lines) {
		l := looks[c.Cell]
		l.dash = dashes[i%2]
		in.looks[c.Cell] = l
	}
	facts := fmt.Sprintf("Mean of %s over %s", m.Label, in.seeds())
	if m.values == nil {
		facts = capital(fmt.Sprintf("%s, of %s%s", m.Label, in.seeds(), in.undecidedCount()))
	}
	if in.many() {
		facts += "; bands are 95% intervals"
	}
	return &figure{
		title:  curveFinding(m, lines, over, values),
		facts:  facts + ".",
		height: max(curvesHeight, 60+listLine*float64(len(curves))),
		notes:  in.beyondNote(),
		body: func(c *canvas, area rect) {
			in.drawCurves(c, area, curves, x, curveScale(m.Metric, e), short(over), axisName(m.Metric), "at "+values[last])
		},
	}, nil
}

// lines groups the cells by all settings but one, and lists the values of that.
func (in *input) lines(m measure, over string) (values []string, lines []line) {
	for _, c := range in.cells {
		if v := c.Param(over); !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.SortStableFunc(values, func(a, b string) int {
		x, okX := number(a)
		y, okY := number(b)
		if !okX || !okY {
			return 0
		}
		return sign(x - y)
	})
	for _, c := range in.cells {
		if m.of(c).N == 0 {
			continue
		}
		name := in.withoutSetting(c, over)
		i := slices.IndexFunc(lines, func(l line) bool { return l.name == name })
		if i < 0 {
			lines = append(lines, line{name, make([]*results.Cell, len(values))})
			i = len(lines) - 1
		}
		lines[i].cells[slices.Index(values, c.Param(over))] = c
	}
	return values, lines
}

// withoutSetting names a cell by its other settings: by the value alone if there is but one that is no number.
func (in *input) withoutSetting(c *results.Cell, over string) string {
	var parts []string
	alone := ""
	for _, p := range in.swept() {
		if p == over {
			continue
		}
		alone = c.Param(p)
		parts = append(parts, valueName(p, alone))
	}
	switch {
	case len(parts) == 0:
		return c.Model
	case len(parts) == 1 && !plainNumber(alone):
		return alone
	}
	return strings.Join(parts, " ")
}

// endsAt is the value at the right end of a line.
func (l line) endsAt(m measure) float64 {
	for i := len(l.cells) - 1; i >= 0; i-- {
		if c := l.cells[i]; c != nil {
			return m.of(c).Mean
		}
	}
	return 0
}

// first is the cell that lends a line its colour.
func (l line) first() *results.Cell {
	i := slices.IndexFunc(l.cells, func(c *results.Cell) bool { return c != nil })
	clone := *l.cells[i]
	clone.Series = l.name
	return &clone
}

// representatives are the first cells of the lines, in the order of the grid, so
// that the colours do not depend on what came out.
func representatives(lines []line) (cells []*results.Cell) {
	for _, l := range lines {
		cells = append(cells, l.first())
	}
	slices.SortFunc(cells, func(a, b *results.Cell) int { return a.Cell - b.Cell })
	return cells
}

func (l line) curve(m measure, at []float64) curve {
	k := curve{cell: l.first(), dotted: true}
	for i, c := range l.cells {
		if c == nil {
			continue
		}
		s := m.of(c)
		k.x, k.y = append(k.x, at[i]), append(k.y, s.Mean)
		k.lo, k.hi = append(k.lo, s.Lo), append(k.hi, s.Hi)
	}
	if last := l.cells[len(l.cells)-1]; last != nil {
		k.value = m.Format(m.of(last).Mean)
	}
	return k
}

// settingScale is the axis of a setting, and where its values stand: as numbers
// that grow, if all are numbers, else side by side.
func settingScale(values []string) (scale, []float64) {
	at := make([]float64, len(values))
	numbers := true
	for i, v := range values {
		n, ok := number(v)
		numbers = numbers && ok
		at[i] = n
	}
	lo, hi := at[0], at[len(at)-1]
	s := scale{min: lo, max: hi, log: lo > 0 && hi/lo > logWorth}
	if !numbers || lo >= hi {
		for i := range at {
			at[i] = float64(i)
		}
		s = scale{min: -0.25, max: float64(len(at)) - 0.75}
	}
	for i, v := range values {
		s.ticks = append(s.ticks, tick{at[i], v})
	}
	return s, at
}

// number reads the value of a setting: a plain number, a share, a rate or a duration, which become seconds.
func number(v string) (float64, bool) {
	for _, unit := range []string{"", "%", "/s"} {
		if text, ok := strings.CutSuffix(v, unit); ok {
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				return n, true
			}
		}
	}
	d, err := time.ParseDuration(v)
	return d.Seconds(), err == nil
}

// plainNumber tells whether a value says nothing without the name of its setting.
func plainNumber(v string) bool {
	_, ok := number(v)
	return ok
}

// curveScale is logarithmic for what grows by multiples, such as numbers of calls.
func curveScale(m results.Metric, e extent) scale {
	const multiples = 20
	if m.Unit != results.Share && !e.zero && e.hi > multiples*e.positive {
		return logarithmic(e.positive/1.2, e.hi*1.2, false, m.Format)
	}
	return scaleFor(m, e, 5)
}

// curveFinding says which line is best and which worst where they are furthest
// apart, and whether they begin alike.
func curveFinding(m measure, lines []line, over string, values []string) string {
	ends := func(i int) (cells []*results.Cell) {
		for _, l := range lines {
			if c := l.cells[i]; c != nil {
				clone := *c
				clone.Series = l.name
				cells = append(cells, &clone)
			}
		}
		return cells
	}
	first, last := ends(0), ends(len(values)-1)
	if len(lines) == 1 && len(first) == 1 && len(last) == 1 {
		return endToEnd(m, first[0], last[0], valueName(over, values[0]), valueName(over, values[len(values)-1]))
	}
	at := widest(m, len(values), ends)
	there, where := ends(at), valueName(over, values[at])
	if len(there) < 2 {
		return fmt.Sprintf("%s over %s", capital(m.Label), short(over))
	}
	best, worst := m.best(there), m.worst(there)
	if len(best) == len(there) {
		return fmt.Sprintf("%s at %s: %s with each of the %d lines, not certainly apart", capital(m.Label), where, m.span(there), len(there))
	}
	s := fmt.Sprintf("%s at %s: %s with %s, %s with %s", capital(m.Label), where, m.span(worst), lineNames(worst), m.span(best), lineNames(best))
	if at > 0 && len(first) == len(lines) && len(m.best(first)) == len(first) {
		s += fmt.Sprintf("; at %s all are at %s", valueName(over, values[0]), m.span(first))
	}
	return s
}

// endToEnd says what the only line does from its first point to its last.
func endToEnd(m measure, first, last *results.Cell, from, to string) string {
	s := fmt.Sprintf("%s: %s at %s, %s at %s", capital(m.Label), m.Format(m.of(first).Mean), from, m.Format(m.of(last).Mean), to)
	if !m.better(first, last) && !m.better(last, first) {
		s += ", not certainly apart"
	}
	return s
}

// widest is where the lines are furthest apart: at the right end, unless they are
// clearly closer there than elsewhere.
func widest(m measure, n int, at func(int) []*results.Cell) int {
	gap := func(i int) float64 {
		ranked := m.ranked(at(i))
		if len(ranked) < 2 || len(m.best(ranked)) == len(ranked) {
			return 0
		}
		return math.Abs(m.of(ranked[0]).Mean - m.of(ranked[len(ranked)-1]).Mean)
	}
	const clearly = 1.1
	found := n - 1
	for i := n - 2; i >= 0; i-- {
		if gap(i) > clearly*gap(found) {
			found = i
		}
	}
	return found
}

// lineNames lists lines for a title, or counts them.
func lineNames(cells []*results.Cell) string {
	const few = 3
	if len(cells) > few {
		return fmt.Sprintf("%d others", len(cells))
	}
	var names []string
	for _, c := range cells {
		names = append(names, c.Series)
	}
	return results.Sentence(names)
}

// marks draws the points of a dotted curve.
func (k curve) marks(c *canvas, a axes, in *input) {
	if !k.dotted {
		return
	}
	col := in.looks[k.cell.Cell].color
	for i := range k.x {
		if !math.IsNaN(k.y[i]) {
			at := a.at(k.x[i], k.y[i])
			c.disc(at, dotRadius*0.75+rim/2, white)
			c.disc(at, dotRadius*0.75, col)
		}
	}
}

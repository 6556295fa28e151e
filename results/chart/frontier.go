package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"faultline/results"
)

const (
	frontierHeight = 250
	crowdedHeight  = 330
	crowd          = 12 // from so many points on, labels are smaller and the plot higher
	crowdedSize    = 8.5
	dotRadius      = 4.3
	ringWidth      = 1.7
	rim            = 1.3 // white, around a dot, so that bars do not show through
)

// frontier draws what one metric costs in another, and who kept the property.
func frontier(in *input) (*figure, error) {
	x, err := in.measure(in.options.X, "p99")
	if err != nil {
		return nil, err
	}
	y, err := in.measure(in.options.Y, "succeeded")
	if err != nil {
		return nil, err
	}
	drawn := slices.DeleteFunc(slices.Clone(in.cells), func(c *results.Cell) bool { return x.of(c).N == 0 || y.of(c).N == 0 })
	if len(drawn) == 0 {
		return nil, fmt.Errorf("no cell has both %s and %s\n  hint: choose metrics that the rows have, with X and Y", x.Name, y.Name)
	}
	front := in.front(drawn, x, y)
	f := &figure{
		title:  in.frontierFinding(x, y),
		facts:  in.meansOf(),
		key:    in.verdictKey(drawn),
		height: frontierHeight,
		notes:  slices.Concat(in.absent(drawn), in.beyondNote()),
		body:   func(c *canvas, area rect) { in.drawFrontier(c, area, x, y, drawn, front) },
	}
	if len(drawn) > crowd {
		f.height = crowdedHeight
	}
	if len(front) > 1 {
		f.key = append(f.key, keyItem{in.frontName(), 20, func(c *canvas, at point) {
			c.line(point{at.x - 10, at.y}, point{at.x + 10, at.y}, medium, faint, dashes[1])
		}})
	}
	return f, nil
}

// meansOf is the line of facts for charts of means.
func (in *input) meansOf() string {
	if !in.many() {
		return capital(in.seeds()) + "."
	}
	return "Means over " + in.seeds() + "; bars are 95% intervals of the mean."
}

// absent names the cells that cannot be drawn.
func (in *input) absent(drawn []*results.Cell) []string {
	var names []string
	for _, c := range in.cells {
		if !slices.Contains(drawn, c) {
			names = append(names, c.Series)
		}
	}
	if names == nil {
		return nil
	}
	return []string{"Not drawn, for want of a value: " + results.Sentence(names)}
}

// front is the cells that no other beats in both metrics, by x. Where some held
// the property in every seed it is theirs alone: the best to be had without giving that up.
func (in *input) front(drawn []*results.Cell, x, y measure) []*results.Cell {
	if x.Better == results.Neither || y.Better == results.Neither {
		return nil
	}
	among := slices.DeleteFunc(slices.Clone(drawn), func(c *results.Cell) bool { return c.Tally(in.property).Verdict() != results.Holds })
	if len(among) == 0 {
		among = drawn
	}
	out := slices.DeleteFunc(slices.Clone(among), func(c *results.Cell) bool {
		return slices.ContainsFunc(among, func(o *results.Cell) bool { return dominates(o, c, x, y) })
	})
	slices.SortStableFunc(out, func(a, b *results.Cell) int { return sign(x.of(a).Mean - x.of(b).Mean) })
	return out
}

// dominates tells whether a is as good as b in both metrics and better in one, by their means.
func dominates(a, b *results.Cell, x, y measure) bool {
	dx, dy := x.gain(a, b), y.gain(a, b)
	return dx >= 0 && dy >= 0 && (dx > 0 || dy > 0)
}

// gain is by how much the mean of a is better than that of b.
func (m measure) gain(a, b *results.Cell) float64 {
	d := m.of(a).Mean - m.of(b).Mean
	if m.Better == results.Lower {
		return -d
	}
	return d
}

func sign(v float64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

func (in *input) frontName() string {
	if held, _, _ := in.byVerdict(); len(held) > 0 {
		return "best trade-offs of these"
	}
	return "best trade-offs"
}

// verdictKey explains the marks that are there.
func (in *input) verdictKey(drawn []*results.Cell) []keyItem {
	if in.property == "" {
		return nil
	}
	texts := []struct{ verdict, text string }{
		{results.Holds, in.property + " in every seed"},
		{results.Violated, "violated in some seeds"},
		{results.Undecided, "undecided in some seeds"},
		{"", "not checked"},
	}
	var key []keyItem
	for _, t := range texts {
		if slices.ContainsFunc(drawn, func(c *results.Cell) bool { return c.Tally(in.property).Verdict() == t.verdict }) {
			key = append(key, keyItem{t.text, 2 * dotRadius, func(c *canvas, at point) { mark(c, at, t.verdict, dark) }})
		}
	}
	return key
}

// mark draws a point: full where the property held, hollow where it was
// violated, half where the checker could not tell, small where nobody checked.
func mark(c *canvas, at point, verdict string, col color.NRGBA) {
	c.disc(at, dotRadius+rim, white)
	if verdict == "" {
		c.disc(at, dotRadius*0.6, col)
		return
	}
	c.disc(at, dotRadius, col)
	if verdict == results.Holds {
		return
	}
	c.disc(at, dotRadius-ringWidth, white)
	if verdict == results.Undecided {
		c.halfDisc(at, dotRadius-ringWidth/2, col)
	}
}

func (in *input) drawFrontier(c *canvas, area rect, x, y measure, drawn, front []*results.Cell) {
	var ex, ey extent
	for _, cell := range drawn {
		ex.add(x.of(cell).Mean, x.of(cell).Lo, x.of(cell).Hi)
		ey.add(y.of(cell).Mean, y.of(cell).Lo, y.of(cell).Hi)
	}
	a := newAxes(area, scaleFor(x.Metric, ex, 6), scaleFor(y.Metric, ey, 5), axisName(x.Metric), axisName(y.Metric), 0)
	a.draw(c)
	stairs := in.stairs(a, x, y, front)
	c.polyline(stairs, medium, faint, dashes[1])
	obstacles := alongLine(stairs, 1)
	var marks []point
	for _, cell := range drawn {
		obstacles = append(obstacles, in.drawBars(c, a, cell, x.of(cell), y.of(cell))...)
		marks = append(marks, a.at(x.of(cell).Mean, y.of(cell).Mean))
	}
	if sideBySide(marks, a.plot) {
		c.note("Marks that would hide each other stand side by side; their bars cross at the true values.")
	}
	var labels []*label
	for i, cell := range drawn {
		at := marks[i]
		mark(c, at, cell.Tally(in.property).Verdict(), in.color(cell))
		obstacles = append(obstacles, rect{at.x, at.y, at.x, at.y}.grow(dotRadius+rim))
		st := labelStyle.in(darker(in.color(cell)))
		if len(drawn) > crowd {
			st.size = crowdedSize
		}
		labels = append(labels, &label{text: in.name(cell), style: st, at: at, keepOff: dotRadius})
	}
	if n := place(labels, obstacles, rect{a.plot.x0, a.plot.y0, area.x1, a.plot.y1 + namesGap - 2}); n > 0 {
		c.note(fmt.Sprintf("Points without a label, for lack of room: %d of %d.", n, len(drawn)))
	}
	drawLabels(c, labels)
}

// drawBars draws the intervals of a point and says what labels are to keep off.
func (in *input) drawBars(c *canvas, a axes, cell *results.Cell, x, y results.Summary) []rect {
	at := a.at(x.Mean, y.Mean)
	left, right := point{a.x.at(x.Lo), at.y}, point{a.x.at(x.Hi), at.y}
	low, high := point{at.x, a.y.at(y.Lo)}, point{at.x, a.y.at(y.Hi)}
	bars := withAlpha(in.color(cell), 170)
	c.line(left, right, medium, bars, nil)
	c.line(low, high, medium, bars, nil)
	return []rect{{left.x, at.y - 1, right.x, at.y + 1}, {at.x - 1, low.y, at.x + 1, high.y}}
}

// sideBySide moves marks that would hide each other into a row about their
// middle, and tells whether there were any.
func sideBySide(marks []point, plot rect) (moved bool) {
	const (
		hides   = 1.3 * dotRadius // nearer than this, one mark hides another
		spacing = 2*dotRadius + rim
		widest  = 34 // of a row: marks are not to stray far from their values
	)
	grouped := make([]bool, len(marks))
	for i := range marks {
		group := []int{i}
		for j := i + 1; j < len(marks) && !grouped[i]; j++ {
			if !grouped[j] && math.Hypot(marks[i].x-marks[j].x, marks[i].y-marks[j].y) < hides {
				group = append(group, j)
				grouped[j] = true
			}
		}
		if len(group) == 1 {
			continue
		}
		moved = true
		slices.SortStableFunc(group, func(a, b int) int { return sign(marks[a].x - marks[b].x) })
		middle, step := 0.0, min(spacing, widest/float64(len(group)-1))
		for _, k := range group {
			middle += marks[k].x / float64(len(group))
		}
		half := step * float64(len(group)-1) / 2
		middle = min(max(middle, plot.x0+half), plot.x1-half)
		for n, k := range group {
			marks[k].x = middle - half + step*float64(n)
		}
	}
	return moved
}

// stairs is the line of the front: from one point to the next by way of what
// both are sure to reach, since nothing better was seen in between.
func (in *input) stairs(a axes, x, y measure, front []*results.Cell) []point {
	if len(front) < 2 {
		return nil
	}
	var ps []point
	for i, cell := range front {
		at := a.at(x.of(cell).Mean, y.of(cell).Mean)
		if i > 0 {
			last := ps[len(ps)-1]
			corner := point{at.x, last.y}
			if x.Better == results.Higher {
				corner = point{last.x, at.y}
			}
			ps = append(ps, corner)
		}
		ps = append(ps, at)
	}
	return ps
}

// alongLine is small boxes that cover a line, for labels to keep off it.
func alongLine(ps []point, half float64) []rect {
	const step = 4.0
	var boxes []rect
	for i := 1; i < len(ps); i++ {
		a, b := ps[i-1], ps[i]
		n := max(1, int(max(abs(b.x-a.x), abs(b.y-a.y))/step))
		for k := range n {
			t, u := float64(k)/float64(n), float64(k+1)/float64(n)
			p, q := point{a.x + t*(b.x-a.x), a.y + t*(b.y-a.y)}, point{a.x + u*(b.x-a.x), a.y + u*(b.y-a.y)}
			boxes = append(boxes, rect{min(p.x, q.x), min(p.y, q.y), max(p.x, q.x), max(p.y, q.y)}.grow(half))
		}
	}
	return boxes
}

func abs(v float64) float64 { return max(v, -v) }

// frontierFinding says who kept the property, and what the best of the others offers for giving it up.
func (in *input) frontierFinding(x, y measure) string {
	held, violated, _ := in.byVerdict()
	if in.property == "" {
		return in.tradeFinding(x, y)
	}
	keep := ""
	switch {
	case len(held) == len(in.cells) && len(held) > 1:
		keep = stay(in.allOf(len(held)), in.property, true)
	case len(held) > 0:
		keep = stay(in.names(held), in.property, len(held) > 1)
	case len(in.cells) == 1 && len(violated) == 1:
		keep = in.cells[0].Series + " " + in.lacksIn(in.cells[0])
	case len(in.cells) == 1:
		keep = fmt.Sprintf("%s is not known to %s", in.cells[0].Series, strings.TrimSpace(stay("", in.property, true)))
	case len(violated) == len(in.cells):
		keep = stay(in.noneOf(len(in.cells)), in.property, false)
	default:
		keep = fmt.Sprintf("%s is known to %s", in.noneOf(len(in.cells)), strings.TrimSpace(stay("", in.property, true)))
	}
	if len(held) > 0 && len(violated) > 0 {
		return keep + "; " + in.price(held, violated, x, y)
	}
	if rest := in.bestFinding(in.cells, y); len(in.cells) > 1 && rest != "" {
		return keep + "; " + rest
	}
	return keep
}

// tradeFinding says between which two cells there is a choice, if no property decides.
func (in *input) tradeFinding(x, y measure) string {
	drawn := slices.DeleteFunc(slices.Clone(in.cells), func(c *results.Cell) bool { return x.of(c).N == 0 || y.of(c).N == 0 })
	front := in.front(drawn, x, y)
	both := func(c *results.Cell) string {
		return fmt.Sprintf("%s: %s and %s", c.Series, x.Format(x.of(c).Mean), y.Format(y.of(c).Mean))
	}
	switch len(front) {
	case 0:
		return capital(in.bestFinding(in.cells, y))
	case 1:
		return fmt.Sprintf("%s and %s are best with %s", capital(x.Label), y.Label, both(front[0]))
	}
	first, last := front[0], front[len(front)-1]
	if !x.better(first, last) || !y.better(last, first) {
		return capital(in.bestFinding(in.cells, y))
	}
	return fmt.Sprintf("%s against %s: from %s to %s", capital(x.Label), y.Label, both(first), both(last))
}

// price says what giving the property up buys: the first of the two metrics in
// which the best that violates it is certainly better than the best that holds it.
func (in *input) price(held, violated []*results.Cell, x, y measure) string {
	if !in.many() {
		return fmt.Sprintf("%s %s not", in.names(violated), verb(violated, "does", "do"))
	}
	for _, m := range []measure{y, x} {
		h, v := m.ranked(held), m.ranked(violated)
		if len(h) == 0 || len(v) == 0 || !m.better(v[0], h[0]) {
			continue
		}
		gain := "has better " + m.Label
		if m.Name == "succeeded" {
			gain = "answers more"
		}
		return fmt.Sprintf("%s %s (%s; %s: %s) but %s", v[0].Series, gain, m.Format(m.of(v[0]).Mean), h[0].Series, m.Format(m.of(h[0]).Mean), in.cost(v[0]))
	}
	return fmt.Sprintf("%s %s not, and %s not measurably better in %s or %s", in.names(violated), verb(violated, "does", "do"), verb(violated, "is", "are"), y.Label, x.Label)
}

// cost is what a cell that violates the property does to its users.
func (in *input) cost(c *results.Cell) string {
	if s := loses(c); s != "" {
		return s
	}
	return in.lacksIn(c)
}

// lacksIn says in how many runs a cell violates the property.
func (in *input) lacksIn(c *results.Cell) string {
	t := c.Tally(in.property)
	return fmt.Sprintf("%s in %d of %d runs", lacks(in.property), t.Violated, t.Judged())
}

// notApart says that the seeds are too few to tell some cells apart.
func (in *input) notApart(cells []*results.Cell) string {
	n := 0
	for _, c := range cells {
		n = max(n, len(c.Rows))
	}
	if n == 1 {
		return fmt.Sprintf("one seed does not tell the %d %s apart", len(cells), in.noun())
	}
	return fmt.Sprintf("%d seeds do not tell the %d %s apart", n, len(cells), in.noun())
}

// bestFinding says who is best in a metric, as far as the intervals tell.
func (in *input) bestFinding(cells []*results.Cell, m measure) string {
	ranked := m.ranked(cells)
	if len(ranked) == 0 || m.Better == results.Neither {
		return ""
	}
	if len(ranked) == 1 {
		return fmt.Sprintf("%s: %s %s", ranked[0].Series, m.Label, m.Format(m.of(ranked[0]).Mean))
	}
	best := m.best(cells)
	if len(best) == len(ranked) {
		return fmt.Sprintf("%s is %s, and %s", m.Label, m.span(ranked), in.notApart(ranked))
	}
	worst := m.worst(cells)
	return fmt.Sprintf("best %s: %s (%s), worst: %s (%s)", m.Label, in.names(best), m.span(best), in.names(worst), m.span(worst))
}

// darker is a colour to write in: the pale ones of the palette are hard to read on white.
func darker(c color.NRGBA) color.NRGBA {
	for luminance(c) > 0.30 {
		c = color.NRGBA{uint8(int(c.R) * 9 / 10), uint8(int(c.G) * 9 / 10), uint8(int(c.B) * 9 / 10), c.A}
	}
	return c
}

// luminance by the weights of WCAG, without its gamma: good enough to choose by.
func luminance(c color.NRGBA) float64 {
	r, g, b := float64(c.R)/255, float64(c.G)/255, float64(c.B)/255
	return float64(0.2126*r*r) + float64(0.7152*g*g) + float64(0.0722*b*b)
}

package chart

import (
	"fmt"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"faultline/results"
)

const (
	fieldHeight = 40
	fieldMax    = 92 // width of a field at most: few fields must not become broad bars
	rampHeight  = 7
)

// A field is one cell of a heat map; cell is nil where the sweep left a hole.
type heat struct {
	xName, yName string
	xs, ys       []string // values, in the order of the sweep
	fields       map[[2]string]*results.Cell
}

// heatmap draws one metric over two swept settings.
func heatmap(in *input) (*figure, error) {
	m, err := in.measure(in.options.Metric, "stale")
	if err != nil {
		return nil, err
	}
	if in.options.Panels != "" {
		return in.heatPanels(m)
	}
	h, err := in.newHeat()
	if err != nil {
		return nil, err
	}
	drawn := slices.DeleteFunc(slices.Clone(in.cells), func(c *results.Cell) bool { return m.of(c).N == 0 || in.spared(h, c) })
	if len(drawn) == 0 {
		return nil, fmt.Errorf("no row has a value of %s\n  hint: choose another metric with Metric: %s", m.Name, results.Sentence(results.MetricNames()))
	}
	q := in.quorum(h)
	f := &figure{
		title:  in.heatFinding(m, h, q, drawn),
		facts:  in.heatFacts(m),
		height: fieldHeight*float64(len(h.ys)) + 52,
		wraps:  func(width float64) float64 { return h.columnRoom(h.fieldWidth(width)) },
		notes:  slices.Concat(in.beyondNote(), q.note(h)),
		body:   func(c *canvas, area rect) { in.drawHeat(c, area, m, h, q) },
	}
	return f, nil
}

func (in *input) heatFacts(m measure) string {
	if m.values == nil {
		return capital(fmt.Sprintf("%s, of %s; below each number its 95%% interval (Wilson)%s.", m.Label, in.seeds(), in.undecidedCount()))
	}
	s := fmt.Sprintf("Mean of %s over %s", m.Label, in.seeds())
	if in.many() {
		s += "; below each number its 95% interval"
	}
	return s + "."
}

// newHeat finds the two settings and puts the cells in their places.
func (in *input) newHeat() (heat, error) {
	swept := in.swept()
	h := heat{xName: in.options.X, yName: in.options.Y, fields: map[[2]string]*results.Cell{}}
	for _, p := range swept {
		switch {
		case h.xName == "" && p != h.yName:
			h.xName = p
		case h.yName == "" && p != h.xName:
			h.yName = p
		}
	}
	if h.xName == "" || h.yName == "" {
		return h, fmt.Errorf("needs two swept settings, this result has %s\n  hint: sweep two settings, or use the chart dots", counted(swept))
	}
	for _, name := range []string{h.xName, h.yName} {
		if !slices.Contains(swept, name) {
			return h, results.UnknownName("swept setting", name, swept)
		}
	}
	for _, c := range in.cells {
		x, y := c.Param(h.xName), c.Param(h.yName)
		if other := h.fields[[2]string{x, y}]; other != nil {
			return h, fmt.Errorf("%s and %s have the same %s and %s\n  hint: choose with Series the cells that differ in these two settings alone, or choose two others with X and Y", other.Series, c.Series, h.xName, h.yName)
		}
		h.fields[[2]string{x, y}] = c
		if !slices.Contains(h.xs, x) {
			h.xs = append(h.xs, x)
		}
		if !slices.Contains(h.ys, y) {
			h.ys = append(h.ys, y)
		}
	}
	if !rising(h.ys) { // names are read from the top down, numbers grow upwards
		slices.Reverse(h.ys)
	}
	return h, nil
}

// spared tells whether a setting of a fault is swept that struck in no run of the
// cell, though it did in others: a crash after a step that is never taken.
func (in *input) spared(h heat, c *results.Cell) bool {
	const ofFault = "faults["
	if !strings.HasPrefix(h.xName, ofFault) && !strings.HasPrefix(h.yName, ofFault) {
		return false
	}
	struck := func(c *results.Cell) bool {
		return slices.ContainsFunc(c.Rows, func(r results.Row) bool { return len(r.Faults) > 0 })
	}
	return !struck(c) && slices.ContainsFunc(in.cells, struck)
}

// swept is the settings of which the cells have more than one value.
func (in *input) swept() []string {
	var names []string
	for _, p := range in.cells[0].Params {
		if slices.ContainsFunc(in.cells, func(c *results.Cell) bool { return c.Param(p.Name) != p.Value }) {
			names = append(names, p.Name)
		}
	}
	return names
}

func counted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d (%s)", len(names), results.Sentence(names))
}

func (h heat) at(x, y int) *results.Cell { return h.fields[[2]string{h.xs[x], h.ys[y]}] }

// A quorums is what the sizes of read and write quorums say of each field.
type quorums struct {
	n    int // replicas; 0 when the settings are not quorum sizes
	r, w string
}

var replicasInSpec = regexp.MustCompile(`\bn:\s*(\d+)`)

// quorum finds out whether the settings are R and W of N replicas.
func (in *input) quorum(h heat) quorums {
	q := quorums{}
	for _, name := range []string{h.xName, h.yName} {
		switch name[strings.LastIndexByte(name, '.')+1:] {
		case "r":
			q.r = name
		case "w":
			q.w = name
		}
	}
	if q.r == "" || q.w == "" {
		return quorums{}
	}
	if found := replicasInSpec.FindAllStringSubmatch(in.set.Manifest.Spec, -1); len(found) == 1 {
		q.n, _ = strconv.Atoi(found[0][1])
	}
	return q
}

// intersect tells whether every read quorum of a cell meets every write quorum.
func (q quorums) intersect(c *results.Cell) bool {
	r, errR := strconv.Atoi(c.Param(q.r))
	w, errW := strconv.Atoi(c.Param(q.w))
	return q.n > 0 && errR == nil && errW == nil && r+w > q.n
}

func (q quorums) note(h heat) []string {
	if q.n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("The line divides R+W > %d, where every read quorum meets every write quorum, from R+W ≤ %d.", q.n, q.n)}
}

func (in *input) drawHeat(c *canvas, area rect, m measure, h heat, q quorums) {
	top := area.y1 - axisStyle.lineHeight() - namesGap
	x0, w := area.x0+h.rowNames(), h.fieldWidth(area.width())
	hi, lo := math.Inf(-1), math.Inf(1)
	for _, cell := range in.cells {
		if s := m.of(cell); s.N > 0 && !in.spared(h, cell) {
			lo, hi = min(lo, s.Mean), max(hi, s.Mean)
		}
	}
	if lo > 0 && lo < hi/4 {
		lo = 0 // near enough for white to mean nothing
	}
	field := func(x, y int) rect {
		y1 := top - float64(len(h.ys)-1-y)*fieldHeight
		return rect{x0 + float64(x)*w, y1 - fieldHeight, x0 + float64(x+1)*w, y1}
	}
	for y := range h.ys {
		for x := range h.xs {
			if cell := h.at(x, y); cell != nil && in.spared(h, cell) {
				drawSpared(c, field(x, y))
			} else {
				in.drawField(c, field(x, y), m, cell, lo, hi)
			}
		}
	}
	in.drawStairs(c, h, q, field)
	c.text(short(h.yName), axisStyle, point{area.x0, top + namesGap}, left)
	for y, v := range h.ys {
		f := field(0, y)
		c.textMiddle(v, labelStyle, point{x0 - tickGap, (f.y0 + f.y1) / 2}, right)
	}
	bottom, st := field(0, 0).y0, h.columnStyle(w)
	for x, v := range h.xs {
		f := field(x, 0)
		for i, line := range breakLines(v, st, w-columnGap) {
			c.text(line, st, point{(f.x0 + f.x1) / 2, bottom - tickGap - labelStyle.size*capHeight - float64(i)*st.lineHeight()}, center)
		}
	}
	c.text(short(h.xName), axisStyle, point{(x0 + field(len(h.xs)-1, 0).x1) / 2, area.y0 + axisStyle.size*0.4}, center)
	in.drawRamp(c, m, rect{x0, top + namesGap, field(len(h.xs)-1, 0).x1, top + namesGap + rampHeight}, lo, hi)
}

const (
	columnGap   = 5 // between the names of two columns
	columnLines = 3 // that a name may take
)

// rowNames is the room that the names of the rows take.
func (h heat) rowNames() float64 {
	names := 14.0
	for _, y := range h.ys {
		names = max(names, width(y, labelStyle))
	}
	return names + 2*tickGap
}

// fieldWidth is what a field has of the width of the body.
func (h heat) fieldWidth(width float64) float64 {
	return min((width-h.rowNames())/float64(len(h.xs)), fieldMax)
}

// columnStyle is the largest letters in which the names of the columns fit below
// fields of width w, broken between words.
func (h heat) columnStyle(w float64) style {
	st := labelStyle
	fits := func(v string) bool {
		tooLong := func(word string) bool { return width(word, st) > w-columnGap }
		return len(breakLines(v, st, w-columnGap)) <= columnLines && !slices.ContainsFunc(strings.Fields(v), tooLong)
	}
	const smallest = 5
	for st.size > smallest && slices.ContainsFunc(h.xs, func(v string) bool { return !fits(v) }) {
		st.size -= 0.25
	}
	return st
}

// columnRoom is the room for all lines but one of the names of the columns.
func (h heat) columnRoom(w float64) float64 {
	st, most := h.columnStyle(w), 1
	for _, v := range h.xs {
		most = max(most, len(breakLines(v, st, w-columnGap)))
	}
	return float64(most-1) * st.lineHeight()
}

// short is the last part of a setting's path, as people say it.
func short(name string) string {
	s := name[strings.LastIndexByte(name, '.')+1:]
	if len(s) == 1 {
		return strings.ToUpper(s)
	}
	return s
}

// drawField draws one number on its colour. A hair of white parts the fields.
func (in *input) drawField(c *canvas, r rect, m measure, cell *results.Cell, lo, hi float64) {
	inner := rect{r.x0 + 0.6, r.y0 + 0.6, r.x1 - 0.6, r.y1 - 0.6}
	middle := point{(r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2}
	if cell == nil || m.of(cell).N == 0 {
		c.strokeRect(inner, thin, grid)
		c.textMiddle("–", smallStyle, middle, center)
		return
	}
	s := m.of(cell)
	back := rampAt(s.Mean, lo, hi)
	front := ink
	if luminance(back) < 0.38 {
		front = white
	}
	c.fillRect(inner, back)
	number := labelStyle.in(front)
	number.size = min(11, number.size*r.width()/max(1, width(m.Format(s.Mean), number)+8))
	text := m.Format(s.Mean)
	if len(cell.Beyond()) > 0 {
		text += "†"
	}
	interval := intervalText(m, s)
	small := smallStyle.in(withAlpha(front, 190))
	small.size = 7
	if width(interval, small) > r.width()-4 {
		interval = strings.Replace(interval, " to ", "–", 1)
		const smallest = 5.5
		small.size = max(smallest, min(small.size, small.size*(r.width()-4)/width(interval, small)))
	}
	if interval == "" || width(interval, small) > r.width()-4 {
		c.textMiddle(text, number, middle, center)
		return
	}
	c.textMiddle(text, number, point{middle.x, middle.y + 5}, center)
	c.textMiddle(interval, small, point{middle.x, middle.y - 8}, center)
}

// drawSpared leaves a field empty in which nothing happened.
func drawSpared(c *canvas, r rect) {
	c.strokeRect(rect{r.x0 + 0.6, r.y0 + 0.6, r.x1 - 0.6, r.y1 - 0.6}, thin, grid)
	c.textMiddle("not reached", smallStyle, point{(r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2}, center)
}

// intervalText is the interval for the small print; the unit is in the number above it.
func intervalText(m measure, s results.Summary) string {
	if s.N < 2 || m.Format(s.Lo) == m.Format(s.Hi) {
		return ""
	}
	return m.interval(s)
}

func rampAt(v, lo, hi float64) color.NRGBA {
	if hi <= lo {
		return ramp[0]
	}
	at := (v - lo) / (hi - lo) * float64(len(ramp)-1)
	i := min(int(at), len(ramp)-2)
	t := at - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + t*(float64(b)-float64(a)))) }
	a, b := ramp[i], ramp[i+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// drawStairs draws the border between fields whose quorums intersect and others.
func (in *input) drawStairs(c *canvas, h heat, q quorums, field func(x, y int) rect) {
	if q.n == 0 {
		return
	}
	differ := func(a, b *results.Cell) bool { return a != nil && b != nil && q.intersect(a) != q.intersect(b) }
	for y := range h.ys {
		for x := range h.xs {
			f := field(x, y)
			if x+1 < len(h.xs) && differ(h.at(x, y), h.at(x+1, y)) {
				c.line(point{f.x1, f.y0 - 1}, point{f.x1, f.y1 + 1}, 2*medium, colorOfLine, nil)
			}
			if y+1 < len(h.ys) && differ(h.at(x, y), h.at(x, y+1)) {
				c.line(point{f.x0 - 1, f.y1}, point{f.x1 + 1, f.y1}, 2*medium, colorOfLine, nil)
			}
		}
	}
}

var colorOfLine = palette[1]

// drawRamp explains the colours, above the fields at the right.
func (in *input) drawRamp(c *canvas, m measure, r rect, lo, hi float64) {
	if hi <= lo {
		return
	}
	const long, parts = 90.0, 45
	to := width(m.Format(hi), smallStyle)
	r.x0 = r.x1 - to - tickGap - long
	for i := range parts { // each over the rest of the bar, so that no seams show
		x := r.x0 + long*float64(i)/parts
		c.fillRect(rect{x, r.y0, r.x0 + long, r.y1}, rampAt(lo+(hi-lo)*float64(i)/(parts-1), lo, hi))
	}
	middle := (r.y0 + r.y1) / 2
	c.textMiddle(m.Format(lo), smallStyle, point{r.x0 - tickGap, middle}, right)
	c.textMiddle(m.Format(hi), smallStyle, point{r.x1, middle}, right)
}

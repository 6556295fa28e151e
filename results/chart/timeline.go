package chart

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"regexp"
	"slices"

	"faultline/results"
)

const (
	timelineHeight = 240
	panelHeight    = 44 // of one cell when each has its own
	panelGap       = 18
	panelsFrame    = 54 // above and below all panels
	together       = 3  // curves that one panel can take
	mostPanels     = 24 // that a page can take
	bandLow        = 0.10
	bandHigh       = 0.90
)

// A quantity is what a timeline shows: a share of what happened in each window.
type quantity struct {
	of     func(*results.Timeline) (part, all []int)
	facts  string // what is shown
	axis   string
	one    string // what one cell does with a share
	many   string // what several do
	noun   string // of which it is a share
	manner string // after the noun
	are    string // what all of them are
	title  string // if there is nothing to tell
	absent string
}

// quantities lists what a timeline can show, by the name of the metric.
var quantities = map[string]quantity{
	"succeeded": {
		of:    func(t *results.Timeline) (part, all []int) { return t.OK, t.Called },
		facts: "Share of operations answered", axis: "operations answered",
		one: "answers", many: "answer", noun: "operations", are: "answered", title: "Availability",
		absent: "the rows have no timeline",
	},
	"consistency": {
		of: func(t *results.Timeline) (part, all []int) {
			part = make([]int, len(t.Judged))
			for w, n := range t.Judged {
				part[w] = n - t.Wrong[w]
			}
			return part, t.Judged
		},
		facts: "Share of judged reads that were neither stale nor late", axis: "reads consistent",
		one: "serves", many: "serve", noun: "reads", manner: " consistently", are: "served consistently", title: "Consistency",
		absent: "the rows do not say how consistent each window was",
	},
}

// quantity returns what the timeline is to show.
func (in *input) quantity() (quantity, error) {
	name := cmp.Or(in.options.Metric, "succeeded")
	q, ok := quantities[name]
	if !ok {
		return q, fmt.Errorf("a timeline cannot show %s\n  hint: it shows the metrics succeeded and consistency", name)
	}
	return q, nil
}

// A course is what a share did in a cell: by window, over its seeds.
type course struct {
	cell            *results.Cell
	of              func(*results.Timeline) (part, all []int)
	windowMS        float64
	low, mid, high  []float64 // NaN where nobody called
	common, differs []results.Band
}

// timeline draws the share of operations answered, or of reads that were
// consistent, window by window.
func timeline(in *input) (*figure, error) {
	q, err := in.quantity()
	if err != nil {
		return nil, err
	}
	var courses []course
	for _, c := range in.cells {
		if t := newCourse(c, q); len(t.mid) > 0 {
			courses = append(courses, t)
		}
	}
	if len(courses) == 0 {
		return nil, fmt.Errorf("%s\n  hint: rows of this version have them; run the experiment again", q.absent)
	}
	if len(courses) > mostPanels {
		return nil, fmt.Errorf("%d cells do not fit on one page\n  hint: choose up to %d of them with Series", len(courses), mostPanels)
	}
	f := &figure{
		title:  in.timelineFinding(courses, q),
		facts:  in.timelineFacts(courses, q),
		height: timelineHeight,
		notes:  slices.Concat(unshaded(courses), in.beyondNote()),
		body:   func(c *canvas, area rect) { in.drawTogether(c, area, courses, q) },
	}
	if _, same := sameBands(courses); len(courses) > together || !same {
		f.height = panelsFrame + float64(len(courses))*(panelHeight+panelGap)
		f.body = func(c *canvas, area rect) { in.drawPanels(c, area, courses) }
	}
	return f, nil
}

func newCourse(c *results.Cell, quantity quantity) course {
	t := course{cell: c, of: quantity.of}
	byWindow := [][]float64{}
	for i := range c.Rows {
		line := &c.Rows[i].Timeline
		t.windowMS = max(t.windowMS, line.WindowMS)
		part, all := t.of(line)
		for len(byWindow) < len(all) {
			byWindow = append(byWindow, nil)
		}
		for w, n := range all {
			if n > 0 {
				byWindow[w] = append(byWindow[w], float64(part[w])/float64(n))
			}
		}
	}
	for _, shares := range byWindow {
		slices.Sort(shares)
		for _, q := range []struct {
			to *[]float64
			p  float64
		}{{&t.low, bandLow}, {&t.mid, 0.5}, {&t.high, bandHigh}} {
			v := math.NaN()
			if len(shares) > 0 {
				v = results.Quantile(shares, q.p)
			}
			*q.to = append(*q.to, v)
		}
	}
	t.common, t.differs = bands(c)
	return t
}

// bands splits the faults into those that every seed has at the same time and the
// others. A fault that strikes others in other seeds (halves n1, n2 | n3; halves
// n3, n1 | n2) goes by what it does alone.
func bands(c *results.Cell) (common, differs []results.Band) {
	type when struct {
		from, to float64
		kind     string // the label without whom it strikes
	}
	seen := map[when]int{}
	labels := map[when]string{}
	var order []when
	for _, r := range c.Rows {
		for _, b := range r.Faults {
			w := when{b.FromMS, b.ToMS, kindOf(b.Label)}
			if seen[w] == 0 {
				order = append(order, w)
				labels[w] = b.Label
			}
			seen[w]++
			if labels[w] != b.Label {
				labels[w] = w.kind
			}
		}
	}
	for _, w := range order {
		b := results.Band{FromMS: w.from, ToMS: w.to, Label: labels[w]}
		if seen[w] >= len(c.Rows) {
			common = append(common, b)
		} else {
			differs = append(differs, b)
		}
	}
	return common, differs
}

var struck = regexp.MustCompile(`( of)? (n\d+|c\d+|master)\b.*$`)

// kindOf returns the label of a fault without whom it strikes.
func kindOf(label string) string { return struck.ReplaceAllString(label, "") }

// during is the share in windows wholly within a common fault, by seed.
func (t course) during() []results.Value {
	var vs []results.Value
	for i := range t.cell.Rows {
		r := &t.cell.Rows[i]
		part, all := t.of(&r.Timeline)
		called, ok := 0, 0
		for w := range all {
			from := float64(w) * t.windowMS
			if !slices.ContainsFunc(t.common, func(b results.Band) bool { return b.FromMS <= from && from+t.windowMS <= b.ToMS }) {
				continue
			}
			called += all[w]
			ok += part[w]
		}
		if called > 0 {
			vs = append(vs, results.Value{Seed: r.Seed, V: float64(ok) / float64(called)})
		}
	}
	return vs
}

func (in *input) timelineFacts(courses []course, q quantity) string {
	s := fmt.Sprintf("%s, in windows of %s", q.facts, span(courses[0].windowMS))
	if in.many() {
		return fmt.Sprintf("%s: median of %s, and the band from the 10th to the 90th percentile.", s, in.seeds())
	}
	return s + ", " + in.seeds() + "."
}

// span writes a length of time: "250 ms", "10 s".
func span(ms float64) string {
	p50, err := results.FindMetric("p50")
	if err != nil {
		panic("chart: " + err.Error())
	}
	return p50.Format(ms)
}

func unshaded(courses []course) []string {
	n := 0
	for _, t := range courses {
		n += len(t.differs)
	}
	if n == 0 {
		return nil
	}
	return []string{"Faults whose times differ from seed to seed are not shaded."}
}

// timelineFinding says who recovers, or else compares the best with the worst while the faults lasted.
func (in *input) timelineFinding(courses []course, q quantity) string {
	if told := in.aftermath(courses); told != "" {
		return capital(told)
	}
	during := map[*results.Cell][]results.Value{}
	for _, t := range courses {
		if vs := t.during(); len(vs) > 0 {
			during[t.cell] = vs
		}
	}
	var cells []*results.Cell
	for _, t := range courses {
		if during[t.cell] != nil {
			cells = append(cells, t.cell)
		}
	}
	succeeded, err := in.measure(cmp.Or(in.options.Metric, "succeeded"), "")
	if err != nil {
		panic("chart: " + err.Error())
	}
	when := "over the whole run"
	if len(cells) > 0 {
		when = "while the " + faultName(courses) + " lasts"
		sums := map[*results.Cell]results.Summary{}
		for c, vs := range during {
			sums[c] = results.Summarize(vs)
		}
		succeeded.of = func(c *results.Cell) results.Summary { return sums[c] }
		succeeded.values = func(c *results.Cell) []results.Value { return during[c] }
	} else {
		cells = in.cells
	}
	return capital(in.answers(when, cells, succeeded, q))
}

// answers says how many operations the best and the worst answer, or how many
// reads they serve consistently.
func (in *input) answers(when string, cells []*results.Cell, m measure, q quantity) string {
	ranked := m.ranked(cells)
	switch len(ranked) {
	case 0:
		return q.title + " " + when
	case 1:
		return fmt.Sprintf("%s, %s %s %s of %s%s", when, ranked[0].Series, q.one, m.Format(m.of(ranked[0]).Mean), q.noun, q.manner)
	}
	best, worst := m.best(cells), m.worst(cells)
	if len(best) == len(ranked) {
		return fmt.Sprintf("%s, %s of %s are %s, and %s", when, m.span(ranked), q.noun, q.are, in.notApart(ranked))
	}
	return fmt.Sprintf("%s, %s %s %s of %s%s and %s %s", when, in.names(best), verb(best, q.one, q.many), m.span(best), q.noun, q.manner, in.names(worst), m.span(worst))
}

func verb(cells []*results.Cell, one, many string) string {
	if len(cells) == 1 {
		return one
	}
	return many
}

// faultName is what the common faults are called: by their label when they have
// but one, else by what they do when all do the same.
func faultName(courses []course) string {
	labels, kinds := map[string]bool{}, map[string]bool{}
	last := ""
	for _, t := range courses {
		for _, b := range t.common {
			last = b.Label
			labels[last], kinds[kindOf(last)] = true, true
		}
	}
	if len(labels) > 1 {
		last = kindOf(last)
	}
	const longest = 24 // letters in a title
	if len(kinds) != 1 || len(last) > longest {
		return "fault"
	}
	return "fault (" + last + ")"
}

// sameBands returns the faults that all cells have at the same times, with a label
// that is true of all of them; ok is false if they have others.
func sameBands(courses []course) (bands []results.Band, ok bool) {
	bands = slices.Clone(courses[0].common)
	for _, t := range courses[1:] {
		if len(t.common) != len(bands) {
			return nil, false
		}
		for i, b := range t.common {
			have := &bands[i]
			if b.FromMS != have.FromMS || b.ToMS != have.ToMS || kindOf(b.Label) != kindOf(have.Label) {
				return nil, false
			}
			if b.Label != have.Label {
				have.Label = kindOf(b.Label)
			}
		}
	}
	return bands, true
}

// timeScale is the axis of virtual time, in seconds.
func timeScale(courses []course) scale {
	end := 0.0
	for _, t := range courses {
		end = max(end, float64(len(t.mid))*t.windowMS)
	}
	s := linear(0, end/1000, 7, func(v float64) string { return fmt.Sprintf("%g s", v) })
	s.max = end / 1000
	s.ticks = slices.DeleteFunc(s.ticks, func(t tick) bool { return t.at > s.max })
	return s
}

func shareScale(ticks int) scale {
	m, err := results.FindMetric("succeeded")
	if err != nil {
		panic("chart: " + err.Error())
	}
	return linear(0, 1, ticks, m.Format)
}

// drawTogether draws few cells in one panel, with their names at the ends of the curves.
func (in *input) drawTogether(c *canvas, area rect, courses []course, q quantity) {
	room := 0.0
	for _, t := range courses {
		room = max(room, width(in.name(t.cell), labelStyle)+endLabelGap)
	}
	a := newAxes(area, timeScale(courses), shareScale(4), "time since the run began", q.axis, room)
	common, _ := sameBands(courses)
	if len(common) > 0 {
		a.nameLift = bandLabelRoom
		a.plot.y1 -= bandLabelRoom
		a.y = a.y.on(a.plot.y0, a.plot.y1)
	}
	shadeBands(c, a, common)
	nameBands(c, a, common, rect{a.plot.x0, a.plot.y1 + 4, a.plot.x1, a.plot.y1 + 4})
	a.draw(c)
	for _, t := range courses {
		t.drawBand(c, a, in.color(t.cell))
	}
	ends := make([]float64, len(courses))
	for i, t := range courses {
		ends[i] = t.drawLine(c, a, in.looks[t.cell.Cell])
	}
	drawEndLabels(c, a, courses, ends, in)
}

const (
	endLabelGap   = 14 // between a curve's end and its name
	bandLabelRoom = 14 // above a plot, for the names of faults
)

func drawEndLabels(c *canvas, a axes, courses []course, ends []float64, in *input) {
	places := spread(ends, labelStyle.size*1.15, a.plot.y0, a.plot.y1)
	for i, t := range courses {
		col := in.color(t.cell)
		if abs(places[i]-ends[i]) > 1 {
			c.line(point{a.plot.x1 + 2, ends[i]}, point{a.plot.x1 + endLabelGap - 3, places[i]}, thin, withAlpha(col, 150), nil)
		}
		c.textMiddle(in.name(t.cell), labelStyle.in(darker(col)), point{a.plot.x1 + endLabelGap, places[i]}, left)
	}
}

// drawPanels gives each cell a panel of its own; they share the axis of time.
func (in *input) drawPanels(c *canvas, area rect, courses []course) {
	time := timeScale(courses)
	share := shareScale(2)
	succeeded, _ := results.FindMetric("succeeded")
	share.ticks[1].label = "" // a rule is enough in the middle
	bottom := newAxes(area, time, share, "time since the run began", "", 0)
	top := area.y1 - bandLabelRoom
	common, same := sameBands(courses)
	for i, t := range courses {
		last := i == len(courses)-1
		a := bottom
		a.xName = ""
		a.plot.y1 = top - float64(i)*(panelHeight+panelGap) - panelGap
		a.plot.y0 = a.plot.y1 - panelHeight
		a.y = a.y.on(a.plot.y0, a.plot.y1)
		if last {
			a.xName = bottom.xName
		} else {
			a.x.ticks = nil
		}
		shadeBands(c, a, t.common)
		a.draw(c)
		look := in.looks[t.cell.Cell]
		t.drawBand(c, a, look.color)
		t.drawLine(c, a, look)
		free := rect{a.plot.x0, a.plot.y1 + 3.5, a.plot.x1, a.plot.y1 + 3.5} // of the line above the panel
		c.text(in.name(t.cell), labelStyle.in(darker(look.color)), point{free.x0, free.y0}, left)
		free.x0 += width(in.name(t.cell), labelStyle) + tickGap
		if during := results.Summarize(t.during()); during.N > 0 {
			text := succeeded.Format(during.Mean) + " during faults"
			c.text(text, smallStyle, point{free.x1, free.y0}, right)
			free.x1 -= width(text, smallStyle) + tickGap
		}
		switch {
		case same && i == 0:
			nameBands(c, a, common, rect{a.plot.x0, a.plot.y1 + panelGap + 2, a.plot.x1, a.plot.y1 + panelGap + 2})
		case !same:
			nameBands(c, a, withoutTargets(t.common), free)
		}
	}
}

// withoutTargets returns faults by what they do alone, which is short.
func withoutTargets(bands []results.Band) []results.Band {
	bands = slices.Clone(bands)
	for i := range bands {
		bands[i].Label = kindOf(bands[i].Label)
	}
	return bands
}

// shadeBands marks when faults were active.
func shadeBands(c *canvas, a axes, bands []results.Band) {
	for _, b := range bands {
		x0, x1 := a.x.at(b.FromMS/1000), a.x.at(b.ToMS/1000)
		c.fillRect(rect{x0, a.plot.y0, max(x1, x0+1), a.plot.y1}, shade)
	}
}

// nameBands names faults on a line, each above its time, if there is room; else in a note.
func nameBands(c *canvas, a axes, bands []results.Band, line rect) {
	labelEnd := line.x0 - 1
	for _, b := range bands {
		w := width(b.Label, smallStyle)
		x0, x1 := a.x.at(b.FromMS/1000), a.x.at(b.ToMS/1000)
		at := min(max((x0+x1)/2-w/2, line.x0), line.x1-w)
		if at > labelEnd {
			c.text(b.Label, smallStyle.in(shadeText), point{at, line.y0}, left)
			labelEnd = at + w + tickGap
		} else {
			c.note(fmt.Sprintf("Also shaded: %s, %s to %s.", b.Label, span(b.FromMS), span(b.ToMS)))
		}
	}
}

// runs cuts a course where nobody called.
func (t course) runs(a axes, draw func(from, to int)) {
	for w := 0; w < len(t.mid); {
		if math.IsNaN(t.mid[w]) {
			w++
			continue
		}
		from := w
		for w < len(t.mid) && !math.IsNaN(t.mid[w]) {
			w++
		}
		draw(from, w)
	}
}

func (t course) at(a axes, w int, v float64) point {
	return a.at((float64(w)+0.5)*t.windowMS/1000, v)
}

func (t course) drawBand(c *canvas, a axes, col color.NRGBA) {
	if len(t.cell.Rows) < 2 {
		return
	}
	t.runs(a, func(from, to int) {
		var ps []point
		for w := from; w < to; w++ {
			ps = append(ps, t.at(a, w, t.high[w]))
		}
		for w := to - 1; w >= from; w-- {
			ps = append(ps, t.at(a, w, t.low[w]))
		}
		c.fill(ps, withAlpha(col, bandAlpha))
	})
}

// bandAlpha lets the grid and other bands shine through.
const bandAlpha = 55

// drawLine draws the median and says at which height it ends.
func (t course) drawLine(c *canvas, a axes, l look) (end float64) {
	t.runs(a, func(from, to int) {
		var ps []point
		for w := from; w < to; w++ {
			ps = append(ps, t.at(a, w, t.mid[w]))
		}
		if len(ps) == 1 {
			c.disc(ps[0], thick/2, l.color)
		}
		c.polyline(ps, thick, l.color, l.dash)
		end = ps[len(ps)-1].y
	})
	return end
}

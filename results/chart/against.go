package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"
)

// A Compared is a number that was published, or computed exactly, and what came out here.
type Compared struct {
	Group, Name string // what it is about, and which number of that
	Text        string // ours, beside the mark

	Ours, Lo, Hi float64
	Reference    float64  // the exact value, or the published one if there is none
	Published    *float64 // where the reference is not it
	Within       float64  // how far from the reference ours may be; infinite: anywhere, in the right order

	Verdict string // AgainstOK or another word; words that differ have colours of their own
}

// The verdicts that Against has colours for.
const (
	AgainstOK       = "ok"
	AgainstOutside  = "outside"
	AgainstUnsure   = "unsure"
	AgainstDoubtful = "(doubtful)"
)

// in returns how far a value is from the reference, in tolerances.
func (f *Compared) in(v float64) float64 {
	switch {
	case v == f.Reference:
		return 0
	case f.Within == 0:
		return float64(far * sign(v-f.Reference))
	}
	return (v - f.Reference) / f.Within
}

// far is where the scale of Against ends, in tolerances. What is further off stands at its end.
const far = 3

// Against draws numbers beside those that were published: how far each is from
// its reference, in units of its tolerance. The source goes into the last line.
func Against(all []Compared, source string, o Options) ([]byte, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no figure to draw")
	}
	f := againstFigure(all)
	f.footer = source
	if o.Title != "" {
		f.title = o.Title
	}
	format, widthCM := o.Format, o.WidthCM
	if format == "" {
		format = Formats()[0]
	}
	if widthCM == 0 {
		widthCM = defaultWidthCM
	}
	return f.encode(format, widthCM*pointsPerCM)
}

const (
	againstRow  = 14.5 // height of a figure, and of a heading
	againstRoom = 46   // of the axis
)

func againstFigure(all []Compared) *figure {
	rows, group := 0, ""
	for i := range all {
		if all[i].Group != group {
			group = all[i].Group
			rows++
		}
		rows++
	}
	return &figure{
		title:  AgainstFinding(all),
		facts:  "How far ours is from the exact value, or from the published one where there is no exact one, in units of the tolerance; bars are 95% intervals.",
		key:    againstKey(all),
		height: againstRoom + againstRow*float64(rows),
		notes:  beyondScale(all),
		body:   func(c *canvas, area rect) { drawAgainst(c, area, all, rows) },
	}
}

// AgainstFinding says in a sentence how many numbers came out.
func AgainstFinding(all []Compared) string {
	count := func(verdict string) (n int) {
		for i := range all {
			if all[i].Verdict == verdict {
				n++
			}
		}
		return n
	}
	doubtful := count(AgainstDoubtful)
	gated, ok := len(all)-doubtful, count(AgainstOK)
	s := fmt.Sprintf("%d of %s within tolerance", ok, figureCount(gated))
	if ok == gated && gated > 1 {
		s = "All " + figureCount(gated) + " within tolerance"
	}
	if n := count(AgainstOutside); n > 0 {
		s += fmt.Sprintf(", %d outside", n)
	}
	if n := count(AgainstUnsure); n > 0 {
		s += fmt.Sprintf(", %d unsure", n)
	}
	if doubtful > 0 {
		s += fmt.Sprintf("; %s doubtful besides", figureCount(doubtful))
	}
	return s
}

func againstColor(verdict string) color.NRGBA {
	switch verdict {
	case AgainstOK:
		return palette[0]
	case AgainstOutside:
		return alarm
	case AgainstUnsure:
		return palette[4]
	}
	return faint
}

// againstKey explains the marks that are there.
func againstKey(all []Compared) (key []keyItem) {
	for _, k := range []struct{ verdict, text string }{
		{AgainstOK, "ours, within"}, {AgainstOutside, "outside"}, {AgainstUnsure, "unsure"}, {AgainstDoubtful, "doubtful, decides nothing"},
	} {
		if slices.ContainsFunc(all, func(f Compared) bool { return f.Verdict == k.verdict }) {
			key = append(key, keyItem{k.text, 2 * dotRadius, func(c *canvas, at point) { c.disc(at, dotRadius, againstColor(k.verdict)) }})
		}
	}
	if slices.ContainsFunc(all, func(f Compared) bool { return f.Published != nil }) {
		key = append(key, keyItem{"published", 2 * dotRadius, func(c *canvas, at point) { cross(c, at) }})
	}
	return key
}

// beyondScale says that marks at the ends may belong further off.
func beyondScale(all []Compared) []string {
	for i := range all {
		f := &all[i]
		if x := f.in(f.Ours); x <= -far || x >= far {
			return []string{"Marks at the ends of the scale may belong further off."}
		}
		if f.Published != nil && (f.in(*f.Published) <= -far || f.in(*f.Published) >= far) {
			return []string{"Marks at the ends of the scale may belong further off."}
		}
	}
	return nil
}

// cross marks a published number.
func cross(c *canvas, at point) {
	const arm = dotRadius * 0.85
	c.line(point{at.x - arm, at.y - arm}, point{at.x + arm, at.y + arm}, thick, ink, nil)
	c.line(point{at.x - arm, at.y + arm}, point{at.x + arm, at.y - arm}, thick, ink, nil)
}

func drawAgainst(c *canvas, area rect, all []Compared, rows int) {
	names, values := 0.0, 0.0
	for i := range all {
		names = max(names, width(all[i].Name, keyStyle)+endPadding)
		values = max(values, width(all[i].Text, tickStyle))
	}
	x := linear(-far, far, 2*far, func(v float64) string { return fmt.Sprintf("%+g", v) })
	x.ticks[len(x.ticks)/2].label = "0"
	plot := rect{area.x0 + names + endPadding, area.y0, area.x1, area.y1}
	a := newAxes(plot, x, scale{min: 0, max: 1}, "distance from the reference, in tolerances", "", values+2*endPadding)
	c.fillRect(rect{a.x.at(-1), a.plot.y0, a.x.at(1), a.plot.y1}, ramp[0])
	for _, t := range a.x.ticks {
		c.line(point{a.x.at(t.at), a.plot.y0}, point{a.x.at(t.at), a.plot.y1}, thin, grid, nil)
	}
	a.draw(c)
	row, group := 0, ""
	next := func() float64 {
		row++
		return a.plot.y1 - (float64(row)-0.5)*(a.plot.height()/float64(rows))
	}
	for i := range all {
		f := &all[i]
		if f.Group != group {
			group = f.Group
			c.textMiddle(group, keyStyle.bolder(), point{area.x0, next()}, left)
		}
		y := next()
		c.textMiddle(f.Name, keyStyle, point{plot.x0 - endPadding, y}, right)
		c.textMiddle(f.Text, tickStyle.in(dark), point{area.x1, y}, right)
		f.draw(c, a, y)
	}
}

func (f *Compared) draw(c *canvas, a axes, y float64) {
	col := againstColor(f.Verdict)
	if math.IsInf(f.Within, 1) {
		return // there is no distance to show
	}
	at := point{a.x.at(f.in(f.Ours)), y}
	c.line(point{a.x.at(f.in(f.Lo)), y}, point{a.x.at(f.in(f.Hi)), y}, 2*medium, col, nil)
	c.disc(at, dotRadius+rim, white)
	c.disc(at, dotRadius, col)
	if f.Published != nil {
		cross(c, point{a.x.at(f.in(*f.Published)), y})
	}
}

func figureCount(n int) string {
	if n == 1 {
		return "1 figure is"
	}
	return fmt.Sprintf("%d figures are", n)
}

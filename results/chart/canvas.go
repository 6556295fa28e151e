package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A point on the page; the origin is its lower left corner.
type point struct{ x, y float64 }

// A rect on the page.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) width() float64  { return r.x1 - r.x0 }
func (r rect) height() float64 { return r.y1 - r.y0 }

func (r rect) grow(by float64) rect { return rect{r.x0 - by, r.y0 - by, r.x1 + by, r.y1 + by} }

// overlap is the area that two rects share.
func (r rect) overlap(o rect) float64 {
	w := min(r.x1, o.x1) - max(r.x0, o.x0)
	h := min(r.y1, o.y1) - max(r.y0, o.y0)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h
}

func (r rect) within(o rect) bool {
	return r.x0 >= o.x0 && r.x1 <= o.x1 && r.y0 >= o.y0 && r.y1 <= o.y1
}

// A canvas draws on a page. Characters that the font lacks are drawn as
// stand-ins and remarked on: the library would drop them without a word.
type canvas struct {
	page vg.Canvas
	*remarks
}

// remarks are what drawing finds out: they go below the plot when the figure is drawn again.
type remarks struct {
	missing []rune
	notes   []string
}

func (r *remarks) count() int { return len(r.missing) + len(r.notes) }

// note adds a line below the plot.
func (r *remarks) note(s string) {
	if !slices.Contains(r.notes, s) {
		r.notes = append(r.notes, s)
	}
}

// lines of the notes, and of the characters that are missing.
func (r *remarks) lines() []string {
	if len(r.missing) == 0 {
		return r.notes
	}
	var codes []string
	for _, m := range r.missing {
		codes = append(codes, fmt.Sprintf("U+%04X", m))
	}
	return append(slices.Clone(r.notes), fmt.Sprintf("%c stands for characters that the font of the charts lacks: %s", standIn, strings.Join(codes, ", ")))
}

const standIn = '?'

// printable replaces what the font cannot show.
func (c *canvas) printable(s string, f font.Face) string {
	return strings.Map(func(r rune) rune {
		if hasGlyph(f, r) {
			return r
		}
		if !slices.Contains(c.missing, r) {
			c.missing = append(c.missing, r)
		}
		return standIn
	}, s)
}

func hasGlyph(f font.Face, r rune) bool {
	i, err := f.Face.GlyphIndex(nil, r)
	return err == nil && i != 0
}

// How text lies about its point.
const (
	left   = 0.0
	center = 0.5
	right  = 1.0
)

// text draws one line with its baseline at p.
func (c *canvas) text(s string, st style, p point, align float64) {
	f := st.face()
	s = c.printable(s, f)
	c.page.SetColor(st.color)
	c.page.FillString(f, vgPoint(point{p.x - align*float64(f.Width(s)), p.y}), s)
}

// textMiddle draws one line whose letters are centred on p.y.
func (c *canvas) textMiddle(s string, st style, p point, align float64) {
	c.text(s, st, point{p.x, p.y - capHeight*st.size/2}, align)
}

// capHeight of Liberation Sans, as a share of the font size.
const capHeight = 0.72

// width of one line of text.
func width(s string, st style) float64 {
	f := st.face()
	return float64(f.Width(s))
}

// wrap breaks text into lines of at most so many points, at spaces, and makes
// the lines about equally long: a last line of one word looks like a mistake.
func wrap(s string, st style, limit float64) []string {
	lines := breakLines(s, st, limit)
	if len(lines) < 2 || strings.Contains(s, "\n") {
		return lines
	}
	const step = 4
	for narrower := limit - step; narrower > limit/2; narrower -= step {
		balanced := breakLines(s, st, narrower)
		if len(balanced) > len(lines) {
			break
		}
		lines = balanced
	}
	return lines
}

// breakLines fills each line as far as it goes.
func breakLines(s string, st style, limit float64) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.FieldsFunc(paragraph, func(r rune) bool { return r == ' ' }) {
			longer := strings.TrimSpace(line + " " + word)
			if line != "" && width(longer, st) > limit {
				lines = append(lines, line)
				longer = word
			}
			line = longer
			for width(line, st) > limit && len(line) > 1 {
				var head string
				head, line = split(line, st, limit)
				lines = append(lines, head)
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// split breaks a word that is too long for a line.
func split(word string, st style, limit float64) (head, rest string) {
	end := 0
	for i, r := range word {
		next := i + len(string(r))
		if i > 0 && width(word[:next], st) > limit {
			break
		}
		end = next
	}
	return word[:end], word[end:]
}

// line draws a straight line.
func (c *canvas) line(a, b point, w float64, col color.NRGBA, dash []float64) {
	c.polyline([]point{a, b}, w, col, dash)
}

// polyline draws straight lines from point to point.
func (c *canvas) polyline(ps []point, w float64, col color.NRGBA, dash []float64) {
	if len(ps) < 2 {
		return
	}
	c.page.SetLineWidth(vg.Length(w))
	c.page.SetLineDash(vgLengths(dash), 0)
	c.page.SetColor(col)
	c.page.Stroke(path(ps, false))
}

// fill colours a polygon.
func (c *canvas) fill(ps []point, col color.NRGBA) {
	if len(ps) < 3 || col.A == 0 {
		return
	}
	c.page.SetColor(col)
	c.page.Fill(path(ps, true))
}

func (c *canvas) fillRect(r rect, col color.NRGBA) { c.fill(corners(r), col) }

func (c *canvas) strokeRect(r rect, w float64, col color.NRGBA) {
	c.page.SetLineWidth(vg.Length(w))
	c.page.SetLineDash(nil, 0)
	c.page.SetColor(col)
	c.page.Stroke(path(corners(r), true))
}

func corners(r rect) []point {
	return []point{{r.x0, r.y0}, {r.x1, r.y0}, {r.x1, r.y1}, {r.x0, r.y1}}
}

// disc fills a circle. A polygon of many sides looks the same in every format;
// arcs do not: the PDF backend draws them apart from the path they belong to.
func (c *canvas) disc(p point, radius float64, col color.NRGBA) {
	const sides = 40
	ps := make([]point, sides)
	for i := range ps {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / sides)
		ps[i] = point{p.x + float64(radius*cos), p.y + float64(radius*sin)}
	}
	c.fill(ps, col)
}

// halfDisc fills the left half of a circle.
func (c *canvas) halfDisc(p point, radius float64, col color.NRGBA) {
	const sides = 20
	ps := make([]point, sides+1)
	for i := range ps {
		sin, cos := math.Sincos(math.Pi/2 + math.Pi*float64(i)/sides)
		ps[i] = point{p.x + float64(radius*cos), p.y + float64(radius*sin)}
	}
	c.fill(ps, col)
}

func path(ps []point, closed bool) vg.Path {
	var p vg.Path
	for i, at := range ps {
		if i == 0 {
			p.Move(vgPoint(at))
		} else {
			p.Line(vgPoint(at))
		}
	}
	if closed {
		p.Close()
	}
	return p
}

func vgPoint(p point) vg.Point { return vg.Point{X: vg.Length(p.x), Y: vg.Length(p.y)} }

func vgLengths(ls []float64) []vg.Length {
	if ls == nil {
		return nil
	}
	out := make([]vg.Length, len(ls))
	for i, l := range ls {
		out[i] = vg.Length(l)
	}
	return out
}

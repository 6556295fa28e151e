package chart

import (
	"math"
	"slices"

	"faultline/results"
)

// A curve is one cell as a line with a band, in the units of the axes.
type curve struct {
	cell    *results.Cell
	x, y    []float64
	lo, hi  []float64 // band; nil without one
	stepped bool
	dotted  bool   // a mark at each point
	value   string // that ranks it, shown beside its name
}

const curvesHeight = 235

// drawCurves draws curves and then their names, each where it disturbs the others least.
func (in *input) drawCurves(c *canvas, area rect, curves []curve, x, y scale, xName, yName, heading string) {
	names, values := 0.0, width(heading, smallStyle)
	for _, k := range curves {
		names = max(names, width(in.name(k.cell), labelStyle))
		values = max(values, width(k.value, keyStyle))
	}
	a := newAxes(area, x, y, xName, yName, 2*tickGap+sampleWidth+tickGap+names+2*tickGap+values)
	a.draw(c)
	for _, k := range curves {
		if k.lo != nil {
			c.fill(slices.Concat(k.points(a, k.hi), reversed(k.points(a, k.lo))), withAlpha(in.color(k.cell), bandAlpha))
		}
	}
	for _, k := range curves {
		l := in.looks[k.cell.Cell]
		c.polyline(k.points(a, k.y), thick, l.color, l.dash)
		k.marks(c, a, in)
	}
	in.list(c, a, curves, heading, area.x1)
}

func (k curve) points(a axes, ys []float64) []point {
	var ps []point
	for i, x := range k.x {
		if math.IsNaN(ys[i]) {
			continue
		}
		p := a.at(x, ys[i])
		if k.stepped && len(ps) > 0 {
			ps = append(ps, point{p.x, ps[len(ps)-1].y})
		}
		ps = append(ps, p)
	}
	return ps
}

func reversed(ps []point) []point {
	slices.Reverse(ps)
	return ps
}

const (
	sampleWidth = 18
	listLine    = 15.5
)

// list names the curves beside the plot, in the order in which they lie, with
// a piece of each line and the number that ranks it. Names on the curves
// themselves would collide where curves bundle.
func (in *input) list(c *canvas, a axes, curves []curve, heading string, end float64) {
	x := a.plot.x1 + 2*tickGap
	y := a.plot.y1 - listLine/2
	c.text(heading, smallStyle, point{end, a.plot.y1 + namesGap}, right)
	for _, k := range curves {
		l := in.looks[k.cell.Cell]
		c.line(point{x, y}, point{x + sampleWidth, y}, thick, l.color, l.dash)
		c.textMiddle(in.name(k.cell), labelStyle.in(darker(l.color)), point{x + sampleWidth + tickGap, y}, left)
		c.textMiddle(k.value, keyStyle, point{end, y}, right)
		y -= listLine
	}
}

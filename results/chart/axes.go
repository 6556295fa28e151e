package chart

import (
	"math"

	"faultline/results"
)

// Axes are drawn without lines of their own: pale rules from the ticks of the
// vertical axis, labels at the ticks, and the names in words.
type axes struct {
	x, y         scale
	xName, yName string
	plot         rect    // where the data go
	nameLift     float64 // of the vertical axis's name, to leave room for words above the plot
}

const (
	tickGap    = 6  // between a tick's label and the plot
	namesGap   = 8  // between an axis's name and what is below it
	endPadding = 10 // between columns of text
)

// newAxes fits the axes into an area, with so much room left free on the right.
func newAxes(area rect, x, y scale, xName, yName string, rightRoom float64) axes {
	a := axes{xName: xName, yName: yName}
	labels := 0.0
	for _, t := range y.ticks {
		labels = max(labels, width(t.label, tickStyle))
	}
	overhang := 0.0
	if len(x.ticks) > 0 {
		overhang = width(x.ticks[len(x.ticks)-1].label, tickStyle) / 2
	}
	a.plot = rect{area.x0 + labels + tickGap, area.y0, area.x1 - max(rightRoom, overhang), area.y1}
	if len(x.ticks) > 0 {
		a.plot.y0 += tickGap + tickStyle.lineHeight()
	}
	if xName != "" {
		a.plot.y0 += namesGap + axisStyle.lineHeight()
	}
	if yName != "" {
		a.plot.y1 -= axisStyle.lineHeight() + namesGap
	}
	a.x, a.y = x.on(a.plot.x0, a.plot.x1), y.on(a.plot.y0, a.plot.y1)
	return a
}

func (a axes) at(x, y float64) point { return point{a.x.at(x), a.y.at(y)} }

// draw puts rules, labels and names on the page; data go on top.
func (a axes) draw(c *canvas) {
	for _, t := range a.y.ticks {
		y := a.y.at(t.at)
		c.line(point{a.plot.x0, y}, point{a.plot.x1, y}, thin, grid, nil)
		c.textMiddle(t.label, tickStyle, point{a.plot.x0 - tickGap, y}, right)
	}
	for _, t := range a.x.ticks {
		c.line(point{a.x.at(t.at), a.plot.y0}, point{a.x.at(t.at), a.plot.y0 - 3}, thin, faint, nil)
	}
	for _, t := range a.roomy() {
		c.text(t.label, tickStyle, point{a.x.at(t.at), a.plot.y0 - tickGap - tickStyle.size}, center)
	}
	if len(a.x.ticks) > 0 {
		c.line(point{a.plot.x0, a.plot.y0}, point{a.plot.x1, a.plot.y0}, thin, faint, nil)
		a.breakMark(c)
	}
	c.text(a.yName, axisStyle, point{a.plot.x0 - a.tickWidth(), a.plot.y1 + a.nameLift + namesGap}, left)
	c.text(a.xName, axisStyle, point{(a.plot.x0 + a.plot.x1) / 2, a.plot.y0 - tickGap - tickStyle.lineHeight() - namesGap - axisStyle.size*0.5}, center)
}

// roomy is the ticks that have room for their labels: all, or every second or
// third, or of a logarithmic scale the powers of ten.
func (a axes) roomy() []tick {
	ticks := a.x.ticks
	for every := 2; a.collide(ticks); every++ {
		ticks = nil
		for i, t := range a.x.ticks {
			power := math.Log10(t.at)
			if (a.x.log && (t.at == 0 || math.Abs(power-math.Round(power)) < 1e-9)) || (!a.x.log && i%every == 0) {
				ticks = append(ticks, t)
			}
		}
		if a.x.log || every > len(a.x.ticks) {
			break
		}
	}
	return ticks
}

// collide tells whether labels of neighbouring ticks touch.
func (a axes) collide(ticks []tick) bool {
	for i := 1; i < len(ticks); i++ {
		half := (width(ticks[i-1].label, tickStyle) + width(ticks[i].label, tickStyle)) / 2
		if a.x.at(ticks[i].at)-a.x.at(ticks[i-1].at) < half+tickGap {
			return true
		}
	}
	return false
}

func (a axes) tickWidth() float64 {
	w := 0.0
	for _, t := range a.y.ticks {
		w = max(w, width(t.label, tickStyle))
	}
	return w + tickGap
}

// breakMark shows that zero does not belong to the logarithmic scale beside it.
func (a axes) breakMark(c *canvas) {
	if !a.x.zero {
		return
	}
	x, y := a.plot.x0+zeroRow/2, a.plot.y0
	c.line(point{x - 2, y}, point{x + 2, y}, 2*thin, white, nil)
	for _, dx := range []float64{-2, 2} {
		c.line(point{x + dx - 1.5, y - 3.5}, point{x + dx + 1.5, y + 3.5}, thin, faint, nil)
	}
}

// axisName says what a metric is, and which way it gets better.
func axisName(m results.Metric) string {
	switch m.Better {
	case results.Higher:
		return m.Label + " (higher is better)"
	case results.Lower:
		return m.Label + " (lower is better)"
	}
	return m.Label
}

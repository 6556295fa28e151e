package chart

import (
	"fmt"
	"math"
	"slices"

	"faultline/results"
)

const (
	panelsAcross = 4 // small maps beside each other, at most
	smallField   = 15.0
	panelsGapX   = 12.0
	panelsGapY   = 13.0
	panelName    = 14.0 // room above a small map
)

// A panel is the small map of one value of a setting.
type panel struct {
	value string
	cells []*results.Cell
}

// heatPanels draws a small map for each value of a setting, all with the same axes
// and colours: too small for numbers, they show shapes.
func (in *input) heatPanels(m measure) (*figure, error) {
	by := in.options.Panels
	if !slices.Contains(in.swept(), by) {
		return nil, results.UnknownName("swept setting", by, in.swept())
	}
	var panels []panel
	for _, c := range in.cells {
		i := slices.IndexFunc(panels, func(p panel) bool { return p.value == c.Param(by) })
		if i < 0 {
			panels = append(panels, panel{value: c.Param(by)})
			i = len(panels) - 1
		}
		panels[i].cells = append(panels[i].cells, c)
	}
	if len(panels) > mostPanels {
		return nil, fmt.Errorf("%d maps do not fit on one page\n  hint: choose fewer cells with Where or Series", len(panels))
	}
	h, maps, err := in.newMaps(panels)
	if err != nil {
		return nil, err
	}
	rows := (len(panels) + panelsAcross - 1) / panelsAcross
	facts := fmt.Sprintf("Mean of %s over %s: darker is more", m.Label, in.seeds())
	if m.values == nil {
		facts = capital(fmt.Sprintf("%s, of %s%s: darker is more", m.Label, in.seeds(), in.undecidedCount()))
	}
	return &figure{
		title:  panelsFinding(m, panels),
		facts:  facts + fmt.Sprintf("; beside each name the mean over its map. Upwards %s, to the right %s.", short(h.yName), short(h.xName)),
		height: 30 + float64(rows)*(panelName+smallField*float64(len(h.ys))+panelsGapY),
		notes:  in.beyondNote(),
		body:   func(c *canvas, area rect) { in.drawHeatPanels(c, area, m, h, panels, maps) },
	}, nil
}

// newMaps puts the cells of each panel in their places; the first result has the axes of all.
func (in *input) newMaps(panels []panel) (all heat, maps []heat, err error) {
	whole := *in
	for i, p := range panels {
		whole.cells = p.cells
		if i == 0 {
			if all, err = whole.newHeat(); err != nil {
				return all, nil, err
			}
			whole.options.X, whole.options.Y = all.xName, all.yName
			maps = append(maps, all)
			continue
		}
		h, err := whole.newHeat()
		if err != nil {
			return all, nil, err
		}
		if !slices.Equal(h.xs, all.xs) || !slices.Equal(h.ys, all.ys) {
			return all, nil, fmt.Errorf("%s and %s have not the same %s and %s\n  hint: choose with Where cells that fill all maps alike", panels[0].value, p.value, all.xName, all.yName)
		}
		maps = append(maps, h)
	}
	return all, maps, nil
}

// over is the mean of a metric over the fields of a map.
func (p panel) over(m measure) float64 {
	sum, n := 0.0, 0
	for _, c := range p.cells {
		if s := m.of(c); s.N > 0 {
			sum += s.Mean
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// panelsFinding names the maps with the best mean and with the worst. It says no
// more than what is drawn: the same settings, field by field.
func panelsFinding(m measure, panels []panel) string {
	ranked := slices.DeleteFunc(slices.Clone(panels), func(p panel) bool { return math.IsNaN(p.over(m)) })
	if len(ranked) == 0 || m.Better == results.Neither {
		return capital(m.Label)
	}
	slices.SortStableFunc(ranked, func(a, b panel) int {
		if m.Better == results.Lower {
			return sign(a.over(m) - b.over(m))
		}
		return sign(b.over(m) - a.over(m))
	})
	alike := func(with panel) (names []string) {
		for _, p := range panels {
			if m.Format(p.over(m)) == m.Format(with.over(m)) {
				names = append(names, p.value)
			}
		}
		return names
	}
	best, worst := ranked[0], ranked[len(ranked)-1]
	if m.Format(best.over(m)) == m.Format(worst.over(m)) {
		return fmt.Sprintf("%s over the map: %s with each", capital(m.Label), m.Format(best.over(m)))
	}
	return fmt.Sprintf("%s over the map: %s with %s, but %s with %s", capital(m.Label), m.Format(best.over(m)), results.Sentence(alike(best)), m.Format(worst.over(m)), results.Sentence(alike(worst)))
}

func (in *input) drawHeatPanels(c *canvas, area rect, m measure, h heat, panels []panel, maps []heat) {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, cell := range in.cells {
		if s := m.of(cell); s.N > 0 {
			lo, hi = min(lo, s.Mean), max(hi, s.Mean)
		}
	}
	if lo > 0 && lo < hi/4 {
		lo = 0
	}
	names := 0.0
	for _, y := range h.ys {
		names = max(names, width(y, smallStyle))
	}
	names += tickGap
	across := min(panelsAcross, len(panels))
	wide := (area.width() - names - panelsGapX*float64(across-1)) / float64(across)
	high := smallField * float64(len(h.ys))
	in.drawRamp(c, m, rect{area.x0, area.y1 - rampHeight, area.x1, area.y1}, lo, hi)
	c.text(short(h.yName), axisStyle, point{area.x0, area.y1 - rampHeight}, left)
	top := area.y1 - rampHeight - namesGap
	for i, p := range panels {
		column, row := i%across, i/across
		x0 := area.x0 + names + float64(column)*(wide+panelsGapX)
		y1 := top - float64(row)*(panelName+high+panelsGapY) - panelName
		plot := rect{x0, y1 - high, x0 + wide, y1}
		drawPanelName(c, plot, p.value, m.Format(p.over(m)))
		in.drawSmallMap(c, plot, m, maps[i], lo, hi)
		if column == 0 {
			for y, v := range h.ys {
				c.textMiddle(v, smallStyle, point{x0 - tickGap, plot.y0 + (float64(y)+0.5)*smallField}, right)
			}
		}
		if i+across >= len(panels) {
			drawEnds(c, plot, h.xs)
		}
	}
	c.text(short(h.xName), axisStyle, point{area.x0 + names, area.y0}, left)
}

// drawPanelName puts the name and the mean of a map above it, the name smaller where it is long.
func drawPanelName(c *canvas, plot rect, name, mean string) {
	st := keyStyle.bolder()
	room := plot.width() - width(mean, smallStyle) - tickGap
	st.size = min(st.size, st.size*room/max(1, width(name, st)))
	c.text(name, st, point{plot.x0, plot.y1 + 4}, left)
	c.text(mean, smallStyle, point{plot.x1, plot.y1 + 4}, right)
}

// drawEnds labels the first and the last column of a map, if there is room.
func drawEnds(c *canvas, plot rect, xs []string) {
	first, last := xs[0], xs[len(xs)-1]
	y := plot.y0 - smallStyle.size - 2
	c.text(first, smallStyle, point{plot.x0, y}, left)
	if len(xs) > 1 && width(first, smallStyle)+width(last, smallStyle)+tickGap < plot.width() {
		c.text(last, smallStyle, point{plot.x1, y}, right)
	}
}

func (in *input) drawSmallMap(c *canvas, plot rect, m measure, h heat, lo, hi float64) {
	w := plot.width() / float64(len(h.xs))
	for y := range h.ys {
		for x := range h.xs {
			cell := h.at(x, y)
			r := rect{plot.x0 + float64(x)*w + 0.4, plot.y0 + float64(y)*smallField + 0.4, plot.x0 + float64(x+1)*w - 0.4, plot.y0 + float64(y+1)*smallField - 0.4}
			if cell == nil || m.of(cell).N == 0 || in.spared(h, cell) {
				c.strokeRect(r, thin, grid)
				continue
			}
			c.fillRect(r, rampAt(m.of(cell).Mean, lo, hi))
		}
	}
}

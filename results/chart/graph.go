package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"faultline/results"
)

const (
	mostGraphs   = 4    // one above the other that a page can take
	graphName    = 20.0 // room above a graph for its name
	graphRow     = 34.0 // height of a box with the space around it
	boxHeight    = 20.0
	graphGap     = 12.0
	thinnestEdge = 1.0
	thickestEdge = 8.0
	arrowHead    = 7.0
	wellAnswered = 0.9 // share of calls answered OK from which on an edge is sound
)

// A load is what went over an edge, over all runs of a cell.
type load struct {
	from, to string
	perOp    float64 // calls for each operation
	ok       float64 // share of them answered OK
}

// A service graph is who asks whom in a cell, laid out in columns.
type graph struct {
	cell    *results.Cell
	loads   []load
	columns [][]string
}

// services draws who asks whom, with the calls for each operation on the edges.
func services(in *input) (*figure, error) {
	var graphs []graph
	for _, c := range in.cells {
		if g := newGraph(c); len(g.loads) > 0 {
			graphs = append(graphs, g)
		}
	}
	if len(graphs) == 0 {
		return nil, fmt.Errorf("no row says who asks whom\n  hint: only experiments with services do; run an older one again")
	}
	if len(graphs) > mostGraphs {
		return nil, fmt.Errorf("%d graphs do not fit on one page\n  hint: choose up to %d cells with Where or Series", len(graphs), mostGraphs)
	}
	height := 0.0
	for _, g := range graphs {
		height += g.height(len(graphs) > 1)
	}
	return &figure{
		title:  graphsFinding(graphs),
		facts:  fmt.Sprintf("Calls for each operation of clients, retries counted, and the share of them answered OK; means over %s.", in.seeds()),
		key:    graphKey(graphs),
		height: height,
		notes:  in.beyondNote(),
		body: func(c *canvas, area rect) {
			top := area.y1
			for _, g := range graphs {
				h := g.height(len(graphs) > 1)
				room := rect{area.x0, top - h, area.x1, top}
				if len(graphs) > 1 {
					c.text(in.name(g.cell), labelStyle, point{area.x0, top - labelStyle.size}, left)
					room.y1 -= graphName
				}
				g.draw(c, room)
				top -= h
			}
		},
	}, nil
}

func newGraph(c *results.Cell) graph {
	g := graph{cell: c}
	calls, oks := map[[2]string]int{}, map[[2]string]int{}
	ops := 0
	for _, r := range c.Rows {
		ops += r.Ops.OK + r.Ops.Failed + r.Ops.Unknown
		for _, e := range r.Edges {
			key := [2]string{e.From, e.To}
			if calls[key] == 0 {
				g.loads = append(g.loads, load{from: e.From, to: e.To})
			}
			calls[key] += e.Calls
			oks[key] += e.OK
		}
	}
	for i := range g.loads {
		l := &g.loads[i]
		n := calls[[2]string{l.from, l.to}]
		l.perOp = float64(n) / float64(max(ops, 1))
		l.ok = min(1, float64(oks[[2]string{l.from, l.to}])/float64(n)) // a doubled message is answered twice
	}
	g.columns = columnsOf(g.loads)
	return g
}

// columnsOf puts every service one column after the last of those that ask it.
func columnsOf(loads []load) (columns [][]string) {
	depth := map[string]int{}
	for range loads { // a path is no longer than that
		for _, l := range loads {
			depth[l.to] = max(depth[l.to], depth[l.from]+1)
		}
	}
	seen := map[string]bool{}
	put := func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for len(columns) <= depth[name] {
			columns = append(columns, nil)
		}
		columns[depth[name]] = append(columns[depth[name]], name)
	}
	for _, l := range loads {
		put(l.from)
		put(l.to)
	}
	return columns
}

func (g graph) height(named bool) float64 {
	rows := 1
	for _, c := range g.columns {
		rows = max(rows, len(c))
	}
	h := float64(rows)*graphRow + graphGap + smallStyle.lineHeight()
	if named {
		h += graphName
	}
	return h
}

// busiest is the service that is asked most, and how often for each operation.
func (g graph) busiest() (name string, perOp float64) {
	asked := map[string]float64{}
	for _, l := range g.loads {
		asked[l.to] += l.perOp
		if asked[l.to] > perOp*(1+1e-9) { // of equals the first
			name, perOp = l.to, asked[l.to]
		}
	}
	return name, perOp
}

// graphsFinding says what becomes of one operation.
func graphsFinding(graphs []graph) string {
	name, most := graphs[0].busiest()
	if len(graphs) == 1 {
		return fmt.Sprintf("One operation makes %s of %s", callsText(most), name)
	}
	least, at, by := most, graphs[0], graphs[0]
	for _, g := range graphs {
		n, v := g.busiest()
		if v > most {
			name, most, at = n, v, g
		}
		if v < least {
			least, by = v, g
		}
	}
	if perOp(least) == perOp(most) {
		return fmt.Sprintf("One operation makes %s of the service that is asked most, in each case", callsText(most))
	}
	return fmt.Sprintf("One operation makes %s of %s with %s, %s with %s", callsText(most), name, at.cell.Series, perOp(least), by.cell.Series)
}

func callsText(v float64) string {
	if perOp(v) == "1" {
		return "1 call"
	}
	return perOp(v) + " calls"
}

func perOp(v float64) string { return results.Metric{Unit: results.PerOp}.Format(v) }

// graphKey explains the colours of edges.
func graphKey(graphs []graph) (key []keyItem) {
	for _, k := range []struct {
		text string
		is   func(load) bool
		col  color.NRGBA
	}{
		{"at least 90% answered OK", func(l load) bool { return l.ok >= wellAnswered }, palette[0]},
		{"less", func(l load) bool { return l.ok < wellAnswered }, palette[1]},
	} {
		if slices.ContainsFunc(graphs, func(g graph) bool { return slices.ContainsFunc(g.loads, k.is) }) {
			key = append(key, keyItem{k.text, 20, func(c *canvas, at point) {
				c.line(point{at.x - 10, at.y}, point{at.x + 10, at.y}, 2*thick, k.col, nil)
			}})
		}
	}
	return key
}

func (g graph) draw(c *canvas, area rect) {
	boxes := g.boxes(area)
	for _, l := range g.loads {
		fans := slices.ContainsFunc(g.loads, func(o load) bool { return o.from == l.from && o.to != l.to })
		l.draw(c, boxes[l.from], boxes[l.to], fans)
	}
	st := keyStyle.bolder()
	const frame = 6
	for name, b := range boxes { // any order: the smallest counts
		st.size = min(st.size, keyStyle.size*(b.width()-frame)/max(1, width(name, keyStyle.bolder())))
	}
	for _, column := range g.columns {
		for _, name := range column {
			b := boxes[name]
			c.fillRect(b, white)
			c.strokeRect(b, medium, dark)
			c.textMiddle(name, st, point{(b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2}, center)
		}
	}
}

// boxes places the services: columns from left to right, each in the middle of the height.
func (g graph) boxes(area rect) map[string]rect {
	widest := 0.0
	for _, l := range g.loads {
		widest = max(widest, width(l.from, keyStyle.bolder()), width(l.to, keyStyle.bolder()))
	}
	n := float64(len(g.columns))
	const least = 36.0 // for the words on an edge
	w := min(widest+12, (area.width()-least*(n-1))/n)
	step := 0.0
	if n > 1 {
		step = (area.width() - w) / (n - 1)
	}
	boxes := map[string]rect{}
	middle := (area.y0 + area.y1) / 2
	for i, column := range g.columns {
		for j, name := range column {
			x := area.x0 + float64(i)*step
			y := middle + (float64(len(column)-1)/2-float64(j))*graphRow
			boxes[name] = rect{x, y - boxHeight/2, x + w, y + boxHeight/2}
		}
	}
	return boxes
}

// draw draws an edge, the broader the more goes over it, and its words on it.
func (l load) draw(c *canvas, from, to rect, fans bool) {
	a, b := point{from.x1, (from.y0 + from.y1) / 2}, point{to.x0, (to.y0 + to.y1) / 2}
	long := math.Hypot(b.x-a.x, b.y-a.y)
	ux, uy := (b.x-a.x)/long, (b.y-a.y)/long
	broad := min(thickestEdge, thinnestEdge+1.5*math.Log2(1+l.perOp))
	col := palette[0]
	if l.ok < wellAnswered {
		col = palette[1]
	}
	head := arrowHead + broad/2
	c.line(a, point{b.x - head*ux*0.8, b.y - head*uy*0.8}, broad, withAlpha(col, 170), nil)
	half := head * 0.55
	c.fill([]point{b, {b.x - head*ux - half*uy, b.y - head*uy + half*ux}, {b.x - head*ux + half*uy, b.y - head*uy - half*ux}}, col)
	l.words(c, a, b, broad, darker(col), fans)
}

// words puts the numbers above and below a level edge, and on one of several from one
// service near its end, where these are furthest from each other.
func (l load) words(c *canvas, a, b point, broad float64, col color.NRGBA, fans bool) {
	if a.y == b.y && !fans {
		at := point{a.x + (b.x-a.x-arrowHead)/2, a.y}
		above := broad/2 + 3
		c.text(perOp(l.perOp), keyStyle.bolder().in(col), point{at.x, at.y + above}, center)
		c.text(shareText(l.ok), smallStyle, point{at.x, at.y - above - smallStyle.size*0.75}, center)
		return
	}
	const share, between = 0.7, 4
	at := point{a.x + (b.x-a.x)*share, a.y + (b.y-a.y)*share}
	number, ok := width(perOp(l.perOp), keyStyle.bolder()), width(shareText(l.ok), smallStyle)
	half := (number + between + ok) / 2
	c.fillRect(rect{at.x - half - 2, at.y - keyStyle.size*0.6, at.x + half + 2, at.y + keyStyle.size*0.6}, white)
	c.textMiddle(perOp(l.perOp), keyStyle.bolder().in(col), point{at.x - half, at.y}, left)
	c.textMiddle(shareText(l.ok), smallStyle, point{at.x + half, at.y}, right)
}

func shareText(v float64) string { return results.Metric{Unit: results.Share}.Format(v) }

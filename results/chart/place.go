package chart

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// A label wants to stand beside a point.
type label struct {
	text    string
	style   style
	at      point
	keepOff float64 // radius of the mark at the point

	box    rect
	placed bool
	far    bool // so far from its point that it needs a leader
	cost   float64
	width  float64 // of the text, measured once
}

// The places tried for a label: twelve directions at growing distances.
var (
	directions = [][2]float64{{1, 0}, {1, 1}, {1, -1}, {-1, 0}, {-1, 1}, {-1, -1}, {0, 1}, {0, -1}, {1, 0.5}, {1, -0.5}, {-1, 0.5}, {-1, -0.5}}
	distances  = []float64{3, 9, 17, 27, 39, 53}
)

const (
	leaderFrom = 7 // distance from which on a leader is drawn
	passes     = 4 // over all labels; each moves to where it disturbs the others least
	tolerated  = 2 // square points of overlap that nobody sees
)

// place finds a place for every label that has one: inside the area, off the
// obstacles and off each other. It lets the labels choose in several orders and
// keeps the best outcome; all is fixed, so the result is too. A label without a
// place is left out (placed stays false).
func place(labels []*label, obstacles []rect, area rect) (leftOut int) {
	for _, l := range labels {
		l.width = width(l.text, l.style)
	}
	best, bestOut, bestCost := []label(nil), 0, 0.0
	for _, order := range orders(labels) {
		out, cost := placeInOrder(order, obstacles, area)
		if best == nil || out < bestOut || (out == bestOut && cost < bestCost) {
			bestOut, bestCost = out, cost
			best = best[:0]
			for _, l := range labels {
				best = append(best, *l)
			}
		}
	}
	for i := range best {
		*labels[i] = best[i]
	}
	return bestOut
}

// orders in which labels may choose: as they come, along the axes, and some at random.
func orders(labels []*label) [][]*label {
	const most, atRandom = 600, 8 // bounds the time for many labels
	by := func(compare func(a, b *label) int) []*label {
		return slices.SortedStableFunc(slices.Values(labels), compare)
	}
	all := [][]*label{
		labels,
		by(func(a, b *label) int { return cmp.Compare(a.at.x, b.at.x) }),
		by(func(a, b *label) int { return cmp.Compare(b.at.x, a.at.x) }),
		by(func(a, b *label) int { return cmp.Compare(a.at.y, b.at.y) }),
		by(func(a, b *label) int { return cmp.Compare(b.at.y, a.at.y) }),
	}
	random := rand.New(rand.NewPCG(1, uint64(len(labels))))
	for range min(atRandom, most/max(1, len(labels))) {
		shuffled := slices.Clone(labels)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		all = append(all, shuffled)
	}
	return all
}

// placeInOrder is greedy first; then each label in turn moves if there is a better place.
func placeInOrder(labels []*label, obstacles []rect, area rect) (leftOut int, cost float64) {
	for _, l := range labels {
		l.placed = false
	}
	for pass := range passes {
		for _, l := range labels {
			l.settle(labels, obstacles, area, pass == 0)
		}
	}
	for _, l := range labels {
		l.placed = false
	}
	for _, l := range labels {
		l.placed = l.clean(labels, obstacles, area)
	}
	for _, l := range labels { // those that lost their place may find another, now that all others have theirs
		if !l.placed {
			l.settle(labels, obstacles, area, true)
			l.placed = l.clean(labels, obstacles, area)
		}
		if !l.placed {
			leftOut++
		}
		cost += l.cost
	}
	return leftOut, cost
}

// clean tells whether the label disturbs nothing that has its place.
func (l *label) clean(labels []*label, obstacles []rect, area rect) bool {
	return l.box.within(area) && l.crowding(labels, obstacles, false) <= tolerated && l.crossings(labels, false) == 0
}

func (l *label) settle(others []*label, obstacles []rect, area rect, first bool) {
	best := math.Inf(1)
	var bestBox rect
	var bestFar bool
	for i, d := range distances {
		for j, dir := range directions {
			box := l.boxAt(dir, d)
			if !box.within(area) {
				continue
			}
			l.box = box
			cost := 20*l.crowding(others, obstacles, !first) + float64(12*i) + float64(j)
			l.far = d >= leaderFrom
			cost += 40*float64(l.crossings(others, !first)) + 15*float64(l.leaderHitsAny(obstacles))
			if cost < best {
				best, bestBox, bestFar = cost, box, d >= leaderFrom
			}
		}
	}
	l.box, l.far, l.cost, l.placed = bestBox, bestFar, best, !math.IsInf(best, 1)
	if !l.placed {
		l.box = rect{-1e6, -1e6, -1e6, -1e6}
	}
}

// boxAt is the label's box in a direction at a distance from its mark.
func (l *label) boxAt(dir [2]float64, distance float64) rect {
	w, h := l.width, l.style.size
	away := l.keepOff + distance
	if dir[0] != 0 && dir[1] != 0 {
		away *= math.Sqrt2 / 2
	}
	x, y := l.at.x+dir[0]*away, l.at.y+dir[1]*away
	r := rect{x - w/2, y - h/2, x + w/2, y + h/2}
	dx, dy := dir[0]*w/2, dir[1]*h/2
	return rect{r.x0 + dx, r.y0 + dy, r.x1 + dx, r.y1 + dy}
}

// crowding is the area that the label shares with others and with obstacles.
// In the first pass only labels placed before it count.
func (l *label) crowding(others []*label, obstacles []rect, all bool) float64 {
	sum := 0.0
	box := l.box.grow(0.8)
	for _, o := range obstacles {
		sum += box.overlap(o)
	}
	for _, o := range others {
		if o != l && (all || o.placed) {
			sum += box.overlap(o.box)
		}
	}
	return sum
}

// crossings counts labels that the leader runs through, and leaders that run through the label.
func (l *label) crossings(others []*label, all bool) int {
	n := 0
	for _, o := range others {
		if o == l || !(all || o.placed) {
			continue
		}
		if l.leaderHits(o.box) {
			n++
		}
		if o.leaderHits(l.box) {
			n++
		}
	}
	return n
}

// leaderHitsAny counts the obstacles that the leader runs through, other than those at its own point.
func (l *label) leaderHitsAny(obstacles []rect) int {
	if !l.far {
		return 0
	}
	n := 0
	own := rect{l.at.x, l.at.y, l.at.x, l.at.y}
	for _, o := range obstacles {
		if !own.within(o) && l.leaderHits(o) {
			n++
		}
	}
	return n
}

// leaderHits tells whether the label's leader runs through a box.
func (l *label) leaderHits(box rect) bool {
	if !l.far {
		return false
	}
	const samples = 12
	end := l.nearest()
	for i := 1; i < samples; i++ {
		t := float64(i) / samples
		p := point{l.at.x + t*(end.x-l.at.x), l.at.y + t*(end.y-l.at.y)}
		if (rect{p.x, p.y, p.x, p.y}).within(box) {
			return true
		}
	}
	return false
}

// nearest is the point of the box's rim that a leader goes to.
func (l *label) nearest() point {
	return point{min(max(l.at.x, l.box.x0), l.box.x1), min(max(l.at.y, l.box.y0), l.box.y1)}
}

// drawLabels draws the labels that have a place, and leaders to far ones.
func drawLabels(c *canvas, labels []*label) {
	for _, l := range labels {
		if !l.placed {
			continue
		}
		if l.far {
			to := l.nearest()
			dx, dy := to.x-l.at.x, to.y-l.at.y
			away := math.Hypot(dx, dy)
			from := point{l.at.x + dx/away*l.keepOff, l.at.y + dy/away*l.keepOff}
			c.line(from, to, thin, withAlpha(l.style.color, 150), nil)
		}
		c.fillRect(l.box, withAlpha(white, 190)) // rules behind the letters
		c.textMiddle(l.text, l.style, point{l.box.x0, (l.box.y0 + l.box.y1) / 2}, left)
	}
}

// spread moves positions apart to at least gap, in their order, within lo..hi,
// each as little as may be: labels at the ends of lines.
func spread(at []float64, gap, lo, hi float64) []float64 {
	out := make([]float64, len(at))
	order := orderOf(at)
	next := lo
	for _, k := range order { // push up
		out[k] = max(at[k], next)
		next = out[k] + gap
	}
	next = hi
	for i := len(order) - 1; i >= 0; i-- { // push back down what went over the top
		k := order[i]
		out[k] = min(out[k], next)
		next = out[k] - gap
	}
	return out
}

// orderOf is the indices in ascending order of their values; equal ones keep theirs.
func orderOf(at []float64) []int {
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	return order
}

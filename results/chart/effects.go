package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"faultline/results"
)

// A fate is what becomes of an intent that does not happen exactly once.
type fate struct {
	metric, text string
	wrong        bool // certainly: nobody knows of what is in limbo
	color        color.NRGBA
}

var fates = []fate{
	{"duplicates", "more than once", true, palette[1]},
	{"lost", "acknowledged and lost", true, palette[0]},
	{"phantoms", "happened, though not asked for or refused", true, palette[3]},
	{"limbo", "in limbo: the client never learned", false, rgb(0xC9CED6)},
}

// effects draws what became of intents: a bar for each cell of those that did not
// happen exactly once, by kind. Those that did are a number beside it, since they
// are so many that nothing else could be seen.
func effects(in *input) (*figure, error) {
	drawn := slices.DeleteFunc(slices.Clone(in.cells), func(c *results.Cell) bool { return c.Summary("once").N == 0 })
	if len(drawn) == 0 {
		return nil, fmt.Errorf("no row says what became of intents\n  hint: run the experiment again with this version")
	}
	if len(drawn) > mostRows {
		return nil, fmt.Errorf("%d cells do not fit on one page\n  hint: choose up to %d of them with Series", len(drawn), mostRows)
	}
	facts := fmt.Sprintf("Mean number a run over %s of intents that did not happen exactly once", in.seeds())
	if in.many() {
		facts += "; the thin bar is the 95% interval of those that certainly went wrong, and beside it is in how many seeds any did, and how many it takes to see one with 95% probability"
	}
	return &figure{
		title:  in.effectsFinding(drawn),
		facts:  facts + ".",
		key:    fateKey(drawn),
		height: 46 + dotsRow*float64(len(drawn)+1),
		notes:  slices.Concat(in.absent(drawn), in.beyondNote()),
		body:   func(c *canvas, area rect) { in.drawEffects(c, area, drawn) },
	}, nil
}

// wrongs returns how many intents went wrong in each run of a cell.
func wrongs(c *results.Cell) []results.Value {
	var all []results.Value
	for _, r := range c.Rows {
		v := results.Value{Seed: r.Seed}
		for _, f := range fates {
			if f.wrong {
				v.V += r.Metrics[f.metric]
			}
		}
		all = append(all, v)
	}
	return all
}

// shows counts the runs in which any intent went wrong.
func shows(c *results.Cell) (n int) {
	for _, v := range wrongs(c) {
		if v.V > 0 {
			n++
		}
	}
	return n
}

// effectsFinding says in which cells nothing went wrong in any run.
func (in *input) effectsFinding(drawn []*results.Cell) string {
	var names []string
	for _, c := range drawn {
		if shows(c) == 0 {
			names = append(names, variant(drawn, c))
		}
	}
	const what = "an effect lost, doubled or out of nothing"
	switch few := 4; {
	case len(names) == len(drawn):
		return "No effect lost, doubled or out of nothing in any run"
	case len(names) == 0 && len(drawn) == 1:
		return capital(variant(drawn, drawn[0])) + " has " + what
	case len(names) == 0:
		return fmt.Sprintf("Each of the %d %s has %s", len(drawn), in.noun(), what)
	case len(names) > few:
		return fmt.Sprintf("%d of %d %s have no effect lost, doubled or out of nothing in any run", len(names), len(drawn), in.noun())
	}
	return capital(results.Sentence(names)) + fmt.Sprintf(" alone of %d %s: no effect lost, doubled or out of nothing in any run", len(drawn), in.noun())
}

// variant names a cell by the settings in which the cells drawn differ.
func variant(drawn []*results.Cell, c *results.Cell) string {
	var parts []string
	for _, p := range c.Params {
		if slices.ContainsFunc(drawn, func(o *results.Cell) bool { return o.Param(p.Name) != p.Value }) {
			parts = append(parts, p.Value)
		}
	}
	if len(parts) == 0 {
		return c.Series
	}
	name := strings.Join(parts, ", ")
	if len(c.Beyond()) > 0 {
		name += "†"
	}
	return name
}

// fateKey explains the colours that are there.
func fateKey(drawn []*results.Cell) (items []keyItem) {
	for _, f := range fates {
		if !slices.ContainsFunc(drawn, func(c *results.Cell) bool { return c.Summary(f.metric).Mean > 0 }) {
			continue
		}
		items = append(items, keyItem{f.text, 10, func(c *canvas, at point) {
			c.fillRect(rect{at.x - 5, at.y - 4, at.x + 5, at.y + 4}, f.color)
		}})
	}
	return items
}

// barHalf is half the height of a bar.
const barHalf = 6.0

func (in *input) drawEffects(c *canvas, area rect, drawn []*results.Cell) {
	widest, names, once, seen := 0.0, 0.0, width("once", tickStyle), width("wrong in seeds", tickStyle)
	for _, cell := range drawn {
		sum := 0.0
		for _, f := range fates {
			sum += cell.Summary(f.metric).Mean
		}
		widest = max(widest, sum, results.Summarize(wrongs(cell)).Hi)
		names = max(names, width(variant(drawn, cell), labelStyle))
		once = max(once, width(onceText(cell), tickStyle))
		seen = max(seen, width(in.seenText(cell), tickStyle))
	}
	x := linear(0, max(widest, 1), 5, results.Metric{Unit: results.Count}.Format)
	plot := rect{area.x0 + names + 2*endPadding, area.y0, area.x1, area.y1 - dotsRow}
	a := newAxes(plot, x, scale{min: 0, max: 1}, "intents a run", "", once+seen+3*endPadding)
	for _, t := range a.x.ticks {
		c.line(point{a.x.at(t.at), a.plot.y0}, point{a.x.at(t.at), a.plot.y1}, thin, grid, nil)
	}
	a.draw(c)
	head := a.plot.y1 + dotsRow/2
	c.textMiddle("once", tickStyle, point{area.x1 - seen - 1.5*endPadding, head}, right)
	c.textMiddle("wrong in seeds", tickStyle, point{area.x1, head}, right)
	for i, cell := range drawn {
		y := a.plot.y1 - (float64(i)+0.5)*(a.plot.height()/float64(len(drawn)))
		drawFates(c, a, y, cell)
		c.textMiddle(variant(drawn, cell), labelStyle, point{plot.x0 - endPadding, y}, right)
		c.textMiddle(onceText(cell), tickStyle.in(dark), point{area.x1 - seen - 1.5*endPadding, y}, right)
		c.textMiddle(in.seenText(cell), tickStyle.in(dark), point{area.x1, y}, right)
	}
}

func drawFates(c *canvas, a axes, y float64, cell *results.Cell) {
	at := 0.0
	for _, f := range fates {
		to := at + cell.Summary(f.metric).Mean
		if to > at {
			c.fillRect(rect{a.x.at(at), y - barHalf, a.x.at(to), y + barHalf}, f.color)
		}
		at = to
	}
	if s := results.Summarize(wrongs(cell)); s.Lo < s.Hi {
		c.line(point{a.x.at(s.Lo), y}, point{a.x.at(s.Hi), y}, medium, ink, nil)
		for _, end := range []float64{s.Lo, s.Hi} {
			c.line(point{a.x.at(end), y - 3}, point{a.x.at(end), y + 3}, medium, ink, nil)
		}
	}
}

// onceText is how many intents happened exactly once.
func onceText(c *results.Cell) string {
	return results.Metric{Unit: results.Count}.Format(math.Round(c.Summary("once").Mean))
}

// seenText says in how many seeds any intent went wrong, and how many it takes to see one.
func (in *input) seenText(c *results.Cell) string {
	k, n := shows(c), len(c.Rows)
	text := fmt.Sprintf("%d of %d", k, n)
	if need := results.SeedsToSee(k, n); k > 0 && need > 1 {
		text += fmt.Sprintf(": %.0f to see it", need)
	}
	return text
}

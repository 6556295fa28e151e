package chart

import (
	"regexp"
	"slices"
	"strings"
)

// A figure is a chart before it is put on a page: its words, and how to draw its body.
type figure struct {
	title  string // the finding
	facts  string // what is shown: how many seeds, what the bars are
	alarm  string // why the results are partial; empty when they are not
	key    []keyItem
	notes  []string // below the plot, small
	footer string   // where the numbers come from
	names  []string // of the cells: no line breaks inside them

	height float64                     // of the body
	wraps  func(width float64) float64 // more height for what is broken into lines in that width; may be nil
	body   func(c *canvas, area rect)  // draws axes and data
}

// A keyItem explains one mark.
type keyItem struct {
	text  string
	width float64 // of the mark
	draw  func(c *canvas, at point)
}

// A block is lines of text of one style.
type block struct {
	lines []string
	style style
	gap   float64 // above
}

func (b block) height() float64 {
	if len(b.lines) == 0 {
		return 0
	}
	return b.gap + float64(len(b.lines))*b.style.lineHeight()
}

// layout is where everything goes on a page of some width.
type layout struct {
	width, height float64
	head          []block
	key           [][]keyItem // by line
	body          rect
	foot          []block
}

func (f *figure) layout(pageWidth float64, found *remarks) layout {
	inner := pageWidth - 2*margin
	l := layout{width: pageWidth}
	l.head = []block{
		{wrap(f.glue(f.title), titleStyle, inner), titleStyle, 0},
		{wrap(f.glue(f.facts), factsStyle, inner), factsStyle, titleGap},
		{wrap(f.alarm, alarmStyle, inner), alarmStyle, titleGap},
	}
	l.key = keyLines(f.key, inner)
	notes := slices.Concat(f.notes, found.lines())
	l.foot = []block{
		{wrap(f.glue(strings.Join(notes, "\n")), smallStyle, inner), smallStyle, bodyGap},
		{wrap(f.glue(f.footer), footerStyle, inner), footerStyle, bodyGap},
	}
	above, below := l.keyHeight(), 0.0
	for _, b := range l.head {
		above += b.height()
	}
	for _, b := range l.foot {
		below += b.height()
	}
	height := f.height
	if f.wraps != nil {
		height += f.wraps(inner)
	}
	l.height = margin + above + bodyGap + height + below + margin
	l.body = rect{margin, margin + below, pageWidth - margin, margin + below + height}
	return l
}

var numberAndUnit = regexp.MustCompile(`(\d) (ms|s|µs|min|pts|a run|runs|seeds|cm)\b`)

// glue keeps names together, and numbers with their units.
func (f *figure) glue(s string) string {
	for _, n := range f.names {
		s = strings.ReplaceAll(s, n, strings.ReplaceAll(n, " ", noBreak))
	}
	return strings.ReplaceAll(numberAndUnit.ReplaceAllString(s, "${1}"+noBreak+"${2}"), "a run", "a"+noBreak+"run")
}

const noBreak = "\u00a0"

const (
	keySpace = 5  // between a mark and its text
	keyNext  = 16 // between two items
)

func keyLines(items []keyItem, limit float64) [][]keyItem {
	var lines [][]keyItem
	x := 0.0
	for _, k := range items {
		w := k.width + keySpace + width(k.text, keyStyle) + keyNext
		if len(lines) == 0 || x+w-keyNext > limit {
			lines, x = append(lines, nil), 0
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], k)
		x += w
	}
	return lines
}

func (l layout) keyHeight() float64 {
	if len(l.key) == 0 {
		return 0
	}
	return titleGap + float64(len(l.key))*keyStyle.lineHeight()
}

// paint draws the page.
func (f *figure) paint(c *canvas, l layout) {
	c.fillRect(rect{0, 0, l.width, l.height}, white)
	y := l.height - margin
	for _, b := range l.head {
		y = paintBlock(c, b, y)
	}
	if len(l.key) > 0 {
		y -= titleGap
	}
	for _, line := range l.key {
		y -= keyStyle.lineHeight()
		x := float64(margin)
		for _, k := range line {
			k.draw(c, point{x + k.width/2, y + keyStyle.size*0.36})
			c.text(k.text, keyStyle, point{x + k.width + keySpace, y}, left)
			x += k.width + keySpace + width(k.text, keyStyle) + keyNext
		}
	}
	f.body(c, l.body)
	y = l.body.y0
	for _, b := range l.foot {
		y = paintBlock(c, b, y)
	}
}

// paintBlock draws lines from y downwards and says where they end.
func paintBlock(c *canvas, b block, y float64) float64 {
	if len(b.lines) == 0 {
		return y
	}
	y -= b.gap
	for _, s := range b.lines {
		y -= b.style.lineHeight()
		c.text(s, b.style, point{margin, y + b.style.size*(lineSpacing-1)}, left)
	}
	return y
}

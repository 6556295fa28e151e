package chart

import (
	"image/color"
	"sync"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
)

// All lengths are in points (1/72 inch).
const (
	pointsPerCM    = 72 / 2.54
	defaultWidthCM = 16
	minWidthCM     = 10
	maxWidthCM     = 60

	margin      = 15  // around the page
	titleGap    = 5   // between title, facts and key
	bodyGap     = 12  // above and below the plot
	lineSpacing = 1.3 // of the font size

	thin   = 0.75 // grid and leaders
	medium = 1.0  // bars of intervals
	thick  = 1.7  // curves
)

// Colours. The series take Okabe and Ito's palette, which people with colour
// blindness can tell apart; its yellow is too light on white and left out.
var (
	white     = color.NRGBA{255, 255, 255, 255}
	ink       = rgb(0x111827) // titles
	dark      = rgb(0x374151) // labels
	grey      = rgb(0x6B7280) // facts, ticks
	faint     = rgb(0x9CA3AF) // leaders, reference lines
	grid      = rgb(0xE5E7EB)
	shade     = rgb(0xF6EDDD) // fault bands
	shadeText = rgb(0x8A6D3B)
	alarm     = rgb(0xB91C1C) // partial results

	palette = []color.NRGBA{rgb(0x0072B2), rgb(0xD55E00), rgb(0x009E73), rgb(0xCC79A7), rgb(0xE69F00), rgb(0x56B4E9), rgb(0x4B5563)}
	dashes  = [][]float64{nil, {6, 3}, {2, 2}, {8, 2, 2, 2}}

	// One hue from light to dark, by even steps of lightness (ColorBrewer's Blues).
	ramp = []color.NRGBA{rgb(0xF3F8FD), rgb(0xD9E8F5), rgb(0xB7D4EA), rgb(0x8ABFDD), rgb(0x5AA2CF), rgb(0x3282BD), rgb(0x1562A9), rgb(0x08458A)}
)

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

func withAlpha(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// A style of text.
type style struct {
	size  float64
	bold  bool
	color color.NRGBA
}

// The styles of the theme.
var (
	titleStyle  = style{13.5, true, ink}
	factsStyle  = style{10, false, grey}
	alarmStyle  = style{10, true, alarm}
	keyStyle    = style{9, false, dark}
	axisStyle   = style{9.5, false, dark}
	tickStyle   = style{9, false, grey}
	labelStyle  = style{10, true, dark}
	smallStyle  = style{8, false, grey}
	footerStyle = style{7.5, false, faint}
)

func (s style) in(c color.NRGBA) style {
	s.color = c
	return s
}

// bolder is the style in bold.
func (s style) bolder() style {
	s.bold = true
	return s
}

// lineHeight is the distance of two baselines.
func (s style) lineHeight() float64 { return s.size * lineSpacing }

// face is the font of a style.
func (s style) face() font.Face {
	f := faces()[0]
	if s.bold {
		f = faces()[1]
	}
	f.Font.Size = font.Length(s.size)
	return f
}

// faces are Liberation Sans, regular and bold. They are compiled in, so that
// text has the same width on every machine.
var faces = sync.OnceValue(func() (pair [2]font.Face) {
	for _, f := range liberation.Collection() {
		switch {
		case f.Font.Variant != "Sans" || f.Font.Style != 0:
		case f.Font.Weight == 0:
			pair[0] = f
		default:
			pair[1] = f
		}
	}
	return pair
})

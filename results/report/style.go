// Package report prints rows as text for a terminal: the table of a run, the
// grid of a sweep, and what was expected and came out. It reads nothing but a
// results.Set, runs nothing, and knows no store.
package report

import (
	"strings"
	"unicode/utf8"
)

// Width is how many columns a report may take.
const Width = 80

// A Style says what the reader's terminal can show. The zero Style is plain ASCII.
type Style struct {
	Unicode bool // marks beyond ASCII: ✓ ✗ ± † µ
	Color   bool // ANSI colours
}

// toASCII replaces what a report may hold beyond ASCII.
var toASCII = strings.NewReplacer("✓", "ok", "✗", "NO", "±", "+-", "†", "*", "µ", "u", "×", "x", "…", "~", "Δ", "diff", "∞", "inf", "—", "-", "–", "-", "·", "|", "≥", ">=", "≤", "<=")

// Text returns s as the terminal can show it.
func (s Style) Text(text string) string {
	if s.Unicode {
		return text
	}
	return toASCII.Replace(text)
}

// The colours of a report.
const (
	bold  = "1"
	red   = "31"
	green = "32"
	amber = "33"
	gray  = "90"
)

func (s Style) paint(color, text string) string {
	if !s.Color || color == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Bold returns text in bold letters, if the terminal has them.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

// Faint returns text in gray, if the terminal has it.
func (s Style) Faint(text string) string { return s.paint(gray, text) }

// Red returns text in red, if the terminal has it.
func (s Style) Red(text string) string { return s.paint(red, text) }

// length is how many columns a text without colours takes.
func length(text string) int { return utf8.RuneCountInString(text) }

// Wrap breaks a text at blanks so that no line is longer than Width, and begins
// every line with the indent. A longer word stays whole.
func Wrap(text, indent string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
			b.WriteString(indent)
			column = length(indent)
		case column+1+length(word) > Width:
			b.WriteString("\n" + indent)
			column = length(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length(word)
	}
	return b.String()
}

// cut shortens a text to n columns.
func cut(text string, n int) string {
	if length(text) <= n {
		return text
	}
	return string([]rune(text)[:max(0, n-1)]) + "…"
}

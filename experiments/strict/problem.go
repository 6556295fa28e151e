package strict

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problem is one mistake in a document. Line and Col count from 1, Col in characters; both are 0 for a value that came from
// no file, such as an override on the command line, which File then names.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Col     int    `json:"col,omitempty"`
	Path    string `json:"path,omitempty"` // such as faults[0].partition.for; empty for the whole document
	Cause   string `json:"cause"`
	Excerpt string `json:"excerpt,omitempty"` // the line and a caret below it, as printed; only for the first MaxShown
	Hint    string `json:"hint,omitempty"`    // the remedy; may be empty

	src *source // where the excerpt is taken from
}

// Error returns the problem as printed: place, path and cause, the excerpt, the hint.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	if p.Path != "" {
		b.WriteString(": " + p.Path)
	}
	b.WriteString(": " + p.Cause)
	if p.Excerpt != "" {
		b.WriteString("\n" + p.Excerpt)
	}
	if p.Hint != "" {
		b.WriteString("\n  hint: " + p.Hint)
	}
	return b.String()
}

// Errors is every problem found in a document, in the order of the file.
type Errors struct {
	Problems []Problem `json:"problems"`
}

// Error returns the problems as printed, one below the other; beyond MaxShown they are only counted.
func (e *Errors) Error() string {
	shown := e.Problems[:min(len(e.Problems), MaxShown)]
	texts := make([]string, 0, len(shown)+1)
	for _, p := range shown {
		texts = append(texts, p.Error())
	}
	if more := len(e.Problems) - len(shown); more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "\n")
}

// Join merges problems from several decodes, each a [Problem], an [*Errors] or nil, into one [*Errors] in file order, and drops
// repetitions: the cells of a sweep share most of their mistakes. It returns nil if there are none, and wraps the
// errors unchanged if one of them is of another kind.
func Join(errs ...error) error {
	r := &report{}
	for _, err := range errs {
		var several *Errors
		var one Problem
		switch {
		case err == nil:
		case errors.As(err, &several):
			r.problems = append(r.problems, several.Problems...)
		case errors.As(err, &one):
			r.problems = append(r.problems, one)
		default:
			return errors.Join(errs...)
		}
	}
	return r.err()
}

// report collects the problems of one decode.
type report struct {
	problems []Problem
	closed   bool // the decode is over: what is added now would never be seen
}

func (r *report) add(at place, path, cause, hint string) {
	if r == nil || r.closed {
		panic(fmt.Sprintf("strict: problem %q at %q reported after Decode returned: use Node.Problem", cause, path))
	}
	r.problems = append(r.problems, at.problem(path, cause, hint))
}

// err closes the report and returns its problems, sorted and without repetitions, or nil.
func (r *report) err() error {
	r.closed = true
	if len(r.problems) == 0 {
		return nil
	}
	sorted := slices.Clone(r.problems)
	// The file comes first, then overrides as they were given.
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.src.order(), b.src.order()), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	sorted = distinct(sorted)
	for i := range sorted[:min(len(sorted), MaxShown)] {
		sorted[i] = sorted[i].withExcerpt()
	}
	return &Errors{Problems: sorted}
}

// distinct drops repetitions. A value behind an alias is met once for each use, under several paths, but it is one
// mistake in one place; only where there is no place does the path tell two mistakes apart.
func distinct(problems []Problem) []Problem {
	type identity struct {
		file, path, cause string
		line, col         int
	}
	seen := map[identity]bool{}
	return slices.DeleteFunc(problems, func(p Problem) bool {
		id := identity{file: p.File, cause: p.Cause, line: p.Line, col: p.Col}
		if p.Line == 0 {
			id.path = p.Path
		}
		if seen[id] {
			return true
		}
		seen[id] = true
		return false
	})
}

// source is a text that values come from: the file, or one override.
type source struct {
	name     string
	lines    []string // without their ends; none for what is no text
	override bool     // a text so short that its name shows it: no line, column or excerpt
	rank     int
}

// order is the rank of a source; a problem that was not made by this package has none and comes with the file's.
func (s *source) order() int {
	if s == nil {
		return 0
	}
	return s.rank
}

func newSource(name string, data []byte) *source {
	src := &source{name: name}
	if len(data) <= MaxBytes && bytes.IndexByte(data, 0) < 0 {
		src.lines = splitLines(string(data))
	}
	return src
}

// splitLines cuts text at the line ends that YAML counts.
func splitLines(text string) []string {
	text = strings.TrimPrefix(text, byteOrderMark)
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
}

// place is where a value was written.
type place struct {
	src       *source
	line, col int
}

func (at place) problem(path, cause, hint string) Problem {
	p := Problem{File: at.src.name, Path: path, Cause: cause, Hint: hint, src: at.src}
	if !at.src.override {
		p.Line, p.Col = max(at.line, 1), max(at.col, 1)
	}
	return p
}

// withExcerpt returns the problem with its excerpt. It is taken for what will be shown only: a hostile file can hold a
// hundred thousand mistakes in one line of a megabyte.
func (p Problem) withExcerpt() Problem {
	if p.src != nil && !p.src.override {
		p.Excerpt = p.src.excerpt(p.Line, p.Col)
	}
	return p
}

// Widths of an excerpt in characters: a longer line is cut to a window around the column.
const (
	excerptWidth  = 100
	excerptBefore = 60
)

// excerpt returns the line and a caret below the column, or nothing for a line that the text does not have.
func (s *source) excerpt(line, col int) string {
	if line > len(s.lines) || strings.TrimSpace(s.lines[line-1]) == "" {
		return ""
	}
	text := []rune(printable(s.lines[line-1]))
	col = min(col-1, len(text))
	if from := col - excerptBefore; from > 0 && len(text) > excerptWidth {
		text, col = append([]rune("..."), text[from:]...), col-from+len("...")
	}
	if len(text) > excerptWidth {
		text = append(text[:excerptWidth:excerptWidth], []rune("...")...)
	}
	return fmt.Sprintf("%6d | %s\n%6s | %s^", line, string(text), "", strings.Repeat(" ", col))
}

// printable replaces what would move the cursor or colour the terminal, one character for one.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, text)
}

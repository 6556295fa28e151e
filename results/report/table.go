package report

import (
	"io"
	"strings"
)

// A Table is text in columns.
type Table struct {
	Style  Style
	Head   []string   // a column whose head begins with '>' is aligned at the right
	Rows   [][]string // one of a single cell is a heading over all columns
	Indent string
}

// toTheRight marks the head of a column of numbers. Such a cell may hold a tab:
// what is before it is aligned at the right, what follows at the left.
const toTheRight = ">"

const columnGap = "  "

// Write prints the table.
func (t *Table) Write(w io.Writer) error {
	_, err := io.WriteString(w, t.String())
	return err
}

// String returns the table as printed.
func (t *Table) String() string {
	columns := t.layout()
	var b strings.Builder
	if strings.Join(t.Head, "") != "" {
		b.WriteString(t.Style.Faint(t.line(columns, t.Head, layout.placeHead)) + "\n")
	}
	for _, row := range t.Rows {
		b.WriteString(t.line(columns, row, layout.place) + "\n")
	}
	return b.String()
}

// A layout is the place of one column.
type layout struct {
	right       bool
	left, after int // columns before and after the tab
	head        int
}

func (l layout) width() int {
	w := l.left
	if l.after > 0 {
		w += 1 + l.after
	}
	return max(w, l.head)
}

// layout measures the columns.
func (t *Table) layout() []layout {
	columns := make([]layout, len(t.Head))
	for i, head := range t.Head {
		name, right := strings.CutPrefix(head, toTheRight)
		columns[i] = layout{right: right, head: length(t.Style.Text(name))}
	}
	for _, row := range t.Rows {
		if len(row) == 1 && len(columns) > 1 {
			continue
		}
		for i, cell := range row {
			c := &columns[i]
			value, rest, _ := strings.Cut(t.Style.Text(cell), "\t")
			c.left, c.after = max(c.left, length(value)), max(c.after, length(rest))
		}
	}
	return columns
}

// width is how many columns the table takes.
func (t *Table) width() int {
	w := length(t.Indent) - len(columnGap)
	for _, c := range t.layout() {
		w += c.width() + len(columnGap)
	}
	return w
}

// line returns one row, without blanks at its end.
func (t *Table) line(columns []layout, cells []string, place func(layout, string) string) string {
	var line strings.Builder
	line.WriteString(t.Indent)
	for i, cell := range cells {
		if i > 0 {
			line.WriteString(columnGap)
		}
		line.WriteString(place(columns[i], t.Style.Text(cell)))
	}
	return strings.TrimRight(line.String(), " ")
}

// place pads a text to the width of its column.
func (l layout) place(text string) string {
	value, rest, _ := strings.Cut(text, "\t")
	switch {
	case !l.right:
		return text + blanks(l.width()-length(text))
	case l.after == 0:
		return blanks(l.width()-length(value)) + value
	}
	return blanks(l.width()-l.after-1-length(value)) + value + " " + rest + blanks(l.after-length(rest))
}

func (l layout) placeHead(head string) string {
	name, right := strings.CutPrefix(head, toTheRight)
	if !right {
		return name + blanks(l.width()-length(name))
	}
	return blanks(l.width()-length(name)) + name
}

func blanks(n int) string { return strings.Repeat(" ", max(0, n)) }

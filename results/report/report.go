package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"faultline/results"
)

// A Run is what `faultline run` and `faultline sweep` print about a set of rows.
type Run struct {
	Style    Style
	Set      *results.Set
	Question string
	Load     time.Duration // virtual time of every run, its settling included; 0: they differ
	Findings []Finding
	Compare  string   // a metric of which to show the difference to the first cell; empty: none
	Asked    []string // metrics that the experiment is about: each has a column, or a line
	Wanted   int      // runs that were asked for, or how many at most; 0: unknown
}

// A Finding is what was expected of one cell, and what came out.
type Finding struct {
	Series string
	What   string // "linearizable always"
	Mark   Mark
	Got    string // "holds in 100/100"
	Where  string // which cells the same was expected of: "raft or chain, rate=50/s"; empty: all
}

// A Mark says how a finding came out.
type Mark uint8

const (
	Met    Mark = iota // as expected
	Failed             // not as expected
	Open               // a checker could not decide
)

// Write prints the report.
func (r *Run) Write(w io.Writer) error {
	var b strings.Builder
	cells := results.Group(r.Set)
	r.head(&b, cells)
	if len(cells) > 0 { // not interrupted before the first run was finished
		b.WriteByte('\n')
		b.WriteString(r.table(cells))
		r.notes(&b, cells)
		r.findings(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// head prints the question and how it was asked.
func (r *Run) head(b *strings.Builder, cells []*results.Cell) {
	s := r.Style
	if r.Question != "" {
		b.WriteString(s.Bold(s.Text(Wrap(r.Question, ""))) + "\n")
	}
	operations := 0
	for _, row := range r.Set.Rows() {
		operations += row.Ops.OK + row.Ops.Failed + row.Ops.Unknown
	}
	each := ""
	if r.Load > 0 {
		each = fmt.Sprintf(", %g s each (virtual)", r.Load.Seconds())
	}
	if len(cells) > 0 {
		b.WriteString(s.Text(fmt.Sprintf("%s × %s%s, %s\n", subject(cells), seeds(cells), each, Count(operations, "operation"))))
	}
	if m := r.Set.Manifest; !m.Complete {
		b.WriteString(s.Red(Wrap(fmt.Sprintf("PARTIAL: %s; %s finished", m.Reason, r.finished()), "")) + "\n")
	}
}

// finished says how many runs there are of those that were asked for.
func (r *Run) finished() string {
	have := Count(len(r.Set.Rows()), "run")
	if r.Wanted == 0 {
		return have
	}
	return Thousands(fmt.Sprint(len(r.Set.Rows()))) + " of " + Count(r.Wanted, "run")
}

// subject says what the cells are: "7 stores", "25 settings", "raft".
func subject(cells []*results.Cell) string {
	models := map[string]bool{}
	for _, c := range cells {
		models[c.Model] = true
	}
	switch {
	case len(cells) == 1:
		return cells[0].Series
	case len(models) == len(cells):
		return Count(len(cells), "store")
	case len(cells) > 1 && sameStore(cells):
		store, _ := split(cells[0])
		return store + ", " + Count(len(cells), "setting")
	}
	return Count(len(cells), "setting")
}

func seeds(cells []*results.Cell) string {
	if len(cells) == 0 {
		return Count(0, "seed")
	}
	lo, hi := len(cells[0].Rows), 0
	for _, c := range cells {
		lo, hi = min(lo, len(c.Rows)), max(hi, len(c.Rows))
	}
	if lo != hi {
		return fmt.Sprintf("%d to %s", lo, Count(hi, "seed"))
	}
	return Count(hi, "seed")
}

// notes explains the marks of the table.
func (r *Run) notes(b *strings.Builder, cells []*results.Cell) {
	var all strings.Builder
	note := func(format string, args ...any) {
		all.WriteString(r.Style.Faint(r.Style.Text(Wrap(fmt.Sprintf(format, args...), "  "))) + "\n")
	}
	switch many := slices.ContainsFunc(cells, func(c *results.Cell) bool { return len(c.Rows) > 1 }); {
	case many && !stored(cells):
		note("±: 95%% interval over seeds")
	case many:
		note("±: 95%% interval over seeds; lost: acknowledged writes gone, per run; level: the strongest that held in every run%s", shortened(cells))
	}
	if dropping(cells) && len(cells) > 1 {
		note("lost a+b: b were dropped: the store's own order puts them below what was in place before they were called")
	}
	if distant(cells) {
		note("delta: by how much reads must be moved back in time for a run to be linearizable")
	}
	if r.Compare != "" && len(cells) > 1 {
		note("%s", r.compareNote(cells))
	}
	if broken := beyond(cells); len(broken) > 0 {
		note("†: faults went beyond its assumptions (%s): a violation there is a finding about the assumption, not a failure of the store", strings.Join(broken, ", "))
	}
	if slices.ContainsFunc(cells, func(c *results.Cell) bool { return c.Tally(linearizable).Undecided > 0 }) {
		note("?: runs that the checker could not decide within its budget")
	}
	if all.Len() > 0 {
		b.WriteString("\n" + all.String())
	}
}

// shortened says what the labels of levels in the table stand for.
func shortened(cells []*results.Cell) string {
	var said []string
	for _, l := range results.Levels {
		shown := slices.ContainsFunc(cells, func(c *results.Cell) bool {
			held, any := c.Level()
			return any && held == l
		})
		if shown && !strings.EqualFold(l.Label, l.Name) {
			said = append(said, l.Label+": "+l.Name)
		}
	}
	if said == nil {
		return ""
	}
	return " (" + strings.Join(said, ", ") + ")"
}

// compareNote explains the column of differences, or says why there is none.
func (r *Run) compareNote(cells []*results.Cell) string {
	m, err := results.FindMetric(r.Compare)
	if err != nil {
		panic("report: " + err.Error())
	}
	if !r.differs(cells) {
		return fmt.Sprintf("Δ: in %s no cell certainly differs from %s, paired by seed", m.Label, cells[0].Series)
	}
	unit := m.Unit
	if unit == results.Share {
		unit = "percentage points"
	}
	return fmt.Sprintf("Δ: difference of %s to %s, paired by seed, in %s; blank where the interval holds zero", m.Label, cells[0].Series, unit)
}

// beyond lists the assumptions that were broken, as the cells had them.
func beyond(cells []*results.Cell) []string {
	var all []string
	for _, c := range cells {
		all = append(all, c.Beyond()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

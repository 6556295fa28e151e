package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"faultline/checker/history"
	"faultline/experiments"
	"faultline/results"
	"faultline/results/report"
)

// A summary is what run and sweep say at the end.
type summary struct {
	plan     *plan
	set      *results.Set
	findings []experiments.Finding
	charts   []drawn
	commands []hint
	code     int
}

// print writes the summary as text.
func (s *summary) print(a *app, compare string) error {
	style := a.style(a.out)
	r := report.Run{
		Style: style, Set: s.set, Question: s.plan.exp.Question, Load: virtualTime(s.plan.exp.Cells),
		Findings: shown(s.findings), Compare: compare, Asked: s.plan.exp.Asks(), Wanted: wanted(s.plan.exp),
	}
	if err := r.Write(a.out); err != nil {
		return err
	}
	var b strings.Builder
	s.evidence(&b, style)
	b.WriteByte('\n')
	s.files(&b)
	for _, h := range s.commands {
		fmt.Fprintf(&b, "  %-9s %s\n", h.Why, h.Command)
	}
	_, err := io.WriteString(a.out, style.Text(b.String()))
	return err
}

// files says where the results and charts are.
func (s *summary) files(b *strings.Builder) {
	if len(s.set.Rows()) == 0 {
		return
	}
	fmt.Fprintf(b, "  results   %s\n", s.plan.dir)
	if len(s.charts) == 0 {
		return
	}
	var names []string
	for _, c := range s.charts {
		names = append(names, filepath.Base(c.File))
	}
	text := report.Wrap(strings.Join(names, ", "), strings.Repeat(" ", len("  charts    ")))
	fmt.Fprintf(b, "  charts    %s\n", strings.TrimSpace(text))
}

// evidence tells one violation in words.
func (s *summary) evidence(b *strings.Builder, style report.Style) {
	c := worst(s.set, s.findings)
	if c == nil {
		return
	}
	t := c.Tally(experiments.PropLinearizable)
	beyond := ""
	if len(c.Beyond()) > 0 {
		beyond = ", beyond its assumptions"
	}
	fmt.Fprintf(b, "\n  %s\n%s\n", style.Bold(fmt.Sprintf("%s with seed %d is not linearizable%s:", c.Series, t.FirstViolated, beyond)), report.Wrap(t.Evidence, "  "))
}

// A document is what run and sweep print with --json.
type document struct {
	Experiment string            `json:"experiment"`
	Question   string            `json:"question,omitempty"`
	Folder     string            `json:"folder,omitempty"`
	Seeds      string            `json:"seeds"`
	Rows       int               `json:"rows"`
	Hash       string            `json:"hash"`
	Complete   bool              `json:"complete"`
	Reason     string            `json:"reason,omitempty"`
	Cells      []cellDocument    `json:"cells"`
	Findings   []findingDocument `json:"findings"`
	Charts     []drawn           `json:"charts"`
	Next       []hint            `json:"next"`
	Exit       int               `json:"exit"`
}

type findingDocument struct {
	Cell   string          `json:"cell"`
	Expect string          `json:"expect"`
	Met    experiments.Met `json:"met"`
	Got    string          `json:"got"`
}

type cellDocument struct {
	results.CellInfo
	Beyond   []string                   `json:"beyond,omitempty"`
	Metrics  map[string]results.Summary `json:"metrics"`
	Verdicts map[string]results.Tally   `json:"verdicts"`
}

// document returns the summary for --json.
func (s *summary) document() document {
	m := s.set.Manifest
	d := document{
		Experiment: m.Experiment, Question: s.plan.exp.Question, Folder: s.plan.dir, Seeds: m.Seeds,
		Rows: len(s.set.Rows()), Hash: s.set.Hash(), Complete: m.Complete, Reason: m.Reason,
		Cells: []cellDocument{}, Findings: []findingDocument{},
		Charts: append([]drawn{}, s.charts...), Next: s.commands, Exit: s.code,
	}
	for _, f := range s.findings {
		series, what := f.Split()
		d.Findings = append(d.Findings, findingDocument{series, what, f.Met, f.Got})
	}
	for _, c := range results.Group(s.set) {
		cell := cellDocument{CellInfo: c.CellInfo, Beyond: c.Beyond(), Metrics: map[string]results.Summary{}, Verdicts: map[string]results.Tally{}}
		for _, name := range results.MetricNames() {
			if sum := c.Summary(name); sum.N > 0 {
				cell.Metrics[name] = sum
			}
		}
		for _, p := range results.Properties(s.set) {
			cell.Verdicts[p] = c.Tally(p)
		}
		d.Cells = append(d.Cells, cell)
	}
	return d
}

// printJSON writes one document.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return noRoom(e.Encode(v))
}

func encodeHistory(w io.Writer, h history.History) error { return history.Encode(w, h) }

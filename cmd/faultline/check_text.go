package main

import (
	"fmt"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/results"
	"faultline/results/report"
)

// A checked is what came out for one history file.
type checked struct {
	File      string          `json:"file"`
	Format    history.Format  `json:"format"`
	Model     history.Model   `json:"model"`
	Dialect   history.Dialect `json:"dialect,omitempty"`
	Ops       int             `json:"operations"`
	Clients   int             `json:"clients"`
	Keys      int             `json:"keys"`
	Timed     bool            `json:"timed"` // times are nanoseconds; otherwise the numbers of lines
	Verdict   judge.Verdict   `json:"verdict"`
	Engine    string          `json:"engine"`
	Evidence  string          `json:"evidence,omitempty"`
	Proof     []proof         `json:"proof,omitempty"`
	Staleness stalenessResult `json:"staleness"`
	Notes     []string        `json:"notes,omitempty"` // rules by which the file was read

	file  *history.File
	proof []int // operations
}

// A proof is one of the operations that show a violation.
type proof struct {
	Line     int    `json:"line"`
	Answered int    `json:"answer_line,omitempty"` // where it has one of its own
	Op       string `json:"op"`
	Key      string `json:"key"`
	Call     int64  `json:"call"`
	End      *int64 `json:"return"` // null: not answered
	when     string
}

type stalenessResult struct {
	Reads       int     `json:"reads"` // judged
	Stale       int     `json:"stale"`
	Share       float64 `json:"share"`
	OldestNS    int64   `json:"oldest_ns"`
	Versions    int     `json:"versions"` // most that a read was behind
	Unexplained int     `json:"unexplained"`
	Skipped     int     `json:"skipped"`
}

func newChecked(name string, f *history.File, r *judge.Result) *checked {
	c := &checked{
		File: name, Format: f.Format, Model: f.Model, Dialect: f.Dialect, Ops: len(f.History), Timed: f.Timed,
		Verdict: r.Verdict, Engine: r.Engine, Evidence: inLines(f, r.Evidence), Notes: f.Notes, file: f, proof: r.Evidence.Ops,
	}
	clients, keys := map[int]bool{}, map[string]bool{}
	for i := range f.History {
		clients[f.History[i].Client] = true
		keys[f.History[i].Key] = true
	}
	c.Clients, c.Keys = len(clients), len(keys)
	for _, i := range r.Evidence.Ops {
		c.Proof = append(c.Proof, proofOf(f, i))
	}
	return c
}

// inLines returns the sentence of the evidence. Where the file holds no times, it
// tells lines instead of instants.
func inLines(f *history.File, e judge.Evidence) string {
	text := e.Text
	if f.Timed {
		return text
	}
	for _, i := range e.Ops {
		op, at := &f.History[i], f.Lines[i]
		call, back := op.Call.String(), op.Return.String()
		text = strings.NewReplacer(
			" at "+call, fmt.Sprintf(" on line %d", at.Call), " at "+back, fmt.Sprintf(" on line %d", at.Return),
			" up to "+call, fmt.Sprintf(" up to line %d", at.Call), " up to "+back, fmt.Sprintf(" up to line %d", at.Return),
		).Replace(text)
	}
	return text
}

func proofOf(f *history.File, i int) proof {
	op, at := &f.History[i], f.Lines[i]
	p := proof{Line: at.Call, Op: op.String(), Key: op.Key, Call: int64(op.Call)}
	if at.Return != at.Call {
		p.Answered = at.Return
	}
	if op.Return != history.Never {
		end := int64(op.Return)
		p.End = &end
	}
	p.when = whenOf(f, i)
	return p
}

// whenOf says when an operation ran, or between which lines.
func whenOf(f *history.File, i int) string {
	op, at := &f.History[i], f.Lines[i]
	open := op.Return == history.Never
	switch {
	case f.Timed && open:
		return op.Call.String() + " to ?"
	case f.Timed:
		return op.Call.String() + " to " + op.Return.String()
	case open:
		return fmt.Sprintf("line %d to ?", at.Call)
	default:
		return fmt.Sprintf("line %d to %d", at.Call, at.Return)
	}
}

var verdictWords = map[judge.Verdict]string{judge.Holds: "linearizable", judge.Violated: "not linearizable", judge.Undecided: "undecided"}

// title says what was found in a few words.
func (c *checked) title() string { return c.File + ": " + verdictWords[c.Verdict] }

// facts are the history in numbers.
func (c *checked) facts() []string {
	return []string{report.Count(c.Ops, "op"), report.Count(c.Clients, "client"), report.Count(c.Keys, "key")}
}

// kind says what the file holds and how it was read.
func (c *checked) kind() string {
	text := fmt.Sprintf("%s, format %s", c.Model, c.Format)
	if c.Dialect != "" {
		text += ", dialect " + string(c.Dialect)
	}
	return text
}

// text returns what a person reads.
func (c *checked) text(style report.Style) string {
	var b strings.Builder
	word := verdictWords[c.Verdict]
	if c.Verdict == judge.Violated {
		word = style.Red(word)
	}
	fmt.Fprintf(&b, "%s: %s. %s\n", c.File, word, strings.Join(c.facts(), ", "))
	c.explain(&b, style)
	if text := c.Staleness.text(c.Timed); text != "" {
		fmt.Fprintf(&b, "  %s\n", text)
	}
	fmt.Fprintf(&b, "%s\n", style.Faint("  read as "+c.kind()))
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "%s\n", style.Faint(report.Wrap("- "+note, "    ")))
	}
	return b.String()
}

// explain shows the operations that prove a violation, or says why there is no verdict.
func (c *checked) explain(b *strings.Builder, style report.Style) {
	if c.Verdict == judge.Undecided {
		fmt.Fprintf(b, "%s\n  hint: allow more with --budget\n", report.Wrap(c.Evidence, "  "))
	}
	if c.Verdict != judge.Violated {
		return
	}
	var lines []string
	for _, p := range c.Proof {
		lines = append(lines, fmt.Sprint(p.Line))
	}
	const many = 12
	if len(lines) > many {
		lines = append(lines[:many], "…")
	}
	fmt.Fprintf(b, "  smallest explanation: %s on key %s (lines %s)\n", report.Count(len(c.Proof), "op"), c.Proof[0].Key, strings.Join(lines, ", "))
	fmt.Fprintf(b, "%s\n\n", report.Wrap(c.Evidence, "  "))
	table := report.Table{Style: style, Indent: "  ", Head: []string{">line", "operation", "when"}}
	for _, p := range c.Proof[:min(many, len(c.Proof))] {
		table.Rows = append(table.Rows, []string{fmt.Sprint(p.Line), p.Op, p.when})
	}
	fmt.Fprintf(b, "%s\n", table.String())
}

// text returns the staleness in words, or nothing if no read was judged.
func (s stalenessResult) text(timed bool) string {
	if s.Reads == 0 {
		return ""
	}
	share, _ := results.FindMetric("stale")
	text := fmt.Sprintf("%s of %s stale (%s)", report.Thousands(fmt.Sprint(s.Stale)), report.Count(s.Reads, "read"), share.Format(s.Share))
	if s.Stale > 0 {
		if age, _ := results.FindMetric("stale_age_max"); timed {
			text += ", the oldest by " + age.Format(float64(s.OldestNS)/1e6)
		}
		text += ", at most " + report.Count(s.Versions, "version") + " behind"
	}
	if n := s.Unexplained + s.Skipped; n > 0 {
		text += fmt.Sprintf("; %s not judged", report.Count(n, "read"))
	}
	return text
}

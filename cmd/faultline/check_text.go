package main

import (
	"fmt"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/txn"
	"faultline/results"
	"faultline/results/report"
)

// A checked is what came out for one history file.
type checked struct {
	File         string           `json:"file"`
	Format       history.Format   `json:"format"`
	Model        history.Model    `json:"model"`
	Dialect      history.Dialect  `json:"dialect,omitempty"`
	Ops          int              `json:"operations"`
	Transactions int              `json:"transactions,omitempty"`
	Clients      int              `json:"clients"`
	Keys         int              `json:"keys"`
	Timed        bool             `json:"timed"` // times are nanoseconds; otherwise the numbers of lines
	Level        string           `json:"level"` // the one that was asked for
	Verdict      judge.Verdict    `json:"verdict"`
	Engine       string           `json:"engine"`
	Evidence     string           `json:"evidence,omitempty"`
	Proof        []proof          `json:"proof,omitempty"`
	Levels       []levelVerdict   `json:"levels,omitempty"` // strongest first
	Staleness    *stalenessResult `json:"staleness,omitempty"`
	Notes        []string         `json:"notes,omitempty"` // rules by which the file was read

	file       *history.File
	proof      []int       // operations, or transactions
	report     *txn.Report // on transactions
	everyLevel bool        // all levels were asked for
}

// A proof is one of the operations or transactions that show a violation.
type proof struct {
	Line     int    `json:"line"`
	Answered int    `json:"answer_line,omitempty"` // where it has one of its own
	Op       string `json:"op"`
	Key      string `json:"key,omitempty"`
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

func newChecked(name string, f *history.File) *checked {
	c := &checked{
		File: name, Format: f.Format, Model: f.Model, Dialect: f.Dialect, Ops: len(f.History), Transactions: len(f.Transactions),
		Timed: f.Timed, Notes: f.Notes, file: f,
	}
	clients, keys := map[int]bool{}, map[string]bool{}
	for i := range f.History {
		clients[f.History[i].Client] = true
		keys[f.History[i].Key] = true
	}
	for i := range f.Transactions {
		clients[f.Transactions[i].Client] = true
		for _, m := range f.Transactions[i].Ops {
			keys[m.Key] = true
		}
	}
	c.Clients, c.Keys = len(clients), len(keys)
	return c
}

// An item is what operations and transactions have in common.
type item struct {
	client     int
	key        string // empty: several
	call, back history.Time
	status     history.Status
	text       string
}

func (c *checked) item(i int) item {
	if t := c.file.Transactions; t != nil {
		return item{t[i].Client, "", t[i].Call, t[i].Return, t[i].Status, t[i].String()}
	}
	op := &c.file.History[i]
	return item{op.Client, op.Key, op.Call, op.Return, op.Status, op.String()}
}

func (c *checked) proofOf(i int) proof {
	one, at := c.item(i), c.file.Lines[i]
	p := proof{Line: at.Call, Op: one.text, Key: one.key, Call: int64(one.call), when: c.when(i)}
	if at.Return != at.Call {
		p.Answered = at.Return
	}
	if one.back != history.Never {
		end := int64(one.back)
		p.End = &end
	}
	return p
}

// when says when an operation ran, or between which lines.
func (c *checked) when(i int) string {
	one, at := c.item(i), c.file.Lines[i]
	from, to := fmt.Sprintf("line %d", at.Call), fmt.Sprint(at.Return)
	if c.Timed {
		from, to = one.call.String(), one.back.String()
	}
	if one.back == history.Never {
		to = "?"
	}
	return from + " to " + to
}

// verdict says what was found in a few words.
func (c *checked) verdict() string {
	switch c.Verdict {
	case judge.Holds:
		return c.Level
	case judge.Violated:
		return "not " + c.Level
	default:
		return "undecided"
	}
}

// facts are the history in numbers.
func (c *checked) facts() []string {
	what := report.Count(c.Ops, "op")
	if c.report != nil {
		what = report.Count(c.Transactions, "transaction")
	}
	return []string{what, report.Count(c.Clients, "client"), report.Count(c.Keys, "key")}
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
	word := c.verdict()
	if c.Verdict == judge.Violated {
		word = style.Red(word)
	}
	fmt.Fprintf(&b, "%s: %s. %s\n", c.File, word, strings.Join(c.facts(), ", "))
	switch c.Verdict {
	case judge.Undecided:
		fmt.Fprintf(&b, "%s\n  hint: allow more with --budget\n", report.Wrap(c.Evidence, "  "))
	case judge.Violated:
		c.explain(&b, style)
	}
	c.tellLevels(&b, style)
	if text := c.Staleness.text(c.Timed); text != "" {
		fmt.Fprintf(&b, "  %s\n", text)
	}
	fmt.Fprintf(&b, "%s\n", style.Faint("  read as "+c.kind()))
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "%s\n", style.Faint("    - "+strings.TrimLeft(report.Wrap(note, "      "), " ")))
	}
	return b.String()
}

// explain shows what proves a violation.
func (c *checked) explain(b *strings.Builder, style report.Style) {
	var lines []string
	for _, p := range c.Proof {
		lines = append(lines, fmt.Sprint(p.Line))
	}
	const many = 12
	if len(lines) > many {
		lines = append(lines[:many], "…")
	}
	where := "line"
	if len(lines) > 1 {
		where = "lines"
	}
	if len(lines) > 0 {
		what, key := "op", " on key "+c.Proof[0].Key
		if c.report != nil {
			what, key = "transaction", ""
		}
		fmt.Fprintf(b, "  smallest explanation: %s%s (%s %s)\n", report.Count(len(c.Proof), what), key, where, strings.Join(lines, ", "))
	}
	fmt.Fprintf(b, "%s\n\n", report.Wrap(c.Evidence, "  "))
	table := report.Table{Style: style, Indent: "  ", Head: []string{">line", "operation", "when"}}
	for _, p := range c.Proof[:min(many, len(c.Proof))] {
		table.Rows = append(table.Rows, []string{fmt.Sprint(p.Line), p.Op, p.when})
	}
	fmt.Fprintf(b, "%s\n", table.String())
}

// tellLevels says which levels hold: all in a table if all were asked for.
func (c *checked) tellLevels(b *strings.Builder, style report.Style) {
	if c.everyLevel {
		c.tableOfLevels(b, style)
	}
	if c.everyLevel || c.Verdict == judge.Violated && len(c.Levels) > 0 {
		fmt.Fprintf(b, "%s\n", report.Wrap(c.conclusion(), "  "))
	}
}

func (c *checked) tableOfLevels(b *strings.Builder, style report.Style) {
	table := report.Table{Style: style, Indent: "  ", Head: []string{"level", "verdict", ""}}
	for _, l := range c.Levels {
		row := []string{l.Level, l.Verdict.String(), ""}
		if c.report != nil {
			row[2] = l.Why // the kind of an anomaly; of operations it is a whole sentence
		}
		table.Rows = append(table.Rows, row)
	}
	fmt.Fprintf(b, "%s\n", table.String())
	told := map[string]bool{c.Evidence: true}
	for _, l := range c.Levels {
		if c.report == nil && l.Why != "" && !told[l.Why] {
			told[l.Why] = true
			fmt.Fprintf(b, "%s\n\n", report.Wrap(l.Level+": "+l.Why, "  "))
		}
	}
}

// text returns the staleness in words, or nothing if no read was judged.
func (s *stalenessResult) text(timed bool) string {
	if s == nil || s.Reads == 0 {
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

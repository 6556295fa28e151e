package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"faultline/checker"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/txn"
	"faultline/results"
	"faultline/results/report"
)

// A checked is what came out for one history file.
type checked struct {
	File         string                 `json:"file"`
	Format       history.Format         `json:"format"`
	Model        history.Model          `json:"model"`
	Dialect      history.Dialect        `json:"dialect,omitempty"`
	Ops          int                    `json:"operations"`
	Transactions int                    `json:"transactions,omitempty"`
	Clients      int                    `json:"clients"`
	Keys         int                    `json:"keys"`
	Timed        bool                   `json:"timed"`                   // times are nanoseconds; otherwise the numbers of lines
	Answers      bool                   `json:"answers_alone,omitempty"` // calls are not known: they are given as the instants of the answers
	Level        string                 `json:"level"`                   // the one that was asked for
	Verdict      judge.Verdict          `json:"verdict"`
	Engine       string                 `json:"engine"`
	Evidence     string                 `json:"evidence,omitempty"`
	Proof        []proof                `json:"proof,omitempty"`
	Levels       []levelVerdict         `json:"levels,omitempty"` // strongest first
	Strongest    []checker.Level        `json:"strongest,omitempty"`
	Sessions     []checker.SessionScore `json:"sessions,omitempty"`
	SessionOrder string                 `json:"session_order,omitempty"` // what these rest on
	Scores       *checker.Scores        `json:"scores,omitempty"`        // of operations
	Notes        []string               `json:"notes,omitempty"`         // rules by which the file was read

	initial    bool // it was said what registers hold at first
	file       *history.File
	proof      []int                // operations, or transactions
	report     *txn.Report          // on transactions
	ladder     *checker.LevelReport // on operations
	everyLevel bool                 // all levels were asked for
	searched   bool                 // steps were spent, so that more might decide
}

// A proof is one of the operations or transactions that show a violation.
type proof struct {
	Line     int    `json:"line"`
	Answered int    `json:"answer_line,omitempty"` // where it has one of its own
	Name     string `json:"name,omitempty"`        // of a transaction, in the evidence: T1, T2 ...
	Op       string `json:"op"`
	Key      string `json:"key,omitempty"`
	Call     int64  `json:"call"`
	End      *int64 `json:"return"` // null: not answered
	when     string
}

func newChecked(name string, f *history.File) *checked {
	c := &checked{
		File: name, Format: f.Format, Model: f.Model, Dialect: f.Dialect, Ops: len(f.History), Transactions: len(f.Transactions),
		Timed: f.Timed, Answers: f.Answers, Notes: f.Notes, file: f,
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

// label is the name of a transaction, before what it did.
func (p *proof) label() string {
	if p.Name == "" {
		return ""
	}
	return p.Name + " = "
}

// when says when an operation ran, or between which lines.
func (c *checked) when(i int) string {
	one, at := c.item(i), c.file.Lines[i]
	from, to := fmt.Sprintf("line %d", at.Call), fmt.Sprint(at.Return)
	switch {
	case c.file.Answers:
		return from
	case c.Timed:
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
		fmt.Fprintf(&b, "%s\n", report.Wrap(c.Evidence, "  "))
		if c.searched {
			b.WriteString("  hint: allow more with --budget\n")
		}
	case judge.Violated:
		c.explain(&b, style)
	}
	c.tellLevels(&b, style)
	if c.Scores != nil {
		c.tellScores(&b)
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
		if slices.ContainsFunc(c.Proof, func(p proof) bool { return p.Key != c.Proof[0].Key }) {
			key = " on several keys"
		}
		if c.report != nil {
			what, key = "transaction", ""
		}
		fmt.Fprintf(b, "  smallest explanation: %s%s (%s %s)\n", report.Count(len(c.Proof), what), key, where, strings.Join(lines, ", "))
	}
	fmt.Fprintf(b, "%s\n", report.Wrap(c.Evidence, "  "))
	if c.Dialect != "" && !c.initial && strings.Contains(c.Evidence, "nobody wrote") {
		b.WriteString("  hint: if every register held that at first, say so with --initial\n")
	}
	b.WriteByte('\n')
	table := report.Table{Style: style, Indent: "  ", Head: []string{">line", "operation", "when"}}
	if c.report != nil {
		table.Head[1] = "transaction"
	}
	const others = 2 + 7 + 2 + 2 // the indent, the column of lines, and the gaps
	for _, p := range c.Proof[:min(many, len(c.Proof))] {
		table.Rows = append(table.Rows, []string{fmt.Sprint(p.Line), shorten(p.label()+p.Op, report.Width-others-len(p.when)), p.when})
	}
	fmt.Fprintf(b, "%s\n", table.String())
}

// shorten cuts a text to n columns.
func shorten(text string, n int) string {
	if letters := []rune(text); len(letters) > n {
		return string(letters[:max(0, n-1)]) + "…"
	}
	return text
}

// tellLevels says which levels hold: all in a table if all were asked for.
func (c *checked) tellLevels(b *strings.Builder, style report.Style) {
	switch {
	case c.everyLevel:
		c.tableOfLevels(b, style)
	case guaranteesOf(c.Level) != nil:
		c.tellSessions(b)
	}
	if c.everyLevel || c.Verdict == judge.Violated && len(c.Levels) > 0 {
		fmt.Fprintf(b, "%s\n", report.Wrap(c.conclusion(), "  "))
	}
}

func (c *checked) tableOfLevels(b *strings.Builder, style report.Style) {
	table := report.Table{Style: style, Indent: "  ", Head: []string{"level", "verdict", ""}}
	for _, l := range c.Levels {
		row := []string{l.Level, l.Verdict.String(), ""}
		if c.report != nil && l.Verdict == judge.Violated {
			row[2] = l.Why // the kind of an anomaly; all else is a whole sentence
		}
		table.Rows = append(table.Rows, row)
	}
	fmt.Fprintf(b, "%s\n", table.String())
	c.tellSessions(b)
	told := map[string]bool{c.Evidence: true}
	for _, l := range c.Levels {
		if row := c.report != nil && l.Verdict == judge.Violated; !row && l.Why != "" && !told[l.Why] {
			told[l.Why] = true
			fmt.Fprintf(b, "%s\n\n", report.Wrap(l.Level+": "+l.Why, "  "))
		}
	}
}

// tellSessions says how often session guarantees were broken by what is known of
// the order of writes beyond what sessions see.
func (c *checked) tellSessions(b *strings.Builder) {
	for _, one := range c.Sessions {
		if one.Broken == 0 || one.First == c.Evidence {
			continue
		}
		by := strings.NewReplacer("store's", "the store's", "+", " and ").Replace(c.SessionOrder)
		text := one.Name + ": "
		if c.holds(one.Name) {
			text = one.Name + " holds for those who know no more than sessions see; "
		}
		text += fmt.Sprintf("by %s, %s broke it (%.3g per thousand), the first: %s", by, report.Count(one.Broken, "op"), one.PerThousand, one.First)
		fmt.Fprintf(b, "%s\n\n", report.Wrap(text, "  "))
	}
}

// holds reports whether a session guarantee holds as a level.
func (c *checked) holds(guarantee string) bool {
	if !c.everyLevel {
		return c.Verdict == judge.Holds
	}
	return c.ladder.Holds(checker.Level(guarantee))
}

// tellScores says how far from linearizable the history is, and how stale its
// reads are. Without times in the file there is no telling how long.
func (c *checked) tellScores(b *strings.Builder) {
	s := c.Scores
	var parts []string
	if c.Timed {
		parts = append(parts, distanceText("Delta", &s.Delta), distanceText("Gamma", &s.Gamma))
	}
	if s.K.Upper > 1 || s.K.Infinite {
		parts = append(parts, boundsText(&s.K, "k-atomicity %s"))
	}
	if s.Removal.Upper > 0 {
		parts = append(parts, boundsText(&s.Removal, "ops too many: %s"))
	}
	if c.Verdict == judge.Violated && len(parts) > 0 && s.Unjudged < c.Keys {
		text := "scores: " + strings.Join(parts, ", ")
		if s.Unjudged > 0 {
			text += fmt.Sprintf("; %s not judged", report.Count(s.Unjudged, "key"))
		}
		fmt.Fprintf(b, "%s\n", report.Wrap(text, "  "))
	}
	if text := stalenessText(&s.Staleness, c.Timed); text != "" {
		fmt.Fprintf(b, "%s\n", report.Wrap(text, "  "))
	}
}

func distanceText(name string, d *checker.Distance) string {
	if d.Infinite {
		return name + " infinite"
	}
	return name + " " + milliseconds(d.Time)
}

// boundsText fills in a number, or from which to which it may be.
func boundsText(n *checker.Bounds, format string) string {
	text := report.Thousands(fmt.Sprint(n.Lower))
	switch {
	case n.Infinite:
		text = "infinite"
	case n.Lower < n.Upper:
		text += " to " + report.Thousands(fmt.Sprint(n.Upper))
	}
	return fmt.Sprintf(format, text)
}

// milliseconds writes a time as results do.
func milliseconds(t time.Duration) string {
	age, _ := results.FindMetric("stale_age_max")
	return age.Format(float64(t) / float64(time.Millisecond))
}

// stalenessText returns the staleness in words, or nothing if no read was judged.
func stalenessText(s *checker.Staleness, timed bool) string {
	if s.Reads == 0 {
		return ""
	}
	share, _ := results.FindMetric("stale")
	text := fmt.Sprintf("%s of %s stale (%s)", report.Thousands(fmt.Sprint(s.Stale)), report.Count(s.Reads, "read"), share.Format(s.Share))
	if s.Stale > 0 {
		if timed {
			text += ", the oldest by " + milliseconds(s.Oldest)
		}
		text += ", at most " + report.Count(s.Versions, "version") + " behind"
	}
	if s.Unjudged > 0 {
		text += fmt.Sprintf("; %s not judged", report.Count(s.Unjudged, "read"))
	}
	return text
}

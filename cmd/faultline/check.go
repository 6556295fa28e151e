package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
	"faultline/checker/staleness"
	"faultline/results"
	"faultline/results/report"
)

func newCheck(a *app) *cobra.Command {
	steps := 0
	c := &cobra.Command{
		Use:   "check HISTORY...",
		Short: "Judge a history file: is it linearizable, and how stale are its reads?",
		Long: `Check reads a history of operations and says whether it is linearizable. If it is not,
it shows the operations that prove it, with their lines in the file.

HISTORY is a file, or - for standard input. The format is found out from its first line:
JSON Lines as faultline run --history writes them, a Jepsen text log of one register,
or a log of a string store with get, put and append.

Exit codes: 0 linearizable, 1 not linearizable, 2 undecided, 64 not a history.`,
		Example: `  faultline run partition --cell lww --seed 1 --history lww-1.jsonl
  faultline check lww-1.jsonl
  faultline check --json jepsen.log | jq .verdict`,
		Args: between(1, -1, "name a history file, or - for standard input"),
		RunE: func(_ *cobra.Command, args []string) error { return a.check(args, steps) },
	}
	c.Flags().IntVar(&steps, "steps", 0, fmt.Sprintf("steps that a search may take where one is needed (default %d)", judge.DefaultSteps))
	return c
}

// A checked is what came out for one history file.
type checked struct {
	File      string          `json:"file"`
	Format    history.Format  `json:"format"`
	Ops       int             `json:"operations"`
	Clients   int             `json:"clients"`
	Verdict   judge.Verdict   `json:"verdict"`
	Engine    string          `json:"engine"`
	Evidence  string          `json:"evidence,omitempty"`
	Proof     []proof         `json:"proof,omitempty"`
	Staleness stalenessResult `json:"staleness"`
}

// A proof is one of the operations that show a violation.
type proof struct {
	Line int    `json:"line"`
	Op   string `json:"op"`
	Key  string `json:"key"`
	Call int64  `json:"call"`
	End  *int64 `json:"return"` // null: not answered
	when string
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

// check judges history files one after the other. The exit code is that of the worst.
func (a *app) check(files []string, steps int) error {
	var all []checked
	for _, file := range files {
		began := time.Now()
		c, err := a.checkFile(file, judge.Budget{Steps: steps})
		if err != nil {
			return err
		}
		all = append(all, c)
		if !a.json {
			a.print("%s", c.text(a.style(a.out)))
		}
		a.detail("%s: %.2f s", c.File, time.Since(began).Seconds())
	}
	if a.json {
		var doc any = all
		if len(all) == 1 {
			doc = all[0]
		}
		if err := a.printJSON(doc); err != nil {
			return err
		}
	}
	return worstOf(all)
}

// worstOf returns the exit code of several verdicts, as an error unless it is 0.
func worstOf(all []checked) error {
	code := exitMet
	for _, c := range all {
		switch {
		case c.Verdict == judge.Violated:
			code = exitViolated
		case c.Verdict == judge.Undecided && code == exitMet:
			code = exitUndecided
		}
	}
	if code != exitMet {
		return outcome(code)
	}
	return nil
}

func (a *app) checkFile(file string, budget judge.Budget) (checked, error) {
	in, name, err := a.openHistory(file)
	if err != nil {
		return checked{}, err
	}
	defer in.Close()
	f, err := history.Load(in, name, history.Options{})
	if err != nil {
		return checked{}, err
	}
	h := f.History
	if f.Transactions != nil {
		return checked{}, fmt.Errorf("%s: holds transactions, and only operations can be judged", name)
	}
	r := linear.Check(h, budget)
	c := checked{
		File: name, Format: f.Format, Ops: len(h), Clients: clientsOf(h), Verdict: r.Verdict, Engine: r.Engine,
		Evidence: r.Evidence.Text, Staleness: stalenessOf(h),
	}
	for _, i := range r.Evidence.Ops {
		c.Proof = append(c.Proof, proofOf(&h[i], f.Lines[i].Call))
	}
	return c, nil
}

// openHistory opens a file, or standard input for "-".
func (a *app) openHistory(file string) (io.ReadCloser, string, error) {
	if file == "-" {
		return io.NopCloser(a.in), "standard input", nil
	}
	f, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", fmt.Errorf("%s: there is no such file\n  hint: faultline run partition --cell lww --seed 1 --history lww-1.jsonl writes one", file)
	case errors.Is(err, fs.ErrPermission):
		return nil, "", fmt.Errorf("%s: may not be read\n  hint: change its permissions (chmod +r)", file)
	case err != nil:
		return nil, "", err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, "", fmt.Errorf("%s: is a folder, not a history\n  hint: name one of the files in it", file)
	}
	return f, file, nil
}

func proofOf(op *history.Op, line int) proof {
	p := proof{Line: line, Op: op.String(), Key: op.Key, Call: int64(op.Call), when: op.Call.String() + " to "}
	if op.Return == history.Never {
		p.when += "?"
	} else {
		end := int64(op.Return)
		p.End, p.when = &end, p.when+op.Return.String()
	}
	return p
}

func clientsOf(h history.History) int {
	seen := map[int]bool{}
	for i := range h {
		seen[h[i].Client] = true
	}
	return len(seen)
}

func stalenessOf(h history.History) stalenessResult {
	s := staleness.Measure(h)
	r := stalenessResult{Reads: s.Reads, Stale: len(s.Stale), Share: s.Share(), Unexplained: s.Unexplained, Skipped: s.Skipped}
	if oldest, any := s.Oldest(); any {
		r.OldestNS = int64(oldest.Age)
	}
	for _, one := range s.Stale {
		r.Versions = max(r.Versions, one.Versions)
	}
	return r
}

var verdictWords = map[judge.Verdict]string{judge.Holds: "linearizable", judge.Violated: "not linearizable", judge.Undecided: "undecided"}

// text returns what a person reads.
func (c *checked) text(style report.Style) string {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	word := verdictWords[c.Verdict]
	if c.Verdict == judge.Violated {
		word = style.Red(word)
	}
	fmt.Fprintf(w, "%s: %s. %s, %s\n", c.File, word, report.Count(c.Ops, "op"), report.Count(c.Clients, "client"))
	c.explain(w, style)
	fmt.Fprintf(w, "  %s\n", c.Staleness.text())
	w.Flush()
	return b.String()
}

// explain shows the operations that prove a violation, or says why there is no verdict.
func (c *checked) explain(w io.Writer, style report.Style) {
	if c.Verdict == judge.Undecided {
		fmt.Fprintf(w, "%s\n  hint: allow more with --steps\n", report.Wrap(c.Evidence, "  "))
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
	fmt.Fprintf(w, "  smallest explanation: %s on key %s (lines %s)\n", report.Count(len(c.Proof), "op"), c.Proof[0].Key, strings.Join(lines, ", "))
	fmt.Fprintf(w, "%s\n\n", report.Wrap(c.Evidence, "  "))
	table := report.Table{Style: style, Indent: "  ", Head: []string{">line", "operation", "when"}}
	for _, p := range c.Proof[:min(many, len(c.Proof))] {
		table.Rows = append(table.Rows, []string{fmt.Sprint(p.Line), p.Op, p.when})
	}
	fmt.Fprintf(w, "%s\n", table.String())
}

// text returns the staleness in words.
func (s stalenessResult) text() string {
	if s.Reads == 0 {
		return "no read could be judged for staleness"
	}
	share, _ := results.FindMetric("stale")
	text := fmt.Sprintf("%s of %s stale (%s)", report.Thousands(fmt.Sprint(s.Stale)), report.Count(s.Reads, "read"), share.Format(s.Share))
	if s.Stale > 0 {
		age, _ := results.FindMetric("stale_age_max")
		text += fmt.Sprintf(", the oldest by %s; at most %s behind", age.Format(float64(s.OldestNS)/1e6), report.Count(s.Versions, "version"))
	}
	if n := s.Unexplained + s.Skipped; n > 0 {
		text += fmt.Sprintf("; %s not judged", report.Count(n, "read"))
	}
	return text
}

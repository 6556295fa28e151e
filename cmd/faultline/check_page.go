package main

import (
	"fmt"
	"os"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/results/report"
)

// pageOps is how many operations a page shows: with more, a browser is slow and a
// person sees nothing.
const pageOps = 4000

// writePage draws the history on a page.
func (a *app) writePage(file string, c *checked) error {
	p := c.page()
	p.Footer = a.typed("faultline check " + quote(c.File) + " --html " + quote(file))
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("--html: %w\n  hint: check that the folder exists and may be written", err)
	}
	err = p.Write(out)
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	a.note("%s shows it", file)
	return nil
}

func (c *checked) page() *report.Page {
	p := &report.Page{
		Title: c.title(), Bad: c.Verdict == judge.Violated, Facts: append(c.facts(), c.kind()), Why: c.Evidence,
		Head: []string{"", "line", "operation", "when"}, Notes: c.Notes, Timed: c.Timed,
	}
	from, to := c.excerpt()
	p.Left = c.Ops - (to - from)
	for i := from; i < to; i++ {
		p.Ops = append(p.Ops, c.pageOp(i))
	}
	for n, i := range c.proof {
		p.Proof = append(p.Proof, i-from)
		one := &c.Proof[n]
		p.Table = append(p.Table, []string{fmt.Sprint(n + 1), fmt.Sprint(one.Line), one.Op, one.when})
	}
	return p
}

// excerpt returns which operations the page shows: those around the proof.
func (c *checked) excerpt() (from, to int) {
	if c.Ops <= pageOps {
		return 0, c.Ops
	}
	first, last := 0, 0
	if n := len(c.proof); n > 0 {
		first, last = c.proof[0], c.proof[n-1]+1
	}
	spare := max(0, pageOps-(last-first))
	from = max(0, min(first-spare/2, c.Ops-pageOps))
	return from, min(c.Ops, max(last, from+pageOps))
}

func (c *checked) pageOp(i int) report.PageOp {
	op, at := &c.file.History[i], c.file.Lines[i]
	one := report.PageOp{
		Client: op.Client, Key: op.Key, Reads: !op.MayMutate() && op.Status == history.OK || op.Kind == history.Read, Status: op.Status.String(), Call: int64(op.Call),
		Label: labelOf(op), Text: op.String(), Lines: [2]int{at.Call, at.Return},
	}
	if op.Return != history.Never {
		end := int64(op.Return)
		one.Return = &end
	}
	return one
}

// labelOf says in a few letters what an operation did.
func labelOf(op *history.Op) string {
	in, out := op.Show(op.In), op.Show(op.Out)
	known := op.Status == history.OK
	switch op.Kind {
	case history.Read:
		if !known {
			return "read"
		}
		return "read " + out
	case history.CAS:
		switch {
		case !known || op.Swapped:
			return op.Show(op.Expect) + " → " + in
		case op.Blind:
			return "≠ " + op.Show(op.Expect)
		default:
			return "read " + out
		}
	case history.Dequeue, history.Pop:
		if !known {
			return op.Kind.String()
		}
		return op.Kind.String() + " " + out
	default:
		return op.Kind.String() + " " + in
	}
}

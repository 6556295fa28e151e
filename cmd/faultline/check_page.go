package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/visual"
	"faultline/results/report"
)

// pageOps is how many operations a page shows: with more, a browser is slow and a
// person sees nothing.
const pageOps = 4000

// visualLimit is how long porcupine may search for its own page.
const visualLimit = 3 * time.Second

// writePage draws the history on a page, and, if it is small enough for that, on
// one of porcupine's beside it.
func (a *app) writePage(file string, c *checked) error {
	p := c.page()
	p.Footer = a.typed("faultline check " + quote(c.File) + " --html " + quote(file))
	if ops := c.visible(); c.report == nil && len(ops) <= visual.MaxOps {
		second := strings.TrimSuffix(file, filepath.Ext(file)) + "-porcupine.html"
		err := savePage(second, func(w io.Writer) error {
			return visual.Write(w, c.file.History, ops, judge.Evidence{Ops: c.proof, Text: c.Evidence}, visualLimit)
		})
		if err != nil {
			return err
		}
		p.Links = [][2]string{{"the same by porcupine", (&url.URL{Path: filepath.Base(second)}).String()}}
	}
	if err := savePage(file, p.Write); err != nil {
		return err
	}
	a.note("%s shows it", file)
	return nil
}

func savePage(name string, write func(io.Writer) error) error {
	out, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("--html: %w\n  hint: check that the folder exists and may be written", err)
	}
	info, known := out.Stat()
	if err = errors.Join(write(out), out.Close()); err == nil {
		return nil
	}
	if known == nil && info.Mode().IsRegular() {
		os.Remove(name) // half a page would show half the truth
	}
	return fmt.Errorf("--html: %w\n  hint: check that there is room for the page; the verdict stands without it", err)
}

func (c *checked) page() *report.Page {
	p := &report.Page{
		Title: c.File + ": " + c.verdict(), Bad: c.Verdict == judge.Violated, Facts: append(c.facts(), c.kind()), Why: c.Evidence,
		Head: []string{"", "line", "operation", "when"}, Notes: c.Notes, Timed: c.Timed,
	}
	for _, l := range c.Levels {
		p.Levels = append(p.Levels, [3]string{l.Level, l.Verdict.String(), l.Why})
	}
	place := map[int]int{}
	for _, i := range c.visible() {
		place[i] = len(p.Ops)
		p.Ops = append(p.Ops, c.pageOp(i))
	}
	p.Left = c.Ops + c.Transactions - len(p.Ops)
	for n, i := range c.proof {
		p.Proof = append(p.Proof, place[i])
		one := &c.Proof[n]
		p.Table = append(p.Table, []string{fmt.Sprint(n + 1), fmt.Sprint(one.Line), one.label() + one.Op, one.when})
	}
	return p
}

// visible returns the operations that the pages show: all, or those on the keys
// of the proof, or, if these are too many, those around the proof.
func (c *checked) visible() []int {
	keys := map[string]bool{}
	for _, i := range c.proof {
		keys[c.item(i).key] = true
	}
	all := c.Ops + c.Transactions
	var ops, proof []int // the latter as places among the former
	for i := range all {
		if all > pageOps && len(keys) > 0 && !keys[c.item(i).key] {
			continue
		}
		if slices.Contains(c.proof, i) {
			proof = append(proof, len(ops))
		}
		ops = append(ops, i)
	}
	if len(ops) <= pageOps {
		return ops
	}
	if len(proof) == 0 {
		return ops[:pageOps]
	}
	var near []int
	spare := max(1, pageOps/len(proof)/2)
	next := 0
	for _, at := range proof {
		for next = max(next, at-spare); next < min(len(ops), at+spare); next++ {
			near = append(near, ops[next])
		}
	}
	return near
}

func (c *checked) pageOp(i int) report.PageOp {
	one, at := c.item(i), c.file.Lines[i]
	box := report.PageOp{Client: one.client, Key: one.key, Status: one.status.String(), Call: int64(one.call), Text: one.text, Lines: [2]int{at.Call, at.Return}}
	if t := c.file.Transactions; t != nil {
		box.Key, box.Label, box.Reads = "all", labelOfTransaction(&t[i]), !changes(&t[i])
	} else {
		op := &c.file.History[i]
		box.Label, box.Reads = labelOf(op), !op.Kind.Mutates() || op.Status == history.OK && !op.MayMutate()
	}
	if one.back != history.Never {
		end := int64(one.back)
		box.Return = &end
	}
	return box
}

// changes reports whether a transaction asks for more than reads.
func changes(t *history.Transaction) bool {
	return slices.ContainsFunc(t.Ops, func(m history.Micro) bool { return m.Kind != history.Read })
}

// labelOfTransaction is the text of the transaction without the client.
func labelOfTransaction(t *history.Transaction) string {
	_, label, _ := strings.Cut(t.String(), ": ")
	return label
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

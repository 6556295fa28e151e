package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"faultline/experiments"
	"faultline/results/chart"
	"faultline/results/report"
)

// trustPage is the file that reproduce writes beside its charts.
const trustPage = "trust.md"

// An evidence is a case with what came out of it, for the page.
type evidence struct {
	exp   *experiments.Experiment
	found []experiments.Comparison
	chart string // file name; empty if there is none
}

// prepare makes the folder, and refuses what cannot be written there: this is not to
// come out after a quarter of an hour.
func (o *reproduceOptions) prepare(cases []*experiments.Experiment) error {
	if o.out == "" {
		return nil
	}
	from := map[string]string{}
	for _, e := range cases {
		if other, taken := from[e.Name]; taken {
			return fmt.Errorf("%s and %s would both be drawn as trust-%s\n  hint: rename one of them, or leave out -o", other, e.File, e.Name)
		}
		from[e.Name] = e.File
	}
	const permissions = 0o755
	err := os.MkdirAll(o.out, permissions)
	if err == nil {
		err = tryWriting(o.out)
	}
	if err != nil {
		return fmt.Errorf("%w\n  hint: choose another folder with -o", err)
	}
	return nil
}

// tryWriting says whether files can be made in a folder.
func tryWriting(folder string) error {
	f, err := os.CreateTemp(folder, ".faultline-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// write draws a chart for each case, and the page that shows them all.
func (t *reproduction) write(o *reproduceOptions) (files []string, err error) {
	for i := range t.cases {
		x := &t.cases[i]
		for _, format := range o.formats {
			name := "trust-" + x.exp.Name + "." + format
			source := fmt.Sprintf("faultline %s, seeds %v", o.caseCommand(x.exp), x.exp.Seeds)
			data, err := chart.Against(compared(x.found), source, chart.Options{Format: format})
			if err == nil {
				err = writeFile(filepath.Join(o.out, name), data)
			}
			if err != nil {
				return files, err
			}
			if x.chart == "" {
				x.chart = name
			}
			files = append(files, filepath.Join(o.out, name))
		}
	}
	path := filepath.Join(o.out, trustPage)
	return append(files, path), writeFile(path, []byte(t.page(o)))
}

// compared puts comparisons in the words of the chart.
func compared(found []experiments.Comparison) (all []chart.Compared) {
	for _, c := range bySeries(found) {
		if c.None {
			continue
		}
		q := c.Figure.Quantity
		of, within := c.Reference()
		k := chart.Compared{
			Group: c.Series, Name: strings.ReplaceAll(q.String(), "_", " "), Verdict: verdictOn(c),
			Ours: c.Ours.Value, Lo: c.Ours.Lo, Hi: c.Ours.Hi, Reference: of, Within: within,
			Text: q.Format(c.Ours.Value) + " (" + q.Format(of) + ")",
		}
		if c.Ordered() {
			k.Text += ", in order alone"
		}
		if c.Figure.Exact != nil {
			k.Published = c.Figure.Published
		}
		all = append(all, k)
	}
	return all
}

const trustHead = `# How far to trust it

A simulator is believed when it reproduces what others measured. Each case below is
an ordinary experiment: change N, a law, a number of clients or a timeout in its file
and run it with ` + "`faultline reproduce FILE`" + `, and the answer is for that case. This page
and its charts are made by

    go run ./cmd/faultline %s

and come out the same wherever they are made. %s

In the tables, "exact" is the value of a formula, or of the published model computed
again with more trials; the figure is "ok" if ours is within the tolerance of both. The
second of two tolerances is that of the published value. Where it is "order", ours must
be above and below the same other figures as the published one.
`

const trustFoot = `
## What is not modelled

What comes out says nothing about these:

- **The time that code takes.** A message costs a replica what ` + "`machine.cpu`" + ` says, and a
  request what ` + "`server.service`" + ` says. Garbage collection, caches of processors, locks and
  schedulers are there only as faults (pause, slow-node, cpu-quota).
- **TCP.** Messages are sent one by one: there is no connection set up or lost, no
  congestion window, no retransmission, and, unless bandwidth is bounded, no queue in a
  switch. Messages are not held up behind one that was lost.
- **Disks beyond syncs.** A disk takes a time for each sync, may lie, and loses or tears
  what was not synced. It does not fill up, wear out, reorder or return wrong bytes.
- **Byzantine faults.** Nodes are slow, dead, cut off or wrong about the time. They do not
  lie, and messages are not corrupted.
- **Correlation that nobody wrote down.** Faults and delays are independent unless the
  experiment says otherwise; in practice a rack, a deployment or a hot day connects them.
- **Changes of membership and of versions.** Clusters neither grow nor shrink, and all
  replicas run the same code.
- **Your system.** The stores follow papers and, of raft, a library that is in production.
  A product that follows the same paper has its own defaults, its own bugs and its own load.

A figure that comes out shows that the parts it rests on are right: delays, quorums,
elections, queues, backoff. It does not show that an experiment of yours has the right
laws in it. Those have to be measured.
`

// page returns the page.
func (t *reproduction) page(o *reproduceOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, trustHead, o.command(t.args), strings.TrimSpace(t.sum()))
	for i := range t.cases {
		x := &t.cases[i]
		e := x.exp
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", e.Question, strings.TrimSpace(e.About))
		fmt.Fprintf(&b, "Source: %s\n\n", strings.TrimSpace(e.Against.Source))
		fmt.Fprintf(&b, "    go run ./cmd/faultline %s\n\n", o.caseCommand(e))
		fmt.Fprintf(&b, "The case: %s.\n", o.link(e))
		if x.chart != "" {
			fmt.Fprintf(&b, "\n![%s](%s)\n", markdownText(chart.AgainstFinding(compared(x.found))), x.chart)
		}
		fmt.Fprintf(&b, "\n```text\n%s```\n", strings.TrimSuffix(t.figures(report.Style{Unicode: true}, e, x.found), "\n"))
	}
	b.WriteString(trustFoot)
	return b.String()
}

// command is what makes the page again.
func (o *reproduceOptions) command(args []string) string {
	words := []string{"reproduce", "-o", quote(o.out)}
	if o.quick {
		words = append(words, "--quick")
	}
	if o.seeds != "" {
		words = append(words, "--seeds", quote(o.seeds))
	}
	if formats := strings.Join(o.formats, ","); formats != "png" {
		words = append(words, "--format", formats)
	}
	words = append(words, o.settings()...)
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	return strings.Join(words, " ")
}

// caseCommand is what runs one case again.
func (o *reproduceOptions) caseCommand(e *experiments.Experiment) string {
	of := e.File
	if ours(e) {
		of = e.Name
	}
	return strings.Join(append([]string{"reproduce", quote(of)}, o.settings()...), " ")
}

// settings are the flags that change the cases.
func (o *reproduceOptions) settings() (words []string) {
	for _, set := range o.set {
		words = append(words, "--set", quote(set))
	}
	return words
}

// ours reports whether a case is one of those that ship with the command.
func ours(e *experiments.Experiment) bool {
	return e.File == experiments.PublishedFolder+"/"+e.Name+".yaml"
}

// link points from the page to a case: from the gallery two folders up, where ours
// are, and to a file of one's own by the way from the page.
func (o *reproduceOptions) link(e *experiments.Experiment) string {
	to := "../../" + e.File
	if !ours(e) {
		if way, err := filepath.Rel(o.out, e.File); err == nil {
			to = filepath.ToSlash(way)
		}
	}
	return "[" + e.File + "](" + to + ")"
}

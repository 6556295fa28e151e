package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"faultline/experiments"
	"faultline/results"
	"faultline/results/report"
)

// galleryFolder is where the reference charts are kept, from the root of the repository.
const galleryFolder = "results/gallery"

// galleryOptions are the flags of gallery.
type galleryOptions struct {
	out     string
	seeds   string
	formats []string
	workers int
}

// An exhibit is one experiment of the gallery, carried out.
type exhibit struct {
	plan     *plan
	set      *results.Set
	findings []experiments.Finding
	charts   []drawn
}

func newGallery(a *app) *cobra.Command {
	o := &galleryOptions{}
	c := &cobra.Command{
		Use:   "gallery [EXPERIMENT...]",
		Short: "Run the shipped experiments and draw their reference charts",
		Long: `Gallery runs every shipped experiment and draws its charts, each as
<experiment>-<chart>, with a README.md that shows them, what was found, and the
command that repeats it. The same version makes the same bytes. With names, only
the charts of those experiments are drawn, and no README.`,
		Example:           "  faultline gallery\n  faultline gallery partition -o /tmp/gallery --format svg",
		ValidArgsFunction: cobra.FixedCompletions(experiments.Shipped(), cobra.ShellCompDirectiveNoFileComp),
		PreRunE: func(c *cobra.Command, _ []string) error {
			return errors.Join(checkJobs(c, o.workers), checkSeeds(c, o.seeds), checkFormats(o.formats))
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.run(a, args) },
	}
	f := c.Flags()
	f.StringVarP(&o.out, "out", "o", galleryFolder, "folder")
	f.StringVar(&o.seeds, "seeds", "", "instead of the seeds of each experiment: 1..20")
	f.StringSliceVar(&o.formats, "format", []string{"png", "svg"}, "png, svg, pdf")
	f.IntVarP(&o.workers, "jobs", "j", 0, "runs at once (default: one for each processor)")
	return c
}

func (o *galleryOptions) run(a *app, names []string) error {
	all := len(names) == 0
	if all {
		names = experiments.Shipped()
	}
	ctx, done := a.interruptible()
	defer done()
	var exhibits []*exhibit
	code := exitMet
	for _, name := range names {
		x, err := o.exhibit(ctx, a, name)
		if err != nil {
			return err
		}
		code = max(code, verdict(x.findings))
		exhibits = append(exhibits, x)
		o.tell(a, x)
	}
	if all {
		path := filepath.Join(o.out, "README.md")
		if err := writeFile(path, []byte(o.page(exhibits))); err != nil {
			return err
		}
		if !a.json {
			a.print("%s\n", path)
		}
	}
	if a.json {
		if err := a.printJSON(documents(exhibits)); err != nil {
			return err
		}
	}
	if code != exitMet {
		return outcome(code)
	}
	return nil
}

// exhibit carries out one experiment and draws its charts.
func (o *galleryOptions) exhibit(ctx context.Context, a *app, name string) (*exhibit, error) {
	if _, err := experiments.ShippedText(name); err != nil {
		return nil, err
	}
	e, err := loadAs(name, nil, o.seeds)
	if err != nil {
		return nil, err
	}
	r := &runOptions{verb: "run", file: name, seeds: o.seeds}
	p := &plan{exp: e, dir: defaultFolder(e), own: true, workers: o.workers, verify: someTwice}
	p.command = r.command(p)
	set, err := a.carryOut(ctx, p)
	if errors.Is(err, context.Canceled) {
		a.note("interrupted; the same command goes on")
		return nil, outcome(exitInterrupted)
	}
	if err != nil {
		return nil, err
	}
	x := &exhibit{plan: p, set: set, findings: findingsOf(e, set)}
	x.charts = a.drawAll(set, e.Plots, drawOptions{dir: o.out, prefix: name + "-", formats: o.formats})
	return x, nil
}

// tell prints what an exhibit found.
func (o *galleryOptions) tell(a *app, x *exhibit) {
	if a.json {
		return
	}
	missed := 0
	for _, f := range x.findings {
		if f.Met != experiments.Yes {
			missed++
		}
	}
	a.print("%s: %s, %d of %s not met\n", x.plan.exp.Name, report.Count(len(x.charts), "chart file"), missed, report.Count(len(x.findings), "expectation"))
}

func documents(exhibits []*exhibit) []document {
	var all []document
	for _, x := range exhibits {
		s := summary{plan: x.plan, set: x.set, findings: x.findings, charts: x.charts, code: verdict(x.findings), commands: []hint{{"repeat", x.plan.command}}}
		all = append(all, s.document())
	}
	return all
}

const galleryHead = `# Gallery

What the shipped experiments find. Every chart and table below is made by

    go run ./cmd/faultline gallery

and comes out the same, byte for byte, wherever it is made.
`

// page returns the README of the gallery.
func (o *galleryOptions) page(exhibits []*exhibit) string {
	var b strings.Builder
	b.WriteString(galleryHead)
	for _, x := range exhibits {
		e := x.plan.exp
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", e.Question, strings.TrimSpace(e.About))
		fmt.Fprintf(&b, "    go run ./cmd/%s\n\n", x.plan.command)
		fmt.Fprintf(&b, "The experiment: [%s](../../%s).\n", e.File, e.File)
		for _, c := range x.charts {
			if strings.HasSuffix(c.File, "."+o.formats[0]) {
				fmt.Fprintf(&b, "\n![%s](%s)\n", markdownText(c.Finding), filepath.Base(c.File))
			}
		}
		fmt.Fprintf(&b, "\n```text\n%s```\n", x.table())
	}
	return b.String()
}

// table returns the report of an exhibit, as run prints it.
func (x *exhibit) table() string {
	var b strings.Builder
	r := report.Run{
		Style: report.Style{Unicode: true}, Set: x.set, Load: virtualTime(x.plan.exp.Cells), Findings: shown(x.findings), Asked: x.plan.exp.Asks(),
	}
	if err := r.Write(&b); err != nil {
		panic("faultline: writing to memory failed: " + err.Error())
	}
	return b.String()
}

// markdownText keeps brackets from ending the text of a picture.
func markdownText(text string) string {
	return strings.NewReplacer("[", "(", "]", ")", "\n", " ").Replace(text)
}

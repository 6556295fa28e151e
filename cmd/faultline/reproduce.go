package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"faultline/experiments"
	"faultline/results"
)

// reproduceOptions are the flags of reproduce.
type reproduceOptions struct {
	quick   bool
	seeds   string
	set     []string
	out     string
	formats []string
	workers int
}

func newReproduce(a *app) *cobra.Command {
	o := &reproduceOptions{}
	c := &cobra.Command{
		Use:   "reproduce [CASE...]",
		Short: "Compare figures that others published with what comes out here",
		Long: `Reproduce runs cases of published results and compares their figures with ours.
A case is an experiment file (` + experiments.PublishedFolder + `) that says where the
figures are from and how near ours must come. CASE is the name of one, the
beginning of several names, or the path of a file; without any, all are run.

A figure is "ok" if it is within its tolerance, "outside" if it is not, and
"unsure" if it is not but its interval reaches there: more seeds would tell, unless
it is a percentile of latencies, which are counted in buckets of up to 3%.
Figures that are known to be doubtful are shown, but decide nothing. The exit code
is 1 if a figure is outside, and 2 if none is but some are unsure; a quick look,
which cannot be sure of rare events, is content if none is outside.

With -o, a chart of each case is drawn into that folder, and ` + trustPage + ` written that
shows them with the tables and says what is not modelled.`,
		Example: `  faultline reproduce --quick          # all of them, with few seeds
  faultline reproduce pbs              # the cases whose names begin with pbs
  faultline reproduce -o ` + galleryFolder + `   # with charts and a page
  faultline reproduce my-case.yaml     # a copy of one, edited`,
		ValidArgsFunction: cobra.FixedCompletions(experiments.PublishedCases(), cobra.ShellCompDirectiveDefault),
		PreRunE: func(c *cobra.Command, _ []string) error {
			return errors.Join(checkJobs(c, o.workers), checkSeeds(c, o.seeds), checkFormats(o.formats))
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.run(a, args) },
	}
	f := c.Flags()
	f.BoolVar(&o.quick, "quick", false, "few seeds: to see that nothing broke, in two minutes")
	f.StringVar(&o.seeds, "seeds", "", "instead of the seeds of each case: 1..20")
	f.StringArrayVar(&o.set, "set", nil, "change a setting of every case: path=value, such as model.n=5")
	f.StringVarP(&o.out, "out", "o", "", "folder for charts and a page that shows them")
	f.StringSliceVar(&o.formats, "format", []string{"png"}, "png, svg, pdf")
	f.IntVarP(&o.workers, "jobs", "j", 0, "runs at once (default: one for each processor)")
	return c
}

// run carries out the cases one after the other, and prints each as soon as it is done.
func (o *reproduceOptions) run(a *app, args []string) error {
	cases, err := o.load(args)
	if err != nil {
		return err
	}
	if err := o.prepare(cases); err != nil {
		return err
	}
	ctx, done := a.interruptible()
	defer done()
	t := &reproduction{quick: o.quick, args: args, documents: []caseDocument{}}
	for _, e := range cases {
		found, err := o.compare(ctx, a, e)
		if errors.Is(err, context.Canceled) {
			return t.interrupted(a, o)
		}
		if err != nil {
			return err
		}
		t.add(e, found)
		if !a.json {
			a.print("%s", t.table(a.style(a.out), e, found))
		}
	}
	var files []string
	if o.out != "" {
		if files, err = t.write(o); err != nil {
			return err
		}
	}
	if a.json {
		err = a.printJSON(t.documents)
	} else {
		a.print("%s", t.sum())
		for _, file := range files {
			a.print("%s\n", file)
		}
	}
	if code := t.code(); err == nil && code != exitMet {
		return outcome(code)
	}
	return err
}

// interrupted keeps what was carried out. There is no page of it, since the command
// that the page names would make another one.
func (t *reproduction) interrupted(a *app, o *reproduceOptions) error {
	if a.json {
		if err := a.printJSON(t.documents); err != nil {
			return err
		}
	}
	text := "interrupted: the cases above are complete"
	if o.out != "" {
		text += "; nothing was drawn"
	}
	a.note("%s", text)
	return outcome(exitInterrupted)
}

// load reads the cases that are asked for.
func (o *reproduceOptions) load(args []string) (cases []*experiments.Experiment, err error) {
	names, err := casesOf(args)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		e, err := o.loadOne(name)
		if err != nil {
			return nil, err
		}
		cases = append(cases, e)
	}
	return cases, nil
}

func (o *reproduceOptions) loadOne(name string) (e *experiments.Experiment, err error) {
	if slices.Contains(experiments.PublishedCases(), name) {
		e, err = experiments.LoadPublished(name, o.set...)
	} else {
		e, err = experiments.Load(name, o.set...)
	}
	switch {
	case err != nil:
		return nil, err
	case e.Against == nil:
		return nil, errors.New(name + ": has no published figures to compare with\n  hint: add published, as in the files of " + experiments.PublishedFolder)
	case o.seeds != "":
		e.Seeds, err = experiments.ParseSeeds(o.seeds)
	case o.quick:
		e.Seeds = e.Against.Quick
	}
	return e, err
}

// casesOf returns the cases that arguments name: each by its name, by the
// beginning of it, or by the path of a file.
func casesOf(args []string) (names []string, err error) {
	all := experiments.PublishedCases()
	if len(args) == 0 {
		return all, nil
	}
	for _, arg := range args {
		found := false
		for _, c := range all {
			if c == arg || strings.HasPrefix(c, arg+"-") {
				names, found = append(names, c), true
			}
		}
		switch {
		case found:
		case bare(arg):
			return nil, results.UnknownName("case", arg, all)
		default:
			names = append(names, arg)
		}
	}
	return unique(names), nil
}

// unique keeps the first of each name.
func unique(names []string) (kept []string) {
	for _, name := range names {
		if !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	return kept
}

// compare carries out a case.
func (o *reproduceOptions) compare(ctx context.Context, a *app, e *experiments.Experiment) ([]experiments.Comparison, error) {
	place := map[int]int{}
	for i := range e.Cells {
		place[e.Cells[i].Index] = i
	}
	rows := make([][]results.Row, len(e.Cells))
	bar := a.startProgress(e, 0)
	err := (&experiments.Sweep{
		Cells: e.Cells, Seeds: e.Seeds, Workers: o.workers,
		Row: func(r results.Row) error {
			bar.add(false)
			i := place[r.Cell]
			rows[i] = append(rows[i], r.Figures())
			return nil
		},
	}).Run(ctx)
	bar.stop()
	if err != nil {
		return nil, err
	}
	for i := range rows {
		slices.SortFunc(rows[i], func(a, b results.Row) int { return cmp.Compare(a.Seed, b.Seed) })
	}
	return e.Compare(rows), nil
}

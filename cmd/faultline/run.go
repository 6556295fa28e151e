package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"faultline/experiments"
	"faultline/results"
	"faultline/results/chart"
	"faultline/results/report"
)

// runOptions are the flags of run and sweep.
type runOptions struct {
	verb    string // run or sweep
	file    string
	set     []string
	seeds   string
	seed    string // the same, as one would call it for one seed
	cells   []string
	out     string
	resume  string
	history string
	formats []string
	compare string
	workers int
	verify  int
	noPlots bool
}

func newRun(a *app) *cobra.Command {
	o := &runOptions{verb: "run"}
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Run an experiment: every store and setting with every seed",
		Long: `Run carries out an experiment: every cell of its grid with every seed. It prints a
table, says whether what the experiment expects came out, and draws its charts.

FILE is a path, the name of a shipped experiment (see faultline list experiments),
or - for standard input. An experiment that expects nothing is held to what each
store promises, in the runs that are within the store's assumptions.

` + exitHelp,
		Example: `  faultline run partition
  faultline run failover --set model.n=3 --seeds 1..20
  faultline run partition --cell lww --seed 7 --history lww-7.jsonl
  faultline check lww-7.jsonl      # what went wrong in that run`,
		Args:              between(0, 1, "name one experiment, such as: faultline run partition"),
		ValidArgsFunction: completeExperiments,
		PreRunE:           func(c *cobra.Command, _ []string) error { return o.check(c) },
		RunE:              func(_ *cobra.Command, args []string) error { return o.run(a, args) },
	}
	o.flags(c)
	c.Flags().StringVar(&o.history, "history", "", "write the history of one run (with --cell and --seed) to this `FILE`, and nothing else")
	return c
}

// flags are those that run and sweep share.
func (o *runOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&o.set, "set", nil, "override a setting of the file: `PATH=VALUE`, such as model.n=5; may be repeated")
	f.StringVar(&o.seeds, "seeds", "", "1..200, a number, 1,5,9, or auto: until the share of successes is known to a point, 200 at most")
	f.StringVar(&o.seed, "seed", "", "the same for one seed")
	f.StringArrayVar(&o.cells, "cell", nil, "only the cell with this `LABEL`, as the table shows it; may be repeated")
	f.IntVarP(&o.workers, "jobs", "j", 0, "runs at once (default: one for each processor)")
	f.StringVarP(&o.out, "out", "o", "", "result folder (default "+runsFolder+"/<experiment>-<id>)")
	f.StringVar(&o.resume, "resume", "", "go on with the interrupted result in this `FOLDER`")
	f.StringSliceVar(&o.formats, "format", []string{"png"}, "formats of the charts: png, svg, pdf")
	f.BoolVar(&o.noPlots, "no-charts", false, "draw no charts")
	f.IntVar(&o.verify, "verify", 0, "seeds of each cell to run twice, to see that they come out the same (default: 1 from 20 seeds on)")
	complete(c, "format", chart.Formats()...)
	complete(c, "seeds", "auto", "1..20", "1..200")
}

// check complains about flags that make no sense, alone or together.
func (o *runOptions) check(c *cobra.Command) error {
	given := c.Flags().Changed
	switch {
	case given("seed") && given("seeds"):
		return errors.New("--seed, --seeds: both say which seeds to run\n  hint: leave out one of them")
	case given("out") && given("resume"):
		return errors.New("--out, --resume: both say where the rows go\n  hint: leave out --out: what is resumed stays in its folder")
	case given("verify") && o.verify < 0:
		return fmt.Errorf("--verify %d: is less than none\n  hint: write 0 to repeat no run", o.verify)
	case given("out") && o.out == "":
		return errors.New("--out: names no folder\n  hint: leave it out, or write one, such as -o out")
	case given("resume") && o.resume == "":
		return errors.New("--resume: names no folder\n  hint: name the folder of the interrupted run")
	case !given("verify"):
		o.verify = someTwice
	}
	if given("seed") {
		o.seeds = o.seed
	}
	return errors.Join(checkJobs(c, o.workers), checkSeeds(c, o.seeds), checkFormats(o.formats))
}

// someTwice leaves it to the number of seeds how many of them are run twice.
const someTwice = -1

// checkJobs complains about a number of workers with which nothing would be done.
func checkJobs(c *cobra.Command, jobs int) error {
	if c.Flags().Changed("jobs") && jobs < 1 {
		return fmt.Errorf("--jobs %d: nothing would be done\n  hint: leave it out to use every processor", jobs)
	}
	return nil
}

// checkSeeds complains about seeds that are none.
func checkSeeds(c *cobra.Command, seeds string) error {
	if !c.Flags().Changed("seeds") && !c.Flags().Changed("seed") {
		return nil
	}
	if _, err := experiments.ParseSeeds(seeds); err != nil {
		return fmt.Errorf("--seeds: %w\n  hint: write 1..200, a number such as 7, a list such as 1,5,9, or auto", err)
	}
	return nil
}

// run carries out the command.
func (o *runOptions) run(a *app, args []string) error {
	p, err := o.plan(a, args)
	if err != nil {
		return err
	}
	if o.history != "" {
		return o.writeHistory(a, p)
	}
	ctx, done := a.interruptible()
	defer done()
	set, err := a.carryOut(ctx, p)
	if p.own && set != nil {
		a.linkLatest(p.dir)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		o.explainFailure(a, p, set)
		return err
	}
	return o.show(a, p, set)
}

// plan reads the experiment and decides where its rows go.
func (o *runOptions) plan(a *app, args []string) (*plan, error) {
	if o.resume != "" {
		return o.planResume(args)
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("faultline %s: no experiment is named\n  hint: name a file, or one that ships with it: %s", o.verb, strings.Join(experiments.Shipped(), ", "))
	}
	o.file = args[0]
	e, err := loadAs(o.file, o.set, o.seeds)
	if err != nil {
		return nil, err
	}
	if err := keepCells(e, o.cells); err != nil {
		return nil, err
	}
	p := &plan{exp: e, dir: o.out, workers: o.workers, verify: o.verify}
	if o.out == "" {
		p.dir, p.own = defaultFolder(e), true
	}
	p.command = o.command(p)
	return p, nil
}

// planResume goes on with what a result folder says about itself.
func (o *runOptions) planResume(args []string) (*plan, error) {
	if len(args) > 0 || len(o.set) > 0 || o.seeds != "" || len(o.cells) > 0 {
		return nil, fmt.Errorf("--resume: the folder says what to run\n  hint: leave out the experiment, --set, --seeds and --cell")
	}
	set, err := results.Open(o.resume)
	if err != nil {
		return nil, err
	}
	m := set.Manifest
	e, err := experiments.Parse(m.Source, []byte(m.Spec))
	if err != nil {
		return nil, err
	}
	e.Name = m.Experiment
	e.Keep(func(c *experiments.Cell) bool {
		return slices.ContainsFunc(m.Cells, func(i results.CellInfo) bool { return i.Cell == c.Index })
	})
	o.file = filepath.Join(o.resume, experimentFile)
	return &plan{exp: e, dir: filepath.Clean(o.resume), resume: true, workers: o.workers, verify: o.verify, command: m.Command}, nil
}

// keepCells leaves out all cells but those asked for.
func keepCells(e *experiments.Experiment, series []string) error {
	if len(series) == 0 {
		return nil
	}
	var names []string
	for _, c := range e.Cells {
		names = append(names, c.Series)
	}
	for _, s := range series {
		if !slices.Contains(names, s) {
			return results.UnknownName("cell", s, names)
		}
	}
	e.Keep(func(c *experiments.Cell) bool { return slices.Contains(series, c.Series) })
	return nil
}

// command returns what repeats the whole.
func (o *runOptions) command(p *plan) string {
	parts := o.base(p)
	parts[1] = o.verb
	if o.seeds != "" && o.file != "-" {
		parts = append(parts, "--seeds", quote(o.seeds))
	}
	for _, c := range o.cells {
		parts = append(parts, "--cell", quote(c))
	}
	return strings.Join(parts, " ")
}

// base returns what runs the same experiment; what comes from standard input
// was kept in the result folder.
func (o *runOptions) base(p *plan) []string {
	if o.file == "-" {
		return []string{"faultline", "run", quote(filepath.Join(p.dir, experimentFile))}
	}
	parts := []string{"faultline", "run", quote(o.file)}
	for _, s := range o.set {
		parts = append(parts, "--set", quote(s))
	}
	return parts
}

// typed returns a command as it can be typed here.
func (a *app) typed(command string) string {
	return a.self + strings.TrimPrefix(command, "faultline")
}

// explainFailure says what was kept when a sweep stopped with an error.
func (o *runOptions) explainFailure(a *app, p *plan, set *results.Set) {
	if set != nil && len(set.Rows()) > 0 && !set.Manifest.Complete {
		a.note("%d finished rows are kept in %s; to go on: %s", len(set.Rows()), p.dir, a.typed(fmt.Sprintf("faultline %s --resume %s", o.verb, quote(p.dir))))
	}
}

// load returns the virtual time of every run, or 0 if they differ.
func virtualTime(cells []experiments.Cell) time.Duration {
	var all time.Duration
	for i := range cells {
		each := cells[i].Scenario.Workload.Duration + cells[i].Scenario.Settle
		if i > 0 && each != all {
			return 0
		}
		all = each
	}
	return all
}

// findingsOf says what came out of what was expected.
func findingsOf(e *experiments.Experiment, set *results.Set) []experiments.Finding {
	if len(e.Expect) == 0 {
		return experiments.JudgePromises(e.Cells, set)
	}
	return experiments.Judge(e.Expect, set)
}

// verdict returns the exit code of findings.
func verdict(findings []experiments.Finding) int {
	code := exitMet
	for _, f := range findings {
		switch f.Met {
		case experiments.No:
			return exitViolated
		case experiments.Unsure:
			code = exitUndecided
		}
	}
	return code
}

var marks = map[experiments.Met]report.Mark{experiments.Yes: report.Met, experiments.No: report.Failed, experiments.Unsure: report.Open}

// shown returns findings as the report prints them.
func shown(findings []experiments.Finding) []report.Finding {
	var all []report.Finding
	for _, f := range findings {
		series, what := f.Split()
		got := f.Got
		if first, _, _ := strings.Cut(what, " "); slices.Contains(experiments.Properties, first) {
			got = report.HoldsIn + got
		}
		all = append(all, report.Finding{Series: series, What: what, Mark: marks[f.Met], Got: got, Where: results.Words(f.Where)})
	}
	return all
}

// show prints what came out and returns the exit code, as an error unless it is 0.
func (o *runOptions) show(a *app, p *plan, set *results.Set) error {
	partial := !set.Manifest.Complete
	var findings []experiments.Finding
	if !partial {
		findings = findingsOf(p.exp, set)
	}
	code := verdict(findings)
	if partial {
		code = exitInterrupted
	}
	s := &summary{plan: p, set: set, findings: findings, code: code, commands: o.commands(a, p, set, findings)}
	if !o.noPlots && len(set.Rows()) > 0 {
		s.charts = a.drawAll(set, p.exp.Plots, drawOptions{dir: p.dir, formats: o.formats})
	}
	var err error
	if a.json {
		err = a.printJSON(s.document())
	} else {
		err = s.print(a, o.compare)
	}
	if err == nil && code != exitMet {
		err = outcome(code)
	}
	return err
}

// A hint is a command to type next.
type hint struct {
	Why     string `json:"why"`
	Command string `json:"command"`
}

// commands lists what to type next: to repeat it, to go on, to see a violation.
func (o *runOptions) commands(a *app, p *plan, set *results.Set, findings []experiments.Finding) []hint {
	if !set.Manifest.Complete {
		return []hint{{"go on", a.typed(fmt.Sprintf("faultline %s --resume %s", o.verb, quote(p.dir)))}}
	}
	hints := []hint{{"repeat", a.typed(p.command)}}
	if c := worst(set, findings); c != nil {
		seed := c.Tally(experiments.PropLinearizable).FirstViolated
		file := fmt.Sprintf("%s-%d.jsonl", slug(c.Series), seed)
		parts := append(o.base(p), "--cell", quote(c.Series), "--seed", fmt.Sprint(seed), "--history", file)
		hints = append(hints, hint{"see one", a.typed(strings.Join(parts, " "))}, hint{"", a.typed("faultline check " + file)})
	}
	return hints
}

// worst returns the cell whose violation is most worth a look: one that was not
// expected, else the first.
func worst(set *results.Set, findings []experiments.Finding) *results.Cell {
	var first *results.Cell
	for _, c := range results.Group(set) {
		if c.Tally(experiments.PropLinearizable).Violated == 0 {
			continue
		}
		unexpected := slices.ContainsFunc(findings, func(f experiments.Finding) bool {
			series, _ := f.Split()
			return f.Met == experiments.No && series == c.Series
		})
		if unexpected {
			return c
		}
		if first == nil {
			first = c
		}
	}
	return first
}

// slug returns a label as part of a file's name.
func slug(label string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(label) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}

// writeHistory carries out one run and writes what its clients saw.
func (o *runOptions) writeHistory(a *app, p *plan) error {
	if len(p.exp.Cells) != 1 || p.exp.Seeds.Most() != 1 {
		return fmt.Errorf("--history: %s and %s are more than one run\n  hint: choose one with --cell and --seed, such as --cell %s --seed 1",
			report.Count(len(p.exp.Cells), "cell"), report.Count(p.exp.Seeds.Most(), "seed"), quote(p.exp.Cells[0].Series))
	}
	cell, seed := &p.exp.Cells[0], p.exp.Seeds.List[0]
	f, err := os.Create(o.history)
	if err != nil {
		return fmt.Errorf("--history: %w\n  hint: check that the folder exists and may be written", err)
	}
	out := experiments.Run(cell.Scenario, seed)
	if err := errors.Join(encodeHistory(f, out.History), f.Close()); err != nil {
		return fmt.Errorf("--history: %w", err)
	}
	row := experiments.Score(cell.Scenario, out)
	row.Cell, row.Series, row.Params = cell.Index, cell.Series, cell.Params
	m := p.manifest()
	m.Complete = true
	s := &summary{plan: p, set: results.NewSet(m, []results.Row{row}), commands: []hint{{"check it", a.typed("faultline check " + quote(o.history))}}}
	if a.json {
		return a.printJSON(s.document())
	}
	return s.print(a, "")
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"faultline/experiments"
	"faultline/results"
	"faultline/results/chart"
	"faultline/results/report"
)

// plotOptions are the flags of plot.
type plotOptions struct {
	kind    string
	formats []string
	out     string
	spec    experiments.PlotSpec
	width   float64
	used    map[string]bool // prefixes of files drawn so far
}

func newPlot(a *app) *cobra.Command {
	o := &plotOptions{used: map[string]bool{}}
	c := &cobra.Command{
		Use:   "plot [RESULT...]",
		Short: "Draw charts from rows alone, without running anything",
		Long: `Plot draws the charts of result folders again, from their rows alone: those that the
experiment asks for, or one of another kind. RESULT is a result folder; without one it
is the latest run.`,
		Example: `  faultline plot
  faultline plot results/runs/latest --kind tail --operations read --format pdf
  faultline plot --kind frontier --x stale --y succeeded -o frontier.png`,
		ValidArgsFunction: completeFolders,
		RunE:              func(_ *cobra.Command, args []string) error { return o.run(a, args) },
	}
	f := c.Flags()
	f.StringVar(&o.kind, "kind", "", "kind of chart: "+strings.Join(chart.KindNames(), ", "))
	f.StringSliceVar(&o.formats, "format", []string{"png"}, "png, svg, pdf")
	f.StringVarP(&o.out, "out", "o", "", "folder, or a file such as chart.svg (default: the result folder)")
	f.StringVar(&o.spec.X, "x", "", "metric or swept setting")
	f.StringVar(&o.spec.Y, "y", "", "metric or swept setting")
	f.StringVar(&o.spec.Metric, "metric", "", "metric to show")
	f.StringVar(&o.spec.Panels, "panels", "", "swept setting, each value of which has a small heat map of its own")
	f.StringVar(&o.spec.Property, "property", "", "property that marks points as filled or hollow")
	f.StringArrayVar(&o.spec.Series, "series", nil, "cell to show, by its label; may be repeated")
	f.StringVar(&o.spec.Ops, "operations", "", "read or write (latency, tail)")
	f.StringVar(&o.spec.Title, "title", "", "instead of the finding")
	f.StringVar(&o.spec.Subtitle, "subtitle", "", "instead of the facts")
	f.Float64Var(&o.width, "width", 0, "width of the page in cm (default 16)")
	complete(c, "kind", chart.KindNames()...)
	complete(c, "format", chart.Formats()...)
	complete(c, "metric", results.MetricNames()...)
	complete(c, "x", results.MetricNames()...)
	complete(c, "y", results.MetricNames()...)
	complete(c, "operations", "read", "write")
	return c
}

func (o *plotOptions) run(a *app, args []string) error {
	if len(args) == 0 {
		args = []string{filepath.Join(runsFolder, latestLink)}
	}
	single := ""
	if ext := strings.TrimPrefix(filepath.Ext(o.out), "."); ext != "" {
		o.formats, single = []string{ext}, strings.TrimSuffix(o.out, "."+ext)
	}
	if err := checkFormats(o.formats); err != nil {
		return err
	}
	var all []drawn
	for _, dir := range args {
		charts, err := o.plot(a, dir, single, len(args) > 1)
		all = append(all, charts...)
		if err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(all)
	}
	a.printCharts(all)
	return nil
}

// printCharts names the files of every chart, and what it shows.
func (a *app) printCharts(all []drawn) {
	for i, c := range all {
		a.print("%s\n", c.File)
		if i == len(all)-1 || all[i+1].chart() != c.chart() {
			a.print("%s\n", report.Wrap(c.Finding, "    "))
		}
	}
}

// chart names the chart without the format.
func (d *drawn) chart() string { return strings.TrimSuffix(d.File, filepath.Ext(d.File)) }

// plot draws the charts of one result.
func (o *plotOptions) plot(a *app, dir, single string, several bool) ([]drawn, error) {
	set, err := openResult(a, dir)
	if err != nil {
		return nil, err
	}
	plots, err := o.plots(set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if single != "" && (len(plots) > 1 || several) {
		return nil, fmt.Errorf("-o %s: there is more than one chart to draw\n  hint: choose one with --kind, or name a folder", o.out)
	}
	to, prefix := o.out, ""
	if to == "" {
		to = resultFolder(dir)
	} else if several {
		prefix = o.unused(set.Manifest.Experiment)
	}
	names := chartNames(plots)
	var all []drawn
	for i := range plots {
		path := filepath.Join(to, prefix+names[i])
		if single != "" {
			path = single
		}
		options := plots[i].Options()
		options.WidthCM = o.width
		charts, err := draw(set, plots[i].Kind, options, path, o.formats)
		all = append(all, charts...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// unused returns the beginning of the file names of one of several results: its
// name, with a number if another result has it.
func (o *plotOptions) unused(name string) string {
	prefix := name + "-"
	for i := 2; o.used[prefix]; i++ {
		prefix = fmt.Sprintf("%s-%d-", name, i)
	}
	o.used[prefix] = true
	return prefix
}

// plots returns the chart of the flags, or those of the experiment.
func (o *plotOptions) plots(set *results.Set) ([]experiments.PlotSpec, error) {
	if o.kind != "" {
		o.spec.Kind = o.kind
		return []experiments.PlotSpec{o.spec}, nil
	}
	e, err := experiments.Parse(set.Manifest.Source, []byte(set.Manifest.Spec))
	if err != nil {
		return nil, fmt.Errorf("its experiment cannot be read by this version, so say --kind: %w", err)
	}
	if len(e.Plots) == 0 {
		return nil, errors.New("its experiment asks for no charts\n  hint: choose a --kind: " + results.Sentence(chart.KindNames()))
	}
	for i := range e.Plots {
		o.override(&e.Plots[i])
	}
	return e.Plots, nil
}

// override puts what the flags say in the place of what the experiment says.
func (o *plotOptions) override(p *experiments.PlotSpec) {
	for _, f := range []struct{ to, from *string }{
		{&p.X, &o.spec.X}, {&p.Y, &o.spec.Y}, {&p.Metric, &o.spec.Metric}, {&p.Property, &o.spec.Property},
		{&p.Ops, &o.spec.Ops}, {&p.Title, &o.spec.Title}, {&p.Subtitle, &o.spec.Subtitle},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	if len(o.spec.Series) > 0 {
		p.Series = o.spec.Series
	}
}

// resultFolder returns the folder of a result that is named by one of its files.
func resultFolder(path string) string {
	switch filepath.Base(path) {
	case results.RowsFile, results.ManifestFile:
		return filepath.Dir(path)
	}
	return filepath.Clean(path)
}

// openResult reads a result folder and says what is odd about it.
func openResult(a *app, path string) (*results.Set, error) {
	dir := resultFolder(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such result\n  hint: run an experiment first, such as: faultline run partition", dir)
	}
	set, err := results.Open(dir)
	if err != nil {
		return nil, err
	}
	if set.Torn != "" {
		a.note("note: %s", set.Torn)
	}
	m := &set.Manifest
	if !m.Complete {
		a.note("note: %s is partial (%s): %s; to go on: %s", dir, m.Reason, report.Count(len(set.Rows()), "row"), a.typed("faultline run --resume "+quote(dir)))
	}
	if m.Tool != Version {
		a.note("note: %s was made by faultline %s, this is %s", dir, m.Tool, Version)
	}
	return set, set.Check()
}

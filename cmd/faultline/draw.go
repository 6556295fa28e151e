package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"faultline/experiments"
	"faultline/results"
	"faultline/results/chart"
)

// A drawn is a chart that was drawn.
type drawn struct {
	File    string `json:"file"`
	Kind    string `json:"kind"`
	Finding string `json:"finding"`
}

// drawOptions say where charts go.
type drawOptions struct {
	dir     string
	prefix  string // of the files' names
	formats []string
}

// drawAll draws charts. One that cannot be drawn from these rows is noted and left out.
func (a *app) drawAll(set *results.Set, plots []experiments.PlotSpec, o drawOptions) []drawn {
	var all []drawn
	for i, name := range chartNames(plots) {
		charts, err := draw(set, plots[i].Kind, plots[i].Options(), filepath.Join(o.dir, o.prefix+name), o.formats)
		if err != nil {
			a.note("note: %v", err)
		}
		all = append(all, charts...)
	}
	return all
}

// chartNames returns a file name without ending for each chart, all different.
func chartNames(plots []experiments.PlotSpec) []string {
	var names []string
	used := map[string]int{}
	for i := range plots {
		name := slug(plots[i].Name)
		if name == "" {
			name = plots[i].Kind
		}
		if used[name]++; used[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, used[name])
		}
		names = append(names, name)
	}
	return names
}

// draw draws one chart in every format. The path is without its ending.
func draw(set *results.Set, kind string, o chart.Options, path string, formats []string) ([]drawn, error) {
	finding, err := chart.Finding(kind, set, o)
	if err != nil {
		return nil, err
	}
	const permissions = 0o755
	if err := os.MkdirAll(filepath.Dir(path), permissions); err != nil {
		return nil, fmt.Errorf("%w\n  hint: choose another folder with -o", err)
	}
	var all []drawn
	for _, o.Format = range formats {
		data, err := chart.Draw(kind, set, o)
		if err == nil {
			err = writeFile(path+"."+o.Format, data)
		}
		if err != nil {
			return all, err
		}
		all = append(all, drawn{path + "." + o.Format, kind, strings.TrimSpace(finding)})
	}
	return all, nil
}

// checkFormats complains about formats that charts cannot have.
func checkFormats(formats []string) error {
	for _, f := range formats {
		if err := oneOf("format", f, chart.Formats()...); err != nil {
			return err
		}
	}
	return nil
}

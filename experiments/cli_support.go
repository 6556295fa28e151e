package experiments

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"faultline/experiments/strict"
	"faultline/results"
	"faultline/results/chart"
)

// LibraryFolder is where the shipped experiments are kept, from the root of the repository.
const LibraryFolder = "experiments/library"

//go:embed library/*.yaml
var library embed.FS

// Shipped lists the names of the shipped experiments, sorted.
func Shipped() []string {
	entries, err := library.ReadDir("library")
	if err != nil {
		panic(fmt.Sprintf("experiments: the embedded library cannot be listed: %v", err))
	}
	var names []string
	for _, e := range entries {
		names = append(names, nameOf(e.Name()))
	}
	return names
}

// ShippedText returns the file of a shipped experiment. The error of an unknown
// name says which was probably meant.
func ShippedText(name string) ([]byte, error) {
	data, err := library.ReadFile(path.Join("library", name+".yaml"))
	if err != nil {
		return nil, results.UnknownName("experiment", name, Shipped())
	}
	return data, nil
}

// LoadShipped is Load for a shipped experiment, by its name.
func LoadShipped(name string, overrides ...string) (*Experiment, error) {
	data, err := ShippedText(name)
	if err != nil {
		return nil, err
	}
	return Parse(path.Join(LibraryFolder, name+".yaml"), data, overrides...)
}

// ShippedQuestion returns what a shipped experiment asks. It looks at nothing else: to check a file and unfold its grid
// takes much longer.
func ShippedQuestion(name string) string {
	data, err := ShippedText(name)
	if err != nil {
		return ""
	}
	doc, err := strict.Parse(name, data)
	if err != nil {
		return ""
	}
	if q := doc.At("question"); q != nil {
		return q.Text()
	}
	return ""
}

// Keep leaves out all cells but those for which keep returns true, and the
// expectations that are about none of them. Cells keep their index in the grid.
func (e *Experiment) Keep(keep func(*Cell) bool) {
	e.Cells = slices.DeleteFunc(e.Cells, func(c Cell) bool { return !keep(&c) })
	e.Expect = slices.DeleteFunc(e.Expect, func(x Expectation) bool {
		return !slices.ContainsFunc(e.Cells, func(c Cell) bool { return c.Info().Like(x.Where) })
	})
}

// Only keeps the cell with the given label alone.
func (e *Experiment) Only(series string) error {
	names := e.allSeries()
	if !slices.Contains(names, series) {
		return results.UnknownName("cell", series, names)
	}
	e.Keep(func(c *Cell) bool { return c.Series == series })
	return nil
}

// Info returns what rows and tables say of the cell.
func (c *Cell) Info() *results.CellInfo {
	return &results.CellInfo{Cell: c.Index, Series: c.Series, Model: c.Scenario.Model.Name, Params: c.Params}
}

// Options returns the options of the chart.
func (s *PlotSpec) Options() chart.Options { return s.options() }

// JudgePromises is what is expected of an experiment that expects nothing: that
// each store keeps its promise in the runs that are within its assumptions. A
// cell without such a run, or that promises nothing, has no finding.
func JudgePromises(cells []Cell, set *results.Set) []Finding {
	promises := map[int][]string{}
	for i := range cells {
		promises[cells[i].Index] = cells[i].Promise()
	}
	var findings []Finding
	for _, c := range results.Group(set) {
		within := *c
		within.Rows = slices.DeleteFunc(slices.Clone(c.Rows), func(r results.Row) bool { return len(r.Beyond) > 0 })
		for _, property := range promises[c.Cell] {
			if t := within.Tally(property); t.Judged() > 0 {
				e := Expectation{Property: property, How: Always}
				findings = append(findings, Finding{Expectation: c.Series + ": " + e.What(), Met: e.judgeTally(t), Got: t.String()})
			}
		}
	}
	return findings
}

var metNames = [...]string{Yes: "yes", No: "no", Unsure: "unsure"}

// String returns yes, no or unsure.
func (m Met) String() string { return metNames[m] }

// MarshalText writes m by its name, so that it reads well in JSON.
func (m Met) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Split returns the cell and the condition of the expectation.
func (f *Finding) Split() (series, what string) {
	at := strings.LastIndex(f.Expectation, ": ")
	return f.Expectation[:max(at, 0)], f.Expectation[at+2:]
}

// First returns the first n seeds, or fewer if there are not as many.
func (s Seeds) First(n int) []uint64 {
	first := s.batch(0)
	return first[:min(n, len(first))]
}

// Written returns the value of a setting as it is written in a file: 250ms, 0.5%, true.
func Written(v any) string { return written(v) }

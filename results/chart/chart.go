// Package chart draws charts from result rows: one theme, one file for each
// kind of chart. It never runs anything and reads nothing but a results.Set.
//
// Every chart says in its title what was found, computed from the data and
// never more than their intervals allow; in the line below, what is shown; and
// in the last line, which rows it was drawn from.
package chart

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"faultline/results"
)

// A Kind is one kind of chart.
type Kind struct {
	Name string
	Doc  string   // what it shows, one sentence
	Uses []string // fields of Options that matter to it, beyond those that matter to all

	draw func(*input) (*figure, error)
}

// Kinds is the catalogue of charts, in the order in which reports show them.
var Kinds = []Kind{
	{"frontier", "One metric against another, a point with 95% intervals for each cell; hollow where a property was violated.", []string{"X", "Y", "Property"}, frontier},
	{"timeline", "Share of operations answered over the run, or of reads that were consistent, with the times of the faults shaded.", []string{"Metric"}, timeline},
	{"heatmap", "One metric over two swept settings, with the number in each field.", []string{"X", "Y", "Metric", "Panels", "Property"}, heatmap},
	{"curve", "One metric over a swept setting, a line for each combination of the others.", []string{"X", "Metric", "Property"}, curveOver},
	{"staleness", "Share of reads that return the newest acknowledged write, by the time since its acknowledgement.", nil, staleness},
	{"latency", "Cumulative distribution of the latency of operations answered OK.", []string{"Operations"}, latencyCDF},
	{"tail", "Share of operations that take longer than a time, on logarithmic scales: the slow ones.", []string{"Operations"}, latencyTail},
	{"dots", "One metric, a dot with its 95% interval for each cell, and a pale dot for each seed.", []string{"Metric", "Property"}, dots},
	{"services", "Who asks whom, a graph for each cell, with the calls for each operation on its edges: what retries make of one request.", nil, services},
	{"effects", "Intents that did not happen exactly once, a bar for each cell: more than once, lost, phantoms, in limbo.", nil, effects},
}

// KindNames lists the names of the catalogue, in its order.
func KindNames() []string {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		names[i] = k.Name
	}
	return names
}

// Options of a chart; the zero value is sensible.
type Options struct {
	X        string          // frontier: metric (default p99); heatmap, curve: swept setting (default the first one)
	Y        string          // frontier: metric (default succeeded); heatmap: swept setting (default the second one)
	Metric   string          // heatmap, dots, curve: metric (default stale, lost, succeeded), or "violations"; timeline: succeeded (default) or consistency
	Panels   string          // heatmap: swept setting of which each value has a small map of its own; empty: one map
	Property string          // that marks points as hollow or filled (default linearizable, else the first there is)
	Series   []string        // draw these cells only; empty: all
	Where    []results.Match // and of these, those that are so; empty: all

	Operations string // latency, tail: "read" or "write"; empty: both

	Title    string  // instead of the finding
	Subtitle string  // instead of the facts
	Format   string  // png (default), svg or pdf
	WidthCM  float64 // of the page, 10 to 60; default 16
}

// Draw makes a chart of a Set and returns the bytes of the file. The same rows
// and options give the same bytes. Errors say what is missing and what helps.
func Draw(kind string, set *results.Set, o Options) ([]byte, error) {
	f, err := figureOf(kind, set, o)
	if err != nil {
		return nil, err
	}
	format, widthCM := o.Format, o.WidthCM
	if format == "" {
		format = Formats()[0]
	}
	if widthCM == 0 {
		widthCM = defaultWidthCM
	}
	if widthCM < minWidthCM || widthCM > maxWidthCM {
		return nil, fmt.Errorf("chart %s: width %g cm\n  hint: charts are %d to %d cm wide", kind, widthCM, minWidthCM, maxWidthCM)
	}
	return f.encode(format, widthCM*pointsPerCM)
}

// Finding is the title that Draw would give the chart, for tables and pages around it.
func Finding(kind string, set *results.Set, o Options) (string, error) {
	f, err := figureOf(kind, set, o)
	if err != nil {
		return "", err
	}
	return f.title, nil
}

func figureOf(kind string, set *results.Set, o Options) (*figure, error) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == kind })
	if i < 0 {
		return nil, results.UnknownName("chart", kind, KindNames())
	}
	in, err := newInput(set, o)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", kind, err)
	}
	f, err := Kinds[i].draw(in)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", kind, err)
	}
	if o.Title != "" {
		f.title = o.Title
	}
	if o.Subtitle != "" {
		f.facts = o.Subtitle
	}
	if in.shared != "" && o.Subtitle == "" {
		f.facts += " All with " + in.shared + "."
	}
	f.alarm, f.footer = partial(set), footer(set)
	for _, c := range in.cells {
		f.names = append(f.names, c.Series)
	}
	return f, nil
}

// An input is what a kind draws from.
type input struct {
	set      *results.Set
	cells    []*results.Cell // those asked for, in the order of the grid, by what tells them apart
	shared   string          // what their names have in common: "faults=deaf leader"
	property string          // "" when no run was judged
	options  Options

	looks map[int]look // by cell
}

// A look tells the curves and marks of one cell from those of others; it is the same in every chart of a Set.
type look struct {
	color color.NRGBA
	dash  []float64
}

func newInput(set *results.Set, o Options) (*input, error) {
	all := results.Group(set)
	if len(all) == 0 {
		return nil, fmt.Errorf("the result has no rows\n  hint: run the experiment again, or resume it: %s", set.Manifest.Command)
	}
	in := &input{set: set, options: o}
	var err error
	if in.cells, err = choose(all, o); err != nil {
		return nil, err
	}
	if len(all) > len(palette) && len(in.cells) <= len(palette) {
		all = in.cells // which can have colours of their own
	}
	in.looks = looks(all)
	in.shorten()
	in.property, err = property(results.Properties(set), o.Property)
	return in, err
}

func choose(all []*results.Cell, o Options) ([]*results.Cell, error) {
	var names []string
	for _, c := range all {
		names = append(names, c.Series)
	}
	for _, s := range o.Series {
		if !slices.Contains(names, s) {
			return nil, results.UnknownName("series", s, names)
		}
	}
	wanted := func(c *results.Cell) bool {
		return (len(o.Series) == 0 || slices.Contains(o.Series, c.Series)) && c.Like(o.Where)
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(c *results.Cell) bool { return !wanted(c) })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no cell is as Where says\n  hint: the cells are %s", results.Sentence(names))
	}
	return chosen, nil
}

// shorten leaves out of the names of chosen cells which settings they share. If
// that leaves one setting alone, its value is name enough unless it is a number.
func (in *input) shorten() {
	if len(in.cells) < 2 {
		return
	}
	var shared []string
	if in.options.choosy() {
		for _, p := range in.cells[0].Params {
			if slices.ContainsFunc(in.cells, func(c *results.Cell) bool { return c.Param(p.Name) != p.Value }) {
				continue
			}
			if setting := short(p.Name) + "=" + p.Value; in.rename(func(s string) (string, bool) { return without(s, setting) }) {
				shared = append(shared, setting)
			}
		}
	}
	in.shared = results.Sentence(shared)
	for _, p := range in.cells[0].Params {
		name := short(p.Name) + "="
		in.rename(func(s string) (string, bool) {
			value, alone := strings.CutPrefix(s, name)
			return value, alone && !strings.Contains(value, "=") && value != "" && !plainNumber(value)
		})
	}
}

// choosy reports whether some cells are left out.
func (o *Options) choosy() bool { return len(o.Series) > 1 || len(o.Where) > 0 }

// rename gives every cell another name, if there is one for each.
func (in *input) rename(to func(string) (string, bool)) bool {
	names := make([]string, len(in.cells))
	for i, c := range in.cells {
		name, ok := to(c.Series)
		if !ok {
			return false
		}
		names[i] = name
	}
	for i, c := range in.cells {
		clone := *c
		clone.Series = names[i]
		in.cells[i] = &clone
	}
	return true
}

// without leaves a setting out of a name, of which something must remain.
func without(name, setting string) (string, bool) {
	padded := " " + name + " "
	i := strings.Index(padded, " "+setting+" ")
	if i < 0 || len(name) == len(setting) {
		return name, false
	}
	return strings.TrimSpace(padded[:i] + padded[i+len(setting)+1:]), true
}

func property(known []string, wanted string) (string, error) {
	const usual = "linearizable"
	switch {
	case wanted != "" && !slices.Contains(known, wanted):
		return "", results.UnknownName("property", wanted, known)
	case wanted != "":
		return wanted, nil
	case slices.Contains(known, usual):
		return usual, nil
	case len(known) > 0:
		return known[0], nil
	}
	return "", nil
}

// looks gives every cell a colour of its own while they last; beyond that, the
// cells of one model (or, of one model alone, those with the same first swept
// setting) share a colour and differ by their dashes.
func looks(cells []*results.Cell) map[int]look {
	out := map[int]look{}
	colors, used := map[string]int{}, map[string]int{}
	key := sharedColor(cells)
	for _, c := range cells {
		k := key(c)
		if len(cells) <= len(palette) {
			k = c.Series
		}
		if _, ok := colors[k]; !ok {
			colors[k] = len(colors)
		}
		out[c.Cell] = look{palette[colors[k]%len(palette)], dashes[used[k]%len(dashes)]}
		used[k]++
	}
	return out
}

// sharedColor is what cells of one colour have in common.
func sharedColor(cells []*results.Cell) func(*results.Cell) string {
	for _, c := range cells {
		if c.Model != cells[0].Model {
			return func(c *results.Cell) string { return c.Model }
		}
	}
	for _, p := range cells[0].Params {
		if slices.ContainsFunc(cells, func(c *results.Cell) bool { return c.Param(p.Name) != p.Value }) {
			return func(c *results.Cell) string { return c.Param(p.Name) }
		}
	}
	return func(c *results.Cell) string { return c.Series }
}

func (in *input) color(c *results.Cell) color.NRGBA { return in.looks[c.Cell].color }

// name of a cell in the chart; a dagger marks runs whose faults broke an assumption of the model.
func (in *input) name(c *results.Cell) string {
	if len(c.Beyond()) > 0 {
		return c.Series + "†"
	}
	return c.Series
}

// beyondNote explains the daggers, in one line for all cells of which the same assumptions were broken.
func (in *input) beyondNote() []string {
	cells := map[string][]*results.Cell{}
	var order []string
	for _, c := range in.cells {
		broken := results.Sentence(c.Beyond())
		if broken != "" && cells[broken] == nil {
			order = append(order, broken)
		}
		cells[broken] = append(cells[broken], c)
	}
	var lines []string
	for _, broken := range order {
		lines = append(lines, fmt.Sprintf("† faults went beyond what the model assumes (%s): %s", broken, in.names(cells[broken])))
	}
	return lines
}

// seeds says how many runs stand behind each cell: "100 seeds", "20 to 40 seeds".
func (in *input) seeds() string {
	lo, hi := len(in.cells[0].Rows), len(in.cells[0].Rows)
	for _, c := range in.cells {
		lo, hi = min(lo, len(c.Rows)), max(hi, len(c.Rows))
	}
	switch {
	case lo != hi:
		return fmt.Sprintf("%d to %d seeds each", lo, hi)
	case lo == 1:
		return "one seed each, so without intervals"
	}
	return fmt.Sprintf("%d seeds each", lo)
}

// many tells whether there are seeds enough for intervals.
func (in *input) many() bool {
	return slices.ContainsFunc(in.cells, func(c *results.Cell) bool { return len(c.Rows) > 1 })
}

// noun for the cells: they are stores when nothing else differs.
func (in *input) noun() string {
	models := map[string]bool{}
	for _, c := range in.cells {
		models[c.Model] = true
	}
	if len(models) == len(in.cells) && len(models) > 1 {
		return "stores"
	}
	return "settings"
}

// partial warns of results that are not complete.
func partial(set *results.Set) string {
	if set.Manifest.Complete {
		return ""
	}
	reason := set.Manifest.Reason
	if reason == "" {
		reason = "no reason given"
	}
	return "Partial results: " + reason
}

func footer(set *results.Set) string {
	m := set.Manifest
	source := m.Source
	if source == "" {
		source = m.Experiment
	}
	parts := []string{source}
	if m.Seeds != "" {
		parts = append(parts, "seeds "+m.Seeds)
	}
	parts = append(parts, fmt.Sprintf("%d runs", len(set.Rows())), "rows "+set.Hash())
	if m.Tool != "" {
		parts = append(parts, "faultline "+m.Tool)
	}
	return strings.Join(parts, "  ·  ")
}

package experiments

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"faultline/experiments/fault"
	"faultline/experiments/strict"
	"faultline/models/store"
	"faultline/results"
	"faultline/sim/dist"
)

// An Experiment is a file that was read, checked and unfolded.
type Experiment struct {
	Name     string // of the file, without folder and ending
	File     string // as it was given
	Question string
	About    string
	Cells    []Cell
	Seeds    Seeds
	Expect   []Expectation // those of the file; empty: each store keeps its own promise
	Plots    []PlotSpec
	Against  *Published // the figures that others published; nil: none
	Resolved string     // the file with all overrides, as it was carried out
}

// The paths that are not settings of one cell.
const (
	sweepModel   = "model"
	pathModels   = "models"
	pathSweep    = "sweep"
	pathServices = "services"
	maxCells     = 10_000
	schemaTitle  = "A Faultline experiment"
)

// Load reads an experiment from a file, or from standard input if path is "-",
// and applies overrides such as model.n=5. The error is a *strict.Errors with all
// mistakes of the file, or says why the file cannot be read.
func Load(path string, overrides ...string) (*Experiment, error) {
	if path == "-" {
		doc, err := strict.Read("standard input", os.Stdin)
		if err != nil {
			return nil, err
		}
		return unfold("stdin", path, doc, overrides)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: is a folder, not an experiment\n  hint: name one of the files in it", path)
	}
	doc, err := strict.Read(path, f)
	if err != nil {
		return nil, err
	}
	return unfold(nameOf(path), path, doc, overrides)
}

// Parse is Load for a text that has been read already.
func Parse(name string, data []byte, overrides ...string) (*Experiment, error) {
	doc, err := strict.Parse(name, data)
	if err != nil {
		return nil, err
	}
	return unfold(nameOf(name), name, doc, overrides)
}

func nameOf(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// fileError says what a person can do about a file that cannot be opened.
func fileError(path string, err error) error {
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("%s: there is no such file\n  hint: see faultline list experiments for those that ship with it", path)
	case os.IsPermission(err):
		return fmt.Errorf("%s: may not be read\n  hint: change its permissions (chmod +r)", path)
	}
	return fmt.Errorf("%s: cannot be read: %w\n  hint: check the path", path, err)
}

// unfold turns a document into the cells of its grid.
func unfold(name, file string, doc *strict.Doc, overrides []string) (*Experiment, error) {
	var errs []error
	for _, o := range overrides {
		if err := doc.Set(o); err != nil {
			errs = append(errs, err)
		}
	}
	if err := strict.Join(errs...); err != nil {
		return nil, err
	}
	var whole Spec
	errs = append(errs, doc.Decode(&whole)) // and go on: all mistakes are reported at once
	e := &Experiment{
		Name: name, File: file, Question: whole.Question, About: whole.About,
		Seeds: whole.Seeds.seeds(), Expect: whole.Expect.List, Plots: whole.Plot, Against: whole.Published.published(), Resolved: string(doc.YAML()),
	}
	points, err := grid(doc, &whole)
	errs = append(errs, err)
	for _, p := range points {
		cell, err := p.cell(e)
		errs = append(errs, err)
		e.Cells = append(e.Cells, cell)
	}
	if len(points) > 0 && strict.Join(errs...) == nil {
		errs = append(errs, checkNames(doc, &whole, e), checkWhere(&whole, e), checkPlots(doc, e), checkFigures(doc, e))
		e.splitPlots()
	}
	if err := strict.Join(errs...); err != nil {
		return nil, err
	}
	return e, nil
}

// A point is a cell on its way: the document with the swept settings in place.
type point struct {
	doc    *strict.Doc
	params []results.Param
}

// grid returns the points of an experiment: every store with every combination
// of the swept settings, the last one changing fastest.
func grid(doc *strict.Doc, whole *Spec) ([]point, error) {
	base := doc.Clone()
	base.Drop(pathSweep)
	points := []point{{doc: base}}
	var err error
	switch {
	case len(whole.Models) > 0 && whole.Model != nil:
		return nil, strict.Join(doc.At(pathModels).Problem("there are both model and models", "leave out one of them"))
	case len(whole.Models) > 0:
		if points, err = spreadModels(points[0], doc); err != nil {
			return nil, err
		}
	case whole.Model == nil && len(whole.Services) == 0 && !sweeps(whole, sweepModel):
		return nil, strict.Join(doc.Root().Problem("no store is named", "add model: raft, or models: [raft, lww]; see faultline list models; or services, which need no store"))
	}
	for _, p := range points {
		if err := spellOut(p.doc); err != nil {
			return nil, err
		}
	}
	for _, s := range whole.Sweep {
		if len(s.Value) == 0 {
			return nil, strict.Join(s.At.Problem("there is nothing to sweep", "list the values of the setting: [1, 3, 5]"))
		}
		if points, err = spread(points, s); err != nil {
			return nil, err
		}
		if len(points) > maxCells {
			return nil, strict.Join(s.At.Problem(fmt.Sprintf("the grid has more than %d cells", maxCells), "sweep fewer settings or values"))
		}
	}
	return points, nil
}

func sweeps(whole *Spec, path string) bool {
	return slices.ContainsFunc(whole.Sweep, func(s strict.Entry[[]*strict.Node]) bool {
		return s.Name == path || strings.HasPrefix(s.Name, path+".")
	})
}

// spreadModels returns a point for each of the models.
func spreadModels(base point, doc *strict.Doc) ([]point, error) {
	base.doc.Drop(pathModels)
	var points []point
	for i := 0; ; i++ {
		n := doc.At(fmt.Sprintf("%s[%d]", pathModels, i))
		if n == nil {
			return points, nil
		}
		p := point{doc: base.doc.Clone(), params: []results.Param{{Name: sweepModel, Value: label(n)}}}
		if err := p.doc.PutAt(sweepModel, n); err != nil {
			return nil, err
		}
		points = append(points, p)
	}
}

// spellOut turns a store that is just named into a mapping, so that a sweep can
// set its parameters.
func spellOut(doc *strict.Doc) error {
	n := doc.At(sweepModel)
	if n == nil || n.Kind() != strict.Text {
		return nil
	}
	doc.Drop(sweepModel)
	return doc.PutAt(sweepModel+"."+fieldKind, n)
}

// spread returns every point with every value of a swept setting.
func spread(points []point, s strict.Entry[[]*strict.Node]) ([]point, error) {
	var all []point
	for _, p := range points {
		for _, v := range s.Value {
			q := point{doc: p.doc.Clone(), params: append(slices.Clip(p.params), results.Param{Name: s.Name, Value: label(v)})}
			if err := q.put(s, v); err != nil {
				return nil, err
			}
			all = append(all, q)
		}
	}
	return all, nil
}

// put sets a swept setting, or each of several: services.{a,b}.n.
func (p point) put(s strict.Entry[[]*strict.Node], v *strict.Node) error {
	paths := braced(s.Name)
	if len(paths) == 1 {
		return p.doc.Put(s.At, v)
	}
	for _, path := range paths {
		if err := p.doc.PutAt(path, v); err != nil {
			return err
		}
	}
	return nil
}

// braced returns the paths that a path with braces stands for, as a shell would: a.{b,c} is a.b and a.c.
func braced(path string) []string {
	before, rest, open := strings.Cut(path, "{")
	names, after, closed := strings.Cut(rest, "}")
	if !open || !closed {
		return []string{path}
	}
	var all []string
	for _, name := range strings.Split(names, ",") {
		for _, end := range braced(after) {
			all = append(all, before+strings.TrimSpace(name)+end)
		}
	}
	return all
}

// label returns a swept value as tables show it: a store by its label or name, a
// fault by what it is, a list by its entries.
func label(n *strict.Node) string {
	switch n.Kind() {
	case strict.Mapping:
		return mappingLabel(n)
	case strict.List:
		items, _ := n.Items()
		var names []string
		for _, item := range items {
			names = append(names, label(item))
		}
		if names == nil {
			return "none"
		}
		return strings.Join(names, " + ")
	}
	return n.Text()
}

func mappingLabel(n *strict.Node) string {
	for _, field := range []string{fieldLabel, fieldKind} {
		if f := n.Field(field); f != nil {
			return f.Text()
		}
	}
	pairs, _ := n.Pairs()
	var parts []string
	for _, p := range pairs {
		if kind, ok := fault.Find(p.Key.Text()); ok {
			parts = append(parts, faultLabel(kind, p.Value))
		} else {
			parts = append(parts, p.Key.Text()+": "+label(p.Value))
		}
	}
	return strings.Join(parts, ", ")
}

// unsaid are the settings of faults that their labels leave out, to be short.
var unsaid = []string{"at", "for", "every", "clients"}

// faultLabel returns what a fault is, whom it strikes, and how.
func faultLabel(kind *fault.Kind, settings *strict.Node) string {
	text := kind.Name
	if settings.Kind() != strict.Mapping {
		return text
	}
	pairs, _ := settings.Pairs()
	for _, p := range pairs {
		switch name := p.Key.Text(); {
		case name == "target":
			text += " " + label(p.Value)
		case !slices.Contains(unsaid, name):
			text += " " + name + "=" + label(p.Value)
		}
	}
	return text
}

// cell decodes a point and checks it as a whole.
func (p point) cell(e *Experiment) (Cell, error) {
	var spec Spec
	if err := p.doc.Decode(&spec); err != nil {
		return Cell{}, err
	}
	if spec.Model == nil && len(spec.Services) == 0 { // the whole file has been told so
		return Cell{}, nil
	}
	if len(spec.Services) > 0 {
		if err := spec.graph().Check(spec.Model != nil); err != nil {
			return Cell{}, p.doc.At(pathServices).Problem(causeAndHint(err))
		}
	}
	at := p.doc.At(sweepModel)
	if spec.Model == nil {
		at = p.doc.At(pathServices)
	}
	sc, err := spec.scenario(e.Name)
	if err != nil {
		return Cell{}, at.Problem(causeAndHint(err))
	}
	if err := sc.Check(); err != nil {
		return Cell{}, at.Problem(causeAndHint(err))
	}
	for i, f := range spec.Faults {
		if err := f.Check(sc.Cluster()); err != nil {
			return Cell{}, p.doc.At(fmt.Sprintf("faults[%d]", i)).Problem(causeAndHint(err))
		}
	}
	return Cell{Index: len(e.Cells), Series: series(&spec, p.params), Params: p.params, Scenario: sc}, nil
}

// series returns the short label of a cell: the store, and the swept settings.
func series(spec *Spec, params []results.Param) string {
	var parts []string
	if spec.Model != nil || len(params) == 0 {
		parts = append(parts, spec.Model.label())
	}
	for _, p := range params {
		if p.Name == sweepModel || p.Name == sweepModel+"."+fieldKind {
			continue
		}
		name := p.Name[strings.LastIndex(p.Name, ".")+1:]
		parts = append(parts, name+"="+p.Value)
	}
	return strings.Join(parts, " ")
}

// label returns the store's name in tables and charts.
func (s *ModelSpec) label() string {
	if s == nil {
		return pathServices
	}
	if s.Label != "" {
		return s.Label
	}
	return s.Model.Name
}

// budget returns what the spec describes; the zero Down is the default, a minority.
func (s *Spec) budget() fault.Budget {
	switch {
	case s.Budget.Down == nil:
		return fault.Budget{}
	case *s.Budget.Down >= s.nodes():
		return fault.Budget{Down: fault.Unlimited}
	}
	return fault.Budget{Down: *s.Budget.Down}
}

// scenario returns what the spec of one cell describes.
func (s *Spec) scenario(name string) (*Scenario, error) {
	topology, err := s.Network.topology()
	if err != nil {
		return nil, err
	}
	sc := &Scenario{
		Name: name, Server: s.Server.server(),
		Topology: topology, Network: s.Network.options(),
		CPU: s.Machine.CPU.Std(), Disk: dist.Exponential(defaultSync), ClockBound: s.Machine.ClockBound.Std(),
		Workload: s.Workload.workload(), Policy: s.Client.policy(), Key: s.Idempotency.key(),
		Warmup: s.Warmup.Std(), Settle: s.Settle.Std(), Budget: s.budget(),
	}
	s.place(sc)
	if s.Machine.Disk != nil {
		sc.Disk = s.Machine.Disk.Law
	}
	sc.ReplicaSites, _ = siteNumbers(topology, s.Network.ReplicasAt)
	sc.ClientSites, _ = siteNumbers(topology, s.Network.ClientsAt)
	sc.SLO = float64(s.SLO)
	sc.ServiceOnly = s.Judge == "service"
	for _, f := range s.Faults {
		sc.Faults = append(sc.Faults, f.Fault)
	}
	sc.Faults = fault.Named(sc.Faults)
	if s.Budget.Within {
		sc.Budget.StayWithin = sc.Model.Assumes(sc.Config())
	}
	return sc, nil
}

// checkNames complains about cells that tables could not tell apart.
func checkNames(doc *strict.Doc, whole *Spec, e *Experiment) error {
	seen := map[string]bool{}
	for _, name := range e.allSeries() {
		if !seen[name] {
			seen[name] = true
			continue
		}
		cause, hint := fmt.Sprintf("two cells are called %q", name), "sweep every value once; of several stores, give each a label: {kind: raft, label: raft of five}"
		if len(whole.Sweep) > 0 {
			return strict.Join(whole.Sweep[len(whole.Sweep)-1].At.Problem(cause, hint))
		}
		return strict.Join(doc.At(pathModels).Problem(cause, hint))
	}
	return nil
}

// checkPlots complains about charts of settings and cells that there are not.
func checkPlots(doc *strict.Doc, e *Experiment) error {
	var swept []string
	for _, p := range e.Cells[0].Params {
		swept = append(swept, p.Name)
	}
	var errs []error
	for i, p := range e.Plots {
		at := func(field string) *strict.Node { return doc.At(fmt.Sprintf("plot[%d].%s", i, field)) }
		if p.Kind == "curve" {
			errs = append(errs, known(at("x"), "swept setting", p.X, swept))
		}
		if p.Kind == "heatmap" {
			errs = append(errs, known(at("x"), "swept setting", p.X, swept), known(at("y"), "swept setting", p.Y, swept))
			if len(swept) < 2 {
				errs = append(errs, at("kind").Problem(fmt.Sprintf("a heat map needs two swept settings, here is %d", len(swept)), "sweep two settings, or several models and a setting; dots show one"))
			}
		}
		for j, s := range p.Series {
			errs = append(errs, known(at(fmt.Sprintf("series[%d]", j)), "cell", s, e.allSeries()))
		}
		errs = append(errs, known(at("split"), "swept setting", p.Split, swept), known(at("panels"), "swept setting", p.Panels, swept))
		if !slices.ContainsFunc(e.Cells, func(c Cell) bool { return c.Info().Like(p.Where.list) }) {
			errs = append(errs, at("where").Problem("no cell is like where says", "the cells are "+strings.Join(e.allSeries(), ", ")))
		}
	}
	return strict.Join(errs...)
}

// splitPlots puts one chart for each value of a setting in the place of a chart
// that is split by it.
func (e *Experiment) splitPlots() {
	var all []PlotSpec
	for _, p := range e.Plots {
		if p.Split == "" {
			all = append(all, p)
			continue
		}
		seen := map[string]bool{}
		for i := range e.Cells {
			info := e.Cells[i].Info()
			value := info.Param(p.Split)
			if seen[value] || !info.Like(p.Where.list) {
				continue
			}
			seen[value] = true
			one := p
			one.Split, one.Name = "", cmp.Or(p.Name, p.Kind)+" "+value
			one.Where.list = append(slices.Clip(p.Where.list), Match{Name: p.Split, Values: []string{value}})
			all = append(all, one)
		}
	}
	e.Plots = all
}

// known complains about a name, if there is one, that is not among those known.
func known(at *strict.Node, what, name string, names []string) error {
	if at == nil || name == "" || slices.Contains(names, name) {
		return nil
	}
	hint := "there is none"
	if near, ok := strict.Nearest(name, names); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if len(names) > 0 {
		hint = "one of " + strings.Join(names, ", ")
	}
	return at.Problem(fmt.Sprintf("unknown %s %q", what, name), hint)
}

// checkWhere complains about expectations that are about no cell.
func checkWhere(whole *Spec, e *Experiment) error {
	var errs []error
	for i, x := range whole.Expect.List {
		if !slices.ContainsFunc(e.Cells, func(c Cell) bool { return c.Info().Like(x.Where) }) {
			errs = append(errs, whole.Expect.at[i].Problem("no cell is like where says", "the cells are "+strings.Join(e.allSeries(), ", ")))
		}
	}
	return strict.Join(errs...)
}

func (e *Experiment) allSeries() []string {
	var names []string
	for _, c := range e.Cells {
		names = append(names, c.Series)
	}
	return names
}

// Promise returns the properties that a cell's store promises with its settings.
func (c *Cell) Promise() []string { return Promised(c.Scenario.Model.Claims(c.Scenario.Config())) }

// Promised lists the properties that a level promises.
func Promised(l store.Level) []string {
	switch l {
	case store.Linearizable:
		return []string{PropLinearizable, PropDurable, PropConverges}
	case store.Nothing:
		return nil
	}
	return []string{PropConverges}
}

// Schema returns the JSON Schema of experiment files.
func Schema() []byte { return strict.Schema(&Spec{}, schemaTitle) }

package experiments

import (
	"embed"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"faultline/experiments/strict"
	"faultline/results"
)

// PublishedFolder is where the cases of faultline reproduce are kept, from the root of the repository.
const PublishedFolder = "experiments/published"

//go:embed published/*.yaml
var published embed.FS

// PublishedCases lists the names of the cases whose published figures are compared with ours, sorted.
func PublishedCases() []string {
	entries, err := published.ReadDir("published")
	if err != nil {
		panic(fmt.Sprintf("experiments: the embedded cases cannot be listed: %v", err))
	}
	var names []string
	for _, e := range entries {
		names = append(names, nameOf(e.Name()))
	}
	return names
}

// LoadPublished is Load for a case, by its name.
func LoadPublished(name string, overrides ...string) (*Experiment, error) {
	data, err := published.ReadFile(path.Join("published", name+".yaml"))
	if err != nil {
		return nil, results.UnknownName("case", name, PublishedCases())
	}
	return Parse(path.Join(PublishedFolder, name+".yaml"), data, overrides...)
}

// Published is what others found, and how near to it we must come.
type Published struct {
	Source  string
	Gap     string // what is known about the difference
	Quick   Seeds  // of a quick look
	Figures []Figure
}

// A Figure is one published number.
type Figure struct {
	Where    []Match // the cells it is about
	Quantity results.Quantity

	Published, Exact             *float64 // in the unit of the quantity; nil: there is none
	PublishedWithin, ExactWithin Tolerance
	Doubt                        string // why the number is reported, but nothing hangs on it
}

// A Tolerance is how far from a number another may be.
type Tolerance struct {
	Text string // as written: 3%, 0.01, 0.1ms, 3 se, order
	kind toleranceKind
	most float64
}

type toleranceKind uint8

const (
	relative toleranceKind = iota
	absolute
	standardErrors // of ours
	orderAlone     // whether it is above or below the other figures of its measure
)

// allows returns how far from a number an estimate may be.
func (t Tolerance) allows(of float64, e results.Estimate) float64 {
	switch t.kind {
	case relative:
		return t.most * math.Abs(of)
	case standardErrors:
		return t.most * e.Error(of)
	}
	return t.most
}

// A Comparison is a published number and what came out, for one cell.
type Comparison struct {
	Series string
	Figure *Figure
	Ours   results.Estimate
	Met    Met  // No: it is outside; Unsure: it is, but its interval is not
	None   bool // no run tells
}

// Gated reports whether the comparison decides whether the case comes out.
func (c *Comparison) Gated() bool { return c.Figure.Doubt == "" }

// Reference returns the exact value, or the published one if there is none, and how
// far from it ours may be.
func (c *Comparison) Reference() (of, within float64) {
	if f := c.Figure; f.Exact != nil {
		return *f.Exact, f.ExactWithin.allows(*f.Exact, c.Ours)
	} else {
		return *f.Published, f.PublishedWithin.allows(*f.Published, c.Ours)
	}
}

// Compare compares the published figures of an experiment with the rows of its runs, by seed.
func (e *Experiment) Compare(rows [][]results.Row) []Comparison {
	var all []Comparison
	for i := range e.Against.Figures {
		f := &e.Against.Figures[i]
		for j := range e.Cells {
			if c := &e.Cells[j]; f.about(c) {
				ours, ok := f.Quantity.Of(rows[j])
				all = append(all, Comparison{c.Series, f, ours, f.judge(ours, ok), !ok})
			}
		}
	}
	for i := range all {
		if c := &all[i]; c.Ordered() && !c.None {
			c.Met = c.order(all)
		}
	}
	return all
}

// Ordered reports whether only the order of the figures is compared.
func (c *Comparison) Ordered() bool { return c.Figure.ExactWithin.kind == orderAlone }

// order says whether ours is above and below the same figures of its measure as the
// published one. It is unsure if two are the wrong way round whose intervals overlap.
func (c *Comparison) order(all []Comparison) Met {
	met := Yes
	theirs, _ := c.Reference()
	for i := range all {
		o := &all[i]
		if o.Figure.Quantity != c.Figure.Quantity || o.None {
			continue
		}
		other, _ := o.Reference()
		switch {
		case (theirs-other)*(c.Ours.Value-o.Ours.Value) >= 0:
		case c.Ours.Lo <= o.Ours.Hi && o.Ours.Lo <= c.Ours.Hi:
			met = worse(met, Unsure)
		default:
			return No
		}
	}
	return met
}

func (f *Figure) about(c *Cell) bool {
	return c.Info().Like(f.Where)
}

// judge says whether ours is near enough to both numbers.
func (f *Figure) judge(ours results.Estimate, ok bool) Met {
	if !ok {
		return No
	}
	met := Yes
	if f.Published != nil {
		met = worse(met, near(*f.Published, f.PublishedWithin, ours))
	}
	if f.Exact != nil {
		met = worse(met, near(*f.Exact, f.ExactWithin, ours))
	}
	return met
}

func worse(a, b Met) Met {
	switch {
	case a == No || b == No:
		return No
	case a == Unsure || b == Unsure:
		return Unsure
	}
	return Yes
}

// near says whether an estimate is within the tolerance. It is unsure if more
// runs might bring it there: its interval reaches into it.
func near(of float64, t Tolerance, ours results.Estimate) Met {
	const slack = 1e-9 // 100% - 0.01% is 99.99%
	most := t.allows(of, ours) + slack*math.Abs(of)
	switch {
	case math.Abs(ours.Value-of) <= most:
		return Yes
	case t.kind == standardErrors && ours.Error(of) == 0: // one run does not say how far off it may be
		return Unsure
	case t.kind != standardErrors && ours.Lo <= of+most && ours.Hi >= of-most:
		return Unsure
	}
	return No
}

// PublishedSpec is the published figures as they are written.
type PublishedSpec struct {
	Source  string       `yaml:"source" required:"true" doc:"where the figures are from"`
	Gap     string       `yaml:"gap" doc:"what is known about the difference between theirs and ours"`
	Quick   SeedsSpec    `yaml:"quick" doc:"seeds of faultline reproduce --quick"`
	Figures []FigureSpec `yaml:"figures" required:"true" minitems:"1" doc:"the figures, each for the cells that are like where"`
}

// published returns what the spec describes.
func (s *PublishedSpec) published() *Published {
	if s == nil {
		return nil
	}
	p := &Published{Source: s.Source, Gap: s.Gap, Quick: s.Quick.seeds()}
	for i := range s.Figures {
		p.Figures = append(p.Figures, s.Figures[i].figure)
	}
	return p
}

// FigureSpec is a published number as it is written.
type FigureSpec struct {
	Where           WhereSpec  `yaml:"where" doc:"the cells this is about: model or a swept setting -> value or list of values; default: all"`
	Measure         string     `yaml:"measure" required:"true" doc:"a metric, or read_latency, write_latency, t_visibility, fresh, k_staleness"`
	At              ScalarSpec `yaml:"at" doc:"which statistic: p99.9 of a latency, 99.9% of t_visibility, 10ms of fresh, 3 of k_staleness; of a metric: a percentile of the runs, \"<= 650ms\" for the share of runs up to there, or nothing for the mean"`
	Published       ScalarSpec `yaml:"published" doc:"the number that was published"`
	Exact           ScalarSpec `yaml:"exact" doc:"the same number from a formula, or computed again with more trials"`
	Within          ScalarSpec `yaml:"within" doc:"how far from exact ours may be: 3% of it, 0.01 in its unit, 3 se: standard errors of ours, or order: only above and below the other figures of the same measure; without exact: how far from published"`
	PublishedWithin ScalarSpec `yaml:"published_within" doc:"how far from published, if that differs from within"`
	Doubt           string     `yaml:"doubt" doc:"why the number is doubtful: it is reported then, but nothing hangs on it"`

	figure Figure
}

// CheckStrict reads the numbers.
func (s *FigureSpec) CheckStrict(n *strict.Node) {
	f := &s.figure
	f.Where, f.Doubt = s.Where.list, s.Doubt
	var err error
	if f.Quantity, err = results.NewQuantity(s.Measure, s.At.text); err != nil {
		at := n.Field("at")
		if at == nil || !slices.Contains(results.MeasureNames(), s.Measure) {
			at = n.Field("measure")
		}
		at.Fail(causeAndHint(err))
		return
	}
	f.Published, f.Exact = s.number(n, "published", s.Published), s.number(n, "exact", s.Exact)
	f.ExactWithin = s.tolerance(n, "within", s.Within)
	f.PublishedWithin = f.ExactWithin
	if s.PublishedWithin.text != "" {
		f.PublishedWithin = s.tolerance(n, "published_within", s.PublishedWithin)
	}
	switch {
	case f.Published == nil && f.Exact == nil:
		n.Fail("there is no number to compare with", "add published or exact")
	case s.Within.text == "" && s.Doubt == "":
		n.Fail("nothing says how near ours must be", "add within: 3%, or say with doubt why nothing hangs on it")
	}
	if own := n.Field("published_within"); own != nil {
		s.checkOwn(own)
	}
}

// checkOwn complains about a tolerance of the published number that nothing would be held to.
func (s *FigureSpec) checkOwn(n *strict.Node) {
	f := &s.figure
	switch {
	case f.Published == nil:
		n.Fail("there is no published number for it", "add published, or leave it out")
	case f.PublishedWithin.kind == orderAlone:
		n.Fail("order is not for one of two numbers", "write within: order and leave published_within out")
	case f.ExactWithin.kind == orderAlone:
		n.Fail("within is order, which has no distance from a number", "leave it out, or write within as a distance, such as 3%")
	}
}

func (s *FigureSpec) number(n *strict.Node, field string, from ScalarSpec) *float64 {
	if from.text == "" {
		return nil
	}
	v, err := s.figure.Quantity.Parse(from.text)
	if err != nil {
		n.Field(field).Fail(causeAndHint(err))
		return nil
	}
	return &v
}

func (s *FigureSpec) tolerance(n *strict.Node, field string, from ScalarSpec) Tolerance {
	t := Tolerance{Text: from.text}
	switch from.text {
	case "":
		return t
	case "order":
		t.kind, t.most = orderAlone, math.Inf(1)
		return t
	}
	var err error
	if number, ok := strings.CutSuffix(from.text, "se"); ok {
		t.kind = standardErrors
		t.most, err = strconv.ParseFloat(strings.TrimSpace(number), 64)
	} else if number, ok := strings.CutSuffix(from.text, "%"); ok {
		const percent = 100
		t.most, err = strconv.ParseFloat(strings.TrimSpace(number), 64)
		t.most /= percent
	} else {
		t.kind = absolute
		t.most, err = s.figure.Quantity.Parse(from.text)
	}
	if f := n.Field(field); f != nil && (err != nil || !(t.most >= 0) || math.IsInf(t.most, 1)) {
		f.Fail(fmt.Sprintf("%q is no tolerance", from.text), "write 3%, a number in the unit of the measure, 3 se, or order")
	}
	return t
}

// WhereSpec is the cells that something is about, as they are written.
type WhereSpec struct{ list []Match }

// UnmarshalStrict reads the cells.
func (s *WhereSpec) UnmarshalStrict(n *strict.Node) { s.list = matches(n) }

// MarshalStrict returns the cells as they are written.
func (s WhereSpec) MarshalStrict() any {
	if len(s.list) == 0 {
		return nil
	}
	where := map[string]any{}
	for _, m := range s.list {
		where[m.Name] = m.Values
	}
	return where
}

// StrictSchema describes cells to editors.
func (WhereSpec) StrictSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object"}
}

// ScalarSpec is a number, with or without a unit, that what it belongs to gives a meaning.
type ScalarSpec struct{ text string }

// UnmarshalStrict reads the text.
func (s *ScalarSpec) UnmarshalStrict(n *strict.Node) {
	if text, ok := n.Scalar("a number", "such as 1.95ms, 97.4%, 3 or p99.9"); ok {
		s.text = text
	}
}

// MarshalStrict returns the text.
func (s ScalarSpec) MarshalStrict() any {
	if s.text == "" {
		return nil
	}
	return s.text
}

// StrictSchema describes numbers to editors.
func (ScalarSpec) StrictSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}}}
}

// checkFigures complains about figures that are about no cell.
func checkFigures(doc *strict.Doc, e *Experiment) error {
	if e.Against == nil {
		return nil
	}
	var errs []error
	for i := range e.Against.Figures {
		found := false
		for j := range e.Cells {
			found = found || e.Against.Figures[i].about(&e.Cells[j])
		}
		if !found {
			errs = append(errs, doc.At(fmt.Sprintf("published.figures[%d]", i)).Problem("no cell is like where says", "the cells are "+strings.Join(e.allSeries(), ", ")))
		}
	}
	return strict.Join(errs...)
}

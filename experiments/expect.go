package experiments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"faultline/experiments/strict"
	"faultline/results"
)

// An Expectation is one line of what must come out of an experiment.
type Expectation struct {
	Where    []Match // the cells it is about; empty: all
	Property string  // "linearizable", or empty
	How      How     // of a property
	Metric   string  // "p99", or empty
	Op       string  // of a metric: how its mean must compare with the limit: <, <=, =, >= or >
	Limit    float64 // in the metric's own unit
	Within   float64 // of "=": how far the mean may be off, as a share of the limit
	Text     string  // as written: "> 90%"
}

// Asks returns the metrics that an experiment expects something of, without
// repetition, in the order in which it names them.
func (e *Experiment) Asks() (metrics []string) {
	for i := range e.Expect {
		if name := e.Expect[i].Metric; name != "" && !slices.Contains(metrics, name) {
			metrics = append(metrics, name)
		}
	}
	return metrics
}

// How often a property must hold.
type How string

// The ways in which a property may be expected.
const (
	Always   How = "always"   // in every run; a run that could not be decided leaves the question open
	Violated How = "violated" // not in every run
	Never    How = "never"    // in no run
)

// A Match picks the cells whose swept setting has one of the values.
type Match = results.Match

// A Finding is an expectation and what came out, for one cell.
type Finding struct {
	Expectation string // "raft: linearizable always"
	Met         Met
	Got         string  // "holds 100/100"
	Where       []Match // the cells of which the same is expected; empty: all
}

// Met says whether an expectation was met.
type Met uint8

// The answers. Unsure: a checker could not decide, or the interval holds the limit.
const (
	Yes Met = iota
	No
	Unsure
)

// Judge compares the expectations with the rows, cell by cell.
func Judge(expect []Expectation, set *results.Set) []Finding {
	var findings []Finding
	for _, e := range expect {
		found := false
		for _, cell := range results.Group(set) {
			if cell.Like(e.Where) {
				findings = append(findings, e.judge(cell))
				found = true
			}
		}
		if !found {
			findings = append(findings, Finding{Expectation: e.String(), Met: No, Got: "no cell of the grid is like that"})
		}
	}
	return findings
}

func (e *Expectation) judge(c *results.Cell) Finding {
	f := Finding{Expectation: c.Series + ": " + e.What(), Where: e.Where}
	if e.Metric != "" {
		f.Met, f.Got = e.judgeMetric(c)
	} else {
		t := c.Tally(e.Property)
		f.Met, f.Got = e.judgeTally(t), t.String()
	}
	return f
}

func (e *Expectation) judgeMetric(c *results.Cell) (Met, string) {
	metric, _ := results.FindMetric(e.Metric)
	s := c.Summary(e.Metric)
	if s.N == 0 {
		return No, "no run has a value"
	}
	met, format := e.compare(s), metric.Format
	if e.Within > 0 && slices.Contains([]string{results.PerOp, results.Count, results.Plain}, metric.Unit) {
		format = exactly // a tolerance is finer than what reads well
	}
	if met == Unsure {
		return met, fmt.Sprintf("%s, between %s and %s", format(s.Mean), format(s.Lo), format(s.Hi))
	}
	return met, format(s.Mean)
}

func exactly(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// compare says on which side of the limit the mean is. It is certain if the whole
// interval is there, or if no run is on the other side: one lost write in a
// hundred runs makes "lost = 0" wrong, though its interval begins at 0.
func (e *Expectation) compare(s results.Summary) Met {
	above := s.Lo > e.Limit || s.Min >= e.Limit && s.Mean > e.Limit
	below := s.Hi < e.Limit || s.Max <= e.Limit && s.Mean < e.Limit
	switch e.Op {
	case "<":
		return decide(below, s.Lo >= e.Limit)
	case "<=":
		return decide(s.Hi <= e.Limit, above)
	case "=":
		if e.Within > 0 {
			lo, hi := float64(e.Limit*(1-e.Within)), float64(e.Limit*(1+e.Within))
			return decide(s.Lo >= lo && s.Hi <= hi, s.Hi < lo || s.Lo > hi)
		}
		return decide(s.Min == e.Limit && s.Max == e.Limit, above || below)
	case ">=":
		return decide(s.Lo >= e.Limit, below)
	}
	return decide(above, s.Hi <= e.Limit)
}

func decide(yes, no bool) Met {
	switch {
	case yes:
		return Yes
	case no:
		return No
	}
	return Unsure
}

func (e *Expectation) judgeTally(t results.Tally) Met {
	switch {
	case t.Judged() == 0:
		return No
	case e.How == Violated && t.Violated > 0:
		return Yes
	case e.How == Always && t.Violated > 0, e.How == Never && t.Holds > 0:
		return No
	case t.Undecided > 0:
		return Unsure
	case e.How == Violated:
		return No
	}
	return Yes
}

// What returns the condition in words: p99 < 200ms.
func (e *Expectation) What() string {
	if e.Metric != "" {
		return e.Metric + " " + e.Text
	}
	return e.Property + " " + string(e.How)
}

// String returns the expectation in words, with the cells it is about.
func (e *Expectation) String() string {
	var parts []string
	for _, m := range e.Where {
		parts = append(parts, m.Name+"="+strings.Join(m.Values, "|"))
	}
	return strings.TrimSpace(strings.Join(parts, " ") + ": " + e.What())
}

// ExpectSpec is the expectations as they are written: one mapping for all cells,
// or a list of mappings, each with a `where`.
type ExpectSpec struct {
	List []Expectation
	at   []*strict.Node // of each, where it is written
}

const expectHint = "write {linearizable: always, p99: \"< 200ms\"}, or a list of such with where: {model: raft}"

// UnmarshalStrict reads the expectations.
func (s *ExpectSpec) UnmarshalStrict(n *strict.Node) {
	switch n.Kind() {
	case strict.Mapping:
		s.block(n)
	case strict.List:
		items, _ := n.Items()
		for _, item := range items {
			s.block(item)
		}
	default:
		n.Fail("expectations are a mapping or a list of mappings", expectHint)
	}
}

// block reads one mapping.
func (s *ExpectSpec) block(n *strict.Node) {
	pairs, ok := n.Pairs()
	if !ok {
		return
	}
	where := matches(n.Field("where"))
	for _, p := range pairs {
		name := p.Key.Text()
		if name == "where" {
			continue
		}
		e := Expectation{Where: where}
		if slices.Contains(Properties, name) {
			e.Property = name
			e.readHow(p.Value)
		} else if metric, err := results.FindMetric(name); err == nil {
			e.Metric = name
			e.readLimit(p.Value, metric)
		} else {
			p.Key.Unknown("property or metric", append(slices.Clone(Properties), results.MetricNames()...))
			continue
		}
		s.List = append(s.List, e)
		s.at = append(s.at, p.Value)
	}
}

// matches reads a where.
func matches(n *strict.Node) []Match {
	if n == nil {
		return nil
	}
	pairs, _ := n.Pairs()
	var list []Match
	for _, p := range pairs {
		m := Match{Name: p.Key.Text()}
		if p.Value.Kind() == strict.List {
			items, _ := p.Value.Items()
			for _, item := range items {
				m.Values = append(m.Values, item.Text())
			}
		} else {
			m.Values = []string{p.Value.Text()}
		}
		list = append(list, m)
	}
	return list
}

func (e *Expectation) readHow(n *strict.Node) {
	switch text := n.Text(); text {
	case "always", "true":
		e.How = Always
	case "violated", "false":
		e.How = Violated
	case "never":
		e.How = Never
	default:
		n.Unknown("expectation", []string{"always", "violated", "never"})
	}
}

// readLimit reads a comparison such as "> 90%", "<= 200ms" or "= 27 within 1%".
func (e *Expectation) readLimit(n *strict.Node, metric results.Metric) {
	text := strings.TrimSpace(n.Text())
	rest := strings.TrimLeft(text, "<>=")
	op := text[:len(text)-len(rest)]
	rest = strings.TrimSpace(rest)
	number, tolerance, near := strings.Cut(rest, " within ")
	limit, err := quantity(strings.TrimSpace(number), metric.Unit)
	if near && err == nil {
		e.Within, err = quantity(strings.TrimSpace(tolerance), results.Share)
	}
	if err != nil || !slices.Contains([]string{"<", "<=", ">", ">=", "="}, op) || near && (op != "=" || !(e.Within > 0)) {
		n.Fail(fmt.Sprintf("%q is not a limit for %s", n.Text(), metric.Name), "write a comparison, such as \""+exampleOf(metric.Unit)+"\"; or a value and how far it may be off, such as \"= 27 within 1%\"")
		return
	}
	e.Text, e.Op, e.Limit = op+" "+rest, op, limit
}

func exampleOf(unit string) string {
	switch unit {
	case "%":
		return "> 90%"
	case "ms":
		return "< 200ms"
	}
	return "> 0"
}

// quantity reads a number in a metric's unit.
func quantity(text, unit string) (float64, error) {
	switch unit {
	case "%":
		if number, ok := strings.CutSuffix(text, "%"); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			return v / 100, err
		}
	case "ms":
		d, err := time.ParseDuration(text)
		if err == nil || text != "0" {
			return ms(d), err
		}
	}
	return strconv.ParseFloat(strings.TrimSuffix(text, unit), 64)
}

// MarshalStrict returns the expectations as they are written.
func (s ExpectSpec) MarshalStrict() any {
	var list []any
	for _, e := range s.List {
		m := map[string]any{}
		if e.Metric != "" {
			m[e.Metric] = e.Text
		} else {
			m[e.Property] = string(e.How)
		}
		where := map[string]any{}
		for _, w := range e.Where {
			where[w.Name] = w.Values
		}
		if len(where) > 0 {
			m["where"] = where
		}
		list = append(list, m)
	}
	return list
}

// StrictSchema describes expectations to editors.
func (ExpectSpec) StrictSchema() *jsonschema.Schema {
	block := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
	addProperty(block, "where", &jsonschema.Schema{Type: "object", Description: "the cells this is about: model or a swept setting -> value or list of values"})
	for _, p := range Properties {
		addProperty(block, p, &jsonschema.Schema{Enum: []any{"always", "violated", "never", true, false}, Description: "in how many runs the property must hold"})
	}
	for _, m := range results.Metrics {
		addProperty(block, m.Name, &jsonschema.Schema{Type: "string", Description: m.Doc + " Such as \"" + exampleOf(m.Unit) + "\"."})
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{block, {Type: "array", Items: block}}}
}

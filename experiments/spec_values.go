package experiments

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"faultline/experiments/strict"
	"faultline/experiments/workload"
	"faultline/net"
	"faultline/sim/dist"
)

// LawSpec is a law of random durations, written as lognormal(5ms, 0.4).
type LawSpec struct{ *dist.Law }

// UnmarshalStrict reads the law.
func (s *LawSpec) UnmarshalStrict(n *strict.Node) {
	text, ok := n.Scalar("a law of durations", "such as 5ms, exponential(5ms) or lognormal(5ms, 0.4)")
	if !ok {
		return
	}
	law, err := dist.Parse(text)
	if err != nil {
		n.Fail(causeAndHint(err))
		return
	}
	s.Law = law
}

// MarshalStrict returns the law as it is written.
func (s LawSpec) MarshalStrict() any {
	if s.Law == nil {
		return nil
	}
	return s.Law.String()
}

// StrictSchema describes a law to editors.
func (LawSpec) StrictSchema() *jsonschema.Schema {
	var forms []string
	for _, l := range dist.Laws {
		forms = append(forms, l.Signature)
	}
	return &jsonschema.Schema{Type: "string", Description: "a law of durations: " + strings.Join(forms, ", ")}
}

// KeyLawSpec is a law of keys, written as uniform, zipf(0.99) or hot(1, 90%).
type KeyLawSpec struct{ workload.KeyLaw }

// UnmarshalStrict reads the law.
func (s *KeyLawSpec) UnmarshalStrict(n *strict.Node) {
	text, ok := n.Scalar("a law of keys", "such as uniform, zipf(0.99) or hot(1, 90%)")
	if !ok {
		return
	}
	law, err := workload.ParseLaw(text)
	if err != nil {
		n.Fail(causeAndHint(err))
		return
	}
	s.KeyLaw = law
}

// MarshalStrict returns the law as it is written.
func (s KeyLawSpec) MarshalStrict() any { return s.KeyLaw.String() }

// StrictSchema describes a law of keys to editors.
func (KeyLawSpec) StrictSchema() *jsonschema.Schema {
	var forms []string
	for _, l := range workload.Laws {
		forms = append(forms, l.Signature)
	}
	return &jsonschema.Schema{Type: "string", Description: "a law of keys: " + strings.Join(forms, ", ")}
}

// SeedsSpec is the seeds of every cell: a number, 1..200, a list or auto.
type SeedsSpec struct{ Seeds }

// MaxSeeds bounds how many seeds a cell may have.
const MaxSeeds = 1_000_000

// defaultSeeds is how many seeds a cell has if the file does not say.
const defaultSeeds = 20

// UnmarshalStrict reads the seeds.
func (s *SeedsSpec) UnmarshalStrict(n *strict.Node) {
	if n.Kind() == strict.List {
		items, _ := n.Items()
		if len(items) == 0 {
			n.Fail("there is no seed in the list", seedsHint)
		}
		for _, item := range items {
			seed, err := strconv.ParseUint(item.Text(), 10, 64)
			switch {
			case err != nil:
				item.Fail(fmt.Sprintf("%q is not a seed", item.Text()), "a seed is a whole number, such as 7")
			case slices.Contains(s.List, seed):
				item.Fail(fmt.Sprintf("seed %d is named twice", seed), "delete one of the two")
			default:
				s.List = append(s.List, seed)
			}
		}
		return
	}
	text, ok := n.Scalar("seeds", seedsHint)
	if !ok {
		return
	}
	seeds, err := ParseSeeds(text)
	if err != nil {
		n.Fail(err.Error(), seedsHint)
		return
	}
	s.Seeds = seeds
}

const seedsHint = "write 1..200, a number such as 7, a list such as [1, 5, 9], or auto"

// ParseSeeds reads seeds as flags and files have them: 7, 1..200, 1,5,9 or auto.
func ParseSeeds(text string) (Seeds, error) {
	text = strings.TrimSpace(text)
	if text == "auto" {
		return Seeds{Auto: true}, nil
	}
	var seeds Seeds
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "..")
		first, err := strconv.ParseUint(strings.TrimSpace(from), 10, 64)
		last := first
		if err == nil && isRange {
			last, err = strconv.ParseUint(strings.TrimSpace(to), 10, 64)
		}
		if err != nil {
			return Seeds{}, fmt.Errorf("%q is not a set of seeds", text)
		}
		if last < first {
			return Seeds{}, fmt.Errorf("%q runs backwards", part)
		}
		if last-first >= MaxSeeds || uint64(len(seeds.List))+(last-first) >= MaxSeeds {
			return Seeds{}, fmt.Errorf("%q is more than %d seeds", text, MaxSeeds)
		}
		for seed := first; ; seed++ {
			seeds.List = append(seeds.List, seed)
			if seed == last {
				break
			}
		}
	}
	if twice, ok := repeated(seeds.List); ok {
		return Seeds{}, fmt.Errorf("%q names seed %d twice", text, twice)
	}
	return seeds, nil
}

// repeated returns a seed that is in the list twice, if there is one.
func repeated(seeds []uint64) (uint64, bool) {
	sorted := slices.Sorted(slices.Values(seeds))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return sorted[i], true
		}
	}
	return 0, false
}

// String returns the seeds as they are written.
func (s Seeds) String() string {
	if s.Auto {
		return "auto"
	}
	var parts []string
	for i := 0; i < len(s.List); {
		j := i
		for j+1 < len(s.List) && s.List[j+1] == s.List[j]+1 {
			j++
		}
		part := strconv.FormatUint(s.List[i], 10)
		if j > i {
			part += ".." + strconv.FormatUint(s.List[j], 10)
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// MarshalStrict returns the seeds as they are written.
func (s SeedsSpec) MarshalStrict() any { return s.String() }

// StrictSchema describes seeds to editors.
func (SeedsSpec) StrictSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string", Pattern: `^(auto|\d+(\.\.\d+)?(,\s*\d+(\.\.\d+)?)*)$`},
		{Type: "integer"},
		{Type: "array", Items: &jsonschema.Schema{Type: "integer"}},
	}}
}

// seeds returns the seeds of the spec, or the default ones.
func (s SeedsSpec) seeds() Seeds {
	if !s.Auto && len(s.List) == 0 {
		seeds, _ := ParseSeeds(fmt.Sprintf("1..%d", defaultSeeds))
		return seeds
	}
	return s.Seeds
}

// lookup complains about a name that is in no catalogue.
func lookup(n *strict.Node, what string, known []string) {
	if n == nil {
		return
	}
	for _, name := range known {
		if n.Text() == name {
			return
		}
	}
	n.Unknown(what, known)
}

func findTopology(name string) (*net.Topology, error) {
	var known []string
	for _, p := range net.Presets {
		if p.Name == name {
			return p.Build(), nil
		}
		known = append(known, p.Name)
	}
	hint := ""
	if near, ok := strict.Nearest(name, known); ok {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, fmt.Errorf("there is no network %q%s (there are %s)", name, hint, strings.Join(known, ", "))
}

func siteNumbers(t *net.Topology, names []string) ([]int, error) {
	var numbers []int
	for _, name := range names {
		i, err := t.Site(name)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, i)
	}
	return numbers, nil
}

// A setting is one typed parameter of a catalogue entry, as it is read from a file.
type setting struct {
	name, doc string
	def       any // its type is the type of the setting
	min, max  any
	choices   []string
}

// rule returns the setting's bounds and choices.
func (p *setting) rule() strict.Rule {
	rule := strict.Rule{Doc: p.doc, OneOf: p.choices}
	if p.min != nil {
		rule.Min = written(p.min)
	} else if _, ok := p.def.(time.Duration); ok {
		rule.Min = "-24h" // offsets of clocks may be negative
	}
	if p.max != nil {
		rule.Max = written(p.max)
	}
	return rule
}

// decode reads the setting's value. It complains and returns nil if it is wrong.
func (p *setting) decode(n *strict.Node) any {
	switch p.def.(type) {
	case int:
		return decodeAs(n, p.rule(), func(v int) any { return v })
	case bool:
		return decodeAs(n, p.rule(), func(v bool) any { return v })
	case string:
		return decodeAs(n, p.rule(), func(v string) any { return v })
	case time.Duration:
		return decodeAs(n, p.rule(), func(v strict.Duration) any { return v.Std() })
	case float64:
		return decodeAs(n, p.rule(), func(v strict.Share) any { return float64(v) })
	case [][]string:
		return decodeAs(n, p.rule(), func(v [][]string) any { return v })
	}
	panic(fmt.Sprintf("experiments: setting %s has a default of type %T", p.name, p.def))
}

// schema describes the setting to editors.
func (p *setting) schema() *jsonschema.Schema {
	t := reflect.TypeOf(p.def)
	switch p.def.(type) {
	case time.Duration:
		t = reflect.TypeFor[strict.Duration]()
	case float64:
		t = reflect.TypeFor[strict.Share]()
	}
	rule := p.rule()
	if _, isList := p.def.([][]string); !isList {
		rule.Default, rule.HasDef = written(p.def), true
	}
	return strict.TypeSchema(t, rule)
}

// schemaOf returns the schema of a type that no tag bounds.
func schemaOf[T any]() *jsonschema.Schema {
	return strict.TypeSchema(reflect.TypeFor[T](), strict.Rule{})
}

// causeAndHint takes an error apart whose second line, if there is one, is the hint.
func causeAndHint(err error) (cause, hint string) {
	cause, hint, _ = strings.Cut(err.Error(), "\n  hint: ")
	return cause, hint
}

// written returns a value as it is written in a file.
func written(v any) string {
	switch v := v.(type) {
	case time.Duration:
		return strict.Duration(v).String()
	case float64:
		return strict.Share(v).String()
	}
	return fmt.Sprint(v)
}

func decodeAs[T any](n *strict.Node, rule strict.Rule, as func(T) any) any {
	var v T
	if !n.DecodeRule(&v, rule) {
		return nil
	}
	return as(v)
}

// decodeSettings reads the settings of a catalogue entry from the fields of a
// mapping, and returns those that are written. Fields in own are somebody else's.
func decodeSettings(pairs []strict.Pair, settings []setting, own ...string) map[string]any {
	values := map[string]any{}
	names := append([]string(nil), own...)
	for _, p := range settings {
		names = append(names, p.name)
	}
fields:
	for _, pair := range pairs {
		for _, name := range own {
			if pair.Key.Text() == name {
				continue fields
			}
		}
		for i := range settings {
			if p := &settings[i]; pair.Key.Text() == p.name {
				if v := p.decode(pair.Value); v != nil {
					values[p.name] = v
				}
				continue fields
			}
		}
		pair.Key.Unknown("field", names)
	}
	return values
}

package strict

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// Schemer is a type that knows its own schema, as a type that reads itself must. StrictSchema is called on a zero value.
type Schemer interface {
	StrictSchema() *jsonschema.Schema
}

// draft is the version of JSON Schema that is written.
const draft = "https://json-schema.org/draft/2020-12/schema"

// Schema returns the JSON Schema of the documents that decode into the struct that into points to, for editors: indented, fields in
// the order of the struct. The same type gives the same bytes.
func Schema(into any, title string) []byte {
	s := TypeSchema(target(into).Type(), Rule{})
	s.Schema, s.Title = draft, title
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("strict: the schema of %T cannot be written: %v", into, err))
	}
	return append(out, '\n')
}

// TypeSchema returns the schema of a type under a rule, for a [Schemer] that builds on others.
func TypeSchema(t reflect.Type, rule Rule) *jsonschema.Schema {
	return (&schemer{}).of(t, rule)
}

// schemer walks types. It keeps the structs on its way, since a struct within itself would have no end.
type schemer struct {
	open []reflect.Type
}

func (s *schemer) of(t reflect.Type, rule Rule) *jsonschema.Schema {
	if t.Kind() == reflect.Pointer && t != nodeType {
		return s.of(t.Elem(), rule)
	}
	out := s.shape(t, rule)
	out.Description = describeRule(out.Description, t, rule)
	if rule.HasDef {
		out.Default = constant("default", rule.Default).json()
	}
	return out
}

func (s *schemer) shape(t reflect.Type, rule Rule) *jsonschema.Schema {
	switch zero := reflect.New(t).Interface().(type) {
	case Schemer:
		return zero.StrictSchema()
	case ruled:
		return zero.schemaRuled(s, rule)
	case **Node:
		return &jsonschema.Schema{}
	case *Share:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "number", Minimum: jsonschema.Ptr(0.0), Maximum: jsonschema.Ptr(1.0)}, {Type: "string", Pattern: zero.pattern()},
		}}
	case unit:
		return &jsonschema.Schema{Type: "string", Pattern: signed(zero.pattern(), rule)}
	case Unmarshaler:
		panic(fmt.Sprintf("strict: %v reads itself and must have a method StrictSchema", t))
	}
	return s.kind(t, rule)
}

// signed returns a pattern without its minus sign, unless the rule lets the quantity be negative.
func signed(pattern string, rule Rule) string {
	if strings.HasPrefix(rule.Min, "-") {
		return pattern
	}
	return strings.Replace(pattern, "^-?", "^", 1)
}

func (s *schemer) kind(t reflect.Type, rule Rule) *jsonschema.Schema {
	switch t.Kind() {
	case reflect.Struct:
		return s.object(t)
	case reflect.Slice:
		return withLength(&jsonschema.Schema{Type: "array", Items: s.of(t.Elem(), rule.entry())}, rule)
	case reflect.Map:
		return mapSchema(s.of(t.Elem(), rule.entry()), rule)
	case reflect.String:
		return &jsonschema.Schema{Type: "string", Enum: enum(rule.OneOf)}
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &jsonschema.Schema{Type: "integer", Minimum: bound(rule.Min), Maximum: bound(rule.Max)}
	case reflect.Float64:
		return &jsonschema.Schema{Type: "number", Minimum: bound(rule.Min), Maximum: bound(rule.Max)}
	}
	panic(fmt.Sprintf("strict: %v has no schema", t))
}

func (s *schemer) object(t reflect.Type) *jsonschema.Schema {
	if slices.Contains(s.open, t) {
		panic(fmt.Sprintf("strict: %v holds itself and must have a method StrictSchema", t))
	}
	s.open = append(s.open, t)
	defer func() { s.open = s.open[:len(s.open)-1] }()
	out := &jsonschema.Schema{
		Type: "object", Properties: map[string]*jsonschema.Schema{},
		AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
	}
	for _, f := range fieldsOf(t) {
		out.Properties[f.name] = s.of(t.FieldByIndex(f.index).Type, f.rule)
		out.PropertyOrder = append(out.PropertyOrder, f.name)
		if f.required {
			out.Required = append(out.Required, f.name)
		}
	}
	return out
}

// mapSchema is a mapping with names of the user's choice.
func mapSchema(entry *jsonschema.Schema, rule Rule) *jsonschema.Schema {
	out := &jsonschema.Schema{Type: "object", AdditionalProperties: entry}
	if rule.MinItems > 0 {
		out.MinProperties = &rule.MinItems
	}
	if rule.MaxItems > 0 {
		out.MaxProperties = &rule.MaxItems
	}
	return out
}

func withLength(s *jsonschema.Schema, rule Rule) *jsonschema.Schema {
	if rule.MinItems > 0 {
		s.MinItems = &rule.MinItems
	}
	if rule.MaxItems > 0 {
		s.MaxItems = &rule.MaxItems
	}
	return s
}

func enum(choices []string) []any {
	var out []any
	for _, c := range choices {
		out = append(out, c)
	}
	return out
}

// bound returns a bound of a number; the walker has checked that it is one, whenever a value was held against it.
func bound(text string) *float64 {
	if text == "" {
		return nil
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil {
		panic(fmt.Sprintf("strict: the bound %q is not a number", text))
	}
	return &f
}

// describeRule returns the rule's doc, with the bounds of a quantity, which a schema cannot hold otherwise.
func describeRule(own string, t reflect.Type, rule Rule) string {
	text := rule.Doc
	if text == "" {
		text = own
	}
	if _, quantity := reflect.New(t).Interface().(unit); quantity && rule.Min+rule.Max != "" {
		text = strings.TrimSpace(text + " (" + strings.TrimPrefix(rule.rangeHint(), "write ") + ")")
	}
	return text
}

// json returns a value as JSON.
func (v *value) json() json.RawMessage {
	out, err := json.Marshal(v.plain())
	if err != nil {
		panic(fmt.Sprintf("strict: %s cannot be written as JSON: %v", v.kind, err))
	}
	return out
}

// plain returns a value as the types of encoding/json.
func (v *value) plain() any {
	switch v.kind {
	case Text:
		return v.text
	case Bool:
		return strings.EqualFold(v.text, "true")
	case Int, Float:
		return *bound(v.text)
	case List:
		out := make([]any, len(v.items))
		for i, item := range v.items {
			out[i] = item.plain()
		}
		return out
	case Mapping:
		out := map[string]any{}
		for _, p := range v.pairs {
			out[p.key] = p.value.plain()
		}
		return out
	}
	return nil
}

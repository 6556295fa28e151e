package experiments

import (
	"fmt"
	"maps"

	"github.com/google/jsonschema-go/jsonschema"

	"faultline/experiments/fault"
	"faultline/experiments/strict"
	"faultline/models"
	"faultline/models/store"
)

// ModelSpec is a store as it is written: raft, or {kind: raft, n: 5, prevote: false}.
type ModelSpec struct {
	Model  *store.Model
	N      int // replicas; 0: DefaultReplicas
	Label  string
	Mutant string
	Values store.Values // those that are written
}

// The fields of a store that are not parameters of its own.
const (
	fieldKind   = "kind"
	fieldN      = "n"
	fieldLabel  = "label"
	fieldMutant = "mutant"
)

// UnmarshalStrict reads the store and looks its parameters up in the catalogue.
func (s *ModelSpec) UnmarshalStrict(n *strict.Node) {
	if n.Kind() != strict.Mapping {
		if name, ok := n.Scalar("a store", "write its name, such as raft, or {kind: raft, n: 5}"); ok {
			s.find(n, name)
		}
		return
	}
	kind := n.Field(fieldKind)
	if kind == nil {
		n.Missing(fieldKind, "name the store, such as kind: raft")
		return
	}
	name, ok := kind.Scalar("the name of a store", "")
	if !ok || !s.find(kind, name) {
		return
	}
	pairs, _ := n.Pairs()
	s.Values = decodeSettings(pairs, modelSettings(s.Model), fieldKind, fieldN, fieldLabel, fieldMutant)
	s.decodeOwn(n)
}

// decodeOwn reads the fields that every store has.
func (s *ModelSpec) decodeOwn(n *strict.Node) {
	if f := n.Field(fieldN); f != nil {
		f.DecodeRule(&s.N, strict.Rule{Min: "1", Max: fmt.Sprint(MaxReplicas)})
	}
	if f := n.Field(fieldLabel); f != nil {
		f.Decode(&s.Label)
	}
	if f := n.Field(fieldMutant); f != nil && f.Decode(&s.Mutant) {
		var names []string
		for _, m := range s.Model.Mutants {
			names = append(names, m.Name)
		}
		lookup(f, "mutant of "+s.Model.Name, names)
	}
}

func (s *ModelSpec) find(n *strict.Node, name string) bool {
	s.Model = models.Find(name)
	if s.Model == nil {
		n.Unknown("store", models.Names())
	}
	return s.Model != nil
}

// replicas returns how many replicas there are.
func (s *ModelSpec) replicas() int {
	if s.N == 0 {
		return DefaultReplicas
	}
	return s.N
}

// MarshalStrict returns the store as it is written.
func (s ModelSpec) MarshalStrict() any {
	m := map[string]any{fieldKind: s.Model.Name, fieldN: s.replicas()}
	maps.Copy(m, s.Values)
	return m
}

// modelSettings returns a store's parameters as settings.
func modelSettings(m *store.Model) []setting {
	var settings []setting
	for _, p := range m.Params {
		settings = append(settings, settingOf(p))
	}
	return settings
}

func settingOf(p store.Param) setting {
	return setting{p.Name, p.Doc, p.Default, p.Min, p.Max, p.Choices}
}

// StrictSchema describes stores to editors, each with its parameters.
func (ModelSpec) StrictSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Description: "a store of the catalogue"}
	var names []any
	for _, m := range models.All {
		names = append(names, m.Name)
		s.AnyOf = append(s.AnyOf, modelSchema(m))
	}
	s.AnyOf = append([]*jsonschema.Schema{{Type: "string", Enum: names}}, s.AnyOf...)
	return s
}

func modelSchema(m *store.Model) *jsonschema.Schema {
	var name any = m.Name
	s := &jsonschema.Schema{
		Type: "object", Description: m.Summary, Required: []string{fieldKind},
		AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
		Properties: map[string]*jsonschema.Schema{
			fieldKind:  {Const: &name},
			fieldN:     {Type: "integer", Description: "number of replicas"},
			fieldLabel: {Type: "string", Description: "name in tables and charts"},
		},
		PropertyOrder: []string{fieldKind, fieldN, fieldLabel},
	}
	var mutants []any
	for _, mutant := range m.Mutants {
		mutants = append(mutants, mutant.Name)
	}
	addProperty(s, fieldMutant, &jsonschema.Schema{Enum: mutants, Description: "a bug to plant"})
	for _, p := range modelSettings(m) {
		addProperty(s, p.name, p.schema())
	}
	return s
}

func addProperty(s *jsonschema.Schema, name string, p *jsonschema.Schema) {
	s.Properties[name] = p
	s.PropertyOrder = append(s.PropertyOrder, name)
}

// FaultSpec is a fault as it is written: {halves: {at: 10s, for: 10s}}, or just its name.
type FaultSpec struct {
	fault.Fault
	at *strict.Node
}

// UnmarshalStrict reads the fault and looks its settings up in the catalogue.
func (s *FaultSpec) UnmarshalStrict(n *strict.Node) {
	s.at = n
	if n.Kind() != strict.Mapping {
		if name, ok := n.Scalar("a fault", "write its name with its settings, such as {halves: {at: 10s, for: 10s}}"); ok {
			s.find(n, name)
		}
		return
	}
	pair, ok := n.Single("a fault")
	if !ok || !s.find(pair.Key, pair.Key.Text()) || pair.Value.Kind() == strict.Null {
		return
	}
	if pairs, ok := pair.Value.Pairs(); ok {
		s.Values = decodeSettings(pairs, faultSettings(s.Kind))
	}
}

func (s *FaultSpec) find(n *strict.Node, name string) bool {
	kind, ok := fault.Find(name)
	if !ok {
		var names []string
		for _, k := range fault.All {
			names = append(names, k.Name)
		}
		n.Unknown("fault", names)
	}
	s.Kind = kind
	return ok
}

// MarshalStrict returns the fault as it is written.
func (s FaultSpec) MarshalStrict() any {
	values := map[string]any{}
	maps.Copy(values, s.Values)
	return map[string]any{s.Kind.Name: values}
}

func faultSettings(k *fault.Kind) []setting {
	var settings []setting
	for _, p := range k.Params {
		settings = append(settings, settingOf(p.Param))
	}
	return settings
}

// StrictSchema describes faults to editors, each with its settings.
func (FaultSpec) StrictSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Description: "a fault of the catalogue"}
	var names []any
	for _, k := range fault.All {
		names = append(names, k.Name)
		settings := &jsonschema.Schema{
			Type: "object", Description: k.Doc, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
			Properties: map[string]*jsonschema.Schema{},
		}
		for _, p := range faultSettings(k) {
			addProperty(settings, p.name, p.schema())
		}
		s.AnyOf = append(s.AnyOf, &jsonschema.Schema{
			Type: "object", Required: []string{k.Name}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
			Properties: map[string]*jsonschema.Schema{k.Name: settings},
		})
	}
	s.AnyOf = append([]*jsonschema.Schema{{Type: "string", Enum: names}}, s.AnyOf...)
	return s
}

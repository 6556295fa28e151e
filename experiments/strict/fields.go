package strict

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Rule bounds a value, as the tags of a field do. Bounds are written as the value itself is, such as "1ms" for a duration.
type Rule struct {
	Doc      string   // what the value is, for the schema
	Min, Max string   // bounds, inclusive; empty for none. Quantities with a unit are at least zero unless Min says otherwise
	OneOf    []string // the choices of a text; empty for any
	MinItems int      // least number of entries of a list or map
	MaxItems int      // greatest number of entries; 0 for any
	Default  string   // written as in the document; for hints and the schema
	HasDef   bool     // whether there is a default, which may be empty
}

// field is a field of a struct, as its tags describe it.
type field struct {
	name     string
	index    []int
	rule     Rule
	required bool
}

// fieldsOf returns the fields of a struct that are part of the document, in order.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("yaml")
		switch {
		case !ok || tag == "-":
		case tag == ",inline":
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				fields = append(fields, inner)
			}
		case !f.IsExported() || tag == "" || strings.Contains(tag, ","):
			panic(fmt.Sprintf("strict: field %s of %v: the tag yaml:%q needs an exported field and a plain name", f.Name, t, tag))
		default:
			fields = append(fields, newField(t, f, tag, i))
		}
	}
	return fields
}

func newField(t reflect.Type, f reflect.StructField, name string, i int) field {
	def, hasDef := f.Tag.Lookup("default")
	required := f.Tag.Get("required") == "true"
	if required && hasDef {
		panic(fmt.Sprintf("strict: field %s of %v is required and has a default", f.Name, t))
	}
	rule := Rule{
		Doc: f.Tag.Get("doc"), Min: f.Tag.Get("min"), Max: f.Tag.Get("max"), OneOf: splitChoices(f.Tag.Get("oneof")),
		MinItems: tagNumber(t, f, "minitems"), MaxItems: tagNumber(t, f, "maxitems"), Default: def, HasDef: hasDef,
	}
	return field{name: name, index: []int{i}, rule: rule, required: required}
}

func splitChoices(tag string) []string {
	if tag == "" {
		return nil
	}
	choices := strings.Split(tag, ",")
	for i := range choices {
		choices[i] = strings.TrimSpace(choices[i])
	}
	return choices
}

func tagNumber(t reflect.Type, f reflect.StructField, tag string) int {
	text := f.Tag.Get(tag)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("strict: field %s of %v: %s:%q is not a number", f.Name, t, tag, text))
	}
	return n
}

// Defaults fills the struct that into points to with the defaults of its tags, and its nested structs with theirs. Decode
// does so by itself; it is exported for structs that are not decoded at all, such as the settings of a fault named without any.
func Defaults(into any) { setDefaults(target(into)) }

// setDefaults is the one place where defaults are filled. Fields without one are left alone.
func setDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || readsItself(v) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		to := v.FieldByIndex(f.index)
		if f.rule.HasDef {
			f.rule.fill(f.name, to)
		} else {
			setDefaults(to)
		}
	}
}

// fill decodes a rule's default into v; a default that breaks its own rule is a programmer's error.
func (rule Rule) fill(name string, v reflect.Value) {
	r := &report{}
	n := &Node{v: constant("default", rule.Default), report: r}
	v.SetZero()
	n.decode(v, rule)
	if err := r.err(); err != nil {
		panic(fmt.Sprintf("strict: the default of field %s cannot be decoded: %v", name, err))
	}
}

// constants are the texts of the program that were parsed before: a sweep meets the same defaults in every cell.
var constants sync.Map // of *value by text

// constant parses a text of the program, such as a default; one that is not YAML is a programmer's error.
func constant(name, text string) *value {
	if known, ok := constants.Load(text); ok {
		return known.(*value)
	}
	v := parseConstant(name, text)
	constants.Store(text, v)
	return v
}

func parseConstant(name, text string) *value {
	src := &source{name: name, lines: splitLines(text), override: true}
	if text == "" {
		return &value{kind: Text, at: place{src: src}}
	}
	r := &report{}
	v := parse(src, []byte(text), r)
	if len(r.problems) > 0 {
		panic(fmt.Sprintf("strict: %s %q: %v", name, text, r.err()))
	}
	return v
}

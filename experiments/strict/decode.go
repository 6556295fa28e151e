package strict

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// decode fills v from the node by the type of v. It reports every mismatch and carries on.
func (n *Node) decode(v reflect.Value, rule Rule) {
	if n.v.kind == Broken {
		return
	}
	if v.Kind() == reflect.Pointer && v.Type() != nodeType {
		n.decodePointer(v, rule)
		return
	}
	switch into := v.Addr().Interface().(type) {
	case **Node:
		*into = n
		return
	case ruled:
		into.decodeRuled(n, rule)
		n.checkLength(v, rule)
		return
	case Unmarshaler:
		into.UnmarshalStrict(n)
		n.checkLength(v, rule)
		return
	case unit:
		n.decodeUnit(v, into, rule)
		return
	}
	n.decodeKind(v, rule)
}

func (n *Node) decodeKind(v reflect.Value, rule Rule) {
	switch v.Kind() {
	case reflect.Struct:
		n.decodeStruct(v)
	case reflect.Slice:
		n.decodeSlice(v, rule)
	case reflect.Map:
		n.decodeMap(v, rule)
	case reflect.String:
		n.decodeString(v, rule)
	case reflect.Bool:
		n.decodeBool(v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n.decodeInt(v, rule)
	case reflect.Float64:
		n.decodeFloat(v, rule)
	default:
		panic(fmt.Sprintf("strict: cannot decode into %v at %q", v.Type(), n.path))
	}
}

var (
	nodeType     = reflect.TypeFor[*Node]()
	timeDuration = reflect.TypeFor[time.Duration]()
)

// readsItself reports whether the type of v decides alone how it is read.
func readsItself(v reflect.Value) bool {
	switch v.Addr().Interface().(type) {
	case Unmarshaler, ruled, **Node, *Node, unit:
		return true
	}
	return false
}

func (n *Node) decodePointer(v reflect.Value, rule Rule) {
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
		setDefaults(v.Elem())
	}
	n.decode(v.Elem(), rule)
}

func (n *Node) decodeStruct(v reflect.Value) {
	fields := fieldsOf(v.Type())
	if n.v.kind != Mapping {
		n.mismatch(Mapping.String(), fieldsHint(fields))
		return
	}
	before := len(n.report.problems)
	excused := n.decodeFields(v, fields)
	for _, f := range fields {
		if f.required && n.v.find(f.name) < 0 && !excused[f.name] {
			n.Missing(f.name, f.missingHint())
		}
	}
	if c, ok := v.Addr().Interface().(Checker); ok && len(n.report.problems) == before {
		c.CheckStrict(n)
	}
}

// decodeFields fills the fields that the mapping names. It returns the fields that an unknown name was probably meant to
// be, which are not missing as well.
func (n *Node) decodeFields(v reflect.Value, fields []field) (excused map[string]bool) {
	excused = map[string]bool{}
	names := namesOf(fields)
	pairs, _ := n.Pairs()
	for _, p := range pairs {
		i := indexOf(names, p.Key.Text())
		if i < 0 {
			p.Key.Unknown("field", names)
			near, _ := Nearest(p.Key.Text(), names)
			excused[near] = true
			continue
		}
		p.Value.decode(v.FieldByIndex(fields[i].index), fields[i].rule)
	}
	return excused
}

func namesOf(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

func indexOf(names []string, name string) int {
	for i, candidate := range names {
		if candidate == name {
			return i
		}
	}
	return -1
}

func fieldsHint(fields []field) string {
	if len(fields) == 0 {
		return "it has no fields: write {}"
	}
	return "write its fields: " + strings.Join(namesOf(fields), ", ")
}

func (f field) missingHint() string {
	hint := "add \"" + f.name + ": ...\""
	if len(f.rule.OneOf) > 0 {
		hint += ", one of " + strings.Join(f.rule.OneOf, ", ")
	} else if f.rule.Doc != "" {
		hint += " (" + f.rule.Doc + ")"
	}
	return hint
}

func (n *Node) decodeSlice(v reflect.Value, rule Rule) {
	items, ok := n.Items()
	if !ok {
		return
	}
	entries := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		setDefaults(entries.Index(i))
		item.decode(entries.Index(i), rule.entry())
	}
	v.Set(entries)
	n.checkLength(v, rule)
}

func (n *Node) decodeMap(v reflect.Value, rule Rule) {
	if v.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("strict: cannot decode into %v at %q: keys are strings", v.Type(), n.path))
	}
	pairs, ok := n.Pairs()
	if !ok {
		return
	}
	entries := reflect.MakeMapWithSize(v.Type(), len(pairs))
	for _, p := range pairs {
		entry := reflect.New(v.Type().Elem()).Elem()
		setDefaults(entry)
		p.Value.decode(entry, rule.entry())
		entries.SetMapIndex(reflect.ValueOf(p.Key.Text()).Convert(v.Type().Key()), entry)
	}
	v.Set(entries)
	n.checkLength(v, rule)
}

// entry is the rule for the entries of a list or map.
func (rule Rule) entry() Rule {
	return Rule{Min: rule.Min, Max: rule.Max, OneOf: rule.OneOf}
}

// checkLength holds a list or map to its least and greatest number of entries.
func (n *Node) checkLength(v reflect.Value, rule Rule) {
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Map {
		return
	}
	switch {
	case v.Len() < rule.MinItems:
		n.Fail(fmt.Sprintf("has %s, at least %d needed", count(v.Len(), "entry", "entries"), rule.MinItems), "add what is missing, or delete the field")
	case rule.MaxItems > 0 && v.Len() > rule.MaxItems:
		n.Fail(fmt.Sprintf("has %s, at most %d allowed", count(v.Len(), "entry", "entries"), rule.MaxItems), "delete what is not needed")
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (n *Node) decodeString(v reflect.Value, rule Rule) {
	switch n.v.kind {
	case Text:
		n.chooseText(v, rule)
	case Bool, Int, Float:
		hint := fmt.Sprintf("put it in quotes: %q", n.excerptText())
		if len(rule.OneOf) > 0 {
			hint = suggest(n.v.text, rule.OneOf)
		}
		n.Fail(fmt.Sprintf("%s is %s, not text", n.describe(), n.v.kind), hint)
	default:
		n.mismatch("text", "")
	}
}

func (n *Node) chooseText(v reflect.Value, rule Rule) {
	if len(rule.OneOf) > 0 && indexOf(rule.OneOf, n.v.text) < 0 {
		n.Fail(n.describe()+" is not one of the choices", choices(n.v.text, rule.OneOf))
		return
	}
	v.SetString(n.v.text)
}

// choices is a hint that names the likely choice and all of them.
func choices(word string, among []string) string {
	hint := suggest(word, among)
	if _, near := Nearest(word, among); near && len(among) <= longestList {
		hint += " The choices are " + strings.Join(among, ", ")
	}
	return hint
}

func (n *Node) decodeBool(v reflect.Value) {
	word := strings.ToLower(n.v.text)
	switch {
	case n.v.kind == Bool:
		v.SetBool(word == "true")
	case n.v.kind == Text && (word == "yes" || word == "on"):
		n.mismatch("true or false", "did you mean true?")
	case n.v.kind == Text && (word == "no" || word == "off"):
		n.mismatch("true or false", "did you mean false?")
	default:
		n.mismatch("true or false", "write true or false, without quotes")
	}
}

// wholeNumber is how whole numbers are written: decimal, with underscores between digits if that helps.
var wholeNumber = regexp.MustCompile(`^[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)$`)

func (n *Node) decodeInt(v reflect.Value, rule Rule) {
	if v.Type() == timeDuration {
		panic(fmt.Sprintf("strict: cannot decode into time.Duration at %q: use strict.Duration", n.path))
	}
	if n.v.kind != Int && n.v.kind != Float || !wholeNumber.MatchString(n.v.text) {
		n.mismatch("a whole number", n.wholeHint())
		return
	}
	i, err := strconv.ParseInt(strings.ReplaceAll(n.v.text, "_", ""), 10, v.Type().Bits())
	if err != nil {
		n.Fail(n.describe()+" is too large", fmt.Sprintf("write a number of at most %d bits", v.Type().Bits()-1))
		return
	}
	v.SetInt(i)
	n.checkRange(v, rule)
}

// wholeHint guesses the whole number that was meant.
func (n *Node) wholeHint() string {
	const exact = 1 << 53 // beyond it a float has no fraction to lose
	f, err := strconv.ParseFloat(strings.ReplaceAll(n.v.text, "_", ""), 64)
	switch {
	case err != nil || n.v.kind == List || n.v.kind == Mapping:
		return "write digits, such as 5"
	case n.v.kind == Text:
		return "remove the quotes"
	case f == math.Trunc(f) && math.Abs(f) < exact:
		return fmt.Sprintf("did you mean %d?", int64(f))
	}
	return "write it without a fraction"
}

func (n *Node) decodeFloat(v reflect.Value, rule Rule) {
	f, err := strconv.ParseFloat(strings.ReplaceAll(n.v.text, "_", ""), 64)
	switch {
	case n.v.kind != Float && n.v.kind != Int:
		hint := "write digits, such as 0.5"
		if err == nil {
			hint = "remove the quotes"
		}
		n.mismatch("a number", hint)
	case err != nil || math.IsInf(f, 0) || math.IsNaN(f):
		n.Fail(n.describe()+" is not a finite decimal number", "write digits, such as 0.5")
	default:
		v.SetFloat(f)
		n.checkRange(v, rule)
	}
}

func (n *Node) decodeUnit(v reflect.Value, into unit, rule Rule) {
	switch n.v.kind {
	case Text, Int, Float:
	default:
		n.mismatch(into.what(), into.example())
		return
	}
	if c := into.parse(n.v.text); c != nil {
		n.Fail(c.cause, c.hint)
		return
	}
	n.checkRange(v, rule)
}

// checkRange holds a number or quantity to its bounds. Quantities below zero need a bound that allows them.
func (n *Node) checkRange(v reflect.Value, rule Rule) {
	_, quantity := v.Addr().Interface().(unit)
	switch {
	case rule.Min != "" && compare(v, rule.bound(rule.Min, v.Type())) < 0:
		n.Fail(n.describe()+" is below the minimum of "+rule.Min, rule.rangeHint())
	case rule.Max != "" && compare(v, rule.bound(rule.Max, v.Type())) > 0:
		n.Fail(n.describe()+" is above the maximum of "+rule.Max, rule.rangeHint())
	case rule.Min == "" && quantity && compare(v, reflect.Zero(v.Type())) < 0:
		n.Fail(n.describe()+" is below zero", "write zero or more")
	}
}

// bound reads a bound as a value of the type that it bounds; one that cannot be read is a programmer's error.
func (rule Rule) bound(text string, t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	r := &report{}
	n := &Node{v: constant("bound", text), report: r}
	if u, ok := v.Addr().Interface().(unit); ok {
		if c := u.parse(text); c != nil {
			n.Fail(c.cause, c.hint)
		}
	} else {
		n.decode(v, Rule{})
	}
	if err := r.err(); err != nil {
		panic(fmt.Sprintf("strict: the bound %q cannot be read as %v: %v", text, t, err))
	}
	return v
}

func compare(a, b reflect.Value) int {
	if a.CanFloat() {
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(a.Int(), b.Int())
}

func (rule Rule) rangeHint() string {
	switch {
	case rule.Min != "" && rule.Min == rule.Max:
		return "write " + rule.Min
	case rule.Min != "" && rule.Max != "":
		return fmt.Sprintf("write a value from %s to %s", rule.Min, rule.Max)
	case rule.Min != "":
		return "write at least " + rule.Min
	case rule.Max != "":
		return "write at most " + rule.Max
	}
	return ""
}

package strict

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Kind is the shape of a node.
type Kind uint8

// The kinds of nodes. Int, Float and Bool are unquoted scalars that YAML 1.2 reads so; every other scalar is Text.
const (
	Broken Kind = iota // a problem was reported already; say nothing more about it
	Null               // nothing written, or null, or ~
	Bool
	Int
	Float
	Text
	List
	Mapping
)

// String returns the kind as it is called in messages, with its article.
func (k Kind) String() string {
	return [...]string{"unreadable", "nothing", "true or false", "a whole number", "a number", "text", "a list", "a mapping"}[k]
}

// value is a node of a document's tree. Values are never changed once built, so documents share them.
type value struct {
	kind  Kind
	text  string // a scalar as written, without quotes
	pairs []pair
	items []*value
	at    place
}

type pair struct {
	key   string
	keyAt place
	value *value
}

// find returns the position of a key among the pairs of v, or -1.
func (v *value) find(key string) int {
	for i, p := range v.pairs {
		if p.key == key {
			return i
		}
	}
	return -1
}

// Node is a value of a document, met on a path. It is what an [Unmarshaler] reads and what it complains about.
type Node struct {
	v      *value
	path   string
	owner  *place // where the field that holds this value is named, if there is one
	isKey  bool
	report *report
}

// Pair is one field of a mapping. Key is a node as well, so that a wrong name can be reported where it stands.
type Pair struct {
	Key, Value *Node
}

// Kind returns the shape of the node.
func (n *Node) Kind() Kind { return n.v.kind }

// Text returns a scalar as written, without quotes; it is empty for null, lists and mappings.
func (n *Node) Text() string { return n.v.text }

// Path returns where the node is in the document, such as faults[0].partition.for; it is empty for the whole document.
func (n *Node) Path() string { return n.path }

// Line returns the node's line, counted from 1, or 0 if it came from no file.
func (n *Node) Line() int { return n.v.at.problem("", "", "").Line }

// Col returns the node's column in characters, counted from 1, or 0 if it came from no file.
func (n *Node) Col() int { return n.v.at.problem("", "", "").Col }

// Scalar returns the text of a scalar as written. For anything else it reports that what (such as "a model's name") is
// expected, and returns false.
func (n *Node) Scalar(what, hint string) (string, bool) {
	switch n.v.kind {
	case Bool, Int, Float, Text:
		return n.v.text, true
	}
	n.mismatch(what, hint)
	return "", false
}

// Pairs returns the fields of a mapping in the order written. For anything else it reports the mismatch and returns false.
func (n *Node) Pairs() ([]Pair, bool) {
	if n.v.kind != Mapping {
		n.mismatch(Mapping.String(), "write fields, such as {name: value}")
		return nil, false
	}
	pairs := make([]Pair, len(n.v.pairs))
	for i := range pairs {
		pairs[i] = n.pair(i)
	}
	return pairs, true
}

func (n *Node) pair(i int) Pair {
	p := &n.v.pairs[i]
	path := joinField(n.path, p.key)
	return Pair{
		Key:   &Node{v: &value{kind: Text, text: p.key, at: p.keyAt}, path: path, isKey: true, report: n.report},
		Value: &Node{v: p.value, path: path, owner: &p.keyAt, report: n.report},
	}
}

// Single returns the only field of a mapping that has one field, such as {partition: {...}}, where the name chooses the kind.
// For anything else it reports that one what (such as "a fault") is expected and returns false.
func (n *Node) Single(what string) (Pair, bool) {
	switch {
	case n.v.kind != Mapping:
		n.mismatch(what, fmt.Sprintf("write %s as {name: {...}}", what))
		return Pair{}, false
	case len(n.v.pairs) != 1:
		n.Fail(fmt.Sprintf("%s has one name, here are %d", what, len(n.v.pairs)), "start a new entry with \"- \" for each; indent what belongs to one")
		return Pair{}, false
	}
	return n.pair(0), true
}

// Items returns the entries of a list. For anything else it reports the mismatch and returns false.
func (n *Node) Items() ([]*Node, bool) {
	if n.v.kind != List {
		n.mismatch(List.String(), "write it as a list: ["+n.excerptText()+"]")
		return nil, false
	}
	items := make([]*Node, len(n.v.items))
	for i, v := range n.v.items {
		items[i] = &Node{v: v, path: joinIndex(n.path, i), report: n.report}
	}
	return items, true
}

// Field returns a field of a mapping, or nil if there is none.
func (n *Node) Field(name string) *Node {
	i := n.v.find(name)
	if i < 0 {
		return nil
	}
	return n.pair(i).Value
}

// At returns the node at a path below n, or nil if there is none. The path is as in [Node.Path]; a malformed one is a programmer's error.
func (n *Node) At(path string) *Node {
	steps, cause := parsePath(path)
	if cause != "" {
		panic(fmt.Sprintf("strict: path %q: %s", path, cause))
	}
	for _, s := range steps {
		if n = n.step(s); n == nil {
			return nil
		}
	}
	return n
}

func (n *Node) step(s step) *Node {
	if !s.indexed {
		return n.Field(s.name)
	}
	if n.v.kind != List || s.index >= len(n.v.items) {
		return nil
	}
	items, _ := n.Items()
	return items[s.index]
}

// Decode fills into, a pointer, from the node and returns true if there was nothing to complain about.
func (n *Node) Decode(into any) bool { return n.DecodeRule(into, Rule{}) }

// DecodeRule is Decode with the bounds and choices that a field's tags would give, for catalogues that describe their
// parameters in data.
func (n *Node) DecodeRule(into any, rule Rule) bool {
	if n.report == nil {
		panic(fmt.Sprintf("strict: node %q comes from Doc.At, which is for reading: use Doc.DecodeAt", n.path))
	}
	before := len(n.report.problems)
	v := target(into)
	setDefaults(v)
	n.decode(v, rule)
	return len(n.report.problems) == before
}

// Fail reports a problem with the node: the cause, and the remedy, which may be empty. It may only be called while the
// document is being decoded, from UnmarshalStrict or CheckStrict.
func (n *Node) Fail(cause, hint string) {
	if n.v.kind != Broken {
		n.report.add(n.v.at, n.path, cause, hint)
	}
}

// Problem returns a problem with the node as an error, for what is found only after the document was decoded.
func (n *Node) Problem(cause, hint string) Problem {
	return n.v.at.problem(n.path, cause, hint).withExcerpt()
}

// Unknown reports that the node, a field's name or a scalar, is not among the allowed ones; what says what it should name,
// such as "field" or "store". The hint is the nearest allowed name, or the list of them.
func (n *Node) Unknown(what string, allowed []string) {
	cause := "unknown " + what
	if !n.isKey {
		cause += " " + n.describe()
	}
	n.Fail(cause, suggest(n.v.text, allowed))
}

// FailField reports a problem with a field of the mapping where it is written; a field that was left to its default is
// complained about where the mapping's own name stands. Rules that span several fields use it, for the value they turn
// down may be one that nobody wrote.
func (n *Node) FailField(field, cause, hint string) {
	if f := n.Field(field); f != nil {
		f.Fail(cause, hint)
		return
	}
	n.failAbsent(field, cause, hint)
}

// Missing reports that the mapping lacks a field, where the mapping's own name stands.
func (n *Node) Missing(field, hint string) { n.failAbsent(field, "missing", hint) }

// failAbsent reports a problem with a field that is not written.
func (n *Node) failAbsent(field, cause, hint string) {
	at := n.v.at
	if n.owner != nil {
		at = *n.owner
	}
	n.report.add(at, joinField(n.path, field), cause, hint)
}

// mismatch reports that the node is not what is expected, such as "a duration".
func (n *Node) mismatch(expected, hint string) {
	switch {
	case n.v.kind == Null && n.path == "":
		n.Fail("the file is empty", hint)
		return
	case n.v.kind == Null:
		n.Fail("has no value", fmt.Sprintf("write %s, or delete the line", expected))
		return
	}
	n.Fail(fmt.Sprintf("%s is not %s", n.describe(), expected), hint)
}

// longestQuote is how much of a value is quoted in a message, in characters.
const longestQuote = 40

// describe returns the node as it is called in messages: a scalar's text, or its kind.
func (n *Node) describe() string {
	switch n.v.kind {
	case Text:
		return strconv.Quote(shorten(n.v.text))
	case Bool, Int, Float:
		return shorten(n.v.text)
	}
	return n.v.kind.String()
}

// excerptText returns the node as it could stand in a suggested correction.
func (n *Node) excerptText() string {
	if n.v.text == "" || utf8.RuneCountInString(n.v.text) > longestQuote {
		return "..."
	}
	return printable(n.v.text)
}

func shorten(text string) string {
	if r := []rune(text); len(r) > longestQuote {
		return string(r[:longestQuote]) + "..."
	}
	return text
}

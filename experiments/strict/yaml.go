package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// This file is the only one that knows the YAML library: it turns text into our tree and our tree into text.

// parse returns the tree of the one document in data, or nil after reporting why there is none.
func parse(src *source, data []byte, r *report) *value {
	if !plausible(src, data, r) {
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys(false))
	if err != nil {
		panic(fmt.Sprintf("strict: the YAML library refuses its options: %v", err))
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		syntaxProblem(src, err, r)
		return nil
	}
	if err := loader.Load(&second); err == nil {
		r.add(place{src, second.Line, second.Column}, "", "a second document starts here", "keep one document per file; delete the line \"---\"")
		return nil
	} else if !errors.Is(err, io.EOF) {
		syntaxProblem(src, err, r)
		return nil
	}
	return build(src, &doc, r)
}

// emptyHint is the remedy for a file in which nothing is written.
const emptyHint = "is this the right file?"

// syntaxProblem reports what the library found wrong with the text.
func syntaxProblem(src *source, err error, r *report) {
	var load *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
		r.add(place{src, 1, 1}, "", "the file is empty", emptyHint)
	case errors.As(err, &load):
		at := place{src, load.Mark.Line, load.Mark.Column}
		opened := place{src, load.ContextMark.Line, load.ContextMark.Column}
		if load.ContextMark.Line == 0 {
			opened = at
		}
		explainSyntax(syntaxError{message: load.Message, at: at, opened: opened}, r)
	default:
		r.add(place{src, 1, 1}, "", err.Error(), "")
	}
}

// builder turns the library's nodes into values, and reports what YAML allows and we do not.
type builder struct {
	src    *source
	report *report
	values int                 // made so far
	open   map[*yaml.Node]bool // anchors that are being expanded
	full   bool                // MaxValues was reported
}

func build(src *source, doc *yaml.Node, r *report) *value {
	b := &builder{src: src, report: r, open: map[*yaml.Node]bool{}}
	if len(doc.Content) == 0 {
		r.add(place{src, 1, 1}, "", "the file is empty", emptyHint)
		return nil
	}
	return b.value(doc.Content[0], "", 0)
}

func (b *builder) place(n *yaml.Node) place { return place{b.src, n.Line, n.Column} }

// broken reports a problem with a node and returns the value that keeps everyone else silent about it.
func (b *builder) broken(n *yaml.Node, path, cause, hint string) *value {
	b.report.add(b.place(n), path, cause, hint)
	return &value{kind: Broken, at: b.place(n)}
}

func (b *builder) value(n *yaml.Node, path string, depth int) *value {
	b.values++
	switch {
	case b.full:
		return &value{kind: Broken, at: b.place(n)}
	case b.values > MaxValues:
		b.full = true
		return b.broken(n, path, fmt.Sprintf("the document has more than %d values", MaxValues), "is this the right file? Every use of an alias (*name) counts as a copy")
	case depth > MaxDepth:
		return b.broken(n, path, fmt.Sprintf("nested more than %d deep", MaxDepth), "is this the right file?")
	case n.Kind == yaml.AliasNode:
		return b.alias(n, path, depth)
	case n.Style&yaml.TaggedStyle != 0:
		return b.broken(n, path, fmt.Sprintf("the tag %q is not understood", shorten(n.Tag)), "delete it; to write text that starts with !, put it in quotes")
	}
	switch n.Kind {
	case yaml.MappingNode:
		return b.mapping(n, path, depth)
	case yaml.SequenceNode:
		return b.list(n, path, depth)
	}
	return b.scalar(n)
}

// alias copies what the anchor stands for. The copies are counted, so aliases of aliases cannot fill the memory.
func (b *builder) alias(n *yaml.Node, path string, depth int) *value {
	if b.open[n.Alias] {
		return b.broken(n, path, fmt.Sprintf("*%s stands inside what it stands for", shorten(n.Value)), "write the value out")
	}
	return b.value(n.Alias, path, depth)
}

func (b *builder) list(n *yaml.Node, path string, depth int) *value {
	b.open[n] = true
	defer delete(b.open, n)
	v := &value{kind: List, at: b.place(n)}
	for i := 0; i < len(n.Content); i++ {
		item := b.value(n.Content[i], joinIndex(path, i), depth+1)
		if last, joined := b.commaTrap(n, i, 1); last > i {
			b.trapped(n.Content[i], joinIndex(path, i), joined)
			item.text, item.kind, i = joined, Text, last
		}
		v.items = append(v.items, item)
	}
	return v
}

func (b *builder) mapping(n *yaml.Node, path string, depth int) *value {
	b.open[n] = true
	defer delete(b.open, n)
	v := &value{kind: Mapping, at: b.place(n)}
	seen := map[string]int{} // lines of the names so far
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		name, ok := b.key(key, path)
		item := b.value(content, joinField(path, name), depth+1)
		if last, joined := b.commaTrap(n, i+1, 2); last > i+1 {
			b.trapped(content, joinField(path, name), joined)
			item.text, item.kind, i = joined, Text, last-1
		}
		if ok && !b.duplicate(seen, key, name, path) {
			v.pairs = append(v.pairs, pair{key: name, keyAt: b.place(key), value: item})
		}
	}
	return v
}

// key returns a field's name, or reports why it cannot be one.
func (b *builder) key(key *yaml.Node, path string) (name string, ok bool) {
	switch {
	case key.Kind == yaml.AliasNode:
		b.broken(key, path, "an alias cannot be a field's name", "write the name out")
	case key.Kind != yaml.ScalarNode:
		b.broken(key, path, "a list or mapping cannot be a field's name", "put text that starts with { or [ in quotes")
	case key.ShortTag() == mergeTag:
		b.broken(key, path, "merge keys (<<) are not supported", "write the fields out")
	case b.scalar(key).kind != Text:
		b.broken(key, path, fmt.Sprintf("a field's name is text, not %s", b.scalar(key).kind), fmt.Sprintf("put it in quotes: %q", shorten(key.Value)))
	default:
		return key.Value, true
	}
	return "", false
}

// duplicate reports a field that the mapping has already.
func (b *builder) duplicate(seen map[string]int, key *yaml.Node, name, path string) bool {
	first, twice := seen[name]
	if twice {
		b.broken(key, joinField(path, name), fmt.Sprintf("written twice, first in line %d", first), "delete one of the two")
		return true
	}
	seen[name] = key.Line
	return false
}

// commaTrap finds the end of a value such as lognormal(5ms, 0.4) that stands without quotes between braces or
// brackets, where YAML ends it at the comma and reads the rest as the next entries. It returns the position of the last of
// them, step apart, and the text as it was meant; last is i if there is no trap.
func (b *builder) commaTrap(n *yaml.Node, i, step int) (last int, joined string) {
	const mostArguments, longestCall = 10, 200 // beyond them it is no call that anyone wrote
	first := n.Content[i]
	if len(first.Value) > longestCall || n.Style&yaml.FlowStyle == 0 || !plain(first) || strings.Count(first.Value, "(") <= strings.Count(first.Value, ")") {
		return i, ""
	}
	joined = first.Value
	for j := i + step; j < len(n.Content) && j <= i+step*mostArguments; j += step {
		part := n.Content[j-step+1] // the entry itself, or the name of a field without a value
		if len(joined)+len(part.Value) > longestCall || !plain(part) || step == 2 && n.Content[j].ShortTag() != nullTag {
			return i, ""
		}
		joined += ", " + part.Value
		if strings.Count(joined, "(") == strings.Count(joined, ")") {
			return j, joined
		}
	}
	return i, ""
}

// plain reports whether a node is a scalar without quotes.
func plain(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Style == 0 }

func (b *builder) trapped(n *yaml.Node, path, joined string) {
	b.report.add(b.place(n), path, "the comma ends the value here, between braces or brackets", fmt.Sprintf("put it in quotes: %q", shorten(joined)))
}

// Tags that the library gives to scalars.
const (
	nullTag  = "!!null"
	boolTag  = "!!bool"
	intTag   = "!!int"
	floatTag = "!!float"
	textTag  = "!!str"
	mergeTag = "!!merge"
)

var kindOfTag = map[string]Kind{nullTag: Null, boolTag: Bool, intTag: Int, floatTag: Float}

func (b *builder) scalar(n *yaml.Node) *value {
	kind, ok := kindOfTag[n.ShortTag()]
	if !ok {
		kind = Text // also what YAML would read as a date
	}
	v := &value{kind: kind, text: n.Value, at: b.place(n)}
	if kind == Null {
		v.text = ""
	}
	return v
}

// dump returns a tree as YAML in block style, two spaces deep.
func dump(v *value) []byte {
	out, err := yaml.Dump(toYAML(v), yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		panic(fmt.Sprintf("strict: the YAML library cannot write %s: %v", v.kind, err))
	}
	return out
}

func toYAML(v *value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: v.text}
	switch v.kind {
	case Mapping:
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		for _, p := range v.pairs {
			n.Content = append(n.Content, textNode(p.key), toYAML(p.value))
		}
	case List:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range v.items {
			n.Content = append(n.Content, toYAML(item))
		}
	case Text:
		return textNode(v.text)
	case Null, Broken:
		n.Tag, n.Value = nullTag, "null"
	case Bool:
		n.Tag = boolTag
	case Int:
		n.Tag = intTag
	case Float:
		n.Tag = floatTag
	}
	return n
}

// textNode leaves a text without quotes only if every reader would take it for the same text.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: textTag, Value: text}
	if !harmless.MatchString(text) || ambiguous[strings.ToLower(text)] {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

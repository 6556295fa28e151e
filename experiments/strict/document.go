package strict

import (
	"fmt"
	"slices"
	"strings"
)

// Doc is a parsed document. Its values are never changed in place: Set, Put and Drop replace the way down to a value, so a
// Clone costs nothing and one document may be decoded by several goroutines.
type Doc struct {
	root  *value
	found []Problem // mistakes found while parsing that Decode reports with its own
	sets  int       // overrides so far, which orders their problems
}

// Clone returns a copy that Set, Put and Drop can change without touching d.
func (d *Doc) Clone() *Doc {
	c := *d
	c.found = slices.Clone(d.found)
	return &c
}

// Decode fills into, a pointer to a struct, and returns nil or an [*Errors] with every problem of the document. After an
// error, into is filled as far as the document allowed.
func (d *Doc) Decode(into any) error {
	r := &report{problems: slices.Clone(d.found)}
	d.node(r).Decode(into)
	return r.err()
}

// DecodeAt is Decode for one part of the document, such as its sweep, before the rest can be judged. A path where nothing is
// written fills into with its defaults. Mistakes of the parser are left to Decode.
func (d *Doc) DecodeAt(path string, into any) error {
	r := &report{}
	n := d.node(r).At(path)
	if n == nil {
		setDefaults(target(into))
		return nil
	}
	n.Decode(into)
	return r.err()
}

// At returns the node at a path such as faults[0].partition, or nil if nothing is written there. The node is for
// reading and for Put; its problems are made with [Node.Problem].
func (d *Doc) At(path string) *Node { return d.node(nil).At(path) }

// Root returns the whole document as a node, for problems with all of it.
func (d *Doc) Root() *Node { return d.node(nil) }

func (d *Doc) node(r *report) *Node { return &Node{v: d.root, report: r} }

// Set overrides a value: an assignment such as model.n=5 or faults[0].partition.for=10s, its right side YAML. Problems
// with the value are reported by Decode under the name "--set model.n=5"; a path that cannot be followed is reported at once.
// Mappings on the way are made as needed.
func (d *Doc) Set(assignment string) error {
	d.sets++
	path, text, ok := strings.Cut(assignment, "=")
	src := &source{name: "--set " + printable(assignment), lines: splitLines(text), override: true, rank: d.sets}
	at := place{src: src}
	if !ok {
		return Join(at.problem("", "has no \"=\"", "write path=value, such as model.n=5"))
	}
	r := &report{}
	v := &value{kind: Null, at: at}
	if strings.TrimSpace(text) != "" {
		v = parse(src, []byte(text), r)
	}
	if len(r.problems) > 0 {
		return r.err()
	}
	return d.replace(path, at, v)
}

// Put replaces the value at a path by a value written elsewhere in the document, such as in its sweep. The path is the
// text of a scalar node or of a mapping's key. Problems with the value, or with the path's last name, are reported where the two nodes stand.
func (d *Doc) Put(path, n *Node) error { return d.replace(path.v.text, path.v.at, n.v) }

// PutAt is Put for a path that is not written in the document. Problems are reported where the value stands.
func (d *Doc) PutAt(path string, n *Node) error { return d.replace(path, n.v.at, n.v) }

// Drop removes the value at a path, if there is one. A malformed path is a programmer's error.
func (d *Doc) Drop(path string) {
	steps, cause := parsePath(path)
	if cause != "" {
		panic(fmt.Sprintf("strict: path %q: %s", path, cause))
	}
	if d.At(path) != nil {
		d.root = d.root.without(steps)
	}
}

func (d *Doc) replace(path string, at place, v *value) error {
	steps, cause := parsePath(path)
	if cause != "" {
		return Join(at.problem("", cause, "write names with dots and indices, such as model.n or faults[0].partition.for"))
	}
	edit := edit{at: at, value: v}
	root := edit.apply(d.root, "", steps)
	if root == nil {
		return Join(*edit.problem)
	}
	d.root = root
	return nil
}

// edit is one replacement on its way down the tree.
type edit struct {
	at      place
	value   *value
	problem *Problem
}

// apply returns v with the value below it replaced, or nil after setting the problem.
func (e *edit) apply(v *value, path string, steps []step) *value {
	switch {
	case len(steps) == 0:
		return e.value
	case steps[0].indexed:
		return e.applyIndex(v, path, steps)
	}
	return e.applyName(v, path, steps)
}

func (e *edit) applyName(v *value, path string, steps []step) *value {
	name := steps[0].name
	if v.kind == Null {
		v = &value{kind: Mapping, at: e.at}
	}
	if v.kind != Mapping {
		return e.fail(path, fmt.Sprintf("has no field %q: it is %s", shorten(name), v.kind), "set the whole of it instead")
	}
	i := v.find(name)
	below := &value{kind: Null, at: e.at}
	if i >= 0 {
		below = v.pairs[i].value
	}
	below = e.apply(below, joinField(path, name), steps[1:])
	if below == nil {
		return nil
	}
	changed := *v
	changed.pairs = slices.Clone(v.pairs)
	if i < 0 {
		changed.pairs = append(changed.pairs, pair{key: name, keyAt: e.at, value: below})
	} else {
		changed.pairs[i].value = below
	}
	return &changed
}

func (e *edit) applyIndex(v *value, path string, steps []step) *value {
	i := steps[0].index
	switch {
	case v.kind != List:
		return e.fail(path, fmt.Sprintf("has no entry %d: it is %s", i, v.kind), "leave the index out, or set the whole of it")
	case i >= len(v.items):
		return e.fail(path, fmt.Sprintf("has no entry %d: it has %d, counted from 0", i, len(v.items)), "set the whole list instead")
	}
	below := e.apply(v.items[i], joinIndex(path, i), steps[1:])
	if below == nil {
		return nil
	}
	changed := *v
	changed.items = slices.Clone(v.items)
	changed.items[i] = below
	return &changed
}

func (e *edit) fail(path, cause, hint string) *value {
	p := e.at.problem(path, cause, hint)
	e.problem = &p
	return nil
}

// without returns v with the value at an existing path removed.
func (v *value) without(steps []step) *value {
	changed := *v
	i, last := steps[0].index, len(steps) == 1
	switch {
	case steps[0].indexed && last:
		changed.items = slices.Delete(slices.Clone(v.items), i, i+1)
	case steps[0].indexed:
		changed.items = slices.Clone(v.items)
		changed.items[i] = v.items[i].without(steps[1:])
	default:
		i = v.find(steps[0].name)
		changed.pairs = slices.Clone(v.pairs)
		if last {
			changed.pairs = slices.Delete(changed.pairs, i, i+1)
		} else {
			changed.pairs[i].value = v.pairs[i].value.without(steps[1:])
		}
	}
	return &changed
}

// YAML returns the document with all replacements, without comments and aliases. The same values give the same bytes, and
// parsing them gives the same values.
func (d *Doc) YAML() []byte { return dump(d.root) }

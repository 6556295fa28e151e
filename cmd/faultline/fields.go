package main

import (
	"slices"
	"strings"

	"faultline/experiments"
)

// fieldEntries lists the fields at the top of an experiment file.
func fieldEntries() (all []entry) {
	for _, f := range experiments.Fields() {
		all = append(all, entry{f.Name, f.Doc})
	}
	return all
}

// findField returns the field at a path such as client or services.calls.client.budget, or nil if there is none. Places
// in lists and names of the user's choice are no part of it.
func findField(path string) (field *experiments.Field) {
	among := experiments.Fields()
	for name := range strings.SplitSeq(path, ".") {
		i := slices.IndexFunc(among, func(f experiments.Field) bool { return f.Name == name })
		if i < 0 {
			return nil
		}
		field = &among[i]
		among = field.Fields
	}
	return field
}

// fieldsBeside returns the paths of the fields that are where the last of a path should be.
func fieldsBeside(path string) (paths []string) {
	above, among := "", experiments.Fields()
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		field := findField(path[:i])
		if field == nil {
			return fieldsBeside(path[:i])
		}
		above, among = path[:i+1], field.Fields
	}
	for _, f := range among {
		paths = append(paths, above+f.Name)
	}
	return paths
}

// describeField describes the field at a path, with the fields that are in it.
func describeField(path string) description {
	field := findField(path)
	d := description{Kind: "field", Name: path, Summary: field.Doc}
	for _, f := range field.Fields {
		p := param{Name: f.Name, Default: defaultOf(&f), Range: rangeOf(&f), Doc: f.Doc}
		if f.Fields != nil {
			p.Doc += " (see faultline describe " + path + "." + f.Name + ")"
		}
		d.Params = append(d.Params, p)
	}
	for _, f := range []fact{{"default", defaultOf(field)}, {"values", rangeOf(field)}} {
		if f.Text != "" && d.Params == nil {
			d.Facts = append(d.Facts, f)
		}
	}
	return d
}

func defaultOf(f *experiments.Field) string {
	if f.Required {
		return "(required)"
	}
	return f.Default
}

func rangeOf(f *experiments.Field) string {
	var least, most any
	if f.Min != "" {
		least = f.Min
	}
	if f.Max != "" {
		most = f.Max
	}
	return bounds(least, most, f.Choices)
}

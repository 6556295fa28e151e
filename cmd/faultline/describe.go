package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"faultline/results"
	"faultline/results/report"
)

// A description is all there is to say about one entry of a catalogue.
type description struct {
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	Summary string  `json:"summary"`
	Facts   []fact  `json:"facts,omitempty"`
	Params  []param `json:"params,omitempty"`
	Mutants []entry `json:"mutants,omitempty"`
	Example string  `json:"example,omitempty"` // to put into an experiment file, or to type
}

// A fact is one line about an entry.
type fact struct {
	About string `json:"about"`
	Text  string `json:"text"`
}

// A param is one setting of an entry.
type param struct {
	Name    string `json:"name"`
	Default string `json:"default"` // empty: it may be left out without one
	Range   string `json:"range,omitempty"`
	Safety  bool   `json:"safety,omitempty"` // a wrong value breaks the promise, not just the speed
	Doc     string `json:"doc"`
}

func newDescribe(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "describe [KIND] NAME",
		Short: "Tell all about a store, fault, workload, chart, metric ...",
		Long: `Describe shows what a store claims and assumes, its settings with their defaults and
ranges, its planted bugs and its paper; and likewise for every other catalogue. The
kind may be left out.`,
		Example: `  faultline describe raft
  faultline describe fault clock-drift
  faultline describe experiment partition`,
		Args:              between(1, 2, "name an entry, such as: faultline describe raft"),
		ValidArgsFunction: completeDescribe,
		RunE:              func(_ *cobra.Command, args []string) error { return a.describe(args) },
	}
}

func (a *app) describe(args []string) error {
	found, err := lookup(args)
	if err != nil {
		return err
	}
	if a.json {
		var doc any = found
		if len(found) == 1 {
			doc = found[0]
		}
		return a.printJSON(doc)
	}
	for i, d := range found {
		if i > 0 {
			a.print("\n")
		}
		a.print("%s", d.text(a.style(a.out)))
	}
	return nil
}

// lookup finds an entry by kind and name, or by its name in every catalogue.
func lookup(args []string) ([]description, error) {
	if len(args) == 2 {
		c, err := findCatalogue(args[0])
		if err != nil {
			return nil, err
		}
		name, ok := c.find(args[1])
		if !ok {
			return nil, results.UnknownName(c.kind, args[1], c.namesLike(args[1]))
		}
		return []description{c.describe(name)}, nil
	}
	var found []description
	var known []string
	for _, c := range catalogues() {
		if name, ok := c.find(args[0]); ok {
			found = append(found, c.describe(name))
		}
		known = append(known, c.namesLike(args[0])...)
	}
	if found != nil {
		return found, nil
	}
	hint := "see faultline list"
	if near := results.Suggest(args[0], known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, fmt.Errorf("name %q: unknown in every catalogue\n  hint: %s", args[0], hint)
}

// completeDescribe offers kinds and names.
func completeDescribe(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, c := range catalogues() {
		switch {
		case len(args) == 0:
			words = append(append(words, c.kind), c.names()...)
		case len(args) == 1 && args[0] == c.kind:
			words = c.names()
		}
	}
	slices.Sort(words)
	return slices.Compact(words), cobra.ShellCompDirectiveNoFileComp
}

// text returns the description as printed.
func (d description) text(style report.Style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n%s\n", style.Bold(d.Name), d.Kind, report.Wrap(d.Summary, "  "))
	var facts []entry
	for _, f := range d.Facts {
		facts = append(facts, entry{f.About, f.Text})
	}
	if facts != nil {
		fmt.Fprintf(&b, "\n%s", definitions(facts, "  "))
	}
	if len(d.Params) > 0 {
		fmt.Fprintf(&b, "\n%s\n", style.Bold("settings"))
		for _, p := range d.Params {
			fmt.Fprintf(&b, "  %s\n%s\n", p.head(), report.Wrap(p.Doc, settingIndent))
		}
		if slices.ContainsFunc(d.Params, func(p param) bool { return p.Safety }) {
			b.WriteString("  ! a wrong value breaks the store's promise, not just its speed\n")
		}
	}
	if len(d.Mutants) > 0 {
		fmt.Fprintf(&b, "\n%s (planted bugs, for testing the checkers: {mutant: NAME})\n%s", style.Bold("mutants"), definitions(d.Mutants, "  "))
	}
	if d.Example != "" {
		fmt.Fprintf(&b, "\n%s\n%s\n", style.Bold("for example"), indent(d.Example))
	}
	return b.String()
}

// head names a setting with its default and range: reads = log  (log | index)  !
func (p param) head() string {
	text := p.Name
	if p.Default != "" {
		text += " = " + p.Default
	}
	mark := ""
	if p.Safety {
		mark = "  !"
	}
	switch {
	case p.Range == "":
		return text + mark
	case len(text)+len(p.Range) <= headWidth:
		return text + "   (" + p.Range + ")" + mark
	}
	return text + mark + "\n" + report.Wrap("("+p.Range+")", settingIndent)
}

// How settings are laid out: what there is to say of one is indented below its
// head, which has its range only if that goes into the line.
const (
	settingIndent = "      "
	headWidth     = 72
)

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"faultline/results/report"
)

func newList(a *app) *cobra.Command {
	var kinds []string
	for _, c := range catalogues() {
		kinds = append(kinds, c.plural)
	}
	return &cobra.Command{
		Use:   "list [CATALOGUE]",
		Short: "List stores, faults, workloads, checkers, charts, metrics, experiments ...",
		Long:  "List shows what there is: " + strings.Join(kinds, ", ") + ".\nSee faultline describe for one entry.",
		Example: `  faultline list
  faultline list faults
  faultline list experiments --json`,
		Args:              between(0, 1, "name one of "+strings.Join(kinds, ", ")),
		ValidArgsFunction: cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp),
		RunE:              func(_ *cobra.Command, args []string) error { return a.list(args) },
	}
}

func (a *app) list(args []string) error {
	if len(args) == 0 {
		return a.listAll()
	}
	c, err := findCatalogue(args[0])
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(c.entries())
	}
	a.print("%s", definitions(c.entries(), ""))
	return nil
}

// listAll names every entry of every catalogue.
func (a *app) listAll() error {
	if a.json {
		all := map[string][]entry{}
		for _, c := range catalogues() {
			all[c.plural] = c.entries()
		}
		return a.printJSON(all)
	}
	style := a.style(a.out)
	for _, c := range catalogues() {
		a.print("%s: %s\n%s\n", style.Bold(c.plural), c.doc, report.Wrap(joinNames(c.names()), "  "))
	}
	a.print("\nmore: %s list faults, %s describe %s\n", a.self, a.self, modelEntries()[0].Name)
	return nil
}

// joinNames joins names so that Wrap keeps those with blanks in them apart.
func joinNames(names []string) string { return strings.Join(names, ", ") }

// definitions prints names with what they stand for beside them, wrapped.
func definitions(entries []entry, indent string) string {
	const widest = 24
	width := 0
	for _, e := range entries {
		if len(e.Name) <= widest {
			width = max(width, len(e.Name))
		}
	}
	var b strings.Builder
	margin := indent + strings.Repeat(" ", width+2)
	for _, e := range entries {
		text := report.Wrap(e.Summary, margin)
		if len(e.Name) > width {
			fmt.Fprintf(&b, "%s%s\n%s\n", indent, e.Name, text)
			continue
		}
		fmt.Fprintf(&b, "%s%-*s  %s\n", indent, width, e.Name, strings.TrimPrefix(text, margin))
	}
	return b.String()
}

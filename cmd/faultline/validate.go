package main

import (
	"github.com/spf13/cobra"

	"faultline/experiments/strict"
	"faultline/results/report"
)

// A validated is what came out for one experiment file.
type validated struct {
	File     string           `json:"file"`
	OK       bool             `json:"ok"`
	Cells    int              `json:"cells,omitempty"`
	Seeds    string           `json:"seeds,omitempty"`
	Problems []strict.Problem `json:"problems,omitempty"`
}

func newValidate(a *app) *cobra.Command {
	var set []string
	c := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check experiment files without running them",
		Long: `Validate reads experiment files and reports every mistake at once, each with its
line, its cause and a remedy. It exits with 0 if all are right and with 64 if not.`,
		Example: `  faultline validate my.yaml
  faultline validate experiments/library/*.yaml --json`,
		Args:              between(1, -1, "name experiment files"),
		ValidArgsFunction: completeExperiments,
		RunE:              func(_ *cobra.Command, args []string) error { return a.validate(args, set) },
	}
	c.Flags().StringArrayVar(&set, "set", nil, "override a setting: `PATH=VALUE`; may be repeated")
	return c
}

func (a *app) validate(files, set []string) error {
	var all []validated
	var failed bool
	for _, file := range files {
		e, err := load(file, set)
		if err != nil {
			failed = true
			all = append(all, validated{File: file, Problems: problems(err)})
			if !a.json {
				a.printError(err)
			}
			continue
		}
		all = append(all, validated{File: file, OK: true, Cells: len(e.Cells), Seeds: e.Seeds.String()})
		if !a.json {
			a.print("%s: ok, %s × seeds %s\n", file, report.Count(len(e.Cells), "cell"), e.Seeds)
		}
	}
	if a.json {
		if err := a.printJSON(all); err != nil {
			return err
		}
	}
	if failed {
		return outcome(exitUsage)
	}
	return nil
}

package main

import (
	"github.com/spf13/cobra"

	"faultline/results"
)

func newSweep(a *app) *cobra.Command {
	o := &runOptions{verb: "sweep"}
	c := &cobra.Command{
		Use:   "sweep FILE",
		Short: "Run a grid of settings and compare each with the first",
		Long: `Sweep carries out an experiment as run does, and prints how much each cell of the
grid differs from the first one. Cells share their luck seed by seed (common random
numbers), so the difference is known better than either side of it.

An interrupted sweep keeps its finished rows; --resume goes on with them.

` + exitHelp,
		Example: `  faultline sweep quorum-sizes
  faultline sweep my.yaml --seeds auto -j 4 -o out
  faultline sweep --resume out`,
		Args:              between(0, 1, "name one experiment, or --resume FOLDER"),
		ValidArgsFunction: completeExperiments,
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := results.FindMetric(o.compare); err != nil {
				return err
			}
			return o.run(a, args)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&o.compare, "compare", "succeeded", "`METRIC` of which to show the difference to the first cell")
	complete(c, "compare", results.MetricNames()...)
	return c
}

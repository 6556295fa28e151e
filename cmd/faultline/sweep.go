package main

import (
	"errors"

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
  faultline sweep failover --seeds auto --compare lost -o out
  faultline sweep --resume out     # had it been interrupted`,
		Args:              between(0, 1, "name one experiment, or --resume FOLDER"),
		ValidArgsFunction: completeExperiments,
		PreRunE: func(c *cobra.Command, _ []string) error {
			_, err := results.FindMetric(o.compare)
			return errors.Join(o.check(c), err)
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.run(a, args) },
	}
	o.flags(c)
	c.Flags().StringVar(&o.compare, "compare", "succeeded", "`METRIC` of which to show the difference to the first cell")
	complete(c, "compare", results.MetricNames()...)
	return c
}

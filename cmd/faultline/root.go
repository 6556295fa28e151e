package main

import (
	"github.com/spf13/cobra"
)

const about = `Faultline shows what replicated stores give up when parts of them fail:
consistency, availability and latency from the same simulated runs.

Same seed, same bytes: every result can be repeated, everywhere.`

// newRoot returns the command with all its subcommands.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:     "faultline",
		Short:   "Try out the trade-offs of replicated stores under faults",
		Long:    about + "\n\n" + exitHelp,
		Version: Version,
		Example: `  faultline run partition       # every store under the same partition
  faultline list                # stores, faults, workloads, charts ...
  faultline describe raft       # what a store claims, assumes and can be set to
  faultline run failover --set model.n=3 --seeds 1..20   # one setting changed`,
		SilenceUsage: true, SilenceErrors: true,
		Args:              cobra.ArbitraryArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.checkFlags() },
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownCommand(c, args[0])
		},
	}
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "print one JSON document instead of text")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no notes")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "more notes")
	flags.StringVar(&a.color, "color", "auto", "auto, always or never; NO_COLOR and CLICOLOR_FORCE are honoured")
	flags.StringVar(&a.progress, "progress", "auto", "auto (a bar on a terminal, else lines), plain or none")
	complete(root, "color", "auto", "always", "never")
	complete(root, "progress", "auto", "plain", "none")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.help)
	root.SetVersionTemplate("faultline {{.Version}}\n")
	root.SetHelpCommand(newHelp())
	root.CompletionOptions.DisableDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetIn(a.in)
	root.AddCommand(
		newRun(a), newSweep(a), newPlot(a), newCheck(a), newGallery(a), newReproduce(a),
		newList(a), newDescribe(a), newValidate(a), newSchema(a), newCompletion(a), newVersion(a),
	)
	return root
}

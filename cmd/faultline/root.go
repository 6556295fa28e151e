package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"faultline/results"
)

const about = `Faultline shows what replicated stores give up when parts of them fail:
consistency, availability and latency from the same simulated runs.

Same seed, same bytes: every result can be repeated, everywhere.`

// newRoot returns the command with all its subcommands.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "faultline",
		Short: "Try out the trade-offs of replicated stores under faults",
		Long:  about + "\n\n" + exitHelp,
		Example: `  faultline run partition                 the flagship: seven stores, one partition
  faultline list                          stores, faults, workloads, charts ...
  faultline describe raft                 what a store claims, assumes and can be set to
  faultline run my.yaml --set model.n=5   your own experiment, one setting changed`,
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
	root.SuggestionsMinimumDistance = 2
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetIn(a.in)
	root.AddCommand(
		newRun(a), newSweep(a), newPlot(a), newCheck(a), newGallery(a),
		newList(a), newDescribe(a), newValidate(a), newSchema(a), newVersion(a),
	)
	addCompletion(root)
	return root
}

// unknownCommand says which command was probably meant.
func unknownCommand(c *cobra.Command, name string) error {
	var known []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			known = append(known, sub.Name())
		}
	}
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		return fmt.Errorf("command %q: unknown\n  hint: to run an experiment: faultline run %s", name, quote(name))
	}
	if near := c.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("command %q: unknown\n  hint: did you mean %q?", name, near[0])
	}
	return results.UnknownName("command", name, known)
}

// flagError says which flag was probably meant.
func flagError(c *cobra.Command, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return fmt.Errorf("%s: %w\n  hint: see %s --help", c.CommandPath(), err, c.CommandPath())
	}
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	hint := "see " + c.CommandPath() + " --help"
	if near := results.Suggest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean --%s?", near)
	}
	return fmt.Errorf("%s: flag --%s: unknown\n  hint: %s", c.CommandPath(), name, hint)
}

// between returns a check that there are at least least and at most most
// arguments (-1: any number), with a hint in words.
func between(least, most int, hint string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s: too few arguments\n  hint: %s", c.CommandPath(), hint)
		case most >= 0 && len(args) > most:
			return fmt.Errorf("%s: too many arguments: %q\n  hint: %s", c.CommandPath(), args[most], hint)
		}
		return nil
	}
}

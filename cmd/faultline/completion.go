package main

import (
	"github.com/spf13/cobra"

	"faultline/experiments"
)

// addCompletion sets up the completion command that cobra brings along.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd("bash")
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Short = "Print the completion script for a shell: bash, zsh, fish or powershell"
			c.Example = "  source <(faultline completion bash)\n  faultline completion fish > ~/.config/fish/completions/faultline.fish"
		}
	}
}

// complete gives a flag its choices for completion.
func complete(c *cobra.Command, flag string, choices ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic("faultline: " + err.Error())
	}
}

// completeExperiments offers the shipped experiments and the files at hand.
func completeExperiments(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return experiments.Shipped(), cobra.ShellCompDirectiveDefault
}

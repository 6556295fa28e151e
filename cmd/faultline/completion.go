package main

import (
	"github.com/spf13/cobra"

	"faultline/experiments"
	"faultline/results"
)

// shells are those that completion writes scripts for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script for a shell: bash, zsh, fish or powershell",
		Long: `Completion prints a script that teaches a shell to complete the commands of faultline
with the Tab key: their flags, and the names of experiments, stores, faults and
metrics. The shell reads it once in a session, or at each start from one of its
startup files.`,
		Example: `  source <(faultline completion bash)        # in ~/.bashrc
  source <(faultline completion zsh)         # in ~/.zshrc, after compinit
  faultline completion fish | source         # in ~/.config/fish/config.fish`,
		Args:      between(1, 1, "name a shell: "+results.Sentence(shells)),
		ValidArgs: shells,
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
			return results.UnknownName("shell", args[0], shells)
		},
	}
}

// complete gives a flag its choices for completion.
func complete(c *cobra.Command, flag string, choices ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic("faultline: " + err.Error())
	}
}

// completeFolders offers folders, such as those of results.
func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeExperiments offers the shipped experiments and the files at hand.
func completeExperiments(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return experiments.Shipped(), cobra.ShellCompDirectiveDefault
}

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"faultline/results"
	"faultline/results/report"
)

// help prints what a command does, and how it is called.
func (a *app) help(c *cobra.Command, _ []string) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	a.print("%s\n%s", flow(text), usage(c))
}

// flow breaks paragraphs anew in the width of a terminal. Lines that are indented
// stay as they are.
func flow(text string) string {
	var out, paragraph []string
	flush := func() {
		if paragraph != nil {
			out, paragraph = append(out, report.Wrap(strings.Join(paragraph, " "), "")), nil
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == ' ' {
			flush()
			out = append(out, line)
		} else {
			paragraph = append(paragraph, line)
		}
	}
	flush()
	return strings.Join(out, "\n")
}

// usage says how a command is called, in the width of a terminal.
func usage(c *cobra.Command) string {
	var b strings.Builder
	section := func(title, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fmt.Fprintf(&b, "\n%s:\n%s\n", title, text)
		}
	}
	section("Usage", useLines(c))
	section("Examples", c.Example)
	section("Commands", definitions(commandsOf(c), "  "))
	section("Flags", c.LocalFlags().FlagUsagesWrapped(report.Width))
	section("Flags of every command", c.InheritedFlags().FlagUsagesWrapped(report.Width))
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s COMMAND --help tells more about a command.\n", c.CommandPath())
	}
	return b.String()
}

func useLines(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return "  " + c.CommandPath() + " COMMAND"
	}
	return "  " + c.UseLine()
}

// commandsOf lists the commands below c.
func commandsOf(c *cobra.Command) (all []entry) {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, entry{sub.Name(), sub.Short})
		}
	}
	return all
}

// newHelp is the help command: the same as --help.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Tell more about a command",
		Example: "  faultline help run",
		RunE: func(c *cobra.Command, args []string) error {
			about := c.Root()
			for _, name := range args {
				sub, _, err := about.Find([]string{name})
				if err != nil || sub == about {
					return unknownCommand(about, name)
				}
				about = sub
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// unknownCommand says which command was probably meant.
func unknownCommand(c *cobra.Command, name string) error {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		return fmt.Errorf("command %q: unknown\n  hint: to run an experiment: faultline run %s", name, quote(name))
	}
	if near := c.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("command %q: unknown\n  hint: did you mean %q?", name, near[0])
	}
	var known []string
	for _, sub := range commandsOf(c) {
		known = append(known, sub.Name)
	}
	return results.UnknownName("command", name, known)
}

// flagError says what is wrong with a flag, and which was probably meant.
func flagError(c *cobra.Command, err error) error {
	hint := "see " + c.CommandPath() + " --help"
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		f := invalid.GetFlag()
		return fmt.Errorf("%s: --%s: %q is not %s\n  hint: %s", c.CommandPath(), f.Name, invalid.GetValue(), typeNames[f.Value.Type()], hint)
	}
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return fmt.Errorf("%s: %w\n  hint: %s", c.CommandPath(), err, hint)
	}
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := results.Suggest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean --%s?", near)
	}
	return fmt.Errorf("%s: flag --%s: unknown\n  hint: %s", c.CommandPath(), name, hint)
}

// typeNames are the types of flags in words.
var typeNames = map[string]string{"int": "a whole number", "float64": "a number", "bool": "true or false", "stringSlice": "a list"}

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

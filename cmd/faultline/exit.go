package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"faultline/experiments"
	"faultline/results"
	"faultline/results/report"
)

// Exit codes.
const (
	exitMet         = 0
	exitViolated    = 1
	exitUndecided   = 2
	exitInternal    = 3
	exitUsage       = 64
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0    what was expected came out
  1    something did not: a violation, or a limit that was missed
  2    undecided: a checker's budget ran out, or an interval holds the limit
  3    internal error, or a run that was not deterministic
  64   bad input or usage, or output that cannot be written
  130  interrupted; finished rows are kept`

// An outcome is an error that only carries an exit code: all was said already.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// A nondeterminism is a run that came out differently the second time.
type nondeterminism struct {
	series string
	seed   uint64
	hashes [2]string
}

func (n *nondeterminism) Error() string {
	return fmt.Sprintf("not deterministic: %s with seed %d had trace hash %s, and %s when it was repeated\n  hint: the rows cannot be trusted; this is a bug in faultline or in the model, please report it with this command", n.series, n.seed, n.hashes[0], n.hashes[1])
}

// exitCode prints an error and returns the exit code that it stands for.
func (a *app) exitCode(err error) int {
	var o outcome
	if err == nil {
		return exitMet
	}
	if errors.As(err, &o) {
		return int(o)
	}
	a.printError(err)
	var crash *experiments.Crash
	var broken *nondeterminism
	switch {
	case errors.As(err, &crash), errors.As(err, &broken):
		return exitInternal
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitUsage
}

// printError says what went wrong, without the usage of the command.
func (a *app) printError(err error) {
	style := a.style(a.err)
	text := err.Error()
	if !hasPlace(text) && !strings.HasPrefix(text, "faultline ") {
		text = "faultline: " + text
	}
	fmt.Fprintln(a.err, style.Text(wrapHints(text)))
}

// wrapHints keeps hints within the width of a terminal, but for those with a
// command, which must stay in one line to be typed again.
func wrapHints(text string) string {
	const head = "  hint: "
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if hint, ok := strings.CutPrefix(line, head); ok && !strings.Contains(hint, "faultline ") {
			lines[i] = head + strings.TrimLeft(report.Wrap(hint, strings.Repeat(" ", len(head))), " ")
		}
	}
	return strings.Join(lines, "\n")
}

// hasPlace reports whether an error begins with file:line.
func hasPlace(text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	parts := strings.SplitN(first, ":", 3)
	return len(parts) == 3 && parts[1] != "" && strings.Trim(parts[1], "0123456789") == ""
}

// oneOf complains about a flag's value that is none of the choices.
func oneOf(flag, value string, choices ...string) error {
	for _, c := range choices {
		if value == c {
			return nil
		}
	}
	return results.UnknownName(flag, value, choices)
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"golang.org/x/term"

	"faultline/results/report"
)

// An app is one call of the command: everything through which it touches the
// terminal, and the flags that all commands have.
type app struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	isTTY    func(w io.Writer) bool
	self     string // how this command is called, for commands that it prints

	broken error // the first thing that could not be printed

	json     bool
	quiet    bool
	verbose  bool
	color    string
	progress string
}

func newApp() *app {
	return &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, isTTY: isTerminal, self: self(os.Args[0])}
}

// Main runs the command with the given arguments and returns its exit code.
func Main(args []string) (code int) {
	a := newApp()
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(a.err, "faultline: internal error: %v\n%s", p, debug.Stack())
			code = exitInternal
		}
	}()
	tuneMemory(a.env)
	root := newRoot(a)
	root.SetArgs(args)
	code = a.exitCode(root.Execute())
	if a.broken != nil {
		return a.exitCode(a.broken)
	}
	return code
}

// Limits of the collector: throughput first, but a sweep of ten thousand runs
// must stay below 300 MB.
const (
	gcPercent   = 400
	memoryLimit = 220 << 20
)

// tuneMemory sets the collector up for many short runs, unless the user did it.
func tuneMemory(env func(string) string) {
	if env("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ofGoRun matches the folders that go run takes a command from: a temporary one,
// or one of Go's build cache, wherever that is.
var ofGoRun = regexp.MustCompile(`[/\\](go-build[^/\\]*[/\\].*|[0-9a-f]{64}-d)[/\\][^/\\]*$`)

// self returns how to call this command again: go run leaves nothing to call.
func self(arg0 string) string {
	const usual = "faultline"
	if path, err := os.Executable(); err == nil && ofGoRun.MatchString(path) {
		return "go run ./cmd/" + usual
	}
	if strings.ContainsRune(arg0, filepath.Separator) {
		return quote(arg0)
	}
	return usual
}

// style returns what a report on w may use.
func (a *app) style(w io.Writer) report.Style {
	return report.Style{Unicode: a.unicode(), Color: a.colored(w)}
}

// unicode reports whether the locale says that the terminal shows UTF-8.
func (a *app) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := a.env(name); v != "" {
			v = strings.ToUpper(v)
			return strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
		}
	}
	return false
}

// colored follows --color, then NO_COLOR, CLICOLOR_FORCE and TERM, then what w is.
func (a *app) colored(w io.Writer) bool {
	force := a.env("CLICOLOR_FORCE")
	switch {
	case a.color == "always":
		return true
	case a.color == "never", a.env("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return a.env("TERM") != "dumb" && a.isTTY(w)
}

// note tells the user something beside the results.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintln(a.err, a.style(a.err).Text(wrapHints(fmt.Sprintf(format, args...))))
	}
}

// detail is note for those who asked for more.
func (a *app) detail(format string, args ...any) {
	if a.verbose {
		a.note(format, args...)
	}
}

// print writes a result. What cannot be written makes the command fail in the end.
func (a *app) print(format string, args ...any) {
	_, err := fmt.Fprint(a.out, a.style(a.out).Text(fmt.Sprintf(format, args...)))
	if err != nil && a.broken == nil {
		a.broken = noRoom(err)
	}
}

// noRoom adds what to do to an error of writing a result.
func noRoom(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\n  hint: check where the output goes, and that there is room", err)
}

// checkFlags complains about the values of the flags that all commands have.
func (a *app) checkFlags() error {
	return errors.Join(
		oneOf("--color", a.color, "auto", "always", "never"),
		oneOf("--progress", a.progress, "auto", "plain", "none"),
	)
}

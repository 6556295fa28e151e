package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// checkOptions are the flags of check.
type checkOptions struct {
	read   history.Options
	level  string
	budget string
	html   string
}

func newCheck(a *app) *cobra.Command {
	o := &checkOptions{}
	c := &cobra.Command{
		Use:   "check HISTORY...",
		Short: "Judge a history file: is it linearizable, and if not, how much less is it?",
		Long: `Check reads a history of operations and says whether it is linearizable; one of
transactions, whether it is strict serializable. If it is not, it shows what proves it,
with the lines in the file, and names the strongest level that holds. --level asks for
one level, or for all.

HISTORY is a file, or - for standard input. The format is found out from its beginning:

  faultline  JSON Lines as faultline run --history writes them, such as
  {"client":1,"kind":"write","key":"x","in":7,"call":0,"return":9,"status":"ok"}
  {"client":2,"kind":"read","key":"x","out":7,"call":9,"return":9,"status":"ok"}
  {"client":3,"txn":[["append","x",3],["read","y"]],"call":9,"status":"unknown"}
  edn        events of Jepsen and Knossos: maps, or one vector of maps
             {:process 0, :type :invoke, :f :write, :value 3}
             {:process 0, :type :invoke, :f :txn, :value [[:w x 3] [:r y nil]]}
  json       the same events as JSON
  jepsen     Jepsen's text log, or its history.txt
  kv         a log of a string store, as porcupine's tests have it

Event logs leave things open, and tools differ in how they take them: --dialect says
which to follow, and what was applied is printed below the verdict.

  porcupine  a failed cas was answered: the register did not hold what it
             expected; a read of nil found the initial value (the default for
             text logs)
  knossos    what failed certainly did not happen; a read of nil says nothing
             (the default for EDN and JSON)
  jepsen     what failed certainly did not happen; a read of nil found the
             initial value

An operation of unknown outcome, :info, may take effect at any later time or never.
Transactions may come without their calls, as answers alone: then sessions are judged,
and real time is not. The session guarantees are levels for those who know no clocks;
how often they are broken in real time is told beside.

With --level linearizable, a file of registers from 64 MB on whose written values all
differ is judged while it is read, in the memory of what may yet be read of it. Not so
with compare-and-sets: what is read last may show which of them ever happened, and what
they chain together is in place from the first of it to the last.

Exit codes: 0 it holds, 1 violated, 2 undecided, 64 not a history.`,
		Example: `  faultline run partition --cell lww --seed 1 --history lww-1.jsonl
  faultline check lww-1.jsonl --html lww-1.html
  faultline check --dialect porcupine history.edn
  faultline check --level all history.edn
  faultline check --json jepsen.log | jq .verdict`,
		Args: between(1, -1, "name a history file, or - for standard input"),
		RunE: func(_ *cobra.Command, args []string) error { return a.check(args, o) },
	}
	o.flags(c)
	return c
}

func (o *checkOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar((*string)(&o.read.Format), "format", "", "faultline, edn, json, jepsen or kv (default: as the file begins)")
	f.StringVar((*string)(&o.read.Model), "model", "auto", "what the history must be about: register, cas-register, list-append, set, queue, stack ...")
	f.StringVar((*string)(&o.read.Dialect), "dialect", "", "porcupine, knossos or jepsen (see above)")
	f.StringVar(&o.read.Initial, "initial", "", "the `VALUE` that every register of an event log holds at first (default: nothing)")
	f.StringVar(&o.level, "level", "", "the `LEVEL` to judge, or all (default: linearizable, or strict-serializable)")
	f.StringVar(&o.budget, "budget", "", fmt.Sprintf("steps that searches may take, such as 500k or 20M (default %dM)", judge.DefaultSteps/1_000_000))
	f.StringVar(&o.html, "html", "", "draw the history with its proof on a page of its own in this `FILE`")
	complete(c, "format", names(history.Formats)...)
	ops, txns := levelNames()
	complete(c, "level", append(ops, txns[1:]...)...)
	complete(c, "model", names(history.Models())...)
	complete(c, "dialect", names(history.Dialects)...)
}

// names returns the names of named things.
func names[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return texts
}

// checkGCPercent is how much garbage there may be beside a history in memory. Of a
// million operations, which are 220 MB, to wait longer takes twice the memory and no
// less time.
const checkGCPercent = 50

// check judges history files one after the other. The exit code is that of the worst.
func (a *app) check(files []string, o *checkOptions) error {
	budget, err := o.complete(len(files))
	if err != nil {
		return err
	}
	if a.env("GOGC") == "" {
		debug.SetGCPercent(checkGCPercent)
	}
	if a.env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(math.MaxInt64) // a long history needs its room, or the collector runs all the time
	}
	var all []*checked
	var unseen error // what kept a page from being written; the verdict is told all the same
	for _, file := range files {
		began := time.Now()
		c, err := a.checkFile(file, o, budget)
		if err != nil {
			return err
		}
		all = append(all, c)
		if !a.json {
			a.print("%s", c.text(a.style(a.out)))
		}
		if o.html != "" {
			unseen = a.writePage(o.html, c)
		}
		a.detail("%s: %.2f s", c.File, time.Since(began).Seconds())
	}
	if a.json {
		var doc any = all
		if len(all) == 1 {
			doc = all[0]
		}
		if err := a.printJSON(doc); err != nil {
			return err
		}
	}
	if unseen != nil {
		return unseen
	}
	return worstOf(all)
}

// complete checks the flags and returns the budget.
func (o *checkOptions) complete(files int) (judge.Budget, error) {
	if o.read.Model == "auto" {
		o.read.Model = ""
	}
	steps, err := parseSteps(o.budget)
	if o.html != "" && files > 1 {
		err = errors.Join(err, fmt.Errorf("--html: one page shows one history\n  hint: check the files one by one"))
	}
	return judge.Budget{Steps: steps}, errors.Join(err, anyOf("--format", o.read.Format, history.Formats),
		anyOf("--model", o.read.Model, history.Models()), anyOf("--dialect", o.read.Dialect, history.Dialects))
}

// anyOf complains about a flag that is given and none of the choices.
func anyOf[T ~string](flag string, value T, choices []T) error {
	if value == "" {
		return nil
	}
	return oneOf(flag, string(value), names(choices)...)
}

// parseSteps reads a number of steps, with k, M or G for thousands, millions or billions.
func parseSteps(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	digits, factor := text, 1
	if i := strings.IndexByte("kMG", text[len(text)-1]); i >= 0 {
		digits, factor = text[:len(text)-1], [...]int{1e3, 1e6, 1e9}[i]
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("--budget: %q is no number of steps\n  hint: write 500k, 20M or 1000000; steps are counted, not seconds, so that verdicts are the same everywhere", text)
	}
	return int(min(n*int64(factor), math.MaxInt)), nil
}

// worstOf returns the exit code of several verdicts, as an error unless it is 0.
func worstOf(all []*checked) error {
	code := exitMet
	for _, c := range all {
		switch {
		case c.Verdict == judge.Violated:
			code = exitViolated
		case c.Verdict == judge.Undecided && code == exitMet:
			code = exitUndecided
		}
	}
	if code != exitMet {
		return outcome(code)
	}
	return nil
}

func (a *app) checkFile(file string, o *checkOptions, budget judge.Budget) (*checked, error) {
	in, name, err := a.openHistory(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if big, ok := o.streamable(in); ok {
		if c, err := checkStream(big, name, o); c != nil || err != nil {
			return c, err
		}
	}
	f, err := history.Load(in, name, o.read)
	if err != nil {
		return nil, err
	}
	c := newChecked(name, f)
	c.initial = o.read.Initial != ""
	if f.Transactions != nil {
		err = c.judgeTransactions(o.level, budget)
	} else {
		err = c.judgeOperations(o.level, budget)
	}
	return c, err
}

// openHistory opens a file, or standard input for "-".
func (a *app) openHistory(file string) (io.ReadCloser, string, error) {
	if file == "-" {
		return io.NopCloser(a.in), "standard input", nil
	}
	f, err := os.Open(file)
	switch {
	case file == "":
		return nil, "", fmt.Errorf("a file without a name\n  hint: name a history file, or - for standard input")
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", fmt.Errorf("%s: there is no such file\n  hint: faultline run partition --cell lww --seed 1 --history lww-1.jsonl writes one", file)
	case errors.Is(err, fs.ErrPermission):
		return nil, "", fmt.Errorf("%s: may not be read\n  hint: change its permissions (chmod +r)", file)
	case err != nil:
		return nil, "", fmt.Errorf("%w\n  hint: check that this is a file", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, "", fmt.Errorf("%s: is a folder, not a history\n  hint: name one of the files in it", file)
	}
	return f, file, nil
}

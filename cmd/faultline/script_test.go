package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"faultline/results/report"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"faultline": func() { os.Exit(Main(os.Args[1:])) },
	})
}

// Every command as a person sees it: what it prints, and how it exits.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":      expectCode,
			"sparse":    makeSparse,
			"noise":     makeNoise,
			"append":    appendText,
			"edit":      editFile,
			"signal":    signalAfterRows,
			"isempty":   isEmpty,
			"explained": isExplained,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "devfull":
				_, err := os.Stat("/dev/full")
				return err == nil, nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
	})
}

// expectCode runs a command that must exit with a code: code 64 faultline run x.
func expectCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v exited with %d, want %d", args[1:], got, want)
	}
}

// makeSparse makes a file of so many megabytes: sparse big.yaml 100.
func makeSparse(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o644))
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size<<20))
}

// makeNoise makes a file of so many kilobytes that is not text: noise x.yaml 64.
func makeNoise(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := make([]byte, size<<10)
	_, err = rand.NewChaCha8([32]byte{}).Read(data)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// appendText writes a text at the end of a file, without a newline.
func appendText(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteString(args[1])
	ts.Check(errors.Join(err, f.Close()))
}

// editFile replaces what a pattern matches: edit FROM PATTERN BY TO.
func editFile(ts *testscript.TestScript, _ bool, args []string) {
	text := regexp.MustCompile(args[1]).ReplaceAllString(ts.ReadFile(args[0]), args[2])
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(text), 0o644))
}

// isExplained checks that every command has a help that fits a terminal, and
// examples that call commands and flags which exist.
func isExplained(ts *testscript.TestScript, _ bool, _ []string) {
	root := newRoot(newApp())
	for _, c := range append(root.Commands(), root) {
		for line := range strings.Lines(flow(c.Long) + "\n" + usage(c)) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > report.Width {
				ts.Fatalf("%s --help has a line of %d columns: %s", c.CommandPath(), n, line)
			}
		}
		if c.Example == "" {
			ts.Fatalf("%s --help has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			checkExample(ts, line)
		}
	}
}

// checkExample parses an example as the command would, without running it.
func checkExample(ts *testscript.TestScript, line string) {
	call, _, _ := strings.Cut(line, "#")
	_, call, _ = strings.Cut(call, "faultline ")
	call, _, _ = strings.Cut(strings.NewReplacer(")", " ", ">", "|").Replace(call), "|")
	c, args, err := newRoot(newApp()).Find(strings.Fields(call))
	if err == nil {
		err = c.ParseFlags(args)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err == nil && c.PreRunE != nil {
		err = c.PreRunE(c, c.Flags().Args())
	}
	if err != nil || !c.Runnable() {
		ts.Fatalf("example %q: %v", strings.TrimSpace(line), err)
	}
}

// signalAfterRows starts a command and, once the file of rows is there, ends it:
// signal INT 130 out/rows.jsonl faultline run ...; -1 stands for a kill. What it
// printed is in signal.out and signal.err then.
func signalAfterRows(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "KILL": os.Kill}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	path, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], args[3]))
	ts.Check(err)
	cmd := exec.Command(path, args[4:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	var printed, noted bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &noted
	ts.Check(cmd.Start())
	waitForRows(ts, ts.MkAbs(args[2]))
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	var exit *exec.ExitError
	if err := cmd.Wait(); err == nil || !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("%v ended with %v, want exit code %d\n%s", args[3:], err, want, noted.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs("signal.out"), printed.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("signal.err"), noted.Bytes(), 0o644))
}

func waitForRows(ts *testscript.TestScript, file string) {
	const patience = 30 * time.Second
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			return
		}
	}
	ts.Fatalf("no rows in %s after %v", file, patience)
}

// isEmpty checks that a file holds nothing.
func isEmpty(ts *testscript.TestScript, neg bool, args []string) {
	if empty := ts.ReadFile(args[0]) == ""; empty == neg {
		ts.Fatalf("%s: empty is %v", args[0], empty)
	}
}

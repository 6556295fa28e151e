package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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
			"code":    expectCode,
			"sparse":  makeSparse,
			"signal":  signalAfterRows,
			"isempty": isEmpty,
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

// signalAfterRows starts a command and, once the file of rows is there, ends it:
// signal INT 130 out/rows.jsonl faultline run ...; -1 stands for a kill.
func signalAfterRows(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "KILL": os.Kill}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	path, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], args[3]))
	ts.Check(err)
	cmd := exec.Command(path, args[4:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	ts.Check(cmd.Start())
	waitForRows(ts, ts.MkAbs(args[2]))
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	var exit *exec.ExitError
	if err := cmd.Wait(); err == nil || !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("%v ended with %v, want exit code %d", args[3:], err, want)
	}
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

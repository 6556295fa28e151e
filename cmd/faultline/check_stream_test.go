package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
	"faultline/results/report"
)

// writeRegisters writes a history of registers under a few clients, each of which
// asks again once it was answered. One in so many reads is stale; 0: none.
func writeRegisters(out *bufio.Writer, format history.Format, ops, stale int, rng *rand.Rand) {
	const clients, keys = 10, 3
	var state, next [keys]int64
	for i := range ops {
		c, k := i%clients, rng.IntN(keys)
		at := i * 100
		call, end := max(0, at-450), at+450
		kind, field, value := "read", "out", fmt.Sprint(state[k])
		if state[k] == 0 {
			value = "null"
		}
		switch {
		case rng.IntN(2) == 0:
			next[k]++
			state[k] = next[k]
			kind, field, value = "write", "in", fmt.Sprint(next[k])
		case stale > 0 && rng.IntN(stale) == 0 && state[k] > 100:
			value = fmt.Sprint(state[k] - 1 - rng.Int64N(100))
		}
		if format == history.FormatLines {
			fmt.Fprintf(out, `{"client":%d,"kind":"%s","key":"%d","%s":%s,"call":%d,"return":%d,"status":"ok"}`+"\n", c, kind, k, field, value, call, end)
			continue
		}
		if value == "null" {
			value = "nil"
		}
		asked := value
		if kind == "read" {
			asked = "nil"
		}
		fmt.Fprintf(out, "{:process %d, :type :invoke, :f :%s, :value [%d %s]}\n", c, kind, k, asked)
		if rng.IntN(2) == 0 { // else it is answered after what comes next
			fmt.Fprintf(out, "{:process %d, :type :ok, :f :%s, :value [%d %s]}\n", c, kind, k, value)
		} else {
			fmt.Fprintf(out, "{:process %d, :type :info, :f :%s, :value [%d %s]}\n", c, kind, k, asked)
		}
	}
}

func registersFile(t *testing.T, format history.Format, ops, stale int, seed uint64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "h"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	out := bufio.NewWriter(f)
	writeRegisters(out, format, ops, stale, rand.New(rand.NewPCG(seed, 0)))
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return f
}

// A file that is judged while it is read gets the same verdict in the same words.
func TestCheckStreamSaysTheSame(t *testing.T) {
	verdicts := map[judge.Verdict]int{}
	for seed := range uint64(40) {
		format, stale := history.FormatLines, []int{0, 50, 1000}[seed%3]
		if seed%2 == 1 {
			format = history.FormatEDN
		}
		in := registersFile(t, format, 2000, stale, seed)
		got, err := checkStream(in, "h", &checkOptions{})
		if err != nil || got == nil {
			t.Fatalf("seed %d: %v %v", seed, got, err)
		}
		text, err := os.ReadFile(in.Name())
		if err != nil {
			t.Fatal(err)
		}
		f, err := history.Load(bytes.NewReader(text), "h", history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := newChecked("h", f)
		r := linear.Check(f.History, judge.Budget{})
		want.settle("linearizable", &r)
		want.Notes = append(want.Notes, streamNote)
		if g, w := got.text(report.Style{}), want.text(report.Style{}); g != w || got.Engine != want.Engine {
			t.Errorf("seed %d: streamed:\n%s\nin memory:\n%s", seed, g, w)
		}
		verdicts[got.Verdict]++
	}
	if verdicts[judge.Holds] == 0 || verdicts[judge.Violated] == 0 {
		t.Errorf("verdicts %v: the generator is lopsided", verdicts)
	}
}

// What a stream cannot judge is left to those who hold the history.
func TestCheckStreamLeavesTheRest(t *testing.T) {
	for name, text := range map[string]string{
		"spoilt":       `{"client":1,"kind":"write","key":"x","in":7,"call":0,"return":9,"status":"ok"}` + "\n{",
		"transactions": `{"client":1,"txn":[["write","x",1]],"call":0,"return":9,"status":"ok"}`,
		"a queue":      `{"client":1,"kind":"enqueue","key":"x","in":7,"call":0,"return":9,"status":"ok"}`,
		"nothing":      "",
	} {
		f, err := os.Create(filepath.Join(t.TempDir(), "h"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		c, err := checkStream(f, "h", &checkOptions{})
		if c != nil || err != nil {
			t.Errorf("%s: %v %v", name, c, err)
		}
		if at, _ := f.Seek(0, 1); at != 0 {
			t.Errorf("%s: the file is not where it was", name)
		}
	}
}

package checker

import (
	"slices"
	"testing"

	"faultline/checker/history"
)

func TestCatalogue(t *testing.T) {
	var names []string
	for _, c := range All {
		names = append(names, c.Name())
		if found, ok := Find(c.Name()); !ok || found != c {
			t.Errorf("Find(%q) = %v, %v", c.Name(), found, ok)
		}
	}
	want := []string{
		"linearizable", "sequential", "causal-convergence", "causal-memory", "causal", "pram",
		"read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads", "fresh",
	}
	if !slices.Equal(names, want) {
		t.Errorf("catalogue %v, want %v", names, want)
	}
	if _, ok := Find("nonsense"); ok {
		t.Error("found a checker of no such name")
	}
}

// Real time counts for the first and the last alone.
func TestEveryCheckerSeesALostWrite(t *testing.T) {
	h := history.History{
		{Client: 1, Kind: history.Write, Key: "x", In: history.Num(1), Call: 0, Return: 10, Status: history.OK, Version: history.Version{Major: 2}},
		{Client: 1, Kind: history.Read, Key: "x", Call: 20, Return: 30, Status: history.OK},
	}
	for _, c := range All {
		want := Violated
		switch c.Name() {
		case "monotonic-reads", "monotonic-writes", "writes-follow-reads":
			want = Holds
		}
		if r := c.Check(h, Budget{}); r.Verdict != want || want == Violated && !slices.Equal(r.Evidence.Ops, []int{0, 1}) {
			t.Errorf("%s: %+v", c.Name(), r)
		}
	}
}

func TestWhoMindsAStaleRead(t *testing.T) {
	h := history.History{
		{Client: 1, Process: 1, Kind: history.Write, Key: "x", In: history.Num(1), Call: 0, Return: 10, Status: history.OK},
		{Client: 2, Process: 2, Kind: history.Read, Key: "x", Call: 20, Return: 30, Status: history.OK},
	}
	for i, c := range All {
		want, ops := Holds, []int(nil)
		if i == 0 || i == len(All)-1 {
			want, ops = Violated, []int{0, 1}
		}
		if r := c.Check(h, Budget{}); r.Verdict != want || !slices.Equal(r.Evidence.Ops, ops) {
			t.Errorf("%s: %+v", c.Name(), r)
		}
		if r := c.Check(h[:1], Budget{}); r.Verdict != Holds {
			t.Errorf("%s: %+v for a write alone", c.Name(), r)
		}
	}
}

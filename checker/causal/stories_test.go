package causal

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

func TestStories(t *testing.T) {
	for _, c := range []struct {
		name   string
		script string
		m      Model
		ops    []int // of the evidence; none if it holds
		text   string
	}{
		{"nothing happened", "", CM, nil, ""},
		{"two writers need not agree whose write was last", "w:x=1 r:x=2 | w:x=2 r:x=1", CM, nil, ""},
		{
			"but then they never converge", "w:x=1 r:x=2 | w:x=2 r:x=1", CCv, []int{0, 1, 2, 3},
			"no one order of the writes explains what was read, for it would go in a circle: client 0 wrote x=1 at 0 ns, before client 1 wrote x=2 at 0 ns (since client 0 read x=2 at 10 ns), before client 0 wrote x=1 at 0 ns (since client 1 read x=1 at 10 ns) (bad pattern CyclicCF)",
		},
		{
			"message passing", "w:x=1 w:y=1 | r:y=1 r:x=0", CC, []int{0, 1, 2, 3},
			"client 1 read x=null at 10 ns, but it had to know of a value: client 0 wrote x=1 at 0 ns, then client 0 wrote y=1 at 10 ns, then client 1 read y=1 at 0 ns, then client 1 read x=null at 10 ns (bad pattern WriteCOInitRead)",
		},
		{"through a third, PRAM does not mind", "w:x=1 | r:x=1 w:y=1 | r:y=1 r:x=0", PRAM, nil, ""},
		{
			"but causality does", "w:x=1 | r:x=1 w:y=1 | r:y=1 r:x=0", CM, []int{0, 1, 2, 3, 4},
			"client 2 read x=null at 10 ns, but it had to know of a value: client 0 wrote x=1 at 0 ns, then client 1 read x=1 at 0 ns, then client 1 wrote y=1 at 10 ns, then client 2 read y=1 at 0 ns, then client 2 read x=null at 10 ns (bad pattern WriteCOInitRead)",
		},
		{
			"an answer overwritten", "w:x=1 | r:x=1 w:x=2 | r:x=2 r:x=1", CC, []int{0, 1, 2, 3, 4},
			"client 2 read x=1 at 10 ns, but it had to know of a newer value: client 0 wrote x=1 at 0 ns, then client 1 read x=1 at 0 ns, then client 1 wrote x=2 at 10 ns, then client 2 read x=2 at 0 ns, then client 2 read x=1 at 10 ns (bad pattern WriteCORead)",
		},
		{
			"causes in a circle", "r:x=1 w:y=1 | r:y=1 w:x=1", CC, []int{0, 1, 2, 3},
			"each of these must come before the next, in a circle: client 0 wrote y=1 at 10 ns, then client 1 read y=1 at 0 ns, then client 1 wrote x=1 at 10 ns, then client 0 read x=1 at 0 ns, then client 0 wrote y=1 at 10 ns (bad pattern CyclicCO)",
		},
		{
			"back and forth", "w:x=1 | w:x=2 | r:x=1 r:x=2 r:x=1", PRAM, []int{0, 1, 2, 3, 4},
			"client 2 saw the writes in no order that explains what it read, for it would go in a circle: client 0 wrote x=1 at 0 ns, before client 1 wrote x=2 at 0 ns (since client 2 read x=1 at 0 ns, then client 2 read x=2 at 10 ns), before client 0 wrote x=1 at 0 ns (since client 2 read x=2 at 10 ns, then client 2 read x=1 at 20 ns) (bad pattern CyclicHB)",
		},
		{"each of these reads has an order of its own", "w:x=1 | w:x=2 | r:x=1 r:x=2 r:x=1", CC, nil, ""},
		{
			"the paper's example (b)", "w:z=1 w:x=1 w:y=1 | w:x=2 r:z=0 r:y=1 r:x=2", CM, []int{0, 1, 2, 3, 4, 5, 6},
			"client 1 read z=null at 10 ns, but it had to know of a value: client 0 wrote z=1 at 0 ns, then client 0 wrote x=1 at 10 ns, before client 1 wrote x=2 at 0 ns (since client 0 wrote y=1 at 20 ns, then client 1 read y=1 at 20 ns, then client 1 read x=2 at 30 ns), then client 1 read z=null at 10 ns (bad pattern WriteHBInitRead)",
		},
		{"a value from nowhere", "r:x=7", PRAM, []int{0}, "client 0 read x=7 at 0 ns, but nobody wrote 7"},
		{"an aborted read", "w:x=7! | r:x=7", CC, []int{0, 1}, "client 1 read x=7 at 0 ns, but the operation that wrote 7 (called at 0 ns) certainly failed: an aborted read"},
		{
			"a swap that happened, though it could not have", "c:x=5>6? | r:x=6", CC, []int{0, 1},
			"client 0 set x from 5 to 6 at 0 ns (it happened, since client 1 read x=6 at 0 ns), but nobody wrote 5",
		},
		{"a write of unknown outcome comes late", "w:x=1? r:x=0 | r:x=0 r:x=1", CM, nil, ""},
		{
			"but does not go away", "w:x=1? r:x=1 r:x=0", PRAM, []int{0, 1, 2},
			"client 0 read x=null at 20 ns, but it had to know of a value: client 0 wrote x=1 at 0 ns, then client 0 read x=1 at 10 ns, then client 0 read x=null at 20 ns (bad pattern WriteHBInitRead)",
		},
		{"two swaps from one value, apart", "w:x=1 c:x=1>2 | c:x=1>3 r:x=3", CM, nil, ""},
		{"lists may fork", "a:x=1 r:x=[1] | a:x=2 r:x=[2]", CCv, nil, ""},
		{
			"lists in two orders", "a:x=1 r:x=[1,2] | a:x=2 r:x=[2,1]", CCv, []int{0, 1, 2, 3},
			"no one order of the writes explains what was read, for it would go in a circle: client 0 appended 1 to x at 0 ns, before client 1 appended 2 to x at 0 ns (since client 0 read x=[1,2] at 10 ns), before client 0 appended 1 to x at 0 ns (since client 1 read x=[2,1] at 10 ns) (bad pattern CyclicCF)",
		},
		{
			"a list out of order", "a:x=1 a:x=2 | r:x=[2,1]", CC, []int{0, 1, 2},
			"client 1 read x=[2,1] at 0 ns with 2 before 1, but they were appended the other way round: client 0 appended 1 to x at 0 ns, then client 0 appended 2 to x at 10 ns (bad pattern list order)",
		},
		{
			"an append forgotten", "a:x=1 | r:x=[1] a:x=2 | r:x=[2]", CC, []int{0, 1, 2, 3},
			"client 2 read x=[2] at 0 ns, but it had to know of 1: client 0 appended 1 to x at 0 ns, then client 1 read x=[1] at 0 ns, then client 1 appended 2 to x at 10 ns, then client 2 read x=[2] at 0 ns (bad pattern missing append)",
		},
		{
			"an append shown twice", "a:x=1 | r:x=[1,1]", PRAM, []int{0, 1},
			"client 1 read x=[1,1] at 0 ns with 1 in it twice, but it was appended once (called at 0 ns)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := executiontest.Litmus{Script: c.script}.History()
			r := Checker{c.m}.Check(h, judge.Budget{})
			if want := judge.Violated; (r.Verdict == want) != (c.ops != nil) || r.Verdict == judge.Undecided {
				t.Errorf("%v", r.Verdict)
			}
			if !slices.Equal(r.Evidence.Ops, c.ops) || r.Evidence.Text != c.text {
				t.Errorf("evidence %v: %s", r.Evidence.Ops, r.Evidence.Text)
			}
		})
	}
}

func TestUndecided(t *testing.T) {
	busy := executiontest.Litmus{Script: "w:x=1 r:x=1"}.History()
	busy[0].Return = 100
	blind := executiontest.Litmus{Script: "w:x=1 | c:x=2>3"}.History()
	blind[1].Swapped, blind[1].Blind = false, true
	for _, c := range []struct {
		h    history.History
		text string
	}{
		{executiontest.Litmus{Script: "w:x=1 w:x=1 | r:x=1"}.History(), "client 1 read x=1 at 0 ns: several operations wrote this value, so it does not tell what was read from"},
		{executiontest.Litmus{Script: "w:x=1 w:x=0 | r:x=0 r:x=0"}.History(), "client 1 read x=null at 0 ns: the initial value was also written, so it does not tell what was read from (and 1 more operations of this kind)"},
		{executiontest.Litmus{Script: "a:x=1 w:x=2"}.History(), "client 0 appended 1 to x at 0 ns: appends and writes meet on this key, so its reads do not tell what they read from (and 1 more operations of this kind)"},
		{busy, "client 0 read x=1 at 10 ns: its client was still busy: client 0 wrote x=1 at 0 ns (answered at 100 ns)"},
		{blind, "client 1 found x not to be 2 at 0 ns: it only says what the key did not hold"},
	} {
		for _, m := range []Model{CC, CM, CCv, PRAM} {
			if r := (Checker{m}).Check(c.h, judge.Budget{}); r.Verdict != judge.Undecided || r.Evidence.Text != c.text {
				t.Errorf("%v: %v %s", m, r.Verdict, r.Evidence.Text)
			}
		}
	}
}

func TestViolationsBesideGaps(t *testing.T) {
	h := executiontest.Litmus{Script: "w:x=1 w:y=1 w:z=5 w:z=5 | r:z=5 r:y=1 r:x=0"}.History()
	if r := (Checker{CC}).Check(h, judge.Budget{}); r.Verdict != judge.Violated || !slices.Equal(r.Evidence.Ops, []int{0, 2, 3, 5}) {
		t.Errorf("%v %v", r.Verdict, r.Evidence)
	}
}

func TestBudget(t *testing.T) {
	h := executiontest.Litmus{Script: "w:x=1 | w:x=2 | r:x=1 r:x=2 r:x=1"}.History()
	for _, m := range []Model{CM, PRAM} {
		r := Checker{m}.Check(h, judge.Budget{Steps: 1})
		if r.Verdict != judge.Undecided || r.Evidence.Text != "the order that reads force upon writes was not complete after 1 steps; allow more" {
			t.Errorf("%v: %v %s", m, r.Verdict, r.Evidence.Text)
		}
	}
}

// Of several reads that cannot be, that which was called first is told of.
func TestTheFirstReadIsTold(t *testing.T) {
	for _, keys := range []string{"xy", "yx"} {
		a, b := keys[:1], keys[1:]
		h := executiontest.Litmus{Script: "w:y=1 w:x=1 r:" + a + "=0 r:" + b + "=0"}.History()
		r := Checker{CC}.Check(h, judge.Budget{})
		if want := fmt.Sprintf("client 0 read %s=null at 20 ns", a); !strings.HasPrefix(r.Evidence.Text, want) {
			t.Errorf("%q, want %q", r.Evidence.Text, want)
		}
	}
}

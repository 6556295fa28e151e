package sequential

import (
	"slices"
	"strings"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// neither says that x=1 can come neither before x=2 nor after it: either way two
// other values would have to be in place at once. Pairs do not show that.
const neither = "w:x=1 | w:x=2 | w:y=1 | w:y=2 | w:z=1 | w:z=2 | r:y=1 r:x=1 | r:y=2 r:x=1 | r:x=2 r:y=2 | r:x=2 r:y=1 |" +
	" r:z=1 r:x=2 | r:z=2 r:x=2 | r:x=1 r:z=2 | r:x=1 r:z=1"

func TestStories(t *testing.T) {
	for _, c := range []struct {
		name   string
		script string
		engine string
		ops    []int // of the evidence; none if it holds
		text   string
	}{
		{"nothing happened", "", Saturation, nil, ""},
		{"a stale read is no violation", "w:x=1 w:x=2 | r:x=0 r:x=1", RealTime, nil, ""},
		{"two sessions that never meet", "w:x=1 r:x=1 | w:x=2 r:x=2", RealTime, nil, ""},
		{"against real time", "w:x=1 w:y=1 | w:x=2 r:y=0 r:x=2 | r:x=2 r:x=1", Search, nil, ""},
		{
			"store buffering (Dekker)", "w:x=1 r:y=0 | w:y=1 r:x=0", Saturation, []int{0, 1, 2, 3},
			"no one order explains all answers, for it would go in a circle: client 0 read y=null at 10 ns, before client 1 wrote y=1 at 0 ns, then client 1 read x=null at 10 ns, before client 0 wrote x=1 at 0 ns, then client 0 read y=null at 10 ns",
		},
		{
			"independent reads of independent writes", "w:x=1 | w:y=1 | r:x=1 r:y=0 | r:y=1 r:x=0", Saturation, []int{0, 1, 2, 3, 4, 5},
			"no one order explains all answers, for it would go in a circle: client 0 wrote x=1 at 0 ns, then client 2 read x=1 at 0 ns, then client 2 read y=null at 10 ns, before client 1 wrote y=1 at 0 ns, then client 3 read y=1 at 0 ns, then client 3 read x=null at 10 ns, before client 0 wrote x=1 at 0 ns",
		},
		{
			"two readers, two orders", "w:x=1 | w:x=2 | r:x=1 r:x=2 | r:x=2 r:x=1", Saturation, []int{0, 1, 2, 3, 4, 5},
			"no one order explains all answers, for it would go in a circle: client 3 read x=1 at 10 ns, before client 1 wrote x=2 at 0 ns (since client 0 wrote x=1 at 0 ns, then client 2 read x=1 at 0 ns, then client 2 read x=2 at 10 ns), then client 3 read x=2 at 0 ns, then client 3 read x=1 at 10 ns",
		},
		{
			"one value swapped twice", "w:x=1 c:x=1>2 | c:x=1>3", Saturation, []int{0, 1, 2},
			"client 0 set x from 1 to 2 at 10 ns and client 1 set x from 1 to 3 at 0 ns, though x held 1 only once",
		},
		{
			"swapped away, and read again", "w:x=1 | c:x=1>2 | r:x=2 r:x=1", Saturation, []int{0, 1, 2, 3},
			"no one order explains all answers, for it would go in a circle: client 1 set x from 1 to 2 at 0 ns, then client 2 read x=2 at 0 ns, then client 2 read x=1 at 10 ns, before client 1 set x from 1 to 2 at 0 ns",
		},
		{
			"lists that fork", "a:x=1 r:x=[1] | a:x=2 r:x=[2]", Saturation, []int{0, 1, 2, 3},
			"client 0 read x=[1] at 10 ns, but client 1 read x=[2] at 10 ns: neither list continues the other",
		},
		{
			"a list out of order", "a:x=1 a:x=2 | r:x=[2,1]", Saturation, []int{0, 1, 2},
			"no one order explains all answers, for it would go in a circle: client 0 appended 2 to x at 10 ns, before client 0 appended 1 to x at 0 ns (since client 1 read x=[2,1] at 0 ns), then client 0 appended 2 to x at 10 ns",
		},
		{
			"lists seen in two orders of keys", "a:x=1 | a:y=2 | r:x=[1] r:y=[] | r:y=[2] r:x=[]", Saturation, []int{0, 1, 2, 3, 4, 5},
			"no one order explains all answers, for it would go in a circle: client 0 appended 1 to x at 0 ns, then client 2 read x=[1] at 0 ns, then client 2 read y=null at 10 ns, before client 1 appended 2 to y at 0 ns, then client 3 read y=[2] at 0 ns, then client 3 read x=null at 10 ns, before client 0 appended 1 to x at 0 ns",
		},
		{"a write of unknown outcome comes late", "w:x=1? r:x=0 | r:x=0 r:x=1", Saturation, nil, ""},
		{"a value from nowhere", "r:x=7", ThinAir, []int{0}, "client 0 read x=7 at 0 ns, but nobody wrote 7"},
		{
			"what pairs do not show", neither, Search, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21},
			"no one order explains all answers of these 22 operations: every order was tried",
		},
		{
			"nor what else happened", neither + "| r:z=1 w:x=7 r:x=7 r:y=2", Search, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 21, 22},
			"no one order explains all answers of these 22 operations: every order was tried",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Check(executiontest.Litmus{Script: c.script}.History(), judge.Budget{})
			if (r.Verdict == judge.Violated) != (c.ops != nil) || r.Verdict == judge.Undecided || r.Engine != c.engine {
				t.Errorf("%v by %s", r.Verdict, r.Engine)
			}
			if !slices.Equal(r.Evidence.Ops, c.ops) || r.Evidence.Text != c.text {
				t.Errorf("evidence %v: %s", r.Evidence.Ops, r.Evidence.Text)
			}
		})
	}
}

// Every session of the story that pairs do not show is needed.
func TestSearchNeedsEverySession(t *testing.T) {
	sessions := strings.Split(neither, "|")
	for i := 6; i < len(sessions); i++ {
		script := strings.Join(slices.Delete(slices.Clone(sessions), i, i+1), "|")
		if r := Check(executiontest.Litmus{Script: script}.History(), judge.Budget{}); r.Verdict != judge.Holds {
			t.Errorf("without %s: %v", sessions[i], r)
		}
	}
}

func TestVersionsShowAnOrder(t *testing.T) {
	// In real time x=2 was in place first, but the store has it last.
	h := executiontest.Litmus{Script: "w:x=2 r:x=2 | r:y=0 r:x=1 r:x=2 | w:x=1 w:y=1"}.History()
	for i := range h {
		if h[i].Kind == history.Write {
			h[i].Version = history.Version{Major: h[i].In.Num}
		}
	}
	if r := Check(h, judge.Budget{}); r.Verdict != judge.Holds || r.Engine != Versions {
		t.Errorf("%v by %s: %s", r.Verdict, r.Engine, r.Evidence.Text)
	}
	for i := range h {
		h[i].Version = history.Version{Major: min(1, h[i].Version.Major), Minor: h[i].Version.Major}
	}
	if r := Check(h, judge.Budget{}); r.Verdict != judge.Holds || r.Engine != Versions {
		t.Errorf("by the lesser part of versions: %v by %s: %s", r.Verdict, r.Engine, r.Evidence.Text)
	}
}

// What a value waits for may be the very event that is to come next.
func awaited(key string, client int) history.History {
	at := func(c int, kind history.Kind, k string, v int64, call int64) history.Op {
		o := history.Op{Client: client + c, Process: client + c, Kind: kind, Key: key + k, Call: history.Time(call), Return: history.Time(call + 1), Status: history.OK}
		if kind == history.Read {
			o.Out = history.Num(v)
		} else {
			o.In = history.Num(v)
		}
		return o
	}
	const w, r = history.Write, history.Read
	return history.History{
		at(2, w, "k", 6, 0), at(2, r, "x", 1, 2), // the read is of what comes last
		at(1, w, "k", 5, 10), at(1, w, "z", 1, 12),
		at(0, r, "z", 1, 20), at(0, w, "x", 1, 22), at(0, r, "k", 5, 24),
		at(3, r, "k", 5, 30), at(3, r, "k", 6, 34),
	}
}

func TestWhatAwaitsItselfIsNotDead(t *testing.T) {
	if r := Check(awaited("", 0), judge.Budget{}); r.Verdict != judge.Holds || r.Engine != Search {
		t.Errorf("%v by %s: %s", r.Verdict, r.Engine, r.Evidence.Text)
	}
}

// Parts that have nothing in common are judged one by one, each once.
func TestPartsOneByOne(t *testing.T) {
	var h history.History
	for n, key := range []string{"a", "b", "c"} {
		h = append(h, awaited(key, 4*n)...)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	r := Check(h, judge.Budget{Order: true})
	slices.Sort(r.Order)
	if r.Verdict != judge.Holds || len(r.Order) != len(h) || len(slices.Compact(r.Order)) != len(h) {
		t.Errorf("%v by %s: %v", r.Verdict, r.Engine, r.Order)
	}
}

func TestUndecided(t *testing.T) {
	h := executiontest.Litmus{Script: neither}.History()
	r := Check(h, judge.Budget{Steps: 10})
	const want = "the search of 10 steps found neither an order of the 22 operations nor that there is none; allow more steps, or judge fewer operations"
	if r.Verdict != judge.Undecided || r.Evidence.Text != want {
		t.Errorf("%v: %s", r.Verdict, r.Evidence.Text)
	}
	h = executiontest.Litmus{Script: "w:x=1 w:y=1 r:y=1 | w:y=1 r:y=1 r:x=0 | w:y=2 r:y=1 r:y=2"}.History()
	r = Check(h, judge.Budget{Steps: 2})
	const repeated = "client 1 read y=1 at 10 ns: several operations wrote this value, so it does not tell what was read from (and 2 more operations of this kind); and the search of 2 steps found neither an order nor that there is none"
	if r.Verdict != judge.Undecided || r.Evidence.Text != repeated {
		t.Errorf("%v: %s", r.Verdict, r.Evidence.Text)
	}
	h = executiontest.Litmus{Script: "w:x=1 w:x=2 | r:x=1"}.History()
	h[0].Return = 100
	const busy = "client 0 wrote x=2 at 10 ns: its client was still busy: client 0 wrote x=1 at 0 ns (answered at 100 ns)"
	if r := Check(h, judge.Budget{}); r.Verdict != judge.Undecided || r.Evidence.Text != busy {
		t.Errorf("%v: %s", r.Verdict, r.Evidence.Text)
	}
	h = executiontest.Litmus{Script: "w:x=1"}.History()
	h[0].Kind = history.Push
	if r := Check(h, judge.Budget{}); r.Verdict != judge.Undecided || !strings.HasSuffix(r.Evidence.Text, "there is no method for sets, queues and stacks at this level") {
		t.Errorf("%v: %s", r.Verdict, r.Evidence.Text)
	}
}

// Reads that the violation does without are left out of the evidence.
func TestGeneralSearchShowsNoMoreThanItNeeds(t *testing.T) {
	h := executiontest.Litmus{Script: "w:x=1 w:x=2 w:x=1 | r:x=2 r:x=1 r:x=2 | r:x=1 r:x=1 | w:y=3 r:y=3"}.History()
	r := Check(h, judge.Budget{})
	for _, i := range r.Evidence.Ops {
		if h[i].Key != "x" || h[i].Client == 2 {
			t.Errorf("%v is not needed", h[i])
		}
	}
	if r.Verdict != judge.Violated || r.Engine != General || len(r.Evidence.Ops) != 6 {
		t.Errorf("%v by %s: %v", r.Verdict, r.Engine, r.Evidence)
	}
}

// Where values repeat, a search over the operations themselves decides.
func TestGeneralSearch(t *testing.T) {
	for _, c := range []struct {
		script string
		ops    []int
	}{
		{"w:x=1 w:x=2 w:x=1 | r:x=1 r:x=2 r:x=1", nil},
		{"w:x=1 w:x=2 | r:x=1 r:x=2 r:x=1 | w:y=3 r:y=3", []int{0, 1, 3, 4, 6}},
		{"w:x=1 w:x=0 | r:x=0 r:x=1 r:x=0", nil},
		{"w:x=1 a:x=2", nil},
	} {
		r := Check(executiontest.Litmus{Script: c.script + " | w:z=1 w:z=1 r:z=1"}.History(), judge.Budget{})
		if (r.Verdict == judge.Violated) != (c.ops != nil) {
			t.Errorf("%s: %v by %s: %v", c.script, r.Verdict, r.Engine, r.Evidence)
		}
	}
}

package session

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// versioned gives each write its value as the store's version, and each read that of what it read.
func versioned(h history.History) history.History {
	for i := range h {
		op := &h[i]
		if op.MayMutate() {
			op.Version.Major = op.In.Num
		} else {
			op.Version.Major = op.Out.Num
		}
	}
	return h
}

func TestStories(t *testing.T) {
	type h = history.History
	litmus := func(script string) h { return executiontest.Litmus{Script: script}.History() }
	for _, c := range []struct {
		name   string
		h      h
		g      Guarantee
		engine string
		ops    []int // of the evidence; none if it holds
		text   string
	}{
		{"nothing happened", h{}, ReadYourWrites, "", nil, ""},
		{"a stale read of another's write", litmus("w:x=1 w:x=2 | r:x=0"), MonotonicReads, "real time", nil, ""},
		{
			"one's own write is not there", litmus("w:x=1 r:x=0"), ReadYourWrites, "real time", []int{0, 1},
			"client 0 read x=null at 10 ns after client 0 wrote x=1 at 0 ns, a newer value in real time",
		},
		{"an own write of unknown outcome may come late", litmus("w:x=1? r:x=0"), ReadYourWrites, "real time", nil, ""},
		{
			"overwritten by something older", litmus("w:x=1 | r:y=0 w:x=2 r:x=1"), ReadYourWrites, "real time", []int{2, 3},
			"client 1 read x=1 at 20 ns after client 1 wrote x=2 at 10 ns, a newer value in real time",
		},
		{
			"to the store it was newer", versioned(litmus("w:x=2 | r:y=0 w:x=1 r:x=2")), ReadYourWrites, "store's order+real time", nil, "",
		},
		{
			"but then the store undid a write", versioned(litmus("w:x=2 | r:x=2 w:x=1 r:x=2")), WritesFollowReads, "store's order", []int{1, 2},
			"client 1 wrote x=1 at 10 ns after client 1 read x=2 at 0 ns, but that is the newer value by the store's order",
		},
		{
			"two writes in the wrong order", versioned(litmus("w:x=2 w:x=1")), MonotonicWrites, "store's order", []int{0, 1},
			"client 0 wrote x=1 at 10 ns after client 0 wrote x=2 at 0 ns, but that is the newer value by the store's order",
		},
		{
			"back to nothing", litmus("w:x=1 | r:x=1 r:x=0 r:x=0"), MonotonicReads, "real time", []int{1, 2},
			"client 1 read x=null at 10 ns after client 1 read x=1 at 0 ns, a newer value in real time (2 such operations of 4)",
		},
		{
			"back and forth between concurrent writes", litmus("w:x=1 | w:x=2 | r:x=1 r:x=2 r:x=1"), MonotonicReads, "real time", []int{3, 4},
			"client 2 read x=1 at 20 ns, though it had read that value before and then another: client 2 read x=2 at 10 ns",
		},
		{"a chain of swaps, in its order", litmus("c:x=0>1 | c:x=1>2 | r:x=1 r:x=2"), MonotonicReads, "real time", nil, ""},
		{
			"and against it", litmus("c:x=0>1 | c:x=1>2 | r:x=2 r:x=1"), MonotonicReads, "real time", []int{2, 3},
			"client 2 read x=1 at 10 ns after client 2 read x=2 at 0 ns, a newer value in real time",
		},
		{
			"an own append is not there", litmus("a:x=1 r:x=[2] | a:x=2"), ReadYourWrites, "lists", []int{0, 2},
			"client 0 read x=[2] at 10 ns after client 0 appended 1 to x at 0 ns: not all of that is there",
		},
		{
			"an append seen before is not there", litmus("a:x=1 | a:x=2 | r:x=[1,2] r:x=[2]"), MonotonicReads, "lists", []int{2, 3},
			"client 2 read x=[2] at 10 ns after client 2 read x=[1,2] at 0 ns: not all of that is there",
		},
		{
			"appends in the wrong order", litmus("a:x=1 a:x=2 | r:x=[2,1]"), MonotonicWrites, "lists", []int{0, 1, 2},
			"client 0 appended 2 to x at 10 ns after client 0 appended 1 to x at 0 ns, but client 1 read x=[2,1] at 0 ns: not in this order",
		},
		{
			"an answer without its question", litmus("a:x=1 | r:x=[1] a:x=2 | r:x=[2]"), WritesFollowReads, "lists", []int{1, 2, 3},
			"client 1 appended 2 to x at 10 ns after client 1 read x=[1] at 0 ns, but client 2 read x=[2] at 0 ns: not in this order",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Measure(c.h, ByStore)
			r := s.Result(c.h, c.g)
			if (r.Verdict == judge.Violated) != (c.ops != nil) || r.Verdict == judge.Undecided || r.Engine != c.engine {
				t.Errorf("%v by %s", r.Verdict, r.Engine)
			}
			if !slices.Equal(r.Evidence.Ops, c.ops) || r.Evidence.Text != c.text {
				t.Errorf("evidence %v: %s", r.Evidence.Ops, r.Evidence.Text)
			}
		})
	}
}

// As a level a guarantee knows no clocks: else it would not follow from PRAM.
func TestLevelsKnowNoClocks(t *testing.T) {
	swapped := executiontest.Litmus{Script: "w:x=1 | w:x=2 | r:x=2 r:x=1"}.History()
	swapped[1].Call, swapped[1].Return = 20, 29
	for i := range swapped[2:] {
		swapped[2+i].Call, swapped[2+i].Return = history.Time(40+20*i), history.Time(49+20*i)
	}
	s := Measure(swapped, ByStore)
	if in, as := s.Result(swapped, MonotonicReads), (Checker{MonotonicReads}).Check(swapped, judge.Budget{}); in.Verdict != judge.Violated || as.Verdict != judge.Holds || as.Engine != "sessions" {
		t.Errorf("in real time %v, as a level %v by %s", in.Verdict, as.Verdict, as.Engine)
	}
	own := executiontest.Litmus{Script: "w:x=1 w:x=2 | r:x=2 r:x=1"}.History()
	if r := (Checker{MonotonicReads}).Check(own, judge.Budget{}); r.Verdict != judge.Violated {
		t.Errorf("writes of one session: %v", r.Verdict)
	}
}

func TestScore(t *testing.T) {
	h := executiontest.Litmus{Script: "w:x=1 | r:x=1 r:x=0 r:x=0 w:x=3! | w:y=1 w:y=1 r:y=1"}.History()
	s := Measure(h, ByTime)
	if s.Ops != 4 || s.Count(MonotonicReads) != 2 || s.PerThousand(MonotonicReads) != 500 || s.Skipped != 3 {
		t.Errorf("%+v", s)
	}
	if r := s.Result(h, ReadYourWrites); r.Verdict != judge.Undecided || !strings.HasPrefix(r.Evidence.Text, "3 operations cannot be judged") {
		t.Errorf("%+v", r)
	}
	h[0].Return = 100
	h = append(h, history.Op{Client: 0, Kind: history.Read, Key: "x", Call: 50, Return: 60, Status: history.OK})
	if s := Measure(h, ByTime); s.Skipped != 5 || s.Count(ReadYourWrites) != 0 {
		t.Errorf("a client that was busy: %+v", s)
	}
}

// A chain of compare-and-sets has an order even where clocks tell none, and after
// the session has read something else, too.
func TestChains(t *testing.T) {
	at := func(client int, kind history.Kind, call, ret history.Time, expect, in, out int64) history.Op {
		return history.Op{
			Client: client, Process: client, Kind: kind, Key: "x", Call: call, Return: ret, Status: history.OK,
			Expect: history.Num(expect), In: history.Num(in), Out: history.Num(out), Swapped: kind == history.CAS,
		}
	}
	h := history.History{
		at(0, history.Write, 0, 100, 0, 1, 0),
		at(1, history.CAS, 0, 100, 1, 2, 0),
		at(2, history.CAS, 0, 100, 2, 4, 0),
		at(3, history.CAS, 0, 100, 4, 5, 0),
		at(4, history.Write, 5, 100, 0, 3, 0),
	}
	for _, c := range []struct {
		reads []int64
		want  int32 // the read that proves that the last one went back
	}{{[]int64{2, 3, 1}, 5}, {[]int64{2, 5, 3, 4}, 6}, {[]int64{5, 2}, 5}, {[]int64{2, 4, 5, 3}, none}} {
		reads := h
		for i, v := range c.reads {
			call := history.Time(10 + 10*i)
			reads = append(reads, at(5, history.Read, call, call+5, 0, 0, v))
		}
		s := Measure(reads, ByTime)
		switch {
		case c.want == none && len(s.Violations) == 0:
		case len(s.Violations) == 1 && s.Violations[0].Guarantee == MonotonicReads && s.Violations[0].First == c.want:
		default:
			t.Errorf("reads of %v: %+v", c.reads, s.Violations)
		}
	}
}

// Edges of what real time and swaps tell: first operations, and writes of no known rank.
func TestEdgesOfOrder(t *testing.T) {
	at := func(client int, kind history.Kind, call, ret history.Time, expect, v int64) history.Op {
		o := history.Op{
			Client: client, Process: client, Kind: kind, Key: "x", Call: call, Return: ret, Status: history.OK,
			Expect: history.Num(expect), In: history.Num(v), Swapped: kind == history.CAS,
		}
		if kind == history.Read {
			o.Out = o.In
		}
		if ret == history.Never {
			o.Status = history.Unknown
		}
		return o
	}
	const never = history.Never
	versioned := func(o history.Op, v int64) history.Op {
		o.Version.Major = v
		return o
	}
	for _, c := range []struct {
		name string
		h    history.History
		want []Guarantee
	}{
		{
			"a swap that was called before what it replaced, and is known from a read alone",
			history.History{
				at(0, history.CAS, 0, never, 1, 2), at(1, history.Write, 5, 100, 0, 1),
				at(2, history.Read, 20, 30, 0, 2), at(2, history.Read, 40, 50, 0, 1),
			},
			[]Guarantee{MonotonicReads},
		},
		{
			"what was swapped was in place by then, though the first write was never answered",
			history.History{
				at(0, history.Write, 0, never, 0, 1), at(1, history.CAS, 10, 20, 1, 2), at(1, history.Write, 30, 40, 0, 3),
				at(2, history.Read, 45, 48, 0, 3), at(2, history.Read, 50, 60, 0, 1),
			},
			[]Guarantee{MonotonicReads},
		},
		{
			"a read that breaks two guarantees is told of in their order",
			history.History{at(0, history.Write, 0, 5, 0, 1), at(0, history.Read, 10, 15, 0, 1), at(0, history.Read, 20, 25, 0, 0)},
			[]Guarantee{ReadYourWrites, MonotonicReads},
		},
		{
			"a swap met a value of which the store told no version",
			history.History{
				at(0, history.Write, 0, never, 0, 1), versioned(at(1, history.Write, 0, 5, 0, 5), 1), versioned(at(1, history.CAS, 10, 20, 1, 2), 2),
			},
			nil,
		},
	} {
		var got []Guarantee
		for _, v := range Measure(c.h, ByStore).Violations {
			got = append(got, v.Guarantee)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Any history at all can be scored, and its evidence is in it.
func TestAnyHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		data := make([]byte, 6*(1+rng.IntN(30)))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		checkAnyHistory(t, executiontest.FromBytes(data))
		checkDistinct(t, data)
	}
}

// checkDistinct compares what is broken with the definitions on a tiny history.
func checkDistinct(t *testing.T, data []byte) {
	t.Helper()
	if len(data)%3 == 0 {
		h := executiontest.Distinct(data, 10, 3, 2, history.Read, history.Append)
		s := Measure(h, ByTime)
		if got, want := met(h, &s), bruteLists(h); s.Skipped == 0 && !maps.Equal(got, want) {
			t.Fatalf("got %v, by definition %v (client, key, guarantee):\n%s", got, want, dump(h))
		}
		return
	}
	h := executiontest.Distinct(data, 8, 3, 2, history.Read, history.Write, history.CAS)
	for _, by := range []Order{ByTime, BySessions} {
		agreed(t, h, by)
	}
}

func checkAnyHistory(t *testing.T, h history.History) {
	t.Helper()
	for _, by := range []Order{ByStore, ByTime, BySessions} {
		s := Measure(h, by)
		if s.Ops+s.Skipped > len(h) {
			t.Fatalf("%d operations judged and %d skipped of %d:\n%s", s.Ops, s.Skipped, len(h), dump(h))
		}
		for i, v := range s.Violations {
			if e := v.Evidence(h); len(e.Ops) < 2 || e.Text == "" || h[v.First].Client != h[v.Second].Client || v.First >= v.Second {
				t.Fatalf("%+v: %v\n%s", v, e, dump(h))
			}
			if i > 0 && s.Violations[i-1].Second == v.Second && s.Violations[i-1].Guarantee == v.Guarantee {
				t.Fatalf("twice: %+v\n%s", v, dump(h))
			}
		}
	}
}

func FuzzMeasure(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		data := make([]byte, 6*(1+rng.IntN(20)))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkAnyHistory(t, executiontest.FromBytes(data))
		checkDistinct(t, data)
	})
}

func BenchmarkMeasure(b *testing.B) {
	for _, kind := range []history.Kind{history.Write, history.Append} {
		n := 100_000
		if kind == history.Append {
			n = 10_000
		}
		h := executiontest.Plan{
			Store: executiontest.Converge, Clients: 50, Keys: 20, Ops: n, Kinds: []history.Kind{history.Read, kind}, Think: 3,
		}.Make(rand.New(rand.NewPCG(1, 2)))
		for _, by := range []Order{ByTime, BySessions} {
			b.Run(kind.String()+"/"+by.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s := Measure(h, by)
					b.ReportMetric(float64(len(s.Violations)), "violations")
				}
			})
		}
	}
}

// What a litmus breaks is broken in the middle of a long history, and nothing else.
func TestPlanted(t *testing.T) {
	host := executiontest.Plan{
		Store: executiontest.Atomic, Clients: 8, Keys: 5, Ops: 2000, Crashes: true, Think: 5,
		Kinds: []history.Kind{history.Read, history.Write, history.CAS},
	}.Make(rand.New(rand.NewPCG(1, 2)))
	for _, l := range executiontest.Litmuses {
		h, at := executiontest.Plant(host, l)
		alone, among := Measure(l.History(), ByTime), Measure(h, ByTime)
		for i := range alone.Violations { // to the places in the long history
			v := &alone.Violations[i]
			v.First, v.Second = int32(at[v.First]), int32(at[v.Second])
			if v.Proof != none {
				v.Proof = int32(at[v.Proof])
			}
		}
		if !slices.Equal(alone.Violations, among.Violations) {
			t.Errorf("%s: %+v, alone %+v", l.Name, among.Violations, alone.Violations)
		}
	}
}

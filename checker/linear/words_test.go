package linear

import (
	"slices"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// What a search says of an operation that nothing could explain, whatever the
// others did. A value that comes twice calls for a search.
func TestWordsOfOneOperation(t *testing.T) {
	type h = history.History
	on := func(key string, op history.Op) history.Op {
		op.Key = key
		return op
	}
	twice := h{write(1, 1, 0, 10), write(1, 1, 12, 15)}
	appended := h{add(1, 1, 0, 10), add(1, 1, 12, 15)}
	for _, c := range []struct {
		h    h
		text string
		ops  []int
	}{
		{append(slices.Clip(twice), swap(2, 7, 8, 20, 30)), "client 2 set x from 7 to 8 at 20 ms, but nobody wrote 7", []int{2}},
		{append(slices.Clip(twice), refuse(2, 1, 1, 20, 30)), "client 2 found x=1 at 20 ms and did not swap, although this is what it expected", []int{2}},
		{append(slices.Clip(twice), read(2, 9, 20, 30)), "client 2 read x=9 at 20 ms, but nobody wrote 9", []int{2}},
		{append(slices.Clip(twice), on("y", add(2, 9, 16, 17)), on("y", write(2, 9, 18, 19)), read(2, 9, 20, 30)), "client 2 read x=9 at 20 ms, but nobody wrote 9", []int{4}},
		{append(h{on("y", add(2, 9, 0, 9))}, append(slices.Clip(twice), read(2, 9, 20, 30))...), "client 2 read x=9 at 20 ms, but nobody wrote 9", []int{3}},
		{append(slices.Clip(twice), read(2, 9, 20, 30), write(3, 9, 40, 50)), "client 2 read x=9 (answered at 30 ms), before client 3 wrote x=9 at 40 ms", []int{2, 3}},
		{append(slices.Clip(twice), read(2, 9, 20, 30), swap(3, 1, 9, 40, 50)), "client 2 read x=9 (answered at 30 ms), before client 3 set x from 1 to 9 at 40 ms", []int{2, 3}},
		{append(slices.Clip(appended), list(2, 20, 30, 5)), "client 2 read x=[5] at 20 ms, but nobody appended 5", []int{2}},
		{append(slices.Clip(appended), list(2, 20, 30, 1, 1, 1)), "client 2 read x=[1,1,1] (answered at 30 ms), but nothing that was done to x by then can have led to that", []int{2}},
		{append(slices.Clip(appended), list(2, 20, 30, 9, 9), add(3, 9, 30, 40)), "client 2 read x=[9,9] (answered at 30 ms), but nothing that was done to x by then can have led to that", []int{2}},
	} {
		if r := Check(c.h, judge.Budget{}); r.Verdict != judge.Violated || r.Evidence.Text != c.text || !slices.Equal(r.Evidence.Ops, c.ops) {
			t.Errorf("%v by %s, %v: %s\nwant %v: %s", r.Verdict, r.Engine, r.Evidence.Ops, r.Evidence.Text, c.ops, c.text)
		}
	}
}

// Where all of many operations are needed, all are evidence, and the last ones are told.
func TestWordsOfManyOperations(t *testing.T) {
	for _, n := range []int{2, 5, 6, witnessMost + 1} {
		var h history.History
		var seen []int64
		for k := range n {
			h = append(h, add(1, 1, 10*k, 10*k+5))
			if k > 0 {
				seen = append(seen, 1)
			}
		}
		h = append(h, list(2, 10*n, 10*n+5, seen...))
		r := Check(h, judge.Budget{})
		if r.Verdict != judge.Violated || len(r.Evidence.Ops) != n+1 {
			t.Errorf("%d appends: %v, %d operations: %s", n, r.Verdict, len(r.Evidence.Ops), r.Evidence.Text)
		}
		if more := strings.Contains(r.Evidence.Text, " more; "); more != (n+1 > 6) {
			t.Errorf("%d appends: %s", n, r.Evidence.Text)
		}
	}
}

// A swap of unknown outcome that saw what another such swap wrote: both happened, so
// somebody wrote what the first one expected.
func TestSwapsThatMayHaveHappened(t *testing.T) {
	for expect, want := range map[int64]judge.Verdict{7: judge.Holds, 5: judge.Violated} {
		h := history.History{
			write(1, 7, 0, 10), write(1, 7, 12, 20),
			with(history.Unknown, swap(2, expect, 6, 30, 0)), with(history.Unknown, swap(3, 6, 8, 31, 0)), read(4, 8, 50, 60),
		}
		if r := Check(h, judge.Budget{}); r.Verdict != want || r.Engine != Search {
			t.Errorf("from %d: %v by %s: %s", expect, r.Verdict, r.Engine, r.Evidence.Text)
		}
	}
}

// wide is more swaps at once than a search has bits for, the first of which waits for
// a late write, each other for the one before; and what else happens meanwhile. A
// value comes twice, so a search is called for.
func wide(rest ...history.Op) history.History {
	var h history.History
	const from = 100
	for k := range int64(maxOpen + 2) {
		h = append(h, swap(int(from+k), from+k, from+k+1, 0, 1000))
	}
	h = append(h, write(1, 1, 1, 3), write(1, 1, 4, 6), write(2, 2, 5, 800))
	h = append(h, rest...)
	return append(h, write(1, from, 900, 950))
}

// Porcupine needs some steps for a wide key, and with one less it does not know.
func TestRefereeHasAnExactEdge(t *testing.T) {
	for _, h := range []history.History{
		wide(read(1, 1, 10, 20)),
		wide(read(1, 1, 10, 20), read(3, 9, 30, 40)),
	} {
		k := keysOf(t, h)[0]
		ask := func(allowance int) (judge.Verdict, int) {
			c := checker{h: h, limit: 1 << 30}
			c.searcher.prepare(question{h: h, ops: k.ops, family: k.family, until: history.Never})
			if !c.searcher.tooWide {
				t.Fatal("not wide")
			}
			r := c.referee(k, allowance)
			return r.Verdict, c.steps
		}
		want, needed := ask(1 << 20)
		if needed <= 0 || needed >= 1<<20 {
			t.Fatalf("%v in %d steps", want, needed)
		}
		if v, _ := ask(needed); v != want {
			t.Errorf("%v in %d steps, %v in more", v, needed, want)
		}
		if v, _ := ask(needed - 1); v != judge.Undecided {
			t.Errorf("%v in %d steps, though %d are needed", v, needed-1, needed)
		}
	}
}

// What is open on a wide key counts as long as it may have happened, and what is
// called at the very instant is in time.
func TestRefereeAsksUntilAnInstant(t *testing.T) {
	h := wide(read(1, 2, 10, 20), read(1, 3, 30, 40), write(3, 3, 40, 60), read(4, 9, 70, 80))
	k := keysOf(t, h)[0]
	var p plan
	p.prepare(question{h: h, ops: k.ops, family: k.family, until: history.Never})
	for _, i := range []int{len(h) - 5, len(h) - 4, len(h) - 3} {
		steps := 1 << 20
		if ok, _ := p.ask(h[i].Return, &steps); !ok {
			t.Errorf("no order until operation %d returned", i)
		}
	}
}

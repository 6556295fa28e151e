package atomicity

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
)

var crossChecks = flag.Int("crosschecks", 5_000, "random histories to compare with the definitions, per family")

// op is an operation of a client of its own.
func op(client int, kind history.Kind, call, ret history.Time) history.Op {
	return history.Op{Client: client, Process: client, Kind: kind, Key: "x", Status: history.OK, Call: call, Return: ret}
}

func write(client int, v int64, call, ret history.Time) history.Op {
	o := op(client, history.Write, call, ret)
	o.In = history.Num(v)
	return o
}

func read(client int, v int64, call, ret history.Time) history.Op {
	o := op(client, history.Read, call, ret)
	o.Out = history.Num(v)
	return o
}

func swap(client int, from, to int64, call, ret history.Time) history.Op {
	o := op(client, history.CAS, call, ret)
	o.Expect, o.In, o.Swapped = history.Num(from), history.Num(to), true
	return o
}

func add(client int, v int64, call, ret history.Time) history.Op {
	o := op(client, history.Append, call, ret)
	o.In = history.Num(v)
	return o
}

func list(client int, call, ret history.Time, items ...int64) history.Op {
	o := op(client, history.Read, call, ret)
	o.Out.List = items
	return o
}

func unknown(o history.Op) history.Op {
	o.Status, o.Return = history.Unknown, history.Never
	return o
}

func failed(o history.Op) history.Op {
	o.Status = history.Failed
	return o
}

func (d Distance) String() string {
	if d.Infinite {
		return fmt.Sprintf("infinite (else %d)", d.Time)
	}
	return fmt.Sprint(int64(d.Time))
}

func TestStories(t *testing.T) {
	type h = history.History
	for _, c := range []struct {
		name         string
		h            h
		delta, gamma string
		late         string
	}{
		{"nothing happened", nil, "0", "0", "[]"},
		{"a fresh read", h{write(1, 1, 0, 10), read(2, 1, 20, 30)}, "0", "0", "[]"},
		{"a stale read is late by the time since the newer write", h{write(1, 1, 0, 10), write(1, 2, 20, 30), read(2, 1, 75, 80)}, "45", "10", "[{2 1 45ns}]"},
		{"the initial value, long after a write", h{write(1, 1, 0, 10), read(2, 0, 75, 80)}, "65", "65", "[{1 0 65ns}]"},
		{"touching intervals are concurrent", h{write(1, 1, 0, 10), write(1, 2, 10, 20), read(2, 1, 20, 30)}, "0", "0", "[]"},
		{"one tick more is one tick late", h{write(1, 1, 0, 10), write(1, 2, 11, 20), read(2, 1, 21, 30)}, "1", "1", "[{2 1 1ns}]"},
		{"concurrent writes, read to and fro: the lesser shift repairs", h{
			write(1, 1, 0, 100), write(2, 2, 0, 100), read(3, 1, 10, 20), read(4, 2, 30, 40), read(3, 1, 50, 55)}, "10", "10", "[{4 3 10ns}]"},
		{"a read before its write", h{read(2, 1, 0, 5), write(1, 1, 30, 40)}, "infinite (else 0)", "25", "[]"},
		{"a read before its write, and a stale one: together they need more", h{
			write(1, 1, 0, 1), read(2, 2, 5, 10), write(1, 2, 50, 60), read(2, 1, 100, 101)}, "infinite (else 40)", "49", "[{3 2 40ns}]"},
		{"a value from nowhere", h{write(1, 1, 0, 10), read(2, 9, 20, 30)}, "infinite (else 0)", "infinite (else 0)", "[]"},
		{"a value of a failed write", h{failed(write(1, 1, 0, 10)), read(2, 1, 20, 30)}, "infinite (else 0)", "infinite (else 0)", "[]"},
		{"an unknown write that nobody saw", h{write(1, 1, 0, 10), unknown(write(1, 2, 20, 0)), read(2, 1, 75, 80)}, "0", "0", "[]"},
		{"an unknown write counts from the first read of it", h{write(1, 1, 0, 10), unknown(write(1, 2, 20, 0)), read(3, 2, 30, 40), read(2, 1, 75, 80)}, "35", "20", "[{3 2 35ns}]"},
		{"a stale read inside a chain of swaps", h{write(1, 1, 0, 10), swap(1, 1, 2, 20, 30), read(2, 1, 75, 80)}, "45", "45", "[{2 1 45ns}]"},
		{"a write inside a chain of swaps", h{write(1, 1, 0, 10), write(1, 3, 20, 30), swap(1, 1, 2, 40, 50)}, "infinite (else 0)", "10", "[]"},
		{"two swaps of one value", h{write(1, 1, 0, 10), swap(1, 1, 2, 20, 30), swap(1, 1, 3, 40, 50)}, "infinite (else 0)", "infinite (else 0)", "[]"},
		{"a list that misses an append", h{add(1, 1, 0, 10), add(1, 2, 20, 30), list(2, 75, 80, 1), list(2, 85, 90, 1, 2)}, "45", "45", "[{2 1 45ns}]"},
		{"an append that no read shows", h{add(1, 1, 0, 10), add(1, 2, 20, 30), list(2, 75, 80, 1)}, "45", "45", "[{2 1 45ns}]"},
		{"an append that vanished", h{add(1, 1, 0, 10), list(2, 15, 18, 1), add(1, 2, 20, 30), list(2, 75, 80, 2)}, "infinite (else 0)", "infinite (else 0)", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Measure(c.h)
			if fmt.Sprint(got.Delta) != c.delta || fmt.Sprint(got.Gamma) != c.gamma || fmt.Sprint(got.Late) != c.late {
				t.Errorf("delta %v, gamma %v, late %v; want %s, %s, %s", got.Delta, got.Gamma, got.Late, c.delta, c.gamma, c.late)
			}
		})
	}
}

func TestWrongs(t *testing.T) {
	type h = history.History
	for _, c := range []struct {
		h    h
		want string
	}{
		{h{write(1, 1, 0, 10), read(2, 9, 20, 30)}, "[{1 nobody wrote that value}]"},
		{h{swap(1, 9, 1, 0, 10)}, "[{0 nobody wrote that value}]"},
		{h{read(2, 1, 0, 5), write(1, 1, 30, 40)}, "[{0 that value was not written yet}]"},
		{h{write(1, 1, 0, 10), func() history.Op { o := swap(2, 1, 5, 20, 30); o.Swapped, o.Out = false, o.Expect; return o }()},
			"[{1 although it found what it expected, it did not swap}]"},
		{h{swap(1, 0, 1, 0, 10), swap(2, 0, 2, 0, 10), swap(2, 0, 3, 0, 10)}, "[{1 another compare-and-set had replaced that value} {2 another compare-and-set had replaced that value}]"},
		{h{swap(1, 2, 1, 0, 10), swap(2, 1, 2, 0, 10)}, "[{0 that value came from its own}]"},
		{h{add(1, 1, 0, 10), add(1, 2, 0, 10), list(2, 20, 30, 2, 1), list(2, 20, 30, 1), list(2, 40, 50, 2)}, "[{3 the longest list read says otherwise}]"},
		{h{add(1, 1, 0, 10), list(2, 20, 30, 1, 9), list(2, 20, 30, 1, 1)}, "[{1 nobody wrote that value} {2 the longest list read says otherwise}]"},
		{h{add(1, 1, 0, 10), read(2, 1, 20, 30)}, "[{1 nobody wrote that value}]"},
		{h{write(1, 1, 0, 10), write(1, 3, 20, 30), swap(1, 1, 2, 40, 50)}, "[{1 it must come both before and after others, whatever reads are moved} {2 it must come both before and after others, whatever reads are moved}]"},
		{h{write(1, 3, 0, 10), write(1, 1, 12, 15), swap(1, 1, 2, 40, 50), swap(1, 3, 4, 17, 18)}, "[{2 it must come both before and after others, whatever reads are moved} {3 it must come both before and after others, whatever reads are moved}]"},
		{h{swap(1, 1, 2, 0, 10), write(1, 1, 20, 30)}, "[{1 it must come both before and after others, whatever reads are moved}]"},
	} {
		s := Measure(c.h)
		if got := fmt.Sprint(s.Wrong); got != c.want || !s.Delta.Infinite {
			t.Errorf("%s, want %s, for\n%s", got, c.want, dump(c.h))
		}
	}
}

func TestSkipped(t *testing.T) {
	type h = history.History
	blind := swap(3, 1, 5, 40, 50)
	blind.Swapped, blind.Blind = false, true
	for _, c := range []struct {
		name                             string
		h                                h
		reads, skipped, no, noK, noCount int
	}{
		{"register", h{write(1, 1, 0, 10), read(2, 1, 20, 30)}, 1, 0, 0, 0, 0},
		{"list", h{add(1, 1, 0, 10), list(2, 20, 30, 1)}, 1, 0, 0, 0, 0},
		{"swaps", h{swap(1, 0, 1, 0, 10), read(2, 1, 20, 30)}, 1, 0, 0, 1, 1},
		{"repeated", h{write(1, 1, 0, 10), write(1, 1, 0, 10), read(2, 1, 20, 30)}, 0, 1, 1, 1, 1},
		{"blind", h{write(1, 1, 0, 10), blind, read(2, 1, 20, 30)}, 0, 1, 1, 1, 1},
	} {
		s := Measure(c.h)
		if got := [5]int{s.Reads, s.Skipped, s.Unjudged, s.K.Unjudged, s.Removal.Unjudged}; got != [5]int{c.reads, c.skipped, c.no, c.noK, c.noCount} {
			t.Errorf("%s: %v", c.name, got)
		}
		if k, ok := s.K.Exact(); k != 1 || !ok {
			t.Errorf("%s: k=%d, %v", c.name, k, ok)
		}
	}
	s := Measure(h{read(2, 9, 0, 10)})
	if _, ok := s.K.Exact(); ok {
		t.Error("k is known to be infinite")
	}
}

// A family is a kind of random history.
type family struct {
	name  string
	kinds []history.Kind
}

var families = []family{
	{"register", []history.Kind{history.Read, history.Read, history.Write}},
	{"swaps", []history.Kind{history.Read, history.Read, history.Write, history.CAS, history.CAS}},
	{"list", []history.Kind{history.Read, history.Read, history.Append}},
}

// generate runs a register or list whose reads are answered from its past, more or
// less of it, with coarse ticks (so that instants tie), crashes and failures.
// wild answers are arbitrary.
func (f family) generate(rng *rand.Rand) history.History {
	var h history.History
	past := []history.Value{{}}
	n, tick, depth := 2+rng.IntN(9), 1+rng.Int64N(8), 1+rng.IntN(3)
	wild := rng.IntN(6) == 0
	at := history.Time(0)
	for i := range n {
		at += history.Time(rng.IntN(6))
		o := op(i, f.kinds[rng.IntN(len(f.kinds))], max(0, at-history.Time(rng.Int64N(tick))), at+history.Time(rng.Int64N(tick)))
		v := int64(i + 1)
		back := func() history.Value { return past[max(0, len(past)-1-rng.IntN(depth))] }
		lost := rng.IntN(12) == 0
		switch rng.IntN(8) {
		case 0:
			o, lost = unknown(o), rng.IntN(2) == 0
		case 1:
			if rng.IntN(3) == 0 {
				o, lost = failed(o), rng.IntN(20) > 0
			}
		}
		newest := past[len(past)-1]
		switch o.Kind {
		case history.Read:
			o.Out = back()
			if wild && rng.IntN(3) == 0 {
				o.Out = arbitrary(rng, f, n)
			}
		case history.Write:
			o.In = history.Num(v)
			newest = o.In
		case history.Append:
			o.In = history.Num(v)
			newest = history.Value{List: append(slices.Clone(newest.List), v)}
		case history.CAS:
			o.In, o.Expect, o.Out = history.Num(v), newest, newest
			switch {
			case rng.IntN(3) == 0: // it acts as a read
				o.Expect, o.Out, lost = history.Num(99), back(), true
			case rng.IntN(40) == 0: // it ought to have swapped
				lost = true
			case rng.IntN(10) == 0:
				o.Expect = arbitrary(rng, f, n)
				o.Swapped = o.Status == history.OK
			default:
				o.Swapped = o.Status == history.OK
				newest = o.In
			}
		}
		if !lost && o.Kind != history.Read {
			past = append(past, newest)
		}
		h = append(h, o)
	}
	for i := range h {
		if back := history.Time(rng.IntN(30)); wild && rng.IntN(4) == 0 && h[i].Observes() && h[i].Call >= back {
			h[i].Call, h[i].Return = h[i].Call-back, h[i].Return-back
		}
	}
	return sorted(h)
}

func arbitrary(rng *rand.Rand, f family, n int) history.Value {
	if !slices.Contains(f.kinds, history.Append) {
		return history.Num(rng.Int64N(int64(n + 2)))
	}
	items := make([]int64, rng.IntN(4))
	for i := range items {
		items[i] = 1 + rng.Int64N(int64(n+1))
	}
	return history.Value{List: items}
}

// shifted returns h with every read called d earlier.
func shifted(h history.History, d time.Duration) history.History {
	h = slices.Clone(h)
	for i := range h {
		if h[i].Observes() {
			h[i].Call -= history.Time(d)
		}
	}
	return sorted(h)
}

// widened returns h in half ticks, with every operation called g halves earlier and
// answered g halves later.
func widened(h history.History, g time.Duration) history.History {
	h = slices.Clone(h)
	for i := range h {
		h[i].Call = 2*h[i].Call - history.Time(g)
		if h[i].Return != history.Never {
			h[i].Return = 2*h[i].Return + history.Time(g)
		}
	}
	return sorted(h)
}

func sorted(h history.History) history.History {
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// enough is more than any repair in a random history takes.
const enough = time.Duration(1000)

// checkDistance compares a distance with its definition: it is the least at which
// the changed history is linearizable.
func checkDistance(t *testing.T, name string, d Distance, h history.History, change func(history.History, time.Duration) history.History) {
	t.Helper()
	holds := func(by time.Duration) bool { return linear.Check(change(h, by), judge.Budget{}).Verdict == judge.Holds }
	switch {
	case d.Infinite && holds(enough):
		t.Fatalf("%s is infinite, but %d is enough, for\n%s", name, enough, dump(h))
	case d.Infinite:
		return
	case !holds(d.Time):
		t.Fatalf("%s is %d, but that is not enough, for\n%s", name, d.Time, dump(h))
	case d.Time > 0 && holds(d.Time-1):
		t.Fatalf("%s is %d, but less is enough, for\n%s", name, d.Time, dump(h))
	}
}

func dump(h history.History) string {
	var b strings.Builder
	for i, o := range h {
		fmt.Fprintf(&b, "%d: %v [%d,%d] %v\n", i, o, o.Call, o.Return, o.Status)
	}
	return b.String()
}

func TestAgreesWithTheDefinition(t *testing.T) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 6))
			counts := map[string]int{}
			for range *crossChecks {
				h := f.generate(rng)
				s := Measure(h)
				checkDistance(t, "Delta", s.Delta, h, shifted)
				checkDistance(t, "Gamma", s.Gamma, h, widened)
				checkParts(t, &s, h)
				count(counts, "delta", s.Delta)
				count(counts, "gamma", s.Gamma)
				for _, w := range s.Wrong {
					counts[w.Why.String()]++
				}
			}
			t.Log(counts)
			for _, kind := range []string{"delta 0", "delta finite", "delta infinite", "gamma 0", "gamma finite"} {
				if counts[kind] < *crossChecks/30 {
					t.Errorf("only %d histories with %s: the generator is lopsided", counts[kind], kind)
				}
			}
			for why := NeverWritten; why <= Contradicts; why++ {
				if possible := f.wrong(why); (counts[why.String()] > 0) != possible {
					t.Errorf("%d operations wrong since %q", counts[why.String()], why)
				}
			}
		})
	}
}

// wrong reports whether histories of the family can go wrong in this way.
func (f family) wrong(why Why) bool {
	switch why {
	case NeverWritten, BeforeWrite:
		return true
	case Refused, SwappedTwice, Circle:
		return f.name == "swaps"
	case Disagrees:
		return f.name == "list"
	default:
		return f.name != "register"
	}
}

func count(counts map[string]int, name string, d Distance) {
	switch {
	case d.Infinite:
		counts[name+" infinite"]++
	case d.Time > 0:
		counts[name+" finite"]++
	default:
		counts[name+" 0"]++
	}
}

// checkParts checks what a score says about itself.
func checkParts(t *testing.T, s *Score, h history.History) {
	t.Helper()
	most := time.Duration(0)
	for _, l := range s.Late {
		if !h[l.Op].Observes() || l.By != h[l.Op].Call.Sub(h[l.Seen].Return) {
			t.Fatalf("%+v does not explain itself in\n%s", l, dump(h))
		}
		most = max(most, l.By)
	}
	if most != s.Delta.Time {
		t.Fatalf("Delta is %v, though the latest read is late by %v, in\n%s", s.Delta, most, dump(h))
	}
	if (len(s.Wrong) > 0) != s.Delta.Infinite {
		t.Fatalf("Delta %v, with %v wrong", s.Delta, s.Wrong)
	}
	zero := s.Delta.Time == 0 && !s.Delta.Infinite
	if zero != (linear.Check(h, judge.Budget{}).Verdict == judge.Holds) || zero != (s.Gamma.Time == 0 && !s.Gamma.Infinite) {
		t.Fatalf("Delta %v and Gamma %v do not go with the verdict on\n%s", s.Delta, s.Gamma, dump(h))
	}
	if rest, ok := withoutWrongReads(h, s.Wrong); ok {
		if again := Measure(rest); again.Delta.Infinite || again.Delta.Time != s.Delta.Time {
			t.Fatalf("Delta is %v, but without what no time repairs %v, for\n%s", s.Delta, again.Delta, dump(h))
		}
	}
	if zero != (s.Delta.Evidence.Text == "") || zero != (s.Gamma.Evidence.Text == "") {
		t.Fatalf("evidence %q and %q for\n%s", s.Delta.Evidence.Text, s.Gamma.Evidence.Text, dump(h))
	}
}

// withoutWrongReads leaves out the operations that are wrong, if all are reads.
func withoutWrongReads(h history.History, wrong []Wrong) (history.History, bool) {
	h = slices.Clone(h)
	for _, w := range slices.Backward(wrong) {
		if !h[w.Op].Observes() {
			return nil, false
		}
		h = slices.Delete(h, w.Op, w.Op+1)
	}
	return h, true
}

// Where every value was read before it was written, Gamma has nothing else to go by.
func TestAllReadsTooEarly(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	at := func(from int64) history.Time { return history.Time(from + rng.Int64N(30)) }
	for range 500 {
		var h history.History
		for v := range int64(2 + rng.Int64N(2)) {
			seen, written := at(0), at(30)
			h = append(h, read(int(v), v+1, seen, seen+at(0)%(30-seen)), write(9-int(v), v+1, written, written+at(0)))
			if rng.IntN(2) == 0 {
				late := at(60)
				h = append(h, read(20+int(v), v+1, late, late+at(0)))
			}
		}
		h = sorted(h)
		s := Measure(h)
		checkDistance(t, "Gamma", s.Gamma, h, widened)
	}
}

func TestTheWorstKeyCounts(t *testing.T) {
	on := func(key string, o history.Op) history.Op {
		o.Key = key
		return o
	}
	h := history.History{
		on("a", write(1, 1, 0, 10)), on("b", write(1, 1, 20, 30)), on("c", write(1, 1, 0, 1)), on("c", write(1, 1, 0, 1)), on("c", read(3, 0, 5, 6)),
		on("a", read(2, 0, 15, 20)), on("b", read(2, 0, 75, 80)), on("d", write(5, 2, 80, 90)),
	}
	s := Measure(h)
	if s.Delta.Time != 45 || s.Gamma.Time != 45 || !slices.Equal(s.Delta.Evidence.Ops, []int{1, 6}) || s.Reads != 2 || s.Skipped != 1 {
		t.Errorf("%+v", s)
	}
	const want = "client 2 read b=null at 75 ns, 45 ns after client 1 wrote b=1 (answered at 30 ns)"
	if s.Delta.Evidence.Text != want {
		t.Errorf("%q", s.Delta.Evidence.Text)
	}
}

// busy is a register with unique values under so many clients. One read of so many,
// if any, returns a value from long ago.
func busy(ops, clients, stale int) history.History {
	rng := rand.New(rand.NewPCG(1, 2))
	h := make(history.History, ops)
	value := int64(0)
	for i := range h {
		call := history.Time(100 * i)
		ret := call + history.Time(clients*(100+rng.IntN(100)))
		if rng.IntN(2) == 0 {
			value++
			h[i] = write(i%clients, value, call, ret)
			continue
		}
		h[i] = read(i%clients, max(0, value-int64(clients/8)), call, ret)
		if stale > 0 && rng.IntN(stale) == 0 {
			h[i].Out.Num = max(0, value-rng.Int64N(int64(4*clients)))
		}
	}
	return h
}

func BenchmarkMeasure(b *testing.B) {
	for _, stale := range []int{0, 100} {
		for _, ops := range []int{1_000, 1_000_000} {
			h := busy(ops, 50, stale)
			b.Run(fmt.Sprintf("ops=%d/stale=%d", ops, stale), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Measure(h)
				}
			})
			b.Run(fmt.Sprintf("ops=%d/stale=%d/delta", ops, stale), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					MeasureDelta(h)
				}
			})
		}
	}
}

func BenchmarkLinear(b *testing.B) {
	h := busy(1_000_000, 50, 0)
	for b.Loop() {
		if linear.Check(h, judge.Budget{}).Verdict != judge.Holds {
			b.Fatal("not linearizable")
		}
	}
}

package linear

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// did is an OK operation of a client, from call to return in milliseconds.
func did(client int, k history.Kind, call, ret int) history.Op {
	return history.Op{
		Client: client, Process: client, Kind: k, Key: "x", Status: history.OK,
		Call: history.Time(call) * history.Time(time.Millisecond), Return: history.Time(ret) * history.Time(time.Millisecond),
	}
}

func write(client int, v int64, call, ret int) history.Op {
	op := did(client, history.Write, call, ret)
	op.In = history.Num(v)
	return op
}

func read(client int, v int64, call, ret int) history.Op {
	op := did(client, history.Read, call, ret)
	op.Out = history.Num(v)
	return op
}

func swap(client int, from, to int64, call, ret int) history.Op {
	op := did(client, history.CAS, call, ret)
	op.Expect, op.In, op.Swapped = history.Num(from), history.Num(to), true
	return op
}

func refuse(client int, expect, found int64, call, ret int) history.Op {
	op := did(client, history.CAS, call, ret)
	op.Expect, op.In, op.Out = history.Num(expect), history.Num(99), history.Num(found)
	return op
}

func add(client int, v int64, call, ret int) history.Op {
	op := did(client, history.Append, call, ret)
	op.In = history.Num(v)
	return op
}

func include(client int, v int64, call, ret int) history.Op {
	op := did(client, history.Add, call, ret)
	op.In = history.Num(v)
	return op
}

func list(client, call, ret int, items ...int64) history.Op {
	op := did(client, history.Read, call, ret)
	op.Out.List = items
	return op
}

func with(s history.Status, op history.Op) history.Op {
	op.Status = s
	if s == history.Unknown {
		op.Return = history.Never
	}
	return op
}

func TestStories(t *testing.T) {
	type h = history.History
	for _, c := range []struct {
		name   string
		h      h
		engine string
		ops    []int  // of the evidence; none if it holds
		text   string // of the evidence
	}{
		{"nothing happened", h{}, Zones, nil, ""},
		{"a write and its read", h{write(1, 1, 0, 10), read(2, 1, 20, 30)}, Zones, nil, ""},
		{
			"a stale read of nothing", h{write(1, 1, 200, 205), read(2, 0, 700, 701)}, Zones,
			[]int{0, 1}, "client 2 read x=null at 700 ms, but client 1 wrote x=1 (answered at 205 ms)",
		},
		{
			"a stale read", h{write(1, 1, 0, 10), write(2, 2, 20, 30), read(3, 1, 40, 41)}, Zones,
			[]int{0, 1, 2}, "client 3 read x=1 at 40 ms, but client 2 wrote x=2 (answered at 30 ms); and client 1 wrote x=1 (answered at 10 ms) before client 2 wrote x=2 at 20 ms",
		},
		{
			"two readers see two writes in different orders",
			h{write(1, 1, 0, 100), write(2, 2, 0, 100), read(3, 1, 10, 20), read(3, 2, 30, 40), read(3, 1, 50, 60)}, Zones,
			[]int{2, 3, 4}, "client 3 read x=1 at 50 ms, but client 3 read x=2 (answered at 40 ms); and client 3 read x=1 (answered at 20 ms) before client 3 read x=2 at 30 ms",
		},
		{
			"a read from the future", h{read(1, 1, 0, 10), write(2, 1, 20, 30)}, Zones,
			[]int{0, 1}, "client 1 read x=1 (answered at 10 ms), before client 2 wrote x=1 at 20 ms",
		},
		{"a read from nowhere", h{read(1, 7, 0, 10)}, Zones, []int{0}, "client 1 read x=7 at 0 ns, but nobody wrote 7"},
		{
			"an aborted read", h{with(history.Failed, write(1, 7, 0, 10)), read(2, 7, 20, 30)}, Zones,
			[]int{0, 1}, "client 2 read x=7 at 20 ms, but the operation of client 1 at 0 ns that would have written 7 certainly failed: an aborted read",
		},
		{"values are as far apart as numbers can be", h{write(1, math.MinInt64, 0, 10), write(2, math.MaxInt64, 20, 30), read(3, math.MaxInt64, 40, 50)}, Zones, nil, ""},
		{
			"so are members of a set", h{include(1, 5, 0, 10), include(2, math.MinInt64, 0, 10), include(3, math.MaxInt64, 20, 30), list(4, 40, 50, 5, math.MaxInt64, math.MinInt64)},
			Sets, nil, "",
		},
		{"an unknown write may never happen", h{write(1, 1, 0, 10), with(history.Unknown, write(2, 2, 20, 0)), read(3, 1, 90, 91)}, Zones, nil, ""},
		{"an unknown write may happen late", h{with(history.Unknown, write(2, 2, 0, 0)), write(1, 1, 5, 10), read(3, 1, 20, 30), read(3, 2, 90, 91)}, Zones, nil, ""},
		{
			"but not before it was called, nor be undone",
			h{with(history.Unknown, write(2, 2, 0, 0)), write(1, 1, 5, 10), read(3, 2, 20, 30), read(3, 1, 90, 91)}, Zones,
			[]int{1, 2, 3}, "client 3 read x=1 at 90 ms, but client 3 read x=2 (answered at 30 ms); and client 1 wrote x=1 (answered at 10 ms) before client 3 read x=2 at 20 ms",
		},
		{"touching intervals are concurrent", h{write(1, 1, 0, 10), write(2, 2, 10, 20), read(3, 1, 20, 30)}, Zones, nil, ""},
		{"a chain of swaps", h{write(1, 1, 0, 10), swap(2, 1, 2, 20, 30), swap(3, 2, 3, 20, 40), read(1, 3, 50, 60)}, Blocks, nil, ""},
		{
			"one value swapped twice", h{swap(1, 0, 2, 20, 30), swap(2, 0, 3, 20, 30)}, Blocks,
			[]int{0, 1}, "client 1 set x from null to 2 at 20 ms and client 2 set x from null to 3 at 20 ms, though x held null only once",
		},
		{
			"swapped away, and read again", h{write(1, 1, 0, 10), swap(2, 1, 2, 20, 30), read(3, 1, 40, 50)}, Blocks,
			[]int{1, 2}, "client 2 set x from 1 to 2 (answered at 30 ms), before client 3 read x=1 at 40 ms, though compare-and-sets lead from the latter's value to the former's (client 2 set x from 1 to 2 at 20 ms)",
		},
		{
			"swaps in a circle", h{swap(1, 2, 1, 0, 50), swap(2, 1, 2, 0, 50)}, Blocks,
			[]int{0, 1}, "client 1 set x from 2 to 1, but 2 itself came from 1 by compare-and-sets, in a circle",
		},
		{"a refused swap is a read", h{write(1, 1, 0, 10), refuse(2, 5, 1, 20, 30)}, Zones, nil, ""},
		{
			"refused without reason", h{write(1, 1, 0, 10), refuse(2, 1, 1, 20, 30)}, Zones,
			[]int{1}, "client 2 found x=1 at 20 ms and did not swap, although this is what it expected",
		},
		{"an unknown swap whose value was seen happened, and so did what it saw", h{with(history.Unknown, write(1, 1, 0, 0)), with(history.Unknown, swap(2, 1, 2, 20, 0)), read(3, 2, 30, 40)}, Blocks, nil, ""},
		{"appends", h{add(1, 1, 0, 10), add(2, 2, 5, 20), list(3, 6, 9, 2), list(3, 30, 40, 2, 1), with(history.Unknown, add(4, 3, 5, 0))}, Order, nil, ""},
		{
			"an acknowledged append is missing", h{add(1, 1, 0, 10), add(2, 2, 20, 30), list(3, 40, 50, 2)}, Order,
			[]int{0, 2}, "client 1 appended 1 to x (answered at 10 ms), but 1 is missing from the list that had client 3 read x=[2] at 40 ms",
		},
		{
			"lists that fork", h{add(1, 1, 0, 90), add(2, 2, 0, 90), list(3, 10, 20, 1), list(4, 10, 20, 2)}, Order,
			[]int{2, 3}, "client 3 read x=[1] at 10 ms, but client 4 read x=[2] at 10 ms: neither list continues the other",
		},
		{
			"appended once, there twice", h{add(1, 1, 0, 10), list(3, 10, 20, 1, 1)}, Order,
			[]int{0, 1}, "client 3 read x=[1,1] at 10 ms with 1 in it twice, but it was appended once (called at 0 ns)",
		},
		{"the same value twice needs a search", h{write(1, 1, 0, 10), write(2, 2, 20, 30), write(1, 1, 40, 50), read(3, 1, 60, 70)}, Search, nil, ""},
		{
			"the search names what cannot be, and no more", h{write(1, 1, 0, 10), write(1, 1, 12, 15), write(2, 2, 20, 30), read(3, 1, 60, 70), write(1, 1, 80, 90), read(3, 1, 92, 95)}, Search,
			[]int{2, 3}, "whatever else was done to x in its time, there is no order of these 2: client 2 wrote x=2 (called at 20 ms, answered at 30 ms); client 3 read x=1 (called at 60 ms, answered at 70 ms)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Check(c.h, judge.Budget{})
			want := judge.Holds
			if c.text != "" {
				want = judge.Violated
			}
			if r.Verdict != want || r.Engine != c.engine || r.Evidence.Text != c.text || !slices.Equal(r.Evidence.Ops, c.ops) {
				t.Errorf("got %v by %s: %v %s\nwant %v by %s: %v %s", r.Verdict, r.Engine, r.Evidence.Ops, r.Evidence.Text, want, c.engine, c.ops, c.text)
			}
		})
	}
}

// Of operations that would prove the same, evidence names the first.
func TestTiesGoToTheFirst(t *testing.T) {
	type h = history.History
	for _, c := range []struct {
		name string
		h    h
		ops  []int
	}{
		{
			"two reads return at one instant",
			h{write(1, 1, 0, 100), read(2, 1, 5, 20), read(3, 1, 10, 20), write(4, 2, 30, 40), read(5, 1, 50, 60)},
			[]int{1, 3, 4},
		},
		{
			"two reads are called at one instant",
			h{write(1, 1, 0, 10), write(4, 2, 30, 40), read(5, 1, 50, 60), read(6, 1, 50, 70)},
			[]int{0, 1, 2},
		},
		{
			"reads of two values of a chain return at one instant",
			h{write(1, 1, 0, 100), read(2, 1, 5, 20), swap(3, 1, 2, 6, 100), read(4, 2, 7, 20), write(5, 3, 30, 40), read(6, 2, 50, 60)},
			[]int{1, 4, 5},
		},
		{
			"reads of two values of a chain are called at one instant",
			h{write(1, 1, 0, 100), read(2, 1, 5, 20), swap(3, 1, 2, 6, 100), write(5, 3, 30, 40), read(6, 1, 50, 60), read(7, 2, 50, 61)},
			[]int{1, 3, 4},
		},
		{
			"two writes return at one instant",
			h{write(1, 1, 0, 20), write(2, 2, 0, 20), read(3, 2, 30, 40), read(4, 1, 31, 41)},
			[]int{0, 1, 2, 3},
		},
	} {
		r := Check(c.h, judge.Budget{})
		if r.Verdict != judge.Violated || !slices.Equal(r.Evidence.Ops, c.ops) {
			t.Errorf("%s: %v, evidence %v: %s", c.name, r.Verdict, r.Evidence.Ops, r.Evidence.Text)
		}
		if c.name == "two writes return at one instant" && !strings.HasPrefix(r.Evidence.Text, "client 4 read x=1 at 31 ms, but client 2 wrote x=2 (answered at 20 ms)") {
			t.Errorf("%s: %s", c.name, r.Evidence.Text)
		}
	}
}

func TestKeysAreJudgedOneByOne(t *testing.T) {
	h := history.History{write(1, 1, 0, 10), write(1, 1, 0, 10), add(1, 1, 0, 10), write(1, 2, 0, 10), write(2, 1, 20, 30), read(3, 9, 40, 50)}
	for i, key := range []string{"twice", "twice", "list", "plain", "bad", "bad"} {
		h[i].Key = key
	}
	r := Check(h, judge.Budget{})
	if r.Verdict != judge.Violated || r.Engine != Zones || !slices.Equal(r.Evidence.Ops, []int{5}) {
		t.Errorf("got %+v, want the evidence of key bad", r)
	}
	if r := Check(h[:5], judge.Budget{}); r.Verdict != judge.Holds || r.Engine != "zones+order+search" {
		t.Errorf("got %+v, want it to hold by zones+order+search", r)
	}
}

// hopeless returns a history on one key that takes a search very long: a swap from
// each of the first values to each other, all at once, so that they would have
// to be a trail through all of them; and two more from 1 to 2, for which there is no trail.
func hopeless(key string, values int64) history.History {
	h := history.History{write(0, 1, 0, 0)}
	for from := range values {
		for to := range values {
			if from != to {
				h = append(h, swap(len(h), from+1, to+1, 1, 10))
			}
		}
	}
	h = append(h, swap(len(h), 1, 2, 1, 10))
	h = append(h, swap(len(h), 1, 2, 1, 10))
	for i := range h {
		h[i].Key = key
	}
	return h
}

func TestBudgetIsCountedInSteps(t *testing.T) {
	h := hopeless("x", 7)
	const steps = 50_000
	first := Check(h, judge.Budget{Steps: steps})
	if first.Verdict != judge.Undecided || first.Engine != Search || first.Steps < steps || first.Steps > steps+steps/10 {
		t.Fatalf("got %+v, want undecided after about %d steps", first, steps)
	}
	want := fmt.Sprintf("the search ended after %d steps with 1 keys undecided (the first is x, with 45 operations); allow more steps, use unique values, or spread the load over more keys", first.Steps)
	if first.Evidence.Text != want {
		t.Errorf("got %s\nwant %s", first.Evidence.Text, want)
	}
}

func TestAHopelessKeyHidesNoOther(t *testing.T) {
	h := hopeless("a", 7)
	n := len(h)
	h = append(h, write(1, 1, 0, 10), write(1, 1, 12, 15), read(3, 7, 30, 40))
	if r := Check(h, judge.Budget{}); r.Verdict != judge.Violated || !slices.Equal(r.Evidence.Ops, []int{n + 2}) {
		t.Errorf("got %+v, want the violation of key x", r)
	}
}

// A budget of the steps that a search needs decides, one less does not: nothing
// but steps counts.
func TestBudgetHasAnExactEdge(t *testing.T) {
	h := hopeless("x", 4)
	low, high := 1, judge.DefaultSteps // undecided with low, decided with high
	for high-low > 1 {
		mid := (low + high) / 2
		if Check(h, judge.Budget{Steps: mid, Brief: true}).Verdict == judge.Undecided {
			low = mid
		} else {
			high = mid
		}
	}
	for range 3 {
		a, b := Check(h, judge.Budget{Steps: low}), Check(h, judge.Budget{Steps: high})
		if a.Verdict != judge.Undecided || b.Verdict != judge.Violated {
			t.Fatalf("%v with %d steps and %v with %d", a.Verdict, low, b.Verdict, high)
		}
	}
}

// FuzzCheck decodes bytes into a tiny history: the checker must not panic, must
// agree with porcupine, and give an order (which it verifies) or evidence.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{0, 0x01, 0x10, 0x23, 0x45, 0x00, 0x10, 0x50, 0x02})
	f.Add([]byte{0, 0x02, 0x11, 0x13, 0x45, 0x02, 0x12, 0x33, 0x02, 0x40, 0x10, 0x50, 0x02})
	f.Add([]byte{0, 0x03, 0x11, 0x13, 0x45, 0x40, 0x12, 0x33, 0x02, 0x40, 0x10, 0x50, 0x03})
	for kind := range byte(4) {
		f.Add([]byte{kind, 0x0b, 0x11, 0x13, 0x45, 0x09, 0x12, 0x33, 0x02, 0x0a, 0x10, 0x50, 0x03, 0x0c, 0x10, 0x60, 0x03})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h := decodeTiny(data)
		got := Check(h, judge.Budget{Order: true})
		if want := refereed(h); got.Verdict != want && got.Verdict != judge.Undecided {
			t.Fatalf("%s says %v (%s), porcupine says %v:\n%s", got.Engine, got.Verdict, got.Evidence.Text, want, dump(h))
		}
		if zero := slices.ContainsFunc(h, putsNothing); got.Verdict == judge.Undecided && !zero {
			t.Fatalf("undecided: %s\n%s", got.Evidence.Text, dump(h))
		}
		checkEvidence(t, h, got)
	})
}

// putsNothing reports whether op puts a 0 into a queue or stack, or a list anywhere.
func putsNothing(op history.Op) bool {
	return op.Kind > history.Append && op.Kind.Brings() && (op.In.IsZero() || len(op.In.List) > 0)
}

// fuzzed are the kinds of operation of each sort of key.
var fuzzed = [][4]history.Kind{
	{history.Read, history.Write, history.CAS, history.Append},
	{history.Read, history.Add, history.Add, history.Add},
	{history.Read, history.Enqueue, history.Dequeue, history.Dequeue},
	{history.Read, history.Push, history.Pop, history.Pop},
}

// decodeTiny makes a key of the first byte, and an operation of each four others,
// ten at most: kind, outcome and flags; values; call and length; more values.
func decodeTiny(data []byte) history.History {
	const size, most = 4, 10
	if len(data) == 0 {
		return nil
	}
	kinds := fuzzed[data[0]&3]
	data = data[1:]
	var h history.History
	value := func(b byte) history.Value {
		switch b & 7 {
		case 7:
			return history.Value{List: []int64{int64(b >> 3 & 1), 2}}
		case 6:
			return history.Value{List: []int64{1}}
		case 5:
			return history.Num(math.MinInt64)
		default:
			return history.Num(int64(b & 3))
		}
	}
	for i := 0; i+size <= len(data) && i < size*most; i += size {
		b := data[i : i+size]
		op := history.Op{Client: i, Process: i, Key: "x", Kind: kinds[b[0]&3], Status: history.OK}
		switch b[0] >> 2 & 7 {
		case 0:
			op.Status = history.Unknown
		case 1:
			op.Status = history.Failed
		}
		op.Swapped, op.Blind = b[0]&64 != 0, b[0]&128 != 0 && op.Kind == history.CAS
		op.In, op.Out, op.Expect = value(b[1]), value(b[1]>>4), value(b[3])
		if op.Kind == history.Append {
			op.In.List = nil
		}
		op.Blind = op.Blind && !op.Swapped
		op.Call = history.Time(b[2] >> 3)
		op.Return = op.Call + history.Time(b[2]&7)
		h = append(h, op)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// load is a closed loop of clients on a real register, with unique values.
func load(ops, clients, keys int, cas bool) history.History {
	h := make(history.History, 0, ops)
	state := make([]int64, keys)
	names := make([]string, keys)
	for k := range names {
		names[k] = fmt.Sprint("key", k)
	}
	rng := uint64(1)
	for i := range ops {
		rng = rng*6364136223846793005 + 1442695040888963407
		c, k := i%clients, int(rng>>40)%keys
		at := history.Time(i) * 1000 // where it takes effect: operation i is open around it
		reach := history.Time(clients) * 450
		op := history.Op{Client: c, Process: c, Key: names[k], Status: history.OK, Call: max(0, at-reach), Return: at + reach}
		switch {
		case cas && rng>>33%4 == 0:
			op.Kind, op.Expect, op.In, op.Swapped = history.CAS, history.Num(state[k]), history.Num(int64(i+1)), true
			state[k] = int64(i + 1)
		case rng>>33%2 == 0:
			op.Kind, op.In = history.Write, history.Num(int64(i+1))
			state[k] = int64(i + 1)
		default:
			op.Out = history.Num(state[k])
		}
		h = append(h, op)
	}
	return h
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		for _, cas := range []bool{false, true} {
			b.Run(fmt.Sprintf("ops=%d/clients=50/keys=1/cas=%v", n, cas), func(b *testing.B) { benchmark(b, load(n, 50, 1, cas)) })
		}
	}
	b.Run("ops=10000/clients=50/keys=100", func(b *testing.B) { benchmark(b, load(10_000, 50, 100, false)) })
	b.Run("ops=1000000/clients=50/keys=1000", func(b *testing.B) { benchmark(b, load(1_000_000, 50, 1000, false)) })
}

func benchmark(b *testing.B, h history.History) {
	b.ReportAllocs()
	for b.Loop() {
		if r := Check(h, judge.Budget{}); r.Verdict != judge.Holds {
			b.Fatal(r.Evidence.Text)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(h)), "ns/op-judged")
}

// The empty key is a key like others, wherever it comes.
func TestEmptyKey(t *testing.T) {
	for _, keys := range [][2]string{{"", "x"}, {"x", ""}, {"", ""}} {
		h := history.History{write(1, 1, 0, 10), write(2, 1, 20, 30), read(3, 1, 40, 50)}
		h[0].Key, h[1].Key, h[2].Key = keys[0], keys[1], keys[1]
		want := Zones
		if keys[0] == keys[1] {
			want = Search // the value comes twice
		}
		if r := Check(h, judge.Budget{}); r.Verdict != judge.Holds || r.Engine != want {
			t.Errorf("keys %q: %v by %s, want %v by %s", keys, r.Verdict, r.Engine, judge.Holds, want)
		}
	}
}

// Lists may begin with what was written: a list of one, or a number that then is
// appended to.
func TestListsThatWereWritten(t *testing.T) {
	one := write(1, 0, 0, 100)
	one.In.List = []int64{1}
	onto := func(client int, number int64, items ...int64) history.Op {
		op := list(client, 0, 100, items...)
		op.Out.Num = number
		return op
	}
	for _, c := range []struct {
		h    history.History
		want judge.Verdict
	}{
		{history.History{one, add(2, 2, 0, 100), list(3, 0, 100, 1, 2)}, judge.Holds},
		{history.History{write(1, 1, 0, 100), add(2, 2, 0, 100), add(3, 3, 0, 100), write(4, 5, 0, 100), onto(5, 1, 2, 3), onto(6, 1, 2)}, judge.Holds},
		{history.History{write(1, 1, 0, 100), add(2, 2, 0, 100), add(3, 3, 0, 100), write(4, 5, 0, 100), onto(5, 1, 2, 3), onto(6, 5, 2)}, judge.Violated},
	} {
		if r := Check(c.h, judge.Budget{}); r.Verdict != c.want || r.Engine != Order {
			t.Errorf("%v: %v by %s (%s), want %v by %s", c.h, r.Verdict, r.Engine, r.Evidence.Text, c.want, Order)
		}
	}
}

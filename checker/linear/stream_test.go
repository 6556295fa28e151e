package linear

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// passing yields the operations of h.
func passing(h history.History) Source {
	return func(yield func(*history.Op) bool) error {
		for i := range h {
			if !yield(&h[i]) {
				break
			}
		}
		return nil
	}
}

// A river is a long history of registers: clients in a closed loop, coarse ticks,
// operations that fail or are never answered, and a few answers that are wrong.
type river struct {
	ops, clients, keys int
	tick               int64
	wrong              float64 // share of reads that are stale, of the future, of nobody or of a failed write
	twice              float64 // share of writes whose value was written before
}

func (f river) generate(rng *rand.Rand) history.History {
	keys := make([]bank, f.keys)
	for k := range keys {
		keys[k].name = string(rune('a' + k))
	}
	var h history.History
	at := int64(0)
	free := make([]int64, f.clients) // until when a client is busy
	for len(h) < f.ops {
		at += rng.Int64N(3)
		c := rng.IntN(f.clients)
		r := &keys[rng.IntN(f.keys)]
		call := max(free[c], at-rng.Int64N(20))
		end := max(call, at) + rng.Int64N(20)
		at = max(at, call)
		free[c] = end
		op := history.Op{Client: c, Process: c, Key: r.name, Status: history.OK, Call: history.Time(call - call%f.tick), Return: history.Time(end - end%f.tick + f.tick)}
		outcome := rng.IntN(20)
		switch {
		case outcome == 0:
			op.Status, op.Return = history.Unknown, history.Never
		case outcome == 1:
			op.Status = history.Failed
		}
		if rng.IntN(2) == 0 {
			r.next += 1 + rng.Int64N(2)*rng.Int64N(1000)
			op.Kind, op.In = history.Write, history.Num(r.next)
			if n := len(r.written); n > 0 && rng.Float64() < f.twice {
				op.In.Num = r.written[rng.IntN(n)]
			}
			switch {
			case op.Status == history.Failed || op.Status == history.Unknown && rng.IntN(2) == 0:
				r.never = append(r.never, op.In.Num)
			default:
				r.state = op.In.Num
				r.written = append(r.written, op.In.Num)
			}
		} else {
			op.Out = history.Num(r.state)
			if rng.Float64() < f.wrong {
				op.Out = history.Num(r.lie(rng))
			}
			if rng.IntN(8) == 0 {
				op.Kind, op.Expect = history.CAS, history.Num(-5)
				if op.Status == history.Unknown {
					op.Kind = history.Read
				}
				if rng.Float64() < f.wrong {
					op.Expect = op.Out
				}
			}
		}
		h = append(h, op)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// A bank is a register of a river.
type bank struct {
	name           string
	state, next    int64
	written, never []int64
}

// lie returns a value that may be wrong: an old one, a recent one, one that failed
// or was lost, one to come, the initial one, or one of nobody.
func (r *bank) lie(rng *rand.Rand) int64 {
	n := len(r.written)
	switch k := rng.IntN(8); {
	case k < 2 && n > 0:
		return r.written[rng.IntN(n)]
	case k < 5 && n > 0:
		return r.written[max(0, n-1-rng.IntN(4))]
	case k == 5 && len(r.never) > 0:
		return r.never[rng.IntN(len(r.never))]
	case k == 6:
		return r.next + 1
	case k == 7 && rng.IntN(4) == 0:
		return -7
	default:
		return 0
	}
}

// sameAsHeld checks that a history that goes by is judged as one that is held:
// verdict, engine, evidence and its words.
func sameAsHeld(t *testing.T, h history.History, fit bool) Streamed {
	t.Helper()
	got, err := CheckStream(passing(h))
	if err != nil {
		t.Fatal(err)
	}
	if got.Unfit != "" {
		if fit {
			t.Fatalf("unfit: %s\n%s", got.Unfit, dump(h))
		}
		return got
	}
	want := Check(h, judge.Budget{Steps: 20_000_000})
	if got.Verdict != want.Verdict {
		t.Fatalf("stream says %v (%s), Check %v (%s):\n%s", got.Verdict, got.Evidence.Text, want.Verdict, want.Evidence.Text, dump(h))
	}
	if want.Engine != Zones { // a value came twice
		return got
	}
	if got.Engine != want.Engine || got.Evidence.Text != want.Evidence.Text || !slices.Equal(got.Evidence.Ops, want.Evidence.Ops) {
		t.Fatalf("stream says %v %v, Check %v %v:\n%s", got.Evidence, got.Engine, want.Evidence, want.Engine, dump(h))
	}
	for k, i := range got.Evidence.Ops {
		if got.Ops[k].String() != h[i].String() || got.Ops[k].Call != h[i].Call {
			t.Fatalf("operation %d of the evidence is not %v but %v", i, h[i], got.Ops[k])
		}
	}
	return got
}

func TestStreamAgreesWithCheck(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	verdicts, reasons := map[judge.Verdict]int{}, map[string]int{}
	compare := func(h history.History, fit bool) {
		got := sameAsHeld(t, h, fit)
		verdicts[got.Verdict]++
		for _, reason := range rejections["zones"] {
			if strings.Contains(got.Evidence.Text, reason) {
				reasons[reason]++
			}
		}
	}
	for range *crossChecks / 2 {
		compare(mixes[0].generate(rng), true)
		f := river{1 + rng.IntN(60), 1 + rng.IntN(8), 1 + rng.IntN(3), 1 + rng.Int64N(6), 0.1 * float64(rng.IntN(4)), 0}
		compare(f.generate(rng), true)
		f.ops, f.wrong, f.twice = 60+rng.IntN(200), f.wrong/20, 0.02*float64(rng.IntN(2))
		compare(f.generate(rng), f.twice == 0)
	}
	t.Logf("verdicts %v, reasons %v", verdicts, reasons)
	for _, v := range []judge.Verdict{judge.Holds, judge.Violated, judge.Undecided} {
		if verdicts[v] == 0 {
			t.Errorf("no history with the verdict %v", v)
		}
	}
	for _, reason := range rejections["zones"] {
		if reasons[reason] == 0 {
			t.Errorf("no history was rejected with %q", reason)
		}
	}
}

// FuzzStream judges few operations on registers while they go by, and when held.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 1, 0x10, 2, 1, 0, 0x21, 9, 2, 1, 0x10, 3, 0, 0, 0x11, 4})
	f.Add([]byte{5, 0, 0x30, 200, 1, 1, 0x10, 3, 0, 0, 0x15, 255, 3, 1, 0x17, 7})
	f.Fuzz(func(t *testing.T, data []byte) {
		sameAsHeld(t, executiontest.Distinct(data, 24, 5, 2, history.Read, history.Write), true)
	})
}

func TestStreamStories(t *testing.T) {
	type h = history.History
	for _, c := range []struct {
		name string
		h    h
		ops  []int
	}{
		{
			"a read that ends when the write begins is no proof, a stale one later is",
			h{read(1, 1, 0, 10), write(2, 1, 10, 20), write(3, 2, 30, 40), read(4, 1, 50, 60)}, []int{0, 2, 3},
		},
		{
			"of two reads before the write the second ends too early",
			h{read(1, 1, 0, 100), read(2, 1, 5, 10), write(3, 1, 50, 60)}, []int{1, 2},
		},
		{
			"the first wrong operation is of the value that is also refused later",
			h{read(1, 7, 0, 10), read(2, 8, 1, 11), refuse(3, 7, 7, 2, 12)}, []int{0},
		},
		{
			"refused once, and once more",
			h{write(1, 1, 0, 10), refuse(2, 1, 1, 20, 30), refuse(3, 1, 1, 21, 31)}, []int{1},
		},
		{
			"a write of unknown outcome that is read before it is called",
			h{read(1, 1, 0, 10), with(history.Unknown, write(2, 1, 5, 0)), write(3, 2, 20, 30), read(4, 1, 40, 50)}, []int{0, 2, 3},
		},
		{
			"a value that was forgotten and is written again",
			h{write(1, 1, 0, 10), write(2, 2, 20, 30), write(3, 1, 40, 50), read(4, 1, 60, 70)}, nil,
		},
	} {
		got := sameAsHeld(t, c.h, true)
		if want := c.ops != nil; (got.Verdict == judge.Violated) != want || !slices.Equal(got.Evidence.Ops, c.ops) {
			t.Errorf("%s: %v %v %s", c.name, got.Verdict, got.Evidence.Ops, got.Evidence.Text)
		}
	}
}

// What is remembered is what may yet be read, however long the history.
func TestStreamForgets(t *testing.T) {
	for _, f := range []river{{30_000, 1, 1, 1, 0, 0}, {30_000, 20, 1, 5, 0, 0}, {30_000, 50, 7, 5, 0, 0}} {
		h := f.generate(rand.New(rand.NewPCG(7, 8)))
		s := stream{suspects: map[int64]bool{}}
		lost, most := 0, 0
		for i := range h {
			if !s.add(&h[i]) {
				t.Fatal(s.unfit)
			}
			if h[i].Status == history.Unknown {
				lost++
			}
			held := 0
			for _, w := range s.keys {
				held += len(w.live) + len(w.due) + len(w.placed)
			}
			most = max(most, held-lost)
		}
		if s.end(); s.violated != nil {
			t.Fatalf("%+v: violated", f)
		}
		if bound := 8 * (f.clients + f.keys); most > bound {
			t.Errorf("%+v: %d values and returns held beside %d that nobody knows of, want at most %d", f, most, lost, bound)
		}
	}
}

func TestStreamErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := CheckStream(func(func(*history.Op) bool) error { return broken }); err != broken {
		t.Errorf("error %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("operations out of order")
		}
	}()
	CheckStream(passing(history.History{write(1, 1, 5, 6), write(1, 2, 4, 7)}))
}

func TestStreamSaysWhyNot(t *testing.T) {
	type h = history.History
	for _, c := range []struct {
		h   h
		why string
	}{
		{h{write(1, 1, 0, 10), write(1, 1, 20, 30)}, "1 is written to x twice"},
		{h{swap(1, 0, 1, 0, 10)}, "there are compare-and-sets on x"},
		{h{add(1, 1, 0, 10)}, "x is no register"},
		{h{write(1, 0, 0, 10)}, "x holds other things than numbers"},
	} {
		if got, err := CheckStream(passing(c.h)); err != nil || got.Verdict != judge.Undecided || got.Unfit != c.why {
			t.Errorf("%v, %v: %v %q, want %q", c.h, err, got.Verdict, got.Unfit, c.why)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	h := load(1_000_000, 50, 1, false)
	b.ReportAllocs()
	for b.Loop() {
		if r, _ := CheckStream(passing(h)); r.Verdict != judge.Holds {
			b.Fatal(r.Evidence.Text)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(h)), "ns/op-judged")
}

package linear

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Shapes that an engine might choke on: each is judged at once, or given up when the
// budget is spent. What is undecided here may be decided one day; the others never less.
var adverse = []struct {
	name string
	want judge.Verdict // of a thousand operations
	make func(n int) history.History
}{
	{"enqueues of one value", judge.Holds, func(n int) history.History { return bringers(history.Enqueue, n, func(int) int64 { return 1 }, false) }},
	{"enqueues, one value twice", judge.Holds, func(n int) history.History {
		return bringers(history.Enqueue, n, func(k int) int64 { return int64(max(k, 2)) }, false)
	}},
	{"pushes, one value twice", judge.Holds, func(n int) history.History {
		return bringers(history.Push, n, func(k int) int64 { return int64(max(k, 2)) }, false)
	}},
	{"enqueues, one value twice, at once", judge.Holds, func(n int) history.History {
		return bringers(history.Enqueue, n, func(k int) int64 { return int64(max(k, 2)) }, true)
	}},
	{"enqueues, one value twice, then read", judge.Violated, func(n int) history.History {
		h := bringers(history.Enqueue, n, func(k int) int64 { return int64(max(k, 2)) }, false)
		return append(h, list(1, 10*n+20, 10*n+30, 5))
	}},
	{"adds then a read with a number", judge.Violated, func(n int) history.History {
		h := bringers(history.Add, n, func(k int) int64 { return int64(k) }, false)
		return append(h, read(1, 5, 10*n+20, 10*n+30))
	}},
	{"a value that nobody wrote, many writes open", judge.Violated, func(n int) history.History {
		h := bringers(history.Write, n, func(k int) int64 { return int64(1 + k%7) }, true)
		return append(h, read(1, 99, 10*n+20, 10*n+30))
	}},
	{"a value that nobody wrote, many writes crashed", judge.Violated, func(n int) history.History {
		h := bringers(history.Write, n, func(k int) int64 { return int64(1 + k%7) }, true)
		for k := range h {
			h[k].Status, h[k].Return = history.Unknown, history.Never
		}
		return append(h, read(1, 99, 10*n+20, 10*n+30))
	}},
	{"a value that nobody enqueued, duplicates", judge.Violated, func(n int) history.History {
		h := bringers(history.Enqueue, n, func(k int) int64 { return int64(1 + k%7) }, true)
		d := did(1, history.Dequeue, 10*n+20, 10*n+30)
		d.Out = history.Num(99)
		return append(h, d)
	}},
	{"dequeues that found nothing, duplicates", judge.Undecided, func(n int) history.History {
		h := bringers(history.Enqueue, n, func(k int) int64 { return int64(1 + k%7) }, true)
		for k := range n {
			d := did(k, history.Dequeue, k, 10*n+20)
			if k%3 > 0 {
				d.Out = history.Num(int64(1 + k%5))
			}
			h = append(h, d)
		}
		return h
	}},
	{"a value dequeued more often than enqueued", judge.Violated, func(n int) history.History {
		h := bringers(history.Enqueue, n, func(k int) int64 { return int64(1 + k%200) }, true)
		for k := range n/200 + 1 {
			d := did(n+k, history.Dequeue, 10*n+20+k, 10*n+30+k)
			d.Out = history.Num(7)
			h = append(h, d)
		}
		return h
	}},
	{"pops of unknown outcome, stack of distinct values", judge.Violated, func(n int) history.History {
		h := bringers(history.Push, n, func(k int) int64 { return int64(k + 1) }, false)
		for k := range n {
			d := did(k, history.Pop, 10*k+3, 10*k+5)
			if k%2 > 0 {
				d.Status, d.Return = history.Unknown, history.Never
			} else {
				d.Out = history.Num(int64(1 + k*7919%n))
			}
			h = append(h, d)
		}
		return h
	}},
	{"compare-and-sets in a ring, all open", judge.Undecided, func(n int) history.History {
		var h history.History
		for k := range n {
			h = append(h, swap(k, int64(k%13), int64((k*5+1)%13), 1, 10*n))
		}
		return h
	}},
	{"compare-and-sets in a ring, crashed, read", judge.Violated, func(n int) history.History {
		var h history.History
		for k := range n {
			h = append(h, with(history.Unknown, swap(k, int64(k%97), int64((k*5+1)%97), 1, 10*n)))
			if k%10 == 9 {
				h = append(h, read(k, int64(k*31%97), 2+10*k, 9+10*k))
			}
		}
		return h
	}},
	{"few values, wide", judge.Holds, func(n int) history.History {
		rng := rand.New(rand.NewPCG(1, 2))
		var h history.History
		for k := range n {
			op := write(k, 1+rng.Int64N(3), k, k+60)
			if k%2 == 0 {
				op = read(k, 1+rng.Int64N(3), k, k+60)
			}
			h = append(h, op)
		}
		return h
	}},
	{"few values, 65 wide", judge.Holds, func(n int) history.History {
		rng := rand.New(rand.NewPCG(1, 2))
		var h history.History
		for k := range n {
			op := write(k, 1+rng.Int64N(3), k, k+80)
			if k%2 == 0 {
				op = read(k, 1+rng.Int64N(3), k, k+80)
			}
			h = append(h, op)
		}
		return h
	}},
	{"appends, one number twice", judge.Undecided, func(n int) history.History {
		h := bringers(history.Append, n, func(k int) int64 { return int64(max(k, 2)) }, true)
		l := list(1, 10*n+20, 10*n+30)
		for k := range n {
			l.Out.List = append(l.Out.List, int64(max(n-1-k, 2)))
		}
		l2 := list(1, 10*n+40, 10*n+50, 3, 4, 5)
		return append(h, l, l2)
	}},
	{"reads of everything each time, duplicates", judge.Holds, func(n int) history.History {
		var h history.History
		var l []int64
		for k := range n / 10 {
			op := did(1, history.Append, 20*k, 20*k+5)
			op.In = history.Num(int64(max(k, 2)))
			l = append(l, op.In.Num)
			r := list(2, 20*k+6, 20*k+8)
			r.Out.List = slices.Clone(l)
			h = append(h, op, r)
		}
		return h
	}},
	{"blind refusals", judge.Holds, func(n int) history.History {
		h := bringers(history.Write, n, func(k int) int64 { return int64(1 + k%40) }, true)
		for k := range n {
			op := refuse(k, int64(1+k%40), 0, 5+k, 10*n)
			op.Blind = true
			h = append(h, op)
		}
		return h
	}},
	{"blind refusals, crashed writes", judge.Violated, func(n int) history.History {
		var h history.History
		for k := range n {
			h = append(h, with(history.Unknown, write(k, int64(1+k%40), 10*k, 0)))
			op := refuse(k, int64(1+k%40), 0, 10*k+2, 10*k+5)
			op.Blind = true
			h = append(h, op)
		}
		return append(h, read(1, 41, 10*n, 10*n+1))
	}},
}

func bringers(kind history.Kind, n int, value func(int) int64, open bool) history.History {
	h := make(history.History, 0, n+2)
	for k := range n {
		op := did(k%50, kind, 10*k, 10*k+5)
		if open {
			op = did(k, kind, k, 10*n+10)
		}
		op.In = history.Num(value(k))
		h = append(h, op)
	}
	return h
}

func adverseHistory(shape func(int) history.History, n int) history.History {
	h := shape(n)
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

func TestAdverseShapes(t *testing.T) {
	const n = 1000
	for _, a := range adverse {
		h := adverseHistory(a.make, n)
		r := Check(h, judge.Budget{Order: true})
		if r.Verdict != a.want {
			t.Errorf("%s: %v by %s after %d steps (%s), want %v", a.name, r.Verdict, r.Engine, r.Steps, r.Evidence.Text, a.want)
		}
		if most := judge.DefaultSteps + stepsPerOp*len(h); r.Steps > most+most/8 {
			t.Errorf("%s: %d steps, though the budget is %d", a.name, r.Steps, most)
		}
	}
}

// However long.
//
//	go test ./checker/linear -run '^$' -bench Adverse -benchtime 1x
func BenchmarkAdverse(b *testing.B) {
	for _, a := range adverse {
		h := adverseHistory(a.make, 100_000)
		b.Run(a.name, func(b *testing.B) {
			for b.Loop() {
				Check(h, judge.Budget{})
			}
		})
	}
}

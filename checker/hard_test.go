package checker

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"faultline/checker/atomicity"
	"faultline/checker/causal"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
	"faultline/checker/sequential"
	"faultline/checker/session"
	"faultline/checker/staleness"
)

// A shape is a kind of history that is hard for some way to judge it. Its
// operations are called one by one and take up to a millisecond, of ten clients.
type shape struct {
	name string
	op   func(rng *rand.Rand, o *history.Op, i, n int)
}

// alternate makes the operation a write or, after one, a read of it.
func alternate(o *history.Op, i int) {
	if i%2 == 0 {
		o.Kind, o.In = history.Write, history.Num(int64(i+1))
	} else {
		o.Kind, o.Out = history.Read, history.Num(int64(i))
	}
}

var shapes = []shape{
	{"writes", func(_ *rand.Rand, o *history.Op, i, _ int) {
		o.Kind, o.In = history.Write, history.Num(int64(i+1))
	}},
	{"reads-of-nothing", func(*rand.Rand, *history.Op, int, int) {}},
	{"pairs", func(_ *rand.Rand, o *history.Op, i, _ int) { alternate(o, i) }},
	{"a-process-each", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		o.Client, o.Process = i, i
	}},
	{"a-process-each-at-once", func(_ *rand.Rand, o *history.Op, i, n int) {
		alternate(o, i)
		o.Client, o.Process, o.Call, o.Return = i, i, history.Time(i), history.Time(n+i)
	}},
	{"a-key-each", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		o.Key = key(i / 2)
	}},
	{"a-process-and-key-each", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		o.Key, o.Client, o.Process = key(i/2), i, i
	}},
	{"all-unknown", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		o.Status, o.Return, o.Process, o.Out = history.Unknown, history.Never, i, history.Value{}
	}},
	{"writes-unknown", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		if o.Kind == history.Write {
			o.Status, o.Return, o.Process = history.Unknown, history.Never, i
		}
	}},
	{"writes-unknown-unread", func(_ *rand.Rand, o *history.Op, i, _ int) {
		o.Kind, o.In = history.Write, history.Num(int64(i+1))
		if i%10 > 0 {
			o.Status, o.Return, o.Process = history.Unknown, history.Never, i
		}
	}},
	{"writes-failed", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		if o.Kind == history.Write {
			o.Status = history.Failed
		}
	}},
	{"reads-of-anything", func(rng *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		if o.Kind == history.Read {
			o.Out = history.Num(1 + 2*rng.Int64N(int64(i+1)/2))
		}
	}},
	{"reads-long-stale", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		if o.Kind == history.Read {
			o.Out = history.Num(1 + int64(i)/4*2)
		}
	}},
	{"the-first-again-and-again", func(_ *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		if o.Kind == history.Read && i%10 == 9 {
			o.Out = history.Num(1)
		}
	}},
	{"two-values", func(rng *rand.Rand, o *history.Op, i, _ int) {
		alternate(o, i)
		o.In.Num, o.Out.Num = min(o.In.Num, 1+rng.Int64N(2)), min(o.Out.Num, 1+rng.Int64N(2))
	}},
	{"swaps", func(_ *rand.Rand, o *history.Op, i, _ int) {
		o.Kind, o.Expect, o.In, o.Swapped = history.CAS, history.Num(int64(i)), history.Num(int64(i+1)), true
	}},
	{"appends", func(_ *rand.Rand, o *history.Op, i, _ int) {
		o.Kind, o.In = history.Append, history.Num(int64(i+1))
	}},
	{"appends-unknown", func(_ *rand.Rand, o *history.Op, i, _ int) {
		o.Kind, o.In = history.Append, history.Num(int64(i+1))
		o.Status, o.Return, o.Process = history.Unknown, history.Never, i
	}},
	{"enqueues", func(_ *rand.Rand, o *history.Op, i, _ int) {
		o.Kind, o.In = history.Enqueue, history.Num(int64(i+1))
	}},
}

func key(i int) string { return "k" + history.Num(int64(i)).String() }

func (s *shape) history(n int) history.History {
	rng := rand.New(rand.NewPCG(1, 2))
	h := make(history.History, n)
	step := history.Time(100 * time.Microsecond)
	for i := range h {
		o := &h[i]
		*o = history.Op{Kind: history.Read, Key: "x", Client: i % 10, Process: i % 10, Status: history.OK, Call: history.Time(i) * step}
		o.Return = o.Call + 1 + history.Time(rng.Int64N(int64(10*step-1)))
		s.op(rng, o, i, n)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

var ways = []struct {
	name  string
	judge func(h history.History) judge.Result
}{
	{"linear", func(h history.History) judge.Result { return linear.Check(h, judge.Budget{}) }},
	{"sequential", func(h history.History) judge.Result { return sequential.Check(h, judge.Budget{}) }},
	{"causal", func(h history.History) judge.Result { return causal.Checker{Model: causal.CC}.Check(h, judge.Budget{}) }},
	{"causal-memory", func(h history.History) judge.Result { return causal.Checker{Model: causal.CM}.Check(h, judge.Budget{}) }},
	{"causal-convergence", func(h history.History) judge.Result {
		return causal.Checker{Model: causal.CCv}.Check(h, judge.Budget{})
	}},
	{"pram", func(h history.History) judge.Result {
		return causal.Checker{Model: causal.PRAM}.Check(h, judge.Budget{})
	}},
	{"session", func(h history.History) judge.Result { session.Measure(h, session.ByTime); return judge.Result{} }},
	{"staleness", func(h history.History) judge.Result { staleness.Measure(h); return judge.Result{} }},
	{"atomicity", func(h history.History) judge.Result { atomicity.Measure(h); return judge.Result{} }},
	{"score", func(h history.History) judge.Result { Score(Run{History: h}); return judge.Result{} }},
}

// BenchmarkHard judges what is hard to judge. The time of the processor is less
// noisy than the clock.
func BenchmarkHard(b *testing.B) {
	for i := range shapes {
		h := shapes[i].history(100_000)
		for _, way := range ways {
			b.Run(shapes[i].name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				before := processor()
				for b.Loop() {
					r := way.judge(h)
					b.ReportMetric(float64(r.Verdict), "verdict")
				}
				b.ReportMetric(float64((processor()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

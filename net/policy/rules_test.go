package policy

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// Table tests: each rule against what its source says.

// waits returns the first n waits of a backoff, drawn with the given luck.
func waits(b Backoff, n int, r Rand) []time.Duration {
	var c Course
	var all []time.Duration
	for range n {
		all = append(all, b.Next(&c, r))
	}
	return all
}

const lowest, highest = fixed(0), fixed(math.MaxUint64)

func TestBackoffFamilies(t *testing.T) {
	base, cap := 5*ms, 2*sec
	grpc := Backoff{Kind: Geometric, Base: 100 * ms, Cap: sec, Multiplier: 2, Spread: .2}
	envoy := Backoff{Kind: Envoy, Base: 25 * ms, Cap: 250 * ms}
	for _, c := range []struct {
		rule string
		b    Backoff
		r    Rand
		want []time.Duration
	}{
		{"linear", Backoff{Kind: Linear, Base: 10 * ms, Cap: 35 * ms}, half, []time.Duration{10 * ms, 20 * ms, 30 * ms, 35 * ms}},
		{"equal jitter is at least half", Backoff{Kind: EqualJitter, Base: base, Cap: cap}, lowest, []time.Duration{5 * ms, 10 * ms, 20 * ms}},
		{"equal jitter is at most the whole", Backoff{Kind: EqualJitter, Base: base, Cap: cap}, highest, []time.Duration{10 * ms, 20 * ms, 40 * ms}},
		{"decorrelated is at least base", Backoff{Kind: Decorrelated, Base: base, Cap: cap}, lowest, []time.Duration{5 * ms, 5 * ms, 5 * ms}},
		{"decorrelated grows threefold at most", Backoff{Kind: Decorrelated, Base: base, Cap: 100 * ms}, highest, []time.Duration{15 * ms, 45 * ms, 100 * ms, 100 * ms}},
		{"gRPC: 20 % below", grpc, lowest, []time.Duration{80 * ms, 160 * ms, 320 * ms, 640 * ms, 800 * ms, 800 * ms}},
		{"gRPC: 20 % above", grpc, highest, []time.Duration{120 * ms, 240 * ms, 480 * ms, 960 * ms, 1200 * ms, 1200 * ms}},
		{"resilience4j: times 1.5", Backoff{Kind: Geometric, Base: 500 * ms, Multiplier: 1.5, Spread: .5}, half, []time.Duration{500 * ms, 750 * ms, 1125 * ms}},
		{"Envoy: 2^n-1 times the base, capped after the draw", envoy, highest, []time.Duration{25 * ms, 75 * ms, 175 * ms, 250 * ms, 250 * ms}},
		{"Envoy: what is drawn from stops growing above the cap", envoy, half, []time.Duration{12500 * time.Microsecond, 37500 * time.Microsecond, 87500 * time.Microsecond, 187500 * time.Microsecond, 187500 * time.Microsecond}},
	} {
		if got := waits(c.b, len(c.want), c.r); !slices.Equal(got, c.want) {
			t.Errorf("%s: waits %v, want %v", c.rule, got, c.want)
		}
	}
}

// Polly's curve by math.Pow and math.Tanh, and its mean near the plain doubling.
func TestSmoothFollowsPollysCurve(t *testing.T) {
	b := Backoff{Kind: Smooth, Base: sec}
	var c Course
	before := 0.0
	for n := range 8 {
		at := float64(n) + 0.5
		height := math.Pow(2, at) * math.Tanh(math.Sqrt(4*at))
		want := time.Duration((height - before) / 1.4 * float64(sec))
		before = height
		if got := b.Next(&c, half); (got - want).Abs() > time.Microsecond {
			t.Errorf("retry %d waits %v, want %v", n+1, got, want)
		}
	}
}

// A spend is something that happens to a budget: f(irst attempt), r(etry taken and
// sent), x (retry denied), + (an attempt answered), - (an attempt failed).
func TestBudgets(t *testing.T) {
	bucket := func(rule BudgetRule) BudgetPolicy { return BudgetPolicy{Rule: rule, Ratio: .5, Tokens: 2} }
	for _, c := range []struct {
		rule   string
		policy BudgetPolicy
		course string
	}{
		{"without a budget every retry is allowed", BudgetPolicy{}, "f-r-r-r-r-r-"},
		{"a bucket begins full, and empties", bucket(PerSuccess), "f-r-r-x"},
		{"successes fill it", bucket(PerSuccess), "f-r-r-xf+xf+rx"},
		{"failed first attempts do not", bucket(PerSuccess), "f-r-r-xf-f-f-x"},
		{"per request, failed first attempts fill it too", bucket(PerRequest), "f-r-r-xf-f-rx"},
		{"but retries do not", BudgetPolicy{Rule: PerRequest, Ratio: .5, Tokens: 3}, "f-r-r-r-x"},
		{"per attempt, retries fill it as well", BudgetPolicy{Rule: PerAttempt, Ratio: .5, Tokens: 3}, "f-r-r-r-r-r-x"},
		{"it holds no more than its size", bucket(PerRequest), "f+f+f+f+f+f-rrx"},
		{"gRPC: retries while more than half of the tokens are left", BudgetPolicy{Rule: Throttled, Ratio: .1, Tokens: 10}, "f-f-f-f-rf-x"},
		{"gRPC: ten successes make up for a failure", BudgetPolicy{Rule: Throttled, Ratio: .1, Tokens: 10}, "f-f-f-f-f-xf+r"},
		{"concurrent: some are free", BudgetPolicy{Rule: Concurrent, Ratio: .2, Free: 3}, "frrrx"},
		{"concurrent: a share of what is under way", BudgetPolicy{Rule: Concurrent, Ratio: .5}, "fffrrx"},
		{"concurrent: what ended is not under way", BudgetPolicy{Rule: Concurrent, Ratio: .2, Free: 1}, "frxo-rx"},
		{"rated: so many in a window", BudgetPolicy{Rule: Rated, PerSecond: .2, Window: 10 * sec}, "f-r-r-x"},
		{"Finagle: a free rate", BudgetPolicy{Rule: Expiring, PerSecond: .2, Window: 10 * sec}, "f-r-r-x"},
		{"Finagle: deposits on top", BudgetPolicy{Rule: Expiring, Ratio: .5, PerSecond: .1, Window: 10 * sec}, "f-f-r-r-x"},
	} {
		b := NewBudget(c.policy)
		var first bool // whether the attempt before was the first of its intent
		for i, what := range c.course {
			switch what {
			case 'f':
				first = true
				b.Sent(0, true)
			case 'r', 'x':
				if got := b.Take(0); got != (what == 'r') {
					t.Errorf("%s: at %q of %s the retry is allowed: %v", c.rule, c.course[i], c.course[:i+1], got)
				} else if got {
					first = false
					b.Sent(0, false)
				}
			case 'o': // the retry before ends
				first = false
			case '+', '-':
				b.Ended(first, what == '+', what == '-')
			}
		}
	}
}

func TestBudgetsForgetWithTime(t *testing.T) {
	for _, p := range []BudgetPolicy{{Rule: Rated, PerSecond: .1, Window: 10 * sec}, {Rule: Expiring, PerSecond: .1, Window: 10 * sec}} {
		b := NewBudget(p)
		for _, step := range []struct {
			at   time.Duration
			want bool
		}{{0, true}, {sec, false}, {9 * sec, false}, {10 * sec, true}, {15 * sec, false}, {20 * sec, true}, {1000 * sec, true}} {
			if got := b.Take(step.at); got != step.want {
				t.Errorf("%v: a retry at %v is allowed: %v", p.Rule, step.at, got)
			}
		}
	}
	b := NewBudget(BudgetPolicy{Rule: Expiring, Ratio: 1, Window: 10 * sec})
	b.Sent(0, true)
	if b.Take(11 * sec) {
		t.Error("Finagle: a deposit paid for a retry after it had expired")
	}
}

func TestThrottle(t *testing.T) {
	th := NewThrottle(ThrottlePolicy{K: 2, Window: 100 * sec, Most: .9})
	if p := th.Rejects(0); p != 0 {
		t.Errorf("rejects %v of the first requests", p)
	}
	for i := range 10 {
		th.Ended(0, i >= 5) // 10 requests, 5 accepts
	}
	if p := th.Rejects(0); p != 0 {
		t.Errorf("rejects %v though half are accepted and K is 2", p)
	}
	for range 10 {
		th.Ended(0, true) // 20 requests, 5 accepts
	}
	if p, want := th.Rejects(0), 10.0/21; p != want {
		t.Errorf("rejects %v, want (20 - 2*5) / 21 = %v", p, want)
	}
	if th.Admit(0, lowest) || !th.Admit(0, highest) {
		t.Error("a low draw is admitted or a high one rejected")
	}
	if p, want := th.Rejects(0), 11.0/22; p != want {
		t.Errorf("after a rejection, which counts as a request: %v, want %v", p, want)
	}
	for range 1000 {
		th.Ended(sec, true)
	}
	if p := th.Rejects(sec); p != .9 {
		t.Errorf("rejects %v, but .9 is the most", p)
	}
	if p := th.Rejects(200 * sec); p != 0 {
		t.Errorf("rejects %v after the window has passed", p)
	}
}

// A course of a breaker: + and - are calls that went well or failed, s is a slow
// one, | lets the time pass for which it is open; the states wanted are given
// after each: c(losed), o(pen), h(alf open).
func TestBreakers(t *testing.T) {
	for _, c := range []struct {
		rule   string
		policy BreakerPolicy
		course string
		want   string
	}{
		{"consecutive failures open it", BreakerPolicy{Rule: Consecutive, Failures: 3, Open: sec}, "--+---", "ccccco"},
		{"a good probe closes it", BreakerPolicy{Rule: Consecutive, Failures: 1, Open: sec}, "-|+", "ohc"},
		{"a bad probe opens it again", BreakerPolicy{Rule: Consecutive, Failures: 3, Open: sec}, "---|-|+", "ccohohc"},
		{"resilience4j: not before the ring is full", BreakerPolicy{Rule: LastCalls, Ratio: .5, Calls: 4, Open: sec}, "---+", "ccco"},
		{"resilience4j: half of the last calls", BreakerPolicy{Rule: LastCalls, Ratio: .5, Calls: 4, Open: sec}, "+++-+-", "ccccco"},
		{"resilience4j: what left the ring does not count", BreakerPolicy{Rule: LastCalls, Ratio: .5, Calls: 4, Open: sec}, "+-+++-++", "cccccccc"},
		{"resilience4j: all probes together decide", BreakerPolicy{Rule: LastCalls, Ratio: .5, Calls: 2, Open: sec, Probes: 3}, "--|-++", "cohhhc"},
		{"resilience4j: half of the probes failed", BreakerPolicy{Rule: LastCalls, Ratio: .5, Calls: 2, Open: sec, Probes: 2}, "--|-+", "cohho"},
		{"resilience4j: slow calls open it as well", BreakerPolicy{Rule: LastCalls, Slow: 1, SlowFrom: 60 * sec, Calls: 2, Open: sec}, "s+ss", "ccco"},
		{"Polly: a share of the calls in a span, if there are enough", BreakerPolicy{Rule: LastSpan, Ratio: .1, Calls: 5, Span: 30 * sec, Open: 5 * sec}, "-+++|++++-", "ccccccccco"},
		{"calls under way when it opened say nothing", BreakerPolicy{Rule: Consecutive, Failures: 1, Open: sec}, "-++-", "oooo"},
	} {
		b, now := NewBreaker(c.policy), time.Duration(0)
		got := ""
		for _, what := range c.course {
			switch what {
			case '|':
				now += max(c.policy.Open, c.policy.Span)
			default:
				b.Sent(now)
				took := ms
				if what == 's' {
					took = 60 * sec
				}
				b.Ended(now, took, what == '-', half)
			}
			got += b.State(now).String()[:1]
		}
		if got != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.rule, c.course, got, c.want)
		}
	}
}

func TestBreakerLetsProbesThroughAndNoMore(t *testing.T) {
	b := NewBreaker(BreakerPolicy{Rule: Consecutive, Failures: 1, Open: sec, Probes: 2})
	b.Ended(0, ms, true, half)
	if b.Ready(sec - 1) {
		t.Error("a call passes while it is open")
	}
	for i := range 3 {
		if ready := b.Ready(sec); ready != (i < 2) {
			t.Errorf("probe %d passes: %v", i+1, ready)
		}
		if i < 2 {
			b.Sent(sec)
		}
	}
	b.Cancelled(sec)
	if !b.Ready(sec) {
		t.Error("no probe takes the place of one that was cancelled")
	}
}

// Finagle: dead for 5 s, then between half and all of 10 s, 20 s ... up to 300 s.
func TestBreakerStaysOpenLongerEveryTime(t *testing.T) {
	b := NewBreaker(BreakerPolicy{Rule: Consecutive, Failures: 1, Open: 5 * sec, MaxOpen: 300 * sec})
	now := time.Duration(0)
	for i, want := range []time.Duration{5 * sec, 10 * sec, 20 * sec, 40 * sec, 80 * sec, 160 * sec, 300 * sec, 300 * sec} {
		b.Sent(now)
		b.Ended(now, ms, true, highest)
		if open := b.until - now; open != want {
			t.Errorf("opening %d lasts %v, want %v", i+1, open, want)
		}
		now = b.until
	}
	b.Sent(now)
	b.Ended(now, ms, false, half)
	b.Ended(now, ms, true, highest)
	if open := b.until - now; open != 5*sec {
		t.Errorf("after it was closed, it opens for %v", open)
	}
}

// call makes one call through a limiter beside others under way.
func call(l *Limiter, others int, took time.Duration, dropped bool) {
	l.under = others
	l.Sent()
	l.Ended(0, took, dropped, half)
	l.under = 0
}

func TestAIMD(t *testing.T) {
	l := NewLimiter(LimiterPolicy{Rule: AIMD, Initial: 20, Min: 20, Max: 200})
	for _, step := range []struct {
		what    string
		others  int
		took    time.Duration
		dropped bool
		want    int
	}{
		{"less than half in use: no reason to grow", 8, ms, false, 20},
		{"half in use: one more", 9, ms, false, 21},
		{"again", 20, ms, false, 22},
		{"a drop: a tenth less, but no less than the minimum", 20, ms, true, 20},
		{"slower than 5 s is a drop as well", 20, 6 * sec, false, 20},
	} {
		if call(&l, step.others, step.took, step.dropped); l.Limit() != step.want {
			t.Errorf("%s: limit %d, want %d", step.what, l.Limit(), step.want)
		}
	}
	l.limit = 100
	if call(&l, 50, ms, true); l.Limit() != 90 {
		t.Errorf("a drop at 100: limit %d, want 90", l.Limit())
	}
}

func TestVegas(t *testing.T) {
	l := NewLimiter(LimiterPolicy{Rule: Vegas, Initial: 20, Max: 1000})
	for _, step := range []struct {
		what    string
		others  int
		took    time.Duration
		dropped bool
		want    int
	}{
		{"the first sample is the quickest", 19, 10 * ms, false, 20},
		{"no queue: beta = 6 log10(20) = 6 more", 19, 10 * ms, false, 26},
		{"a queue of ceil(26 (1-10/11)) = 3 is alpha: it stays", 25, 11 * ms, false, 26},
		{"a queue of ceil(26 (1-10/10.5)) = 2 is below alpha: one more", 25, 10500 * time.Microsecond, false, 27},
		{"a queue of 9 is above beta: one less", 25, 15 * ms, false, 26},
		{"a drop: one less", 25, 15 * ms, true, 25},
		{"few under way: it says nothing", 3, 10 * ms, false, 25},
	} {
		if call(&l, step.others, step.took, step.dropped); l.Limit() != step.want {
			t.Errorf("%s: limit %d, want %d", step.what, l.Limit(), step.want)
		}
	}
}

func TestGradient2(t *testing.T) {
	l := NewLimiter(LimiterPolicy{Rule: Gradient2, Initial: 20, Min: 20, Max: 200})
	call(&l, 19, 10*ms, false)
	if want := 20*.8 + 24*.2; math.Abs(l.limit-want) > 1e-9 {
		t.Errorf("at the usual speed: limit %v, want a fifth of the way to 24: %v", l.limit, want)
	}
	for range 500 {
		call(&l, l.Limit(), 10*ms, false)
	}
	if l.Limit() != 200 {
		t.Errorf("after long at the usual speed: limit %d, want the most", l.Limit())
	}
	before := l.limit
	call(&l, l.Limit(), 100*ms, false) // ten times slower: the gradient is clamped to a half
	if want := before*.8 + (before*.5+4)*.2; math.Abs(l.limit-want) > 1e-9 {
		t.Errorf("ten times slower: limit %v, want %v", l.limit, want)
	}
}

func TestLimiterAveragesOverAWindow(t *testing.T) {
	l := NewLimiter(LimiterPolicy{Rule: AIMD, Initial: 20, Window: sec, MinSamples: 3})
	for _, at := range []time.Duration{0, ms, 500 * ms, 999 * ms} {
		l.under = 20
		l.Ended(at, ms, true, half)
	}
	if l.Limit() != 20 {
		t.Errorf("limit %d before the window has passed", l.Limit())
	}
	l.under = 20
	if l.Ended(sec, ms, false, half); l.Limit() != 18 {
		t.Errorf("limit %d after a window with drops, want 18: one step, not four", l.Limit())
	}
}

func TestBulkhead(t *testing.T) {
	l := NewLimiter(LimiterPolicy{Rule: Fixed, Initial: 2})
	for i := range 3 {
		if l.Ready() != (i < 2) {
			t.Errorf("call %d may start: %v", i+1, l.Ready())
		}
		l.Sent()
	}
	l.Ended(0, sec, true, half)
	l.Ended(0, sec, true, half)
	if l.Limit() != 2 || !l.Ready() {
		t.Errorf("limit %d, ready %v after two calls ended", l.Limit(), l.Ready())
	}
}

func TestBalancing(t *testing.T) {
	loads := []int{3, 1, 2, 1}
	load := func(i int) int { return loads[i] }
	all := func(int) bool { return true }
	picks := func(rule BalanceRule, r Rand, eligible func(int) bool) []int {
		b := balancer{rule: rule}
		var got []int
		for range 5 {
			target, _ := b.pick(4, 2, r, load, eligible)
			got = append(got, target)
		}
		return got
	}
	not3 := func(i int) bool { return i != 3 }
	for _, c := range []struct {
		what string
		got  []int
		want []int
	}{
		{"in order", picks(InOrder, half, all), []int{2, 2, 2, 2, 2}},
		{"in order, passing over", picks(InOrder, half, func(i int) bool { return i < 2 }), []int{0, 0, 0, 0, 0}},
		{"round robin", picks(RoundRobin, half, all), []int{1, 2, 3, 0, 1}},
		{"round robin, passing over", picks(RoundRobin, half, not3), []int{1, 2, 0, 0, 1}},
		{"random", picks(Random, half, all), []int{2, 2, 2, 2, 2}},
		{"least loaded, from a random one on", picks(LeastLoaded, half, all), []int{3, 3, 3, 3, 3}},
		{"least loaded of those eligible", picks(LeastLoaded, half, not3), []int{1, 1, 1, 1, 1}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: picks %v, want %v", c.what, c.got, c.want)
		}
	}
	b := balancer{rule: TwoChoices}
	var r counter
	for _, c := range []struct {
		choices, picks int
		want           []int
		off            float64
	}{
		{2, 40_000, []int{2500, 15000, 7500, 15000}, 500}, // of 16 pairs, target 0 wins 1 and target 2 wins 3; the light ones share the rest
		{3, 64_000, []int{1000, 28000, 7000, 28000}, 700}, // of 64 triples, target 0 wins 1 and target 2 wins 7
	} {
		b.choices = c.choices
		counts := [4]int{}
		for range c.picks {
			target, _ := b.pick(4, 0, &r, load, all)
			counts[target]++
		}
		for i, want := range c.want {
			if math.Abs(float64(counts[i]-want)) > c.off {
				t.Errorf("%d choices: target %d is taken %d times of %d, want about %d", c.choices, i, counts[i], c.picks, want)
			}
		}
	}
	if _, ok := b.pick(4, 0, &r, load, func(int) bool { return false }); ok {
		t.Error("a target is found though none is eligible")
	}
}

func TestEjection(t *testing.T) {
	p := EjectPolicy{Failures: 3, For: 30 * sec, Most: .5}
	var o outlier
	yes := func() bool { return true }
	fail := func(at time.Duration, n int) {
		for range n {
			o.ended(p, at, true, yes)
		}
	}
	if fail(0, 2); o.until != 0 {
		t.Error("ejected after two failures")
	}
	o.ended(p, 0, false, yes)
	if fail(0, 2); o.until != 0 {
		t.Error("ejected after two failures in a row")
	}
	if fail(0, 1); o.until != 30*sec {
		t.Errorf("ejected until %v, want 30s", o.until)
	}
	if fail(40*sec, 3); o.until != 100*sec {
		t.Errorf("the second time ejected until %v, want 60 s on from 40 s", o.until)
	}
	o.ended(p, 200*sec, true, func() bool { return false })
	if fail(200*sec, 1); o.until != 100*sec {
		t.Error("ejected though no more may be")
	}
}

func TestLatencyPercentiles(t *testing.T) {
	var l Latencies
	if _, ok := l.Percentile(95); ok {
		t.Error("a percentile of nothing")
	}
	for i := range 1000 {
		l.Add(time.Duration(i+1) * ms)
	}
	for p, want := range map[float64]time.Duration{50: 500 * ms, 95: 950 * ms, 99: 990 * ms} {
		got, ok := l.Percentile(p)
		if off := float64(got-want) / float64(want); !ok || off < -.002 || off > .13 {
			t.Errorf("p%v is %v, want %v or up to an eighth more", p, got, want)
		}
	}
	for range 5 * fadeAt {
		l.Add(ms)
	}
	if got, _ := l.Percentile(99); got > 2*ms {
		t.Errorf("p99 is %v long after everything became quick", got)
	}
	for i := range bucketCount {
		if end := bucketEnd(i); end >= 0 && bucketOf(end) != i || i > 0 && end > 0 && bucketOf(bucketEnd(i-1)+1) != i {
			t.Fatalf("bucket %d ends at %d", i, end)
		}
	}
}

// Hedging, as stories of the machine.
func TestHedging(t *testing.T) {
	hedged := Policy{Retry: Retry{AttemptTimeout: 100 * ms, MaxAttempts: 2}, Hedge: HedgePolicy{Max: 2, After: 20 * ms}}
	poor := hedged
	poor.Budget = BudgetPolicy{Rule: PerSuccess, Tokens: 1, Ratio: .1}
	unsafe := hedged
	unsafe.Hedge.Unsafe = true
	for _, c := range []struct {
		rule   string
		policy Policy
		intent Intent
		begin  string
		steps  []step
	}{
		{"a hedge goes to the next replica after the delay, the first answer wins", hedged, read, "send 1 to 0, wake 20ms", []step{
			{20 * ms, woke(), "send 2 to 1, wake 40ms"},
			{40 * ms, woke(), "send 3 to 2, wake 100ms"},
			{50 * ms, reply(1, Answered), "finish answered"},
		}},
		{"a failure makes the next hedge due at once", hedged, read, "send 1 to 0, wake 20ms", []step{
			{20 * ms, woke(), "send 2 to 1, wake 40ms"},
			{25 * ms, reply(1, Refused), "send 3 to 2, wake 120ms"},
		}},
		{"a write that might be applied twice is not hedged", hedged, write, "send 1 to 0, wake 100ms", nil},
		{"unless the policy says so", unsafe, write, "send 1 to 0, wake 20ms", nil},
		{"one that the store deduplicates is", hedged, dedupWrite, "send 1 to 0, wake 20ms", nil},
		{"hedges are paid for as retries are", poor, read, "send 1 to 0, wake 20ms", []step{
			{20 * ms, woke(), "send 2 to 1, wake 40ms"},
			{40 * ms, woke(), "wait until 100ms"},
		}},
		{"when all have failed, it is retried", hedged, read, "send 1 to 0, wake 20ms", []step{
			{20 * ms, woke(), "send 2 to 1, wake 40ms"},
			{40 * ms, woke(), "send 3 to 2, wake 100ms"},
			{100 * ms, woke(), "wait until 120ms"},
			{120 * ms, woke(), "wait until 140ms"},
			{140 * ms, woke(), "send 4 to 0, wake 240ms"},
		}},
	} {
		var m Machine
		if got := show(m.Begin(0, half, NewShared(c.policy), c.intent)); got != c.begin {
			t.Errorf("%s: began with %q, want %q", c.rule, got, c.begin)
		}
		for _, step := range c.steps {
			if got := show(m.Step(step.at, half, step.e)); got != step.want {
				t.Errorf("%s: at %v, %+v: got %q, want %q", c.rule, step.at, step.e, got, step.want)
				break
			}
		}
	}
}

// An open breaker turns a call away, or to another replica.
func TestBreakersTurnCallsAway(t *testing.T) {
	for scope, want := range map[Scope]string{PerService: "finish refused", PerReplica: "send 1 to 1, wake never", PerShard: "finish refused"} {
		s := NewShared(Policy{Breaker: BreakerPolicy{Rule: Consecutive, Failures: 1, Open: sec}, BreakerPer: scope})
		var m Machine
		m.Begin(0, half, s, read)
		m.Step(ms, half, reply(1, Refused))
		if got := show(m.Begin(2*ms, half, s, read)); got != want {
			t.Errorf("breaker per %v: %q, want %q", scope, got, want)
		}
		other := read
		other.Shard = 1
		if got := show(m.Begin(2*ms, half, s, other)); scope == PerShard && got != "send 1 to 0, wake never" {
			t.Errorf("another shard: %q", got)
		}
		if scope == PerService && s.Stats().Broken != 2 {
			t.Errorf("%d calls were turned away by the breaker, want 2", s.Stats().Broken)
		}
	}
}

func TestPresetsAreValidAndNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Presets {
		policy := p.Policy
		if policy.AttemptTimeout == 0 {
			policy.AttemptTimeout = sec
		}
		if err := policy.Validate(); err != nil || seen[p.Name] || p.Doc == "" {
			t.Errorf("preset %q: %v", p.Name, err)
		}
		seen[p.Name] = true
		if found, ok := FindPreset(p.Name); !ok || found.Doc != p.Doc {
			t.Errorf("preset %q is not found", p.Name)
		}
	}
	if _, ok := FindPreset("nonesuch"); ok {
		t.Error("a preset that does not exist is found")
	}
}

// The presets, number by number, after the sources of the software: gRFC A6; Finagle
// (RetryBudget.scala, FailureAccrualFactory.scala); Envoy (circuit_breaker.proto,
// outlier_detection.proto, the router filter); resilience4j (RetryConfig,
// CircuitBreakerConfig, BulkheadConfig, TimeLimiterConfig); Polly 8
// (RetryConstants, CircuitBreakerConstants, HedgingConstants, TimeoutConstants);
// failsafe-go (retry.go, circuitbreaker.go, budget.go); Google's SRE book, chapter 21.
func TestPresetsAreTheDefaultsOfTheSoftware(t *testing.T) {
	type facts struct {
		attempts       int // the first one included: "3 retries" are 4
		timeout        time.Duration
		waits          []time.Duration // before the first retries, at the mean of the jitter
		hedges         int
		hedgeAfter     time.Duration
		budget         BudgetPolicy
		breaker        BreakerPolicy
		limit          int
		throttle       ThrottlePolicy
		eject          EjectPolicy
		balance        BalanceRule
		breakerPerPeer bool
	}
	for name, want := range map[string]facts{ // any order: each is tested by itself
		"none":  {attempts: 1},
		"naive": {attempts: 3, waits: []time.Duration{0, 0}},
		"grpc": {attempts: 4, waits: []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, sec, sec},
			budget: BudgetPolicy{Rule: Throttled, Tokens: 10, Ratio: .1}},
		"grpc-hedge": {attempts: 1, hedges: 3, hedgeAfter: 500 * ms, budget: BudgetPolicy{Rule: Throttled, Tokens: 10, Ratio: .1}},
		"finagle": {attempts: 26, waits: []time.Duration{0, 0}, budget: BudgetPolicy{Rule: Expiring, Ratio: .2, PerSecond: 10, Window: 10 * sec},
			breaker: BreakerPolicy{Rule: Consecutive, Failures: 5, Open: 5 * sec, MaxOpen: 300 * sec}, breakerPerPeer: true, balance: TwoChoices},
		"envoy": {attempts: 2, waits: []time.Duration{12500 * time.Microsecond}, budget: BudgetPolicy{Rule: Concurrent, Ratio: .2, Free: 3},
			eject: EjectPolicy{Failures: 5, For: 30 * sec, Most: .1}, balance: RoundRobin},
		"resilience4j": {attempts: 3, timeout: sec, waits: []time.Duration{500 * ms, 500 * ms}, limit: 25,
			breaker: BreakerPolicy{Rule: LastCalls, Calls: 100, Ratio: .5, Slow: 1, SlowFrom: 60 * sec, Open: 60 * sec, Probes: 10}},
		"polly": {attempts: 4, timeout: 30 * sec, waits: []time.Duration{2 * sec, 2 * sec, 2 * sec},
			breaker: BreakerPolicy{Rule: LastSpan, Ratio: .1, Calls: 100, Span: 30 * sec, Open: 5 * sec}},
		"polly-hedge": {attempts: 1, timeout: 30 * sec, hedges: 1, hedgeAfter: 2 * sec},
		"failsafe-go": {attempts: 3, waits: []time.Duration{0, 0}, budget: BudgetPolicy{Rule: Concurrent, Ratio: .2, Free: 3},
			breaker: BreakerPolicy{Rule: Consecutive, Failures: 1, Open: 60 * sec}},
		"sre": {attempts: 3, budget: BudgetPolicy{Rule: Rated, PerSecond: 1, Window: 60 * sec}, throttle: ThrottlePolicy{K: 2, Window: 120 * sec}},
	} {
		preset, ok := FindPreset(name)
		p := NewShared(preset.Policy).Policy()
		got := facts{
			attempts: p.MaxAttempts, timeout: preset.Policy.AttemptTimeout, waits: waits(p.Backoff, len(want.waits), half),
			hedges: p.Hedge.Max, hedgeAfter: p.Hedge.After, budget: p.Budget, breaker: p.Breaker, limit: p.Limiter.Initial,
			throttle: p.Throttle, eject: p.Eject, balance: p.Balance, breakerPerPeer: p.BreakerPer == PerReplica,
		}
		if !ok || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

// A hedge at the 95th percentile costs one call of twenty more, and one at the 99th one of a hundred, however much quicker
// hedged calls are: what is measured is the attempt that was late, not the one that won.
func TestHedgesByPercentileCostTheirShare(t *testing.T) {
	for _, percent := range []float64{90, 95, 99} {
		s := NewShared(Policy{Retry: Retry{AttemptTimeout: 100 * sec}, Hedge: HedgePolicy{Max: 1, Percent: percent}})
		var r counter
		law := func() time.Duration { // exponential, of 10 ms
			return time.Duration(-math.Log(float64(r.Uint64()>>11+1)/(1<<53)) * float64(10*ms))
		}
		var m Machine
		for now := time.Duration(0); now < 50_000*sec; now += sec {
			a := m.Begin(now, &r, s, read)
			first, hedge := now+law(), Never
			if a.Wake < first {
				if a = m.Step(a.Wake, &r, woke()); a.Do == Send {
					hedge = a.Deadline - 100*sec + law()
				}
			}
			if hedge < first {
				m.Step(hedge, &r, reply(2, Answered))
			} else {
				m.Step(first, &r, reply(1, Answered))
			}
		}
		share, want := float64(s.Stats().Hedges)/float64(s.Stats().Intents), 1-percent/100
		if share > 1.05*want || share < 0.6*want { // the percentile is known to an eighth, and never too low
			t.Errorf("hedging at p%v sends %.4f more, want %.4f at most", percent, share, want)
		}
	}
}

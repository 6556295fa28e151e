package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// fixed is a Rand that always draws the same.
type fixed uint64

func (b fixed) Uint64() uint64 { return uint64(b) }

const half = fixed(1 << 63) // the middle of every range

// A step is something that happens at an instant, and what the machine says to it.
type step struct {
	at   time.Duration
	e    Event
	want string
}

func woke() Event { return Event{Kind: Woke} }
func reply(attempt int, o Outcome) Event {
	return Event{Kind: Replied, Attempt: attempt, Outcome: o, Hint: NoHint}
}
func hint(attempt, target int) Event {
	return Event{Kind: Replied, Attempt: attempt, Outcome: Refused, Hint: target}
}

// show prints an action: "send 2 to 1 by 250ms, wake 250ms".
func show(a Action) string {
	wake := func() string {
		if a.Wake == Never {
			return "never"
		}
		return a.Wake.String()
	}
	switch a.Do {
	case Send:
		return fmt.Sprintf("send %d to %d, wake %s", a.Attempt, a.Target, wake())
	case Wait:
		return "wait until " + wake()
	}
	return "finish " + a.Outcome.String()
}

var (
	read       = Intent{Targets: 3}
	write      = Intent{Mutates: true, Targets: 3}
	dedupWrite = Intent{Mutates: true, Dedup: true, Targets: 3}
	thrice     = Retry{AttemptTimeout: 100 * ms, MaxAttempts: 3, Backoff: Backoff{Kind: Constant, Base: 10 * ms}}
)

// One story for every rule.
var stories = []struct {
	rule   string
	policy Retry
	intent Intent
	begin  string
	steps  []step
}{
	{"the zero policy makes one attempt and waits for ever", Retry{}, read, "send 1 to 0, wake never", []step{
		{sec, reply(1, Refused), "finish refused"},
	}},
	{"an answer ends the intent", thrice, read, "send 1 to 0, wake 100ms", []step{
		{5 * ms, reply(1, Answered), "finish answered"},
	}},
	{"a refusal is retried at the next replica after the backoff", thrice, write, "send 1 to 0, wake 100ms", []step{
		{5 * ms, reply(1, Refused), "wait until 15ms"},
		{15 * ms, woke(), "send 2 to 1, wake 115ms"},
		{20 * ms, reply(2, Refused), "wait until 30ms"},
		{30 * ms, woke(), "send 3 to 2, wake 130ms"},
		{40 * ms, reply(3, Refused), "finish refused"},
	}},
	{"replicas are asked in turn, from the first one on", Retry{MaxAttempts: 3}, Intent{Targets: 3, First: 2}, "send 1 to 2, wake never", []step{
		{1 * ms, reply(1, Refused), "send 2 to 0, wake never"},
		{2 * ms, reply(2, Refused), "send 3 to 1, wake never"},
	}},
	{"an attempt ends at its timeout", thrice, read, "send 1 to 0, wake 100ms", []step{
		{100 * ms, woke(), "wait until 110ms"},
		{110 * ms, woke(), "send 2 to 1, wake 210ms"},
		{210 * ms, woke(), "wait until 220ms"},
		{220 * ms, woke(), "send 3 to 2, wake 320ms"},
		{320 * ms, woke(), "finish unsure"},
	}},
	{"waking early does no harm", thrice, read, "send 1 to 0, wake 100ms", []step{
		{40 * ms, woke(), "wait until 100ms"},
		{100 * ms, woke(), "wait until 110ms"},
		{105 * ms, woke(), "wait until 110ms"},
		{110 * ms, woke(), "send 2 to 1, wake 210ms"},
	}},
	{"a late answer to an attempt given up is ignored", thrice, read, "send 1 to 0, wake 100ms", []step{
		{100 * ms, woke(), "wait until 110ms"},
		{105 * ms, reply(1, Answered), "wait until 110ms"},
		{110 * ms, woke(), "send 2 to 1, wake 210ms"},
		{120 * ms, reply(1, Answered), "wait until 210ms"},
		{130 * ms, reply(2, Answered), "finish answered"},
	}},
	{"the total timeout cuts the last attempt short", Retry{AttemptTimeout: 100 * ms, TotalTimeout: 150 * ms, MaxAttempts: 9}, read, "send 1 to 0, wake 100ms", []step{
		{100 * ms, woke(), "send 2 to 1, wake 150ms"},
		{150 * ms, woke(), "finish unsure"},
	}},
	{"a retry that could not start before the total timeout is not waited for", Retry{TotalTimeout: 150 * ms, MaxAttempts: 9, Backoff: Backoff{Kind: Constant, Base: 100 * ms}}, read, "send 1 to 0, wake 150ms", []step{
		{50 * ms, reply(1, Refused), "finish refused"},
	}},
	{"a hint is followed at once", thrice, write, "send 1 to 0, wake 100ms", []step{
		{5 * ms, hint(1, 2), "send 2 to 2, wake 105ms"},
		{9 * ms, reply(2, Answered), "finish answered"},
	}},
	{"a second hint in a row waits for the backoff", thrice, write, "send 1 to 0, wake 100ms", []step{
		{5 * ms, hint(1, 2), "send 2 to 2, wake 105ms"},
		{9 * ms, hint(2, 0), "wait until 19ms"},
		{19 * ms, woke(), "send 3 to 0, wake 119ms"},
	}},
	{"after a hint that leads nowhere, the replica after the hinted one is next", thrice, read, "send 1 to 0, wake 100ms", []step{
		{5 * ms, hint(1, 1), "send 2 to 1, wake 105ms"},
		{105 * ms, woke(), "wait until 115ms"},
		{115 * ms, woke(), "send 3 to 2, wake 215ms"},
	}},
	{"a redirect is no attempt of its own, a second one in a row is", Retry{MaxAttempts: 1}, write, "send 1 to 0, wake never", []step{
		{5 * ms, hint(1, 1), "send 2 to 1, wake never"},
		{9 * ms, hint(2, 0), "finish refused"},
	}},
	{"nor is it paid for by attempts that are left", Retry{MaxAttempts: 2}, write, "send 1 to 0, wake never", []step{
		{5 * ms, hint(1, 1), "send 2 to 1, wake never"},
		{9 * ms, reply(2, Refused), "send 3 to 2, wake never"},
		{12 * ms, reply(3, Refused), "finish refused"},
	}},
	{"a write that may have happened is not sent again", thrice, write, "send 1 to 0, wake 100ms", []step{
		{100 * ms, woke(), "finish unsure"},
	}},
	{"nor one of which the answer says so", thrice, write, "send 1 to 0, wake 100ms", []step{
		{5 * ms, reply(1, Unsure), "finish unsure"},
	}},
	{"a read is, since asking twice does no harm", thrice, read, "send 1 to 0, wake 100ms", []step{
		{5 * ms, reply(1, Unsure), "wait until 15ms"},
	}},
	{"so is a write that the store deduplicates", thrice, dedupWrite, "send 1 to 0, wake 100ms", []step{
		{100 * ms, woke(), "wait until 110ms"},
		{110 * ms, woke(), "send 2 to 1, wake 210ms"},
	}},
	{"resend always sends it again", Retry{AttemptTimeout: 100 * ms, MaxAttempts: 2, Resend: Always}, write, "send 1 to 0, wake 100ms", []step{
		{100 * ms, woke(), "send 2 to 1, wake 200ms"},
		{110 * ms, reply(2, Refused), "finish unsure"}, // the first one may still happen
	}},
	{"exponential backoff doubles, from twice the base, up to the cap", Retry{MaxAttempts: 9, Backoff: Backoff{Kind: Exponential, Base: 10 * ms, Cap: 50 * ms}}, read, "send 1 to 0, wake never", []step{
		{0, reply(1, Refused), "wait until 20ms"},
		{20 * ms, woke(), "send 2 to 1, wake never"},
		{20 * ms, reply(2, Refused), "wait until 60ms"},
		{60 * ms, woke(), "send 3 to 2, wake never"},
		{60 * ms, reply(3, Refused), "wait until 110ms"},
	}},
	{"full jitter waits a uniform part of that", Retry{MaxAttempts: 9, Backoff: Backoff{Kind: FullJitter, Base: 10 * ms, Cap: 50 * ms}}, read, "send 1 to 0, wake never", []step{
		{0, reply(1, Refused), "wait until 10ms"},
	}},
	{"a hint followed at once does not raise the backoff", Retry{MaxAttempts: 9, Backoff: Backoff{Kind: Exponential, Base: 10 * ms, Cap: 0}}, read, "send 1 to 0, wake never", []step{
		{0, hint(1, 1), "send 2 to 1, wake never"},
		{0, reply(2, Refused), "wait until 20ms"},
	}},
}

func TestRules(t *testing.T) {
	for _, s := range stories {
		var m Machine
		if got := show(m.Begin(0, half, NewShared(Policy{Retry: s.policy}), s.intent)); got != s.begin {
			t.Errorf("%s: began with %q, want %q", s.rule, got, s.begin)
		}
		for _, step := range s.steps {
			if got := show(m.Step(step.at, half, step.e)); got != step.want {
				t.Errorf("%s: at %v, %+v: got %q, want %q", s.rule, step.at, step.e, got, step.want)
				break
			}
		}
	}
}

func TestBackoffDelays(t *testing.T) {
	for _, c := range []struct {
		b    Backoff
		n    int
		r    Rand
		want time.Duration
	}{
		{Backoff{Kind: None, Base: 10 * ms, Cap: 0}, 3, half, 0},
		{Backoff{Kind: Constant, Base: 10 * ms, Cap: 0}, 3, half, 10 * ms},
		{Backoff{Kind: Exponential, Base: 5 * ms, Cap: 2 * sec}, 1, half, 10 * ms},
		{Backoff{Kind: Exponential, Base: 5 * ms, Cap: 2 * sec}, 8, half, 1280 * ms},
		{Backoff{Kind: Exponential, Base: 5 * ms, Cap: 2 * sec}, 9, half, 2 * sec},
		{Backoff{Kind: Exponential, Base: 5 * ms, Cap: 2 * sec}, 1000, half, 2 * sec},
		{Backoff{Kind: Exponential, Base: 1, Cap: 0}, 62, half, 1 << 62},
		{Backoff{Kind: Exponential, Base: 1, Cap: 0}, 63, half, Never},
		{Backoff{Kind: Exponential, Base: 0, Cap: 0}, 100, half, 0},
		{Backoff{Kind: FullJitter, Base: 5 * ms, Cap: 2 * sec}, 3, fixed(0), 0},
		{Backoff{Kind: FullJitter, Base: 5 * ms, Cap: 2 * sec}, 3, half, 20 * ms},
		{Backoff{Kind: FullJitter, Base: 5 * ms, Cap: 2 * sec}, 3, fixed(1<<64 - 1), 40 * ms},
		{Backoff{Kind: FullJitter, Base: 1, Cap: 0}, 63, fixed(1<<64 - 1), Never},
	} {
		if got := c.b.Next(&Course{Retries: c.n - 1}, c.r); got != c.want {
			t.Errorf("%v, retry %d: waits %v, want %v", c.b, c.n, got, c.want)
		}
	}
}

func TestValidateNamesFieldAndRemedy(t *testing.T) {
	if err := thrice.Validate(); err != nil {
		t.Errorf("a sound policy: %v", err)
	}
	for says, p := range map[string]Retry{
		"attempt timeout": {AttemptTimeout: -1},
		"total timeout":   {TotalTimeout: -1},
		"max_attempts":    {MaxAttempts: -1},
		"backoff base":    {Backoff: Backoff{Base: -1}},
		"backoff cap":     {Backoff: Backoff{Cap: -1}},
		"set an attempt":  {MaxAttempts: 2},
	} {
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: error is %v, want one about %q", p, err, says)
		}
	}
}

func TestResendNames(t *testing.T) {
	for _, r := range []Resend{Safe, Always} {
		if got, err := ParseResend(r.String()); err != nil || got != r {
			t.Errorf("%v reads as %v, %v", r, got, err)
		}
	}
	if _, err := ParseResend("never"); err == nil {
		t.Error("resend: never was accepted")
	}
}

// counter is a Rand whose draws look independent: splitmix64.
type counter uint64

func (c *counter) Uint64() uint64 {
	*c += 0x9e3779b97f4a7c15
	x := uint64(*c)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// anyPolicy draws a policy of every kind of part.
func anyPolicy(t *rapid.T) Policy {
	share := func(name string) float64 { return float64(rapid.IntRange(1, 10).Draw(t, name)) / 10 }
	p := Policy{
		Retry: Retry{
			AttemptTimeout: time.Duration(rapid.IntRange(1, 100).Draw(t, "attempt timeout")),
			TotalTimeout:   time.Duration(rapid.IntRange(0, 300).Draw(t, "total timeout")),
			MaxAttempts:    rapid.IntRange(1, 6).Draw(t, "max attempts"),
			Backoff:        Backoff{Kind: Kind(rapid.IntRange(0, len(Kinds)-1).Draw(t, "kind")), Base: 10, Cap: 60},
			Resend:         Resend(rapid.IntRange(0, 1).Draw(t, "resend")),
		},
		Hedge:      HedgePolicy{Max: rapid.IntRange(0, 3).Draw(t, "hedges"), After: time.Duration(rapid.IntRange(1, 60).Draw(t, "hedge after")), Unsafe: rapid.Bool().Draw(t, "unsafe")},
		Budget:     BudgetPolicy{Rule: BudgetRule(rapid.IntRange(0, len(BudgetRules)-1).Draw(t, "budget")), Ratio: share("ratio"), Tokens: 3, PerSecond: 1, Window: sec, Free: 1},
		Breaker:    BreakerPolicy{Rule: BreakerRule(rapid.IntRange(0, len(BreakerRules)-1).Draw(t, "breaker")), Failures: 2, Ratio: share("failures"), Calls: 3, Span: 200, Open: 50, MaxOpen: 200, Probes: rapid.IntRange(0, 2).Draw(t, "probes")},
		BreakerPer: Scope(rapid.IntRange(0, 2).Draw(t, "breaker per")),
		Limiter:    LimiterPolicy{Rule: LimiterRule(rapid.IntRange(0, len(LimiterRules)-1).Draw(t, "limiter")), Initial: 2, Max: 5},
		LimiterPer: Scope(rapid.IntRange(0, 2).Draw(t, "limiter per")),
		Balance:    BalanceRule(rapid.IntRange(0, len(BalanceRules)-1).Draw(t, "balance")),
		Eject:      EjectPolicy{Failures: rapid.IntRange(0, 2).Draw(t, "eject"), For: 100, Most: share("most")},
	}
	if rapid.Bool().Draw(t, "throttled") {
		p.Throttle = ThrottlePolicy{K: 1 + share("k"), Window: 300}
	}
	if err := p.Validate(); err != nil {
		t.Fatalf("a policy meant to be valid: %v", err)
	}
	return p
}

// Over any course of events and under any policy, a machine makes at most so many
// attempts, none after the total timeout, none of a write that may have happened
// (unless asked to), wakes only in the future, and finishes; and afterwards its
// client has nothing under way.
func TestPolicyHoldsOnAnyCourse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := NewShared(anyPolicy(t)), counter(1)
		now := time.Duration(0)
		for range rapid.IntRange(1, 5).Draw(t, "intents") {
			now = playIntent(t, s, &r, now)
			for i, p := range s.peers {
				if p.load != 0 {
					t.Fatalf("%d attempts to replica %d are under way after the intent", p.load, i)
				}
			}
			for _, l := range s.limiters {
				if l.under != 0 || l.limit < 1 {
					t.Fatalf("a limiter of %v has %d calls under way after the intent", l.limit, l.under)
				}
			}
			if s.budget.requests != 0 || s.budget.retries != 0 {
				t.Fatalf("the budget has %d requests and %d retries under way after the intent", s.budget.requests, s.budget.retries)
			}
		}
	})
}

// playIntent carries one intent through a random course, and returns when it was over.
func playIntent(t *rapid.T, s *Shared, r Rand, now time.Duration) time.Duration {
	p := s.policy
	i := Intent{Mutates: rapid.Bool().Draw(t, "mutates"), Dedup: rapid.Bool().Draw(t, "dedup"), Targets: 3}
	var m Machine
	began, sent, unsure := now, 0, false
	inFlight := map[int]time.Duration{}
	repeatable := !i.Mutates || i.Dedup
	a := m.Begin(now, r, s, i)
	for steps := 0; a.Do != Finish; steps++ {
		if steps > 1000 {
			t.Fatal("the machine does not finish")
		}
		if a.Do == Send {
			sent++
			if a.Attempt != sent || sent > 2*p.MaxAttempts+p.Hedge.Max { // each attempt may be redirected once
				t.Fatalf("attempt %d is called %d, of at most %d and %d hedges", sent, a.Attempt, p.MaxAttempts, p.Hedge.Max)
			}
			if now-began >= p.TotalTimeout {
				t.Fatalf("attempt after %v, at or after the total timeout %v", now-began, p.TotalTimeout)
			}
			if len(inFlight) > 0 && !repeatable && !p.Hedge.Unsafe {
				t.Fatal("a write that might be applied twice was hedged")
			}
			if len(inFlight) == 0 && unsure && !repeatable && p.Resend == Safe {
				t.Fatal("a write was sent again though it may have happened")
			}
			inFlight[sent] = a.Deadline
		}
		if a.Wake <= now {
			t.Fatalf("at %v told to wake at %v", now, a.Wake)
		}
		e := woke()
		if o := rapid.IntRange(0, 5).Draw(t, "what comes"); o < 3 && a.Wake-now > 1 {
			now += 1 + time.Duration(rapid.Int64Range(0, int64(a.Wake-now-2)).Draw(t, "after"))
			e = Event{Replied, rapid.IntRange(1, sent).Draw(t, "to"), Outcome(o), rapid.IntRange(-1, 2).Draw(t, "hint")}
			if _, wanted := inFlight[e.Attempt]; wanted {
				unsure = unsure || e.Outcome == Unsure
				delete(inFlight, e.Attempt)
			}
		} else {
			now = a.Wake
			for attempt, deadline := range inFlight {
				if deadline <= now {
					unsure = true
					delete(inFlight, attempt)
				}
			}
		}
		a = m.Step(now, r, e)
	}
	if unsure && a.Outcome == Refused {
		t.Fatal("refused, though an attempt may have taken effect")
	}
	if a.Local != (sent == 0) {
		t.Fatalf("local is %v after %d attempts", a.Local, sent)
	}
	return now
}

func TestMisuseOfTheMachinePanics(t *testing.T) {
	client := NewShared(Policy{Retry: thrice})
	for name, misuse := range map[string]func(m *Machine){
		"no targets":      func(m *Machine) { m.Begin(0, half, client, Intent{}) },
		"hint to nowhere": func(m *Machine) { m.Begin(0, half, client, read); m.Step(1, half, hint(1, 7)) },
		"step after end": func(m *Machine) {
			m.Begin(0, half, client, read)
			m.Step(1, half, reply(1, Answered))
			m.Step(2, half, woke())
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			misuse(&Machine{})
		}()
	}
}

// full is a policy with every part.
var full = Policy{
	Retry: thrice, Hedge: HedgePolicy{Max: 1, After: 50 * ms}, Budget: BudgetPolicy{Rule: PerSuccess, Ratio: 1, Tokens: 10},
	Throttle: ThrottlePolicy{K: 2, Most: 1e-9}, Breaker: BreakerPolicy{Rule: LastCalls, Ratio: .9, Calls: 10, Open: sec}, BreakerPer: PerReplica,
	Limiter: LimiterPolicy{Rule: Vegas, Initial: 20}, Balance: TwoChoices, Eject: EjectPolicy{Failures: 5, For: sec},
}

func TestMachineAllocatesNothing(t *testing.T) {
	for name, p := range map[string]Policy{"retries": {Retry: thrice}, "everything": full} {
		var m Machine
		var r Rand = new(counter)
		client := NewShared(p)
		if n := testing.AllocsPerRun(100, func() { twoAttempts(&m, r, client) }); n != 0 {
			t.Errorf("%s: %v allocations per intent", name, n)
		}
	}
}

func twoAttempts(m *Machine, r Rand, client *Shared) {
	m.Begin(0, r, client, read)
	m.Step(5*ms, r, reply(1, Refused))
	m.Step(15*ms, r, woke())
	m.Step(20*ms, r, reply(2, Answered))
}

func BenchmarkIntentOfTwoAttempts(b *testing.B) {
	for name, p := range map[string]Policy{"retries": {Retry: thrice}, "everything": full} {
		b.Run(name, func(b *testing.B) {
			var m Machine
			var r Rand = new(counter)
			client := NewShared(p)
			for range b.N {
				twoAttempts(&m, r, client)
			}
		})
	}
}

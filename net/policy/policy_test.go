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
	{"hints count as attempts", Retry{MaxAttempts: 2}, write, "send 1 to 0, wake never", []step{
		{5 * ms, hint(1, 1), "send 2 to 1, wake never"},
		{9 * ms, hint(2, 0), "finish refused"},
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
	{"exponential backoff doubles, from twice the base, up to the cap", Retry{MaxAttempts: 9, Backoff: Backoff{Exponential, 10 * ms, 50 * ms}}, read, "send 1 to 0, wake never", []step{
		{0, reply(1, Refused), "wait until 20ms"},
		{20 * ms, woke(), "send 2 to 1, wake never"},
		{20 * ms, reply(2, Refused), "wait until 60ms"},
		{60 * ms, woke(), "send 3 to 2, wake never"},
		{60 * ms, reply(3, Refused), "wait until 110ms"},
	}},
	{"full jitter waits a uniform part of that", Retry{MaxAttempts: 9, Backoff: Backoff{FullJitter, 10 * ms, 50 * ms}}, read, "send 1 to 0, wake never", []step{
		{0, reply(1, Refused), "wait until 10ms"},
	}},
	{"a hint followed at once does not raise the backoff", Retry{MaxAttempts: 9, Backoff: Backoff{Exponential, 10 * ms, 0}}, read, "send 1 to 0, wake never", []step{
		{0, hint(1, 1), "send 2 to 1, wake never"},
		{0, reply(2, Refused), "wait until 20ms"},
	}},
	{"with two attempts in flight, the end of one is not the end", thrice, read, "send 1 to 0, wake 100ms", []step{
		{50 * ms, Event{Kind: Sent, Attempt: 2, Deadline: 150 * ms}, "wait until 100ms"},
		{60 * ms, reply(1, Refused), "wait until 150ms"},
		{70 * ms, reply(2, Answered), "finish answered"},
	}},
	{"with two attempts in flight, each has its own timeout, and the next one follows both", thrice, read, "send 1 to 0, wake 100ms", []step{
		{50 * ms, Event{Kind: Sent, Attempt: 2, Deadline: 150 * ms}, "wait until 100ms"},
		{100 * ms, woke(), "wait until 150ms"},
		{150 * ms, woke(), "wait until 160ms"},
		{160 * ms, woke(), "send 3 to 1, wake 260ms"},
	}},
}

func TestRules(t *testing.T) {
	for _, s := range stories {
		var m Machine
		if got := show(m.Begin(0, s.policy, s.intent)); got != s.begin {
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
		{Backoff{None, 10 * ms, 0}, 3, half, 0},
		{Backoff{Constant, 10 * ms, 0}, 3, half, 10 * ms},
		{Backoff{Exponential, 5 * ms, 2 * sec}, 1, half, 10 * ms},
		{Backoff{Exponential, 5 * ms, 2 * sec}, 8, half, 1280 * ms},
		{Backoff{Exponential, 5 * ms, 2 * sec}, 9, half, 2 * sec},
		{Backoff{Exponential, 5 * ms, 2 * sec}, 1000, half, 2 * sec},
		{Backoff{Exponential, 1, 0}, 62, half, 1 << 62},
		{Backoff{Exponential, 1, 0}, 63, half, Never},
		{Backoff{Exponential, 0, 0}, 100, half, 0},
		{Backoff{FullJitter, 5 * ms, 2 * sec}, 3, fixed(0), 0},
		{Backoff{FullJitter, 5 * ms, 2 * sec}, 3, half, 20 * ms},
		{Backoff{FullJitter, 5 * ms, 2 * sec}, 3, fixed(1<<64 - 1), 40 * ms},
		{Backoff{FullJitter, 1, 0}, 63, fixed(1<<64 - 1), Never},
	} {
		if got := c.b.Delay(c.n, c.r); got != c.want {
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

// counter is a Rand that differs from draw to draw.
type counter uint64

func (c *counter) Uint64() uint64 { *c += 0x9e3779b97f4a7c15; return uint64(*c) }

// Over any course of events, the machine makes at most MaxAttempts attempts, none
// after the total timeout, none of a write that may have happened, wakes only in
// the future, and finishes.
func TestPolicyHoldsOnAnyCourse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Retry{
			AttemptTimeout: time.Duration(rapid.IntRange(1, 100).Draw(t, "attempt timeout")),
			TotalTimeout:   time.Duration(rapid.IntRange(0, 300).Draw(t, "total timeout")),
			MaxAttempts:    rapid.IntRange(1, 6).Draw(t, "max attempts"),
			Backoff:        Backoff{Kind(rapid.IntRange(0, 3).Draw(t, "kind")), 10, 60},
			Resend:         Resend(rapid.IntRange(0, 1).Draw(t, "resend")),
		}
		i := Intent{Mutates: rapid.Bool().Draw(t, "mutates"), Dedup: rapid.Bool().Draw(t, "dedup"), Targets: 3}
		var m Machine
		now, sent, unsure, r := time.Duration(0), 0, false, counter(1)
		a := m.Begin(now, p, i)
		for steps := 0; a.Do != Finish; steps++ {
			if steps > 1000 {
				t.Fatal("the machine does not finish")
			}
			if a.Do == Send {
				sent++
				if a.Attempt != sent || sent > p.MaxAttempts {
					t.Fatalf("attempt %d is called %d, of at most %d", sent, a.Attempt, p.MaxAttempts)
				}
				if p.TotalTimeout > 0 && now >= p.TotalTimeout {
					t.Fatalf("attempt at %v, after the total timeout %v", now, p.TotalTimeout)
				}
				if unsure && i.Mutates && !i.Dedup && p.Resend == Safe {
					t.Fatal("a write was sent again though it may have happened")
				}
			}
			if a.Wake <= now {
				t.Fatalf("at %v told to wake at %v", now, a.Wake)
			}
			e := woke()
			if o := rapid.IntRange(0, 5).Draw(t, "what comes"); o < 3 && a.Wake-now > 1 {
				now += 1 + time.Duration(rapid.Int64Range(0, int64(a.Wake-now-2)).Draw(t, "after"))
				e = Event{Replied, rapid.IntRange(1, sent).Draw(t, "to"), Outcome(o), rapid.IntRange(-1, 2).Draw(t, "hint"), 0}
				unsure = unsure || e.Outcome == Unsure && e.Attempt == sent && m.inFlight > 0
			} else {
				now = a.Wake
				unsure = unsure || m.inFlight > 0
			}
			a = m.Step(now, &r, e)
		}
		if unsure && a.Outcome == Refused {
			t.Fatal("refused, though an attempt may have taken effect")
		}
	})
}

func TestMisuseOfTheMachinePanics(t *testing.T) {
	for name, misuse := range map[string]func(m *Machine){
		"no targets":      func(m *Machine) { m.Begin(0, thrice, Intent{}) },
		"hint to nowhere": func(m *Machine) { m.Begin(0, thrice, read); m.Step(1, half, hint(1, 7)) },
		"step after end": func(m *Machine) {
			m.Begin(0, thrice, read)
			m.Step(1, half, reply(1, Answered))
			m.Step(2, half, woke())
		},
		"too many flights": func(m *Machine) {
			m.Begin(0, thrice, read)
			for i := range maxInFlight {
				m.Step(1, half, Event{Kind: Sent, Attempt: 2 + i, Deadline: sec})
			}
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

func TestMachineAllocatesNothing(t *testing.T) {
	var m Machine
	r := counter(1)
	if n := testing.AllocsPerRun(100, func() {
		m.Begin(0, thrice, read)
		m.Step(5*ms, &r, reply(1, Refused))
		m.Step(15*ms, &r, woke())
		m.Step(20*ms, &r, reply(2, Answered))
	}); n != 0 {
		t.Errorf("%v allocations per intent", n)
	}
}

func BenchmarkIntentOfTwoAttempts(b *testing.B) {
	var m Machine
	var r Rand = new(counter)
	for range b.N {
		m.Begin(0, thrice, read)
		m.Step(5*ms, r, reply(1, Refused))
		m.Step(15*ms, r, woke())
		m.Step(20*ms, r, reply(2, Answered))
	}
}

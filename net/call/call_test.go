package call

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/net/policy"
	"faultline/sim"
)

const ms = time.Millisecond

type ask struct {
	Header
	what string
}

type answer struct {
	id      ID
	text    string
	outcome policy.Outcome
	hint    int
}

func (a answer) CallID() ID { return a.id }

// A server answers each request as its script says: "ok", "no" (refused), "ask 2"
// (refused, with a hint), "silence", or "ok twice"; "after 30ms ok" answers later.
type server struct {
	script []string
	later  map[sim.TimerID]func()
	log    *[]string
}

func (s *server) Start(sim.Env) {}

func (s *server) Receive(e sim.Env, from sim.NodeID, msg any) {
	r := msg.(ask)
	*s.log = append(*s.log, fmt.Sprintf("%v: %d gets %s %v attempt %d until %v", e.Clock(), e.Self(), r.what, r.Token, r.Attempt, r.Deadline))
	act := "ok"
	if len(s.script) > 0 {
		act, s.script = s.script[0], s.script[1:]
	}
	if rest, ok := strings.CutPrefix(act, "after "); ok {
		delay, then, _ := strings.Cut(rest, " ")
		d, _ := time.ParseDuration(delay)
		s.later[e.After(d)] = func() { s.act(e, from, r, then) }
		return
	}
	s.act(e, from, r, act)
}

func (s *server) Timer(_ sim.Env, t sim.TimerID) { s.later[t]() }

func (s *server) act(e sim.Env, from sim.NodeID, r ask, act string) {
	a := answer{id: r.ID, text: fmt.Sprintf("%s of %d", act, e.Self()), outcome: policy.Answered, hint: policy.NoHint}
	var hint int
	switch {
	case act == "silence":
		return
	case act == "no":
		a.outcome = policy.Refused
	case act == "ok twice":
		e.Send(from, a)
	case strings.HasPrefix(act, "ask"):
		fmt.Sscanf(act, "ask %d", &hint)
		a.outcome, a.hint = policy.Refused, hint
	}
	e.Send(from, a)
}

// An intent to ask the servers, which are nodes 0, 1 and 2.
type intent struct{ got string }

func (i *intent) Request(h Header, target int) (sim.NodeID, Asks) {
	return sim.NodeID(target), ask{h, "question"}
}

func (i *intent) Judge(r Reply) (policy.Outcome, int) {
	a := r.Answer.(answer)
	i.got = fmt.Sprintf("%q from %d to attempt %d", a.text, r.From, r.Attempt)
	return a.outcome, a.hint
}

// A wire takes 1 ms.
type wire struct{}

func (wire) Carry(_, _ sim.NodeID, _ any) sim.Fate { return sim.Arrives(ms) }

// world runs body as a client of three servers with the given scripts, and returns what happened.
func world(scripts [3][]string, body func(c *Caller, p *sim.Proc, log *[]string)) []string {
	var log []string
	s := sim.New(1)
	defer s.Close()
	s.Use(wire{})
	for i, script := range scripts {
		s.Add(sim.NodeID(i), func() sim.Handler { return &server{script: script, later: map[sim.TimerID]func(){}, log: &log} })
	}
	s.Go(7, "client", func(p *sim.Proc) { body(NewCaller(p), p, &log) })
	s.Run(sim.Forever)
	return log
}

var thrice = policy.Retry{AttemptTimeout: 20 * ms, MaxAttempts: 3, Backoff: policy.Backoff{Kind: policy.Constant, Base: 10 * ms}}

// client returns a client with nothing but retries.
func client(r policy.Retry) *policy.Shared { return policy.NewShared(policy.Policy{Retry: r}) }

func TestDo(t *testing.T) {
	for _, c := range []struct {
		story   string
		scripts [3][]string
		want    []string
	}{
		{"an answer", [3][]string{}, []string{
			"1ms: 0 gets question 7.1 attempt 1 until 20ms",
			`2ms: answered, "ok of 0" from 0 to attempt 1`,
		}},
		{"silence, then the next replica", [3][]string{{"silence"}}, []string{
			"1ms: 0 gets question 7.1 attempt 1 until 20ms",
			"31ms: 1 gets question 7.1 attempt 2 until 50ms",
			`32ms: answered, "ok of 1" from 1 to attempt 2`,
		}},
		{"a hint is followed at once, under the same token", [3][]string{{"ask 2"}}, []string{
			"1ms: 0 gets question 7.1 attempt 1 until 20ms",
			"3ms: 2 gets question 7.1 attempt 2 until 22ms",
			`4ms: answered, "ok of 2" from 2 to attempt 2`,
		}},
		{"an answer to an attempt given up comes too late", [3][]string{{"after 30ms ok"}, {"silence"}, {"after 5ms ok"}}, []string{
			"1ms: 0 gets question 7.1 attempt 1 until 20ms",
			"31ms: 1 gets question 7.1 attempt 2 until 50ms",
			"61ms: 2 gets question 7.1 attempt 3 until 80ms",
			`67ms: answered, "ok of 2" from 2 to attempt 3`,
		}},
		{"nobody answers", [3][]string{{"silence"}, {"silence"}, {"silence"}}, []string{
			"1ms: 0 gets question 7.1 attempt 1 until 20ms",
			"31ms: 1 gets question 7.1 attempt 2 until 50ms",
			"61ms: 2 gets question 7.1 attempt 3 until 80ms",
			"80ms: unsure, ",
		}},
		{"an answer that comes too late is not even read", [3][]string{{"after 30ms ok"}, {"silence"}, {"silence"}}, []string{
			"1ms: 0 gets question 7.1 attempt 1 until 20ms",
			"31ms: 1 gets question 7.1 attempt 2 until 50ms",
			"61ms: 2 gets question 7.1 attempt 3 until 80ms",
			"80ms: unsure, ",
		}},
		{"all refuse", [3][]string{{"no"}, {"no"}, {"no"}}, []string{
			"1ms: 0 gets question 7.1 attempt 1 until 20ms",
			"13ms: 1 gets question 7.1 attempt 2 until 32ms",
			"25ms: 2 gets question 7.1 attempt 3 until 44ms",
			`26ms: refused, "no of 2" from 2 to attempt 3`,
		}},
	} {
		got := world(c.scripts, func(c *Caller, p *sim.Proc, log *[]string) {
			var i intent
			o := c.Do(client(thrice), policy.Intent{Targets: 3}, c.NextToken(), &i)
			*log = append(*log, fmt.Sprintf("%v: %v, %s", p.Now(), o, i.got))
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n\t%s\nwant\n\t%s", c.story, strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
		}
	}
}

// What comes late or twice must not be taken for the answer to the next intent.
func TestLateAndDoubleAnswersDoNotReachTheNextIntent(t *testing.T) {
	got := world([3][]string{{"after 30ms ok", "ok twice", "no"}}, func(c *Caller, p *sim.Proc, log *[]string) {
		for range 3 {
			var i intent
			o := c.Do(client(policy.Retry{AttemptTimeout: 10 * ms}), policy.Intent{Targets: 1}, c.NextToken(), &i)
			*log = append(*log, fmt.Sprintf("%v: %v, %s", p.Now(), o, i.got))
		}
		p.Sleep(50 * ms)
		if _, ok := c.Wait(p.Now()); ok {
			*log = append(*log, "an answer to nothing")
		}
	})
	want := []string{
		"1ms: 0 gets question 7.1 attempt 1 until 10ms",
		"10ms: unsure, ",
		"11ms: 0 gets question 7.2 attempt 1 until 20ms",
		`12ms: answered, "ok twice of 0" from 0 to attempt 1`,
		"13ms: 0 gets question 7.3 attempt 1 until 22ms",
		`14ms: refused, "no of 0" from 0 to attempt 1`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// Wait returns the next answer to an open attempt, which it closes, or ok false
// at the given instant: what a script does that makes its calls by hand.
func (c *Caller) Wait(until sim.Time) (r Reply, ok bool) {
	for {
		from, msg, ok := c.proc.Recv(until)
		if !ok {
			return Reply{}, false
		}
		if r, wanted := c.answers(from, msg); wanted {
			return r, true
		}
	}
}

// By hand: two attempts of one intent at once, and whichever answers first wins.
func TestSeveralAttemptsAtOnce(t *testing.T) {
	world([3][]string{{"after 9ms ok"}, {"ok"}}, func(c *Caller, p *sim.Proc, log *[]string) {
		token := c.NextToken()
		for attempt := 1; attempt <= 2; attempt++ {
			c.Send(sim.NodeID(attempt-1), ask{c.Open(token, attempt, sim.Forever), "q"})
		}
		first, ok := c.Wait(sim.Forever)
		if !ok || first.From != 1 || first.Attempt != 2 || p.Now() != sim.Time(2*ms) {
			t.Errorf("first answer: %+v, %v at %v", first, ok, p.Now())
		}
		second, ok := c.Wait(sim.Forever)
		if !ok || second.From != 0 || second.Attempt != 1 {
			t.Errorf("second answer: %+v, %v", second, ok)
		}
		c.Send(0, ask{c.Open(token, 3, sim.Forever), "q"})
		c.Abandon()
		if _, ok := c.Wait(p.Now().Add(50 * ms)); ok {
			t.Error("an abandoned attempt was answered")
		}
	})
}

// The retries' random draws are not the script's.
func TestRetriesDoNotShiftTheScriptsDraws(t *testing.T) {
	draw := func(scripts [3][]string) (next uint64) {
		world(scripts, func(c *Caller, p *sim.Proc, _ *[]string) {
			jitter := thrice
			jitter.Backoff = policy.Backoff{Kind: policy.FullJitter, Base: ms}
			c.Do(client(jitter), policy.Intent{Targets: 3}, c.NextToken(), &intent{})
			next = p.Rand().Uint64()
		})
		return next
	}
	if draw([3][]string{}) != draw([3][]string{{"no"}, {"no"}}) {
		t.Error("retries moved the script's own stream")
	}
}

// Every session has tokens of its own, however many there are.
func TestSessionsHaveTokensOfTheirOwn(t *testing.T) {
	s := sim.New(1)
	defer s.Close()
	s.Go(7, "client", func(p *sim.Proc) {
		seen := map[Token]int{}
		for _, session := range []int{0, 1, 1<<15 - 1, 1 << 15, 1<<16 - 1, 1 << 16, 1 << 20} {
			token := NewSession(p, session).NextToken()
			if other, there := seen[token]; there {
				t.Errorf("sessions %d and %d have the same token %v", other, session, token)
			}
			seen[token] = session
		}
	})
	s.Run(sim.Forever)
}

package policy

import (
	"fmt"
	"time"
)

// A BreakerRule says what opens a circuit breaker.
type BreakerRule uint8

// The rules; BreakerRules says what each does.
const (
	NoBreaker   BreakerRule = iota
	Consecutive             // Failures calls in a row failed
	LastCalls               // at least Ratio of the last Calls calls failed, or Slow of them were slow (resilience4j)
	LastSpan                // the same, of all calls within Span, if there were at least Calls (Polly, resilience4j)
)

// BreakerRules lists the rules, with their names in experiments.
var BreakerRules = []Named[BreakerRule]{
	{NoBreaker, "none", "never opens"},
	{Consecutive, "consecutive", "opens after a number of failures in a row"},
	{LastCalls, "last-calls", "opens when too many of the last calls failed or were slow"},
	{LastSpan, "last-span", "opens when too many of the calls in a span of time failed or were slow"},
}

// String returns the rule's name in experiments.
func (r BreakerRule) String() string { return BreakerRules[r].Name }

// maxRing bounds the calls that LastCalls remembers.
const maxRing = 1024

// A BreakerPolicy says when to stop calling, and when to try again (Nygard,
// "Release It!", 2007). While closed, calls pass. While open, they are refused at
// once. After Open it is half open: Probes calls pass, and how they go decides.
type BreakerPolicy struct {
	Rule     BreakerRule
	Failures int           // of Consecutive
	Ratio    float64       // share of failures that opens; 0: failures do not
	Slow     float64       // share of slow calls that opens; 0: they do not
	SlowFrom time.Duration // from here on a call is slow
	Calls    int           // of LastCalls: the ring, which must be full; of LastSpan: the fewest
	Span     time.Duration // of LastSpan
	Open     time.Duration // how long it stays open
	MaxOpen  time.Duration // if longer: that time doubles with every probe that fails, up to here, with equal jitter (Finagle)
	Probes   int           // while half open; 0 means 1
}

// Validate returns an error that names the field and the remedy if no breaker can follow the policy.
func (p BreakerPolicy) Validate() error {
	switch {
	case p.Rule == NoBreaker:
		return nil
	case p.Rule == Consecutive && p.Failures < 1:
		return fmt.Errorf("breaker failures is %d: it opens after at least 1", p.Failures)
	case p.Rule != Consecutive && (p.Calls < 1 || p.Calls > maxRing):
		return fmt.Errorf("breaker calls is %d: it must be from 1 to %d", p.Calls, maxRing)
	case p.Rule != Consecutive && p.Ratio == 0 && p.Slow == 0:
		return fmt.Errorf("breaker has neither ratio nor slow: it would never open")
	case p.Ratio < 0 || p.Ratio > 1 || p.Slow < 0 || p.Slow > 1:
		return fmt.Errorf("breaker ratio %v and slow %v are shares, from 0 to 1", p.Ratio, p.Slow)
	case p.Slow > 0 && p.SlowFrom <= 0:
		return fmt.Errorf("breaker slow_from is %v: say from when on a call is slow", p.SlowFrom)
	case p.Rule == LastSpan && p.Span <= 0:
		return fmt.Errorf("breaker span is %v: the rule needs one, such as 30s", p.Span)
	case p.Open <= 0:
		return fmt.Errorf("breaker open is %v: say how long it stays open", p.Open)
	case p.Probes < 0:
		return fmt.Errorf("breaker probes is %d: it must not be negative", p.Probes)
	}
	return nil
}

// A BreakerState is closed, open or half open.
type BreakerState uint8

// The states of a breaker.
const (
	Closed BreakerState = iota
	Open
	HalfOpen
)

var stateNames = [...]string{"closed", "open", "half open"}

// String returns closed, open or half open.
func (s BreakerState) String() string { return stateNames[s] }

// A Breaker is the state of a BreakerPolicy, for one service, shard or replica.
type Breaker struct {
	policy   BreakerPolicy
	state    BreakerState
	row      int           // failures in a row
	ring     []tally       // of LastCalls
	next     int           // place in the ring
	sum      tally         // of the ring, or of the probes while half open
	span     window        // of LastSpan
	until    time.Duration // when it becomes half open
	openings int           // in a row, without closing between
	passed   int           // probes let through
}

// NewBreaker returns a closed breaker.
func NewBreaker(p BreakerPolicy) Breaker {
	if p.Probes == 0 {
		p.Probes = 1
	}
	b := Breaker{policy: p}
	b.forget()
	return b
}

// forget empties what was counted.
func (b *Breaker) forget() {
	b.row, b.sum, b.next, b.passed = 0, tally{}, 0, 0
	b.ring = b.ring[:0]
	if b.policy.Rule == LastSpan {
		b.span = newWindow(b.policy.Span)
	}
}

// State returns the breaker's state now.
func (b *Breaker) State(now time.Duration) BreakerState {
	if b.state == Open && now >= b.until {
		b.state = HalfOpen
		b.forget()
	}
	return b.state
}

// Ready reports whether a call would pass now.
func (b *Breaker) Ready(now time.Duration) bool {
	switch b.State(now) {
	case Open:
		return false
	case HalfOpen:
		return b.passed < b.policy.Probes
	}
	return true
}

// Sent notes that a call was let through.
func (b *Breaker) Sent(now time.Duration) {
	if b.State(now) == HalfOpen {
		b.passed++
	}
}

// Cancelled notes that a call is over that says nothing: a probe may take its place.
func (b *Breaker) Cancelled(now time.Duration) {
	if b.State(now) == HalfOpen && b.passed > 0 {
		b.passed--
	}
}

// Ended notes how a call went and how long it took. Calls that were under way
// when the breaker opened say nothing any more.
func (b *Breaker) Ended(now, took time.Duration, failed bool, r Rand) {
	if b.policy.Rule == NoBreaker || b.State(now) == Open {
		return
	}
	t := tally{calls: 1}
	if failed {
		t.failures = 1
		b.row++
	} else {
		b.row = 0
	}
	if b.policy.Slow > 0 && took >= b.policy.SlowFrom {
		t.slow = 1
	}
	if b.state == HalfOpen {
		b.probed(now, t, r)
		return
	}
	b.count(now, t)
	if b.trips(now) {
		b.open(now, r)
	}
}

// probed decides once all probes have ended.
func (b *Breaker) probed(now time.Duration, t tally, r Rand) {
	b.sum.add(t)
	if b.sum.calls < int64(b.policy.Probes) {
		return
	}
	if b.bad(b.sum) {
		b.open(now, r)
		return
	}
	b.state, b.openings = Closed, 0
	b.forget()
}

// bad reports whether a tally holds too many failures or slow calls. Under
// Consecutive any failure among the probes is one too many.
func (b *Breaker) bad(t tally) bool {
	if b.policy.Rule == Consecutive {
		return t.failures > 0
	}
	return b.policy.Ratio > 0 && float64(t.failures) >= float64(b.policy.Ratio*float64(t.calls)) ||
		b.policy.Slow > 0 && float64(t.slow) >= float64(b.policy.Slow*float64(t.calls))
}

func (b *Breaker) count(now time.Duration, t tally) {
	switch b.policy.Rule {
	case LastCalls:
		if len(b.ring) < b.policy.Calls {
			b.ring = append(b.ring, t)
		} else {
			old := b.ring[b.next]
			b.sum.add(tally{-old.calls, -old.failures, -old.slow})
			b.ring[b.next] = t
		}
		b.sum.add(t)
		b.next = (b.next + 1) % b.policy.Calls
	case LastSpan:
		b.span.add(now, t)
	}
}

func (b *Breaker) trips(now time.Duration) bool {
	switch b.policy.Rule {
	case Consecutive:
		return b.row >= b.policy.Failures
	case LastCalls:
		return b.sum.calls >= int64(b.policy.Calls) && b.bad(b.sum)
	default:
		t := b.span.total(now)
		return t.calls >= int64(b.policy.Calls) && b.bad(t)
	}
}

func (b *Breaker) open(now time.Duration, r Rand) {
	b.state = Open
	b.until = later(now, b.openFor(r))
	b.openings++
}

// openFor returns how long the breaker stays open this time.
func (b *Breaker) openFor(r Rand) time.Duration {
	if b.policy.MaxOpen <= b.policy.Open {
		return b.policy.Open
	}
	if b.openings == 0 {
		return b.policy.Open
	}
	growing := Backoff{Kind: EqualJitter, Base: b.policy.Open, Cap: b.policy.MaxOpen}
	return growing.Next(&Course{Retries: b.openings - 1}, r)
}

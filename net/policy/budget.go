package policy

import (
	"fmt"
	"time"
)

// A BudgetRule says how retries and hedges are paid for.
type BudgetRule uint8

const (
	Unlimited  BudgetRule = iota // every retry is allowed
	PerRequest                   // a bucket of tokens: every first attempt adds Ratio, a retry takes 1
	PerAttempt                   // every attempt, retries included, adds Ratio, a retry takes 1
	PerSuccess                   // every answered intent adds Ratio, a retry takes 1
	Throttled                    // gRPC: a failure takes 1, a success adds Ratio; retries while more than half is left
	Expiring                     // Finagle: as PerRequest, but deposits expire after Window, and PerSecond retries are free
	Concurrent                   // Envoy, failsafe-go: retries under way are at most Ratio of all requests under way, or Free
	Rated                        // at most PerSecond*Window retries in any Window (Google SRE: 60 a minute)
)

// BudgetRules lists the rules, with their names in experiments.
var BudgetRules = []Named[BudgetRule]{
	{Unlimited, "none", "every retry is allowed"},
	{PerRequest, "per-request", "every first attempt deposits a share of a retry"},
	{PerAttempt, "per-attempt", "every attempt, retries included, deposits a share of a retry"},
	{PerSuccess, "per-success", "every success deposits a share of a retry (AWS SDK, Brooker 2022)"},
	{Throttled, "grpc", "failures take a token, successes give back a share, retries need half of the tokens (gRPC A6)"},
	{Expiring, "finagle", "first attempts deposit a share of a retry that expires, on top of a free rate"},
	{Concurrent, "concurrent", "retries under way are a share of all requests under way (Envoy, failsafe-go)"},
	{Rated, "rated", "a number of retries in a window of time (Google SRE: 60 a minute for each process)"},
}

// String returns the rule's name in experiments.
func (r BudgetRule) String() string { return BudgetRules[r].Name }

// A BudgetPolicy bounds the retries and hedges of a client.
type BudgetPolicy struct {
	Rule      BudgetRule
	Ratio     float64       // what one deposit pays of a retry; of Concurrent: the share
	Tokens    float64       // of the buckets: their size, and what they hold at first
	PerSecond float64       // of Expiring: free retries; of Rated: all of them
	Window    time.Duration // of Expiring and Rated
	Free      int           // of Concurrent: retries that are always allowed at once
}

// Validate returns an error that names the field and the remedy if no budget can be kept by the policy.
func (p BudgetPolicy) Validate() error {
	switch {
	case p.Ratio < 0 || p.Ratio > 1000:
		return fmt.Errorf("budget ratio is %v: it must be from 0 to 1000", p.Ratio)
	case p.Tokens < 0 || p.Tokens > 1e9:
		return fmt.Errorf("budget tokens are %v: they must be from 0 to a billion", p.Tokens)
	case p.PerSecond < 0 || p.PerSecond > 1e6:
		return fmt.Errorf("budget per_second is %v: it must be from 0 to a million", p.PerSecond)
	case (p.Rule == Expiring || p.Rule == Rated) && p.Window <= 0:
		return fmt.Errorf("budget window is %v: the rule %v needs one, such as 10s", p.Window, p.Rule)
	case p.Free < 0:
		return fmt.Errorf("budget free is %d: it must not be negative", p.Free)
	}
	return nil
}

// milli is how many thousandths of a retry a deposit or withdrawal counts: budgets
// are kept in whole numbers, as those of gRPC and Finagle are.
const milli = 1000

// A Budget is what is left of a BudgetPolicy. All intents of a client share it.
type Budget struct {
	policy   BudgetPolicy
	tokens   int64  // thousandths of a retry
	spent    window // of Expiring: deposits as calls, withdrawals as failures; of Rated: retries as calls
	requests int    // under way
	retries  int    // under way
}

// NewBudget returns a budget that nothing was taken from yet.
func NewBudget(p BudgetPolicy) Budget {
	b := Budget{policy: p, tokens: thousandths(p.Tokens)}
	if p.Window > 0 {
		b.spent = newWindow(p.Window)
	}
	return b
}

// thousandths rounds to the nearest.
func thousandths(x float64) int64 { return int64(float64(x*milli) + 0.5) }

func (b *Budget) deposit() {
	b.tokens = min(b.tokens+thousandths(b.policy.Ratio), thousandths(b.policy.Tokens))
}

// Sent notes that an attempt was sent. First says whether it was the first of its intent.
func (b *Budget) Sent(now time.Duration, first bool) {
	if first {
		b.requests++
	} else {
		b.retries++
	}
	switch {
	case b.policy.Rule == PerAttempt, b.policy.Rule == PerRequest && first:
		b.deposit()
	case b.policy.Rule == Expiring && first:
		b.spent.add(now, tally{calls: thousandths(b.policy.Ratio)})
	}
}

// Ended notes that an attempt is over, and how: one that is neither answered nor
// failed, such as a redirect, is neither success nor failure.
func (b *Budget) Ended(first bool, answered, failed bool) {
	if first {
		b.requests--
	} else {
		b.retries--
	}
	switch {
	case answered && (b.policy.Rule == PerSuccess || b.policy.Rule == Throttled):
		b.deposit()
	case failed && b.policy.Rule == Throttled:
		b.tokens = max(0, b.tokens-milli)
	}
}

// Take pays for a retry or a hedge, and reports whether there was enough.
func (b *Budget) Take(now time.Duration) bool {
	switch b.policy.Rule {
	case PerRequest, PerAttempt, PerSuccess:
		if b.tokens < milli {
			return false
		}
		b.tokens -= milli
	case Throttled:
		return b.tokens > thousandths(b.policy.Tokens)/2
	case Expiring:
		free := thousandths(float64(b.policy.PerSecond * b.policy.Window.Seconds()))
		t := b.spent.total(now)
		if free+t.calls-t.failures < milli {
			return false
		}
		b.spent.add(now, tally{failures: milli})
	case Concurrent:
		under := float64(b.policy.Ratio * float64(b.requests+b.retries))
		return b.retries < max(b.policy.Free, int(under))
	case Rated:
		if b.spent.total(now).calls >= int64(float64(b.policy.PerSecond*b.policy.Window.Seconds())+0.5) {
			return false
		}
		b.spent.add(now, tally{calls: 1})
	}
	return true
}

package policy

import "time"

// A Preset is a policy that well-known software follows unless told otherwise.
type Preset struct {
	Name   string
	Doc    string // what it is, and what of the original is left out
	Policy Policy
	Most   int // attempts, whatever a user asks for; 0: any number
}

// Presets is the catalogue of presets. The numbers are the defaults of the
// software, or the example of its documentation where there is no default.
// A preset leaves open what the software leaves open: a timeout must be added then.
var Presets = []Preset{
	{Name: "none", Doc: "one attempt"},
	{Name: "naive", Doc: "three attempts, one right after the other", Policy: Policy{Retry: Retry{MaxAttempts: 3}}},
	{Name: "backoff", Doc: "three attempts with full jitter", Policy: Policy{
		Retry: Retry{MaxAttempts: 3, Backoff: Backoff{Kind: FullJitter, Base: 100 * time.Millisecond, Cap: 10 * time.Second}},
	}},
	{Name: "grpc", Doc: "gRPC's example of a retry policy with retry throttling (proposal A6), which makes no more than 5 attempts, whatever max_attempts says", Most: 5, Policy: Policy{
		Retry:  Retry{MaxAttempts: 4, Backoff: Backoff{Kind: Geometric, Base: 100 * time.Millisecond, Cap: time.Second, Multiplier: 2, Spread: 0.2}},
		Budget: BudgetPolicy{Rule: Throttled, Ratio: 0.1, Tokens: 10},
	}},
	{Name: "grpc-hedge", Doc: "gRPC's example of a hedging policy with retry throttling (proposal A6), which makes no more than 5 attempts, whatever max says", Most: 5, Policy: Policy{
		Hedge:  HedgePolicy{Max: 3, After: 500 * time.Millisecond},
		Budget: BudgetPolicy{Rule: Throttled, Ratio: 0.1, Tokens: 10},
	}},
	{Name: "finagle", Doc: "Finagle's retry budget and failure accrual by failures in a row, without that by success rate; requeues go at once, and at most 25 times", Policy: Policy{
		Retry:      Retry{MaxAttempts: 26},
		Budget:     BudgetPolicy{Rule: Expiring, Ratio: 0.2, PerSecond: 10, Window: 10 * time.Second},
		Breaker:    BreakerPolicy{Rule: Consecutive, Failures: 5, Open: 5 * time.Second, MaxOpen: 300 * time.Second},
		BreakerPer: PerReplica,
		Balance:    TwoChoices,
	}},
	{Name: "envoy", Doc: "Envoy's retries with its retry budget, and its outlier detection by consecutive failures", Policy: Policy{
		Retry:   Retry{MaxAttempts: 2, Backoff: Backoff{Kind: Envoy, Base: 25 * time.Millisecond, Cap: 250 * time.Millisecond}},
		Budget:  BudgetPolicy{Rule: Concurrent, Ratio: 0.2, Free: 3},
		Balance: RoundRobin,
		Eject:   EjectPolicy{Failures: 5, For: 30 * time.Second, Most: 0.1},
	}},
	{Name: "resilience4j", Doc: "resilience4j's retry, circuit breaker, bulkhead and time limiter", Policy: Policy{
		Retry: Retry{AttemptTimeout: time.Second, MaxAttempts: 3, Backoff: Backoff{Kind: Constant, Base: 500 * time.Millisecond}},
		Breaker: BreakerPolicy{
			Rule: LastCalls, Ratio: 0.5, Slow: 1, SlowFrom: time.Minute, Calls: 100, Open: time.Minute, Probes: 10,
		},
		Limiter: LimiterPolicy{Rule: Fixed, Initial: 25},
	}},
	{Name: "polly", Doc: "Polly's retry and circuit breaker (.NET, version 8), with the timeout of its timeout strategy", Policy: Policy{
		Retry:   Retry{AttemptTimeout: 30 * time.Second, MaxAttempts: 4, Backoff: Backoff{Kind: Constant, Base: 2 * time.Second}},
		Breaker: BreakerPolicy{Rule: LastSpan, Ratio: 0.1, Calls: 100, Span: 30 * time.Second, Open: 5 * time.Second},
	}},
	{Name: "polly-hedge", Doc: "Polly's hedging", Policy: Policy{
		Retry: Retry{AttemptTimeout: 30 * time.Second},
		Hedge: HedgePolicy{Max: 1, After: 2 * time.Second},
	}},
	{Name: "failsafe-go", Doc: "failsafe-go's retry policy, budget and circuit breaker", Policy: Policy{
		Retry:   Retry{MaxAttempts: 3},
		Budget:  BudgetPolicy{Rule: Concurrent, Ratio: 0.2, Free: 3},
		Breaker: BreakerPolicy{Rule: Consecutive, Failures: 1, Open: time.Minute},
	}},
	{Name: "sre", Doc: "the rules of Google's SRE book: three attempts, 60 retries a minute, adaptive throttling", Policy: Policy{
		Retry:    Retry{MaxAttempts: 3, Backoff: Backoff{Kind: FullJitter, Base: 100 * time.Millisecond, Cap: 10 * time.Second}},
		Budget:   BudgetPolicy{Rule: Rated, PerSecond: 1, Window: time.Minute},
		Throttle: ThrottlePolicy{K: 2, Window: 2 * time.Minute},
	}},
}

// FindPreset returns the preset of that name.
func FindPreset(name string) (Preset, bool) {
	for _, p := range Presets {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// PresetNames lists the names of the catalogue, in its order.
func PresetNames() []string {
	names := make([]string, len(Presets))
	for i, p := range Presets {
		names[i] = p.Name
	}
	return names
}

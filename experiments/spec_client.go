package experiments

import (
	"faultline/experiments/strict"
	"faultline/net/policy"
)

// ClientSpec is the clients' policy as it is written. Each client machine has
// budgets, breakers and limiters of its own.
type ClientSpec struct {
	Label    string          `yaml:"label" doc:"name in tables and charts, where it is swept"`
	Preset   string          `yaml:"preset" doc:"the policy of well-known software to start from: see faultline list policies; what is written here replaces its part"`
	Timeout  strict.Duration `yaml:"timeout" default:"500ms" min:"1us" max:"1h" doc:"how long a client waits for the answer to one attempt"`
	Total    strict.Duration `yaml:"total" default:"2s" min:"1us" max:"1h" doc:"how long it waits for the operation as a whole"`
	Attempts int             `yaml:"max_attempts" default:"20" min:"1" max:"1000" doc:"attempts, not retries: the first one counts; the next goes to the next replica; following a refusal to the replica that it names is no attempt of its own"`
	Backoff  BackoffSpec     `yaml:"backoff" doc:"wait between attempts"`
	Resend   string          `yaml:"resend" oneof:"safe,always" default:"safe" doc:"whether a write whose fate is unknown is sent again: safe: only to stores that apply it once; always: at-least-once"`
	Hedge    *HedgeSpec      `yaml:"hedge" doc:"another attempt while the first is still under way"`
	Retries  *RetryBudget    `yaml:"budget" doc:"what pays for retries and hedges"`
	Throttle *ThrottleSpec   `yaml:"throttle" doc:"reject at the client while the service rejects much (Google SRE)"`
	Breaker  *BreakerSpec    `yaml:"breaker" doc:"stop calling what fails, and try again later"`
	Limiter  *LimiterSpec    `yaml:"limiter" doc:"how many calls may be under way at once"`
	Balance  string          `yaml:"balance" oneof:"in-order,round-robin,random,least-loaded,two-choices" default:"in-order" doc:"which replica is asked first: in-order: the one that the store names"`
	Choices  int             `yaml:"choices" default:"2" min:"2" max:"1000" doc:"of two-choices: of how many random replicas the least loaded is asked"`
	Eject    *EjectSpec      `yaml:"eject" doc:"keep away from replicas that fail (Envoy's outlier detection)"`
	Cancel   bool            `yaml:"cancel" default:"false" doc:"tell who was asked when an attempt is given up: a server takes it out of its line, a service gives up what it asked of others; a store ends what it began"`

	resolved policy.Policy
}

// BackoffSpec is the wait between attempts as it is written.
type BackoffSpec struct {
	Kind       string          `yaml:"kind" oneof:"none,constant,linear,exponential,full-jitter,equal-jitter,decorrelated,geometric,smooth,envoy" default:"full-jitter" doc:"how the wait grows and is spread"`
	Base       strict.Duration `yaml:"base" default:"10ms" min:"0s" max:"1h" doc:"of the first retry, before jitter"`
	Cap        strict.Duration `yaml:"cap" default:"500ms" min:"0s" max:"1h" doc:"the wait grows no longer than this; 0s: no cap"`
	Multiplier float64         `yaml:"multiplier" default:"2" min:"1" max:"100" doc:"of geometric: growth from one wait to the next"`
	Spread     strict.Share    `yaml:"spread" default:"0%" doc:"of constant, linear and geometric: the wait is longer or shorter by up to so much"`
}

// HedgeSpec is a hedging policy as it is written.
type HedgeSpec struct {
	Max        int             `yaml:"max" default:"1" min:"1" max:"7" doc:"attempts beyond the first that may be sent so"`
	After      strict.Duration `yaml:"after" default:"0s" min:"0s" max:"1h" doc:"how long to wait before each"`
	Percentile float64         `yaml:"percentile" default:"0" min:"0" max:"99.999" doc:"wait as long as so many of 100 calls took lately, and at least after"`
	Unsafe     bool            `yaml:"unsafe" default:"false" doc:"hedge writes that might be applied twice, too"`
}

// RetryBudget is a budget of retries as it is written.
type RetryBudget struct {
	Rule      string          `yaml:"rule" required:"true" oneof:"none,per-request,per-attempt,per-success,grpc,finagle,concurrent,rated" doc:"how retries are paid for"`
	Ratio     float64         `yaml:"ratio" default:"0.1" min:"0" max:"1000" doc:"what one deposit pays of a retry; of concurrent: the share"`
	Tokens    float64         `yaml:"tokens" default:"10" min:"0" max:"1000000000" doc:"of the buckets: retries that they hold, and hold at first"`
	PerSecond float64         `yaml:"per_second" default:"0" min:"0" max:"1000000" doc:"of finagle: free retries; of rated: all of them"`
	Window    strict.Duration `yaml:"window" default:"10s" min:"1ms" max:"1h" doc:"of finagle and rated"`
	Free      int             `yaml:"free" default:"0" min:"0" max:"1000000" doc:"of concurrent: retries that are always allowed at once"`
}

// ThrottleSpec is a throttle as it is written.
type ThrottleSpec struct {
	K      float64         `yaml:"k" default:"2" min:"1" max:"1000" doc:"requests that may be sent for each one accepted"`
	Window strict.Duration `yaml:"window" default:"2m" min:"1ms" max:"1h" doc:"over which they are counted"`
	Most   strict.Share    `yaml:"most" default:"100%" doc:"greatest share rejected"`
}

// BreakerSpec is a circuit breaker as it is written.
type BreakerSpec struct {
	Rule     string          `yaml:"rule" required:"true" oneof:"none,consecutive,last-calls,last-span" doc:"what opens it"`
	Per      string          `yaml:"per" oneof:"service,shard,replica" default:"service" doc:"what one breaker watches over"`
	Failures int             `yaml:"failures" default:"5" min:"1" max:"1000000" doc:"of consecutive: so many in a row"`
	Ratio    strict.Share    `yaml:"ratio" default:"50%" doc:"share of failures that opens it; 0%: failures do not"`
	Slow     strict.Share    `yaml:"slow" default:"0%" doc:"share of slow calls that opens it; 0%: they do not"`
	SlowFrom strict.Duration `yaml:"slow_from" default:"1m" min:"1us" max:"1h" doc:"from here on a call is slow"`
	Calls    int             `yaml:"calls" default:"100" min:"1" max:"1024" doc:"of last-calls: how many; of last-span: the fewest that are judged"`
	Span     strict.Duration `yaml:"span" default:"30s" min:"1ms" max:"1h" doc:"of last-span"`
	Open     strict.Duration `yaml:"open" default:"5s" min:"1ms" max:"1h" doc:"how long it stays open"`
	MaxOpen  strict.Duration `yaml:"max_open" default:"0s" min:"0s" max:"1h" doc:"if longer: that time doubles with every probe that fails, up to here"`
	Probes   int             `yaml:"probes" default:"1" min:"1" max:"1000" doc:"calls let through before it closes"`
}

// LimiterSpec is a limit of concurrency as it is written.
type LimiterSpec struct {
	Rule       string          `yaml:"rule" required:"true" oneof:"none,fixed,aimd,vegas,gradient2" doc:"how the limit is found"`
	Per        string          `yaml:"per" oneof:"service,shard,replica" default:"service" doc:"what one limiter watches over"`
	Initial    int             `yaml:"initial" default:"20" min:"1" max:"1000000" doc:"calls at once, at first"`
	Min        int             `yaml:"min" default:"1" min:"1" max:"1000000"`
	Max        int             `yaml:"max" default:"200" min:"1" max:"1000000"`
	Decrease   float64         `yaml:"decrease" default:"0.9" min:"0" max:"0.999" doc:"of aimd: factor after a drop"`
	Timeout    strict.Duration `yaml:"timeout" default:"5s" min:"1us" max:"1h" doc:"of aimd: a call that took longer counts as dropped"`
	Tolerance  float64         `yaml:"tolerance" default:"1.5" min:"1" max:"100" doc:"of gradient2: how much slower than usual is no reason to shrink"`
	Smoothing  strict.Share    `yaml:"smoothing" default:"20%" doc:"of gradient2: weight of the newest estimate"`
	Window     strict.Duration `yaml:"window" default:"0s" min:"0s" max:"1h" doc:"samples are averaged over this span; 0s: each is used at once"`
	MinSamples int             `yaml:"min_samples" default:"1" min:"1" max:"1000000" doc:"fewest samples in a window"`
}

// EjectSpec is the ejection of replicas that fail, as it is written.
type EjectSpec struct {
	Failures int             `yaml:"failures" default:"5" min:"1" max:"1000000" doc:"in a row"`
	For      strict.Duration `yaml:"for" default:"30s" min:"1ms" max:"1h" doc:"times the number of its ejections so far"`
	Most     strict.Share    `yaml:"most" default:"10%" doc:"greatest share of replicas ejected at once, but always one"`
}

// CheckStrict resolves the policy: what is written, on top of the preset.
func (s *ClientSpec) CheckStrict(n *strict.Node) {
	if _, known := policy.FindPreset(s.Preset); s.Preset != "" && !known {
		lookup(n.Field("preset"), "policy", policy.PresetNames())
		return
	}
	s.resolved = s.resolve(func(field string) bool { return n.Field(field) != nil })
	if f := n.Field("choices"); f != nil && s.resolved.Balance != policy.TwoChoices {
		f.Fail("choices is a setting of two-choices, and the balance is "+s.resolved.Balance.String(), "add balance: two-choices, or leave it out")
	}
	if err := s.resolved.Validate(); err != nil {
		n.Fail(causeAndHint(err))
	}
}

// policy returns what the spec describes.
func (s *ClientSpec) policy() policy.Policy {
	if s.resolved.MaxAttempts == 0 { // nothing of it is written
		return s.resolve(func(string) bool { return false })
	}
	return s.resolved
}

// resolve returns the preset with what is written in its place. Without a preset,
// the defaults count as written.
func (s *ClientSpec) resolve(written func(string) bool) policy.Policy {
	preset, started := policy.FindPreset(s.Preset)
	p := preset.Policy
	given := func(field string) bool { return !started || written(field) }
	if given("timeout") || p.AttemptTimeout == 0 {
		p.AttemptTimeout = s.Timeout.Std()
	}
	if given("total") || p.TotalTimeout == 0 {
		p.TotalTimeout = s.Total.Std()
	}
	if given("max_attempts") || p.MaxAttempts == 0 {
		p.MaxAttempts = s.Attempts
		if started && !written("max_attempts") {
			p.MaxAttempts = 1
		}
	}
	if given("backoff") {
		p.Backoff = s.Backoff.policy()
	}
	if given("balance") {
		p.Balance = named(policy.BalanceRules, s.Balance)
	}
	if written("choices") {
		p.Choices = s.Choices
	}
	p.Resend, _ = policy.ParseResend(s.Resend)
	p.Cancel = s.Cancel
	s.replaceParts(&p)
	if most := preset.Most; most > 0 {
		p.MaxAttempts, p.Hedge.Max = min(p.MaxAttempts, most), min(p.Hedge.Max, most-1)
	}
	return p
}

// replaceParts puts in the parts that are written as a whole.
func (s *ClientSpec) replaceParts(p *policy.Policy) {
	if h := s.Hedge; h != nil {
		p.Hedge = policy.HedgePolicy{Max: h.Max, After: h.After.Std(), Percent: h.Percentile, Unsafe: h.Unsafe}
	}
	if b := s.Retries; b != nil {
		p.Budget = policy.BudgetPolicy{
			Rule:  named(policy.BudgetRules, b.Rule),
			Ratio: b.Ratio, Tokens: b.Tokens, PerSecond: b.PerSecond, Window: b.Window.Std(), Free: b.Free,
		}
	}
	if t := s.Throttle; t != nil {
		p.Throttle = policy.ThrottlePolicy{K: t.K, Window: t.Window.Std(), Most: float64(t.Most)}
	}
	if b := s.Breaker; b != nil {
		p.Breaker, p.BreakerPer = b.policy(), scope(b.Per)
	}
	if l := s.Limiter; l != nil {
		p.Limiter, p.LimiterPer = l.policy(), scope(l.Per)
	}
	if e := s.Eject; e != nil {
		p.Eject = policy.EjectPolicy{Failures: e.Failures, For: e.For.Std(), Most: float64(e.Most)}
	}
}

func (s *BackoffSpec) policy() policy.Backoff {
	return policy.Backoff{
		Kind: named(policy.Kinds, s.Kind),
		Base: s.Base.Std(), Cap: s.Cap.Std(), Multiplier: s.Multiplier, Spread: float64(s.Spread),
	}
}

func (s *BreakerSpec) policy() policy.BreakerPolicy {
	return policy.BreakerPolicy{
		Rule:     named(policy.BreakerRules, s.Rule),
		Failures: s.Failures, Ratio: float64(s.Ratio), Slow: float64(s.Slow), SlowFrom: s.SlowFrom.Std(), Calls: s.Calls,
		Span: s.Span.Std(), Open: s.Open.Std(), MaxOpen: s.MaxOpen.Std(), Probes: s.Probes,
	}
}

func (s *LimiterSpec) policy() policy.LimiterPolicy {
	return policy.LimiterPolicy{
		Rule:    named(policy.LimiterRules, s.Rule),
		Initial: s.Initial, Min: s.Min, Max: s.Max, Decrease: s.Decrease, Timeout: s.Timeout.Std(),
		Tolerance: s.Tolerance, Smoothing: float64(s.Smoothing), Window: s.Window.Std(), MinSamples: s.MinSamples,
	}
}

func scope(name string) policy.Scope {
	return named(policy.Scopes, name)
}

// named returns the entry of a catalogue. The names come from the oneof of a
// field, which a test compares with the catalogue.
func named[T any](catalogue []policy.Named[T], name string) T {
	value, ok := policy.Find(catalogue, name)
	if !ok {
		panic("experiments: no policy is called " + name)
	}
	return value
}

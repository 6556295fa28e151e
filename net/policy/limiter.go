package policy

import (
	"fmt"
	"math"
	"time"
)

// A LimiterRule says how the number of calls under way at once is limited.
type LimiterRule uint8

// The rules; LimiterRules says what each does.
const (
	NoLimit   LimiterRule = iota
	Fixed                 // Initial calls at once, always: a bulkhead
	AIMD                  // additive increase, multiplicative decrease on a drop
	Vegas                 // by the queue that the round-trip time betrays (Brakmo et al., SIGCOMM 1994)
	Gradient2             // by the ratio of the long-term round-trip time to the latest
)

// LimiterRules lists the rules, with their names in experiments.
var LimiterRules = []Named[LimiterRule]{
	{NoLimit, "none", "no limit"},
	{Fixed, "fixed", "a bulkhead: so many calls at once, and no waiting"},
	{AIMD, "aimd", "one more after every success at the limit, a tenth less after a drop"},
	{Vegas, "vegas", "by the queue that the round-trip time betrays, as TCP Vegas"},
	{Gradient2, "gradient2", "by the ratio of the long-term round-trip time to the latest (Netflix)"},
}

// String returns the rule's name in experiments.
func (r LimiterRule) String() string { return LimiterRules[r].Name }

// A LimiterPolicy limits concurrency. The adaptive rules are those of Netflix's
// concurrency-limits (AIMDLimit, VegasLimit, Gradient2Limit).
type LimiterPolicy struct {
	Rule       LimiterRule
	Initial    int           // limit at first
	Min, Max   int           // 0 means 1 and no bound
	Decrease   float64       // of AIMD: factor after a drop; 0 means 0.9
	Timeout    time.Duration // of AIMD: a call that took longer counts as dropped; 0 means 5 s
	Tolerance  float64       // of Gradient2: how much slower than usual is no reason to shrink; 0 means 1.5
	Smoothing  float64       // of Gradient2: share of the new estimate; 0 means 0.2
	Window     time.Duration // samples are averaged over this span; 0: each is used at once
	MinSamples int           // fewest samples in a window
}

// Validate returns an error that names the field and the remedy if no limiter can follow the policy.
func (p LimiterPolicy) Validate() error {
	switch {
	case p.Rule == NoLimit:
		return nil
	case p.Initial < 1:
		return fmt.Errorf("limiter initial is %d: at least 1 call must be allowed", p.Initial)
	case p.Min < 0 || p.Max < 0 || p.Max > 0 && p.Min > p.Max:
		return fmt.Errorf("limiter min %d and max %d: they must not be negative, and min not above max", p.Min, p.Max)
	case p.Decrease < 0 || p.Decrease >= 1:
		return fmt.Errorf("limiter decrease is %v: a drop must shrink the limit, so it is from 0 to below 1", p.Decrease)
	case p.Tolerance != 0 && p.Tolerance < 1:
		return fmt.Errorf("limiter tolerance is %v: it must be at least 1", p.Tolerance)
	case p.Smoothing < 0 || p.Smoothing > 1:
		return fmt.Errorf("limiter smoothing is %v: it is a share, from 0 to 1", p.Smoothing)
	case p.Window < 0:
		return fmt.Errorf("limiter window is %v: it must not be negative", p.Window)
	}
	return nil
}

func (p LimiterPolicy) withDefaults() LimiterPolicy {
	fill := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	fill(&p.Decrease, 0.9)
	fill(&p.Tolerance, 1.5)
	fill(&p.Smoothing, 0.2)
	if p.Timeout == 0 {
		p.Timeout = 5 * time.Second
	}
	p.Min = max(1, p.Min)
	if p.Max == 0 {
		p.Max = math.MaxInt32
	}
	return p
}

// A Limiter is the state of a LimiterPolicy.
type Limiter struct {
	policy LimiterPolicy
	limit  float64
	under  int // calls under way

	quickest time.Duration // of Vegas: round trip without a queue
	updates  int           // of Vegas: since quickest was measured anew
	probeAt  float64       // of Vegas: the uniform factor of the next new measurement
	usual    average       // of Gradient2

	began   time.Duration // of the window being filled
	samples int
	took    time.Duration // all samples together
	most    int           // under way at once
	dropped bool
}

// NewLimiter returns a limiter under which no call is under way.
func NewLimiter(p LimiterPolicy) Limiter {
	p = p.withDefaults()
	return Limiter{policy: p, limit: float64(p.Initial), probeAt: 1}
}

// Limit returns how many calls may be under way at once.
func (l *Limiter) Limit() int {
	if l.policy.Rule == NoLimit {
		return math.MaxInt32
	}
	return int(l.limit)
}

// Ready reports whether one more call may start.
func (l *Limiter) Ready() bool { return l.under < l.Limit() }

// Sent notes that a call started.
func (l *Limiter) Sent() { l.under++ }

// Cancelled notes that a call is over that says nothing.
func (l *Limiter) Cancelled() { l.under-- }

// Ended notes that a call is over. It was dropped if it was refused or not answered in time.
func (l *Limiter) Ended(now, took time.Duration, dropped bool, r Rand) {
	under := l.under
	l.under--
	if l.policy.Rule == NoLimit || l.policy.Rule == Fixed {
		return
	}
	if l.samples == 0 {
		l.began = now
	}
	l.samples++
	l.took += took
	l.most = max(l.most, under)
	l.dropped = l.dropped || dropped
	if l.samples >= max(1, l.policy.MinSamples) && now-l.began >= l.policy.Window {
		mean := max(1, l.took/time.Duration(l.samples))
		l.update(mean, l.most, l.dropped, r)
		l.limit = min(max(l.limit, float64(l.policy.Min)), float64(l.policy.Max))
		l.samples, l.took, l.most, l.dropped = 0, 0, 0, false
	}
}

func (l *Limiter) update(took time.Duration, under int, dropped bool, r Rand) {
	switch l.policy.Rule {
	case AIMD:
		l.aimd(took, under, dropped)
	case Vegas:
		l.vegas(took, under, dropped, r)
	case Gradient2:
		l.gradient(took, under)
	}
}

func (l *Limiter) aimd(took time.Duration, under int, dropped bool) {
	switch {
	case dropped || took > l.policy.Timeout:
		l.limit = math.Floor(float64(l.limit * l.policy.Decrease))
	case 2*under >= int(l.limit):
		l.limit++
	}
}

// vegasProbes is how often Vegas measures the quickest round trip anew: about
// once in so many times the limit, so that a changed network is noticed.
const vegasProbes = 30

func (l *Limiter) vegas(took time.Duration, under int, dropped bool, r Rand) {
	l.updates++
	if float64(float64(l.probeAt*vegasProbes)*l.limit) <= float64(l.updates) {
		l.probeAt, l.updates = 0.5+fraction(r.Uint64())/2, 0
		l.quickest = took
		return
	}
	if l.quickest == 0 || took < l.quickest {
		l.quickest = took
		return
	}
	queue := math.Ceil(float64(l.limit * (1 - float64(l.quickest)/float64(took))))
	unit := log10(l.limit)
	switch {
	case dropped:
		l.limit -= unit
	case 2*under < int(l.limit):
	case queue <= unit:
		l.limit += float64(6 * unit)
	case queue < float64(3*unit):
		l.limit += unit
	case queue > float64(6*unit):
		l.limit -= unit
	}
}

// log10 returns the whole part of the decimal logarithm of x, at least 1.
func log10(x float64) float64 {
	n := 1.0
	for x >= 100 {
		x, n = x/10, n+1
	}
	return n
}

func (l *Limiter) gradient(took time.Duration, under int) {
	const (
		recover = 2.0 // the usual time may not stay so many times above the latest
		decay   = 0.95
		queue   = 4.0 // calls that may wait without harm
	)
	short := float64(took)
	long := l.usual.add(short)
	if long/short > recover {
		l.usual.value = float64(l.usual.value * decay)
	}
	if float64(under) < l.limit/2 {
		return
	}
	g := max(0.5, min(1, float64(l.policy.Tolerance*long)/short))
	next := float64(l.limit*g) + queue
	l.limit = float64(l.limit*(1-l.policy.Smoothing)) + float64(next*l.policy.Smoothing)
}

// An average is an exponential average over the latest 600 samples or so, after a
// plain one over the first ten (ExpAvgMeasurement).
type average struct {
	value float64
	sum   float64
	count int
}

func (a *average) add(x float64) float64 {
	const window, warmup = 600, 10
	if a.count < warmup {
		a.count++
		a.sum += x
		a.value = a.sum / float64(a.count)
		return a.value
	}
	const factor = 2.0 / (window + 1)
	a.value = float64(a.value*(1-factor)) + float64(x*factor)
	return a.value
}

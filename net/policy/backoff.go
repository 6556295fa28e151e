package policy

import (
	"math"
	"math/bits"
	"time"

	"faultline/sim/portable"
)

// A Kind names a family of backoffs.
type Kind uint8

const (
	None         Kind = iota // retry at once
	Constant                 // base, every time
	Linear                   // base * n
	Exponential              // min(cap, base * 2^n) before the n-th retry, n from 1
	FullJitter               // uniform in [0, what Exponential would wait]
	EqualJitter              // half of what Exponential would wait, and a uniform part of the other half
	Decorrelated             // min(cap, uniform in [base, 3 * the wait before])
	Geometric                // min(cap, base * multiplier^(n-1))
	Smooth                   // Polly's jitter: a smooth spread around base * 2^(n-1)
	Envoy                    // min(cap, uniform in [0, base * (2^n - 1)])
)

// Kinds lists the families of backoffs, with their names in experiments.
var Kinds = []Named[Kind]{
	{None, "none", "retry at once"},
	{Constant, "constant", "wait base before every retry"},
	{Linear, "linear", "wait min(cap, base * n) before the n-th retry"},
	{Exponential, "exponential", "wait min(cap, base * 2^n) before the n-th retry"},
	{FullJitter, "full-jitter", "wait a uniform part of min(cap, base * 2^n) before the n-th retry"},
	{EqualJitter, "equal-jitter", "wait half of min(cap, base * 2^n), and a uniform part of the other half"},
	{Decorrelated, "decorrelated", "wait min(cap, uniform in [base, 3 * the wait before])"},
	{Geometric, "geometric", "wait min(cap, base * multiplier^(n-1)) before the n-th retry"},
	{Smooth, "smooth", "wait as Polly's exponential backoff with jitter does: spread smoothly around base * 2^(n-1)"},
	{Envoy, "envoy", "wait as Envoy does: min(cap, uniform part of base * (2^n - 1))"},
}

// String returns the family's name in experiments.
func (k Kind) String() string { return Kinds[k].Name }

// A Backoff is how long a client waits before it tries again.
type Backoff struct {
	Kind       Kind
	Base       time.Duration
	Cap        time.Duration // of all kinds but None and Constant; 0 means no cap
	Multiplier float64       // of Geometric; 0 means 2
	Spread     float64       // of Constant, Linear and Geometric: the wait is multiplied by a uniform factor in [1-Spread, 1+Spread]
}

// A Course is how far the backoffs of one intent have come. Its zero value is the beginning.
type Course struct {
	Retries int           // waited for so far
	wait    time.Duration // the latest wait
	smooth  float64       // of Smooth: where its curve stood
}

// Next returns the wait before the next retry, and notes it in the course. The
// rules of Exponential and its jitters are those of the AWS backoff simulator
// (Brooker, "Exponential Backoff And Jitter", 2015): the first retry already
// doubles the base. Geometric is that of gRPC (proposal A6), resilience4j and
// most others: the first retry waits the base.
func (b Backoff) Next(c *Course, r Rand) time.Duration {
	c.Retries++
	c.wait = b.next(c, r)
	return c.wait
}

func (b Backoff) next(c *Course, r Rand) time.Duration {
	switch b.Kind {
	case Constant:
		return b.spread(b.Base, r)
	case Linear:
		return b.spread(b.capped(times(b.Base, float64(c.Retries))), r)
	case Exponential:
		return b.doubled(c.Retries)
	case FullJitter:
		return uniform(r.Uint64(), b.doubled(c.Retries))
	case EqualJitter:
		most := b.doubled(c.Retries)
		return most/2 + uniform(r.Uint64(), most-most/2)
	case Decorrelated:
		most := times(max(c.wait, b.Base), 3)
		return b.capped(b.Base + uniform(r.Uint64(), most-b.Base))
	case Geometric:
		return b.spread(b.capped(b.geometric(c.Retries)), r)
	case Smooth:
		return b.smooth(c, r)
	case Envoy:
		return b.capped(uniform(r.Uint64(), b.envoy(c.Retries)))
	}
	return 0
}

// doubled returns min(cap, base * 2^n), and Never where that overflows.
func (b Backoff) doubled(n int) time.Duration {
	d := Never
	if b.Base == 0 || n < bits.LeadingZeros64(uint64(b.Base)) {
		d = b.Base << n
	}
	return b.capped(d)
}

// geometric returns base * multiplier^(n-1).
func (b Backoff) geometric(n int) time.Duration {
	multiplier := b.Multiplier
	if multiplier == 0 {
		multiplier = 2
	}
	d := b.Base
	for range n - 1 {
		if d = times(d, multiplier); d == Never || b.Cap > 0 && d >= b.Cap && multiplier >= 1 {
			break
		}
	}
	return d
}

// smooth follows the curve 2^t tanh(sqrt(4t)), at t a uniform way between two
// whole numbers, and waits for what it rose since the retry before (Polly v8,
// DecorrelatedJitterBackoffV2).
func (b Backoff) smooth(c *Course, r Rand) time.Duration {
	const median = 1 / 1.4 // brings the median of the first wait near the base
	t := float64(c.Retries-1) + fraction(r.Uint64())
	height := float64(portable.Exp(float64(t*math.Ln2)) * portable.Tanh(math.Sqrt(float64(4*t))))
	rise := height - c.smooth
	c.smooth = height
	return b.capped(times(b.Base, float64(rise*median)))
}

// envoy returns base * (2^n - 1), where n grows no more once that exceeds the cap
// (Envoy's JitteredBackOffStrategy). The cap applies to what is drawn, not to this.
func (b Backoff) envoy(n int) time.Duration {
	most := b.Base
	for k := 2; k <= n && most < Never/4 && (b.Cap == 0 || most <= b.Cap); k++ {
		most = 2*most + b.Base
	}
	return most
}

func (b Backoff) capped(d time.Duration) time.Duration {
	if b.Cap > 0 {
		return min(d, b.Cap)
	}
	return d
}

// spread multiplies a wait by a uniform factor around 1. It draws nothing if there is no spread.
func (b Backoff) spread(d time.Duration, r Rand) time.Duration {
	if b.Spread == 0 {
		return d
	}
	low := times(d, 1-b.Spread)
	return low + uniform(r.Uint64(), times(d, 1+b.Spread)-low)
}

// times returns d*k, and Never where that overflows.
func times(d time.Duration, k float64) time.Duration {
	x := float64(float64(d) * k)
	if x >= float64(Never) {
		return Never
	}
	return time.Duration(x)
}

// uniform maps 64 random bits to [0, most], ends included.
func uniform(u uint64, most time.Duration) time.Duration {
	hi, _ := bits.Mul64(u, uint64(most)+1)
	return time.Duration(hi)
}

// fraction maps 64 random bits to [0, 1).
func fraction(u uint64) float64 { return float64(u>>11) / (1 << 53) }

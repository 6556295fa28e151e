package policy

import (
	"math/bits"
	"time"
)

// A Kind names a family of backoffs.
type Kind uint8

const (
	None        Kind = iota // retry at once
	Constant                // base, every time
	Exponential             // min(cap, base * 2^n) before the n-th retry, n from 1
	FullJitter              // uniform in [0, what Exponential would wait]
)

// Kinds lists the families of backoffs, with their names in experiments.
var Kinds = []struct {
	Kind      Kind
	Name, Doc string
}{
	{None, "none", "retry at once"},
	{Constant, "constant", "wait base before every retry"},
	{Exponential, "exponential", "wait min(cap, base * 2^n) before the n-th retry"},
	{FullJitter, "full-jitter", "wait a uniform part of min(cap, base * 2^n) before the n-th retry"},
}

// String returns the family's name in experiments.
func (k Kind) String() string { return Kinds[k].Name }

// A Backoff is how long a client waits before it tries again.
type Backoff struct {
	Kind Kind
	Base time.Duration
	Cap  time.Duration // of Exponential and FullJitter; 0 means no cap
}

// Delay returns the wait before the n-th retry, n from 1. The rules are those of
// the AWS backoff simulator (Brooker, "Exponential Backoff And Jitter", 2015):
// the first retry already doubles the base.
func (b Backoff) Delay(n int, r Rand) time.Duration {
	switch b.Kind {
	case Constant:
		return b.Base
	case Exponential:
		return b.exponential(n)
	case FullJitter:
		return uniform(r.Uint64(), b.exponential(n))
	}
	return 0
}

// exponential returns min(cap, base * 2^n), and Never where that overflows.
func (b Backoff) exponential(n int) time.Duration {
	d := Never
	if b.Base == 0 || n < bits.LeadingZeros64(uint64(b.Base)) {
		d = b.Base << n
	}
	if b.Cap > 0 {
		d = min(d, b.Cap)
	}
	return d
}

// uniform maps 64 random bits to [0, most], ends included.
func uniform(u uint64, most time.Duration) time.Duration {
	hi, _ := bits.Mul64(u, uint64(most)+1)
	return time.Duration(hi)
}

// Package dist draws random durations: network delays, service times, pauses. It
// knows nothing of what they are for.
//
// A Law is an inverse table, filled once by portable arithmetic, from which a
// sample is a few integer operations: no logarithm per draw, no allocation, and
// the same nanoseconds on every platform. A Law never changes, so that any
// number of runs may share it.
package dist

import (
	"math"
	"math/bits"
	"time"
)

// A Law is a probability law of durations that are not negative.
type Law struct {
	fixed time.Duration // the value of a constant law
	table *table        // nil for a constant law
	shift time.Duration // part of the table's values that String shows as a sum
	core  string        // what the law is without shift, as Parse reads it
}

// The table's layout is that of a floating-point number. One bit of the 64 says
// which tail the draw lies in; the others are the probability p of a value still
// further out, 0 < p <= 1/2. The position of its leading bit is the octave of p,
// the next six bits are the cell within the octave, and the rest is the place
// within the cell, where the value is interpolated linearly. So both tails are
// resolved alike down to 2^-37: the 99.99th percentile is as exact as the median.
const (
	cellBits = 6
	octaves  = 36
	cells    = octaves << cellBits // in one tail
	lowest   = 62 - octaves + 1    // the position of the leading bit in the outermost octave
	side     = cells + 1           // knots in one tail
)

// A table holds the values at the cells' borders: first those of the lower tail,
// from its end to the median, then those of the upper one, from its end to the median.
type table [2 * side]int64

// maxDelay bounds all values, so that instants of a run do not overflow: 73 years.
const maxDelay = time.Duration(1) << 61

// Sample maps 64 uniform random bits to a duration of this law.
func (l *Law) Sample(u uint64) time.Duration {
	if l.table == nil {
		return l.fixed
	}
	upper := uint64(int64(u) >> 63) // all ones in the upper tail
	v := (u ^ upper) | 1<<lowest
	lead := bits.LeadingZeros64(v)
	within := v << (lead + 1)
	i := uint64(63-lowest-lead)<<cellBits + within>>(64-cellBits) + upper&side
	from := l.table[i]
	return time.Duration(from + scale(l.table[i+1]-from, within<<cellBits))
}

// scale returns d * part/2^64, rounded down, for any sign of d.
func scale(d int64, part uint64) int64 {
	hi, _ := bits.Mul64(uint64(d), part)
	return int64(hi - part&uint64(d>>63))
}

// Quantile returns the duration that a sample stays below with probability p.
func (l *Law) Quantile(p float64) time.Duration {
	const two64 = 1 << 64
	switch {
	case !(p > 0):
		return l.Sample(0)
	case p >= 1:
		return l.Sample(math.MaxUint64)
	case p > 0.5: // 1-p is exact here, p*2^64 would not be
		return l.Sample(^uint64((1 - p) * two64))
	}
	return l.Sample(uint64(p * two64))
}

// Mean returns the mean of what Sample draws. The outermost 2^-37 of a tail
// count with the value where they begin, so the mean of a Pareto law with an
// exponent near 1 or below is less than its closed form.
func (l *Law) Mean() time.Duration {
	if l.table == nil {
		return l.fixed
	}
	sum := float64((float64(l.table[0]) + float64(l.table[side])) * border(0))
	for i := range cells {
		width := border(i+1) - border(i)
		ends := float64(l.table[i]+l.table[i+1]) + float64(l.table[side+i]+l.table[side+i+1])
		sum += float64(width * ends / 2)
	}
	return time.Duration(sum + 0.5)
}

// IsConstant reports whether all samples are equal.
func (l *Law) IsConstant() bool { return l.table == nil }

// Min and Max return the least and the greatest duration that Sample draws.
func (l *Law) Min() time.Duration { return l.Sample(0) }

// Max returns the greatest duration that Sample draws.
func (l *Law) Max() time.Duration { return l.Sample(math.MaxUint64) }

// String returns the law as Parse reads it.
func (l *Law) String() string {
	switch {
	case l.core == "":
		return l.fixed.String()
	case l.shift > 0:
		return l.shift.String() + " + " + l.core
	}
	return l.core
}

// border returns the tail probability at the border of cell i, exactly.
func border(i int) float64 {
	mantissa := 1<<cellBits + i&(1<<cellBits-1)
	return math.Ldexp(float64(mantissa), lowest-64-cellBits+i>>cellBits)
}

// An inverse returns the value in nanoseconds that is exceeded, or undercut if
// not upper, with probability p, 0 < p <= 1/2.
type inverse func(p float64, upper bool) float64

// fill fills the table of a law. Rounding must not make it turn back: the
// mixtures search it.
func fill(value inverse) *table {
	t := new(table)
	for i := range side {
		t[i] = clamp(value(border(i), false))
		t[side+i] = clamp(value(border(i), true))
		if i > 0 {
			t[i] = max(t[i], t[i-1])
			t[side+i] = min(t[side+i], t[side+i-1])
		}
	}
	return t
}

// clamp rounds a value to nanoseconds in [0, maxDelay].
func clamp(x float64) int64 {
	if !(x > 0) {
		return 0
	}
	return int64(min(x+0.5, float64(maxDelay)))
}

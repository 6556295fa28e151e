package dist

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// A Part is one law of a mixture.
type Part struct {
	Weight float64 // in proportion to the other weights
	Law    *Law
}

// Mixture returns the law that draws from one of the parts, each with its share
// of the weights.
func Mixture(parts ...Part) *Law {
	must(checkMixture(parts))
	total := 0.0
	for _, p := range parts {
		total += p.Weight
	}
	m := mixture{}
	for _, p := range parts {
		m = append(m, Part{p.Weight / total, p.Law})
	}
	if d, ok := m.single(); ok {
		return Constant(d)
	}
	return tabulate(mixtureText(parts), m.inverse())
}

func mixtureText(parts []Part) string {
	var texts []string
	for _, p := range parts {
		texts = append(texts, number(p.Weight)+": "+p.Law.String())
	}
	return "mixture(" + strings.Join(texts, ", ") + ")"
}

func checkMixture(parts []Part) error {
	if len(parts) == 0 {
		return fmt.Errorf("mixture of nothing: write at least one weight and law, as in mixture(0.9: 1ms, 0.1: exponential(5ms))")
	}
	for _, p := range parts {
		if !(p.Weight > 0 && p.Weight <= maxFactor) {
			return fmt.Errorf("weight is %v: it must be more than 0 and at most %v (leave the part out if it never happens)", p.Weight, maxFactor)
		}
	}
	return nil
}

// A mixture has weights that sum to 1.
type mixture []Part

// single returns the value that all parts agree on, if they are constant and do.
func (m mixture) single() (d time.Duration, ok bool) {
	for _, p := range m {
		if !p.Law.IsConstant() || p.Law.fixed != m[0].Law.fixed {
			return 0, false
		}
	}
	return m[0].Law.fixed, true
}

// beyond returns the probability that a sample is more than x, or at most x if not upper.
func (m mixture) beyond(x int64, upper bool) float64 {
	sum := 0.0
	for _, p := range m {
		sum += float64(p.Weight * p.Law.beyond(x, upper))
	}
	return sum
}

// inverse searches the mixture's own table values. The values asked for move
// steadily from a tail's end to the median, so each search starts at the last result.
func (m mixture) inverse() inverse {
	low, high := m.ends()
	lower, upper := low, high
	return func(p float64, isUpper bool) float64 {
		if isUpper {
			// The least x that is exceeded with probability at most p.
			upper = high - searchFrom(high-upper, high-low, func(down int64) bool { return m.beyond(high-down-1, true) > p })
			return float64(upper)
		}
		// The least x that a sample is at most with probability at least p.
		lower = low + searchFrom(lower-low, high-low, func(up int64) bool { return m.beyond(low+up, false) >= p })
		return float64(lower)
	}
}

func (m mixture) ends() (low, high int64) {
	low, high = int64(maxDelay), 0
	for _, p := range m {
		low, high = min(low, int64(p.Law.Min())), max(high, int64(p.Law.Max()))
	}
	return low, high
}

// searchFrom returns the least i in [from, end) for which f holds, or end. f is
// false up to some i and true from there on. It gallops, then bisects.
func searchFrom(from, end int64, f func(int64) bool) int64 {
	low, step := from, int64(1) // f is false below low
	for low+step < end && !f(low+step) {
		low += step + 1
		step *= 2
	}
	high := max(low, min(low+step, end)) // f is true from high on
	for low < high {
		middle := low + (high-low)/2
		if f(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// beyond returns the probability that a sample of l is more than x, or at most x
// if not upper. It is exact, not 1 minus the other, where it is small.
func (l *Law) beyond(x int64, upper bool) float64 {
	if l.table == nil {
		return indicator((x < int64(l.fixed)) == upper)
	}
	median := l.table[cells]
	switch {
	case upper && x < median:
		return 1 - l.atMost(x)
	case upper:
		return l.above(x)
	case x < median:
		return l.atMost(x)
	}
	return 1 - l.above(x)
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// atMost returns the probability of a sample of at most x, below the median.
func (l *Law) atMost(x int64) float64 {
	knots := l.table[:side]
	i := sort.Search(side, func(i int) bool { return knots[i] > x }) // the first knot beyond x
	if i == 0 {
		return 0
	}
	return between(i-1, float64(x-knots[i-1]), float64(knots[i]-knots[i-1]))
}

// above returns the probability of a sample of more than x, from the median on.
func (l *Law) above(x int64) float64 {
	knots := l.table[side:]
	i := sort.Search(side, func(i int) bool { return knots[i] <= x }) // the first knot not beyond x
	switch i {
	case 0:
		return 0
	case side: // the two sides' medians may differ by rounding
		return border(cells)
	}
	return between(i-1, float64(knots[i-1]-x), float64(knots[i-1]-knots[i]))
}

// between interpolates the tail probability within cell i.
func between(i int, part, whole float64) float64 {
	return border(i) + float64((border(i+1)-border(i))*part)/whole
}

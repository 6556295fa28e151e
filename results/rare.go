package results

import "math"

// SeedsToSee returns how many seeds it takes to see with 95 % probability what
// showed in k of n: ln 0.05 / ln(1 - k/n), rounded up. It is infinite if k is 0.
func SeedsToSee(k, n int) float64 {
	switch {
	case k <= 0:
		return math.Inf(1)
	case k >= n:
		return 1
	}
	const rounding = 1e-9 // 19 of 20 is one seed, though the quotient is a little more
	return math.Ceil(math.Log(1-Confidence)/math.Log1p(-float64(k)/float64(n)) - rounding)
}

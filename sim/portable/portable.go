// Package portable holds functions of mathematics that give the same bits on
// every platform, which math.Exp and math.Log do not: those are assembly on some
// and Go on others, and a product fused with a sum rounds differently again. So
// every product here is converted explicitly, which forbids fusing. They are
// accurate to a few units in the last place.
package portable

import "math"

const (
	ln2     = 0.693147180559945309417232121458176568
	ln2High = 6.93147180369123816490e-01 // its product with an integer below 2^20 is exact
	ln2Low  = 1.90821492927058770002e-10
)

// Exp returns e^x; it overflows to +Inf and underflows to 0.
func Exp(x float64) float64 {
	const most = 709.0
	switch {
	case x > most:
		return math.Inf(1)
	case x < -most:
		return 0
	}
	k := math.Floor(x/ln2 + 0.5)
	r := x - float64(k*ln2High) - float64(k*ln2Low)
	const degree = 15 // (ln2/2)^16/16! < 2^-68
	sum := 1.0
	for n := degree; n >= 1; n-- {
		sum = 1 + float64(r/float64(n)*sum)
	}
	return math.Ldexp(sum, int(k))
}

// Log returns the natural logarithm of x > 0.
func Log(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = float64(m*2), e-1
	}
	k := float64(e)
	return float64(k*ln2High) + (float64(k*ln2Low) + artanh2((m-1)/(m+1)))
}

// Log1p returns the natural logarithm of 1+x without losing a small x.
func Log1p(x float64) float64 {
	if math.Abs(x) > 0.3 {
		return Log(1 + x)
	}
	return artanh2(x / (2 + x))
}

// artanh2 returns 2 artanh(f) = log((1+f)/(1-f)) for |f| < 0.18, by its series.
func artanh2(f float64) float64 {
	const terms = 13 // 0.18^27 < 2^-66
	square := float64(f * f)
	sum := 0.0
	for n := terms - 1; n >= 1; n-- {
		sum = float64(square * (sum + 1/float64(2*n+1)))
	}
	return float64(2*f) + float64(float64(2*f)*sum)
}

// Tanh returns the hyperbolic tangent of x.
func Tanh(x float64) float64 { return 1 - 2/(Exp(float64(2*x))+1) }

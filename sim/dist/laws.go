package dist

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"faultline/sim/portable"
)

// Constant returns the law whose samples are all d.
func Constant(d time.Duration) *Law {
	must(checkDuration(d))
	return &Law{fixed: d}
}

// Uniform returns the law with equal density from a to b.
func Uniform(a, b time.Duration) *Law {
	must(checkUniform(a, b))
	if a == b {
		return Constant(a)
	}
	from, width := float64(a), float64(b-a)
	return tabulate(fmt.Sprintf("uniform(%v, %v)", a, b), func(p float64, upper bool) float64 {
		if upper {
			p = 1 - p
		}
		return from + float64(width*p)
	})
}

// Normal returns the normal law cut off at 0: negative values are left out, and
// the others' probabilities grow in proportion.
func Normal(mean, deviation time.Duration) *Law {
	must(checkNormal(mean, deviation))
	if deviation == 0 {
		return Constant(mean)
	}
	mu, sigma := float64(mean), float64(deviation)
	cut := normalAbove(mu / sigma)
	return tabulate(fmt.Sprintf("normal(%v, %v)", mean, deviation), func(p float64, upper bool) float64 {
		kept := float64(p * (1 - cut))
		if upper {
			return mu + float64(sigma*normalTail(kept))
		}
		return mu - float64(sigma*normalEither(cut+kept))
	})
}

// normalEither is normalTail for 0 < p < 1.
func normalEither(p float64) float64 {
	if p > 0.5 {
		return -normalTail(1 - p)
	}
	return normalTail(p)
}

// Exponential returns the exponential law with the given mean.
func Exponential(mean time.Duration) *Law {
	must(checkDuration(mean))
	if mean == 0 {
		return Constant(0)
	}
	m := float64(mean)
	return tabulate(fmt.Sprintf("exponential(%v)", mean), func(p float64, upper bool) float64 {
		return float64(m * minusLogAbove(p, upper))
	})
}

// minusLogAbove returns -log of the probability of a larger value: p itself in
// the upper tail, 1-p in the lower one.
func minusLogAbove(p float64, upper bool) float64 {
	if upper {
		return -portable.Log(p)
	}
	return -portable.Log1p(-p)
}

// LogNormal returns the law whose logarithm is normal with deviation sigma and
// mean log(median).
func LogNormal(median time.Duration, sigma float64) *Law {
	must(checkLogNormal(median, sigma))
	if sigma == 0 || median == 0 {
		return Constant(median)
	}
	m := float64(median)
	return tabulate(fmt.Sprintf("lognormal(%v, %s)", median, number(sigma)), func(p float64, upper bool) float64 {
		z := float64(sigma * normalTail(p))
		if !upper {
			z = -z
		}
		return float64(m * portable.Exp(z))
	})
}

// Pareto returns the law that exceeds x with probability (xm/x)^alpha, for x >= xm.
func Pareto(xm time.Duration, alpha float64) *Law {
	must(checkPareto(xm, alpha))
	if xm == 0 {
		return Constant(0)
	}
	m := float64(xm)
	return tabulate(fmt.Sprintf("pareto(%v, %s)", xm, number(alpha)), func(p float64, upper bool) float64 {
		return float64(m * portable.Exp(minusLogAbove(p, upper)/alpha))
	})
}

// Plus returns the law of d + a sample of l.
func (l *Law) Plus(d time.Duration) *Law {
	must(checkDuration(d))
	if l.table == nil {
		return Constant(min(l.fixed+d, maxDelay))
	}
	sum := &Law{table: new(table), core: l.core, shift: l.shift + d}
	for i, x := range l.table {
		sum.table[i] = min(x+int64(d), int64(maxDelay))
	}
	return sum
}

// Times returns the law of k times a sample of l.
func (l *Law) Times(k float64) *Law {
	must(checkFactor(k))
	if l.table == nil {
		return Constant(time.Duration(clamp(float64(float64(l.fixed) * k))))
	}
	core := l.String()
	if l.shift > 0 {
		core = "(" + core + ")"
	}
	product := &Law{table: new(table), core: number(k) + " * " + core}
	for i, x := range l.table {
		product.table[i] = clamp(float64(float64(x) * k))
	}
	return product
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// must panics on an impossible parameter: whoever builds a law in code has made
// a mistake. Parse reports the same errors to those who write laws as text.
func must(err error) {
	if err != nil {
		panic("dist: " + err.Error())
	}
}

func checkDuration(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%v is negative: a delay must be at least 0", d)
	}
	if d > maxDelay {
		return fmt.Errorf("%v is more than %v, the longest delay", d, maxDelay)
	}
	return nil
}

func checkUniform(a, b time.Duration) error {
	if a > b {
		return fmt.Errorf("uniform from %v to %v: write the smaller bound first", a, b)
	}
	return errors.Join(checkDuration(a), checkDuration(b))
}

func checkNormal(mean, deviation time.Duration) error {
	return errors.Join(checkDuration(mean), checkDuration(deviation))
}

// Bounds of the numbers in laws; beyond them a law is surely a mistake.
const (
	maxSigma  = 10.0
	minAlpha  = 0.1
	maxAlpha  = 1e6
	maxFactor = 1e9
)

func checkLogNormal(median time.Duration, sigma float64) error {
	if !(sigma >= 0 && sigma <= maxSigma) {
		return fmt.Errorf("sigma is %v: it must be from 0 to %v (it is the deviation of the logarithm; 0.5 is typical)", sigma, maxSigma)
	}
	return checkDuration(median)
}

func checkPareto(xm time.Duration, alpha float64) error {
	if !(alpha >= minAlpha && alpha <= maxAlpha) {
		return fmt.Errorf("alpha is %v: it must be from %v to %v (the smaller, the heavier the tail; 1 and below have no mean)", alpha, minAlpha, maxAlpha)
	}
	return checkDuration(xm)
}

func checkFactor(k float64) error {
	if !(k > 0 && k <= maxFactor) || math.IsInf(k, 0) {
		return fmt.Errorf("the factor is %v: it must be more than 0 and at most %v", k, maxFactor)
	}
	return nil
}

package chart

import (
	"math"
	"strconv"

	"faultline/results"
)

// A scale maps values to a stretch of the page.
type scale struct {
	min, max float64
	log      bool
	zero     bool // log only: a row for zero stands apart before min
	from, to float64
	ticks    []tick
}

type tick struct {
	at    float64
	label string
}

// zeroRow is the room that zero takes on a logarithmic scale, which has no place for it.
const zeroRow = 24

// at is where a value stands. Values off the scale stand at its ends.
func (s scale) at(v float64) float64 {
	from := s.from
	if s.zero {
		if v <= 0 {
			return s.from
		}
		from += zeroRow
	}
	v = min(max(v, s.min), s.max)
	share := (v - s.min) / (s.max - s.min)
	if s.log {
		share = math.Log(v/s.min) / math.Log(s.max/s.min)
	}
	return from + share*(s.to-from)
}

// on puts a scale on the page.
func (s scale) on(from, to float64) scale {
	s.from, s.to = from, to
	return s
}

// linear makes a scale over the values with about so many round ticks. An end
// that is near a round value is moved there.
func linear(lo, hi float64, want int, format func(float64) string) scale {
	if hi <= lo {
		pad := max(math.Abs(lo)*0.05, 1e-9)
		lo, hi = lo-pad, hi+pad
	}
	step := roundStep((hi - lo) / float64(want))
	first, last := math.Ceil(lo/step-1e-9), math.Floor(hi/step+1e-9)
	const near = 0.3 // steps
	if first-lo/step > 1-near {
		first--
	}
	if hi/step-last > 1-near {
		last++
	}
	s := scale{min: min(lo, first*step), max: max(hi, last*step)}
	for i := first; i <= last; i++ {
		v := roundTo(i*step, step)
		s.ticks = append(s.ticks, tick{v, format(v)})
	}
	return s
}

// roundStep is the next of 1, 2, 2.5, 5 times a power of ten.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// roundTo removes the dust of multiplying steps: 3*0.1 is to be 0.3.
func roundTo(v, step float64) float64 {
	decimals := max(0, 2-int(math.Floor(math.Log10(step))))
	shown, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', decimals, 64), 64)
	if err != nil {
		return v
	}
	return shown + 0 // never -0
}

// logarithmic makes a scale over the positive values; zero adds a row for values that are not.
func logarithmic(lo, hi float64, zero bool, format func(float64) string) scale {
	const tightest = 5.5 // the least that a scale spans: two of 1, 2, 5, 10 lie in it, wherever it begins
	if hi < lo*tightest {
		middle := math.Sqrt(lo * hi)
		lo, hi = middle/math.Sqrt(tightest), middle*math.Sqrt(tightest)
	}
	s := scale{min: lo, max: hi, log: true, zero: zero}
	if zero {
		s.ticks = append(s.ticks, tick{0, format(0)})
	}
	multiples := []float64{1, 2, 5}
	if decades := math.Log10(hi / lo); decades > 2.7 {
		multiples = []float64{1}
	}
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		for _, m := range multiples {
			if v := roundLog(m, e); v >= lo*0.999 && v <= hi*1.001 {
				s.ticks = append(s.ticks, tick{v, format(v)})
			}
		}
	}
	return s
}

// roundLog is m*10^e without the dust of math.Pow.
func roundLog(m, e float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(m, 'f', 0, 64)+"e"+strconv.Itoa(int(e)), 64)
	if err != nil {
		panic("chart: " + err.Error())
	}
	return v
}

// An extent is the range of values seen.
type extent struct {
	lo, hi   float64
	positive float64 // smallest value above zero
	zero     bool    // a value of zero or less was seen
	any      bool
}

func (e *extent) add(vs ...float64) {
	for _, v := range vs {
		if !e.any {
			e.lo, e.hi, e.any = v, v, true
		}
		e.lo, e.hi = min(e.lo, v), max(e.hi, v)
		switch {
		case v <= 0:
			e.zero = true
		case e.positive == 0 || v < e.positive:
			e.positive = v
		}
	}
}

// logWorth is the ratio from which on a logarithmic scale shows more than a linear one.
const logWorth = 5

// scaleFor chooses the scale of a metric: times over a wide range are logarithmic, shares end at 100 %.
func scaleFor(m results.Metric, e extent, ticks int) scale {
	if m.Unit == results.Millisecond && e.positive > 0 && e.hi/e.positive > logWorth {
		s := logarithmic(max(e.positive/1.35, msPerNS), e.hi*1.35, e.zero, m.Format)
		return s
	}
	pad := (e.hi - e.lo) * 0.06
	if pad == 0 {
		pad = math.Abs(e.hi) * 0.1
	}
	if pad == 0 {
		pad = 0.5
	}
	lo, hi := e.lo-pad, e.hi+pad
	if e.lo >= 0 {
		lo = max(lo, 0)
	}
	if e.lo >= 0 && e.lo < 0.35*e.hi {
		lo = 0
	}
	if m.Unit == results.Share {
		hi = min(hi, 1)
	}
	return linear(lo, hi, ticks, m.Format)
}

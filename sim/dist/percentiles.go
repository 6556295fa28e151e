package dist

import (
	"fmt"
	"strings"
	"time"

	"faultline/sim/portable"
)

// A Point says that the given percentage of all samples stay below a value.
type Point struct {
	Percent float64 // in [0, 100]: 99.9 is the 99.9th percentile
	Value   time.Duration
}

// Percentiles returns the law through the given points of a measurement, in
// rising order. Between two points the value is linear in -log(1-p), the scale on
// which an exponential tail is a straight line; up to the 100th percentile, which
// is at no finite place there, it is linear in p. Below the first point and above
// the last one the value stays what it is at that point.
func Percentiles(points ...Point) *Law {
	must(checkPercentiles(points))
	last := len(points) - 1
	if points[0].Value == points[last].Value {
		return Constant(points[0].Value)
	}
	return tabulate(percentilesText(points), func(p float64, upper bool) float64 {
		at := position{p, upper}
		if !at.after(points[0]) {
			return float64(points[0].Value)
		}
		for i := range last {
			if !at.after(points[i+1]) {
				return at.interpolate(points[i], points[i+1])
			}
		}
		return float64(points[last].Value)
	})
}

func percentilesText(points []Point) string {
	var texts []string
	for _, p := range points {
		texts = append(texts, fmt.Sprintf("p%s: %v", number(p.Percent), p.Value))
	}
	return "percentiles(" + strings.Join(texts, ", ") + ")"
}

func checkPercentiles(points []Point) error {
	if len(points) == 0 {
		return fmt.Errorf("percentiles of nothing: write at least one, as in percentiles(p50: 5ms, p99: 20ms)")
	}
	for i, p := range points {
		if !(p.Percent >= 0 && p.Percent <= 100) {
			return fmt.Errorf("p%v is no percentile: it must be from p0 to p100", p.Percent)
		}
		if err := checkDuration(p.Value); err != nil {
			return err
		}
		if i > 0 && (p.Percent <= points[i-1].Percent || p.Value < points[i-1].Value) {
			before := points[i-1]
			return fmt.Errorf("p%v: %v after p%v: %v: percentiles and their values must rise", p.Percent, p.Value, before.Percent, before.Value)
		}
	}
	return nil
}

// A position is a place on the scale of probability, exact in both tails.
type position struct {
	tail  float64
	upper bool
}

// percentAbove returns the probability of values beyond the position, as a share of 100.
func (a position) percentAbove() float64 {
	if a.upper {
		return float64(100 * a.tail)
	}
	return 100 - float64(100*a.tail)
}

func (a position) after(p Point) bool { return a.percentAbove() < 100-p.Percent }

func (a position) interpolate(from, to Point) float64 {
	share := (100 - from.Percent - a.percentAbove()) / (to.Percent - from.Percent)
	if to.Percent < 100 {
		width := portable.Log((100 - from.Percent) / (100 - to.Percent))
		share = portable.Log((100-from.Percent)/a.percentAbove()) / width
	}
	return float64(from.Value) + float64(float64(to.Value-from.Value)*share)
}

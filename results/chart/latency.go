package chart

import (
	"fmt"
	"math"
	"slices"

	"faultline/results"
)

const (
	belowScale = 1e-12 // stands for zero, which has no place on a logarithmic scale
	msPerNS    = 1e-6
	gridLines  = 160 // points at which curves are computed
)

// latencyCDF draws how many operations have their answer within a time.
func latencyCDF(in *input) (*figure, error) {
	return in.latencies(0.5, "answered within that time", func(within float64) float64 { return within },
		func() scale { return shareScale(4) })
}

// latencyTail draws how many operations have no answer after a time.
func latencyTail(in *input) (*figure, error) {
	return in.latencies(0.99, "operations that take longer", func(within float64) float64 {
		return max(1-within, belowScale)
	}, func() scale { return scale{} })
}

// A spread of latencies is the histogram of a cell: of all its runs and of each.
type latencies struct {
	cell *results.Cell
	all  results.Histogram
	each []results.Histogram
	tail bool // draw what is left, not what is done
}

func (in *input) newLatencies(c *results.Cell, tail bool) latencies {
	l := latencies{cell: c, tail: tail}
	for _, r := range c.Rows {
		var h results.Histogram
		if in.options.Operations != "write" {
			h.Merge(r.Latency.Read)
		}
		if in.options.Operations != "read" {
			h.Merge(r.Latency.Write)
		}
		l.all.Merge(h)
		l.each = append(l.each, h)
	}
	return l
}

// latencies draws curves over time; they are ranked by one quantile.
func (in *input) latencies(quantile float64, yName string, of func(within float64) float64, y func() scale) (*figure, error) {
	if ops := in.options.Operations; ops != "" && ops != "read" && ops != "write" {
		return nil, results.UnknownName("operations", ops, []string{"read", "write"})
	}
	var all []latencies
	for _, c := range in.cells {
		if l := in.newLatencies(c, quantile > 0.5); l.all.Count() > 0 {
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no row has an operation answered OK\n  hint: see why with the chart timeline")
	}
	if len(all) > mostCurves {
		return nil, fmt.Errorf("%d cells do not fit on one page\n  hint: choose up to %d of them with Series", len(all), mostCurves)
	}
	slices.SortStableFunc(all, func(a, b latencies) int {
		return sign(float64(a.all.Quantile(quantile) - b.all.Quantile(quantile)))
	})
	tail := quantile > 0.5
	lo, hi := timeRange(all, tail)
	var curves []curve
	for _, l := range all {
		k := l.curve(lo, hi, of)
		k.value = span(float64(l.all.Quantile(quantile)) * msPerNS)
		curves = append(curves, k)
	}
	scaleY := y()
	if tail {
		scaleY = tailScale(all)
	}
	return &figure{
		title:  in.latencyFinding(all, quantile),
		facts:  in.latencyFacts(),
		height: max(curvesHeight, 60+listLine*float64(len(curves))),
		notes:  in.beyondNote(),
		body: func(c *canvas, area rect) {
			in.drawCurves(c, area, curves, logarithmic(lo, hi, false, span), scaleY, "latency", yName, quantileName(quantile))
		},
	}, nil
}

// timeRange leaves out the fastest few: a logarithmic scale would give them half the picture.
func timeRange(all []latencies, tail bool) (lo, hi float64) {
	const fewest = 0.002
	from, to := fewest, 1-fewest
	if tail {
		from, to = 0.2, 1
	}
	lo = math.Inf(1)
	for _, l := range all {
		lo = min(lo, float64(l.all.Quantile(from))*msPerNS)
		hi = max(hi, float64(l.all.Quantile(to))*msPerNS)
	}
	lo = max(lo, msPerNS)
	return lo, max(hi, lo) * 1.1
}

// curve of the pooled runs, with the band from the 10th to the 90th percentile of the single ones.
func (l latencies) curve(lo, hi float64, of func(float64) float64) curve {
	k := curve{cell: l.cell}
	for i := range gridLines {
		k.x = append(k.x, lo*math.Pow(hi/lo, float64(i)/(gridLines-1)))
	}
	pooled := shares(l.all, k.x)
	var single [][]float64
	for _, h := range l.each {
		if h.Count() > 0 {
			single = append(single, shares(h, k.x))
		}
	}
	for i := range pooled {
		if l.tail && i > 0 && pooled[i-1] == 1 { // the slowest operation is behind us
			k.x = k.x[:i]
			break
		}
		k.y = append(k.y, of(pooled[i]))
		if len(single) < 2 {
			continue
		}
		column := make([]float64, len(single))
		for j, s := range single {
			column[j] = s[i]
		}
		slices.Sort(column)
		k.lo = append(k.lo, of(results.Quantile(column, bandLow)))
		k.hi = append(k.hi, of(results.Quantile(column, bandHigh)))
	}
	return k
}

// shares of latencies that are at most each of the ascending times, in milliseconds.
func shares(h results.Histogram, times []float64) []float64 {
	steps, n := h.CDF(), float64(h.Count())
	out := make([]float64, len(times))
	at, i := 0, 0
	for j, ms := range times {
		for i < len(steps) && float64(steps[i].NS)*msPerNS <= ms {
			at = steps[i].AtMost
			i++
		}
		within := float64(at)
		if i < len(steps) { // evenly through the bucket
			from, to := float64(steps[i].FromNS)*msPerNS, float64(steps[i].NS)*msPerNS
			within += max(0, ms-from) / (to - from) * float64(steps[i].AtMost-at)
		}
		out[j] = within / n
	}
	return out
}

// tailScale ends at the decade of one operation among all of a cell.
func tailScale(all []latencies) scale {
	succeeded, _ := results.FindMetric("succeeded")
	most := 1
	for _, l := range all {
		most = max(most, l.all.Count())
	}
	s := logarithmic(math.Pow(10, math.Floor(-math.Log10(float64(most)))), 1, false, succeeded.Format)
	s.ticks = slices.DeleteFunc(s.ticks, func(t tick) bool { return math.Abs(math.Log10(t.at)-math.Round(math.Log10(t.at))) > 0.01 })
	return s
}

func (in *input) latencyFacts() string {
	what := "operations"
	if in.options.Operations != "" {
		what = in.options.Operations + "s"
	}
	s := fmt.Sprintf("Latency of %s answered OK, %s, pooled.", what, in.seeds())
	if in.many() {
		s = fmt.Sprintf("Latency of %s answered OK, %s, pooled; bands run from the 10th to the 90th percentile of the seeds.", what, in.seeds())
	}
	return s
}

func quantileName(q float64) string {
	if q == 0.5 {
		return "median"
	}
	return fmt.Sprintf("p%g", q*100)
}

// latencyFinding compares the fastest with the slowest at a quantile, by the quantiles of the single runs.
func (in *input) latencyFinding(all []latencies, quantile float64) string {
	values := map[*results.Cell][]results.Value{}
	sums := map[*results.Cell]results.Summary{}
	var cells []*results.Cell
	for _, l := range all {
		for i, h := range l.each {
			if h.Count() > 0 {
				values[l.cell] = append(values[l.cell], results.Value{Seed: l.cell.Rows[i].Seed, V: float64(h.Quantile(quantile)) * msPerNS})
			}
		}
		pooled := float64(l.all.Quantile(quantile)) * msPerNS
		sums[l.cell] = results.Summary{N: len(values[l.cell]), Mean: pooled} // differences come from the single runs
		cells = append(cells, l.cell)
	}
	p50, _ := results.FindMetric("p50")
	m := measure{p50, func(c *results.Cell) results.Summary { return sums[c] }, func(c *results.Cell) []results.Value { return values[c] }}
	share := "half of the operations"
	if quantile > 0.5 {
		share = "1 in 100 operations"
	}
	ranked := m.ranked(cells)
	best, worst := m.best(cells), m.worst(cells)
	verb := "take at most"
	if quantile > 0.5 {
		verb = "takes longer than"
	}
	if len(ranked) == 1 {
		return capital(fmt.Sprintf("%s %s %s with %s", share, verb, m.span(ranked), ranked[0].Series))
	}
	if len(best) == len(ranked) {
		return capital(fmt.Sprintf("%s %s %s, and %s", share, verb, m.span(ranked), in.notApart(ranked)))
	}
	return capital(fmt.Sprintf("%s %s %s with %s, %s with %s", share, verb, m.span(best), in.names(best), m.span(worst), in.names(worst)))
}

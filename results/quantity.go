package results

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Quantity is one number about a cell, over all its runs: what is measured, and
// which statistic of it.
type Quantity struct {
	Measure string // one of Measures, or a metric
	At      string // as written: p99.9, 99.9%, 10ms, 3, "<= 650ms"

	kind quantityKind
	at   float64 // a share, milliseconds or a number of versions
}

type quantityKind uint8

const (
	meanOfRuns     quantityKind = iota // of a metric
	quantileOfRuns                     // of a metric
	shareOfRuns                        // in which a metric is at most so much
	quantileOfOps                      // of a latency
	shareOfOps                         // that took at most so long
	visibleAfter                       // t-visibility
	freshAt                            // t-visibility the other way round
	withinVersions                     // k-staleness
)

// A Measure is something that a Quantity can be about, beside the metrics.
type Measure struct {
	Name, Label, At, Doc string
}

// Measures lists what a Quantity can be about, beside the metrics.
var Measures = []Measure{
	{"read_latency", "read", "p99.9", "a percentile of the latency of all reads, over all runs, or a limit, such as \"<= 500ms\", for the share of reads that took no longer"},
	{"write_latency", "write", "p99.9", "the same of all writes"},
	{"t_visibility", "t for", "99.9%", "the time after the acknowledgement of a write from which on so many probes are fresh (PBS)"},
	{"fresh", "fresh after", "10ms", "the share of fresh probes among those so long after the acknowledgement of a write"},
	{"k_staleness", "k =", "3", "the share of probes that returned one of the k newest versions (PBS)"},
}

// MeasureNames lists the measures and the metrics.
func MeasureNames() []string {
	var names []string
	for _, m := range Measures {
		names = append(names, m.Name)
	}
	return append(names, MetricNames()...)
}

// NewQuantity reads a quantity. Without at, a metric is averaged over the runs.
func NewQuantity(measure, at string) (q Quantity, err error) {
	q = Quantity{Measure: measure, At: at}
	switch measure {
	case "read_latency", "write_latency":
		if limit, isShare := strings.CutPrefix(at, "<="); isShare {
			q.kind = shareOfOps
			q.at, err = millisecondsIn(strings.TrimSpace(limit))
		} else {
			q.kind = quantileOfOps
			q.at, err = percentile(at)
		}
	case "t_visibility":
		q.kind = visibleAfter
		q.at, err = shareIn(at)
	case "fresh":
		q.kind = freshAt
		q.at, err = millisecondsIn(at)
	case "k_staleness":
		q.kind = withinVersions
		q.at, err = strconv.ParseFloat(at, 64)
	default:
		return q.ofMetric()
	}
	if err != nil {
		i := slices.IndexFunc(Measures, func(m Measure) bool { return m.Name == measure })
		err = fmt.Errorf("at: %q does not go with %s\n  hint: it is %s; write at: %s", at, measure, Measures[i].Doc, Measures[i].At)
	}
	return q, err
}

// ofMetric reads a quantity that is about a metric of each run.
func (q Quantity) ofMetric() (Quantity, error) {
	m, err := FindMetric(q.Measure)
	if err != nil {
		return q, UnknownName("measure", q.Measure, MeasureNames())
	}
	limit, isShare := strings.CutPrefix(q.At, "<=")
	switch {
	case q.At == "" || q.At == "mean":
		return q, nil
	case isShare:
		q.kind = shareOfRuns
		q.at, err = parseIn(m.Unit, strings.TrimSpace(limit))
	default:
		q.kind = quantileOfRuns
		q.at, err = percentile(q.At)
	}
	if err != nil {
		err = fmt.Errorf("at: %q does not go with %s\n  hint: leave it out for the mean of the runs, or write a percentile of them, such as p99, or a limit for the share of runs up to it, such as \"<= 650ms\"", q.At, q.Measure)
	}
	return q, err
}

func percentile(text string) (float64, error) {
	number, ok := strings.CutPrefix(text, "p")
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !ok || !(v > 0 && v < 100) {
		return 0, fmt.Errorf("%q is no percentile", text)
	}
	return v / 100, nil
}

func shareIn(text string) (float64, error) {
	v, err := parseIn(Share, text)
	if err != nil || !(v >= 0 && v <= 1) {
		return 0, fmt.Errorf("%q is no share", text)
	}
	return v, nil
}

func millisecondsIn(text string) (float64, error) { return parseIn(Millisecond, text) }

// parseIn reads a number in a unit.
func parseIn(unit, text string) (float64, error) {
	switch unit {
	case Share:
		if number, ok := strings.CutSuffix(text, "%"); ok {
			v, err := strconv.ParseFloat(number, 64)
			return v / 100, err
		}
	case Millisecond:
		d, err := time.ParseDuration(text)
		return float64(d) / float64(time.Millisecond), err
	}
	return strconv.ParseFloat(text, 64)
}

// Parse reads a value of the quantity in its unit: 1.95ms, 97.4% or 0.974, 42.
func (q Quantity) Parse(text string) (float64, error) {
	v, err := parseIn(q.Unit(), text)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		example := map[string]string{Share: "97.4% or 0.974", Millisecond: "1.95ms"}[q.Unit()]
		if example == "" {
			example = "42"
		}
		return 0, fmt.Errorf("%q is no value of %s\n  hint: write it like %s", text, q.Measure, example)
	}
	return v, nil
}

// Unit returns the unit of the quantity.
func (q Quantity) Unit() string {
	switch q.kind {
	case quantileOfOps, visibleAfter:
		return Millisecond
	case shareOfRuns, shareOfOps, freshAt, withinVersions:
		return Share
	}
	m, _ := FindMetric(q.Measure)
	return m.Unit
}

// String returns the quantity as tables show it: read p99.9, fresh after 10ms.
func (q Quantity) String() string {
	name := q.Measure
	for _, m := range Measures {
		if m.Name == name {
			name = m.Label
		}
	}
	return strings.TrimSpace(name + " " + q.At)
}

// Format writes a value of the quantity with four digits.
func (q Quantity) Format(v float64) string {
	const digits = 4
	number := func(v float64) string {
		precision := digits
		if v > 99 && v < 100 && q.Unit() == Share { // 99.999% is not 100%, nor is 99.999999%
			for precision = 6; precision < 12 && strconv.FormatFloat(v, 'g', precision, 64) == "100"; precision++ {
			}
		}
		if math.Abs(v) >= 1e4 {
			return strconv.FormatFloat(v, 'f', 0, 64)
		}
		return strconv.FormatFloat(v, 'g', precision, 64)
	}
	switch q.Unit() {
	case Share:
		return number(100*v) + "%"
	case Millisecond:
		return number(v) + "ms"
	}
	return number(v)
}

// An Estimate is the value of a quantity with its 95 % interval.
type Estimate struct {
	Value, Lo, Hi float64
	Trials        int // of a share: of how many it is one; else 0
}

// Error returns the standard error of the estimate, given the true value: the
// binomial one of a share, or what its interval tells if that is more, because
// trials hang together.
func (e Estimate) Error(truth float64) float64 {
	const each = 1.96 // standard errors on each side of the value
	told := (e.Hi - e.Lo) / (2 * each)
	if e.Trials == 0 {
		return told
	}
	return max(told, math.Sqrt(truth*(1-truth)/float64(e.Trials)))
}

// Of estimates the quantity from the runs of a cell, and reports whether they tell.
func (q Quantity) Of(rows []Row) (Estimate, bool) {
	switch q.kind {
	case meanOfRuns:
		s := Summarize(valuesOf(rows, q.Measure))
		return Estimate{s.Mean, s.Lo, s.Hi, q.trials(rows)}, s.N > 0
	case quantileOfRuns:
		return q.runQuantile(valuesOf(rows, q.Measure))
	case shareOfRuns:
		return q.runShare(valuesOf(rows, q.Measure), len(rows))
	case quantileOfOps:
		e, ok := bootstrap(rows, q.pooled)
		return e.inBucket(), ok
	}
	return bootstrap(rows, q.pooled)
}

// inBucket widens an interval that lies within one bucket of latencies to all of
// it: that they are spread evenly there is a guess, and they may as well be all the
// same, however often a draw of the runs comes to the same place.
func (e Estimate) inBucket() Estimate {
	const inMillisecond = float64(time.Millisecond) // nanoseconds
	bucket := bucketOf(int64(math.Round(e.Lo * inMillisecond)))
	if bucket == bucketOf(int64(math.Round(e.Hi*inMillisecond))) {
		lo, hi := bucketRange(bucket)
		e.Lo, e.Hi = float64(lo)/inMillisecond, float64(hi)/inMillisecond
	}
	return e
}

// trials returns of how many operations a metric is the share that succeeded, or 0 if
// it is none. Rows count the reads and the writes that did; those that did not follow
// from the share, and of a run in which none did there is nothing to tell.
func (q Quantity) trials(rows []Row) (n int) {
	for i := range rows {
		r := &rows[i]
		answered := 0
		switch q.Measure {
		case "succeeded":
			answered = r.Ops.OK
		case "reads_succeeded":
			answered = r.Latency.Read.Count()
		case "writes_succeeded":
			answered = r.Latency.Write.Count()
		}
		if share := r.Metrics[q.Measure]; share > 0 {
			n += int(math.Round(float64(answered) / share))
		}
	}
	return n
}

func valuesOf(rows []Row, metric string) (values []Value) {
	for i := range rows {
		if v, ok := rows[i].Metrics[metric]; ok {
			values = append(values, Value{rows[i].Seed, v})
		}
	}
	return values
}

// runQuantile is a percentile of one number of each run. Its interval is that of
// the order statistics: so many values are below the percentile by the binomial law.
func (q Quantity) runQuantile(values []Value) (Estimate, bool) {
	n := len(values)
	if n == 0 {
		return Estimate{}, false
	}
	xs := make([]float64, n)
	for i, v := range values {
		xs[i] = v.V
	}
	slices.Sort(xs)
	const z = 1.96
	spread := z * math.Sqrt(float64(n)*q.at*(1-q.at))
	at := func(rank float64) float64 { return xs[min(max(int(rank), 0), n-1)] }
	middle := float64(n) * q.at
	return Estimate{Quantile(xs, q.at), at(middle - spread), at(math.Ceil(middle + spread)), 0}, true
}

// runShare is the share of runs in which a metric is at most so much. A run
// without a value is not among them.
func (q Quantity) runShare(values []Value, runs int) (Estimate, bool) {
	within := 0
	for _, v := range values {
		if v.V <= q.at {
			within++
		}
	}
	lo, hi := Wilson(within, runs)
	return Estimate{float64(within) / float64(max(1, runs)), lo, hi, runs}, runs > 0
}

// bootstrap estimates a number that takes all runs together. Its interval comes
// from drawing the runs again (MeanInterval says how): what happens within one run
// need not be independent.
func bootstrap(rows []Row, f func([]*Row) (v float64, trials int, ok bool)) (Estimate, bool) {
	const resamples = 200
	all := make([]*Row, len(rows))
	for i := range rows {
		all[i] = &rows[i]
	}
	v, trials, ok := f(all)
	n := len(rows)
	e := Estimate{v, v, v, trials}
	if !ok || n < 2 {
		return e, ok
	}
	drawn, stream, values := make([]*Row, n), splitmix(n), []float64(nil)
	for range resamples {
		for i := range drawn {
			drawn[i] = all[stream.below(n)]
		}
		if v, _, ok := f(drawn); ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return e, true
	}
	slices.Sort(values)
	tail := expandedTail(n)
	e.Lo, e.Hi = min(v, Quantile(values, tail)), max(v, Quantile(values, 1-tail))
	if trials > 0 { // runs that agree by chance do not make a share surer than its trials do
		const each = 1.96 // standard errors on each side of the value
		by := each * math.Sqrt(v*(1-v)/float64(trials))
		e.Lo, e.Hi = min(e.Lo, v-by), max(e.Hi, v+by)
	}
	return e, true
}

// pooled is the value of a quantity over some runs together and, of a share, the number of trials.
func (q Quantity) pooled(rows []*Row) (v float64, trials int, ok bool) {
	switch q.kind {
	case quantileOfOps:
		all := q.latencies(rows)
		v, ok = all.quantile(q.at)
		return v, 0, ok
	case shareOfOps:
		all := q.latencies(rows)
		return all.upTo(q.at), all.total, all.total > 0
	case withinVersions:
		v, trials = within(rows, int(q.at))
		return v, trials, trials > 0
	}
	var c visibility
	for _, r := range rows {
		if r.Probes != nil {
			c.all.add(&r.Probes.All)
			c.stale.add(&r.Probes.Stale)
		}
	}
	if q.kind == freshAt {
		v, trials = c.freshAt(time.Duration(q.at * float64(time.Millisecond)))
		return v, trials, trials > 0
	}
	v, ok = c.after(q.at)
	return v, 0, ok
}

// latencies are those of all runs.
func (q Quantity) latencies(rows []*Row) *counts {
	var all counts
	for _, r := range rows {
		if q.Measure == "read_latency" {
			all.add(&r.Latency.Read)
		} else {
			all.add(&r.Latency.Write)
		}
	}
	return &all
}

// within is the share of probes that were fewer than k versions behind.
func within(rows []*Row, k int) (share float64, probes int) {
	near := 0
	for _, r := range rows {
		if r.Probes == nil {
			continue
		}
		for behind, n := range r.Probes.Behind {
			probes += n
			if behind < k {
				near += n
			}
		}
	}
	return float64(near) / float64(max(1, probes)), probes
}

// counts are histograms added up.
type counts struct {
	by    [maxBucket + 1]int
	total int
}

func (c *counts) add(h *Histogram) {
	for _, b := range h.buckets {
		c.by[b.index] += int(b.n)
		c.total += int(b.n)
	}
}

// quantile is the latency in milliseconds that a share p does not exceed, with
// what is in a bucket spread evenly over it.
func (c *counts) quantile(p float64) (float64, bool) {
	rank := p * float64(c.total)
	for i, n := range c.by {
		if n > 0 && rank <= float64(n) {
			lo, hi := bucketRange(uint16(i))
			return (float64(lo) + rank/float64(n)*float64(hi-lo)) / float64(time.Millisecond), true
		}
		rank -= float64(n)
	}
	return 0, false
}

// upTo is the share of values of at most so many milliseconds, with what is in a
// bucket spread evenly over it.
func (c *counts) upTo(ms float64) float64 {
	limit, n := ms*float64(time.Millisecond), 0.0
	for i, in := range c.by {
		lo, hi := bucketRange(uint16(i))
		n += float64(in) * min(max((limit+1-float64(lo))/float64(max(1, hi-lo)), 0), 1)
	}
	return n / float64(max(1, c.total))
}

// Figures returns the part of a row that quantities look at, so that a great many
// rows can be kept.
func (r Row) Figures() Row {
	return Row{Cell: r.Cell, Series: r.Series, Model: r.Model, Params: r.Params, Seed: r.Seed, Metrics: r.Metrics, Ops: r.Ops, Latency: r.Latency, Probes: r.Probes}
}

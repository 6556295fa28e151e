package results

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func quantity(t *testing.T, measure, at string) Quantity {
	t.Helper()
	q, err := NewQuantity(measure, at)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// probesOf returns rows of probes, spread evenly over some time, of which the share
// stale(ms) is stale.
func probesOf(rows, each int, longest float64, stale func(ms float64) float64) []Row {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]Row, rows)
	for i := range all {
		p := &Probes{Behind: []int{0, 0}}
		for range each {
			ms := longest * r.Float64()
			p.All.Add(int64(ms * float64(time.Millisecond)))
			behind := 0
			if r.Float64() < stale(ms) {
				p.Stale.Add(int64(ms * float64(time.Millisecond)))
				behind = 1
			}
			p.Behind[behind]++
		}
		all[i] = Row{Seed: uint64(i), Probes: p}
	}
	return all
}

// The time from which on 99.9% of the probes are fresh comes out, whether the tail
// is a straight line on a logarithmic scale or a bent one.
func TestVisibilityFindsWhereATailComesDown(t *testing.T) {
	q := quantity(t, "t_visibility", "99.9%")
	for name, c := range map[string]struct {
		stale func(ms float64) float64
		want  float64
	}{
		"exponential": {func(ms float64) float64 { return 0.3 * math.Exp(-ms) }, math.Log(300)},
		"two slopes": {func(ms float64) float64 { return 0.5*math.Exp(-3*ms) + 0.02*math.Exp(-ms/2) },
			6},
		"a power": {func(ms float64) float64 { return 0.5 / (1 + ms*ms*ms) }, math.Cbrt(499)},
	} {
		got, ok := q.Of(probesOf(20, 50_000, 12, c.stale))
		if !ok || math.Abs(got.Value-c.want) > 0.05*c.want || got.Lo > c.want || got.Hi < c.want {
			t.Errorf("%s: %v, want %.3f", name, got, c.want)
		}
	}
}

// At once, or never: the ends are told.
func TestVisibilityAtTheEnds(t *testing.T) {
	q := quantity(t, "t_visibility", "99%")
	if got, ok := q.Of(probesOf(2, 1000, 5, func(float64) float64 { return 0 })); !ok || got.Value != 0 {
		t.Errorf("without a stale probe: %v %v, want 0", got, ok)
	}
	if got, ok := q.Of(probesOf(2, 1000, 5, func(float64) float64 { return 0.5 })); ok {
		t.Errorf("half of the latest probes are stale: %v, want none", got)
	}
	if _, ok := q.Of([]Row{{}}); ok {
		t.Error("without a probe there is an answer")
	}
}

// The levels are the best fit that never grows: no other one has a greater likelihood
// at any of its steps, and they keep all counts.
func TestLevelsNeverGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bins []bin
		n, stale := 0.0, 0.0
		for i := range rapid.IntRange(1, 12).Draw(t, "bins") {
			size := rapid.IntRange(1, 9).Draw(t, "probes")
			b := bin{float64(i), float64(size), float64(rapid.IntRange(0, size).Draw(t, "stale"))}
			bins, n, stale = append(bins, b), n+b.n, stale+b.stale
		}
		at := 0
		for i, l := range levels(bins) {
			n, stale = n-l.n, stale-l.stale
			if l.from != at || i > 0 && levels(bins)[i-1].share() <= l.share() {
				t.Fatalf("%v: %v", bins, levels(bins))
			}
			for cut := l.from + 1; cut < l.to; cut++ { // else it would have been two levels
				if before, all := sum(bins[l.from:cut]), l.share(); before.stale > all*before.n+1e-9 {
					t.Fatalf("%v: the first part of %v is above it", bins, l)
				}
			}
			at = l.to
		}
		if at != len(bins) || n != 0 || stale != 0 {
			t.Fatalf("%v: %v lost some", bins, levels(bins))
		}
	})
}

func sum(bins []bin) (all bin) {
	for _, b := range bins {
		all.n, all.stale = all.n+b.n, all.stale+b.stale
	}
	return all
}

// Percentiles of pooled latencies are those of the values, to within half a bucket.
func TestLatencyQuantity(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	rows, all := make([]Row, 10), []float64(nil)
	for i := range rows {
		for range 5000 {
			ms := r.ExpFloat64()
			all = append(all, ms)
			rows[i].Latency.Write.Add(int64(ms * float64(time.Millisecond)))
		}
	}
	slices.Sort(all)
	got, ok := quantity(t, "write_latency", "p99.9").Of(rows)
	if want := Quantile(all, 0.999); !ok || math.Abs(got.Value-want) > 0.005*want || got.Lo >= got.Hi || got.Lo > want || got.Hi < want {
		t.Errorf("%v, want %v", got, want)
	}
	if _, ok := quantity(t, "read_latency", "p50").Of(rows); ok {
		t.Error("there is a latency of reads, without reads")
	}
}

// That all runs agree does not make a latency surer than its bucket is wide: 150.5 ms
// is 148.9 ms there.
func TestLatencyIsNotSurerThanItsBucket(t *testing.T) {
	const truth = 150.5
	rows := make([]Row, 8)
	for i := range rows {
		rows[i].Seed = uint64(i)
		for range 100 {
			rows[i].Latency.Read.Add(int64(truth * float64(time.Millisecond)))
		}
	}
	for _, runs := range []int{1, len(rows)} {
		got, ok := quantity(t, "read_latency", "p50").Of(rows[:runs])
		if !ok || got.Lo > truth || got.Hi < truth || got.Hi-got.Lo > 0.032*truth {
			t.Errorf("%d runs: %+v, want an interval around %v ms, one bucket wide", runs, got, truth)
		}
	}
}

// What a single number of each run says: its mean, its percentiles, and in how many runs it stays below.
func TestRunQuantities(t *testing.T) {
	var rows []Row
	for i := range 1000 {
		row := Row{Seed: uint64(i), Metrics: map[string]float64{"unavailable": float64(i)}}
		if i >= 900 {
			row.Metrics = nil // nothing was measured
		}
		rows = append(rows, row)
	}
	for at, want := range map[string]float64{"": 449.5, "p50": 449.5, "p90": 809.1, "<= 449ms": 0.45} {
		got, ok := quantity(t, "unavailable", at).Of(rows)
		if !ok || math.Abs(got.Value-want) > 1e-9 || got.Lo >= got.Value || got.Hi <= got.Value {
			t.Errorf("at %q: %v, want %v", at, got, want)
		}
	}
}

// Versions behind, and shares, whose error is at least the binomial one.
func TestShares(t *testing.T) {
	rows := []Row{{Probes: &Probes{Behind: []int{60, 30, 10}}}, {Probes: &Probes{Behind: []int{60, 30, 10}}}}
	got, ok := quantity(t, "k_staleness", "2").Of(rows)
	if !ok || got.Value != 0.9 || got.Trials != 200 || math.Abs(got.Error(0.9)-math.Sqrt(0.09/200)) > 1e-12 {
		t.Errorf("%+v with error %v", got, got.Error(0.9))
	}
}

// The share of operations that took at most so long.
func TestSharesOfOperations(t *testing.T) {
	var row Row
	for ms := range 100 {
		row.Latency.Read.Add(int64(ms) * int64(time.Millisecond))
	}
	for at, want := range map[string]float64{"<= 24.9ms": 0.25, "<= 1h": 1} {
		got, ok := quantity(t, "read_latency", at).Of([]Row{row, row})
		if !ok || math.Abs(got.Value-want) > 0.005 || got.Trials != 200 || want < 1 && math.Abs(got.Error(want)-math.Sqrt(want*(1-want)/200)) > 1e-3 {
			t.Errorf("at %q: %+v, want %v", at, got, want)
		}
	}
	if _, ok := quantity(t, "write_latency", "<= 1s").Of([]Row{row}); ok {
		t.Error("there was no write, and yet a share of them")
	}
}

// A wrong quantity says what would be right.
// A share that is not one is not shown as one.
func TestFormatOfShares(t *testing.T) {
	q := quantity(t, "succeeded", "")
	for v, want := range map[float64]string{1: "100%", 0.9741: "97.41%", 0.99999: "99.999%", 0.9999999963: "99.9999996%", 0.99999996: "99.999996%", 0: "0%"} {
		if got := q.Format(v); got != want {
			t.Errorf("%v is shown as %s, want %s", v, got, want)
		}
	}
}

func TestWrongQuantities(t *testing.T) {
	for _, c := range [][2]string{{"read_latency", "99.9"}, {"t_visibility", "10ms"}, {"fresh", "3"}, {"k_staleness", "p3"}, {"p50", "7"}, {"p50", "<= x"}, {"latencies", ""}} {
		if q, err := NewQuantity(c[0], c[1]); err == nil {
			t.Errorf("%v is taken for %v", c, q)
		}
	}
}

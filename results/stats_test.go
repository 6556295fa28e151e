package results

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (score without
// continuity correction).
func TestWilsonAgainstNewcombe(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0.0000, 0.1611},
		{1, 29, 0.0061, 0.1718},
	} {
		lo, hi := Wilson(c.k, c.n)
		if math.Abs(lo-c.lo) > 5e-5 || math.Abs(hi-c.hi) > 5e-5 {
			t.Errorf("Wilson(%d, %d) = %.4f to %.4f, published %.4f to %.4f", c.k, c.n, lo, hi, c.lo, c.hi)
		}
	}
	if lo, hi := Wilson(0, 0); lo != 0 || hi != 1 {
		t.Errorf("of no trials: %v to %v", lo, hi)
	}
	if _, hi := Wilson(7, 7); hi != 1 {
		t.Errorf("7 of 7 goes up to %v", hi)
	}
}

// An interval that says 95 % must hold the true mean in about 95 % of samples:
// also for few and for skewed values, such as latencies.
func TestMeanIntervalCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draws := map[string]func() float64{ // all of mean 1
		"normal":      func() float64 { return 1 + 0.3*rng.NormFloat64() },
		"exponential": rng.ExpFloat64,
		"zero or ten": func() float64 { return 10 * float64(rng.IntN(10)/9) },
	}
	for _, c := range []struct {
		data     string
		n        int
		at_least float64
	}{
		{"normal", 5, 0.90}, {"normal", 30, 0.92}, {"exponential", 30, 0.88}, {"exponential", 100, 0.91}, {"zero or ten", 100, 0.90},
	} {
		const samples = 400
		covered := 0
		for range samples {
			xs := make([]float64, c.n)
			for i := range xs {
				xs[i] = draws[c.data]()
			}
			if _, lo, hi := MeanInterval(xs); lo <= 1 && 1 <= hi {
				covered++
			}
		}
		if share := float64(covered) / samples; share < c.at_least || share > 0.99 {
			t.Errorf("%s, n=%d: the interval held the mean in %.1f%% of %d samples", c.data, c.n, 100*share, samples)
		}
	}
}

func TestMeanIntervalIsDeterministicAndDegenerate(t *testing.T) {
	xs := []float64{1, 4, 2, 8, 5}
	m1, lo1, hi1 := MeanInterval(xs)
	m2, lo2, hi2 := MeanInterval(xs)
	if m1 != m2 || lo1 != lo2 || hi1 != hi2 {
		t.Error("two intervals of the same data differ")
	}
	if !(lo1 < m1 && m1 < hi1) || m1 != 4 {
		t.Errorf("mean %v, interval %v to %v", m1, lo1, hi1)
	}
	for _, xs := range [][]float64{{0.1}, {0.1, 0.1, 0.1}} {
		if m, lo, hi := MeanInterval(xs); m != 0.1 || lo != 0.1 || hi != 0.1 {
			t.Errorf("%v: mean %v, interval %v to %v", xs, m, lo, hi)
		}
	}
}

func TestQuantile(t *testing.T) {
	xs := []float64{1, 2, 3, 10}
	for p, want := range map[float64]float64{0: 1, 0.5: 2.5, 1: 10, 0.9: 7.9} {
		if got := Quantile(xs, p); math.Abs(got-want) > 1e-12 {
			t.Errorf("Quantile(%v, %v) = %v, want %v", xs, p, got, want)
		}
	}
}

func TestSummaryNamesTheFirstExtremeSeed(t *testing.T) {
	s := Summarize([]Value{{1, 5}, {2, 3}, {3, 9}, {4, 3}, {5, 9}})
	if s.N != 5 || s.Min != 3 || s.MinSeed != 2 || s.Max != 9 || s.MaxSeed != 3 {
		t.Errorf("%+v", s)
	}
	if s := Summarize(nil); s != (Summary{}) {
		t.Errorf("of nothing: %+v", s)
	}
}

// Two settings share the luck of each seed: the pairs show a difference that the two means hide.
func TestPairedSeesWhatTheMeansHide(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var a, b []Value
	for seed := range uint64(40) {
		luck := rng.NormFloat64()
		a = append(a, Value{seed, 10 + luck + 0.05*rng.NormFloat64()})
		b = append(b, Value{seed, 9.9 + luck + 0.05*rng.NormFloat64()})
	}
	b = append(b, Value{999, 1000}) // without a partner
	if Summarize(a).Apart(Summarize(b[:40])) {
		t.Fatal("the means alone tell them apart: the test shows nothing")
	}
	d := Paired(a, b)
	if d.N != 40 || !d.Certain() || d.Lo <= 0.05 || d.Hi >= 0.15 {
		t.Errorf("difference %+v, want about 0.1 and certain", d)
	}
	if d := Paired(a, a); d.Certain() || d.Mean != 0 {
		t.Errorf("difference to itself: %+v", d)
	}
}

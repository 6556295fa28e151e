package staleness

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestCurvesOfAStory(t *testing.T) {
	s := Score{
		Reads: 10,
		Stale: []Stale{{Age: 30 * ms, Versions: 2}, {Age: 10 * ms, Versions: 1}, {Age: 20 * ms, Versions: 2}},
		Samples: []Sample{
			{Since: 0, Fresh: false}, {Since: 1 * ms, Fresh: false}, {Since: 1*ms + 1, Fresh: true},
			{Since: 2 * ms, Fresh: false}, {Since: 3 * ms, Fresh: true}, {Since: time.Hour, Fresh: true},
		},
	}
	if got, want := fmt.Sprint(s.Visibility()), "[{1ms 2 0} {2ms 2 1} {4ms 1 1} {32.768s 1 1}]"; got != want {
		t.Errorf("visibility %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(s.Behind()), "[{0 7} {1 1} {2 2}]"; got != want {
		t.Errorf("behind %s, want %s", got, want)
	}
	for k, want := range []string{"0.7", "0.8", "1.0"} {
		if got := fmt.Sprintf("%.1f", s.Within(k+1)); got != want {
			t.Errorf("within %d versions: %s, want %s", k+1, got, want)
		}
	}
	for p, want := range map[float64]time.Duration{0: 0, 0.5: 0, 0.7: 0, 0.71: 10 * ms, 0.8: 10 * ms, 0.9: 20 * ms, 0.91: 30 * ms, 1: 30 * ms} {
		if got := s.Age(p); got != want {
			t.Errorf("age %v at %v, want %v", got, p, want)
		}
	}
	for p, want := range map[float64]time.Duration{0: 0, 0.5: 0, 0.6: 1 * ms, 0.61: 1*ms + 1, 0.75: 1*ms + 1, 0.76: 3 * ms, 1: 3 * ms} {
		if got, ok := s.VisibleAfter(p); got != want || !ok {
			t.Errorf("%v visible after %v, %v; want %v", p, got, ok, want)
		}
	}
	late := Score{Samples: []Sample{{Since: 1, Fresh: true}, {Since: 2, Fresh: false}}}
	if got, ok := late.VisibleAfter(0.9); ok {
		t.Errorf("visible after %v, though the latest read is stale", got)
	}
	var empty Score
	if at, ok := empty.VisibleAfter(0.999); at != 0 || !ok || empty.Within(1) != 1 || empty.Age(1) != 0 || len(empty.Behind()) != 0 {
		t.Error("an empty score is not perfect")
	}
}

func TestCurvesAgreeWithTheirDefinitions(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 5_000 {
		s := Measure(random(rng, rng.IntN(2) == 0))
		p := []float64{0.25, 0.5, 0.9, 1}[rng.IntN(4)]
		share := func(t time.Duration) float64 {
			fresh, all := 0, 0
			for _, x := range s.Samples {
				if x.Since >= t {
					all++
					if x.Fresh {
						fresh++
					}
				}
			}
			return float64(fresh) / float64(all)
		}
		got, ok := s.VisibleAfter(p)
		if len(s.Samples) > 0 && ok && share(got) < p {
			t.Fatalf("%v visible after %v, but %v are, for %+v", p, got, share(got), s.Samples)
		}
		for _, x := range s.Samples {
			if share(x.Since) >= p && (!ok || x.Since < got) {
				t.Fatalf("%v visible after %v %v, but also after %v, for %+v", p, got, ok, x.Since, s.Samples)
			}
		}
		reads, fresh := 0, 0
		for _, v := range s.Visibility() {
			reads += v.Reads
			fresh += v.Fresh
		}
		if reads != len(s.Samples) {
			t.Fatalf("%d reads in the curve of %d", reads, len(s.Samples))
		}
		reads = 0
		for _, b := range s.Behind() {
			reads += b.Reads
			if got, want := s.Within(b.Versions+1), float64(reads)/float64(s.Reads); got < want-1e-9 || got > want+1e-9 {
				t.Fatalf("within %d versions: %v, want %v", b.Versions+1, got, want)
			}
		}
		if reads != s.Reads {
			t.Fatalf("%d reads in the distribution of %d", reads, s.Reads)
		}
	}
}

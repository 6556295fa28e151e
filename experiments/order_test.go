package experiments

import (
	"testing"

	"faultline/results"
)

// Of figures that are compared in their order alone, ours must be above and below the
// same others; two that are the wrong way round are doubtful while intervals overlap.
func TestOrderOfFigures(t *testing.T) {
	latency, err := results.NewQuantity("p99", "")
	if err != nil {
		t.Fatal(err)
	}
	mean, err := results.NewQuantity("mean", "")
	if err != nil {
		t.Fatal(err)
	}
	figure := func(q results.Quantity, published float64, lo, hi float64) Comparison {
		return Comparison{
			Figure: &Figure{Quantity: q, Published: &published, ExactWithin: Tolerance{kind: orderAlone}},
			Ours:   results.Estimate{Value: (lo + hi) / 2, Lo: lo, Hi: hi},
		}
	}
	small := figure(latency, 10, 100, 120)
	elsewhere := figure(mean, 1000, 1, 2) // of another measure: not compared with
	for _, c := range []struct {
		name string
		big  Comparison
		want Met
	}{
		{"above, as published", figure(latency, 20, 500, 600), Yes},
		{"below, clearly", figure(latency, 20, 50, 60), No},
		{"below, but who knows", figure(latency, 20, 95, 105), Unsure},
		{"equal", figure(latency, 20, 100, 120), Yes},
	} {
		all := []Comparison{small, c.big, elsewhere}
		for i := range 2 {
			if got := all[i].order(all); got != c.want {
				t.Errorf("%s: figure %d: %v, want %v", c.name, i, got, c.want)
			}
		}
	}
}

package chart

import (
	"fmt"
	"testing"

	"faultline/results"
)

// effectsSet is what became of intents in made-up settings: every rare-th run has
// as many duplicates, losses and phantoms.
func effectsSet(seeds int, rare ...int) *results.Set {
	var rows []results.Row
	for cell, every := range rare {
		for seed := range seeds {
			r := results.Row{
				Experiment: "outbox", Cell: cell, Series: fmt.Sprintf("outbox order=%d", cell), Model: "outbox", Seed: uint64(seed + 1),
				Params:  []results.Param{{Name: "model.order", Value: fmt.Sprintf("order %d", cell)}},
				Metrics: map[string]float64{"once": 480, "duplicates": 0, "lost": 0, "phantoms": 0, "limbo": float64(seed % 3)},
			}
			if every > 0 && seed%every == 0 {
				r.Metrics["duplicates"], r.Metrics["lost"], r.Metrics["phantoms"] = float64(seed%4), 1, float64(cell)
			}
			rows = append(rows, r)
		}
	}
	return results.NewSet(testManifest("outbox", seeds), rows)
}

func TestEffectsFinding(t *testing.T) {
	for _, c := range []struct {
		set  *results.Set
		want string
	}{
		{effectsSet(20, 0, 1, 7), "Order 0 alone of 3 settings: no effect lost, doubled or out of nothing in any run"},
		{effectsSet(20, 0, 0), "No effect lost, doubled or out of nothing in any run"},
		{effectsSet(20, 2, 1), "Each of the 2 settings has an effect lost, doubled or out of nothing"},
		{effectsSet(3, 1), "Outbox order=0 has an effect lost, doubled or out of nothing"},
		{effectsSet(3, 0, 0, 0, 0, 0, 1), "5 of 6 settings have no effect lost, doubled or out of nothing in any run"},
	} {
		if got, err := Finding("effects", c.set, Options{}); err != nil || got != c.want {
			t.Errorf("got %q, %v; want %q", got, err, c.want)
		}
	}
	if _, err := Finding("effects", sevenStores(2), Options{}); err == nil {
		t.Error("rows that say nothing of intents are drawn")
	}
}

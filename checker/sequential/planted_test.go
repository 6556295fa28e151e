package sequential

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// Every litmus keeps its verdict, and its evidence, in the middle of a long
// history of a store that is sequential.
func TestPlanted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, store := range []executiontest.Store{executiontest.Atomic, executiontest.Lagging} {
		host := executiontest.Plan{
			Store: store, Clients: 8, Keys: 5, Ops: 2000, Crashes: true, Think: 5,
			Kinds: []history.Kind{history.Read, history.Write, history.CAS},
		}.Make(rng)
		for _, l := range append(executiontest.Litmuses, executiontest.Litmus{Name: "neither", Script: neither}) {
			alone := Check(l.History(), judge.Budget{})
			h, at := executiontest.Plant(host, l)
			r := Check(h, judge.Budget{})
			if r.Verdict != alone.Verdict {
				t.Errorf("%v, %s: %v among others, %v alone (%s)", store, l.Name, r.Verdict, alone.Verdict, r.Evidence.Text)
			}
			for _, i := range r.Evidence.Ops {
				if !slices.Contains(at, i) {
					t.Errorf("%v, %s: the evidence has %v", store, l.Name, h[i])
				}
			}
			if len(r.Evidence.Ops) > len(alone.Evidence.Ops) {
				t.Errorf("%v, %s: %d operations for evidence where %d are enough", store, l.Name, len(r.Evidence.Ops), len(alone.Evidence.Ops))
			}
		}
	}
}

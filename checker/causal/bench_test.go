package causal

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"faultline/checker/execution"
	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// big is a history of a store that converges causally.
func big(n, clients, keys int, store executiontest.Store) history.History {
	rng := rand.New(rand.NewPCG(1, 2))
	return executiontest.Plan{
		Store: store, Clients: clients, Keys: keys, Ops: n,
		Kinds: []history.Kind{history.Read, history.Write},
	}.Make(rng)
}

func BenchmarkJudge(b *testing.B) {
	for _, clients := range []int{10, 50} {
		for _, keys := range []int{1, 20} {
			for _, store := range []executiontest.Store{executiontest.Memory, executiontest.Converge} {
				h := big(100_000, clients, keys, store)
				for _, m := range []Model{CC, CM, CCv, PRAM} {
					b.Run(fmt.Sprintf("%v/clients=%d/keys=%d/%v", store, clients, keys, m), func(b *testing.B) {
						b.ReportAllocs()
						for b.Loop() {
							r := Judge(execution.New(h), m, judge.Budget{})
							b.ReportMetric(float64(r.Verdict), "verdict")
							b.ReportMetric(float64(r.Steps), "steps")
						}
					})
				}
			}
		}
	}
}

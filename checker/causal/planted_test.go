package causal

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// Every litmus keeps its verdict, and its evidence, in the middle of a long
// history of a store that keeps the model.
func TestPlanted(t *testing.T) {
	for m, store := range map[Model]executiontest.Store{
		CC: executiontest.Memory, CM: executiontest.Memory, CCv: executiontest.Converge, PRAM: executiontest.Pipeline,
	} {
		for _, kind := range []history.Kind{history.Write, history.Append} {
			host := executiontest.Plan{
				Store: store, Clients: 8, Keys: 5, Ops: 1000, Crashes: true, Think: 5, Kinds: []history.Kind{history.Read, kind},
			}.Make(rand.New(rand.NewPCG(1, 2)))
			for _, l := range executiontest.Litmuses {
				alone := Checker{m}.Check(l.History(), judge.Budget{})
				h, at := executiontest.Plant(host, l)
				r := Checker{m}.Check(h, judge.Budget{})
				if r.Verdict != alone.Verdict {
					t.Errorf("%v, %s: %v among others, %v alone (%s)", m, l.Name, r.Verdict, alone.Verdict, r.Evidence.Text)
				}
				if len(r.Evidence.Ops) != len(alone.Evidence.Ops) {
					t.Errorf("%v, %s: %d operations for evidence, %d alone", m, l.Name, len(r.Evidence.Ops), len(alone.Evidence.Ops))
				}
				for _, i := range r.Evidence.Ops {
					if !slices.Contains(at, i) {
						t.Errorf("%v, %s: the evidence has %v", m, l.Name, h[i])
					}
				}
			}
		}
	}
}

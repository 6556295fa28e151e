package causal

import (
	"math/rand/v2"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// Whatever is found in a history, its evidence taken alone violates the model,
// too: the causes that it is made of are the causes of what was found.
func TestEvidenceAloneIsAViolation(t *testing.T) {
	found := map[Model]int{}
	for seed := range uint64(80) {
		h := executiontest.Plan{
			Store: executiontest.Memory, Clients: 6, Keys: 5, Ops: 200, Think: 5,
			Kinds: []history.Kind{history.Read, history.Write}, Spoil: int(seed%2) * 3,
		}.Make(rand.New(rand.NewPCG(seed, 9)))
		for _, m := range []Model{CC, CM, CCv, PRAM} {
			r := Checker{m}.Check(h, judge.Budget{})
			if r.Verdict != judge.Violated {
				continue
			}
			found[m]++
			var alone history.History
			for _, i := range r.Evidence.Ops {
				alone = append(alone, h[i])
			}
			if again := (Checker{m}).Check(alone, judge.Budget{}); again.Verdict != judge.Violated {
				t.Errorf("seed %d, %v: the evidence alone is %v: %s", seed, m, again.Verdict, r.Evidence.Text)
			}
		}
	}
	for _, m := range []Model{CC, CM, CCv, PRAM} {
		if found[m] < 10 {
			t.Errorf("%v was violated %d times only", m, found[m])
		}
	}
}

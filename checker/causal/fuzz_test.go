package causal

import (
	"math/rand/v2"
	"testing"

	"faultline/checker/execution"
	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// weaker lists what each model implies.
var weaker = map[Model][]Model{CM: {CC, PRAM}, CCv: {CC}}

func FuzzJudge(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		data := make([]byte, 6*(1+rng.IntN(20)))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkAnyHistory(t, executiontest.FromBytes(data))
		checkDistinct(t, data)
	})
}

func TestAnyHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		data := make([]byte, 6*(1+rng.IntN(30)))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		checkAnyHistory(t, executiontest.FromBytes(data))
		checkDistinct(t, data)
	}
}

// checkDistinct compares all models with their definitions on a tiny history.
func checkDistinct(t *testing.T, data []byte) {
	t.Helper()
	kinds := families[len(data)%3].kinds
	h := executiontest.Distinct(data, 7, 3, 2, kinds...)
	for _, m := range []Model{CC, CM, CCv, PRAM} {
		if got, want := (Checker{m}).Check(h, judge.Budget{}), bruteForce(h, m); got.Verdict != want {
			t.Fatalf("%v: %v (%s), by definition %v:\n%s", m, got.Verdict, got.Evidence.Text, want, dump(h))
		}
	}
}

// checkAnyHistory checks what must be true of any history at all: verdicts follow
// the hierarchy, and evidence is violated by itself.
func checkAnyHistory(t *testing.T, h history.History) {
	t.Helper()
	x := execution.New(h)
	verdicts := map[Model]judge.Verdict{}
	for _, m := range []Model{CC, CM, CCv, PRAM} {
		r := Judge(x, m, judge.Budget{})
		verdicts[m] = r.Verdict
		if r.Verdict != judge.Violated {
			continue
		}
		var part history.History
		for _, i := range r.Evidence.Ops {
			part = append(part, h[i])
		}
		if len(part) == 0 || r.Evidence.Text == "" {
			t.Fatalf("%v violated without evidence:\n%s", m, dump(h))
		}
		if again := Judge(execution.New(part), m, judge.Budget{}); again.Verdict != judge.Violated {
			t.Fatalf("%v: %s\nproves nothing (%v):\n%s\nof\n%s", m, r.Evidence.Text, again.Verdict, dump(part), dump(h))
		}
	}
	for m, less := range weaker {
		for _, w := range less {
			if verdicts[m] == judge.Holds && verdicts[w] != judge.Holds {
				t.Fatalf("%v holds, but %v is %v:\n%s", m, w, verdicts[w], dump(h))
			}
		}
	}
}

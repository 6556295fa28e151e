package causal

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

var crossChecks = flag.Int("crosschecks", 4000, "random histories to compare with brute force, per family")

// A family is a kind of random history.
type family struct {
	name  string
	kinds []history.Kind // none: variations on the litmus histories of the literature
}

var families = []family{
	{"registers", []history.Kind{history.Read, history.Write}},
	{"swaps", []history.Kind{history.Read, history.Write, history.CAS}},
	{"lists", []history.Kind{history.Read, history.Append}},
	{"litmus", nil},
}

// generate makes a history of the family.
func (f family) generate(rng *rand.Rand) history.History {
	if f.kinds == nil {
		return executiontest.Vary(rng)
	}
	spoil := 0
	if rng.IntN(3) > 0 {
		spoil = 2 + rng.IntN(10)
	}
	plan := executiontest.Plan{
		Store: executiontest.Store(rng.IntN(int(executiontest.Stores))), Clients: 2 + rng.IntN(3), Keys: 1 + rng.IntN(2),
		Ops: 4 + rng.IntN(6), Kinds: f.kinds, Crashes: rng.IntN(2) == 0, Spoil: spoil, Think: rng.Int64N(4),
	}
	return plan.Make(rng)
}

// patternsOf are the patterns that the cross-checks of a model have to meet.
var patternsOf = map[Model][]pattern{
	CC:   {cyclicCO, writeCOInitRead, writeCORead, missingAppend, listOrder},
	CM:   {cyclicCO, writeCOInitRead, writeCORead, missingAppend, listOrder, writeHBInitRead, cyclicHB},
	CCv:  {cyclicCO, writeCOInitRead, writeCORead, missingAppend, listOrder, cyclicCF},
	PRAM: {missingAppend, writeHBInitRead, cyclicHB},
}

func TestAgreesWithBruteForce(t *testing.T) {
	for _, m := range []Model{CC, CM, CCv, PRAM} {
		met := map[string]int{}
		for _, f := range families {
			t.Run(m.String()+"/"+f.name, func(t *testing.T) { crossCheck(t, f, m, met) })
		}
		for _, p := range patternsOf[m] {
			if met[p.String()] < 20 {
				t.Errorf("%v: only %d histories with the pattern %v", m, met[p.String()], p)
			}
		}
		t.Logf("%v: patterns %v", m, met)
	}
}

func crossCheck(t *testing.T, f family, m Model, met map[string]int) {
	rng := rand.New(rand.NewPCG(1, uint64(m)))
	verdicts := map[judge.Verdict]int{}
	for range *crossChecks {
		h := f.generate(rng)
		got, want := Checker{m}.Check(h, judge.Budget{}), bruteForce(h, m)
		if got.Verdict != want {
			t.Fatalf("%v: %v (%s), by definition %v:\n%s", m, got.Verdict, got.Evidence.Text, want, dump(h))
		}
		verdicts[want]++
		if want == judge.Violated {
			_, name, _ := strings.Cut(got.Evidence.Text, "(bad pattern ")
			met[strings.TrimSuffix(name, ")")]++
			checkEvidence(t, h, got, m)
		}
	}
	t.Logf("verdicts %v", verdicts)
	for _, v := range []judge.Verdict{judge.Holds, judge.Violated} {
		if verdicts[v] < *crossChecks/10 {
			t.Errorf("only %d histories of %d with the verdict %v: the generator is lopsided", verdicts[v], *crossChecks, v)
		}
	}
}

// checkEvidence checks that the evidence alone is violated, by definition.
func checkEvidence(t *testing.T, h history.History, r judge.Result, m Model) {
	t.Helper()
	var part history.History
	for _, i := range r.Evidence.Ops {
		part = append(part, h[i])
	}
	if bruteForce(part, m) != judge.Violated {
		t.Fatalf("%v: the evidence proves nothing: %s\n%s\nof\n%s", m, r.Evidence.Text, dump(part), dump(h))
	}
}

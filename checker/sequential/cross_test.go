package sequential

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/execution"
	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

var crossChecks = flag.Int("crosschecks", 6000, "random histories to compare with brute force, per family")

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
	{"repeated", []history.Kind{history.Read, history.Write, history.CAS}},
	{"mixed", []history.Kind{history.Read, history.Write, history.CAS, history.Append}},
}

// generate makes a history of the family.
func (f family) generate(rng *rand.Rand) history.History {
	if f.kinds == nil {
		return executiontest.Vary(rng)
	}
	spoil := 0
	if rng.IntN(3) > 0 {
		spoil = 1 + rng.IntN(6)
	}
	plan := executiontest.Plan{
		Store: executiontest.Store(rng.IntN(int(executiontest.Stores))), Clients: 2 + rng.IntN(3), Keys: 1 + rng.IntN(3),
		Ops: 4 + rng.IntN(7), Kinds: f.kinds, Crashes: rng.IntN(2) == 0, Spoil: spoil, Think: rng.Int64N(4),
	}
	h := plan.Make(rng)
	if f.name == "repeated" || f.name == "mixed" {
		repeat(h, 2+rng.Int64N(3), rng)
	}
	return h
}

// repeat makes few values of many, the initial one among them, and some answers blind.
func repeat(h history.History, n int64, rng *rand.Rand) {
	for i := range h {
		op := &h[i]
		for _, v := range []*history.Value{&op.In, &op.Out, &op.Expect} {
			v.Num %= n
			v.List = slices.Clone(v.List)
			for k := range v.List {
				v.List[k] %= n
			}
		}
		op.Blind = op.Kind == history.CAS && op.Status == history.OK && !op.Swapped && rng.IntN(2) == 0
	}
}

func TestAgreesWithBruteForce(t *testing.T) {
	engines := map[judge.Verdict]map[string]int{judge.Holds: {}, judge.Violated: {}}
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) { crossCheck(t, f, engines) })
	}
	t.Logf("engines %v", engines)
	for v, due := range map[judge.Verdict][]string{judge.Holds: {RealTime, Saturation, Search, General}, judge.Violated: {ThinAir, Saturation, General}} {
		for _, e := range due {
			if engines[v][e] < 20 {
				t.Errorf("%s said %v %d times only", e, v, engines[v][e])
			}
		}
	}
}

func crossCheck(t *testing.T, f family, engines map[judge.Verdict]map[string]int) {
	rng := rand.New(rand.NewPCG(1, 5))
	verdicts := map[judge.Verdict]int{}
	for range *crossChecks {
		h := f.generate(rng)
		got, want := Check(h, judge.Budget{Order: true}), bruteForce(h)
		if got.Verdict != want {
			t.Fatalf("%v by %s (%s), by definition %v:\n%s", got.Verdict, got.Engine, got.Evidence.Text, want, dump(h))
		}
		if searched, ok := searchAlone(h); ok && searched != want {
			t.Fatalf("%v by search alone, by definition %v:\n%s", searched, want, dump(h))
		}
		verdicts[want]++
		engines[want][got.Engine]++
		if want == judge.Violated {
			checkEvidence(t, h, got)
		} else {
			checkOrder(t, h, got)
		}
	}
	t.Logf("verdicts %v", verdicts)
	for _, v := range []judge.Verdict{judge.Holds, judge.Violated} {
		if verdicts[v] < *crossChecks/10 {
			t.Errorf("only %d histories of %d with the verdict %v: the generator is lopsided", verdicts[v], *crossChecks, v)
		}
	}
}

// searchAlone judges by search without saturation before it, where nothing else decides.
func searchAlone(h history.History) (judge.Verdict, bool) {
	x := execution.New(h)
	p := newProblem(x, judge.DefaultSteps)
	p.crowded = true
	if x.ThinAir != nil || x.Gap.Ops > 0 || p.build() != nil || p.sweep() != nil {
		return 0, false
	}
	return p.search().verdict, true
}

// checkEvidence checks that the evidence alone is violated, by definition.
func checkEvidence(t *testing.T, h history.History, r judge.Result) {
	t.Helper()
	var part history.History
	for _, i := range r.Evidence.Ops {
		part = append(part, h[i])
	}
	if len(part) == 0 || bruteForce(part) != judge.Violated {
		t.Fatalf("the evidence proves nothing: %s\n%s\nof\n%s", r.Evidence.Text, dump(part), dump(h))
	}
}

// checkOrder plays the operations in the order given.
func checkOrder(t *testing.T, h history.History, r judge.Result) {
	t.Helper()
	state, taken := map[string]history.Value{}, map[int32]bool{}
	for _, i := range r.Order {
		op := &h[i]
		for j := range i {
			if h[j].Client == op.Client && h[j].Status == history.OK && !taken[j] || taken[i] {
				t.Fatalf("operation %d is out of order in %v:\n%s", i, r.Order, dump(h))
			}
		}
		taken[i] = true
		next, ok := apply(state[op.Key], op)
		if !ok {
			t.Fatalf("the order %v (%s) does not explain operation %d:\n%s", r.Order, r.Engine, i, dump(h))
		}
		state[op.Key] = next
	}
	for i := range h {
		if h[i].Status == history.OK && !taken[int32(i)] {
			t.Fatalf("the order %v leaves out operation %d:\n%s", r.Order, i, dump(h))
		}
	}
}

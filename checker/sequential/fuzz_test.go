package sequential

import (
	"math/rand/v2"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

func FuzzCheck(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(bytes(rng, 20))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkAnyHistory(t, executiontest.FromBytes(data))
		checkDistinct(t, data)
	})
}

func TestAnyHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		data := bytes(rng, 12)
		checkAnyHistory(t, executiontest.FromBytes(data))
		checkDistinct(t, data)
	}
}

// checkDistinct compares the verdict with the definition on a tiny history.
func checkDistinct(t *testing.T, data []byte) {
	t.Helper()
	h := executiontest.Distinct(data, 8, 3, 2, families[len(data)%3].kinds...)
	got, want := Check(h, judge.Budget{Order: true}), bruteForce(h)
	if got.Verdict != want {
		t.Fatalf("%v by %s (%s), by definition %v:\n%s", got.Verdict, got.Engine, got.Evidence.Text, want, dump(h))
	}
	if want == judge.Holds {
		checkOrder(t, h, got)
	}
}

func bytes(rng *rand.Rand, ops int) []byte {
	data := make([]byte, 6*(1+rng.IntN(ops)))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// checkAnyHistory checks what must be true of any history at all: an order
// explains it, or evidence is violated by itself.
func checkAnyHistory(t *testing.T, h history.History) {
	t.Helper()
	r := Check(h, judge.Budget{Steps: 20_000, Order: true})
	switch r.Verdict {
	case judge.Holds:
		checkOrder(t, h, r)
	case judge.Violated:
		var part history.History
		for _, i := range r.Evidence.Ops {
			part = append(part, h[i])
		}
		if again := Check(part, judge.Budget{}); len(part) == 0 || r.Evidence.Text == "" || again.Verdict != judge.Violated {
			t.Fatalf("%s\nproves nothing (%v by %s):\n%s\nof\n%s", r.Evidence.Text, again.Verdict, again.Engine, dump(part), dump(h))
		}
	default:
		if r.Evidence.Text == "" {
			t.Fatalf("undecided for no reason:\n%s", dump(h))
		}
	}
}

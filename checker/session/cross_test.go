package session

import (
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
)

var crossChecks = flag.Int("crosschecks", 4000, "random histories to compare with brute force, per family")

func generate(rng *rand.Rand, kinds ...history.Kind) history.History {
	if rng.IntN(4) == 0 && kinds[1] != history.Append {
		h := executiontest.Vary(rng)
		if !slices.ContainsFunc(h, func(op history.Op) bool { return op.Kind == history.Append || len(op.Out.List) > 0 }) {
			return h
		}
	}
	return executiontest.Plan{
		Store: executiontest.Store(rng.IntN(int(executiontest.Stores))), Clients: 1 + rng.IntN(3), Keys: 1 + rng.IntN(2),
		Ops: 3 + rng.IntN(8), Kinds: kinds, Crashes: rng.IntN(2) == 0, Spoil: rng.IntN(6), Think: rng.Int64N(4),
	}.Make(rng)
}

// met returns what the score says is broken.
func met(h history.History, s *Score) map[broken]bool {
	out := map[broken]bool{}
	for _, v := range s.Violations {
		out[broken{h[v.Second].Client, h[v.Second].Key, v.Guarantee}] = true
	}
	return out
}

func TestRegistersAgreeWithBruteForce(t *testing.T) {
	for _, by := range []Order{ByTime, BySessions} {
		rng := rand.New(rand.NewPCG(1, 2))
		counts, judged := map[Guarantee]int{}, 0
		for range *crossChecks {
			kinds := []history.Kind{history.Read, history.Write, history.CAS}
			h := generate(rng, kinds[:2+rng.IntN(2)]...)
			s := Measure(h, by)
			want, ok := bruteRegisters(h, by == ByTime)
			if !ok || s.Skipped > 0 || forked(h) {
				continue
			}
			judged++
			if got := met(h, &s); !maps.Equal(got, want) {
				t.Fatalf("%v: got %v, by definition %v (client, key, guarantee):\n%s", by, got, want, dump(h))
			}
			for b := range want {
				counts[b.g]++
			}
		}
		t.Logf("%v: %d judged, broken %v", by, judged, counts)
		for _, g := range Guarantees[:2] {
			if counts[g] < *crossChecks/100 {
				t.Errorf("%v: %v was broken %d times only", by, g, counts[g])
			}
		}
		if judged < *crossChecks/2 {
			t.Errorf("%v: only %d histories judged", by, judged)
		}
	}
}

// Long chains of compare-and-sets, some of unknown outcome, and reads from anywhere in them.
func TestSwapsAgreeWithBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	counts := map[Guarantee]int{}
	for range 2 * *crossChecks {
		data := make([]byte, 4*(3+rng.IntN(6)))
		for i := range data {
			if data[i] = byte(rng.Uint32()); i%4 == 3 {
				data[i] = byte(rng.IntN(1 + rng.IntN(4))) // of the latest values
			}
		}
		h := executiontest.Distinct(data, 8, 2+rng.IntN(2), 1, history.Read, history.CAS, history.CAS, history.Write)
		for _, by := range []Order{ByTime, BySessions} {
			for b := range agreed(t, h, by) {
				counts[b.g]++
			}
		}
	}
	t.Logf("broken %v", counts)
	for _, g := range Guarantees[:2] {
		if counts[g] < *crossChecks/100 {
			t.Errorf("%v was broken %d times only", g, counts[g])
		}
	}
}

// agreed checks a history of registers against the definition, and returns what is
// broken. Where operations of a session touch, clocks do not tell their order, and
// less may be counted.
func agreed(t *testing.T, h history.History, by Order) map[broken]bool {
	t.Helper()
	s := Measure(h, by)
	want, ok := bruteRegisters(h, by == ByTime)
	if !ok || s.Skipped > 0 || forked(h) {
		return nil
	}
	got := met(h, &s)
	exact := by == BySessions || !touches(h)
	for b := range want {
		if exact && !got[b] {
			t.Fatalf("%v: got %v, by definition %v (client, key, guarantee):\n%s", by, got, want, dump(h))
		}
	}
	for b := range got {
		if !want[b] {
			t.Fatalf("%v: got %v, by definition only %v (client, key, guarantee):\n%s", by, got, want, dump(h))
		}
	}
	return want
}

// touches reports whether a client called at the instant of an answer to it.
func touches(h history.History) bool {
	for i := range h {
		for j := range h[:i] {
			if h[i].Client == h[j].Client && h[i].Call == h[j].Return {
				return true
			}
		}
	}
	return false
}

func TestListsAgreeWithBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	counts := map[Guarantee]int{}
	for range *crossChecks {
		h := generate(rng, history.Read, history.Append)
		s := Measure(h, ByTime)
		want := bruteLists(h)
		if got := met(h, &s); !maps.Equal(got, want) {
			t.Fatalf("got %v, by definition %v (client, key, guarantee):\n%s", got, want, dump(h))
		}
		for b := range want {
			counts[b.g]++
		}
	}
	t.Logf("broken %v", counts)
	for _, g := range Guarantees {
		if counts[g] < *crossChecks/100 {
			t.Errorf("%v was broken %d times only", g, counts[g])
		}
	}
}

func TestStoresOrderAgreesWithBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	counts := map[Guarantee]int{}
	for range *crossChecks {
		h := generate(rng, history.Read, history.Write, history.CAS)
		version := versions(h, rng)
		s := Measure(h, ByStore)
		if s.Skipped > 0 || slices.Contains(s.By, ByTime) {
			continue
		}
		want := map[broken]bool{}
		for key, clients := range keysAndClients(h) {
			for _, c := range clients {
				all, _ := acts(h, c, key)
				for _, g := range Guarantees {
					if breaks(g, all, version) {
						want[broken{c, key, g}] = true
						counts[g]++
					}
				}
			}
		}
		if got := met(h, &s); !maps.Equal(got, want) {
			t.Fatalf("got %v, by definition %v (client, key, guarantee):\n%s", got, want, dump(h))
		}
	}
	t.Logf("broken %v", counts)
	for _, g := range Guarantees {
		if counts[g] < *crossChecks/100 {
			t.Errorf("%v was broken %d times only", g, counts[g])
		}
	}
}

// versions gives the writes of a history versions at random, and the reads those
// of what they read. It returns the place of each write; that of nothing is 0.
func versions(h history.History, rng *rand.Rand) map[int]int {
	place := map[int]int{-1: 0}
	order := rng.Perm(len(h))
	for i := range h {
		if op := &h[i]; op.MayMutate() {
			place[i] = 1 + order[i]
			if rng.IntN(2) == 0 {
				place[i] = 1 + i // mostly in order
			}
			for k, p := range place {
				if k != i && p == place[i] {
					place[i] = len(h) + 1 + i
				}
			}
			op.Version = history.Version{Major: int64(place[i])}
		}
	}
	for i := range h {
		op := &h[i]
		for w := range h {
			if op.Observes() && h[w].Key == op.Key && h[w].MayMutate() && op.Out.Equal(h[w].In) {
				op.Version = h[w].Version
			}
		}
	}
	return place
}

// What is linearizable breaks nothing in real time.
func TestAtomicStoresBreakNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		for _, kinds := range [][]history.Kind{{history.Read, history.Write, history.CAS}, {history.Read, history.Append}} {
			h := executiontest.Plan{
				Store: executiontest.Atomic, Clients: 4, Keys: 3, Ops: 100, Kinds: kinds, Crashes: true, Think: rng.Int64N(4),
			}.Make(rng)
			for _, by := range []Order{ByStore, ByTime, BySessions} {
				if s := Measure(h, by); len(s.Violations) > 0 || s.Skipped > 0 {
					t.Fatalf("%v: %+v\n%s", by, s, dump(h))
				}
			}
		}
	}
}

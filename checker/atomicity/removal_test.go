package atomicity

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
)

// without returns h without the operations of the mask, which are numbered as in ops.
func without(h history.History, ops []int, mask int) history.History {
	gone := make([]bool, len(h))
	for n, i := range ops {
		gone[i] = mask>>n&1 == 1
	}
	var rest history.History
	for i := range h {
		if !gone[i] {
			rest = append(rest, h[i])
		}
	}
	return rest
}

// plainRemoval tries to remove nothing, then each operation, then each two, and so on.
func plainRemoval(h history.History) int {
	var ops []int
	for i := range h {
		if h[i].Status == history.OK {
			ops = append(ops, i)
		}
	}
	for n := 0; ; n++ {
		for mask := range 1 << len(ops) {
			if ones(mask) == n && linear.Check(without(h, ops, mask), judge.Budget{}).Verdict == judge.Holds {
				return n
			}
		}
	}
}

func ones(mask int) (n int) {
	for ; mask > 0; mask &= mask - 1 {
		n++
	}
	return n
}

// troubled returns a register with many wrong answers.
func troubled(rng *rand.Rand) history.History {
	n := 4 + rng.IntN(6)
	h := make(history.History, n)
	var written []int64
	at, spread := history.Time(0), 1+rng.Int64N(12)
	for i := range h {
		at += history.Time(rng.IntN(5))
		end := at + history.Time(rng.Int64N(spread))
		if v := int64(i + 1); len(written) == 0 || rng.IntN(5) < 2 {
			h[i] = write(i, v, at, end)
			if rng.IntN(8) == 0 {
				h[i] = unknown(h[i])
			}
			written = append(written, v)
		} else {
			h[i] = read(i, written[max(0, len(written)-1-rng.IntN(3))], at, end)
		}
		if rng.IntN(15) == 0 {
			h[i] = read(i, rng.Int64N(10), at, end)
		}
	}
	return h
}

func TestRemovalAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	counts, lower, upper, exact := map[int]int{}, map[int]int{}, map[int]int{}, map[int]int{}
	for range *crossChecks {
		h := troubled(rng)
		s, want := Measure(h), plainRemoval(h)
		got := s.Removal
		if got.Lower != want || got.Upper != want || len(got.Ops) != want || !slices.IsSorted(got.Ops) {
			t.Fatalf("%+v, want %d, for\n%s", got, want, dump(h))
		}
		if linear.Check(without(h, got.Ops, -1), judge.Budget{}).Verdict != judge.Holds {
			t.Fatalf("without %v it is not linearizable:\n%s", got.Ops, dump(h))
		}
		counts[want]++
		low, up := bounds(t, h)
		if low > want || up < want {
			t.Fatalf("bounds %d and %d of %d, for\n%s", low, up, want, dump(h))
		}
		if low == want {
			lower[want]++
		}
		if up == want {
			upper[want]++
		}
		if low == up {
			exact[want]++
		}
	}
	t.Logf("removals %v; without the search, lower bounds %v, upper bounds %v, both %v", counts, lower, upper, exact)
	for n := range 4 {
		if counts[n] < *crossChecks/100 {
			t.Errorf("only %d histories with %d removals: the generator is lopsided", counts[n], n)
		}
	}
}

// bounds returns the bounds without the search, and checks what is said to be enough.
func bounds(t *testing.T, h history.History) (lower, upper int) {
	t.Helper()
	wide := slices.Clone(h)
	for range SearchOps { // fresh reads, which change nothing
		wide = append(wide, read(0, 1<<40, 1<<40, 1<<40))
	}
	wide = append(wide, write(0, 1<<40, 1<<40-1, 1<<40))
	got := Measure(wide).Removal
	if linear.Check(without(wide, got.Ops, -1), judge.Budget{}).Verdict != judge.Holds {
		t.Fatalf("without %v it is not linearizable:\n%s", got.Ops, dump(h))
	}
	return got.Lower, got.Upper
}

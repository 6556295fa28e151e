package atomicity

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
)

func FuzzMeasure(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(tape(rng))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkTape(t, data) })
}

func TestAnyHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		checkTape(t, tape(rng))
	}
}

func tape(rng *rand.Rand) []byte {
	data := make([]byte, 1+4*(1+rng.IntN(8)))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// checkTape compares all scores of a tiny history with their definitions.
func checkTape(t *testing.T, data []byte) {
	t.Helper()
	if len(data) == 0 {
		return
	}
	f := families[int(data[0])%len(families)]
	h := executiontest.Distinct(data[1:], 7, 7, 1, f.kinds...)
	s := Measure(h)
	checkDistance(t, "Delta", s.Delta, h, shifted)
	checkDistance(t, "Gamma", s.Gamma, h, widened)
	checkParts(t, &s, h)
	alone := MeasureDelta(h)
	if want := (Shift{s.Delta, s.Late, s.Wrong, s.Reads, s.Skipped, s.Unjudged}); !reflect.DeepEqual(alone, want) {
		t.Fatalf("Delta alone is %+v, with the rest %+v, for\n%s", alone, want, dump(h))
	}
	if s.K.Unjudged > 0 {
		return
	}
	holds := linear.Check(h, judge.Budget{}).Verdict == judge.Holds
	if k, known := s.K.Exact(); holds != (known && k == 1) || holds != (s.Removal.Upper == 0) || holds != (s.Removal.Lower == 0) {
		t.Fatalf("linearizable: %v, but k is %+v and %+v are too many, for\n%s", holds, s.K, s.Removal, dump(h))
	}
	if want := plainK(h); s.K.Infinite != (want == 0) || want > 0 && (s.K.Lower > want || s.K.Upper < want) {
		t.Fatalf("k is %+v, want %d, for\n%s", s.K, want, dump(h))
	}
	if want := plainRemoval(h); s.Removal.Lower > want || s.Removal.Upper < want {
		t.Fatalf("%+v are too many, want %d, for\n%s", s.Removal, want, dump(h))
	}
	if rest := without(h, s.Removal.Ops, -1); linear.Check(rest, judge.Budget{}).Verdict != judge.Holds {
		t.Fatalf("without %v it is not linearizable:\n%s", s.Removal.Ops, dump(h))
	}
}

// What one key needs, all need: each score of several keys is the greatest of theirs,
// or their sum.
func TestKeysAreIndependent(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		f := families[rng.IntN(len(families))]
		h := executiontest.Distinct(tape(rng)[1:], 8, 8, 3, f.kinds...)
		all, most, k, removal := Measure(h), Score{}, 1, 0
		for _, key := range []string{"x", "y", "z"} {
			var part history.History
			for i := range h {
				if h[i].Key == key {
					part = append(part, h[i])
				}
			}
			s := Measure(part)
			most.Delta.Time, most.Gamma.Time = max(most.Delta.Time, s.Delta.Time), max(most.Gamma.Time, s.Gamma.Time)
			k, removal = max(k, s.K.Lower), removal+s.Removal.Lower
		}
		if all.Delta.Time != most.Delta.Time || all.Gamma.Time != most.Gamma.Time || all.K.Lower != k || all.Removal.Lower != removal {
			t.Fatalf("%+v, by keys %+v, k %d, removal %d, for\n%s", all, most, k, removal, dump(h))
		}
	}
}

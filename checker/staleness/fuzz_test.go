package staleness

import (
	"math/rand/v2"
	"reflect"
	"slices"
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
	for range 5000 {
		checkTape(t, tape(rng))
	}
}

func tape(rng *rand.Rand) []byte {
	data := make([]byte, 1+4*(1+rng.IntN(20)))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// checkTape compares the stale reads of a history of two keys with the definition,
// key by key, and checks what follows from it.
func checkTape(t *testing.T, data []byte) {
	t.Helper()
	if len(data) == 0 {
		return
	}
	kind, plain := history.Write, plainRegister
	if data[0]%2 == 1 {
		kind, plain = history.Append, plainList
	}
	h := executiontest.Distinct(data[1:], 20, 4, 2, history.Read, kind)
	s := Measure(h)
	var want []Stale
	for _, key := range []string{"x", "y"} {
		part, at := judgeable(h, key, kind == history.Append && changed(h, key))
		for _, x := range plain(part) {
			want = append(want, Stale{Op: at[x.Op], Newer: at[x.Newer], Age: x.Age, Versions: x.Versions})
		}
	}
	slices.SortFunc(want, func(a, b Stale) int { return a.Op - b.Op })
	if !same(s.Stale, want) {
		t.Fatalf("got %+v, want %+v for\n%s", s.Stale, want, dump(h))
	}
	if len(s.Stale) > 0 && linear.Check(h, judge.Budget{}).Verdict != judge.Violated {
		t.Fatalf("stale reads %+v in a linearizable history:\n%s", s.Stale, dump(h))
	}
	fresh := 0
	for _, x := range s.Samples {
		if x.Since <= 0 {
			t.Fatalf("%+v was taken before the write that it is about:\n%s", x, dump(h))
		}
		if x.Fresh {
			fresh++
		}
	}
	reads := 0
	for i := range h {
		if h[i].Observes() {
			reads++
		}
	}
	if s.Reads+s.Unexplained+s.Skipped != reads || s.Ranked != 0 || len(s.Samples)-fresh > len(s.Stale) {
		t.Fatalf("%+v counts %d reads wrongly:\n%s", s, reads, dump(h))
	}
	if again := Measure(h); !reflect.DeepEqual(s, again) {
		t.Fatalf("scored twice: %+v and %+v", s, again)
	}
}

// changed reports whether something may have changed the key. What was only read is a register.
func changed(h history.History, key string) bool {
	return slices.ContainsFunc(h, func(o history.Op) bool { return o.Key == key && o.MayMutate() })
}

// judgeable returns the operations on a key that count, and where they are in h: no
// failed ones, and no reads of a number that nobody may have written.
func judgeable(h history.History, key string, lists bool) (part history.History, at []int) {
	written := []int64{0}
	for i := range h {
		if h[i].Key == key && h[i].MayMutate() {
			written = append(written, h[i].In.Num)
		}
	}
	for i := range h {
		explained := slices.Contains(written, h[i].Out.Num) && !(lists && h[i].Out.Num != 0)
		for _, x := range h[i].Out.List {
			explained = explained && slices.Contains(written, x)
		}
		if h[i].Key == key && (h[i].MayMutate() || h[i].Observes() && explained) {
			part, at = append(part, h[i]), append(at, i)
		}
	}
	return part, at
}

package checker

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/linear"
)

func sourceOf(h history.History) linear.Source {
	return func(yield func(*history.Op) bool) error {
		for i := range h {
			if !yield(&h[i]) {
				break
			}
		}
		return nil
	}
}

// A client that read nothing at the instant at which its write was answered did so
// after it: while the history goes by, that is no more linearizable than as a whole.
func TestStreamKeepsTheOrderOfClients(t *testing.T) {
	h := history.History{
		{Client: 1, Kind: history.Write, Key: "x", In: history.Num(1), Call: 0, Return: 1, Status: history.OK},
		{Client: 1, Kind: history.Read, Key: "x", Call: 1, Return: 2, Status: history.OK},
	}
	if r, err := linear.CheckStream(sourceOf(h)); err != nil || r.Verdict != Holds {
		t.Fatalf("as intervals they overlap: %v, %v", r.Verdict, err)
	}
	if r, err := CheckStream(sourceOf(h)); err != nil || r.Verdict == Holds || r.Unfit == "" {
		t.Errorf("%v %q, %v", r.Verdict, r.Unfit, err)
	}
	h[1].Out = history.Num(1)
	if r, err := CheckStream(sourceOf(h)); err != nil || r.Verdict != Holds {
		t.Errorf("with what was written: %v %q, %v", r.Verdict, r.Unfit, err)
	}
}

// Whatever the stream decides is what the whole history is judged to be.
func TestStreamAgreesWithTheWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	decided := map[Verdict]int{}
	for range 20_000 {
		h := closedLoop(rng)
		r, err := CheckStream(sourceOf(h))
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict == Undecided {
			continue
		}
		decided[r.Verdict]++
		if want := CheckLevel(Linearizable, h, Budget{}); want.Verdict != r.Verdict {
			t.Fatalf("%v by the way, %v as a whole:\n%v", r.Verdict, want.Verdict, h)
		}
	}
	if decided[Holds] < 1000 || decided[Violated] < 1000 {
		t.Errorf("hardly anything was decided: %v", decided)
	}
}

// closedLoop is a history of clients that ask again at the instant of the answer, or soon after.
func closedLoop(rng *rand.Rand) (h history.History) {
	written := int64(0)
	for c := range 1 + rng.IntN(3) {
		at := history.Time(rng.IntN(3))
		for range 1 + rng.IntN(3) {
			op := history.Op{Client: c, Kind: history.Read, Key: "x", Call: at, Return: at + history.Time(rng.IntN(3)), Status: history.OK}
			if rng.IntN(2) == 0 {
				written++
				op.Kind, op.In = history.Write, history.Num(written)
			}
			h = append(h, op)
			at = op.Return + history.Time(rng.IntN(2))
		}
	}
	for i := range h {
		if h[i].Kind == history.Read && written > 0 {
			if v := rng.Int64N(written + 1); v > 0 {
				h[i].Out = history.Num(v)
			}
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

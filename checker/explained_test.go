package checker

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"faultline/checker/atomicity"
	"faultline/checker/history"
	"faultline/checker/keys"
	"faultline/checker/linear"
	"faultline/checker/staleness"
)

// told is a history in which each operation takes effect at one instant between its
// call and its return, and its version tells which: it is explained, but for
// operations that take no time.
func told(rng *rand.Rand) history.History {
	clients, keys := 1+rng.IntN(4), 1+rng.IntN(3)
	free := make([]history.Time, clients) // when each may call again
	type cell struct{ value, version int64 }
	cells := make([]cell, keys)
	type step struct {
		at history.Time
		op int
	}
	var steps []step
	h := make(history.History, rng.IntN(30))
	for i := range h {
		c := rng.IntN(clients)
		op := &h[i]
		*op = history.Op{Client: c, Process: c, Key: string(rune('x' + rng.IntN(keys))), Kind: history.Kind(rng.IntN(2)), Status: history.OK}
		op.Call = free[c] + history.Time(rng.IntN(3))
		op.Return = op.Call + 1 + history.Time(rng.IntN(9))
		at := op.Call + history.Time(rng.IntN(int(op.Return-op.Call)))
		free[c] = op.Return
		if rng.IntN(12) == 0 { // it may take effect long after, or never
			op.Status, op.Return = history.Unknown, history.Never
			at += history.Time(rng.IntN(20))
		}
		if op.Status == history.OK || rng.IntN(2) == 0 {
			steps = append(steps, step{at, i})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return int(a.at - b.at) })
	for n, s := range steps {
		op := &h[s.op]
		c := &cells[op.Key[0]-'x']
		if op.Kind == history.Write {
			*c = cell{int64(s.op + 1), int64(n + 1)}
			op.In = history.Num(c.value)
		}
		if op.Status == history.OK {
			op.Version = history.Version{Major: c.version}
		}
		if op.Kind == history.Read {
			op.Out = history.Num(c.value)
		}
	}
	for i := range h {
		if h[i].Kind == history.Write && h[i].In.IsZero() { // never took effect
			h[i].In = history.Num(int64(i + 1))
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// disturb makes something of a history untrue.
func disturb(rng *rand.Rand, h history.History) {
	for range 1 + rng.IntN(2) {
		a, b := &h[rng.IntN(len(h))], &h[rng.IntN(len(h))]
		switch rng.IntN(8) {
		case 0: // a read of something else
			a.Out, a.Version = b.Out, b.Version
		case 1:
			a.Version, b.Version = b.Version, a.Version
		case 2:
			if a.Status != history.Unknown {
				a.Return = max(a.Call, a.Return-history.Time(rng.IntN(6)))
			}
		case 3:
			a.Call = min(a.Return, a.Call+history.Time(rng.IntN(6)))
		case 4:
			a.Status = history.Status(rng.IntN(3))
			switch {
			case a.Status == history.Unknown:
				a.Return = history.Never
			case a.Return == history.Never:
				a.Return = a.Call + history.Time(rng.IntN(20))
			}
		case 5:
			a.In = b.In
		case 6:
			a.Kind, a.Expect, a.Swapped, a.Blind = history.CAS, b.Out, rng.IntN(2) == 0, rng.IntN(2) == 0
		case 7: // nobody knows the versions, or no write was acknowledged either
			all := rng.IntN(2) == 0
			for i := range h {
				h[i].Version = history.Version{}
				if all && h[i].Kind == history.Write {
					h[i].Status, h[i].Return = history.Unknown, history.Never
				}
			}
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
}

// What is explained must have no fault by any other way of judging it; and what is
// as it was told must be explained, unless it took no time.
func TestWhatIsExplainedHasNoFault(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	count := map[bool]int{}
	missed := 0
	for range 30_000 {
		h := told(rng)
		disturbed := len(h) > 0 && rng.IntN(2) == 0
		if disturbed {
			disturb(rng, h)
		}
		all := keys.Of(h)
		is := new(spans).explained(h, all)
		count[is]++
		if !is {
			if !disturbed {
				t.Fatalf("not explained: %v", h)
			}
			if linear.Check(h, Budget{}).Verdict == Holds {
				missed++
			}
			continue
		}
		faultFree(t, h, all)
	}
	if count[true] < 15_000 || count[false] < 5_000 {
		t.Errorf("%d histories were explained and %d were not: the generator is lopsided", count[true], count[false])
	}
	t.Logf("%d were explained, %d were not, %d of these are linearizable", count[true], count[false], missed)
}

func faultFree(t *testing.T, h history.History, all []keys.Key) {
	t.Helper()
	if s := atomicity.MeasureKeys(h, all); !reflect.DeepEqual(s, faultless(all)) {
		t.Fatalf("atomicity %+v of %v", s, h)
	}
	r := LevelsBelow(linear.Check(h, Budget{}), h, all, Budget{})
	for _, l := range r.Levels {
		if l.Verdict != Holds || l.From == "" && l.Level != Linearizable {
			t.Fatalf("%+v of %v", l, h)
		}
	}
	for _, s := range r.Sessions {
		if s.Broken > 0 {
			t.Fatalf("%+v of %v", s, h)
		}
	}
	s := Score(Run{History: h})
	if len(s.Detail.Losses.Dropped) > 0 {
		t.Fatalf("%+v of %v", s.Detail, h)
	}
	if looked := staleness.MeasureKeys(h, all); looked.Unexplained > 0 || !reflect.DeepEqual(looked, s.Detail.Staleness) {
		t.Fatalf("staleness %+v where it is looked for, %+v where it is not, of %v", looked, s.Detail.Staleness, h)
	}
}

// Runs that are scored one after the other in the same memory are scored as in memory of their own.
func TestScorerForgets(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var scorer Scorer
	for range 5_000 {
		r := random(rng)
		switch rng.IntN(3) {
		case 0:
			r.History = told(rng)
		case 1:
			if r.History = told(rng); len(r.History) > 0 {
				disturb(rng, r.History)
			}
		}
		got, want := scorer.Score(r), Score(r)
		for i := range want.Detail.Keys { // where there is room for ranks is not compared
			a, known := got.Detail.Keys[i].Ranks(r.History)
			b, also := want.Detail.Keys[i].Ranks(r.History)
			if !slices.Equal(a.Writes, b.Writes) || !slices.Equal(a.Reads, b.Reads) || a.Count != b.Count || known != also {
				t.Fatalf("key %d has the ranks %v, want %v", i, a, b)
			}
		}
		got.Detail.Keys, want.Detail.Keys = nil, nil
		if a, b := fmt.Sprintf("%+v", got.Detail), fmt.Sprintf("%+v", want.Detail); a != b {
			t.Fatalf("the same memory: %s\nits own: %s\nof %v", a, b, r.History)
		}
		got.Detail, want.Detail = Detail{}, Detail{}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("the same memory: %+v\nits own: %+v\nof %v", got, want, r.History)
		}
	}
}

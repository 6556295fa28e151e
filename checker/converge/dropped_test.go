package converge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
)

// A write with a clock that is behind, after the newer one was acknowledged.
func TestDropped(t *testing.T) {
	h := history.History{
		at(5, write(1, 0, 10)),
		at(2, write(2, 11, 20)), // dropped
		at(3, write(3, 9, 20)),  // concurrent with the first: lost nothing that it could have known
		at(1, write(4, 10, 20)), // begins as the first ends: no order is certain
		at(9, write(5, 25, 60)),
		at(9, read(5, 30, 40)),
		at(7, write(6, 41, 50)), // dropped: 5 was in place, for it was read
		at(10, write(7, 60, 70)),
	}
	l := LostWrites(h, history.History{at(10, final(7))})
	if want := []Dropped{{1, 0}, {6, 5}}; !slices.Equal(l.Dropped, want) || len(l.Lost) != 0 {
		t.Errorf("%+v, want %v dropped", l, want)
	}
	l = LostWrites(h[:7], history.History{at(9, final(5))})
	if want := []Dropped{{1, 0}}; !slices.Equal(l.Dropped, want) || len(l.Lost) != 1 {
		t.Errorf("%+v, want %v dropped, and the last lost, not both", l, want)
	}
}

// Dropped writes are those of the definition, for random orders of versions.
func TestDroppedAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	some := 0
	for range 5000 {
		h, finals := history.History{}, history.History{}
		for i, major := range rng.Perm(1 + rng.IntN(8)) {
			call := history.Time(rng.IntN(30))
			h = append(h, at(int64(major+1), write(int64(i+1), call, call+history.Time(rng.IntN(10)))))
			if rng.IntN(2) == 0 {
				h = append(h, at(int64(major+1), read(int64(i+1), call+1, call+history.Time(2+rng.IntN(20)))))
			}
		}
		finals = append(finals, at(h[0].Version.Major, final(h[0].In.Num)))
		l := LostWrites(h, finals)
		var want []int
		for i := range h {
			below := func(o history.Op) bool { return o.Return < h[i].Call && o.Version.Compare(h[i].Version) > 0 }
			if h[i].Kind == history.Write && slices.ContainsFunc(h, below) && !l.lost(i) {
				want = append(want, i)
			}
		}
		var got []int
		for _, d := range l.Dropped {
			got = append(got, d.Op)
			if by := h[d.By]; by.Return >= h[d.Op].Call || by.Version.Compare(h[d.Op].Version) <= 0 {
				t.Fatalf("%v proves nothing of %v", by, h[d.Op])
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("dropped %v, want %v, of\n%v", got, want, h)
		}
		some += min(len(got), 1)
	}
	if some < 1000 {
		t.Errorf("only %d histories with dropped writes", some)
	}
}

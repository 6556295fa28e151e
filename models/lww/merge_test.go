package lww

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

func bareReplica(mutant string) *replica {
	return newReplica(store.Config{Replicas: []sim.NodeID{0, 1, 2}, Values: Model.Defaults(nil), Mutant: mutant})
}

// stamps are few, so that they often agree in part.
var stamps = rapid.Custom(func(t *rapid.T) stamp {
	return stamp{
		sim.Time(rapid.IntRange(-2, 2).Draw(t, "time")), rapid.Uint32Range(0, 1).Draw(t, "count"),
		sim.NodeID(rapid.IntRange(0, 2).Draw(t, "node")), rapid.Uint64Range(1, 2).Draw(t, "life"),
	}
})

var versions = rapid.SliceOf(rapid.Custom(func(t *rapid.T) *version {
	s := stamps.Draw(t, "stamp")
	return &version{Key: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "key"), Stamp: s, Value: history.Num(int64(s.time))}
}))

// agree gives two replicas the same versions, some of them twice, each in an
// order of its own, and reports whether they hold the same in the end.
func agree(t *rapid.T, mutant string) bool {
	list := versions.Draw(t, "versions")
	list = append(list, list[:len(list)/2]...)
	a, b := bareReplica(mutant), bareReplica(mutant)
	for _, v := range list {
		a.keep(v)
	}
	for _, v := range rapid.Permutation(list).Draw(t, "order") {
		b.keep(v)
	}
	for _, v := range a.held.Rows() {
		if b.held.Get(v.Key).Stamp != v.Stamp {
			return false
		}
	}
	if !slices.Equal(a.held.Digest(), b.held.Digest()) {
		t.Fatalf("digests of the same differ: %v and %v", a.held.Rows(), b.held.Rows())
	}
	return true
}

// Replicas that have seen the same versions hold the same, whatever the order
// and the duplicates. Stores whose rule is broken do not.
func TestMergeOrderDoesNotMatter(t *testing.T) {
	for mutant, broken := range map[string]bool{"": false, "arrival-order": true, "no-tie-break": true} {
		apart := false
		rapid.Check(t, func(t *rapid.T) { apart = !agree(t, mutant) || apart })
		if apart != broken {
			t.Errorf("%q: replicas came out apart: %v", mutant, apart)
		}
	}
}

// Checkers see the order of the stamps.
func TestPlacesCompareAsStamps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := stamps.Draw(t, "a"), stamps.Draw(t, "b")
		if got := a.Place().Compare(b.Place()); got < 0 != a.less(b) || got > 0 != b.less(a) {
			t.Fatalf("places of %v and %v compare as %d", a, b, got)
		}
		if (history.Version{}).Compare(a.Place()) >= 0 {
			t.Fatalf("the place of %v is not above that of the initial value", a)
		}
	})
}

// The stamps of one replica differ, and those of a hybrid clock grow beyond all
// that were made or seen, wherever the wall clock is set.
func TestStampsOfOneReplica(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stamper{hybrid: rapid.Bool().Draw(t, "hybrid"), granularity: time.Duration(rapid.IntRange(1, 10).Draw(t, "granularity")), life: 7}
		var highest stamp
		all := map[stamp]bool{}
		for i, wall := range rapid.SliceOf(rapid.Int64Range(-50, 50)).Draw(t, "clock") {
			if rapid.Bool().Draw(t, "hears") {
				from := stamps.Draw(t, "from")
				s.saw(from)
				highest = later(highest, from)
			}
			made := s.next(sim.Time(wall))
			if all[made] {
				t.Fatalf("stamp %d is %v again", i, made)
			}
			all[made] = true
			if s.hybrid && !highest.less(made) {
				t.Fatalf("stamp %d is %v, not above %v", i, made, highest)
			}
			highest = later(highest, made)
		}
	})
}

func later(s, t stamp) stamp {
	if s.less(t) {
		return t
	}
	return s
}

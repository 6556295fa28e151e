package abd

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

var tags = rapid.Custom(func(t *rapid.T) tag {
	return tag{rapid.Uint64Range(0, 3).Draw(t, "counter"), rapid.Uint64Range(1, 2).Draw(t, "round"), sim.NodeID(rapid.IntRange(0, 2).Draw(t, "writer"))}
})

// versions draws a few versions of a few keys, some of them twice.
func versions(t *rapid.T) []*version {
	list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) *version {
		tag := tags.Draw(t, "tag")
		return &version{Key: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "key"), Stamp: tag, Value: history.Num(int64(tag.counter))}
	})).Draw(t, "versions")
	return append(list, list[:len(list)/2]...)
}

func keeperOf(list []*version) *replica {
	r := newReplica(store.Config{Replicas: []sim.NodeID{0, 1, 2}, Values: Model.Defaults(nil)})
	for _, v := range list {
		r.keep(v)
	}
	return r
}

// Replicas that were given the same versions hold the same, whatever the order, and their digests say so.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := versions(t)
		first, second := keeperOf(list), keeperOf(rapid.Permutation(list).Draw(t, "order"))
		if !slices.Equal(first.held.Digest(), second.held.Digest()) {
			t.Fatalf("digests differ: %v and %v", first.held.Rows(), second.held.Rows())
		}
		for _, v := range first.held.Rows() {
			if got := second.held.Get(v.Key); got.Stamp != v.Stamp {
				t.Fatalf("%v and %v", v, got)
			}
		}
	})
}

// Checkers see the order of the tags.
func TestPlacesCompareAsTags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := tags.Draw(t, "a"), tags.Draw(t, "b")
		if got := a.Place().Compare(b.Place()); got < 0 != a.less(b) || got > 0 != b.less(a) {
			t.Fatalf("places of %v (round %d) and %v (round %d) compare as %d", a, a.round, b, b.round, got)
		}
	})
}

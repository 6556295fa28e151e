package abd

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/sim"
)

var tags = rapid.Custom(func(t *rapid.T) tag {
	return tag{rapid.Uint64Range(0, 3).Draw(t, "counter"), rapid.Uint64Range(1, 2).Draw(t, "round"), sim.NodeID(rapid.IntRange(0, 2).Draw(t, "writer"))}
})

// versions draws a few versions of a few keys, some of them twice.
func versions(t *rapid.T) []*version {
	list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) *version {
		tag := tags.Draw(t, "tag")
		return &version{rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "key"), tag, history.Num(int64(tag.counter))}
	})).Draw(t, "versions")
	return append(list, list[:len(list)/2]...)
}

func tableOf(list []*version) table {
	t := newTable()
	for _, v := range list {
		t.put(v)
	}
	return t
}

// Tables that were given the same versions hold the same, whatever the order, and their digests say so.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := versions(t)
		first, second := tableOf(list), tableOf(rapid.Permutation(list).Draw(t, "order"))
		if first.sums != second.sums {
			t.Fatalf("digests differ: %v and %v", first.rows, second.rows)
		}
		for _, v := range first.rows {
			if got := second.get(v.key); got.tag != v.tag {
				t.Fatalf("%v and %v", v, got)
			}
		}
	})
}

// What two tables hand each other because their digests differ makes them alike.
func TestDigestsTellDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := tableOf(versions(t)), tableOf(versions(t))
		for _, v := range b.differing(&a.sums) {
			a.put(v)
		}
		for _, v := range a.differing(&b.sums) {
			b.put(v)
		}
		if a.sums != b.sums || len(a.rows) != len(b.rows) {
			t.Fatalf("after an exchange both ways: %v and %v", a.rows, b.rows)
		}
	})
}

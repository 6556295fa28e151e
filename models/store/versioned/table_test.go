package versioned

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/sim"
)

// number is the simplest stamp: the greater wins.
type number uint64

func (n number) Fingerprint(h uint64) uint64 { return sim.Mix(h ^ uint64(n)) }
func (n number) Place() history.Version      { return history.Version{Major: int64(n)} }
func (n number) String() string              { return fmt.Sprintf("#%d", uint64(n)) }

const buckets = 4

// versions draws a few versions of a few keys, some of them twice.
func versions(t *rapid.T) []*Version[number] {
	list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) *Version[number] {
		n := rapid.Uint64Range(1, 5).Draw(t, "number")
		return &Version[number]{rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "key"), number(n), history.Num(int64(n))}
	})).Draw(t, "versions")
	return append(list, list[:len(list)/2]...)
}

// merge puts the versions that are newer than what the table holds, as a store does.
func merge(t *Table[number], list []*Version[number]) {
	for _, v := range list {
		if t.Get(v.Key).Stamp < v.Stamp {
			t.Put(v)
		}
	}
}

func tableOf(list []*Version[number]) *Table[number] {
	t := NewTable(buckets, &Version[number]{})
	merge(&t, list)
	return &t
}

// Tables that were given the same versions hold the same, whatever the order, and their digests say so.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := versions(t)
		first, second := tableOf(list), tableOf(rapid.Permutation(list).Draw(t, "order"))
		if !slices.Equal(first.Digest(), second.Digest()) {
			t.Fatalf("digests differ: %v and %v", first.Rows(), second.Rows())
		}
		for _, v := range first.Rows() {
			if got := second.Get(v.Key); got.Stamp != v.Stamp {
				t.Fatalf("%v and %v", v, got)
			}
		}
	})
}

// What two tables hand each other because their digests differ makes them alike.
func TestDigestsTellDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := tableOf(versions(t)), tableOf(versions(t))
		merge(a, b.Differing(a.Digest()))
		merge(b, a.Differing(b.Digest()))
		if !slices.Equal(a.Digest(), b.Digest()) || a.Len() != b.Len() {
			t.Fatalf("after an exchange both ways: %v and %v", a.Rows(), b.Rows())
		}
	})
}

// What is removed leaves no trace in the digest, and everything else in its place.
func TestRemoveUndoesPut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := versions(t)
		with, without := tableOf(list), tableOf(slices.DeleteFunc(slices.Clone(list), func(v *Version[number]) bool { return v.Key == "y" }))
		if with.Get("y").Key != "" {
			with.Remove("y")
		}
		if !slices.Equal(with.Digest(), without.Digest()) || with.Len() != without.Len() {
			t.Fatalf("without y: %v; after removing it: %v", without.Rows(), with.Rows())
		}
		for _, v := range without.Rows() {
			if with.Get(v.Key).Stamp != v.Stamp {
				t.Fatalf("%v became %v", v, with.Get(v.Key))
			}
		}
	})
}

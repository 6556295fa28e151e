package versioned

import (
	"fmt"
	"slices"
	"strings"
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

// keys are many, so that they share slots.
var keys = strings.Split("abcdefghijklmnopqrstuvwxyz", "")

// versions draws a few versions of a few keys, some of them twice.
func versions(t *rapid.T) []*Version[number] {
	list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) *Version[number] {
		n := rapid.Uint64Range(1, 5).Draw(t, "number")
		return &Version[number]{Key: rapid.SampledFrom(keys).Draw(t, "key"), Stamp: number(n), Value: history.Num(int64(n))}
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

// A table holds what a map would, whatever is put and removed.
func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, dumb := NewTable(buckets, &Version[number]{}), map[string]number{}
		for n := range rapid.IntRange(0, 200).Draw(t, "steps") {
			key := rapid.SampledFrom(keys).Draw(t, "key")
			if _, held := dumb[key]; held && rapid.Bool().Draw(t, "remove") {
				table.Remove(key)
				delete(dumb, key)
			} else {
				table.Put(&Version[number]{Key: key, Stamp: number(n + 1)})
				dumb[key] = number(n + 1)
			}
			for _, key := range keys {
				if got := table.Get(key); got.Stamp != dumb[key] || got.Stamp != table.Of(&Version[number]{Key: key}).Stamp {
					t.Fatalf("%s is %v, want %v", key, got.Stamp, dumb[key])
				}
			}
		}
		if table.Len() != len(dumb) {
			t.Fatalf("%d keys, want %d", table.Len(), len(dumb))
		}
	})
}

// A round is found while it is open, and only then; dropping what is finished moves nothing.
func TestRoundsAreFoundWhileOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type op struct{ round uint64 }
		var r Rounds[op]
		r.Begin(sim.NewStream(rapid.Uint64().Draw(t, "seed"), "rounds"))
		first, open := r.Next(), map[uint64]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch last := r.Next() - 1; rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				o := r.New()
				o.round = r.Next()
				open[o.round] = true
				r.Add(o)
			case 2:
				if round := rapid.Uint64Range(first-1, last).Draw(t, "round"); open[round] {
					done := r.Find(round)
					r.Finish(round)
					r.Recycle(done)
					delete(open, round)
				}
			case 3:
				r.Open()
			}
			for round := first - 1; round <= r.Next(); round++ {
				if got := r.Find(round); open[round] != (got != nil) || got != nil && got.round != round {
					t.Fatalf("round %d: found %v, open %v", round, got, open[round])
				}
			}
		}
	})
}

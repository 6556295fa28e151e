package quorum

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/models/store"
	"faultline/sim"
)

// Every key has n homes that follow each other on the ring, and its bucket tells its segment.
func TestRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		replicas := rapid.IntRange(1, 9).Draw(t, "replicas")
		n := rapid.IntRange(1, replicas).Draw(t, "n")
		cfg := store.Config{Values: store.Values{"copies": n}}
		for id := range replicas {
			cfg.Replicas = append(cfg.Replicas, sim.NodeID(10*id))
		}
		g, key := newRing(cfg), rapid.String().Draw(t, "key")
		first, homes := g.first(key), 0
		for place := range replicas {
			id := g.at(first, place)
			if g.place(first, id) != place {
				t.Fatalf("place %d of %q is %d, whose place is %d", place, key, id, g.place(first, id))
			}
			if g.isHome(first, id) {
				homes++
			}
		}
		if homes != n {
			t.Fatalf("%q has %d homes, want %d", key, homes, n)
		}
		if got := bucketOf(t, newTable(cfg), key) % replicas; got != first {
			t.Fatalf("the bucket of %q is in segment %d, want %d", key, got, first)
		}
	})
}

// bucketOf returns the bucket in which a table, which is empty, puts a key.
func bucketOf(t *rapid.T, table table, key string) int {
	empty := table.Digest()
	table.Put(&version{Key: key, Stamp: stamp{1, 1, 1}})
	var bucket []int
	table.DifferingIn(empty, func(b int) bool { bucket = append(bucket, b); return true })
	if len(bucket) != 1 {
		t.Fatalf("%q changes the buckets %v, want one", key, bucket)
	}
	return bucket[0]
}

package quorum

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A table agrees with a plain map, and its digest with one that is summed anew.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, plain := newTable(3), map[string]*version{}
		for i := range rapid.IntRange(0, 30).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"x", "y", "z", "u"}).Draw(t, "key")
			if _, there := plain[key]; there && rapid.Bool().Draw(t, "remove") {
				table.remove(key)
				delete(plain, key)
				continue
			}
			v := &version{key, stamp{sim.Time(i), 1, 1}, history.Num(int64(i))}
			table.put(v)
			plain[key] = v
		}
		anew := newTable(3)
		for _, v := range plain {
			anew.put(v)
			if table.get(v.key) != v {
				t.Fatalf("%s: %v, want %v", v.key, table.get(v.key), v)
			}
		}
		if len(table.rows) != len(plain) {
			t.Fatalf("%d rows, want %d", len(table.rows), len(plain))
		}
		for b, sum := range anew.sums {
			if table.sums[b] != sum {
				t.Fatalf("bucket %d: %x, want %x", b, table.sums[b], sum)
			}
		}
	})
}

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
		table := newTable(replicas)
		if got := int(table.bucket(hash(key))) % replicas; got != first {
			t.Fatalf("the bucket of %q is in segment %d, want %d", key, got, first)
		}
	})
}

package converge

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// A Replica is what one replica holds in the end.
type Replica struct {
	Node  int
	Items []Item // in any order, each key once; keys left out hold the initial value

	// Home reports whether the replica is one of those that hold the key. Nil: it holds all keys.
	Home func(key string) bool
}

// An Item is what a replica holds for one key.
type Item struct {
	Key   string
	Value history.Value
}

// A Difference is a key on which replicas differ.
type Difference struct {
	Key    string
	Values []history.Value // of the replicas that hold the key, in the order in which they were given
}

// Divergence returns the keys on which not all replicas that hold them hold the
// same value, sorted by key.
func Divergence(replicas []Replica) []Difference {
	type held struct {
		replica int
		Item
	}
	n := 0
	for _, rep := range replicas {
		n += len(rep.Items)
	}
	all := make([]held, 0, n)
	for r, rep := range replicas {
		for _, item := range rep.Items {
			all = append(all, held{r, item})
		}
	}
	slices.SortStableFunc(all, func(a, b held) int { return cmp.Compare(a.Key, b.Key) })
	var out []Difference
	values, holders := make([]history.Value, len(replicas)), make([]history.Value, 0, len(replicas))
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Key == all[0].Key {
			n++
		}
		clear(values)
		for _, x := range all[:n] {
			values[x.replica] = x.Value
		}
		key := all[0].Key
		holders = holders[:0]
		for r, rep := range replicas {
			if rep.Home == nil || rep.Home(key) {
				holders = append(holders, values[r])
			}
		}
		if !agree(holders) {
			out = append(out, Difference{key, slices.Clone(holders)})
		}
		all = all[n:]
	}
	return out
}

func agree(values []history.Value) bool {
	return !slices.ContainsFunc(values, func(v history.Value) bool { return !v.Equal(values[0]) })
}

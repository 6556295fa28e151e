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
}

// An Item is what a replica holds for one key.
type Item struct {
	Key   string
	Value history.Value
}

// A Difference is a key on which replicas differ.
type Difference struct {
	Key    string
	Values []history.Value // by replica, in the order in which they were given
}

// Divergence returns the keys on which not all replicas hold the same value,
// sorted by key.
func Divergence(replicas []Replica) []Difference {
	type held struct {
		replica int
		Item
	}
	var all []held
	for r, rep := range replicas {
		for _, item := range rep.Items {
			all = append(all, held{r, item})
		}
	}
	slices.SortStableFunc(all, func(a, b held) int { return cmp.Compare(a.Key, b.Key) })
	var out []Difference
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Key == all[0].Key {
			n++
		}
		d := Difference{Key: all[0].Key, Values: make([]history.Value, len(replicas))}
		for _, x := range all[:n] {
			d.Values[x.replica] = x.Value
		}
		if !d.agrees() {
			out = append(out, d)
		}
		all = all[n:]
	}
	return out
}

func (d *Difference) agrees() bool {
	return !slices.ContainsFunc(d.Values, func(v history.Value) bool { return !v.Equal(d.Values[0]) })
}

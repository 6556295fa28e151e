package linear

import (
	"slices"

	"faultline/checker/history"
)

// groups are the operations that matter, key by key, each in order of call.
type groups struct {
	ops   []int32
	start []int32 // where each key begins in ops, and where the last one ends
}

func (g *groups) keys() int { return len(g.start) - 1 }

func (g *groups) key(k int) []int32 { return g.ops[g.start[k]:g.start[k+1]] }

// A numbering gives each key a number, in order of first appearance.
type numbering struct {
	number map[string]int32
	count  []int32 // how often each key was asked for

	last       string // the key asked for before, to save a look-up
	lastNumber int32
}

// of returns the number of the key, and counts it.
func (n *numbering) of(key string) int32 {
	if len(n.count) == 0 || key != n.last {
		n.look(key)
	}
	n.count[n.lastNumber]++
	return n.lastNumber
}

// look makes key the one asked for last. Most histories have one key: they need no map.
func (n *numbering) look(key string) {
	if n.number == nil && len(n.count) > 0 {
		n.number = map[string]int32{n.last: n.lastNumber}
	}
	k, ok := n.number[key]
	if !ok {
		k = int32(len(n.count))
		if n.number != nil {
			n.number[key] = k
		}
		n.count = append(n.count, 0)
	}
	n.last, n.lastNumber = key, k
}

// groupByKey sorts operations by key, by counting.
func groupByKey(h history.History) groups {
	const skip = -1
	var keys numbering
	both := make([]int32, 2*len(h)) // one allocation for two
	keyOf := both[:len(h)]
	for i := range h {
		keyOf[i] = skip
		if matters(&h[i]) {
			keyOf[i] = keys.of(h[i].Key)
		}
	}
	g := groups{start: make([]int32, len(keys.count)+1)}
	for k, n := range keys.count {
		g.start[k+1] = g.start[k] + n
	}
	g.ops = both[len(h):][:g.start[len(keys.count)]]
	next := slices.Clone(g.start) // where the next operation of each key goes
	for i, k := range keyOf {
		if k != skip {
			g.ops[next[k]] = int32(i)
			next[k]++
		}
	}
	return g
}

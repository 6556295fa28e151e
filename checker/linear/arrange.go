package linear

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// arrange puts the operations of a linearizable register or list into an order
// that shows it. A block stands where it must begin: forward ones at their first
// return, others at their last call, which is before it. For if A must come
// before B, f(A) < s(B), and not the other way round, s(A) <= f(B), then
// min(f(A), s(A)) < s(B) and min(f(A), s(A)) <= f(B); they are equal only if A is
// no forward block and B is one.
func (c *checker) arrange(ops []int32) []int32 {
	slices.SortFunc(c.blocks, func(a, b block) int {
		return cmp.Or(cmp.Compare(min(a.first.at, a.last.at), min(b.first.at, b.last.at)), boolCompare(a.forward(), b.forward()), cmp.Compare(a.head, b.head))
	})
	place := make([]int32, len(c.clusters)) // by cluster: among those in order
	n := int32(0)
	for i := range c.blocks {
		for at := c.blocks[i].head; at != none; at = c.clusters[at].next {
			place[at] = n
			n++
		}
	}
	return c.spread(ops, place, int(n))
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// spread sorts the operations by the place of their cluster: the write, then the
// reads in order of call.
func (c *checker) spread(ops, place []int32, places int) []int32 {
	count := make([]int32, places+1)
	in := make([]int32, len(ops)) // the cluster of each operation, or none
	for k, i := range ops {
		in[k] = none
		op := &c.h[i]
		if op.MayMutate() {
			in[k] = c.writers.of(number(op)) + 1
			if !c.clusters[in[k]].happened {
				in[k] = none
			}
		} else if op.Observes() {
			in[k], _ = c.locate(i)
		}
		if in[k] != none {
			count[place[in[k]]+1]++
		}
	}
	for k := 1; k < len(count); k++ {
		count[k] += count[k-1]
	}
	order := make([]int32, count[places])
	for k := range c.clusters {
		if cl := &c.clusters[k]; cl.happened && cl.write != none {
			order[count[place[k]]] = cl.write
			count[place[k]]++
		}
	}
	for k, i := range ops {
		if in[k] != none && c.clusters[in[k]].write != i {
			order[count[place[in[k]]]] = i
			count[place[in[k]]]++
		}
	}
	return order
}

// merge makes one order of those of the keys. Each operation stands at the latest
// call so far on its key, so none stands before its call or after its return.
func merge(h history.History, orders [][]int32) []int32 {
	type stand struct {
		op int32
		at history.Time
	}
	var all []stand
	for _, order := range orders {
		at := always
		for _, i := range order {
			at = max(at, h[i].Call)
			all = append(all, stand{i, at})
		}
	}
	if len(orders) > 1 {
		slices.SortStableFunc(all, func(a, b stand) int { return cmp.Compare(a.at, b.at) })
	}
	merged := make([]int32, len(all))
	for k, s := range all {
		merged[k] = s.op
	}
	return merged
}

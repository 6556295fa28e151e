package linear

import (
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Lists to which unique numbers are appended are judged as registers are. Every
// read shows what each of its numbers was appended to (the idea of Elle: Kingsbury
// and Alvaro, VLDB 2020), so an append is a compare-and-set from the list without
// its number to the list with it, and a written list of one number begins a new
// chain. An append that no read shows may stand anywhere but among what a read
// shows together: it is like a write that nobody read.

// A known list is one whose chain of clusters was looked up before.
type known struct {
	value history.Value
	end   int32 // its cluster
}

// clusterOfList returns the cluster of the list that i read, and links those of
// its beginnings.
func (c *checker) clusterOfList(i int32) (int32, *judge.Evidence) {
	v := c.h[i].Out
	end, from := int32(initial), 0
	switch k := c.known.value.List; {
	case v.Num == c.known.value.Num && len(v.List) >= len(k) && slices.Equal(k, v.List[:len(k)]):
		end, from = c.known.end, len(k)
	case v.Num == c.known.value.Num && len(v.List) > 0 && len(v.List) < len(k) && slices.Equal(k[:len(v.List)], v.List):
		return c.writers.of(v.List[len(v.List)-1]) + 1, nil
	case v.Num != 0:
		w := c.writers.of(v.Num)
		if w == none || !c.wrote(w, history.Num(v.Num)) {
			return none, c.noOrigin(i, history.Num(v.Num), history.Write)
		}
		end = w + 1
		c.see(end)
	}
	for k, x := range v.List[from:] {
		next, why := c.follow(i, x, end, from+k == 0 && v.Num == 0)
		if why != nil {
			return none, why
		}
		end = next
	}
	c.known = known{v, end}
	return end, nil
}

// wrote reports whether the writer wrote the value, and appended nothing.
func (c *checker) wrote(w int32, v history.Value) bool {
	op := &c.h[c.writers.ops[w]]
	return op.Kind == history.Write && op.In.Equal(v)
}

// follow returns the cluster of x, which i read right after the number of cluster
// before, or at the beginning of a list.
func (c *checker) follow(i int32, x int64, before int32, first bool) (int32, *judge.Evidence) {
	w := c.writers.of(x)
	if w == none {
		return none, c.noOrigin(i, history.Num(x), history.Append)
	}
	k := w + 1
	cl := &c.clusters[k]
	if c.h[cl.write].Kind == history.Write {
		if !first || !c.wrote(w, history.Value{List: []int64{x}}) {
			return none, c.noOrigin(i, history.Num(x), history.Append)
		}
		c.see(k)
		return k, nil
	}
	switch other := c.clusters[before].next; {
	case cl.linked && cl.from == before:
		return k, nil
	case cl.linked && cl.told == i:
		return none, c.appendedTwice(i, cl.write)
	case cl.linked:
		return none, c.differentOrder(i, cl.told)
	case other != none:
		return none, c.differentOrder(i, c.clusters[other].told)
	}
	cl.linked, cl.happened, cl.from, cl.told = true, true, before, i
	c.clusters[before].next = k
	return k, nil
}

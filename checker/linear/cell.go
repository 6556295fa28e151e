package linear

import "faultline/checker/history"

// A cell is a value that a key may hold. Equal values are the same cell, so that
// the search compares pointers; an append makes one cell, not a copy of the list.
type cell struct{ hash uint64 }

// An edge leads from a list to the same list with one more number.
type edge struct {
	list *cell
	num  int64
}

// cells are all values of one search.
type cells struct {
	root  map[int64]*cell // registers and the beginnings of lists
	child map[edge]*cell
}

// hashMultiplier spreads the numbers of cells over 64 bits (Fibonacci hashing).
const hashMultiplier = 0x9e3779b97f4a7c15

func (c *cells) fresh() *cell {
	return &cell{hash: uint64(len(c.root)+len(c.child)+1) * hashMultiplier}
}

// of returns the cell of the value.
func (c *cells) of(v history.Value) *cell {
	at := c.root[v.Num]
	if at == nil {
		at = c.fresh()
		c.root[v.Num] = at
	}
	for _, x := range v.List {
		at = c.append(at, x)
	}
	return at
}

// append returns the cell of the list with x at its end.
func (c *cells) append(list *cell, x int64) *cell {
	e := edge{list, x}
	at := c.child[e]
	if at == nil {
		at = c.fresh()
		c.child[e] = at
	}
	return at
}

package linear

import "faultline/checker/history"

// A cell is a value that a key may hold and that some answer depends on: what a
// read returned, what a compare-and-set found or expects, and the beginnings of
// such lists. Equal values are the same cell, so the search compares pointers.
//
// All other values are one cell, dead: no answer tells them apart, and whatever
// is appended to one of them gives another. Without this, a search would try
// every order of appends that a later write wiped out unseen.
type cell struct{ hash uint64 }

// An edge leads from a list to the same list with one more number.
type edge struct {
	list *cell
	num  int64
}

// cells are the values of one search.
type cells struct {
	dead  *cell
	root  map[int64]*cell // registers and the beginnings of lists
	child map[edge]*cell
}

// newCells returns the cells of a key of which only the initial value is known.
func newCells() cells {
	c := cells{dead: new(cell), root: map[int64]*cell{}, child: map[edge]*cell{}}
	c.add(history.Value{})
	return c
}

// hashMultiplier spreads the numbers of cells over 64 bits (Fibonacci hashing).
const hashMultiplier = 0x9e3779b97f4a7c15

func (c *cells) fresh() *cell {
	return &cell{hash: uint64(len(c.root)+len(c.child)+1) * hashMultiplier}
}

// add makes cells for the value and, if it is a list, for its beginnings.
func (c *cells) add(v history.Value) {
	at := c.root[v.Num]
	if at == nil {
		at = c.fresh()
		c.root[v.Num] = at
	}
	for _, x := range v.List {
		next := c.child[edge{at, x}]
		if next == nil {
			next = c.fresh()
			c.child[edge{at, x}] = next
		}
		at = next
	}
}

// of returns the cell of the value.
func (c *cells) of(v history.Value) *cell {
	at := c.root[v.Num]
	if at == nil {
		return c.dead
	}
	for _, x := range v.List {
		at = c.append(at, x)
	}
	return at
}

// append returns the cell of the list with x at its end.
func (c *cells) append(list *cell, x int64) *cell {
	if at := c.child[edge{list, x}]; at != nil {
		return at
	}
	return c.dead
}

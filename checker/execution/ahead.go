package execution

import "math/bits"

// A Cut is a set of events that holds, with an event, all that its chain did
// before it: so much of each chain, in the columns of the clocks.
type Cut []int32

// Nothing makes the cut empty.
func (g *Graph) Nothing(cut Cut) Cut { return resize(cut, g.columns.width(), 0) }

// UpTo makes the cut hold the event and all that comes before it.
func (g *Graph) UpTo(cut Cut, e int32) Cut {
	cut = append(cut[:0], g.cellsOf(g.row[e])...)
	g.Include(cut, e)
	return cut
}

// Include adds the event, and what its chain did before it.
func (g *Graph) Include(cut Cut, e int32) {
	chain, n := g.X.Events[e].Chain, g.X.Position(e)+1
	if g.columns.at(cut, chain) < n {
		g.columns.note(cut, chain, n)
	}
}

// Ahead appends to found the writes of the key, by its number, that come before
// the event and are not in the cut: of each run the last one. Runs of one event,
// of which there may be thousands, take but a bit each to pass over.
func (g *Graph) Ahead(found []int32, key, e int32, cut Cut) []int32 {
	x, k, c := g.X, &g.X.Keys[key], &g.columns
	row, own := g.cellsOf(g.row[e]), x.Events[e].Chain
	for i := range c.long[key] {
		l := &c.long[key][i]
		if l.chain != own && row[l.cell] <= cut[l.cell] {
			continue // most often
		}
		if last, _ := g.LastWrite(k, k.Runs[l.run], e); last >= l.first+cut[l.cell] {
			found = append(found, last)
		}
	}
	for at, end := c.bits[key], c.bits[key+1]; at < end; at += bitsPerCell - at%bitsPerCell {
		cell := c.counted + int(at/bitsPerCell)
		for ahead := c.within(row[cell]&^cut[cell], at, end); ahead != 0; ahead &= ahead - 1 {
			found = append(found, c.single[int(at/bitsPerCell*bitsPerCell)+bits.TrailingZeros32(ahead)])
		}
	}
	return found
}

// Count returns how many writes of the key come before the event.
func (g *Graph) Count(key, e int32) int {
	k, c, count := &g.X.Keys[key], &g.columns, 0
	for _, l := range c.long[key] {
		_, n := g.LastWrite(k, k.Runs[l.run], e)
		count += n
	}
	row := g.cellsOf(g.row[e])
	for at, end := c.bits[key], c.bits[key+1]; at < end; at += bitsPerCell - at%bitsPerCell {
		count += bits.OnesCount32(c.within(row[c.counted+int(at/bitsPerCell)], at, end))
	}
	return count
}

// within returns the cell that the bit at belongs to, without bits before that one
// and from end on.
func (c *columns) within(cell, at, end int32) uint32 {
	within := uint32(cell) & (^uint32(0) << (at % bitsPerCell))
	if left := end - at/bitsPerCell*bitsPerCell; left < bitsPerCell {
		within &= 1<<left - 1
	}
	return within
}

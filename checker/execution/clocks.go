package execution

import "slices"

// Clocks hold, for each node, how much of each chain comes before it: vector
// clocks (Fidge 1988, Mattern 1989), with a column for each chain. Nodes that
// learn nothing new share the row of the node before them, so that rows are few.
type Clocks struct {
	columns int
	row     []int32 // by node
	cells   []int32 // row by row
}

// maxCells bounds the memory that clocks take: 256 MB.
const maxCells = 64 << 20

// Tick fills in the clocks of all nodes, after Sweep, in time linear in nodes
// and, for those that learn something new, chains. It reports whether there was
// room for them.
func (g *Graph) Tick() bool {
	c := &g.Clocks
	c.columns = len(g.X.Chains)
	c.row = resize(c.row, len(g.into), 0)
	c.cells = resize(c.cells, c.columns, 0) // row 0: nothing came before
	for _, node := range g.order {
		if !g.tick(node) {
			return false
		}
	}
	return true
}

func (c *Clocks) cellsOf(row int32) []int32 {
	at := int(row) * c.columns
	return c.cells[at : at+c.columns : at+c.columns]
}

// tick fills in the row of a node from those of the nodes just before it.
func (g *Graph) tick(node int32) bool {
	c := &g.Clocks
	row, own := int32(0), false // own: nobody else uses the row
	if p := g.previous(node); p != None {
		row = c.row[p]
	}
	for e := g.into[node]; e != None; e = g.Edges[e].next {
		from := g.Edges[e].From
		if g.chain(from) == g.chain(node) || g.knows(row, from) {
			continue
		}
		if !own {
			if len(c.cells)+c.columns > maxCells {
				return false
			}
			row, own = c.copy(row), true
		}
		g.learn(c.cellsOf(row), from)
	}
	c.row[node] = row
	return true
}

// copy returns a new row, like the given one.
func (c *Clocks) copy(row int32) int32 {
	c.cells = append(c.cells, c.cellsOf(row)...)
	return int32(len(c.cells)/c.columns) - 1
}

// knows reports whether the row already has the node and all that comes before it.
func (g *Graph) knows(row, node int32) bool {
	cells := g.cellsOf(row)
	if !g.IsJoin(node) {
		return cells[g.X.Events[node].Chain] > g.X.Position(node)
	}
	if g.row[node] == row {
		return true
	}
	for i, n := range g.cellsOf(g.row[node]) {
		if n > cells[i] {
			return false
		}
	}
	return true
}

// learn adds the node and all that comes before it to the cells of a row.
func (g *Graph) learn(cells []int32, node int32) {
	for i, n := range g.cellsOf(g.row[node]) {
		cells[i] = max(cells[i], n)
	}
	if !g.IsJoin(node) {
		cells[g.X.Events[node].Chain] = g.X.Position(node) + 1
	}
}

// Past returns how many events of the chain come before the node.
func (g *Graph) Past(node, chain int32) int32 {
	if !g.IsJoin(node) && g.X.Events[node].Chain == chain {
		return g.X.Position(node)
	}
	return g.cells[int(g.row[node])*g.columns+int(chain)]
}

// Reaches reports whether event a comes before node b.
func (g *Graph) Reaches(a, b int32) bool {
	return g.Past(b, g.X.Events[a].Chain) > g.X.Position(a)
}

// LastWrite returns the last write of a run, of the key's, that comes before the
// node, or None; and how many of the run do.
func (g *Graph) LastWrite(key *Key, run Run, node int32) (last int32, count int) {
	writes := key.Writes[run.First:run.End]
	until := g.X.Chains[run.Chain].First + g.Past(node, run.Chain)
	if n := len(writes); writes[n-1] < until { // most often
		return writes[n-1], n
	}
	n, _ := slices.BinarySearch(writes, until)
	if n == 0 {
		return None, 0
	}
	return writes[n-1], n
}

// Covers reports whether all that comes before the join comes before the event.
func (g *Graph) Covers(event, join int32) bool {
	cells := g.cellsOf(g.row[event])
	for i, n := range g.cellsOf(g.row[join]) {
		if n > cells[i] && (int32(i) != g.X.Events[event].Chain || n > g.X.Position(event)) {
			return false
		}
	}
	return true
}

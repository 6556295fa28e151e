package execution

import "slices"

// Clocks hold, for each node, how much of each chain comes before it: vector
// clocks (Fidge 1988, Mattern 1989), with a column for each chain. A chain of one
// event takes a single bit, for operations of unknown outcome may be many. Nodes
// that learn nothing new share the row of the node before them, so that rows are few.
type Clocks struct {
	width  int       // cells in a row: those that count, then those with 32 bits each
	row    []int32   // by node
	rows   int       // in use
	blocks [][]int32 // of rowsPerBlock rows each: what was written is never moved
}

// rowsPerBlock is how many rows lie together.
const rowsPerBlock = 256

// columns say where rows have what they know of each chain.
type columns struct {
	of      []int32  // by chain: the cell that counts it, or ^ the number of its bit
	counted int      // cells that count
	single  []int32  // by bit: the one event of its chain
	bits    []int32  // by key: where the bits of its writes begin in single, and where the last ones end
	long    [][]long // by key: its runs in chains that are counted
}

// A long is a run in a chain that is counted.
type long struct {
	chain, cell int32
	first       int32 // the first event of the chain
	run         int32 // which of the key's
}

// newColumns gives every chain a column. The bits of a key's writes are neighbours,
// so that what a row knows of them can be told by looking at few cells.
func newColumns(x *Execution) columns {
	c := columns{of: make([]int32, len(x.Chains)), long: make([][]long, len(x.Keys))}
	for i := range x.Chains {
		if chain := &x.Chains[i]; chain.End-chain.First > 1 {
			c.of[i] = int32(c.counted)
			c.counted++
		}
	}
	c.bits = append(c.bits, 0)
	for k := range x.Keys {
		for i, run := range x.Keys[k].Runs {
			if chain := &x.Chains[run.Chain]; chain.End-chain.First > 1 {
				c.long[k] = append(c.long[k], long{run.Chain, c.of[run.Chain], chain.First, int32(i)})
			} else {
				c.addBit(run.Chain, chain.First)
			}
		}
		c.bits = append(c.bits, int32(len(c.single)))
	}
	for i := range x.Chains {
		if chain := &x.Chains[i]; chain.End-chain.First == 1 && !x.Events[chain.First].Writes {
			c.addBit(int32(i), chain.First)
		}
	}
	return c
}

func (c *columns) addBit(chain, event int32) {
	c.of[chain] = ^int32(len(c.single))
	c.single = append(c.single, event)
}

// bitsPerCell is how many chains of one event share a cell.
const bitsPerCell = 32

// width returns how many cells a row has.
func (c *columns) width() int { return c.counted + (len(c.single)+bitsPerCell-1)/bitsPerCell }

// at returns how much of the chain the row knows.
func (c *columns) at(row []int32, chain int32) int32 {
	of := c.of[chain]
	if of >= 0 {
		return row[of]
	}
	of = ^of
	return row[c.counted+int(of/bitsPerCell)] >> (of % bitsPerCell) & 1
}

// note notes that the row knows so much of the chain.
func (c *columns) note(row []int32, chain, n int32) {
	of := c.of[chain]
	if of >= 0 {
		row[of] = n
		return
	}
	of = ^of
	row[c.counted+int(of/bitsPerCell)] |= n << (of % bitsPerCell)
}

// merge lets a row know what the other one does.
func (c *columns) merge(row, other []int32) {
	for i, n := range other[:c.counted] {
		row[i] = max(row[i], n)
	}
	for i, bits := range other[c.counted:] {
		row[c.counted+i] |= bits
	}
}

// maxCells bounds the memory that clocks take: 256 MB.
const maxCells = 64 << 20

// Tick fills in the clocks of all nodes, after Sweep, in time linear in nodes
// and, for those that learn something new, chains. It reports whether there was
// room for them.
func (g *Graph) Tick() bool {
	c := &g.Clocks
	c.width = g.columns.width()
	c.row = resize(c.row, len(g.into), 0)
	c.rows = 0
	clear(c.cellsOf(c.newRow())) // row 0: nothing came before
	for _, node := range g.order {
		if !g.tick(node) {
			return false
		}
	}
	return true
}

func (c *Clocks) cellsOf(row int32) []int32 {
	at := int(row) % rowsPerBlock * c.width
	return c.blocks[row/rowsPerBlock][at : at+c.width : at+c.width]
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
			if (c.rows+1)*c.width > maxCells {
				return false
			}
			fresh := c.newRow()
			copy(c.cellsOf(fresh), c.cellsOf(row))
			row, own = fresh, true
		}
		g.learn(c.cellsOf(row), from)
	}
	c.row[node] = row
	return true
}

// newRow returns a row that nobody uses, whatever it holds.
func (c *Clocks) newRow() int32 {
	if c.rows == len(c.blocks)*rowsPerBlock {
		c.blocks = append(c.blocks, make([]int32, rowsPerBlock*c.width))
	}
	c.rows++
	return int32(c.rows - 1)
}

// knows reports whether the row already has the node and all that comes before it.
func (g *Graph) knows(row, node int32) bool {
	cells := g.cellsOf(row)
	if !g.IsJoin(node) {
		return g.columns.at(cells, g.X.Events[node].Chain) > g.X.Position(node)
	}
	return g.row[node] == row || g.covered(cells, g.row[node], None, 0)
}

// covered reports whether cells know all that the row does, but for the first n
// events of one chain.
func (g *Graph) covered(cells []int32, row, chain, n int32) bool {
	known := g.cellsOf(row)
	own := int32(None)
	if chain != None {
		own = g.columns.of[chain]
	}
	for i, k := range known[:g.columns.counted] {
		if k > cells[i] && (int32(i) != own || k > n) {
			return false
		}
	}
	for i, bits := range known[g.columns.counted:] {
		if bits&^cells[g.columns.counted+i] != 0 {
			return false
		}
	}
	return true
}

// learn adds the node and all that comes before it to the cells of a row.
func (g *Graph) learn(cells []int32, node int32) {
	g.columns.merge(cells, g.cellsOf(g.row[node]))
	if !g.IsJoin(node) {
		g.columns.note(cells, g.X.Events[node].Chain, g.X.Position(node)+1)
	}
}

// Past returns how many events of the chain come before the node.
func (g *Graph) Past(node, chain int32) int32 {
	if !g.IsJoin(node) && g.X.Events[node].Chain == chain {
		return g.X.Position(node)
	}
	return g.columns.at(g.cellsOf(g.row[node]), chain)
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
	return g.covered(g.cellsOf(g.row[event]), g.row[join], g.X.Events[event].Chain, g.X.Position(event))
}

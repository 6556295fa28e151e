package sequential

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/checker/execution"
	"faultline/checker/history"
)

const none = execution.None

// The idea. When all written values differ, the write of a value and the reads of
// it must stand together, among the operations on their key: a block. A
// compare-and-set that swapped joins its block to that of the value it replaced.
// An order of all operations is right if and only if the blocks of each key do
// not overlap in it: so if anything of one block must come before anything of
// another, then all of it must. The initial value's block comes first.

// A block is the writes of a value and of those that compare-and-sets made of it,
// with their reads.
type block struct {
	head int32 // the first write, which replaced no value; none for the initial value
	last int32 // the last write
	end  int32 // the join that comes after all of the block
	size int32 // how many events it has

	first, late history.Time // earliest return and latest call of its operations
}

// A register is a key with its blocks. Its heads come in the order of events, as
// do its blocks; the initial value's block, if anything belongs to it, is apart.
type register struct {
	initial *block
	blocks  []block
	heads   execution.Key // the heads as writes of a key, to look them up by chain
}

// What the edges rest on that are added here.
const (
	replaced  = execution.Derived + iota // a read of a value comes before the compare-and-set that replaced it
	overwrote                            // a block comes before another
	afterNull                            // the initial value's block comes before all others
	listed                               // a list shows the one append before the other
	unlisted                             // a list does not show the append
	candidate                            // an order to try
)

// A problem is an execution with what must come before what.
type problem struct {
	x         *execution.Execution
	g         *execution.Graph
	registers []register // by key; empty for lists
	inBlock   []int32    // by event: its block in its register; -1 for the initial block, and none of any for lists
	readers   [][]int32  // scratch: by event, who reads its value

	limit, steps int
	crowded      bool // there was no room for clocks
}

func newProblem(x *execution.Execution, limit int) *problem {
	return &problem{x: x, g: execution.NewGraph(x), limit: limit}
}

// initialBlock is where inBlock says that an event belongs to the initial value.
const initialBlock = -1

// build adds what must come before what at first sight. It returns a reason if
// that alone is impossible.
func (p *problem) build() *reason {
	p.registers = make([]register, len(p.x.Keys))
	p.inBlock = make([]int32, len(p.x.Events))
	p.readers = make([][]int32, len(p.x.Events))
	for k := range p.x.Keys {
		var why *reason
		if p.x.Keys[k].Appends {
			why = p.addList(&p.x.Keys[k])
		} else {
			why = p.addRegister(int32(k))
		}
		if why != nil {
			return why
		}
	}
	return nil
}

// addRegister finds the blocks of a register.
func (p *problem) addRegister(k int32) *reason {
	key, reg := &p.x.Keys[k], &p.registers[k]
	var initial []int32 // who reads the initial value
	for _, r := range key.Reads {
		if from := p.x.Events[r].From; from >= 0 {
			p.readers[from] = append(p.readers[from], r)
			p.g.Add(from, r, execution.ReadsFrom, none)
		} else {
			initial = append(initial, r)
		}
	}
	if len(initial) > 0 {
		b, why := p.addBlock(none, initialBlock, initial)
		if why != nil {
			return why
		}
		reg.initial = &b
	}
	for _, w := range key.Writes {
		if p.x.Events[w].From != none {
			continue // it belongs to the block of what it replaced
		}
		b, why := p.addBlock(w, int32(len(reg.blocks)), p.readers[w])
		if why != nil {
			return why
		}
		reg.blocks = append(reg.blocks, b)
		reg.heads.AddWrite(w, p.x.Events[w].Chain)
		if reg.initial != nil {
			p.g.Add(reg.initial.end, w, afterNull, none)
		}
	}
	p.chainHeads(reg)
	return nil
}

// addBlock follows the compare-and-sets from a value on.
func (p *problem) addBlock(head, number int32, readers []int32) (block, *reason) {
	b := block{head: head, last: head, first: history.Never}
	if head != none {
		p.include(&b, head, number)
	}
	for {
		swap := int32(none)
		for _, r := range readers {
			switch {
			case !p.x.Events[r].Writes:
				p.include(&b, r, number)
			case swap != none:
				return b, &reason{problem: p, swaps: []int32{swap, r}}
			default:
				swap = r
			}
		}
		if swap == none {
			b.end = p.g.Join()
			p.before(b.end, execution.Gathers, b.last, readers)
			return b, nil
		}
		p.before(swap, replaced, none, readers)
		p.include(&b, swap, number)
		b.last, readers = swap, p.readers[swap]
	}
}

// include counts an event into the block.
func (p *problem) include(b *block, e, number int32) {
	op := p.x.Op(e)
	p.inBlock[e] = number
	b.size++
	b.late = max(b.late, op.Call)
	if op.Status == history.OK {
		b.first = min(b.first, op.Return)
	}
}

// before lets the reads, and another event if there is one, come before the node.
func (p *problem) before(node int32, why execution.Why, other int32, reads []int32) {
	if other != none {
		p.g.Add(other, node, why, none)
	}
	for _, r := range reads {
		if r != node {
			p.g.Add(r, node, why, none)
		}
	}
}

// chainHeads puts the blocks that one session began in its order.
func (p *problem) chainHeads(reg *register) {
	for _, run := range reg.heads.Runs {
		for i := run.First + 1; i < run.End; i++ {
			p.precede(&reg.blocks[i-1], &reg.blocks[i])
		}
	}
}

// precede puts one block before another.
func (p *problem) precede(a, b *block) { p.g.Add(a.end, b.head, overwrote, a.head) }

// addList puts the appends of a list in the order of its trunk, which all reads
// must follow, and each read between two of them. What no read shows comes last.
func (p *problem) addList(key *execution.Key) *reason {
	longest := int32(none)
	for _, r := range key.Reads {
		list := &p.x.Lists[p.x.Events[r].List]
		if len(list.Rest) > 0 {
			return &reason{problem: p, forked: r}
		}
		if list.Shared == len(key.Trunk) {
			longest = r
		}
	}
	shown := make(map[int32]bool, len(key.Trunk))
	for i, w := range key.Trunk {
		shown[w] = true
		if i > 0 {
			p.g.Add(key.Trunk[i-1], w, listed, longest)
		}
	}
	end := p.g.Join()
	for _, r := range key.Reads {
		n := p.x.Lists[p.x.Events[r].List].Shared
		if n > 0 {
			p.g.Add(key.Trunk[n-1], r, execution.ReadsFrom, none)
		}
		if n < len(key.Trunk) {
			p.g.Add(r, key.Trunk[n], unlisted, none)
		} else {
			p.g.Add(r, end, execution.Gathers, none)
		}
	}
	for _, w := range key.Writes {
		if !shown[w] {
			p.g.Add(end, w, unlisted, none)
		}
	}
	return nil
}

// nodesPerStep is how many nodes of a graph are ordered for one step of the budget.
const nodesPerStep = 16

// sweep orders all nodes; it returns a circle if that cannot be done.
func (p *problem) sweep() []int32 {
	p.steps += 1 + len(p.x.Events)/nodesPerStep
	return p.g.Sweep()
}

// open reports whether anything is left to choose: a key with two values.
func (p *problem) open() bool {
	return slices.ContainsFunc(p.registers, func(r register) bool { return len(r.blocks) > 1 })
}

// byTime compares blocks by when their values were in place. A block whose first
// return comes before its last call was in place from one to the other; else it
// fits into any instant in between. Whichever comes first decides: for the blocks
// of a linearizable key that is an order that respects real time. What returns at
// the instant of a call came before it.
func (p *problem) byTime(a, b *block) int { return p.compare(a, b, true) }

// byTouch is byTime, except that what returns at the instant of a call may come after it.
func (p *problem) byTouch(a, b *block) int { return p.compare(a, b, false) }

func (p *problem) compare(a, b *block, returnsFirst bool) int {
	at, returned := a.place(returnsFirst)
	bt, answered := b.place(returnsFirst)
	if at == bt && returned != answered {
		if returned == returnsFirst {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(at, bt), cmp.Compare(a.head, b.head))
}

// place returns the instant at which a block is put, and whether that is a return or a call.
func (b *block) place(returnsFirst bool) (at history.Time, returned bool) {
	if b.first < b.late || b.first == b.late && returnsFirst {
		return b.first, true
	}
	return b.late, false
}

// byVersion compares blocks by the store's own order.
func (p *problem) byVersion(a, b *block) int {
	v, w := p.x.Op(a.head).Version, p.x.Op(b.head).Version
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(a.head, b.head))
}

// versioned reports whether the store's order of all values is known.
func (p *problem) versioned() bool {
	for i := range p.registers {
		for _, b := range p.registers[i].blocks {
			if p.x.Op(b.head).Version == (history.Version{}) {
				return false
			}
		}
	}
	return true
}

// try puts the blocks of every key in an order, and returns the order of all
// events if there is one that fits.
func (p *problem) try(compare func(a, b *block) int) []int32 {
	edges := len(p.g.Edges)
	for k := range p.registers {
		blocks := p.registers[k].blocks
		order := make([]*block, len(blocks))
		for i := range blocks {
			order[i] = &blocks[i]
		}
		slices.SortFunc(order, compare)
		for i := 1; i < len(order); i++ {
			p.g.Add(order[i-1].end, order[i].head, candidate, none)
		}
	}
	circle := p.sweep()
	p.g.Forget(edges)
	if circle != nil {
		return nil
	}
	return p.g.Order()
}

// saturate adds what must come before what until no more follows, or it goes in
// a circle, or the budget or the room for clocks is spent.
func (p *problem) saturate() []int32 {
	for p.steps <= p.limit {
		if circle := p.sweep(); circle != nil {
			return circle
		}
		if p.crowded = !p.g.Tick(); p.crowded {
			return nil
		}
		edges := len(p.g.Edges)
		for k := range p.registers {
			p.force(&p.registers[k])
		}
		if len(p.g.Edges) == edges {
			return nil
		}
	}
	return nil
}

// force puts each block before another if its head comes before anything of that.
func (p *problem) force(reg *register) {
	for i := range reg.blocks {
		b := &reg.blocks[i]
		for _, run := range reg.heads.Runs {
			head, n := p.g.LastWrite(&reg.heads, run, b.end)
			if head == none || head == b.head {
				continue
			}
			if a := &reg.blocks[int(run.First)+n-1]; !p.g.Covers(b.head, a.end) {
				p.precede(a, b)
			}
		}
	}
}

func (p *problem) ranOut() string {
	text := fmt.Sprintf("the search of %d steps found neither an order of the %d operations nor that there is none; allow more steps, or judge fewer operations", p.limit, len(p.x.Events))
	if p.crowded {
		text += fmt.Sprintf(" (%d sessions and operations of unknown outcome are too many for saturation)", len(p.x.Chains))
	}
	return text
}

package execution

import "slices"

// A Why says what an edge of a graph rests on.
type Why uint8

// What edges rest on. Checkers add their own from Derived on.
const (
	Program   Why = iota // the same session did the one before the other
	ReadsFrom            // the one found the other's value
	Gathers              // the other is a join, which comes after all that it gathers
	Derived
)

// An Edge says that From comes before To, and why. Within a chain there are no
// edges: program order goes without saying.
type Edge struct {
	From, To int32
	Why      Why
	Reason   int32 // what else the edge rests on; the checker that added it knows
	next     int32 // the edge into To that was added before
}

// A Graph is an order on events in the making: program order, and edges. Its
// nodes are the events and, after them, joins: nodes that stand for "after all
// of these", so that few edges do for many.
type Graph struct {
	X     *Execution
	Edges []Edge
	into  []int32 // by node: the last edge into it, or None

	last  []int32 // scratch of addRest, by chain
	order []int32 // of all nodes, after Sweep
	sweep sweep

	columns columns
	Clocks
}

// NewGraph returns the program order of an execution.
func NewGraph(x *Execution) *Graph {
	g := &Graph{X: x, into: filled(len(x.Events), None), columns: newColumns(x)}
	for c := range x.Chains {
		if chain := &x.Chains[c]; chain.Parent != None {
			g.Add(chain.Parent, chain.First, Program, None)
		}
	}
	return g
}

// Add says that from comes before to.
func (g *Graph) Add(from, to int32, why Why, reason int32) {
	g.Edges = append(g.Edges, Edge{from, to, why, reason, g.into[to]})
	g.into[to] = int32(len(g.Edges)) - 1
}

// Forget takes back all edges but the first n.
func (g *Graph) Forget(n int) {
	for i := len(g.Edges) - 1; i >= n; i-- {
		g.into[g.Edges[i].To] = g.Edges[i].next
	}
	g.Edges = g.Edges[:n]
}

// Join adds a node that comes after those which will be gathered into it.
func (g *Graph) Join() int32 {
	g.into = append(g.into, None)
	return int32(len(g.into)) - 1
}

// IsJoin reports whether a node is none of the events.
func (g *Graph) IsJoin(node int32) bool { return int(node) >= len(g.X.Events) }

// AddReadsFrom lets every event in the list come after those that it read from.
func (g *Graph) AddReadsFrom(events []int32, trunks [][]int32) {
	x := g.X
	for _, e := range events {
		switch ev := &x.Events[e]; {
		case ev.From >= 0:
			g.Add(ev.From, e, ReadsFrom, None)
		case ev.List != None:
			list := &x.Lists[ev.List]
			if list.Shared > 0 {
				g.Add(trunks[ev.Key][list.Shared-1], e, ReadsFrom, None)
			}
			g.addRest(e, list.Rest)
		}
	}
}

// addRest lets the event come after the items: the last of each chain will do.
func (g *Graph) addRest(e int32, items []int32) {
	x := g.X
	g.last = resize(g.last, len(x.Chains), None)
	for _, item := range items {
		c := x.Events[item].Chain
		g.last[c] = max(g.last[c], item)
	}
	for _, item := range items {
		if g.last[x.Events[item].Chain] == item {
			g.Add(item, e, ReadsFrom, None)
		}
	}
}

// Trunks adds joins for the beginnings of every key's trunk: the k-th gathers
// the first k+1 items, in no order. They are what reads of lists read from.
func (g *Graph) Trunks() [][]int32 {
	joins := make([][]int32, len(g.X.Keys))
	for k := range g.X.Keys {
		before := int32(None)
		for _, item := range g.X.Keys[k].Trunk {
			j := g.Join()
			if before != None {
				g.Add(before, j, Gathers, None)
			}
			g.Add(item, j, Gathers, None)
			joins[k] = append(joins[k], j)
			before = j
		}
	}
	return joins
}

// chain returns the chain of a node: joins are chains of their own, after all others.
func (g *Graph) chain(node int32) int32 {
	if n := int32(len(g.X.Events)); node >= n {
		return int32(len(g.X.Chains)) + node - n
	}
	return g.X.Events[node].Chain
}

// previous returns the node before this one in its chain, or None.
func (g *Graph) previous(node int32) int32 {
	if g.IsJoin(node) || node == g.X.Chains[g.X.Events[node].Chain].First {
		return None
	}
	return node - 1
}

// A sweep puts nodes in order, chain by chain: each chain runs until its next
// node has an edge from one that is not done, and waits for that.
type sweep struct {
	at      []int32 // by chain: its next node
	edge    []int32 // by chain: the edge into that node to look at next, or fresh
	blocked []int32 // by chain: the edge that it waits for
	waiting []int32 // by node: the last chain that waits for it
	behind  []int32 // by chain: the chain that waited for the same node before
	ready   []int32 // chains that can run
}

// fresh is the edge of a chain whose next node was not looked at yet.
const fresh = -2

// Sweep orders all nodes so that every edge leads forward, in time linear in
// nodes and edges. If there is no such order it returns a circle: edges, as
// indices into Edges, each of which leads to what the next one starts from, or to
// an event that comes before that in program order.
func (g *Graph) Sweep() (circle []int32) {
	s := &g.sweep
	g.startSweep()
	for len(s.ready) > 0 {
		c := s.ready[len(s.ready)-1]
		s.ready = s.ready[:len(s.ready)-1]
		g.runChain(c)
	}
	if len(g.order) == len(g.into) {
		return nil
	}
	return g.circle()
}

// Order returns the events in the order that Sweep found.
func (g *Graph) Order() []int32 {
	order := make([]int32, 0, len(g.X.Events))
	for _, node := range g.order {
		if !g.IsJoin(node) {
			order = append(order, node)
		}
	}
	return order
}

func (g *Graph) startSweep() {
	s, x := &g.sweep, g.X
	nodes := len(g.into)
	chains := len(x.Chains) + nodes - len(x.Events)
	s.at, s.edge = resize(s.at, chains, 0), resize(s.edge, chains, fresh)
	s.blocked, s.behind = resize(s.blocked, chains, None), resize(s.behind, chains, None)
	s.waiting = resize(s.waiting, nodes, None)
	s.ready = s.ready[:0]
	for c := chains - 1; c >= 0; c-- {
		if c < len(x.Chains) {
			s.at[c] = x.Chains[c].First
		} else {
			s.at[c] = int32(len(x.Events) + c - len(x.Chains))
		}
		s.ready = append(s.ready, int32(c))
	}
	g.order = g.order[:0]
}

// end returns the node after the last of the chain.
func (g *Graph) end(c int32) int32 {
	if n := int32(len(g.X.Chains)); c >= n {
		return int32(len(g.X.Events)) + c - n + 1
	}
	return g.X.Chains[c].End
}

// runChain takes the nodes of a chain until it has to wait.
func (g *Graph) runChain(c int32) {
	s := &g.sweep
	for end := g.end(c); s.at[c] < end; {
		node := s.at[c]
		if s.edge[c] == fresh {
			s.edge[c] = g.into[node]
		}
		for ; s.edge[c] != None; s.edge[c] = g.Edges[s.edge[c]].next {
			from := g.Edges[s.edge[c]].From
			if from >= s.at[g.chain(from)] { // not done
				s.blocked[c] = s.edge[c]
				s.behind[c], s.waiting[from] = s.waiting[from], c
				return
			}
		}
		g.order = append(g.order, node)
		s.at[c], s.edge[c], s.blocked[c] = node+1, fresh, None
		for w := s.waiting[node]; w != None; w = s.behind[w] {
			s.ready = append(s.ready, w)
		}
	}
}

// circle follows what the chains wait for until it comes back to one of them.
func (g *Graph) circle() []int32 {
	s := &g.sweep
	c := int32(0)
	for s.blocked[c] == None {
		c++
	}
	met := map[int32]int{}
	var back []int32 // from who waits to what is waited for, against the order
	for {
		if first, again := met[c]; again {
			back = back[first:]
			break
		}
		met[c] = len(back)
		back = append(back, s.blocked[c])
		c = g.chain(g.Edges[s.blocked[c]].From)
	}
	slices.Reverse(back)
	for g.IsJoin(g.Edges[back[0]].From) { // begin with an event
		back = append(back[1:], back[0])
	}
	return back
}

func resize(s []int32, n int, with int32) []int32 {
	if cap(s) < n {
		return filled(n, with)
	}
	s = s[:n]
	for i := range s {
		s[i] = with
	}
	return s
}

// Nodes returns how many events and joins there are.
func (g *Graph) Nodes() int { return len(g.into) }

// Joins returns all joins, in the order in which they were added.
func (g *Graph) Joins() []int32 {
	joins := make([]int32, 0, len(g.into)-len(g.X.Events))
	for j := len(g.X.Events); j < len(g.into); j++ {
		joins = append(joins, int32(j))
	}
	return joins
}

package execution

// A reach is a piece of a chain that a search backwards came to: all nodes
// before its top, and the top itself.
type reach struct {
	top  int32
	edge int32 // by which it was left, or None where the search began
	via  int32 // the reach that the edge leads into
}

// Path returns why from comes before to: edges, as indices into Edges. The first
// starts from the event from or after it in program order, and so on to the
// event to; there are none if program order says so already. It takes as few
// edges as can be, and only edges added before the one given as limit. It reports
// whether there is such a path.
func (g *Graph) Path(from, to, limit int32) ([]int32, bool) {
	p := pathfinder{g: g, limit: limit, done: map[int32]int32{}}
	p.add(reach{to, None, None})
	for i := 0; i < len(p.reached); i++ {
		if r := p.reached[i]; g.chain(r.top) == g.chain(from) && from <= r.top {
			return p.edges(int32(i)), true
		}
		p.expand(int32(i))
	}
	return nil, false
}

// A pathfinder searches backwards, breadth first.
type pathfinder struct {
	g       *Graph
	limit   int32
	done    map[int32]int32 // by chain: the nodes below this one were looked at
	reached []reach
}

// add notes a reach, unless another one covers it.
func (p *pathfinder) add(r reach) {
	c := p.g.chain(r.top)
	if below, ok := p.done[c]; !ok || r.top >= below {
		p.reached = append(p.reached, r)
	}
}

// expand looks for edges into the nodes of a reach that were not looked at yet.
func (p *pathfinder) expand(i int32) {
	top := p.reached[i].top
	c := p.g.chain(top)
	first := top
	if !p.g.IsJoin(top) {
		first = p.g.X.Chains[c].First
	}
	below, ok := p.done[c]
	if ok {
		first = max(first, below)
	}
	p.done[c] = max(below, top+1)
	for node := top; node >= first; node-- {
		for e := p.g.into[node]; e != None; e = p.g.Edges[e].next {
			if e < p.limit {
				p.add(reach{p.g.Edges[e].From, e, i})
			}
		}
	}
}

// edges returns the edges from a reach to where the search began.
func (p *pathfinder) edges(i int32) []int32 {
	var path []int32
	for r := p.reached[i]; r.edge != None; r = p.reached[r.via] {
		path = append(path, r.edge)
	}
	return path
}

package txn

// A relation is a reason why one transaction must come before another.
type relation uint8

const (
	ww       relation = iota // its write was overwritten by the other
	wr                       // its write was read by the other
	rw                       // what it read was overwritten by the other: an anti-dependency
	next                     // its update directly follows what it read, so that the other's write came later
	session                  // it comes first in their session
	realtime                 // it was over before the other was called
	view                     // somebody saw it, and after that what the other wrote to one of its keys
	atomic                   // the same, but before that

	// The first, third and fourth for registers, where the order of versions
	// was inferred from that of sessions or from real time.
	wwSession
	rwSession
	nextSession
	wwRealtime
	rwRealtime
	nextRealtime

	// The same where it was inferred for one level from all else, see saturation.
	wwInferred
	rwInferred
	nextInferred
	relations
)

var relationNames = [relations]string{"ww", "wr", "rw", "ww", "session", "realtime", "view", "view", "ww", "rw", "ww", "ww", "rw", "ww", "ww", "rw", "ww"}

// A set is a set of relations.
type set uint32

func setOf(rs ...relation) (s set) {
	for _, r := range rs {
		s |= 1 << r
	}
	return s
}

func (s set) has(r relation) bool { return s>>r&1 == 1 }

var (
	antis     = setOf(rw, rwSession, rwRealtime, rwInferred)
	nexts     = setOf(next, nextSession, nextRealtime, nextInferred)
	overs     = setOf(ww, wwSession, wwRealtime, wwInferred)
	inferred  = setOf(wwInferred, rwInferred, nextInferred)
	bySession = setOf(session, wwSession, rwSession, nextSession)
	byTime    = setOf(realtime, wwRealtime, rwRealtime, nextRealtime)
)

// A graph has transactions as nodes, by their indices, and above them junctions:
// nodes without meaning, through which many transactions reach many others with
// few edges. A way through junctions counts as one edge.
type graph struct {
	txns  int32 // how many transactions
	nodes int32 // transactions and junctions
	edges [relations][]edge
	start [relations][]int32 // where the edges of each node begin in to; nil if the relation is empty
	to    [relations][]int32
}

type edge struct{ from, to int32 }

func (g *graph) add(r relation, from, to int32) {
	if from != to {
		g.edges[r] = append(g.edges[r], edge{from, to})
	}
}

// junctions adds so many junctions and returns the first.
func (g *graph) junctions(n int) int32 {
	first := g.nodes
	g.nodes += int32(n)
	return first
}

// fan adds an edge from each to each, through a junction if that saves edges.
func (g *graph) fan(r relation, from, to []int32) {
	if len(from) == 0 || len(to) == 0 {
		return
	}
	if len(from) == 1 || len(to) == 1 {
		for _, x := range from {
			for _, y := range to {
				g.add(r, x, y)
			}
		}
		return
	}
	j := g.junctions(1)
	for _, x := range from {
		g.add(r, x, j)
	}
	for _, y := range to {
		g.add(r, j, y)
	}
}

// build sorts the edges by where they begin, in the order in which they were added.
func (g *graph) build() {
	for r := range relations {
		g.buildOf(r)
	}
}

// buildOf does so for one relation, and drops what it was before.
func (g *graph) buildOf(r relation) {
	g.start[r], g.to[r] = nil, nil
	if len(g.edges[r]) == 0 {
		return
	}
	start := make([]int32, g.nodes+1)
	for _, e := range g.edges[r] {
		start[e.from+1]++
	}
	for v := range g.nodes {
		start[v+1] += start[v]
	}
	to, free := make([]int32, len(g.edges[r])), append([]int32(nil), start[:g.nodes]...)
	for _, e := range g.edges[r] {
		to[free[e.from]] = e.to
		free[e.from]++
	}
	g.start[r], g.to[r], g.edges[r] = start, to, nil
}

// from returns where the edges of a relation lead from a node.
func (g *graph) from(r relation, v int32) []int32 {
	if g.start[r] == nil {
		return nil
	}
	return g.to[r][g.start[r][v]:g.start[r][v+1]]
}

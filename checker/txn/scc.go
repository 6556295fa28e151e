package txn

// A depth says among which relations a level forbids cycles.
type depth uint8

const (
	writeDepth    depth = iota // ww: read uncommitted
	readDepth                  // ww and wr: read committed
	viewDepth                  // and view: monotonic atomic view
	updateDepth                // and next instead: cursor stability
	snapshotDepth              // all, but no two rw in a row: snapshot isolation
	fullDepth                  // all: serializable
	depths
)

// below lists the depths directly below each.
var below = [depths][]depth{
	readDepth: {writeDepth}, viewDepth: {readDepth}, updateDepth: {readDepth},
	snapshotDepth: {viewDepth, updateDepth}, fullDepth: {snapshotDepth},
}

// A variant says what orders transactions besides their data.
type variant uint8

const (
	byData     variant = iota
	inSessions         // the order of each session
	inRealTime         // that, and real time
	variants
)

// variantOf is the variant of each level.
var variantOf = [levelCount]variant{
	StrongSessionSnapshot: inSessions, StrongSessionSerializable: inSessions,
	StrongSnapshot: inRealTime, StrictSerializable: inRealTime,
}

// ofDepth are the relations of each depth.
var ofDepth = [depths]set{
	writeDepth:    overs,
	readDepth:     overs | setOf(wr),
	viewDepth:     overs | setOf(wr, view),
	updateDepth:   overs | setOf(wr) | nexts,
	snapshotDepth: overs | setOf(wr, view, atomic) | nexts | antis,
	fullDepth:     overs | setOf(wr, view, atomic) | nexts | antis,
}

// relationsOf returns the relations of a depth and variant. What sessions and real
// time tell of the order of versions is left out below snapshots, unless it is
// assumed: a stale read makes two versions each come before the other, which is
// better told as the cycle with an anti-dependency that then is there as well.
func (a *analysis) relationsOf(d depth, v variant) set {
	s := ofDepth[d] &^ (bySession | byTime | inferred)
	deep := d >= snapshotDepth
	if v >= inSessions {
		s |= setOf(session)
	}
	if v >= inRealTime {
		s |= setOf(realtime)
	}
	if v >= inSessions && deep || a.o.SequentialKeys || a.o.LinearizableKeys {
		s |= ofDepth[d] & bySession
	}
	if v >= inRealTime && deep || a.o.LinearizableKeys {
		s |= ofDepth[d] & byTime
	}
	return s
}

// A walk goes along some relations of a graph, from place to place. A place is a
// node, except for snapshot isolation: there transaction t starts at 2t and commits
// at 2t+1, and junctions are even as well. A start comes before its commit. Who
// read another's write, overwrote it or must follow it started after that one had
// committed; who was overwritten only started before the other committed. So a
// cycle of places is a cycle of transactions without two anti-dependencies in a row.
type walk struct {
	g      *graph
	events bool // places are starts and commits
	rels   []relation
}

func (g *graph) walk(s set, events bool) walk {
	w := walk{g: g, events: events}
	for r := range relations {
		if s.has(r) && g.start[r] != nil {
			w.rels = append(w.rels, r)
		}
	}
	return w
}

// places returns how many places there are.
func (w *walk) places() int32 { return w.leave(rw, w.g.nodes) }

// leave returns the place where the edges of a relation from a node begin.
func (w *walk) leave(r relation, v int32) int32 {
	switch {
	case !w.events:
		return v
	case v >= w.g.txns || antis.has(r):
		return 2 * v
	default:
		return 2*v + 1
	}
}

// enter returns the place where the edges of a relation to a node end.
func (w *walk) enter(r relation, v int32) int32 {
	switch {
	case !w.events:
		return v
	case v >= w.g.txns || !antis.has(r):
		return 2 * v
	default:
		return 2*v + 1
	}
}

// A cursor goes through the places that come directly after one.
type cursor struct {
	place int32
	rel   int32 // the relation it is at, as index into rels; or commit
	edge  int32 // the next edge of it
}

// commit is where the cursor of a start begins: with its commit.
const commit = -1

func (w *walk) after(place int32) cursor {
	if w.events && place&1 == 0 && place>>1 < w.g.txns {
		return cursor{place: place, rel: commit}
	}
	return cursor{place: place}
}

// next returns the next of those places, and false when there are no more.
func (w *walk) next(c *cursor) (int32, bool) {
	if c.rel == commit {
		c.rel = 0
		return c.place + 1, true
	}
	v := c.place
	if w.events {
		v >>= 1
	}
	for ; int(c.rel) < len(w.rels); c.rel, c.edge = c.rel+1, 0 {
		r := w.rels[c.rel]
		if w.leave(r, v) != c.place {
			continue
		}
		if to := w.g.from(r, v); int(c.edge) < len(to) {
			c.edge++
			return w.enter(r, to[c.edge-1]), true
		}
	}
	return 0, false
}

// components are the strongly connected components of a walk with more than one place.
type components struct {
	walk
	of    []int32 // the component of each place, or none; nil if there is no cycle
	count int
}

// holds reports whether an edge lies on a cycle.
func (c *components) holds(r relation, from, to int32) bool {
	if c.of == nil {
		return false
	}
	x := c.of[c.leave(r, from)]
	return x != none && x == c.of[c.enter(r, to)]
}

// components finds them by Tarjan's algorithm (SIAM J. Comput. 1972). They are
// numbered in the order in which it completes them.
func (w walk) components() components {
	n := w.places()
	t := tarjan{walk: w, index: make([]int32, n), low: make([]int32, n)}
	c := components{walk: w}
	for v := range n {
		if t.index[v] == 0 {
			t.visit(v, &c)
		}
	}
	return c
}

// A tarjan is the state of Tarjan's algorithm. Recursion is spelled out, since
// paths may be as long as the history.
type tarjan struct {
	walk
	index []int32 // when each place was reached, from 1; 0: not yet
	low   []int32 // the earliest place that it leads back to; done once its component is complete
	clock int32
	stack []int32
	path  []cursor
}

// done is later than all places on the stack.
const done = 1<<31 - 1

func (t *tarjan) visit(root int32, c *components) {
	t.reach(root)
	for len(t.path) > 0 {
		top := &t.path[len(t.path)-1]
		v := top.place
		if u, ok := t.next(top); ok {
			if t.index[u] == 0 {
				t.reach(u)
			} else {
				t.low[v] = min(t.low[v], t.low[u])
			}
			continue
		}
		t.path = t.path[:len(t.path)-1]
		if t.low[v] == t.index[v] {
			t.complete(v, c)
		} else {
			parent := t.path[len(t.path)-1].place
			t.low[parent] = min(t.low[parent], t.low[v])
		}
	}
}

func (t *tarjan) reach(v int32) {
	t.clock++
	t.index[v], t.low[v] = t.clock, t.clock
	t.stack = append(t.stack, v)
	t.path = append(t.path, t.after(v))
}

// complete takes the component of which v was reached first off the stack.
func (t *tarjan) complete(v int32, c *components) {
	from := len(t.stack) - 1
	for t.stack[from] != v {
		from--
	}
	members := t.stack[from:]
	t.stack = t.stack[:from]
	for _, u := range members {
		t.low[u] = done
	}
	if len(members) == 1 {
		return
	}
	if c.of == nil {
		c.of = make([]int32, t.places())
		for u := range c.of {
			c.of[u] = none
		}
	}
	for _, u := range members {
		c.of[u] = int32(c.count)
	}
	c.count++
}

package txn

import (
	"cmp"
	"slices"
)

// findCycles finds, for each depth and variant, whether its part of the graph has
// cycles, and shows the smallest of each kind.
func (a *analysis) findCycles() {
	a.cyclic[fullDepth][inRealTime] = a.components(fullDepth, inRealTime)
	if a.cyclic[fullDepth][inRealTime].of == nil {
		return // all other parts lie within that one
	}
	s := &seeker{analysis: a}
	for v := range variants {
		for d := range depths {
			if d != fullDepth || v != inRealTime {
				a.cyclic[d][v] = a.components(d, v)
			}
			s.seek(d, v)
		}
	}
	s.seekWhatIsMissing()
	for i := range s.best {
		a.tellCycle(&s.best[i])
	}
}

func (a *analysis) components(d depth, v variant) components {
	return a.g.walk(a.relationsOf(d, v), d == snapshotDepth).components()
}

// A pattern is a kind of cycle.
type pattern struct {
	kind  Kind
	start set // its first edge
	then  set // the others
	rule  rule
	need  set  // at least one edge is of these, if there are any
	free  bool // edges may lie on cycles of less depth or variant
}

// A rule says where a cycle that begins with an anti-dependency may have others.
type rule uint8

const (
	anywhere    rule = iota
	nonadjacent      // some, but not in a row
	adjacent         // right after the first, and anywhere
	apart            // anywhere but in a row; there may be none
)

// patterns returns the kinds of cycles that a depth adds to those below it.
func (a *analysis) patterns(d depth, v variant) []pattern {
	rels := a.relationsOf(d, v)
	need := [variants]set{0, bySession, byTime}[v]
	switch d {
	case writeDepth:
		return []pattern{{kind: G0.in(v), start: rels & overs, then: rels, need: need}}
	case readDepth:
		return []pattern{{kind: G1c.in(v), start: setOf(wr), then: rels, need: need}}
	case viewDepth:
		if v == byData {
			return []pattern{{kind: ObservedVanishes, start: setOf(view), then: rels}}
		}
	case updateDepth:
		if v == byData {
			return []pattern{{kind: LostUpdate, start: rels & nexts, then: rels}}
		}
	case snapshotDepth:
		single := pattern{kind: GSingle.in(v), start: rels & antis, then: rels &^ antis, need: need}
		several := pattern{kind: GNonadjacent.in(v), start: rels & antis, then: rels, rule: nonadjacent, need: need}
		// Each of these edges stands for a choice: it, or an anti-dependency the other way.
		hidden := pattern{kind: GSingle.in(v), start: rels & (nexts | setOf(view, atomic)), then: rels &^ antis, need: need}
		return []pattern{single, hidden, several}
	case fullDepth:
		return []pattern{{kind: G2Item.in(v), start: rels & antis, then: rels, rule: adjacent, need: need}}
	}
	return nil
}

// A hop is one edge of a cycle.
type hop struct {
	from, to int32
	rel      relation
}

// A circle is the smallest cycle of its kind that was found.
type circle struct {
	kind  Kind
	hops  []hop
	count int // components that have one of the kind
}

// A seeker looks for small cycles.
type seeker struct {
	*analysis
	best   []circle
	effort int // left for the depth and variant at hand

	// The search at hand.
	depth   depth
	variant variant
	in      *components
	id      int32 // the component
	pattern pattern
	goal    int32
	limit   int32 // how long a cycle may be
	cut     bool  // something was left out because of the limit
	queue   []reached
	pending []int32 // junctions to go through first, as indices into queue
	seen    []int32 // the search in which each node was reached in each state
	search  int32
}

// A reached is a node that the search has reached, and how.
type reached struct {
	node   int32
	state  state
	rel    relation
	depth  int32 // edges from the goal
	parent int32 // as index into the queue, or none
}

// A state is what matters of the way so far.
type state uint8

const (
	afterAnti state = 1 << iota // the last edge was an anti-dependency
	again                       // there was a second one where the rule wants it
	met                         // an edge that the pattern needs was there
	states    = 1 << iota
)

// seekEffort bounds the edges that the search for small cycles looks at, for each
// depth and variant. Where it runs out, some cycle is shown instead of the smallest.
const seekEffort = 10_000_000

// longest is up to which length the smallest cycle is sought before any will do.
const longest = 8

// seek looks for the kinds of cycles that a depth adds, in each component. A
// cycle counts only if no edge of it lies on a cycle of less depth or variant,
// except for the edges of sessions and real time: what is broken already does not
// tell of anything else. Without this, one cycle through real time would bring
// forth others among all that happened meanwhile.
func (s *seeker) seek(d depth, v variant) {
	if !s.enter(d, v) {
		return
	}
	patterns := s.patterns(d, v)
	starts := make([][]start, len(patterns))
	for i, p := range patterns {
		starts[i] = s.starts(p)
	}
	for id := range int32(s.in.count) {
		s.id = id
		for i, p := range patterns {
			of := ofComponent(starts[i], id)
			if hops := s.smallest(p, of); hops != nil {
				s.keep(p.kind, hops)
				break
			}
		}
	}
}

// enter turns to a depth and variant, and reports whether it has cycles.
func (s *seeker) enter(d depth, v variant) bool {
	s.depth, s.variant, s.in, s.effort = d, v, &s.cyclic[d][v], seekEffort
	return s.in.of != nil
}

// A start is a transaction where a cycle may begin.
type start struct{ component, txn int32 }

func (s *seeker) starts(p pattern) []start {
	var all []start
	for t := range s.g.txns {
		if id := s.startsIn(p, t); id != none {
			all = append(all, start{id, t})
		}
	}
	slices.SortStableFunc(all, func(x, y start) int { return cmp.Compare(x.component, y.component) })
	return all
}

// startsIn returns in which component a cycle can begin at t, or none.
func (s *seeker) startsIn(p pattern, t int32) int32 {
	for _, r := range s.in.rels {
		if !p.start.has(r) {
			continue
		}
		for _, u := range s.g.from(r, t) {
			if s.counts(r, t, u) {
				return s.in.of[s.in.leave(r, t)]
			}
		}
	}
	return none
}

// counts reports whether an edge lies on a cycle, but on none of less depth or variant.
func (s *seeker) counts(r relation, t, u int32) bool {
	v := s.variant
	if !s.in.holds(r, t, u) || v > 0 && s.cyclic[s.depth][v-1].holds(r, t, u) {
		return false
	}
	for _, d := range below[s.depth] {
		if s.cyclic[d][v].holds(r, t, u) {
			return false
		}
	}
	return true
}

func ofComponent(all []start, id int32) []start {
	find := func(id int32) int {
		i, _ := slices.BinarySearchFunc(all, id, func(x start, id int32) int { return cmp.Compare(x.component, id) })
		return i
	}
	return all[find(id):find(id+1)]
}

// keep keeps the smaller of two cycles of a kind, or the earlier one.
func (s *seeker) keep(kind Kind, hops []hop) {
	for i := range s.best {
		if c := &s.best[i]; c.kind == kind {
			c.count++
			if len(hops) < len(c.hops) {
				c.hops = hops
			}
			return
		}
	}
	s.best = append(s.best, circle{kind, hops, 1})
}

// smallest returns the smallest cycle of a pattern in the component, or nil: it
// tries all starts with a small limit before it raises the limit.
func (s *seeker) smallest(p pattern, starts []start) []hop {
	s.pattern = p
	for limit := int32(2); limit <= longest; limit++ {
		s.cut = false
		for _, at := range starts {
			if hops := s.from(at.txn, limit); hops != nil {
				return hops
			}
			if s.effort < 0 {
				return s.any(starts)
			}
		}
		if !s.cut {
			return nil
		}
	}
	return s.any(starts)
}

// anyStarts is from how many starts a cycle of any length is sought.
const anyStarts = 16

func (s *seeker) any(starts []start) []hop {
	for _, at := range starts[:min(len(starts), anyStarts)] {
		if hops := s.from(at.txn, done); hops != nil {
			return hops
		}
	}
	return nil
}

// from returns a shortest cycle of the pattern, within the limit, that begins at t, or nil.
func (s *seeker) from(t, limit int32) []hop {
	if s.seen == nil {
		s.seen = make([]int32, s.g.nodes*states)
	}
	s.search++
	s.goal, s.limit, s.queue = t, limit, s.queue[:0]
	if at := s.leaveGoal(); at != none {
		return s.hops(at)
	}
	for i := int32(0); int(i) < len(s.queue); i++ {
		if s.queue[i].node >= s.g.txns {
			continue // it was gone through when it was reached
		}
		if at := s.expand(i); at != none {
			return s.hops(at)
		}
	}
	return nil
}

// leaveGoal takes the first edges.
func (s *seeker) leaveGoal() int32 {
	for _, r := range s.in.rels {
		if !s.pattern.start.has(r) {
			continue
		}
		st, _ := s.pattern.step(0, r)
		if s.pattern.rule == adjacent || s.pattern.rule == nonadjacent {
			st &^= again // that was the first
		}
		for _, u := range s.g.from(r, s.goal) {
			if at := s.reach(reached{u, st, r, 1, none}, s.goal); at != none {
				return at
			}
		}
	}
	return none
}

// step returns the state after an edge of the relation, and whether it may be taken.
func (p *pattern) step(st state, r relation) (state, bool) {
	if p.need.has(r) {
		st |= met
	}
	anti := antis.has(r)
	switch p.rule {
	case nonadjacent, apart:
		if anti && st&afterAnti != 0 {
			return 0, false
		}
		if anti {
			st |= again
		}
	case adjacent:
		if st&(afterAnti|again) == afterAnti { // the second edge
			if !anti {
				return 0, false
			}
			st |= again
		}
	}
	if anti {
		return st | afterAnti, true
	}
	return st &^ afterAnti, true
}

// closes reports whether a way back to where it began is a cycle of the pattern.
func (p *pattern) closes(st state) bool {
	if p.need != 0 && st&met == 0 {
		return false
	}
	switch p.rule {
	case nonadjacent:
		return st&again != 0 && st&afterAnti == 0
	case adjacent:
		return st&again != 0
	default:
		return true
	}
}

// expand takes all edges from a node in the queue. It returns where the cycle
// closes, as index into the queue, or none.
func (s *seeker) expand(i int32) int32 {
	from := s.queue[i]
	if from.depth >= s.limit {
		s.cut = true
		return none
	}
	for _, r := range s.in.rels {
		st, ok := s.pattern.step(from.state, r)
		if !ok || !s.pattern.then.has(r) {
			continue
		}
		if r == realtime && from.depth == s.limit-1 {
			// Only the goal is near enough, and the clock tells whether it is reached.
			s.cut = true
			if s.pattern.closes(st) && s.precedes(from.node, s.goal) {
				s.queue = append(s.queue, reached{s.goal, st, r, from.depth + 1, i})
				return int32(len(s.queue)) - 1
			}
			continue
		}
		for _, u := range s.g.from(r, from.node) {
			if at := s.reach(reached{u, st, r, from.depth + 1, i}, from.node); at != none {
				return at
			}
		}
	}
	return none
}

// reach adds a node to the queue, and what lies behind it if it is a junction.
func (s *seeker) reach(x reached, from int32) int32 {
	if at := s.arrive(x, from); at != none {
		return at
	}
	for len(s.pending) > 0 {
		i := s.pending[len(s.pending)-1]
		s.pending = s.pending[:len(s.pending)-1]
		j := s.queue[i]
		for _, u := range s.g.from(j.rel, j.node) {
			if at := s.arrive(reached{u, j.state, j.rel, j.depth, i}, j.node); at != none {
				s.pending = s.pending[:0]
				return at
			}
		}
	}
	return none
}

func (s *seeker) arrive(x reached, from int32) int32 {
	s.effort--
	if !s.mayGo(x.rel, from, x.node) {
		return none
	}
	i := int32(len(s.queue))
	if x.node == s.goal {
		if !s.pattern.closes(x.state) {
			return none
		}
		s.queue = append(s.queue, x)
		return i
	}
	if cell := &s.seen[x.node*states+int32(x.state)]; *cell == s.search {
		return none
	} else {
		*cell = s.search
	}
	s.queue = append(s.queue, x)
	if x.node >= s.g.txns {
		s.pending = append(s.pending, i)
	}
	return none
}

// mayGo reports whether an edge may be part of the cycle.
func (s *seeker) mayGo(r relation, from, to int32) bool {
	if s.in.of[s.in.leave(r, from)] != s.id || s.in.of[s.in.enter(r, to)] != s.id {
		return false
	}
	return s.pattern.free || r == session || r == realtime || s.counts(r, from, to)
}

// hops returns the cycle that closes at an entry of the queue. One that meets a
// transaction twice is nil: it is two cycles, and each counts for itself. (With
// anti-dependencies apart it need not be: the way on may depend on the way here.)
func (s *seeker) hops(at int32) []hop {
	var hops []hop
	to := s.queue[at]
	for i := to.parent; i != none; i = s.queue[i].parent {
		if s.queue[i].node < s.g.txns {
			hops = append(hops, hop{s.queue[i].node, to.node, to.rel})
			to = s.queue[i]
		}
	}
	hops = append(hops, hop{s.goal, to.node, to.rel})
	slices.Reverse(hops)
	met := map[int32]bool{}
	for _, h := range hops {
		if met[h.from] && s.pattern.rule != apart {
			return nil
		}
		met[h.from] = true
	}
	return hops
}

// forbids says which level forbids cycles of each depth and variant.
var forbids = [depths][variants]Level{
	writeDepth:    {ReadUncommitted},
	readDepth:     {ReadCommitted},
	viewDepth:     {MonotonicAtomicView},
	updateDepth:   {CursorStability},
	snapshotDepth: {SnapshotIsolation, StrongSessionSnapshot, StrongSnapshot},
	fullDepth:     {RepeatableRead, StrongSessionSerializable, StrictSerializable},
}

// seekWhatIsMissing finds some cycle for each level that has one while nothing
// found so far refutes it.
func (s *seeker) seekWhatIsMissing() {
	for v := range variants {
		for d := range depths {
			if level := forbids[d][v]; level != 0 && s.enter(d, v) && !s.refuted(level) {
				s.seekAny()
			}
		}
	}
}

func (s *seeker) refuted(l Level) bool {
	refutes := func(k Kind) bool {
		an := Anomaly{Refutes: k.refutes()}
		return an.refutes(l)
	}
	return slices.ContainsFunc(s.found, func(f finding) bool { return refutes(f.kind) }) ||
		slices.ContainsFunc(s.best, func(c circle) bool { return refutes(c.kind) })
}

// seekAny keeps a shortest cycle through some transaction, of whatever kind.
func (s *seeker) seekAny() {
	all := setOf(s.in.rels...)
	s.pattern = pattern{start: all, then: all, rule: apart, free: true}
	if s.in.events {
		s.pattern.start &^= antis
	} else {
		s.pattern.rule = anywhere
	}
	for t := range s.g.txns {
		s.id = s.in.of[s.in.leave(ww, t)]
		if s.id == none {
			continue
		}
		if hops := s.from(t, done); hops != nil {
			s.keep(kindOf(hops), hops)
			return
		}
	}
}

// kindOf names a cycle by its edges.
func kindOf(hops []hop) Kind {
	var met set
	anti, inARow := 0, false
	for i, h := range hops {
		met |= setOf(h.rel)
		if antis.has(h.rel) {
			anti++
			inARow = inARow || antis.has(hops[(i+1)%len(hops)].rel)
		}
	}
	v := byData
	switch {
	case met&byTime != 0:
		v = inRealTime
	case met&bySession != 0:
		v = inSessions
	}
	switch {
	case anti > 1 && inARow:
		return G2Item.in(v)
	case anti > 1:
		return GNonadjacent.in(v)
	case anti == 1, v != byData && met&(nexts|setOf(view)) != 0:
		return GSingle.in(v)
	case met&nexts != 0:
		return LostUpdate
	case met.has(view):
		return ObservedVanishes
	case met.has(wr):
		return G1c.in(v)
	default:
		return G0.in(v)
	}
}

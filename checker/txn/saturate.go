package txn

import (
	"fmt"
	"slices"
	"strings"
)

// Registers tell more of their order than lies on the surface, if a level is taken
// for granted. Two writes of one key cannot overlap, for snapshots neither, so:
//
//   - If one write must start before another commits, its version is the older one.
//   - If a write must have committed when somebody started who read another
//     version, its version is older than that one.
//
// What follows from this may lead to more of the same. In the end there may be a
// cycle: then the level does not hold. (Biswas and Enea, OOPSLA 2019, do this for
// the levels where it decides. Here it does not always, and a search follows.)

// mostSaturated is up to how many transactions this is done: it needs to know who
// leads to whom.
const mostSaturated = 4096

// mostRounds is how often what was inferred may lead to more.
const mostRounds = 32

// A saturation infers the order of versions for one level.
type saturation struct {
	*analysis
	level   Level
	variant variant
	walk    walk

	versions [][]int32 // by key: the versions of a register of which the order is open
	columns  int32     // the places of transactions are the first
	words    int32
	leads    []uint64 // for each place, the columns that it leads to
	place    []int32  // how early each place may be

	pairs []inference
	known map[versionPair]int // as index into pairs
}

// An inference is that one version came before another.
type inference struct {
	versionPair
	from, to int32 // places: the one must come before the other
	reader   int32 // who read the later version, and whose start is the other place; or none
	round    int   // edges of earlier rounds have led from one to the other
}

// saturate infers what it can for a level. It returns a finding if that leads to a
// contradiction. What it inferred stays in the graph until forget is called.
func (a *analysis) saturate(l Level) *finding {
	if len(a.ts) > mostSaturated {
		return nil
	}
	s := &saturation{analysis: a, level: l, variant: variantOf[l], known: map[versionPair]int{}}
	s.versions = make([][]int32, len(a.keys))
	for w := range a.writes {
		made := &a.writes[w]
		k := &a.keys[made.key]
		if made.last && a.happened[made.txn] && k.shape == register && !k.twins && len(k.makers) > 1 {
			s.versions[made.key] = append(s.versions[made.key], int32(w))
		}
	}
	for round := 1; round <= mostRounds; round++ {
		if !s.spread() {
			return s.tell()
		}
		if !s.infer(round) {
			break
		}
		s.redraw(round + 1)
	}
	return nil
}

// forget takes out of the graph what was inferred.
func (a *analysis) forget() {
	for r := range relations {
		if inferred.has(r) {
			a.g.edges[r] = nil
			a.g.buildOf(r)
		}
	}
}

// redraw puts into the graph what was inferred before a round.
func (s *saturation) redraw(round int) {
	s.forget()
	for _, p := range s.pairs {
		if p.round >= round {
			break
		}
		earlier, later := &s.writes[p.earlier], s.writes[p.later].txn
		if earlier.updater != none {
			s.g.add(nextInferred, earlier.updater, later)
			continue
		}
		s.g.add(wwInferred, earlier.txn, later)
		for i := earlier.first; i != none; i = s.reads[i].next {
			s.g.add(rwInferred, s.reads[i].txn, later)
		}
	}
	for r := range relations {
		if inferred.has(r) {
			s.g.buildOf(r)
		}
	}
}

// start and commit are the places of a transaction: the same unless the level is
// one of snapshots.
func (s *saturation) start(t int32) int32  { return s.walk.enter(ww, t) }
func (s *saturation) commit(t int32) int32 { return s.walk.leave(ww, t) }

// spread finds out which place leads to which. It returns false if there is a cycle.
func (s *saturation) spread() bool {
	s.walk = s.g.walk(s.relationsOf(fullDepth, s.variant)|inferred, !s.level.Implies(Serializable))
	s.columns = s.walk.enter(rw, s.g.txns-1) + 1
	s.words = (s.columns + 63) / 64
	order := s.walk.sorted()
	if order == nil {
		return false
	}
	s.leads = make([]uint64, s.walk.places()*s.words)
	s.place = make([]int32, s.walk.places())
	for i := len(order) - 1; i >= 0; i-- {
		p := order[i]
		s.place[p] = int32(i)
		row := s.row(p)
		for c := s.walk.after(p); ; {
			q, ok := s.walk.next(&c)
			if !ok {
				break
			}
			for w, word := range s.row(q) {
				row[w] |= word
			}
			if q < s.columns {
				row[q/64] |= 1 << (q % 64)
			}
		}
	}
	return true
}

func (s *saturation) row(p int32) []uint64 { return s.leads[p*s.words : (p+1)*s.words] }

func (s *saturation) leadsTo(p, q int32) bool {
	return p == q || s.leads[p*s.words+q/64]>>(q%64)&1 == 1
}

// sorted returns the places in an order that the walk allows, or nil if it has a cycle.
func (w *walk) sorted() []int32 {
	waits := make([]int32, w.places())
	each := func(p int32, f func(q int32)) {
		for c := w.after(p); ; {
			q, ok := w.next(&c)
			if !ok {
				return
			}
			f(q)
		}
	}
	for p := range w.places() {
		each(p, func(q int32) { waits[q]++ })
	}
	order := make([]int32, 0, w.places())
	for p := range w.places() {
		if waits[p] == 0 {
			order = append(order, p)
		}
	}
	for i := 0; i < len(order); i++ {
		each(order[i], func(q int32) {
			if waits[q]--; waits[q] == 0 {
				order = append(order, q)
			}
		})
	}
	if len(order) < int(w.places()) {
		return nil
	}
	return order
}

// infer applies both rules to all registers, and reports whether that was of any use.
func (s *saturation) infer(round int) bool {
	before := len(s.pairs)
	for _, versions := range s.versions {
		for _, v := range versions {
			s.inferLater(v, versions, round)
			s.inferEarlier(v, versions, round)
		}
	}
	return len(s.pairs) > before
}

// inferLater finds the versions that came after v and directly after no other of them.
func (s *saturation) inferLater(v int32, versions []int32, round int) {
	from := s.start(s.writes[v].txn)
	var later []int32
	for _, u := range versions {
		if u != v && s.leadsTo(from, s.commit(s.writes[u].txn)) {
			later = append(later, u)
		}
	}
	slices.SortFunc(later, func(x, y int32) int {
		return int(s.place[s.commit(s.writes[x].txn)] - s.place[s.commit(s.writes[y].txn)])
	})
	covered := make([]uint64, s.words)
	for _, u := range later {
		t := s.writes[u].txn
		to := s.commit(t)
		if covered[to/64]>>(to%64)&1 == 1 {
			continue
		}
		s.note(inference{versionPair{v, u}, from, to, none, round})
		for w, word := range s.row(s.start(t)) {
			covered[w] |= word
		}
	}
}

// inferEarlier finds the versions that somebody must have seen who read v.
func (s *saturation) inferEarlier(v int32, versions []int32, round int) {
	for i := s.writes[v].first; i != none; i = s.reads[i].next {
		reader := s.reads[i].txn
		for _, u := range versions {
			if t := s.writes[u].txn; u != v && t != reader && s.leadsTo(s.commit(t), s.start(reader)) {
				s.note(inference{versionPair{u, v}, s.commit(t), s.start(reader), reader, round})
			}
		}
	}
}

// note keeps an inference, unless it is known.
func (s *saturation) note(i inference) {
	if _, ok := s.known[i.versionPair]; ok {
		return
	}
	if o, ok := s.orders[i.versionPair]; ok && (o.by == wr || o.by == session && s.variant >= inSessions || o.by == realtime && s.variant == inRealTime) {
		return
	}
	s.known[i.versionPair] = len(s.pairs)
	s.pairs = append(s.pairs, i)
}

// tell makes a finding of the cycle to which the inferences have led.
func (s *saturation) tell() *finding {
	in := s.walk.components()
	k := &seeker{analysis: s.analysis, in: &in, effort: seekEffort}
	all := setOf(s.walk.rels...)
	k.pattern = pattern{start: all, then: all, free: true}
	kind := G2Item
	if s.walk.events {
		k.pattern.start &^= antis
		k.pattern.rule = apart
		kind = GSingle
	}
	hops := k.smallestOfAll()
	anti := 0
	for _, h := range hops {
		if antis.has(h.rel) {
			anti++
		}
	}
	if s.walk.events && anti > 1 {
		kind = GNonadjacent
	}
	level := s.level
	if level == Serializable {
		level = RepeatableRead // the same, and weaker by name
	}
	f := s.tellHops(kind.in(s.variant), hops, s)
	f.levels = []Level{level}
	f.count = in.count
	return f
}

// smallestOfAll returns the smallest cycle of the pattern in any component.
func (s *seeker) smallestOfAll() []hop {
	var starts []start
	for t := range s.g.txns {
		if id := s.in.of[s.in.leave(ww, t)]; id != none {
			starts = append(starts, start{id, t})
		}
	}
	for limit := int32(2); limit <= longest && s.effort > 0; limit++ {
		for _, at := range starts {
			s.id = at.component
			if hops := s.from(at.txn, limit); hops != nil {
				return hops
			}
		}
	}
	for _, at := range starts {
		s.id = at.component
		if hops := s.from(at.txn, done); hops != nil {
			return hops
		}
	}
	panic("txn: a component without a cycle")
}

// mostLemmas is how many inferences an explanation spells out.
const mostLemmas = 8

// lemma explains an inference, before what rests on it.
func (s *story) lemma(p versionPair) {
	i, ok := s.infers.known[p]
	if !ok || slices.Contains(s.told, p) {
		return
	}
	s.told = append(s.told, p)
	if len(s.told) > mostLemmas {
		return
	}
	x := s.infers.pairs[i]
	s.infers.redraw(x.round)
	var why []string
	for _, h := range s.infers.path(x.from, x.to) {
		_, because := s.because(h)
		why = append(why, fmt.Sprintf("%s < %s, because %s", s.T(h.from), s.T(h.to), because))
	}
	earlier, later := &s.writes[x.earlier], &s.writes[x.later]
	line := fmt.Sprintf("%s's %s to %s came before %s's %s", s.T(earlier.txn), s.act(x.earlier), s.key(earlier.key), s.T(later.txn), s.act(x.later))
	if x.reader != none && x.reader != later.txn {
		line += fmt.Sprintf(", which %s read", s.T(x.reader))
	}
	if why != nil {
		line += ": " + strings.Join(why, "; ")
	}
	s.lemmas = append(s.lemmas, line)
}

// path returns a shortest way from one place to another, as edges between transactions.
func (s *saturation) path(from, to int32) []hop {
	w := s.g.walk(s.relationsOf(fullDepth, s.variant)|inferred, s.walk.events)
	node := func(p int32) int32 {
		if w.events {
			return p / 2
		}
		return p
	}
	came := map[int32]cursor{} // from where, and by which relation
	queue := []int32{from}
	for i := 0; i < len(queue); i++ {
		for c := w.after(queue[i]); ; {
			q, ok := w.next(&c)
			if !ok {
				break
			}
			if _, seen := came[q]; !seen && q != from {
				came[q] = cursor{place: queue[i], rel: c.rel}
				queue = append(queue, q)
			}
		}
	}
	var hops []hop
	for end := to; to != from; to = came[to].place {
		before := node(came[to].place)
		if before >= s.g.txns {
			continue
		}
		if before != node(end) {
			hops = append(hops, hop{before, node(end), w.rels[came[to].rel]})
		}
		end = came[to].place
	}
	slices.Reverse(hops)
	return hops
}

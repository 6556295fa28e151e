package txn

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Where the graph cannot tell the order of all writes, a search looks for one. It
// lets transactions start and commit one after the other, as the graph allows:
//
//   - At its start a transaction reads, so what is there must be what it read.
//   - At its commit its writes come into force. Between its start and its commit
//     nobody else commits a write to a key that it writes (first committer wins).
//   - For serializable levels the commit follows the start at once.
//
// This is snapshot isolation as databases do it, and the graph of starts and
// commits is its theory (Cerone and Gotsman): each edge orders a start and a commit.
//
// It moves without choice where nothing is lost by moving, and else tries the
// transactions in order of call, depth first. A state from which no way led on is
// remembered, and not tried again. A value is not overwritten as long as somebody
// who must read it has not started, if nobody else can write it again.
//
// Of lists, the graph knows the order of all that was read. Only where several
// transactions appended to one list what no read shows does the search have to
// see to it that they do not overlap: for snapshot isolation, not any order will
// do, since each of them may have read what others overwrote.

// A searcher searches for one level.
type searcher struct {
	*analysis
	walk   walk
	atomic bool // commits follow starts at once: the level is serializable

	// What each transaction does to the keys that matter.
	plan plan

	waits     []int32 // places: how many others must come first
	rank      []int32 // transactions: their place in order of call
	ready     ranks   // transactions that may start
	open      ranks   // transactions that have started, and not committed
	started   []bool
	committed []bool
	pending   ranks // transactions that happened and have not committed
	left      int   // how many

	values []int32 // keys of the plan: what they hold, as slots
	unread []int32 // slots: transactions not started that must read it
	locks  []int32 // keys of the plan: open transactions that write it

	trail    []int32 // places passed, in order
	replaced []held  // what commits replaced, in order
	fresh    []int32 // transactions that have become ready, to look at
	frames   []frame
	top      int32 // the highest rank that has started
	over     []held
	dead     map[string]struct{} // states that lead nowhere
	buffer   []byte
	spent    int
}

// A held is what a key holds.
type held struct{ key, slot int32 }

// A frame is a choice: the state in which it was made, and which was made last.
type frame struct {
	trail int
	stage stage
	rank  int32
	low   int32 // all that happened and have lower ranks have committed
	top   int32
}

// A stage is a kind of move to choose.
type stage uint8

const (
	commits stage = iota // of open transactions, where order matters
	runs                 // a start and its commit at once
	starts
	stages
)

func (a *analysis) newSearch(l Level) *searcher {
	n := len(a.ts)
	s := &searcher{
		analysis: a, atomic: l.Implies(Serializable), walk: a.g.walk(a.relationsOf(fullDepth, variantOf[l])|inferred, true),
		rank: make([]int32, n), started: make([]bool, n), committed: make([]bool, n),
		ready: newRanks(n), open: newRanks(n), pending: newRanks(n), dead: map[string]struct{}{},
	}
	s.plan.make(a, !s.atomic)
	s.values, s.locks = slices.Clone(s.plan.initial), make([]int32, len(s.plan.initial))
	s.unread = slices.Clone(s.plan.readers)
	for r, t := range a.byCall {
		s.rank[t] = int32(r)
		if a.happened[t] {
			s.left++
			s.pending.set(int32(r))
		}
	}
	s.countWaits()
	return s
}

// countWaits counts what each place waits for, and passes what waits for nothing.
func (s *searcher) countWaits() {
	s.waits = make([]int32, s.walk.places())
	for p := range s.walk.places() {
		for c := s.walk.after(p); ; {
			u, ok := s.walk.next(&c)
			if !ok {
				break
			}
			s.waits[u]++
		}
	}
	for _, t := range s.byCall {
		if s.present(t) && s.waits[2*t] == 0 {
			s.offer(t)
		}
	}
	var roots []int32 // junctions that nothing leads to; others are passed when their time comes
	for j := s.g.txns; j < s.g.nodes; j++ {
		if s.waits[2*j] == 0 {
			roots = append(roots, 2*j)
		}
	}
	for _, j := range roots {
		s.pass(j)
	}
}

// offer notes that a transaction may start.
func (s *searcher) offer(t int32) {
	s.ready.set(s.rank[t])
	s.fresh = append(s.fresh, t)
}

// pass goes through a place, and through the junctions that it opens.
func (s *searcher) pass(place int32) {
	s.trail = append(s.trail, place)
	for at := len(s.trail) - 1; at < len(s.trail); at++ {
		for c := s.walk.after(s.trail[at]); ; {
			u, ok := s.walk.next(&c)
			if !ok {
				break
			}
			s.waits[u]--
			s.opened(u)
		}
	}
}

// opened looks at a place for which one thing less is to be waited.
func (s *searcher) opened(place int32) {
	t := place / 2
	switch {
	case t >= s.g.txns:
		if s.waits[place] == 0 {
			s.trail = append(s.trail, place)
		}
	case !s.present(t):
	case place&1 == 0 && s.waits[place] == 0:
		s.offer(t)
	case place&1 == 1 && s.waits[place] == 1 && s.ready.has(s.rank[t]):
		s.fresh = append(s.fresh, t) // its commit waits for its start alone
	}
}

// back undoes all since the trail had the given length.
func (s *searcher) back(trail int) {
	s.fresh = s.fresh[:0]
	for len(s.trail) > trail {
		place := s.trail[len(s.trail)-1]
		s.trail = s.trail[:len(s.trail)-1]
		for c := s.walk.after(place); ; {
			u, ok := s.walk.next(&c)
			if !ok {
				break
			}
			if s.waits[u] == 0 && u&1 == 0 && u/2 < s.g.txns {
				s.ready.clear(s.rank[u/2])
			}
			s.waits[u]++
		}
		switch t := place / 2; {
		case t >= s.g.txns:
		case place&1 == 0:
			s.unstart(t)
		default:
			s.uncommit(t)
		}
	}
}

func (s *searcher) start(t int32) {
	s.spent++
	s.started[t] = true
	s.ready.clear(s.rank[t])
	s.open.set(s.rank[t])
	s.top = max(s.top, s.rank[t])
	for _, x := range s.plan.reads(t) {
		s.unread[x.slot]--
	}
	for _, k := range s.plan.writes(t) {
		s.locks[k]++
	}
	s.pass(2 * t)
}

func (s *searcher) unstart(t int32) {
	s.started[t] = false
	s.ready.set(s.rank[t])
	s.open.clear(s.rank[t])
	for _, x := range s.plan.reads(t) {
		s.unread[x.slot]++
	}
	for _, k := range s.plan.writes(t) {
		s.locks[k]--
	}
}

func (s *searcher) commit(t int32) {
	s.spent++
	s.committed[t] = true
	s.open.clear(s.rank[t])
	if s.happened[t] {
		s.left--
		s.pending.clear(s.rank[t])
	}
	s.execute(t, false)
	for _, k := range s.plan.writes(t) {
		s.locks[k]--
		s.replaced = append(s.replaced, held{k, s.values[k]})
		s.values[k] = s.holds(k)
	}
	s.pass(2*t + 1)
}

func (s *searcher) uncommit(t int32) {
	s.committed[t] = false
	s.open.set(s.rank[t])
	if s.happened[t] {
		s.left++
		s.pending.set(s.rank[t])
	}
	written := s.plan.writes(t)
	for i := len(written) - 1; i >= 0; i-- {
		s.locks[written[i]]++
		s.values[written[i]] = s.replaced[len(s.replaced)-1].slot
		s.replaced = s.replaced[:len(s.replaced)-1]
	}
}

// execute runs the script of a transaction on what the keys hold, and reports
// whether it reads what it did read, if that is asked. What it writes is left in over.
func (s *searcher) execute(t int32, reading bool) bool {
	s.over = s.over[:0]
	for _, x := range s.plan.script(t) {
		switch x.kind {
		case history.Read:
			if reading && s.holds(x.key) != x.slot {
				return false
			}
		case history.Write:
			s.over = append(s.over, held{x.key, x.slot})
		default:
			s.over = append(s.over, held{x.key, s.plan.append(s.holds(x.key), x.num)})
		}
	}
	return true
}

// holds returns what a key holds for the transaction that is being executed.
func (s *searcher) holds(k int32) int32 {
	for i := len(s.over) - 1; i >= 0; i-- {
		if s.over[i].key == k {
			return s.over[i].slot
		}
	}
	return s.values[k]
}

// blocked reports whether the commit of t would overwrite what somebody still has to read.
func (s *searcher) blocked(t int32) bool {
	for _, k := range s.plan.writes(t) {
		waiting := s.waiting(s.values[k])
		if !s.started[t] {
			for _, x := range s.plan.reads(t) {
				if x.key == k && x.slot == s.values[k] {
					waiting--
				}
			}
		}
		if waiting > 0 {
			return true
		}
	}
	return false
}

// waiting returns how many have yet to read a slot.
func (s *searcher) waiting(slot int32) int32 {
	if int(slot) >= len(s.unread) {
		return 0 // made by an append only now
	}
	return s.unread[slot]
}

// twinReady reports whether an optional transaction that does the same is ready
// too: then there is no need to try both.
func (s *searcher) twinReady(t int32) bool {
	twin := s.plan.twin[t]
	return twin != none && s.ready.has(s.rank[twin])
}

// locked reports whether somebody who is open writes a key that t writes.
func (s *searcher) locked(t int32) bool {
	for _, k := range s.plan.writes(t) {
		if s.locks[k] > 0 {
			return true
		}
	}
	return false
}

// run searches until it knows, or has spent so many steps.
func (s *searcher) run(steps int) judge.Verdict {
	for {
		s.settle()
		switch {
		case s.left == 0:
			return judge.Holds
		case s.spent > steps:
			return judge.Undecided
		}
		s.choose()
		for !s.advance() {
			s.giveUp()
			if len(s.frames) == 0 {
				return judge.Violated
			}
			if s.spent > steps {
				return judge.Undecided
			}
		}
	}
}

// settle makes the moves by which nothing is lost: starts of who writes nothing
// that matters, and commits of who writes only what is written once.
func (s *searcher) settle() {
	for moved := true; moved; {
		for len(s.fresh) > 0 {
			t := s.fresh[len(s.fresh)-1]
			s.fresh = s.fresh[:len(s.fresh)-1]
			s.startFreely(t)
		}
		moved = false
		for r := s.open.next(0); r != none; r = s.open.next(r + 1) {
			if t := s.byCall[r]; !s.plan.fickle(t) && s.waits[2*t+1] == 0 && !s.blocked(t) {
				s.commit(t)
				moved = true
			}
		}
		if s.plan.odd {
			for r := s.ready.next(0); r != none; r = s.ready.next(r + 1) {
				moved = s.startFreely(s.byCall[r]) || moved
			}
		}
	}
}

// startFreely starts a transaction if nothing is lost by it.
func (s *searcher) startFreely(t int32) bool {
	if !s.ready.has(s.rank[t]) || len(s.plan.writes(t)) > 0 || !s.happened[t] {
		return false
	}
	if s.atomic && s.waits[2*t+1] > 1 || !s.execute(t, true) {
		return false
	}
	s.start(t)
	if s.waits[2*t+1] == 0 {
		s.commit(t)
	}
	return true
}

// choose opens a choice.
func (s *searcher) choose() {
	f := frame{trail: len(s.trail), rank: none, top: s.top}
	if len(s.frames) > 0 {
		f.low = s.frames[len(s.frames)-1].low
	}
	f.low = s.pending.next(f.low)
	s.frames = append(s.frames, f)
	if _, dead := s.dead[s.state()]; dead {
		s.frames[len(s.frames)-1].stage = stages
	}
}

// advance makes the next choice of the last frame, and reports whether there was one.
func (s *searcher) advance() bool {
	f := &s.frames[len(s.frames)-1]
	s.back(f.trail)
	s.top = f.top
	for ; f.stage < stages; f.stage, f.rank = f.stage+1, none {
		if s.atomic && f.stage != runs {
			continue
		}
		among := &s.ready
		if f.stage == commits {
			among = &s.open
		}
		for f.rank = among.next(f.rank + 1); f.rank != none; f.rank = among.next(f.rank + 1) {
			s.spent++
			if s.move(f.stage, s.byCall[f.rank]) {
				return true
			}
		}
	}
	return false
}

// move makes a move, if it is one.
func (s *searcher) move(at stage, t int32) bool {
	if at == commits {
		if s.waits[2*t+1] > 0 || s.blocked(t) {
			return false
		}
		s.commit(t)
		return true
	}
	if s.locked(t) || s.twinReady(t) || !s.execute(t, true) {
		return false
	}
	runnable := s.waits[2*t+1] == 1 && !s.blocked(t)
	switch {
	case at == runs && runnable:
		s.start(t)
		s.commit(t)
		return true
	case at == starts && (!runnable || s.plan.fickle(t)):
		s.start(t)
		return true
	default:
		return false
	}
}

// giveUp closes the last choice: its state leads nowhere.
func (s *searcher) giveUp() {
	if state := s.state(); state != "" {
		s.dead[state] = struct{}{}
	}
	s.frames = s.frames[:len(s.frames)-1]
}

// longState is the length from which on a description of a state is not worth its cost.
const longState = 512

// state describes what matters of the state of the last frame: who has started
// and committed, and what the keys hold that somebody still has to read. It is
// empty if that would be long: so much can be open only in long histories, where
// there is no hope of trying everything anyway.
func (s *searcher) state() string {
	f := &s.frames[len(s.frames)-1]
	b := binary.AppendUvarint(s.buffer[:0], uint64(f.top)+1)
	for r := s.pending.next(f.low); r != none && r <= f.top; r = s.pending.next(r + 1) {
		b = binary.AppendUvarint(b, 2*uint64(r)+s.phase(s.byCall[r]))
		if len(b) > longState {
			return ""
		}
	}
	b = append(b, 0)
	for _, t := range s.plan.optional {
		b = append(b, byte(s.phase(t)))
	}
	for k, slot := range s.values {
		if s.plan.fickles[k] || s.waiting(slot) > 0 {
			b = binary.AppendUvarint(b, uint64(k))
			b = binary.AppendUvarint(b, uint64(slot))
		}
	}
	s.buffer = b
	return string(b)
}

func (s *searcher) phase(t int32) uint64 {
	switch {
	case s.committed[t]:
		return 2
	case s.started[t]:
		return 1
	default:
		return 0
	}
}

// order returns the transactions in the order in which they committed.
func (s *searcher) order() []int32 {
	var order []int32
	for _, p := range s.trail {
		if p&1 == 1 {
			order = append(order, p/2)
		}
	}
	return order
}

// ranks are a set of small numbers.
type ranks []uint64

func newRanks(n int) ranks { return make(ranks, (n+63)/64) }

func (r ranks) set(i int32)      { r[i/64] |= 1 << (i % 64) }
func (r ranks) clear(i int32)    { r[i/64] &^= 1 << (i % 64) }
func (r ranks) has(i int32) bool { return r[i/64]>>(i%64)&1 == 1 }

// next returns the least of them that is not less than i, or none.
func (r ranks) next(i int32) int32 {
	for w := int(i / 64); w < len(r); w++ {
		word := r[w]
		if w == int(i/64) {
			word &= ^uint64(0) << (i % 64)
		}
		if word != 0 {
			return int32(64*w + bits.TrailingZeros64(word))
		}
	}
	return none
}

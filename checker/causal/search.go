package causal

import (
	"fmt"
	"slices"

	"faultline/checker/execution"
	"faultline/checker/judge"
)

// none is execution.None, which stands in many places here.
const none = execution.None

// A search looks for the bad patterns of one model.
type search struct {
	x     *execution.Execution
	m     Model
	g     *execution.Graph
	trunk [][]int32 // of lists: the joins of the beginnings of each key's trunk
	base  int32     // the number of edges of the order that the model starts from

	cut     execution.Cut // scratch
	newer   []int32       // scratch
	choices []choice      // scratch

	limit, steps int
	spent        bool // the budget, or the room for clocks
	crowded      bool // it was the room
}

func newSearch(x *execution.Execution, m Model, limit int) *search {
	s := &search{x: x, m: m, g: execution.NewGraph(x), limit: limit}
	s.trunk = s.g.Trunks()
	return s
}

// find returns a bad pattern, or nil if there is none or the budget is spent.
func (s *search) find() *finding {
	f := s.pattern()
	if f != nil {
		f.search = s
	}
	return f
}

func (s *search) pattern() *finding {
	if s.m == PRAM {
		s.base = int32(len(s.g.Edges))
		return s.sessions()
	}
	all := make([]int32, len(s.x.Events))
	for e := range all {
		all[e] = int32(e)
	}
	s.g.AddReadsFrom(all, s.trunk)
	s.base = int32(len(s.g.Edges))
	if f := s.order(cyclicCO, none); f != nil || s.spent {
		return f
	}
	if f := s.reads(); f != nil {
		return f
	}
	switch s.m {
	case CM:
		return s.sessions()
	case CCv:
		return s.arbitration()
	default:
		return nil
	}
}

// nodesPerStep is how many nodes of a graph are ordered for one step of the budget.
const nodesPerStep = 16

// order puts the events in order and fills in the clocks. It returns the pattern
// if there is no order.
func (s *search) order(p pattern, session int32) *finding {
	s.steps += 1 + len(s.x.Events)/nodesPerStep
	if s.spent = s.steps > s.limit; s.spent {
		return nil
	}
	if circle := s.g.Sweep(); circle != nil {
		return &finding{pattern: p, circle: circle, session: session}
	}
	if !s.g.Tick() {
		s.spent, s.crowded = true, true
	}
	return nil
}

func (s *search) outOfBudget() judge.Result {
	r := judge.Result{Verdict: judge.Undecided, Engine: Engine, Steps: s.steps}
	if s.crowded {
		r.Evidence.Text = fmt.Sprintf("%d events in %d chains are too many for the clocks; judge a part of the history, or one with fewer sessions", len(s.x.Events), len(s.x.Chains))
	} else {
		r.Evidence.Text = fmt.Sprintf("the order that reads force upon writes was not complete after %d steps; allow more", s.limit)
	}
	return r
}

// reads looks for a read that what causally precedes it does not explain
// (WriteCOInitRead, WriteCORead). It returns the one called first.
func (s *search) reads() *finding {
	var first *finding
	for k := range s.x.Keys {
		key := &s.x.Keys[k]
		for _, r := range key.Reads {
			if first != nil && s.x.Events[r].Op > s.x.Events[first.read].Op {
				continue
			}
			if f := s.read(r); f != nil {
				first = f
			}
		}
		if key.Appends && first == nil {
			first = s.listOrder(key)
		}
	}
	return first
}

// read looks for a write that makes the read impossible.
func (s *search) read(r int32) *finding {
	from := s.x.Events[r].From
	if s.x.Events[r].List != none {
		return s.missing(r)
	}
	for _, w := range s.ahead(r) {
		switch {
		case from == execution.Initial:
			return &finding{pattern: writeCOInitRead, read: r, newer: w}
		case s.g.Reaches(from, w):
			return &finding{pattern: writeCORead, read: r, newer: w}
		}
	}
	return nil
}

// ahead returns the writes that come before a read of a register, but neither are
// the one that it read from nor come before that: of each run the last one.
func (s *search) ahead(r int32) []int32 {
	ev := &s.x.Events[r]
	if ev.From == execution.Initial {
		s.cut = s.g.Nothing(s.cut)
	} else {
		s.cut = s.g.UpTo(s.cut, ev.From)
	}
	s.newer = s.g.Ahead(s.newer[:0], ev.Key, r, s.cut)
	return s.newer
}

// missing looks for an append that precedes the read of a list and is not in it.
// All that is in it precedes it, so counting will do.
func (s *search) missing(r int32) *finding {
	ev := &s.x.Events[r]
	key, items := &s.x.Keys[ev.Key], s.x.Items(&s.x.Lists[ev.List])
	if s.g.Count(ev.Key, r) == len(items) {
		return nil
	}
	shown := map[int32]bool{}
	for _, item := range items {
		shown[item] = true
	}
	for _, run := range key.Runs {
		_, n := s.g.LastWrite(key, run, r)
		for _, w := range key.Writes[run.First:][:n] {
			if !shown[w] {
				return &finding{pattern: missingAppend, read: r, newer: w}
			}
		}
	}
	panic("causal: a list holds what does not precede it")
}

// listOrder looks for a list that shows two appends against their causal order.
func (s *search) listOrder(key *execution.Key) *finding {
	trunkShown := false
	var passed []int32 // the list looked at before: a session sees much the same again and again
	for _, r := range key.Reads {
		list := &s.x.Lists[s.x.Events[r].List]
		if whole := list.Shared == len(key.Trunk) && len(list.Rest) == 0; whole && trunkShown || !whole && len(list.Rest) == 0 {
			continue // the beginning of a list that is looked at
		} else if whole {
			trunkShown = true
		}
		items := s.x.Items(list)
		if f := s.misplaced(r, items, common(items, passed)); f != nil {
			return f
		}
		passed = items
	}
	return nil
}

// common returns how many items two lists begin with in common.
func common(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// misplaced looks for an item before which an append that precedes it is not
// shown, though the list holds it. What precedes items of one chain is shown in
// program order if none was misplaced so far. The items up to from have passed.
func (s *search) misplaced(r int32, items []int32, from int) *finding {
	s.cut = s.g.Nothing(s.cut)
	for _, item := range items[:from] {
		s.g.Include(s.cut, item)
	}
	for _, item := range items[from:] {
		if s.newer = s.g.Ahead(s.newer[:0], s.x.Events[r].Key, item, s.cut); len(s.newer) > 0 {
			return &finding{pattern: listOrder, read: r, newer: s.newer[0], older: item}
		}
		s.g.Include(s.cut, item)
	}
	return nil
}

// arbitration looks for an order of all writes that explains all reads: it must
// respect causal order and, wherever a read had a choice of writes, put the one
// that was read last (CyclicCF).
func (s *search) arbitration() *finding {
	for k := range s.x.Keys {
		key := &s.x.Keys[k]
		if key.Appends {
			s.arbitrateLists(key, key.Reads)
		} else {
			s.arbitrate(s.group(slices.Clone(key.Reads)))
		}
	}
	circle := s.g.Sweep()
	if circle == nil {
		return nil
	}
	return &finding{pattern: cyclicCF, circle: circle, session: none}
}

// arbitrate puts what reads could have read before what they did read. The reads
// are grouped. It returns the first that no order explains, for it read the initial
// value; or the first of a list, without an append that it had to know of.
func (s *search) arbitrate(reads []int32) *finding {
	for len(reads) > 0 {
		r := reads[0]
		from, n := s.x.Events[r].From, 1
		switch {
		case s.x.Events[r].List != none:
			if f := s.missing(r); f != nil {
				return f
			}
		case from == execution.Initial:
			if ahead := s.ahead(r); len(ahead) > 0 {
				return &finding{pattern: writeHBInitRead, read: r, newer: ahead[0]}
			}
		default:
			for n < len(reads) && s.x.Events[reads[n]].From == from {
				n++
			}
			s.choose(from, reads[:n])
		}
		reads = reads[n:]
	}
	return nil
}

// group puts reads of the same value next to one another, otherwise in order.
func (s *search) group(reads []int32) []int32 {
	slices.SortStableFunc(reads, func(a, b int32) int { return int(s.x.Events[a].From - s.x.Events[b].From) })
	return reads
}

// A choice is a write that a read could have read.
type choice struct{ write, read int32 }

// choose puts what the readers of a write could have read before it: of each
// chain the last, for the rest follows.
func (s *search) choose(from int32, readers []int32) {
	s.choices = s.choices[:0]
	s.cut = s.g.UpTo(s.cut, from)
	for _, r := range readers {
		s.newer = s.g.Ahead(s.newer[:0], s.x.Events[r].Key, r, s.cut)
		for _, w := range s.newer {
			s.choices = append(s.choices, choice{w, r})
			s.g.Include(s.cut, w)
		}
	}
	slices.SortFunc(s.choices, func(a, b choice) int { return int(a.write - b.write) })
	for i, c := range s.choices {
		if i+1 == len(s.choices) || s.x.Events[s.choices[i+1].write].Chain != s.x.Events[c.write].Chain {
			s.g.Add(c.write, from, execution.Derived, c.read)
		}
	}
}

// arbitrateLists puts the appends in the order in which the reads show them.
func (s *search) arbitrateLists(key *execution.Key, reads []int32) {
	longest := int32(none) // the read that shows most of the trunk
	seen := map[[2]int32]bool{}
	for _, r := range reads {
		list := &s.x.Lists[s.x.Events[r].List]
		if longest == none || list.Shared > s.x.Lists[s.x.Events[longest].List].Shared {
			longest = r
		}
		before := int32(none)
		if list.Shared > 0 {
			before = key.Trunk[list.Shared-1]
		}
		for _, item := range list.Rest {
			if pair := [2]int32{before, item}; before != none && !seen[pair] {
				seen[pair] = true
				s.g.Add(before, item, execution.Derived, r)
			}
			before = item
		}
	}
	if longest == none {
		return
	}
	for i, n := 1, s.x.Lists[s.x.Events[longest].List].Shared; i < n; i++ {
		s.g.Add(key.Trunk[i-1], key.Trunk[i], execution.Derived, longest)
	}
}

package causal

import (
	"fmt"

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
			if f := s.read(key, r); f != nil {
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
func (s *search) read(key *execution.Key, r int32) *finding {
	from := s.x.Events[r].From
	if s.x.Events[r].List != none {
		return s.missing(key, r)
	}
	for _, run := range key.Runs {
		last, _ := s.g.LastWrite(key, run, r)
		switch {
		case last == none || last == from:
		case from == execution.Initial:
			return &finding{pattern: writeCOInitRead, read: r, newer: last}
		case s.g.Reaches(from, last):
			return &finding{pattern: writeCORead, read: r, newer: last}
		}
	}
	return nil
}

// missing looks for an append that precedes the read of a list and is not in it.
// All that is in it precedes it, so counting will do.
func (s *search) missing(key *execution.Key, r int32) *finding {
	items := s.x.Items(&s.x.Lists[s.x.Events[r].List])
	count := 0
	for _, run := range key.Runs {
		_, n := s.g.LastWrite(key, run, r)
		count += n
	}
	if count == len(items) {
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
		if f := s.misplaced(key, r, items, common(items, passed)); f != nil {
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
func (s *search) misplaced(key *execution.Key, r int32, items []int32, from int) *finding {
	placed := make([]int, len(key.Runs))
	runOf := map[int32]int{}
	for i, run := range key.Runs {
		runOf[run.Chain] = i
	}
	for _, item := range items[:from] {
		placed[runOf[s.x.Events[item].Chain]]++
	}
	for _, item := range items[from:] {
		for i, run := range key.Runs {
			if last, n := s.g.LastWrite(key, run, item); n > placed[i] {
				return &finding{pattern: listOrder, read: r, newer: last, older: item}
			}
		}
		placed[runOf[s.x.Events[item].Chain]]++
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
			s.arbitrate(key)
		}
	}
	circle := s.g.Sweep()
	if circle == nil {
		return nil
	}
	return &finding{pattern: cyclicCF, circle: circle, session: none}
}

// A choice is the last of the writes of a chain that a read could have read, if
// it did not read from there.
type choice struct{ write, read int32 }

// arbitrate puts what reads could have read before what they did read.
func (s *search) arbitrate(key *execution.Key) {
	choices := make(map[int32][]choice) // by the write read: for each run, the latest write
	for _, r := range key.Reads {
		from := s.x.Events[r].From
		if from < 0 {
			continue
		}
		best := choices[from]
		for i, run := range key.Runs {
			last, _ := s.g.LastWrite(key, run, r)
			if last == none || last == from || s.g.Reaches(last, from) {
				continue
			}
			if best == nil {
				best = make([]choice, len(key.Runs))
				for i := range best {
					best[i].write = none
				}
				choices[from] = best
			}
			if last > best[i].write {
				best[i] = choice{last, r}
			}
		}
	}
	for _, w := range key.Writes {
		for _, c := range choices[w] {
			if c.write != none {
				s.g.Add(c.write, w, execution.Derived, c.read)
			}
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

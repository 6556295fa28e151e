package causal

import (
	"fmt"

	"faultline/checker/execution"
	"faultline/checker/judge"
)

// A pattern is a bad pattern: where it occurs, a model does not hold.
type pattern uint8

// The bad patterns, by their names in the paper, and two of our own for lists.
const (
	cyclicCO        pattern = iota // causal order goes in a circle
	writeCOInitRead                // the initial value was read though a write precedes causally
	writeCORead                    // a value was read though another write stands causally between
	missingAppend                  // a list was read without an append that precedes
	listOrder                      // a list shows two appends against their causal order
	cyclicCF                       // the order of writes that reads show goes in a circle with causal order
	writeHBInitRead                // as writeCOInitRead, in the order that the session shows
	cyclicHB                       // the order that the session shows goes in a circle
)

var patternNames = [...]string{
	"CyclicCO", "WriteCOInitRead", "WriteCORead", "missing append", "list order",
	"CyclicCF", "WriteHBInitRead", "CyclicHB",
}

// String returns the pattern's name in the paper.
func (p pattern) String() string { return patternNames[p] }

// A finding is a bad pattern in a history.
type finding struct {
	pattern pattern
	read    int32   // the read that cannot be explained
	newer   int32   // the write that precedes it
	older   int32   // of listOrder: the append that newer precedes and the list shows first
	circle  []int32 // of the cyclic patterns: edges
	session int32   // the session that saw it, as the chain that it ends with; none if it is not about one
	search  *search // that found it
}

// explain returns the evidence: the least part of the execution in which a bad
// pattern remains, and what it is in words.
func explain(x *execution.Execution, m Model, f *finding) *judge.Evidence {
	violated := func(part *execution.Execution) bool { return newSearch(part, m, judge.DefaultSteps).find() != nil }
	part := execution.Shrink(x.Part(f.events()), violated)
	f = newSearch(part, m, judge.DefaultSteps).find()
	ops := make([]int32, len(part.Events))
	for e := range part.Events {
		ops[e] = part.Events[e].Op
	}
	return execution.Because(fmt.Sprintf("%s (bad pattern %v)", f.words(), f.pattern), ops...)
}

// events returns the events that the pattern rests on.
func (f *finding) events() []int32 {
	s := f.search
	if f.circle != nil {
		return s.g.Causes(f.circle, s.reason)
	}
	events := []int32{f.read, f.newer}
	from, to := f.newer, f.read
	if f.pattern == listOrder {
		events = append(events, f.older)
		to = f.older
	}
	events = append(events, s.g.Causes(s.path(from, to), s.reason)...)
	if from := s.x.Events[f.read].From; from >= 0 {
		events = append(events, s.g.Causes(s.path(from, f.newer), s.reason)...)
	}
	return events
}

// path returns why one event comes before another, in the order as it is now.
func (s *search) path(from, to int32) []int32 {
	path, ok := s.g.Path(from, to, int32(len(s.g.Edges)))
	if !ok {
		panic("causal: no path where clocks say that there is one")
	}
	return path
}

// reason returns what an edge between writes rests on: the read that shows it,
// and how that read comes after the former write.
func (s *search) reason(edge int32) (events, path []int32) {
	e := s.g.Edges[edge]
	events = []int32{e.Reason}
	if s.x.Events[e.Reason].List == none {
		path, _ = s.g.Path(e.From, e.Reason, s.before(edge))
	}
	return events, path
}

// before returns how many of the edges, from the first on, an edge between writes
// may rest on. In CCv that is causal order alone: an order of writes that a read
// shows, taken for a cause, would explain something else than was found.
func (s *search) before(edge int32) int32 {
	if s.m == CCv {
		return s.base
	}
	return edge
}

// why tells what an edge between writes rests on.
func (s *search) why(edge int32) string {
	e := s.g.Edges[edge]
	if s.x.Events[e.Reason].List != none {
		return s.x.Say(e.Reason)
	}
	path, _ := s.g.Path(e.From, e.Reason, s.before(edge))
	return s.g.Onward(e.From, path, e.Reason, s.why)
}

// words tells the pattern in words.
func (f *finding) words() string {
	s := f.search
	switch f.pattern {
	case cyclicCO:
		return fmt.Sprintf("each of these must come before the next, in a circle: %s", s.tellCircle(f.circle))
	case cyclicCF:
		return fmt.Sprintf("no one order of the writes explains what was read, for it would go in a circle: %s", s.tellCircle(f.circle))
	case cyclicHB:
		return fmt.Sprintf("%s saw the writes in no order that explains what it read, for it would go in a circle: %s", s.client(f.session), s.tellCircle(f.circle))
	case writeCORead:
		return fmt.Sprintf("%s, but it had to know of a newer value: %s, then %s", s.x.Say(f.read),
			s.tell(s.x.Events[f.read].From, f.newer), s.g.Onward(f.newer, s.path(f.newer, f.read), f.read, s.why))
	case listOrder:
		return fmt.Sprintf("%s with %s before %s, but they were appended the other way round: %s",
			s.x.Say(f.read), s.x.Value(f.older), s.x.Value(f.newer), s.tell(f.newer, f.older))
	case missingAppend:
		return fmt.Sprintf("%s, but it had to know of %s: %s", s.x.Say(f.read), s.x.Value(f.newer), s.tell(f.newer, f.read))
	default:
		return fmt.Sprintf("%s, but it had to know of a value: %s", s.x.Say(f.read), s.tell(f.newer, f.read))
	}
}

// client names the session that a chain belongs to.
func (s *search) client(chain int32) string {
	return fmt.Sprintf("client %d", s.x.Op(s.x.Chains[chain].First).Client)
}

func (s *search) tell(from, to int32) string { return s.g.Tell(from, s.path(from, to), to, s.why) }

func (s *search) tellCircle(circle []int32) string {
	from := s.g.Edges[circle[0]].From
	return s.g.Tell(from, circle, from, s.why)
}

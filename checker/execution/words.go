package execution

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker/judge"
)

// At says what an operation did and when it was called.
func (x *Execution) At(op int32) string {
	return fmt.Sprintf("%v at %v", x.History[op], x.History[op].Call)
}

// Say says what the operation of an event did and when it was called.
func (x *Execution) Say(e int32) string { return x.At(x.Events[e].Op) }

// Value says what an event wrote or appended.
func (x *Execution) Value(e int32) string { return x.Op(e).Show(x.Op(e).In) }

// Because returns the evidence of the operations, each once and ascending.
func Because(text string, ops ...int32) *judge.Evidence {
	e := &judge.Evidence{Text: text}
	for _, i := range ops {
		e.Ops = append(e.Ops, int(i))
	}
	slices.Sort(e.Ops)
	e.Ops = slices.Compact(e.Ops)
	return e
}

// Tell tells a path in words: client 1 wrote x=1 at 0 ns, then client 2 read x=1
// at 10 ns. What led to the next event is its session or a read. An edge that a
// checker added leads to what comes later, and the checker says why. The words
// begin with the event from, and end with the event to.
func (g *Graph) Tell(from int32, path []int32, to int32, why func(edge int32) string) string {
	const then, before = ", then ", ", before "
	t := teller{g: g, at: from, text: g.X.Say(from)}
	for _, i := range path {
		e := g.Edges[i]
		t.move(e.From, then)
		if e.Why < Derived {
			t.move(e.To, then)
			continue
		}
		t.move(e.To, before)
		if reason := why(i); reason != "" {
			t.text += " (since " + reason + ")"
		}
	}
	t.move(to, then)
	return t.text
}

// Onward is Tell without its first event: what came then.
func (g *Graph) Onward(from int32, path []int32, to int32, why func(edge int32) string) string {
	text := strings.TrimPrefix(g.Tell(from, path, to, why), g.X.Say(from))
	return strings.TrimPrefix(text, ", then ")
}

// A teller walks along a path.
type teller struct {
	g    *Graph
	at   int32
	text string
}

// move goes on to the event, in these words. Joins have no words.
func (t *teller) move(e int32, words string) {
	if e != t.at && !t.g.IsJoin(e) {
		t.text += words + t.g.X.Say(e)
		t.at = e
	}
}

// Causes returns the events that a path rests on: those along it and, for each
// edge that a checker added, the events and the path that reason gives, and so on.
func (g *Graph) Causes(path []int32, reason func(edge int32) (events, path []int32)) []int32 {
	var events []int32
	seen := map[int32]bool{}
	for todo := slices.Clone(path); len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[i] {
			continue
		}
		seen[i] = true
		e := g.Edges[i]
		for _, node := range [...]int32{e.From, e.To} {
			if !g.IsJoin(node) {
				events = append(events, node)
			}
		}
		if e.Why >= Derived {
			more, path := reason(i)
			events, todo = append(events, more...), append(todo, path...)
		}
	}
	return events
}

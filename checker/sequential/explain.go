package sequential

import (
	"fmt"

	"faultline/checker/execution"
	"faultline/checker/judge"
)

// A reason is why an execution is not sequential: one of these.
type reason struct {
	problem   *problem
	circle    []int32 // edges: what must come before what goes in a circle
	swaps     []int32 // two compare-and-sets that replaced one value
	forked    int32   // a read of a list that the trunk does not go on from
	exhausted bool    // no order was left to try
}

// witnessSteps is the budget of each try to make a witness smaller.
const witnessSteps = 20_000

// explain returns the evidence: the least part of the execution that is not
// sequential, and why in words.
func explain(a answer) *judge.Evidence {
	part := a.why.problem.x
	if !a.why.exhausted {
		part = part.Part(a.why.events())
	}
	steps := maxWitnessSteps
	part = execution.Shrink(part, func(less *execution.Execution) bool {
		if steps < 0 {
			return false
		}
		p := newProblem(less, min(witnessSteps, steps))
		verdict := p.solve().verdict
		steps -= p.steps + len(less.Events)/nodesPerStep
		return verdict == judge.Violated
	})
	why := newProblem(part, judge.DefaultSteps).solve().why
	if why == nil {
		why = a.why // the part is the whole
	}
	ops := make([]int32, len(part.Events))
	for e := range part.Events {
		ops[e] = part.Events[e].Op
	}
	return execution.Because(why.words(), ops...)
}

// maxWitnessSteps bounds the work of making a witness smaller.
const maxWitnessSteps = 2_000_000

// events returns the events that the reason rests on.
func (w *reason) events() []int32 {
	p := w.problem
	switch {
	case w.circle != nil:
		return p.g.Causes(w.circle, p.reason)
	case w.swaps != nil:
		return w.swaps
	default:
		key := &p.x.Keys[p.x.Events[w.forked].Key]
		return []int32{w.forked, p.other(key, w.forked)}
	}
}

// other returns a read whose list goes on differently from the forked one.
func (p *problem) other(key *execution.Key, forked int32) int32 {
	shared := p.x.Lists[p.x.Events[forked].List].Shared
	for _, r := range key.Reads {
		if p.x.Lists[p.x.Events[r].List].Shared > shared {
			return r
		}
	}
	panic("sequential: no list forks from this one")
}

// reason returns what an edge rests on.
func (p *problem) reason(edge int32) (events, path []int32) {
	e := p.g.Edges[edge]
	switch e.Why {
	case overwrote:
		path, _ = p.g.Path(e.Reason, p.endOf(e.To), edge)
		return []int32{e.Reason, e.To}, path
	case listed:
		return []int32{e.Reason}, nil
	default:
		return nil, nil
	}
}

// endOf returns the end of the block that a write begins.
func (p *problem) endOf(head int32) int32 {
	return p.registers[p.x.Events[head].Key].blocks[p.inBlock[head]].end
}

// why tells what an edge rests on. What a read of the value says is plain.
func (p *problem) why(edge int32) string {
	e := p.g.Edges[edge]
	switch e.Why {
	case overwrote:
		path, _ := p.g.Path(e.Reason, p.endOf(e.To), edge)
		return p.g.Tell(e.Reason, path, p.endOf(e.To), p.why)
	case listed:
		return p.x.Say(e.Reason)
	default:
		return ""
	}
}

// words tells the reason in words.
func (w *reason) words() string {
	p := w.problem
	switch {
	case w.circle != nil:
		from := p.g.Edges[w.circle[0]].From
		return fmt.Sprintf("no one order explains all answers, for it would go in a circle: %s", p.g.Tell(from, w.circle, from, p.why))
	case w.swaps != nil:
		a, b := w.swaps[0], w.swaps[1]
		op := p.x.Op(a)
		return fmt.Sprintf("%s and %s, though %s held %s only once", p.x.Say(a), p.x.Say(b), op.Key, op.Show(op.Expect))
	case w.exhausted:
		return fmt.Sprintf("no one order explains all answers of these %d operations: every order was tried", len(p.x.Events))
	default:
		key := &p.x.Keys[p.x.Events[w.forked].Key]
		return fmt.Sprintf("%s, but %s: neither list continues the other", p.x.Say(p.other(key, w.forked)), p.x.Say(w.forked))
	}
}

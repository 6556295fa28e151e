// Package sequential judges sequential consistency (Lamport, IEEE Trans. Comput.
// 1979): can the operations of all sessions, on all keys, be put into one order
// that keeps the order of each session and explains every answer? Real time does
// not count. It is not local: each key may be fine and the whole not.
//
// The question is NP-complete, even where all written values differ (Gibbons and
// Korach, SIAM J. Comput. 1997). What can be said in polynomial time is said first:
//
//   - candidates: if the values of each key, in the order in which they were in
//     place in real time or in the store's own order of versions, fit together
//     with program order, then the history is sequential. For a linearizable
//     history the first candidate always does. O(n log n).
//   - saturation: whatever must come before whatever in every order, until no more
//     follows. A circle is a violation. O(n·s) for n operations in s sessions and
//     each round of at most n, though a few rounds are the rule.
//   - search: the values of each key in every order that saturation leaves open,
//     depth first, with the states that led nowhere remembered. Exponential at
//     worst, within the budget.
//
// On lists that are only appended to the reads fix the order, so that saturation
// is complete: no search is needed.
//
// Where values repeat, or writes and appends meet, a search over all orders of the
// operations themselves is what is left, after violations that are certain anyway.
package sequential

import (
	"fmt"

	"faultline/checker/execution"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// The engines, as results name them.
const (
	RealTime   = "real time"      // the order of values in real time
	Versions   = "versions"       // the store's own order of versions
	Saturation = "saturation"     // what must come before what
	Search     = "search"         // every order
	General    = "general search" // every order, where answers do not tell what they read from
	ThinAir    = "reads-from"     // an answer that no order explains
)

// Checker is Check as a checker for catalogues.
type Checker struct{}

// Name returns sequential.
func (Checker) Name() string { return "sequential" }

// Check is the function Check.
func (Checker) Check(h history.History, b judge.Budget) judge.Result { return Check(h, b) }

// Check judges whether h is sequentially consistent.
func Check(h history.History, b judge.Budget) judge.Result { return Judge(execution.New(h), b) }

// Judge judges whether an execution is sequentially consistent. The evidence of
// a violation is least: without any one of its operations, and those that read
// from it, the rest would be sequential.
func Judge(x *execution.Execution, b judge.Budget) judge.Result {
	if x.ThinAir != nil {
		return judge.Result{Verdict: judge.Violated, Engine: ThinAir, Evidence: *x.ThinAir}
	}
	p := newProblem(x, b.Limit())
	a := p.solve()
	r := judge.Result{Verdict: a.verdict, Engine: a.engine, Steps: p.steps}
	switch {
	case a.verdict == judge.Violated:
		r.Evidence = *explain(a)
	case x.Gap.Ops > 0:
		r = generally(x, b.Limit())
		r.Steps += p.steps
		if !b.Order {
			r.Order = nil
		}
	case a.verdict == judge.Holds && b.Order:
		for _, e := range a.order {
			r.Order = append(r.Order, x.Events[e].Op)
		}
	case a.verdict == judge.Undecided:
		r.Evidence.Text = p.ranOut()
	}
	return r
}

// An answer is what came out for a problem.
type answer struct {
	verdict judge.Verdict
	engine  string
	order   []int32 // if it holds: the events in an order that shows it
	why     *reason // if it is violated
}

// holds is the answer where an order was found. It is played through once more:
// whatever found it, a wrong "holds" is worse than none.
func (p *problem) holds(engine string, order []int32) answer {
	if e := p.x.Unexplained(order); e != none {
		panic(fmt.Sprintf("sequential: the order found by %s does not explain %s", engine, p.x.Say(e)))
	}
	return answer{verdict: judge.Holds, engine: engine, order: order}
}

// solve tries one method after the other.
func (p *problem) solve() answer {
	if why := p.build(); why != nil {
		return answer{verdict: judge.Violated, engine: Saturation, why: why}
	}
	if circle := p.sweep(); circle != nil {
		return p.violated(circle)
	}
	if !p.open() {
		return p.holds(Saturation, p.g.Order())
	}
	for _, compare := range []func(a, b *block) int{p.byTime, p.byTouch} {
		if order := p.try(compare); order != nil {
			return p.holds(RealTime, order)
		}
	}
	if p.versioned() {
		if order := p.try(p.byVersion); order != nil {
			return p.holds(Versions, order)
		}
	}
	if circle := p.saturate(); circle != nil {
		return p.violated(circle)
	}
	if of, n := p.x.Components(); n > 1 {
		return p.divide(of, n)
	}
	return p.search()
}

// divide judges what has neither session nor key in common part by part.
func (p *problem) divide(of []int32, n int32) answer {
	var order []int32 // of operations
	undecided := false
	for c := range n {
		part := newProblem(p.x.Restrict(func(e int32) bool { return of[e] == c }), p.limit)
		part.steps = p.steps
		a := part.solve()
		p.steps = part.steps
		switch a.verdict {
		case judge.Violated:
			return a
		case judge.Undecided:
			undecided, p.crowded = true, p.crowded || part.crowded
		}
		for _, e := range a.order {
			order = append(order, part.x.Events[e].Op)
		}
	}
	if undecided {
		return answer{verdict: judge.Undecided, engine: Search}
	}
	return p.holds(Search, p.x.EventsOf(order))
}

// violated is the answer where what must come before what goes in a circle.
func (p *problem) violated(circle []int32) answer {
	return answer{verdict: judge.Violated, engine: Saturation, why: &reason{problem: p, circle: circle}}
}

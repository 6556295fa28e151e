package linear

import (
	"cmp"
	"context"
	"slices"

	"github.com/anishathalye/porcupine"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Porcupine judges the keys on which more operations are open at once than a
// search has bits for. It keeps a set of all operations at each step, so on long
// keys a step counts for more: the budget bounds memory as well.
const (
	refereeSteps = 8   // that one of porcupine's counts for,
	refereeOps   = 512 // and again for each so many operations on the key
)

// referee asks porcupine about a key.
func (c *checker) referee(k hard, allowance int) judge.Result {
	c.use(Porcupine)
	p := &c.searcher.plan
	allowance = min(allowance, c.limit-c.steps)
	steps := allowance
	ok, info := p.ask(history.Never, &steps)
	c.steps += allowance - max(steps, 0)
	switch {
	case ok:
		if c.want {
			c.orders = append(c.orders, p.orderOf(info))
		}
		return judge.Result{Engine: Porcupine}
	case steps < 0:
		return judge.Result{Verdict: judge.Undecided, Engine: Porcupine}
	default:
		return judge.Result{Verdict: judge.Violated, Engine: Porcupine, Evidence: *c.lastStraw(p.culprit(allowance))}
	}
}

// ask asks for an order of what was called until the instant. What had not
// returned by then counts as of unknown outcome.
func (p *plan) ask(until history.Time, steps *int) (bool, porcupine.LinearizationInfo) {
	var ops []porcupine.Operation
	for k := range p.moves {
		m := &p.moves[k]
		op := &p.h[m.op]
		end := returned(op)
		if op.Call > until || end > until && m.effect == none {
			continue
		}
		if end > until {
			end = history.Never
		}
		ops = append(ops, porcupine.Operation{ClientId: op.Process, Input: int32(k), Call: int64(op.Call), Output: end == history.Never, Return: int64(end)})
	}
	cost := refereeSteps * (1 + len(ops)/refereeOps)
	model := porcupine.Model{
		Init: func() any { return blank },
		// Porcupine cannot be told to stop, but a search in which no step
		// succeeds any more unwinds at once.
		StepContext: func(_ context.Context, state_, input, output any) (bool, any) {
			if *steps -= cost; *steps < 0 {
				return false, nil
			}
			from := state_.(state)
			to := p.follow(from, &p.moves[input.(int32)])
			*steps -= p.space.owed()
			if to == nowhere && output.(bool) {
				to = from // it may never have happened
			}
			return to != nowhere, to
		},
		Hash: func(at any) uint64 { return uint64(at.(state)+1) * hashMultiplier },
	}
	verdict, info := porcupine.CheckOperationsVerbose(model, ops, 0)
	return verdict == porcupine.Ok, info
}

// follow returns the state after the move, or nowhere if it cannot happen.
func (p *plan) follow(from state, m *move) state {
	switch {
	case m.effect != none:
		return p.space.after(from, &p.effects[m.effect])
	case m.blind == (from == m.sight):
		return nowhere
	default:
		return from
	}
}

// orderOf returns the order that porcupine found.
func (p *plan) orderOf(info porcupine.LinearizationInfo) []int32 {
	var order []int32
	at := blank
	for _, op := range info.PartialLinearizationsOperations()[0][0] {
		m := &p.moves[op.Input.(int32)]
		if to := p.follow(at, m); to != nowhere { // else of unknown outcome, and it did not happen
			order, at = append(order, m.op), to
		}
	}
	return order
}

// culprit returns the operation whose return made the key impossible: what had
// happened before it can be explained, what had happened with it cannot.
// Prefixes of linearizable histories are linearizable, so bisection finds it.
func (p *plan) culprit(limit int) int32 {
	var byReturn []int32
	for k := range p.moves {
		if i := p.moves[k].op; returned(&p.h[i]) != history.Never {
			byReturn = append(byReturn, i)
		}
	}
	slices.SortStableFunc(byReturn, func(a, b int32) int { return cmp.Compare(p.h[a].Return, p.h[b].Return) })
	low, high := 0, len(byReturn)-1 // the culprit is in byReturn[low:high+1]
	steps := limit                  // of its own: the verdict stands whatever comes out
	for low < high {
		mid := (low + high) / 2
		if ok, _ := p.ask(p.h[byReturn[mid]].Return, &steps); !ok && steps >= 0 {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return byReturn[low]
}

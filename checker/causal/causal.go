// Package causal judges causal consistency in its three readings, and PRAM: how
// much of what others did may a session miss, and in which order may it see the
// rest? Unlike linearizability none of them knows of time, and none is local:
// all keys are judged together.
//
// The definitions and the bad patterns that decide them are those of Bouajjani,
// Enea, Guerraoui and Hamza ("On Verifying Causal Consistency", POPL 2017), for
// histories in which it is known what each read read from. Causal order is
// program order and reads-from, and what follows from them.
//
//   - CC, causal consistency: each read is explained by some order of what
//     causally precedes it.
//   - CM, causal memory (Ahamad et al., Distributed Computing 1995): each session
//     is explained by some order of its operations and all writes that respects
//     causal order.
//   - CCv, causal convergence: one order of all writes, which respects causal
//     order, explains all reads. This is what last-writer-wins stores promise.
//   - PRAM (Lipton and Sandberg 1988): as CM, but with program order alone.
//
// CM and CCv each imply CC, and CM implies PRAM; nothing else follows.
//
// Lists that are only appended to are judged in the same way: a read of a list
// tells the appends before it, and their order. An event of a session may be a
// compare-and-set that swapped: it reads and writes. Sessions do not explain what
// others' compare-and-sets found: to them those are writes.
//
// Costs, for n operations in s sessions (and as many more as writes of unknown
// outcome were read, though these cost a bit each): CC and CCv take O(n·s), and so do
// CM and PRAM if one order of the writes would do for all sessions; else they take
// O(n·s) for each session and round, where a round adds the order that reads force
// upon writes until no more follows. A few rounds are the rule; the budget bounds them.
package causal

import (
	"faultline/checker/execution"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// A Model is a reading of causal consistency.
type Model uint8

// The models.
const (
	CC   Model = iota // causal consistency
	CM                // causal memory
	CCv               // causal convergence
	PRAM              // pipelined random access memory
)

var names = [...]string{"causal", "causal-memory", "causal-convergence", "pram"}

// String returns the name of the model's checker, such as causal-memory.
func (m Model) String() string { return names[m] }

// Engine is the method that judges all models.
const Engine = "bad patterns"

// Checker judges a model, for catalogues.
type Checker struct{ Model Model }

// Name returns the name of the model: causal, causal-memory, causal-convergence or pram.
func (c Checker) Name() string { return c.Model.String() }

// Check judges the model on a history.
func (c Checker) Check(h history.History, b judge.Budget) judge.Result {
	return Judge(execution.New(h), c.Model, b)
}

// Judge judges the model on an execution. The evidence of a violation is least:
// without any one of its operations, and those that read from it, the rest would
// not be violated.
func Judge(x *execution.Execution, m Model, b judge.Budget) judge.Result {
	if x.ThinAir != nil {
		return judge.Result{Verdict: judge.Violated, Engine: Engine, Evidence: *x.ThinAir}
	}
	s := newSearch(x, m, b.Limit())
	found := s.find()
	switch {
	case found != nil:
		return judge.Result{Verdict: judge.Violated, Engine: Engine, Evidence: *explain(x, m, found), Steps: s.steps}
	case s.spent:
		return s.outOfBudget()
	case x.Gap.Ops > 0:
		return x.Undecided(Engine)
	default:
		return judge.Result{Engine: Engine, Steps: s.steps}
	}
}

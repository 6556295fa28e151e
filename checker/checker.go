// Package checker is the catalogue of what can be judged from a history alone.
// It knows nothing of the simulator, the network or the models.
package checker

import (
	"faultline/checker/causal"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
	"faultline/checker/sequential"
	"faultline/checker/session"
	"faultline/checker/staleness"
)

// The words of an answer; see package judge.
type (
	Verdict  = judge.Verdict
	Budget   = judge.Budget
	Evidence = judge.Evidence
	Result   = judge.Result
)

// The verdicts; see package judge.
const (
	Holds     = judge.Holds
	Violated  = judge.Violated
	Undecided = judge.Undecided
)

// A Checker judges one property. Checkers hold no state: one may judge several
// histories at once.
type Checker interface {
	Name() string
	Check(history.History, Budget) Result
}

// All lists the checkers, strongest property first.
var All = []Checker{
	linear.Checker{},
	sequential.Checker{},
	causal.Checker{Model: causal.CCv},
	causal.Checker{Model: causal.CM},
	causal.Checker{Model: causal.CC},
	causal.Checker{Model: causal.PRAM},
	session.Checker{Guarantee: session.ReadYourWrites},
	session.Checker{Guarantee: session.MonotonicReads},
	session.Checker{Guarantee: session.MonotonicWrites},
	session.Checker{Guarantee: session.WritesFollowReads},
	staleness.Checker{},
}

// Find returns the checker of that name.
func Find(name string) (Checker, bool) {
	for _, c := range All {
		if c.Name() == name {
			return c, true
		}
	}
	return nil, false
}

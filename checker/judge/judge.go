// Package judge holds the words in which every checker answers: a verdict, how
// it was reached, and the operations that prove it. It knows no property.
package judge

// A Verdict is what a checker found out about a history.
type Verdict uint8

const (
	Holds     Verdict = iota // checked, not sampled: the property holds
	Violated                 // it does not, and the evidence says why
	Undecided                // the budget ran out first, or the history is outside what the checker can judge
)

var verdictNames = [...]string{"holds", "violated", "undecided"}

// String returns the verdict's name: holds, violated or undecided.
func (v Verdict) String() string { return verdictNames[v] }

// MarshalText writes the verdict by its name, so that it reads well in JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// DefaultSteps is the budget of a Budget that names none: at most a few seconds
// and a few hundred megabytes.
const DefaultSteps = 2_000_000

// A Budget bounds a search. It counts steps, never time, so that a verdict is
// the same on every machine.
type Budget struct {
	Steps int  // search steps over all keys; 0 means DefaultSteps
	Brief bool // the verdict will do: the evidence of a search may be a single operation
	Order bool // also find an order that shows that the property holds, where there is one
}

// Limit returns the number of steps allowed.
func (b Budget) Limit() int {
	if b.Steps == 0 {
		return DefaultSteps
	}
	return b.Steps
}

// Evidence is why a verdict is what it is.
type Evidence struct {
	Ops  []int  // the operations that prove it, as indices into the history, ascending
	Text string // one sentence in plain English; empty when the property holds
}

// A Result is a checker's answer.
type Result struct {
	Verdict  Verdict
	Engine   string  // the methods that decided, such as "zones" or "zones+porcupine"
	Score    float64 // in the checker's own unit, 0 is perfect; 0 for checkers that only judge
	Evidence Evidence
	Steps    int     // search steps spent; 0 where no search was needed
	Order    []int32 // if the budget asked for it and the property holds: operations in an order that shows it
}

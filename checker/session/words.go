package session

import (
	"fmt"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Evidence returns what proves the violation.
func (v *Violation) Evidence(h history.History) judge.Evidence {
	e := judge.Evidence{Text: v.words(h)}
	for _, i := range [...]int32{v.First, v.Second, v.Proof} {
		if i != none {
			e.Ops = append(e.Ops, int(i))
		}
	}
	slices.Sort(e.Ops)
	e.Ops = slices.Compact(e.Ops)
	return e
}

// words tells the violation in words.
func (v *Violation) words(h history.History) string {
	first, second := at(h, v.First), at(h, v.Second)
	switch {
	case v.Proof != none:
		return fmt.Sprintf("%s after %s, but %s: not in this order", second, first, at(h, v.Proof))
	case v.By == ByLists:
		return fmt.Sprintf("%s after %s: not all of that is there", second, first)
	case v.Again:
		return fmt.Sprintf("%s, though it had read that value before and then another: %s", second, first)
	case v.Guarantee == MonotonicWrites || v.Guarantee == WritesFollowReads:
		return fmt.Sprintf("%s after %s, but that is the newer value%s", second, first, newer[v.By])
	default:
		return fmt.Sprintf("%s after %s, a newer value%s", second, first, newer[v.By])
	}
}

func at(h history.History, i int32) string { return fmt.Sprintf("%v at %v", h[i], h[i].Call) }

// newer says in what order a value is newer than another.
var newer = [...]string{ByStore: " by the store's order", ByTime: " in real time", BySessions: " of the same writer"}

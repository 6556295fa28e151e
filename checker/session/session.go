// Package session scores the four session guarantees (Terry et al., "Session
// Guarantees for Weakly Consistent Replicated Data", PDIS 1994): what a client
// may rely on though it is served by one replica after another. A session is a
// client. For the operations of a session on one key, one after the other:
//
//   - read your writes: no read returns a value older than one the session wrote;
//   - monotonic reads: no read returns a value older than one it had read;
//   - monotonic writes: what it wrote later is not older;
//   - writes follow reads: what it wrote is not older than what it had read.
//
// Which of two values is older is up to the store, and there are three ways to
// know. Every figure says which was used:
//
//   - the store's order: the versions that the store itself gave to the values,
//     where the simulator knows them. These count all there is.
//   - real time: only what is certain in every order of the writes that respects
//     real time and compare-and-sets. A write was in place when it was
//     acknowledged or, if earlier, when a read of it returned; it is older than
//     every write called later. The counts are lower bounds, and somewhat lower where
//     clients call at the very instant of an answer.
//   - sessions: as real time, but for those who know no clocks. Of two writes
//     only those of one session are ordered. What PRAM rules out, no more.
//
// A session that reads one value, then another, and then the first again has seen
// time run backwards once, whatever the order: the latter two ways count that, too.
//
// A list that is only appended to shows its own order. Read your writes and
// monotonic reads ask that nothing is missing that the session had appended or
// seen; monotonic writes and writes follow reads, that wherever its append shows,
// what it had appended, or seen, before shows before it.
//
// Measuring takes O(n log n) time for n operations, and the lengths of the lists
// read. Operations of unknown outcome promise nothing to their session.
package session

import (
	"fmt"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A Guarantee is one of the four.
type Guarantee uint8

// The guarantees.
const (
	ReadYourWrites Guarantee = iota
	MonotonicReads
	MonotonicWrites
	WritesFollowReads
)

// Guarantees lists all four.
var Guarantees = [...]Guarantee{ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads}

var names = [...]string{"read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"}

// String returns the guarantee's name, such as read-your-writes.
func (g Guarantee) String() string { return names[g] }

// An Order says how it is known which of two values is older.
type Order uint8

// The ways to know.
const (
	ByStore    Order = iota // the store's own order of versions
	ByTime                  // real time
	BySessions              // what sessions saw, without clocks
	ByLists                 // the order in which lists show their items
)

var orders = [...]string{"store's order", "real time", "sessions", "lists"}

// String returns the order's name, such as store's order.
func (o Order) String() string { return orders[o] }

// A Violation is a pair of operations of one session that breaks a guarantee:
// after First the session should not have met what it met in Second.
type Violation struct {
	Guarantee Guarantee
	First     int32 // as index into the history
	Second    int32
	Proof     int32 // of lists: the read that shows it, if it is neither of them; else none, -1
	By        Order
	Again     bool // the session had left behind, with First, the value that it met again
}

// none is the place of no operation.
const none = -1

// A Score is how well a history kept the guarantees.
type Score struct {
	Ops        int         // operations judged: acknowledged ones on keys that can be judged
	Violations []Violation // in order of Second, then of guarantees; an operation breaks a guarantee once at most
	By         []Order     // what ordered the values
	Skipped    int         // operations not judged: on keys with values that repeat or of other kinds, with a value from nowhere, or of clients with several under way at once
}

// Count returns how many operations broke the guarantee.
func (s *Score) Count(g Guarantee) int {
	n := 0
	for i := range s.Violations {
		if s.Violations[i].Guarantee == g {
			n++
		}
	}
	return n
}

// PerThousand returns how many of a thousand operations broke the guarantee.
func (s *Score) PerThousand(g Guarantee) float64 {
	if s.Ops == 0 {
		return 0
	}
	return 1000 * float64(s.Count(g)) / float64(s.Ops)
}

// First returns the first operation that broke the guarantee, and whether one did.
func (s *Score) First(g Guarantee) (Violation, bool) {
	for _, v := range s.Violations {
		if v.Guarantee == g {
			return v, true
		}
	}
	return Violation{}, false
}

// Checker judges a guarantee, for catalogues. Its score is the number of
// operations of a thousand that broke it.
type Checker struct{ Guarantee Guarantee }

// Name returns the name of the guarantee.
func (c Checker) Name() string { return c.Guarantee.String() }

// Check judges the guarantee as a level, by what sessions saw: so it follows from
// the levels that are said to imply it, which know no clocks either. What breaks it
// by the store's order or in real time is for Measure to count. It needs no budget.
func (c Checker) Check(h history.History, _ judge.Budget) judge.Result {
	s := Measure(h, BySessions)
	return s.Result(h, c.Guarantee)
}

// Result puts the score of one guarantee in the words of a checker.
func (s *Score) Result(h history.History, g Guarantee) judge.Result {
	r := judge.Result{Engine: s.Engine(), Score: s.PerThousand(g)}
	switch first, broken := s.First(g); {
	case broken:
		r.Verdict, r.Evidence = judge.Violated, first.Evidence(h)
		if n := s.Count(g); n > 1 {
			r.Evidence.Text += fmt.Sprintf(" (%d such operations of %d)", n, s.Ops)
		}
	case s.Skipped > 0:
		r.Verdict = judge.Undecided
		r.Evidence.Text = fmt.Sprintf("%d operations cannot be judged: they are not of registers or lists, their values repeat or come from nowhere, appends meet writes, or their clients had several under way at once", s.Skipped)
	}
	return r
}

// Engine names what ordered the values, such as store's order+lists.
func (s *Score) Engine() string {
	names := make([]string, len(s.By))
	for i, o := range s.By {
		names[i] = o.String()
	}
	return strings.Join(names, "+")
}

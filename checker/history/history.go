// Package history is what clients saw: operations with the instants they were
// called and answered. It is the only thing that models and checkers share, and
// it knows nothing of either.
package history

import (
	"cmp"
	"time"
)

// A Time is an instant in nanoseconds since the history began. In a simulated
// run it is true time, never a node's own (skewable) clock: intervals stamped
// by skewed clocks make verdicts wrong in both directions.
type Time int64

// Never is the return time of an operation that was not answered: it may take
// effect at any later instant, or not at all.
const Never Time = 1<<63 - 1

// Sub returns t-u as a duration.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// A Kind says what an operation does to its key.
type Kind uint8

const (
	Read    Kind = iota // returns what the key holds, in Out
	Write               // replaces what the key holds by In
	CAS                 // compare-and-set: replaces it by In if it equals Expect; Out is what it found
	Append              // adds In.Num at the end of the key's list
	Add                 // adds In.Num to the key's set; a Read of a set returns its members in any order
	Enqueue             // puts In.Num at the end of the key's queue
	Dequeue             // takes the first of the key's queue, in Out; a zero Out found it empty
	Push                // puts In.Num on top of the key's stack
	Pop                 // takes the top of the key's stack, in Out; a zero Out found it empty
)

var kindNames = [...]string{"read", "write", "cas", "append", "add", "enqueue", "dequeue", "push", "pop"}

// String returns the kind's name in history files, such as read or enqueue.
func (k Kind) String() string { return kindNames[k] }

// Mutates reports whether an operation of kind k may change the key.
func (k Kind) Mutates() bool { return k != Read }

// Takes reports whether an operation of kind k removes one item and returns it.
func (k Kind) Takes() bool { return k == Dequeue || k == Pop }

// Brings reports whether an operation of kind k brings a value along, in In.
func (k Kind) Brings() bool { return k != Read && !k.Takes() }

// bringsOne reports whether an operation of kind k brings exactly one item.
func (k Kind) bringsOne() bool { return k >= Append && k.Brings() }

// A Status says what the client learned.
type Status uint8

const (
	Unknown Status = iota // no answer in time: it may or may not have happened
	OK                    // it happened
	Failed                // it certainly did not happen
)

var statusNames = [...]string{"unknown", "ok", "failed"}

// String returns the status's name in history files: unknown, ok or failed.
func (s Status) String() string { return statusNames[s] }

// A Value is what a key holds: a number, or a list of numbers where operations
// append. The zero Value is the initial one: nothing was written yet.
type Value struct {
	Num  int64
	List []int64
}

// Num returns the value of a register that holds n.
func Num(n int64) Value { return Value{Num: n} }

// Equal reports whether v and w are the same value; a nil list is an empty one.
func (v Value) Equal(w Value) bool {
	if v.Num != w.Num || len(v.List) != len(w.List) {
		return false
	}
	for i, x := range v.List {
		if w.List[i] != x {
			return false
		}
	}
	return true
}

// An Op is one client operation on a key, from its call to its return.
//
// A compare-and-set that found another value than it expected is OK: it was
// answered, and acted as a read. It took effect if and only if Swapped.
type Op struct {
	Client  int // who asked; the operations of a client never overlap
	Process int // the logical process: a client takes a new one after an Unknown outcome
	Kind    Kind
	Status  Status
	Swapped bool // a CAS that was OK and took effect
	Blind   bool // a CAS that did not swap and did not say what it found (only in histories from outside)
	Key     string
	In      Value // what was to be written, set or appended
	Expect  Value // what a CAS compares with
	Out     Value // what a Read returned, or a CAS found; meaningful when OK

	Call   Time
	Return Time // Never while Status is Unknown

	Attempts []Attempt // the tries that made up this operation, in order; empty in histories from outside

	Version Version // place of what it read or wrote in the store's own order of versions, where the simulator knows it
	Names   *Names  // what the numbers in its values stand for; nil: for themselves
}

// A Version is a place in the order in which a store itself ranks the values of a
// key: a log index, a tag, a timestamp with the node that breaks ties. Versions
// of one key compare by Major, then Minor. The zero Version is not known.
type Version struct{ Major, Minor int64 }

// Compare returns -1, 0 or +1: whether v is before, at or after w.
func (v Version) Compare(w Version) int {
	if v.Major != w.Major {
		return cmp.Compare(v.Major, w.Major)
	}
	return cmp.Compare(v.Minor, w.Minor)
}

// An Attempt is one request of an operation to one replica.
type Attempt struct {
	Node   int  // who was asked
	Call   Time // when the request was sent
	Return Time // when an answer came or waiting ended
	Status Status
}

// A History is the operations of one run in the order they were called.
type History []Op

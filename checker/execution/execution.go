// Package execution sees a history as the literature on shared memory sees an
// execution: program order (what each session did, one thing after the other)
// and reads-from (which write each read took its value from). Sequential and
// causal consistency are judged on it; it knows neither.
//
// A session is a client, whatever the numbers of its processes: its operations
// never overlap, and it remembers what it saw. An operation of unknown outcome
// comes after what its session did before it and before nothing that the session
// does later, because it may take effect at any later time. Without this, a
// linearizable history might not be causal.
//
// What happened, and what did not: operations of unknown outcome whose value
// nobody found are taken never to have happened; failed ones certainly did not.
// A compare-and-set that swapped is a read of what it expected and a write, at
// once; one that did not is a read of what it found.
//
// Reads-from is known where the values written to a key differ (the literature
// calls such histories differentiated) and on lists that are only appended to,
// with numbers that differ. What cannot be told is a gap: it is left out, so that
// violations found in the rest are certain, but nothing can be said to hold.
package execution

import (
	"fmt"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// What an event may have read from, other than an event.
const (
	None    = -1 // no event
	Initial = -2 // the initial value: nothing was written yet
)

// An Event is an operation that happened.
type Event struct {
	Op     int32 // its index in the history
	Chain  int32 // the chain it belongs to
	Key    int32 // the key it is about
	From   int32 // of a register: the event whose value it found, or Initial; None if it found none
	List   int32 // the list that it read, as index into Lists, or None
	Writes bool  // it wrote or appended
}

// Reads reports whether the answer of the event says what its key held.
func (e *Event) Reads() bool { return e.From != None || e.List != None }

// A Chain is a piece of a session: events in program order. What was acknowledged
// to a session is one chain. Operations of unknown outcome are chains of their own,
// that come after what the session did before them and before nothing that it did.
type Chain struct {
	Client int32 // the session, numbered by first appearance
	First  int32 // the first event
	End    int32 // after the last
	Parent int32 // the event of the same session that came before the first, or None
}

// A List is what a read of a list showed: the first Shared items of the key's
// trunk, and then the Rest. Most lists of a store that works are all trunk, so
// that a hundred thousand reads of a growing list take little memory.
type List struct {
	Event  int32
	Shared int
	Rest   []int32
}

// A Key is what happened to one key.
type Key struct {
	Name    string
	Appends bool    // a list, else a register
	Writes  []int32 // the events that wrote or appended, ascending: chain by chain
	Runs    []Run   // the chains among them
	Reads   []int32 // the events that read, ascending
	Trunk   []int32 // of a list: the items of the first list read, as far as later ones went on from it
}

// A Run is the writes of one chain to one key: Key.Writes[First:End].
type Run struct{ Chain, First, End int32 }

// An Execution is a history with its program order and reads-from.
type Execution struct {
	History history.History
	Events  []Event // chain by chain, each in program order
	Chains  []Chain
	Keys    []Key
	Lists   []List

	ThinAir *judge.Evidence // an answer that no order explains: a value from nowhere, or a swap refused for no reason
	Gap     Gap
}

// A Gap is what reads-from cannot tell.
type Gap struct {
	Ops     int    // the operations left out because of it
	First   int32  // the first of them
	Why     string // what is wrong with it
	Overlap bool   // it is, with some, that clients did several things at once
	Beyond  bool   // the history has sets, queues or stacks
}

// String counts what is in the execution.
func (x *Execution) String() string {
	return fmt.Sprintf("%d events of %d operations in %d chains on %d keys", len(x.Events), len(x.History), len(x.Chains), len(x.Keys))
}

// Undecided is the answer where no violation was found and there are gaps.
func (x *Execution) Undecided(engine string) judge.Result {
	g := &x.Gap
	text := fmt.Sprintf("%s: %s", x.At(g.First), g.Why)
	if g.Ops > 1 {
		text += fmt.Sprintf(" (and %d more operations of this kind)", g.Ops-1)
	}
	return judge.Result{Verdict: judge.Undecided, Engine: engine, Evidence: judge.Evidence{Ops: []int{int(g.First)}, Text: text}}
}

// Position returns the place of an event in its chain, from 0.
func (x *Execution) Position(e int32) int32 { return e - x.Chains[x.Events[e].Chain].First }

// Before returns the event that came before e in program order, or None.
func (x *Execution) Before(e int32) int32 {
	c := &x.Chains[x.Events[e].Chain]
	if e > c.First {
		return e - 1
	}
	return c.Parent
}

// Items returns the appends that a list showed, in its order.
func (x *Execution) Items(l *List) []int32 {
	trunk := x.Keys[x.Events[l.Event].Key].Trunk[:l.Shared:l.Shared]
	if len(l.Rest) == 0 {
		return trunk
	}
	return append(trunk, l.Rest...)
}

// Op returns the operation of an event.
func (x *Execution) Op(e int32) *history.Op { return &x.History[x.Events[e].Op] }

// EventsOf returns the events of operations, all of which happened.
func (x *Execution) EventsOf(ops []int32) []int32 {
	of := make([]int32, len(x.History))
	for e := range x.Events {
		of[x.Events[e].Op] = int32(e)
	}
	events := make([]int32, len(ops))
	for k, i := range ops {
		events[k] = of[i]
	}
	return events
}

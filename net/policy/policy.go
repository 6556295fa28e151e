// Package policy decides what a client does when an attempt fails: whether to
// try again, when, and where. It knows no clock, no network and no store: a
// Machine is a pure function of its state and (now, random bits, event), and
// what it wants done it returns as an Action.
//
// One Machine lives through one intent, such as "write 7 to x". Its driver:
//
//	a := m.Begin(now, rand, shared, intent)
//	for a.Do != Finish {
//		if a.Do == Send { send attempt a.Attempt to target a.Target }
//		wait for an answer, or until a.Wake
//		a = m.Step(now, rand, what happened)
//	}
//
// Several attempts may be in flight at once, if the policy hedges. What the
// intents of a client have in common (budget, breakers, limiters, who is asked
// next) is in Shared.
package policy

import (
	"math"
	"time"
)

// A Rand is a source of uniform random bits, such as the client's own stream.
type Rand interface{ Uint64() uint64 }

// Never is later than every instant. Instants are durations since any fixed beginning.
const Never = time.Duration(math.MaxInt64)

// NoHint says that an answer named no better target.
const NoHint = -1

// An Outcome is how an attempt ended, or the whole intent.
type Outcome uint8

const (
	Unsure   Outcome = iota // no answer, or one that says so: it may have taken effect, or may yet
	Refused                 // it certainly did not take effect and never will
	Answered                // a final answer: there is nothing left to try
)

var outcomeNames = [...]string{"unsure", "refused", "answered"}

// String returns unsure, refused or answered.
func (o Outcome) String() string { return outcomeNames[o] }

// An Intent is what a Machine must know about what it carries out.
type Intent struct {
	Mutates bool // it may change the store, so carrying it out twice may matter
	Dedup   bool // the store recognises a repeated token and applies it once
	Targets int  // how many replicas it can be sent to, at least 1
	First   int  // the target that is asked first if the policy does not balance, in [0, Targets)
	Shard   int  // the part of the service it is about, from 0; for breakers and limiters kept per shard
	Peers   Peers
}

// Peers tells who stands behind a target, as a small number that stays the same
// over intents. Nil: target t is peer t.
type Peers interface{ Peer(target int) int }

// A Verb is what an Action asks for.
type Verb uint8

const (
	Wait   Verb = iota // do nothing until an answer comes, or until Wake
	Send               // send an attempt, then wait
	Finish             // the intent is over, with the given Outcome
)

var verbNames = [...]string{"wait", "send", "finish"}

// String returns wait, send or finish.
func (v Verb) String() string { return verbNames[v] }

// An Action is what a Machine wants done.
type Action struct {
	Do       Verb
	Attempt  int           // of Send: the how-maniest attempt this is, from 1
	Target   int           // of Send: the replica to ask, in [0, Intent.Targets)
	Deadline time.Duration // of Send: when this attempt will be given up
	Wake     time.Duration // of Wait and Send: step the machine with Woke at this instant, unless an answer comes first
	Outcome  Outcome       // of Finish
	Local    bool          // of Finish: nothing was sent, since the client's own policy forbade it
}

// An EventKind says what happened.
type EventKind uint8

const (
	Woke    EventKind = iota // the instant Wake was reached; waking early does no harm
	Replied                  // an answer to Attempt came; answers to attempts already given up are ignored
)

// An Event is what a Machine is told.
type Event struct {
	Kind    EventKind
	Attempt int     // of Replied
	Outcome Outcome // of Replied
	Hint    int     // of Replied: the target that the answer named as the one to ask, or NoHint
}

// A Named is an entry of one of the catalogues of rules.
type Named[T any] struct {
	Value T
	Name  string // in experiments
	Doc   string
}

// Find returns the entry of that name in a catalogue.
func Find[T any](catalogue []Named[T], name string) (value T, ok bool) {
	for _, entry := range catalogue {
		if entry.Name == name {
			return entry.Value, true
		}
	}
	return value, false
}

// NamesOf lists the names of a catalogue, in its order.
func NamesOf[T any](catalogue []Named[T]) []string {
	names := make([]string, len(catalogue))
	for i, entry := range catalogue {
		names[i] = entry.Name
	}
	return names
}

// Package effects keeps a ledger: on one side what clients asked to happen, on the
// other what was seen to have happened, and between the two what does not match.
// It knows neither stores nor the order of operations; for that, see the packages
// linear and atomicity.
//
// Every request that a client means to happen once is an intent, however often it
// was sent. On each key, a number names it. The other side counts how often the
// effect of that number was seen. What does not match is
//
//   - lost: acknowledged, but not there in the end;
//   - duplicate: it happened more often than was asked for;
//   - phantom: it happened though nobody asked for it, or only requests that certainly failed;
//   - in limbo: the client never learned the outcome. It appeared later, or is absent in the end,
//     or is open: nobody can tell.
//
// The anomalies are those of at-most-once and at-least-once delivery (Helland,
// "Life beyond distributed transactions", CIDR 2007); the unit is intents.
package effects

import (
	"cmp"
	"slices"
	"time"

	"faultline/checker/history"
)

// An Intent is one thing that a client asked for.
type Intent struct {
	ID     int            // the caller's; for a history, the index of the operation
	Number int64          // names it on its key. Intents that share a number cannot be told apart
	Status history.Status // what the client learned
	Call   history.Time   // when it was asked for
	Late   bool           // it was acknowledged only after the end was looked at, which may not show it
}

// An Effect is what was seen of one number.
type Effect struct {
	Number int64
	Times  int          // how often it happened, as far as was seen; at least 1
	Seen   int          // the caller's ID of what showed it first
	At     history.Time // when that was
	Final  int          // how often it is there in the end, if that is known
}

// An Entry is an intent or effect that does not match.
type Entry struct {
	Key    string
	Number int64
	Intent int // ID of the intent, the first of several; -1 for a phantom that nobody asked for
	Seen   int // ID of what showed its effect first; -1 if nothing did
	Times  int // how often it happened; how many are missing, if lost
}

// A Limbo is an intent of unknown outcome.
type Limbo struct {
	Key    string
	Number int64
	Intent int
	Fate   Fate
	Seen   int           // ID of what showed its effect first, if it appeared
	After  time.Duration // from its call until then, if it appeared: for so long at most nobody could know
}

// A Fate is what became of an intent in limbo.
type Fate uint8

const (
	Open     Fate = iota // its effect was not seen, and how things are in the end does not tell
	Appeared             // its effect was seen
	Absent               // its effect was not seen, and is not there in the end
)

var fateNames = [...]string{"open", "appeared", "absent"}

// String returns the fate's name: open, appeared or absent.
func (f Fate) String() string { return fateNames[f] }

// A Ledger holds what does not match. Lists are in the order in which keys were
// settled, and by number within a key.
type Ledger struct {
	Intents   int // intents settled, failed ones included, on keys that something is known of
	Acked     int // of these, acknowledged
	Clean     int // numbers that were acknowledged, and of which nothing is amiss
	Unsettled int // keys on which appends meet writes, which were left out
	Lost      []Entry
	Duplicate []Entry
	Phantom   []Entry
	Undone    []Entry // of the phantoms, those that are not there in the end: a dirty read showed them
	Limbo     []Limbo
	Disorder  []Entry // out of the order in which they were asked for; of lists in the end
}

// Settle enters what was asked for and what was seen of one key. ended says that
// the end is known: Effect.Final of what was seen, and that there is nothing else.
// It sorts both slices by number, and takes O(n log n).
func (l *Ledger) Settle(key string, ended bool, intents []Intent, effects []Effect) {
	slices.SortStableFunc(intents, func(a, b Intent) int { return cmp.Compare(a.Number, b.Number) })
	slices.SortStableFunc(effects, func(a, b Effect) int { return cmp.Compare(a.Number, b.Number) })
	l.Intents += len(intents)
	for len(intents) > 0 || len(effects) > 0 {
		number := least(intents, effects)
		asked := 0
		for asked < len(intents) && intents[asked].Number == number {
			asked++
		}
		var seen *Effect
		if len(effects) > 0 && effects[0].Number == number {
			seen = &effects[0]
			effects = effects[1:]
		}
		l.match(key, ended, intents[:asked], seen)
		intents = intents[asked:]
	}
}

// least returns the number that comes next on either side.
func least(intents []Intent, effects []Effect) int64 {
	switch {
	case len(intents) == 0:
		return effects[0].Number
	case len(effects) == 0:
		return intents[0].Number
	default:
		return min(intents[0].Number, effects[0].Number)
	}
}

// match enters what was asked for and seen of one number; seen is nil if nothing was.
func (l *Ledger) match(key string, ended bool, asked []Intent, seen *Effect) {
	var count [3]int // by status
	late := 0
	for i := range asked {
		count[asked[i].Status]++
		if asked[i].Late {
			late++
		}
	}
	acked, unknown := count[history.OK], count[history.Unknown]
	l.Acked += acked
	times, final, by := 0, 0, -1
	if seen != nil {
		times, final, by = seen.Times, seen.Final, seen.Seen
	}
	missing := acked - late - final
	if !ended {
		missing = 0
	}
	if acked > 0 && unknown == 0 && missing <= 0 && times <= acked {
		l.Clean++
	}
	if missing > 0 {
		l.Lost = append(l.Lost, Entry{key, asked[first(asked, history.OK)].Number, asked[first(asked, history.OK)].ID, by, missing})
	}
	switch possible := acked + unknown; {
	case times == 0:
	case possible == 0:
		e := Entry{key, seen.Number, -1, by, times}
		if len(asked) > 0 {
			e.Intent = asked[0].ID
		}
		l.Phantom = append(l.Phantom, e)
		if ended && final == 0 {
			l.Undone = append(l.Undone, e)
		}
	case times > possible:
		l.Duplicate = append(l.Duplicate, Entry{key, seen.Number, asked[0].ID, by, times})
	}
	if unknown > 0 {
		l.limbo(key, ended, asked, acked, seen)
	}
}

// limbo enters the intents of unknown outcome. What was seen beyond the
// acknowledged ones is theirs, the first called first.
func (l *Ledger) limbo(key string, ended bool, asked []Intent, acked int, seen *Effect) {
	left := -acked
	if seen != nil {
		left += seen.Times
	}
	for i := range asked {
		x := &asked[i]
		if x.Status != history.Unknown {
			continue
		}
		e := Limbo{Key: key, Number: x.Number, Intent: x.ID, Seen: -1}
		switch {
		case left > 0:
			e.Fate, e.Seen, e.After = Appeared, seen.Seen, seen.At.Sub(x.Call)
			left--
		case ended:
			e.Fate = Absent
		}
		l.Limbo = append(l.Limbo, e)
	}
}

// first returns the place of the first intent of that status.
func first(asked []Intent, s history.Status) int {
	return slices.IndexFunc(asked, func(x Intent) bool { return x.Status == s })
}

// Fates counts the intents in limbo by fate.
func (l *Ledger) Fates() (open, appeared, absent int) {
	var count [len(fateNames)]int
	for i := range l.Limbo {
		count[l.Limbo[i].Fate]++
	}
	return count[Open], count[Appeared], count[Absent]
}

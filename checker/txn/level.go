package txn

import (
	"fmt"
	"strings"
)

// A Level is an isolation level. Larger numbers are never weaker, but some levels
// cannot be compared: see Implies.
type Level uint8

// The levels, with what each forbids beyond the weaker ones. There are no reads
// by predicate here, and for reads of single items Adya's repeatable read (PL-2.99)
// and serializability (PL-3) are one and the same.
const (
	ReadUncommitted           Level = 1 + iota // PL-1: no G0
	ReadCommitted                              // PL-2: no G1
	MonotonicAtomicView                        // who has seen one write of a transaction then sees all (Bailis et al., VLDB 2014)
	CursorStability                            // PL-CS: no lost update
	RepeatableRead                             // PL-2.99: no G2-item
	SnapshotIsolation                          // no cycle without two anti-dependencies in a row (Cerone and Gotsman, PODC 2016, without sessions)
	StrongSessionSnapshot                      // and a snapshot holds all that its session had committed (Daudjee and Salem, VLDB 2006)
	StrongSnapshot                             // and all that anybody had committed
	Serializable                               // PL-3: no G2
	StrongSessionSerializable                  // in an order that keeps that of each session
	StrictSerializable                         // in an order that keeps real time (Papadimitriou, JACM 1979)
	levelCount
)

var levelNames = [levelCount]string{
	ReadUncommitted:           "read uncommitted",
	ReadCommitted:             "read committed",
	MonotonicAtomicView:       "monotonic atomic view",
	CursorStability:           "cursor stability",
	RepeatableRead:            "repeatable read",
	SnapshotIsolation:         "snapshot isolation",
	StrongSessionSnapshot:     "strong session snapshot isolation",
	StrongSnapshot:            "strong snapshot isolation",
	Serializable:              "serializable",
	StrongSessionSerializable: "strong session serializable",
	StrictSerializable:        "strict serializable",
}

// String returns the level's name, such as snapshot isolation.
func (l Level) String() string {
	if l == 0 || l >= levelCount {
		panic(fmt.Sprintf("txn: level %d", l))
	}
	return levelNames[l]
}

// MarshalText writes the level by its name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// FindLevel returns the level of that name; hyphens count as spaces.
func FindLevel(name string) (Level, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), "-", " ")
	for l := ReadUncommitted; l < levelCount; l++ {
		if levelNames[l] == name {
			return l, true
		}
	}
	return 0, false
}

// weaker lists the levels directly below each: what keeps the level keeps them.
var weaker = [levelCount][]Level{
	ReadCommitted:             {ReadUncommitted},
	MonotonicAtomicView:       {ReadCommitted},
	CursorStability:           {ReadCommitted},
	RepeatableRead:            {MonotonicAtomicView, CursorStability},
	SnapshotIsolation:         {MonotonicAtomicView, CursorStability},
	StrongSessionSnapshot:     {SnapshotIsolation},
	StrongSnapshot:            {StrongSessionSnapshot},
	Serializable:              {RepeatableRead, SnapshotIsolation},
	StrongSessionSerializable: {Serializable, StrongSessionSnapshot},
	StrictSerializable:        {StrongSessionSerializable, StrongSnapshot},
}

// realTime reports whether the level is about real time.
func (l Level) realTime() bool { return l == StrongSnapshot || l == StrictSerializable }

// Implies reports whether every history that keeps l keeps m.
func (l Level) Implies(m Level) bool {
	if l == m {
		return true
	}
	for _, w := range weaker[l] {
		if w.Implies(m) {
			return true
		}
	}
	return false
}

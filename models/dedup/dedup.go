// Package dedup models the table of idempotency keys that stands between clients
// who retry and a store: which writes were carried out, and how they were
// answered. It knows no particular store.
//
// A write that comes with a key which the table has is answered as it was then;
// any other is carried out and recorded. Whether that makes a retried write happen
// exactly once depends on three things, and the package models the wrong choices
// as well as the right ones:
//
//	where the table is     replicated: in the store's own log; local: in the memory of the
//	                       replica that was asked, so that a failover or restart forgets it
//	when it is written     atomic: in the same step as the effect; after or before it, in a
//	                       step of its own, with a window between for a crash to strike
//	how long it is kept    a retry that comes later is a new write
//
// Over turns the layer, with the store beneath, into a store.Model, whose replicas
// are those of the store with a front before each. With a replicated table kept
// for ever and written atomically, the store's own client sessions do the work.
//
// What is simplified: a key that comes with other parameters than before is not
// refused, since no client here does that; a record that is written in a step of
// its own is found by a lookup in the same log, so the lookup itself is never stale.
package dedup

import (
	"fmt"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// A Layer is a table of idempotency keys. The zero Layer is a store's own client
// sessions: replicated, atomic, and kept for ever.
type Layer struct {
	Table  Table
	Record Timing
	Window time.Duration // how long a record is good; 0: for ever
}

// A Table says where the keys are kept.
type Table uint8

// The places of a table.
const (
	Replicated Table = iota // in the store's log
	Local                   // in the memory of the replica that was asked
	Absent                  // nowhere
)

// Tables names the places, by Table.
var Tables = []string{"replicated", "local", "none"}

// A Timing says when a write is recorded.
type Timing uint8

// When a write is recorded.
const (
	Atomic Timing = iota // in the same step as the effect
	After                // in a step of its own, after the effect
	Before               // in a step of its own, before the effect
)

// Timings names them, by Timing.
var Timings = []string{"atomic", "after", "before"}

// Once reports whether a write is applied once, however late it is retried.
func (l Layer) Once() bool { return l == Layer{} }

// Over returns the model of the layer over a store.
func (l Layer) Over(leaf *store.Model) *store.Model {
	m := *leaf
	m.AppliesOnce = func(c store.Config) bool { return l.Once() && leaf.AppliesOnce(c) }
	m.Claims = func(c store.Config) store.Level {
		level := leaf.Claims(c)
		if l.Once() || level == store.Nothing {
			return level
		}
		return store.Eventual // a write that is retried may happen twice or never
	}
	m.Check = func(c store.Config) error {
		if leaf.Relays && (l.Table == Local || l.Record != Atomic) {
			return fmt.Errorf("in %s another replica may answer than the one that was asked, which would never hear what became of a write: let the table be replicated or none, and record: atomic", leaf.Name)
		}
		if l.Table == Replicated && !leaf.AppliesOnce(c) {
			return fmt.Errorf("%s with these settings cannot recognise a write that is retried, so it can have no replicated table of idempotency keys: let the table be local or none, or choose a store that can, such as raft or primarybackup", leaf.Name)
		}
		if leaf.Check == nil {
			return nil
		}
		return leaf.Check(c)
	}
	m.Replica = func(c store.Config, id sim.NodeID) sim.Handler { return newFront(l, leaf.Replica(c, id)) }
	return &m
}

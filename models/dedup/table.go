package dedup

import (
	"time"

	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// A table is one that a replica keeps in memory. Its time is the replica's own clock.
type table struct {
	window time.Duration
	byKey  map[call.Token]entry
}

// An entry is the answer to a write, and when it was recorded.
type entry struct {
	at    sim.Time
	reply *store.Reply
}

func newTable(window time.Duration) table { return table{window, map[call.Token]entry{}} }

// find returns the entry of a key, unless it is too old.
func (t *table) find(key call.Token, now sim.Time) (*store.Reply, bool) {
	past, ok := t.byKey[key]
	if ok && t.window > 0 && now.Sub(past.at) >= t.window {
		delete(t.byKey, key)
		return nil, false
	}
	return past.reply, ok
}

// add enters a write, or what became of it: its age counts from the first entry.
func (t *table) add(key call.Token, now sim.Time, reply *store.Reply) {
	if past, ok := t.byKey[key]; ok {
		now = past.at
	}
	t.byKey[key] = entry{now, reply}
}

func (t *table) drop(key call.Token) { delete(t.byKey, key) }

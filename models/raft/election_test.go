package raft

import (
	"testing"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// All followers that draw from one tick lose patience in the same tick; those that
// draw from the library's range do not.
func TestElectionSpread(t *testing.T) {
	for _, c := range []struct {
		spread time.Duration
		least  int // different draws of 100
		most   int
	}{{10 * time.Millisecond, 1, 1}, {50 * time.Millisecond, 5, 5}, {0, 10, 10}} {
		cfg := store.Config{Replicas: []sim.NodeID{0}, Values: Model.Defaults(store.Values{"tick": 10 * time.Millisecond, "heartbeat": 50 * time.Millisecond, "election_timeout": 100 * time.Millisecond, "election_spread": c.spread})}
		el := newReplica(cfg, cfg.Replicas[0]).election
		rand, drawn := sim.NewStream(1, "patience"), map[int]bool{}
		for range 100 {
			el.restart(rand)
			drawn[el.patient] = true
			if el.patient < el.timeout || el.patient >= el.timeout+el.spread {
				t.Fatalf("spread %v: patience of %d ticks", c.spread, el.patient)
			}
		}
		if n := len(drawn); n < c.least || n > c.most {
			t.Errorf("spread %v: %d different draws", c.spread, n)
		}
	}
}

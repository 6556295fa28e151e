package raft_test

import (
	"testing"

	"faultline/models/raft"
	"faultline/models/store"
)

// Every mutant is caught: by random faults within so many seeds, under which the
// store itself is faultless.
func TestMutantsAreCaught(t *testing.T) {
	for _, m := range raft.Model.Mutants {
		t.Run(m.Name, func(t *testing.T) {
			set := store.Values{"snapshot_every": 50}
			for name, v := range m.Set {
				set[name] = v
			}
			c := chaos{replicas: 3, pauses: true, set: set, mutant: m.Name}
			for seed := range uint64(400) {
				out := c.play(t, seed)
				if what := out.violation(); what != "" {
					t.Logf("caught by seed %d: %s", seed, what)
					return
				}
			}
			t.Error("400 seeds did not catch it")
		})
	}
}

package raft_test

import (
	"testing"
	"time"

	"faultline/models/store"
)

// The library draws from crypto/rand. Nothing of that may reach a run: the same
// seed gives the same trace in the same process again and again, and another seed another.
func TestSameSeedSameTrace(t *testing.T) {
	variants := []chaos{
		{replicas: 5, pauses: true},
		{replicas: 3, set: store.Values{"prevote": false, "check_quorum": false, "snapshot_every": 10}},
		{replicas: 3, pauses: true, drift: 500, set: store.Values{"reads": "clock_lease"}},
		{replicas: 5, set: store.Values{"reads": "lease"}},
		{replicas: 5, set: store.Values{"reads": "local"}},
	}
	for i, c := range variants {
		c.length = 5 * time.Second
		hashes := map[uint64]uint64{}
		for range 3 {
			for seed := range uint64(2) {
				hash := c.play(t, seed).hash
				if old, ok := hashes[seed]; ok && old != hash {
					t.Errorf("variant %d, seed %d: hash %x, then %x", i, seed, old, hash)
				}
				hashes[seed] = hash
			}
		}
		if hashes[0] == hashes[1] {
			t.Errorf("variant %d: seeds 0 and 1 give the same trace", i)
		}
	}
}

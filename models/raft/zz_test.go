package raft_test

import (
	"testing"
	"time"

	"faultline/experiments"
	"faultline/models/raft"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestZZ(t *testing.T) {
	for i, set := range []store.Values{
		{"prevote": false},
		{"prevote": false, "check_quorum": false},
		{"prevote": false, "heartbeat": 50 * time.Millisecond, "election_timeout": 100 * time.Millisecond},
		{"prevote": false, "check_quorum": false, "heartbeat": 50 * time.Millisecond, "election_timeout": 100 * time.Millisecond},
	} {
		n := 0
		for seed := range uint64(200) {
			sc := storetest.Harm(storetest.Scenario(&raft.Model, set, seed), seed)
			sc.Mutant = "forget-vote"
			if experiments.Score(sc, experiments.Run(sc, seed)).Verdicts["linearizable"] == "violated" {
				n++
			}
		}
		t.Log(i, n, "of 200")
	}
}

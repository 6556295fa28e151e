package service_test

import (
	"testing"
	"time"

	"faultline/experiments"
	"faultline/models"
	"faultline/models/quorum"
	"faultline/models/raft"
	"faultline/models/service"
	"faultline/models/single"
	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/net"
	"faultline/net/policy"
)

// layers is a front that retries, a layer that retries, and a side dependency.
func layers() *service.Graph {
	retry := policy.Policy{Retry: policy.Retry{MaxAttempts: 3, AttemptTimeout: 200 * time.Millisecond, Backoff: policy.Backoff{Kind: policy.FullJitter, Base: 10 * time.Millisecond}}}
	return &service.Graph{Services: []service.Service{
		{Name: "front", Replicas: 2, Concurrent: 50, Stages: [][]service.Call{{{To: "ads", Optional: true, Policy: retry}, {To: "mid", Policy: retry, PassOn: true}}}},
		{Name: "ads", Replicas: 1},
		{Name: "mid", Replicas: 2, Stages: [][]service.Call{{{To: service.Store, Policy: retry}}}},
	}}
}

// scenario puts services before a store under the load of the conformance suite.
func scenario(g *service.Graph, leaf *store.Model, seed uint64) *experiments.Scenario {
	const below = 3
	sc := storetest.Scenario(g.Over(leaf, below), nil, seed)
	sc.Replicas, sc.Services = below+g.Nodes(), g
	sc.Workload.Duration = 4 * time.Second
	return storetest.Harm(sc, seed)
}

// A store seen through services that retry in every layer keeps its promise under
// random faults, of its replicas and of theirs.
func TestStoresKeepTheirPromisesThroughServices(t *testing.T) {
	for _, leaf := range []*store.Model{&single.Model, &raft.Model, &quorum.Model} {
		ok := 0
		for seed := range uint64(12) {
			sc := scenario(layers(), leaf, seed)
			o := experiments.Run(sc, seed)
			row := experiments.Score(sc, o)
			for _, property := range experiments.Promised(sc.Model.Claims(sc.Config())) {
				if got, judged := row.Verdicts[property]; judged && got != "holds" {
					t.Errorf("%s, seed %d: %s: %s: %s", leaf.Name, seed, property, got, row.Evidence[property])
				}
			}
			ok += row.Ops.OK
			if again := experiments.Run(sc, seed); again.Hash != o.Hash {
				t.Errorf("%s, seed %d gave hash %016x, then %016x", leaf.Name, seed, o.Hash, again.Hash)
			}
		}
		if ok < 1000 {
			t.Errorf("%s: %d operations succeeded: that shows little", leaf.Name, ok)
		}
	}
}

// What the suite must be able to see: a cache that others' writes do not reach,
// and retries without a key, break what the store promises.
func TestCachesAndMissingKeysAreSeen(t *testing.T) {
	for _, c := range []struct {
		what string
		call service.Call
	}{
		{"a cache", service.Call{To: service.Store, Cache: time.Second}},
		{"no key", service.Call{To: service.Store, NoKey: true, Policy: policy.Policy{Retry: policy.Retry{MaxAttempts: 3, AttemptTimeout: 5 * time.Millisecond, Resend: policy.Always}}}},
	} {
		if !violated(&service.Graph{Services: []service.Service{{Name: "front", Replicas: 2, Stages: [][]service.Call{{c.call}}}}}) {
			t.Errorf("%s: no run of 20 was not linearizable", c.what)
		}
	}
}

func violated(g *service.Graph) bool {
	for seed := range uint64(20) {
		sc := scenario(g, &single.Model, seed)
		if experiments.Score(sc, experiments.Run(sc, seed)).Verdicts[experiments.PropLinearizable] == "violated" {
			return true
		}
	}
	return false
}

// Where nothing goes wrong, a store answers every request at once, whichever of
// several services bring it on behalf of one client.
func TestStoresAnswerWhoeverAsksForAClient(t *testing.T) {
	once := policy.Policy{Retry: policy.Retry{MaxAttempts: 1, AttemptTimeout: 200 * time.Millisecond}, Balance: policy.RoundRobin}
	for _, leaf := range models.All {
		toStore := once
		toStore.Balance = policy.InOrder
		g := &service.Graph{Services: []service.Service{
			{Name: "front", Replicas: 3, Stages: [][]service.Call{{{To: "mid", Policy: once}}}},
			{Name: "mid", Replicas: 3, Stages: [][]service.Call{{{To: service.Store, Policy: toStore}}}},
		}}
		const below = 3
		sc := storetest.Scenario(g.Over(leaf, below), nil, 1)
		sc.Replicas, sc.Services, sc.Policy = below+g.Nodes(), g, once
		sc.Network = net.Options{}
		o := experiments.Run(sc, 1)
		row := experiments.Score(sc, o)
		if bad := row.Ops.Unknown; bad > 0 || row.Ops.OK < 50 {
			t.Errorf("%s: %d operations succeeded, and of %d nobody knows", leaf.Name, row.Ops.OK, bad)
		}
	}
}

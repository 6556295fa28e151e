package chain_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/chain"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

// newStage returns a stage with three replicas, a the head and c the tail, and a master.
func newStage(t *testing.T, mutant string, set store.Values) *storetest.Stage {
	s := storetest.NewStage(t, &chain.Model, 3, mutant, set)
	s.Do("run 20ms")
	return s
}

// isolate cuts a node off from all others but the client.
func isolate(s *storetest.Stage, name string) {
	for _, other := range []string{"a", "b", "c", "master"} {
		if other != name {
			s.Do("cut " + name + " " + other)
		}
	}
}

// serves waits until a replica answers a read, for at most 5 s.
func serves(t *testing.T, s *storetest.Stage, at string) {
	t.Helper()
	for deadline := s.Sim.Now().Add(5 * time.Second); s.Sim.Now() < deadline; {
		if r := s.Ask(at, s.Request(history.Read, 0)); r.Status == history.OK {
			return
		}
	}
	t.Fatalf("%v: %s did not serve within 5 s", s.Sim.Now(), at)
}

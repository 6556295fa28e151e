package primarybackup_test

import (
	"testing"

	"faultline/models/primarybackup"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

// newStage returns a stage with five replicas a to e, of which a is the primary of the first view.
func newStage(t *testing.T, mutant string, set store.Values) *storetest.Stage {
	s := storetest.NewStage(t, &primarybackup.Model, 5, mutant, set)
	s.Do("run 20ms")
	return s
}

// newPrimary waits until one of the named replicas takes itself for the primary and its view has begun, and returns its name.
func newPrimary(s *storetest.Stage, among string) string {
	name := s.NewLeader(among)
	s.Do("run 20ms")
	return name
}

package quorum_test

import (
	"maps"
	"testing"
	"time"

	"faultline/models/quorum"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

const never = time.Duration(0)

// newStage returns a stage with three replicas a, b and c.
func newStage(t *testing.T, mutant string, set store.Values) *storetest.Stage {
	return newStageOf(3, t, mutant, set)
}

// newStageOf returns a stage on which every key has three copies, unless set says
// otherwise: with five replicas there are two stand-ins.
func newStageOf(replicas int, t *testing.T, mutant string, set store.Values) *storetest.Stage {
	with := store.Values{"copies": 3}
	maps.Copy(with, set)
	return storetest.NewStage(t, &quorum.Model, replicas, mutant, with)
}

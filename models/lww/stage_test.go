package lww_test

import (
	"testing"

	"faultline/models/lww"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

// newStage returns a stage with three replicas a, b and c.
func newStage(t *testing.T, mutant string, set store.Values) *storetest.Stage {
	return storetest.NewStage(t, &lww.Model, 3, mutant, set)
}

package abd_test

import (
	"testing"
	"time"

	"faultline/models/abd"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

const never = time.Duration(0)

// newStage returns a stage with three replicas a, b and c.
func newStage(t *testing.T, mutant string, set store.Values) *storetest.Stage {
	return storetest.NewStage(t, &abd.Model, 3, mutant, set)
}

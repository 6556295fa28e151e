package abd_test

import (
	"testing"

	"faultline/models/abd"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &abd.Model,
		storetest.Variant{Name: "fast reads", Set: store.Values{"fast_reads": true}},
		storetest.Variant{Name: "unsynced", Set: store.Values{"sync": false}},
	)
}

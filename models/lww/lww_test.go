package lww_test

import (
	"testing"

	"faultline/models/lww"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &lww.Model,
		storetest.Variant{Name: "hybrid", Set: store.Values{"clock": "hybrid"}},
		storetest.Variant{Name: "no push", Set: store.Values{"push": false}},
		storetest.Variant{Name: "unsynced", Set: store.Values{"sync": false}},
	)
}

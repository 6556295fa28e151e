package transfer_test

import (
	"testing"

	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/models/transfer"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &transfer.Model,
		storetest.Variant{Name: "two-phase", Set: store.Values{"commit": "two-phase"}},
	)
}

package single_test

import (
	"testing"

	"faultline/models/single"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &single.Model, storetest.Variant{Name: "sync off", Set: store.Values{"sync": false}})
}

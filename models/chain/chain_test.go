package chain_test

import (
	"testing"

	"faultline/models/chain"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &chain.Model, storetest.Variant{Name: "any replica reads", Set: store.Values{"reads": "any"}})
}

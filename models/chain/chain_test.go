package chain_test

import (
	"testing"
	"time"

	"faultline/models/chain"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &chain.Model,
		storetest.Variant{Name: "any replica reads", Set: store.Values{"reads": "any"}},
		storetest.Variant{Name: "hasty", Set: store.Values{"lease": 150 * time.Millisecond, "failover": 100 * time.Millisecond, "heartbeat": 20 * time.Millisecond}},
		storetest.Variant{Name: "long lease", Set: store.Values{"lease": 2 * time.Second, "failover": 200 * time.Millisecond}},
	)
}

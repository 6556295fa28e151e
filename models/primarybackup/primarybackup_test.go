package primarybackup_test

import (
	"testing"
	"time"

	"faultline/models/primarybackup"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &primarybackup.Model,
		storetest.Variant{Name: "one backup", Set: store.Values{"ack": "one-backup"}},
		storetest.Variant{Name: "asynchronous", Set: store.Values{"ack": "primary"}},
		storetest.Variant{Name: "alone", Set: store.Values{"ack": "primary", "vote": "any"}},
		storetest.Variant{Name: "any replica reads", Set: store.Values{"reads": "any"}},
		storetest.Variant{Name: "unsynced", Set: store.Values{"sync": false}},
		storetest.Variant{Name: "hasty", Set: store.Values{"heartbeat": 20 * time.Millisecond, "failover": 200 * time.Millisecond}},
	)
}

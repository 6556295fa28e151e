package raft_test

import (
	"testing"
	"time"

	"faultline/models/raft"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &raft.Model,
		storetest.Variant{Name: "reads through the log", Set: store.Values{"reads": "log", "snapshot_every": 20}},
		storetest.Variant{Name: "reads by the clock's lease", Set: store.Values{"reads": "clock_lease"}},
		storetest.Variant{Name: "reads by the library's lease", Set: store.Values{"reads": "lease"}},
		storetest.Variant{Name: "local reads", Set: store.Values{"reads": "local"}},
		storetest.Variant{Name: "plain", Set: store.Values{"prevote": false, "check_quorum": false, "sessions": false}},
		storetest.Variant{Name: "batched", Set: store.Values{"batch": 5 * time.Millisecond, "heartbeat": 50 * time.Millisecond, "snapshot_every": 50}},
	)
}

package quorum_test

import (
	"testing"
	"time"

	"faultline/models/quorum"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &quorum.Model,
		storetest.Variant{Name: "three copies", Set: store.Values{"copies": 3}},
		storetest.Variant{Name: "proxy", Set: store.Values{"coordinator": "proxy"}},
		storetest.Variant{Name: "hasty", Set: store.Values{"patience": 5 * time.Millisecond, "timeout": 20 * time.Millisecond, "replay": 50 * time.Millisecond}},
		storetest.Variant{Name: "strict", Set: store.Values{"sloppy": false}},
		storetest.Variant{Name: "grid", Set: store.Values{"copies": 4, "grid": 2, "sloppy": false}},
		storetest.Variant{Name: "bare", Set: store.Values{"sloppy": false, "handoff": false, "read_repair": false}},
	)
}

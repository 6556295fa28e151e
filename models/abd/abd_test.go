package abd_test

import (
	"testing"
	"time"

	"faultline/models/abd"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, &abd.Model,
		storetest.Variant{Name: "fast reads", Set: store.Values{"fast_reads": true}},
		storetest.Variant{Name: "hasty", Set: store.Values{"resend": 10 * time.Millisecond, "timeout": 50 * time.Millisecond}},
		storetest.Variant{Name: "unsynced", Set: store.Values{"sync": false}},
	)
}

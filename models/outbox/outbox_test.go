package outbox_test

import (
	"testing"

	"faultline/models/outbox"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) { storetest.Run(t, &outbox.Model) }

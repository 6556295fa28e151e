package quorum_test

import (
	"testing"

	"faultline/models/quorum"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) { storetest.Run(t, &quorum.Model) }

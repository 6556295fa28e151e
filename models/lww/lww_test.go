package lww_test

import (
	"testing"

	"faultline/models/lww"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) { storetest.Run(t, &lww.Model) }

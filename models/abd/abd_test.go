package abd_test

import (
	"testing"

	"faultline/models/abd"
	"faultline/models/store/storetest"
)

func TestConformance(t *testing.T) { storetest.Run(t, &abd.Model) }

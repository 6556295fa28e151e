package abd_test

import (
	"testing"

	"faultline/models/abd"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestTranscripts(t *testing.T) {
	storetest.Transcripts(t, &abd.Model, store.Values{"repair": never})
}

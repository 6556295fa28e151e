package quorum_test

import (
	"testing"

	"faultline/models/quorum"
	"faultline/models/store"
	"faultline/models/store/storetest"
)

func TestTranscripts(t *testing.T) {
	storetest.Transcripts(t, &quorum.Model, store.Values{"anti_entropy": never})
}

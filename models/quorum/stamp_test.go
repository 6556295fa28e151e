package quorum

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/sim"
)

// stamps are few, so that they often agree in part.
var stamps = rapid.Custom(func(t *rapid.T) stamp {
	return stamp{
		sim.Time(rapid.IntRange(-2, 2).Draw(t, "time")), sim.NodeID(rapid.IntRange(0, 2).Draw(t, "node")),
		rapid.Uint64Range(1, 2).Draw(t, "round"),
	}
})

// Checkers see the order of the stamps.
func TestPlacesCompareAsStamps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := stamps.Draw(t, "a"), stamps.Draw(t, "b")
		if got := a.Place().Compare(b.Place()); got < 0 != a.less(b) || got > 0 != b.less(a) {
			t.Fatalf("places of %v and %v compare as %d", a, b, got)
		}
		if (history.Version{}).Compare(a.Place()) >= 0 {
			t.Fatalf("the place of %v is not above that of the initial value", a)
		}
	})
}

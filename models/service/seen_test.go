package service

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/net/call"
	"faultline/sim"
)

// Of two equal requests the second is known as long as fewer than so many others
// came between them, and no longer; and nothing is known that never came.
func TestSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s seen
		clients, ids := rapid.IntRange(1, 5).Draw(t, "clients"), rapid.IntRange(1, 1500).Draw(t, "ids")
		r := sim.NewStream(rapid.Uint64().Draw(t, "seed"), "requests")
		known, order := map[name]bool{}, []name(nil)
		for range rapid.IntRange(0, 5000).Draw(t, "requests") {
			n := name{sim.NodeID(r.IntN(clients)), call.ID(r.IntN(ids)) << uint(r.IntN(2)*20)}
			if s.add(n.from, n.id) == known[n] {
				t.Fatalf("%v is new: %v, after %d others", n, known[n], len(order))
			}
			if known[n] {
				continue
			}
			known[n], order = true, append(order, n)
			if len(order) > remembered {
				delete(known, order[0])
				order = order[1:]
			}
		}
	})
}

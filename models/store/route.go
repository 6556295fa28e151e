package store

import (
	"slices"

	"faultline/sim"
)

// HintFirst returns the replicas in the order in which a client asks that keeps
// with the one that the last reply named, and else goes to the nearest. A client
// whose nearest replica is dead finds that out once.
func (v View) HintFirst() []sim.NodeID {
	at := slices.Index(v.Near, v.Hint)
	if at <= 0 {
		return v.Near
	}
	order := make([]sim.NodeID, 0, len(v.Near))
	order = append(order, v.Hint)
	order = append(order, v.Near[:at]...)
	return append(order, v.Near[at+1:]...)
}

package store

import (
	"slices"

	"faultline/sim"
)

// HintFirst returns the replicas in the order in which a client asks that keeps
// with the one that the last reply named, and else goes to the nearest. A client
// whose nearest replica is dead finds that out once. The result is read only.
func (v *View) HintFirst() []sim.NodeID {
	at := slices.Index(v.Near, v.Hint)
	if at <= 0 {
		return v.Near
	}
	if v.orders == nil {
		return v.first(at)
	}
	if v.orders[at] == nil {
		v.orders[at] = v.first(at)
	}
	return v.orders[at]
}

// first returns the replicas with the one at a place before the others.
func (v *View) first(at int) []sim.NodeID {
	order := make([]sim.NodeID, 0, len(v.Near))
	order = append(order, v.Near[at])
	order = append(order, v.Near[:at]...)
	return append(order, v.Near[at+1:]...)
}

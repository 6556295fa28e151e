package experiments

import (
	"faultline/experiments/fault"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/net/policy"
	"faultline/sim"
)

// A guard stands before a replica and sees what clients ask of it, where a fault can
// make that poison, or callers take back what they asked. It changes nothing else.
type guard struct {
	sim.Handler
	run *run
	id  sim.NodeID
	// finishes is true of a store: it ends what it began, since it could not tell of what it has not done.
	finishes bool
}

// Inside returns the replica (sim.Wrapper).
func (g *guard) Inside() sim.Handler { return g.Handler }

// Receive passes on what the replica is to get.
func (g *guard) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case call.Cancel:
		if g.finishes {
			return
		}
	case *store.Request:
		if !g.run.world.Handles(g.id, m.Origin) {
			return
		}
	}
	g.Handler.Receive(e, from, msg)
}

// guarded returns the replica, behind a guard if the scenario needs one.
func (r *run) guarded(id sim.NodeID, h sim.Handler) sim.Handler {
	if !r.guards || h == nil {
		return h
	}
	i := r.config.Index(id)
	return &guard{h, r, id, i < r.scenario.beneath()}
}

// needsGuards reports whether a request can be poison, or be taken back.
func (sc *Scenario) needsGuards() bool {
	if fault.Poisons(sc.Faults) || sc.Policy.Cancel {
		return true
	}
	if sc.Services == nil {
		return false
	}
	return sc.Services.Follows(func(p *policy.Policy) bool { return p.Cancel })
}

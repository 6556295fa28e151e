package abd

import (
	"faultline/models/store/versioned"
	"faultline/sim"
)

// Repair is no part of the register: majorities alone make it linearizable, and
// a replica that was cut off may lag forever. It makes replicas alike after
// faults, so that one more crash does not leave a value at the edge of its
// majority. Spreading a version is always safe: it is an update that comes late.

// repairNext sends a digest to the next of the others, in turn: after one round
// each replica has heard from every other.
func (r *replica) repairNext(e sim.Env) {
	r.repairing = e.After(r.repair)
	r.partner = (r.partner + 1) % len(r.cfg.Replicas)
	if r.cfg.Replicas[r.partner] == e.Self() {
		r.partner = (r.partner + 1) % len(r.cfg.Replicas)
	}
	e.Send(r.cfg.Replicas[r.partner], r.held.Digest())
}

// compare answers a digest with what may be new to its sender; if nothing is, with silence.
func (r *replica) compare(e sim.Env, from sim.NodeID, theirs versioned.Digest) {
	if differing := r.held.Differing(theirs); len(differing) > 0 {
		e.Send(from, differing)
	}
}

func (r *replica) merge(e sim.Env, theirs contents) {
	for _, v := range theirs {
		if r.newer(v) {
			r.disk.Save(e, &update{version: v}, nobody)
		}
	}
}

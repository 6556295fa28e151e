package quorum

import (
	"time"

	"faultline/models/store/versioned"
	"faultline/sim"
)

// beginComparing starts the comparisons, if there is anyone to compare with.
func (r *replica) beginComparing(e sim.Env) {
	if r.antiEntropy > 0 && r.n > 1 {
		r.partner = r.place(0, r.self)
		r.comparing = e.After(time.Duration(e.Rand().IntN(int(r.antiEntropy))))
	}
}

// compareWithNext sends a digest to the next on the ring that shares keys with
// this one. Taking them in turn, each has heard from all after one round.
func (r *replica) compareWithNext(e sim.Env) {
	r.comparing = e.After(r.antiEntropy)
	for {
		r.partner = (r.partner + 1) % len(r.replicas)
		if id := r.replicas[r.partner]; id != r.self && r.shares(id) {
			e.Send(id, r.held.Digest())
			return
		}
	}
}

// shares reports whether there are keys of which both are homes.
func (r *replica) shares(id sim.NodeID) bool {
	return r.place(r.place(0, r.self), id) < r.n || r.place(r.place(0, id), r.self) < r.n
}

// compare answers a digest with the versions in which its sender, who must be a
// home of them too, may differ; if there are none, with silence.
func (r *replica) compare(e sim.Env, from sim.NodeID, theirs versioned.Digest) {
	common := func(bucket int) bool { return r.isHome(bucket%len(r.replicas), from) }
	if differing := r.held.DifferingIn(theirs, common); len(differing) > 0 {
		e.Send(from, differing)
	}
}

// merge takes in what another home has.
func (r *replica) merge(e sim.Env, theirs contents) {
	for _, v := range theirs {
		if r.mutant == "fills-gaps" && r.held.Get(v.Key) != unwritten {
			continue
		}
		r.mend(e, v)
	}
}

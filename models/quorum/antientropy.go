package quorum

import (
	"time"

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
			e.Send(id, digestMsg{append([]uint64(nil), r.held.sums...)})
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
func (r *replica) compare(e sim.Env, from sim.NodeID, m digestMsg) {
	var ask []bool // by bucket
	for b, sum := range r.held.sums {
		if sum != m.sums[b] && r.isHome(b%len(r.replicas), from) {
			if ask == nil {
				ask = make([]bool, len(m.sums))
			}
			ask[b] = true
		}
	}
	if ask == nil {
		return
	}
	var versions []*version
	for _, v := range r.held.rows {
		if ask[r.held.bucket(hash(v.key))] {
			versions = append(versions, v)
		}
	}
	if len(versions) > 0 {
		e.Send(from, contentsMsg{versions})
	}
}

// merge takes in what another home has.
func (r *replica) merge(e sim.Env, versions []*version) {
	for _, v := range versions {
		if r.mutant == "fills-gaps" && r.held.get(v.key) != unwritten {
			continue
		}
		r.mend(e, v)
	}
}

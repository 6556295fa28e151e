package fault

import (
	"fmt"

	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
)

var cutClient = &Kind{
	Name: "cut-client", Family: "partitions",
	Doc: "A client is cut off from all servers; these notice nothing.",
	Params: params([]Param{targetParam(targetRandom, "Whom: random (a client), all, or names such as c1, c3.",
		targetRandom, targetAll)}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		targets := w.clients(v.Choice("target"), r)
		return w.cutting("cut off "+w.names(targets), net.Between(w.net.OnHosts(targets...), w.serverIDs()))
	},
	breaks: func(settings, Cluster) ([]store.Assumption, int) { return nil, 0 },
	check: func(v settings, c Cluster) error {
		target := v.Choice("target")
		if target == targetRandom || target == targetAll {
			return nil
		}
		for _, name := range splitTarget(target) {
			if err := c.checkName(name); err != nil {
				return fmt.Errorf("target: %w", err)
			}
			if prefix, _ := splitName(name); prefix != 'c' {
				return fmt.Errorf("target: %s is no client; use isolate for replicas and the master", name)
			}
		}
		return nil
	},
}

// clients returns which clients a target means.
func (w *World) clients(target string, r *sim.Stream) []sim.NodeID {
	switch all := w.cast.Clients; {
	case target == targetAll || len(all) == 0:
		return all
	case target == targetRandom:
		i := r.IntN(len(all))
		return all[i : i+1]
	}
	return w.named(splitTarget(target))
}

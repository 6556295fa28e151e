package fault

import (
	"faultline/models/store"
	"faultline/sim"
)

// flushCaches strikes what keeps answers to be quick, not to be right.
var flushCaches = &Kind{
	Name: "flush-caches", Family: "nodes", moment: true, byHand: true,
	Doc:    "The caches of services are emptied, so that all that they kept away from their dependencies comes there at once.",
	Params: params([]Param{allTarget()}, momentTiming()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		targets := w.servers(v.Choice("target"), r)
		return strike{label: "flush caches of " + w.names(targets), nobody: len(targets) == 0, begin: func() func() {
			for _, id := range targets {
				if f, ok := w.sim.Handler(id).(store.Flusher); ok {
					f.Flush()
				}
			}
			return func() {}
		}}
	},
	breaks: func(settings, Cluster) ([]store.Assumption, int) { return nil, 0 },
	check:  checkTarget,
}

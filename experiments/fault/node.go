package fault

import (
	"fmt"

	"faultline/models/store"
	"faultline/sim"
)

// What a crash leaves of a disk.
const (
	diskKept     = "kept"
	diskUnsynced = "unsynced-lost"
	diskTorn     = "torn"
	diskWiped    = "wiped"
)

func diskParam() Param {
	return choiceParam("disk", "What the disk holds afterwards: kept (everything: the process died, not the machine), unsynced-lost (what was synced), torn (perhaps more, the last record perhaps torn), wiped (nothing: it was replaced).",
		diskUnsynced, diskKept, diskUnsynced, diskTorn, diskWiped)
}

var losses = map[string]sim.Loss{diskKept: sim.KeepAll, diskUnsynced: sim.LoseUnsynced, diskTorn: sim.TearUnsynced, diskWiped: sim.LoseUnsynced}

var crash = &Kind{
	Name: "crash", Family: "nodes",
	Doc:    "A node crashes, and restarts when the fault ends.",
	Params: params([]Param{replicaTarget(targetRandom), diskParam()}, timing()),
	plan:   planCrash("crash"),
	breaks: crashBreaks,
	check:  checkTarget,
}

var powerLoss = &Kind{
	Name: "power-loss", Family: "nodes",
	Doc:    "All replicas crash at the same instant, and restart together when the fault ends.",
	Params: params([]Param{allTarget(), diskParam()}, timing()),
	plan:   planCrash("power loss"),
	breaks: crashBreaks,
	check:  checkTarget,
}

// allTarget is the target of faults that strike all replicas unless told otherwise.
func allTarget() Param {
	p := replicaTarget(targetAll)
	p.Samples = nil
	return p
}

func planCrash(verb string) func(*World, settings, *sim.Stream) strike {
	return func(w *World, v settings, r *sim.Stream) strike {
		disk := v.Choice("disk")
		s := w.onServers(verb, v, r,
			func(p *patient) { p.crash(losses[disk], disk == diskWiped) }, (*patient).restart)
		if disk == diskWiped {
			s.label += ", disk wiped"
		}
		s.takes = s.targets
		return s.strike
	}
}

func crashBreaks(v settings, c Cluster) ([]store.Assumption, int) {
	broken := []store.Assumption{store.NoCrash}
	if v.Choice("disk") == diskWiped {
		broken = append(broken, store.DisksSurvive)
	}
	down, master := c.countTarget(v.Choice("target"))
	if master {
		broken, down = masterFails(broken, down, c)
	}
	return broken, down
}

// masterFails adds what the failure of the master breaks. No model has to survive
// that: in the papers the master is itself replicated, and stands for a majority
// that does not fail.
func masterFails(broken []store.Assumption, down int, c Cluster) ([]store.Assumption, int) {
	return append(broken, store.FailStop), max(down, c.minority()+1)
}

var pause = &Kind{
	Name: "pause", Family: "nodes",
	Doc:    "A node stands still, as in a long garbage collection, and then goes on as if nothing had happened.",
	Params: params([]Param{replicaTarget(targetRandom)}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		s := w.onServers("pause", v, r, (*patient).pause, (*patient).resume)
		s.takes = s.targets
		return s.strike
	},
	breaks: func(v settings, c Cluster) ([]store.Assumption, int) {
		down, master := c.countTarget(v.Choice("target"))
		broken := []store.Assumption{store.FailStop}
		if master {
			down = max(down, c.minority()+1)
		}
		return broken, down
	},
	check: checkTarget,
}

var slowNode = &Kind{
	Name: "slow-node", Family: "nodes",
	Doc: "A node's processor and disk are slower by a factor. A processor that takes no time is taken to need 20us for each message, a disk 1ms for each sync.",
	Params: params([]Param{replicaTarget(targetRandom),
		intParam("factor", "How many times slower.", 50, 2, 10_000, 5, 50, 500)}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		factor := int64(v.Int("factor"))
		return w.onServers("slow", v, r,
			func(p *patient) {
				p.slowCPU, p.slowDisk = append(p.slowCPU, factor), append(p.slowDisk, factor)
				p.slow()
			},
			func(p *patient) {
				p.slowCPU, p.slowDisk = remove(p.slowCPU, factor), remove(p.slowDisk, factor)
				p.slow()
			}).strike
	},
	breaks: breaksFailStop,
	check:  checkTarget,
}

var cpuQuota = &Kind{
	Name: "cpu-quota", Family: "nodes", byHand: true,
	Doc: "A node's processor works for a share of the time only, as under the quota of a container: it is slower by that. One that takes no time is taken to need 20us for each message. Disks are not slower.",
	Params: params([]Param{replicaTarget(targetRandom),
		shareParam("share", "What is left of the processor, from 0.001 to 1.", 0.4)}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		share := int64(float64(v.share("share")*thousandths) + 0.5)
		s := w.onServers(fmt.Sprintf("%g %% of the processor of", float64(share)/10), v, r,
			func(p *patient) { p.quotas = append(p.quotas, share); p.slow() },
			func(p *patient) { p.quotas = remove(p.quotas, share); p.slow() })
		return s.strike
	},
	breaks: breaksFailStop,
	check: func(v settings, c Cluster) error {
		if share := v.share("share"); share < 1.0/thousandths {
			return fmt.Errorf("share is %v: it must be at least 0.1%%; to stop the node, use the fault pause", share)
		}
		return checkTarget(v, c)
	},
}

var slowDisk = &Kind{
	Name: "slow-disk", Family: "nodes",
	Doc: "A node's disk is slower by a factor. A disk that takes no time is taken to need 1ms for each sync.",
	Params: params([]Param{replicaTarget(targetRandom),
		intParam("factor", "How many times slower.", 50, 2, 10_000, 5, 50, 500)}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		factor := int64(v.Int("factor"))
		return w.onServers("slow disk of", v, r,
			func(p *patient) { p.slowDisk = append(p.slowDisk, factor); p.slow() },
			func(p *patient) { p.slowDisk = remove(p.slowDisk, factor); p.slow() }).strike
	},
	breaks: breaksFailStop,
	check:  checkTarget,
}

// breaksFailStop is of faults after which a live node may seem dead.
func breaksFailStop(settings, Cluster) ([]store.Assumption, int) {
	return []store.Assumption{store.FailStop}, 0
}

var lyingDisk = &Kind{
	Name: "lying-disk", Family: "nodes",
	Doc:    "A node's disk reports syncs as done that were not; a crash meanwhile loses what was acknowledged.",
	Params: params([]Param{replicaTarget(targetRandom)}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		return w.onServers("lying disk of", v, r,
			func(p *patient) { p.lie(1) }, func(p *patient) { p.lie(-1) }).strike
	},
	breaks: func(settings, Cluster) ([]store.Assumption, int) { return []store.Assumption{store.HonestSync}, 0 },
	check:  checkTarget,
}

func checkTarget(v settings, c Cluster) error { return checkServers(v.Choice("target"), c) }

// A nodeStrike is a strike on servers.
type nodeStrike struct {
	strike
	targets []sim.NodeID
}

// onServers plans a strike that does something to each of the targeted nodes, and undoes it at the end.
func (w *World) onServers(verb string, v settings, r *sim.Stream, do, undo func(*patient)) nodeStrike {
	targets := w.servers(v.Choice("target"), r)
	each := func(f func(*patient)) {
		for _, id := range targets {
			f(w.patient(id))
		}
	}
	s := strike{label: verb + " " + w.names(targets), nobody: len(targets) == 0}
	s.begin = func() func() {
		each(do)
		return func() { each(undo) }
	}
	return nodeStrike{s, targets}
}

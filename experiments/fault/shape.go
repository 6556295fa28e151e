package fault

import (
	"fmt"
	"slices"

	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
)

// shaped returns the kind of a shape of net that cuts links between replicas
// alone: clients and the master reach them all. Those that treat one replica
// apart let the target choose it.
func shaped(name, doc string, shape func([]sim.NodeID) net.Links, least int, apart bool) *Kind {
	var own []Param
	if apart {
		own = []Param{targetParam(targetRandom, "Which replica keeps all its links: random, leader, follower, or a name such as n2.",
			targetRandom, targetLeader, targetFollower)}
	}
	return &Kind{
		Name: name, Family: "partitions", Doc: doc,
		Params: params(own, timing()),
		plan: func(w *World, v settings, r *sim.Stream) strike {
			first := w.servers(apartOf(v, apart), r)
			rest := without(w.cast.Replicas, first)
			r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
			s := w.cutting(name+" "+w.names(append(first, rest...)), shape(append(first, rest...)))
			s.nobody = len(first) == 0
			return s
		},
		breaks: func(_ settings, c Cluster) ([]store.Assumption, int) {
			return []store.Assumption{store.FailStop}, isolated(c.Replicas, shape)
		},
		check: func(v settings, c Cluster) error {
			if c.Replicas < least {
				return fmt.Errorf("it needs at least %d replicas, and there are %d", least, c.Replicas)
			}
			target := apartOf(v, apart)
			if n, master := c.countTarget(target); isRole(target) && !fillsUp(target) || n != 1 || master {
				return fmt.Errorf("target: %s is not one replica", target)
			}
			return checkServers(target, c)
		},
	}
}

func apartOf(v settings, apart bool) string {
	if apart {
		return v.Choice("target")
	}
	return targetRandom
}

// Those of the shapes of net in which one node hears or is heard by nobody.
var (
	deaf = oneWay("deaf", "A node is heard but hears nobody, clients included.", func(one, others []sim.NodeID) net.Links { return net.OneWay(others, one) })
	mute = oneWay("mute", "A node hears everybody but is not heard, not by clients either.", func(one, others []sim.NodeID) net.Links { return net.OneWay(one, others) })
)

func oneWay(name, doc string, links func(one, others []sim.NodeID) net.Links) *Kind {
	return &Kind{
		Name: name, Family: "partitions", Doc: doc,
		Params: params([]Param{replicaTarget(targetRandom)}, timing()),
		plan: func(w *World, v settings, r *sim.Stream) strike {
			targets := w.servers(v.Choice("target"), r)
			var cuts net.Links
			for _, id := range targets {
				one := w.net.OnHosts(id)
				cuts = append(cuts, links(one, without(w.everybody(), one))...)
			}
			s := w.cutting(name+" "+w.names(targets), cuts)
			s.nobody = len(targets) == 0
			return s
		},
		breaks: breaksLinksOfTarget,
		check:  checkTarget,
	}
}

// everybody returns all machines of the cast and what runs on them.
func (w *World) everybody() []sim.NodeID {
	return w.net.OnHosts(slices.Concat(w.serverIDs(), w.cast.Clients)...)
}

// serverIDs returns the replicas and the master.
func (w *World) serverIDs() []sim.NodeID {
	ids := slices.Clone(w.cast.Replicas)
	if w.cast.Master != sim.None {
		ids = append(ids, w.cast.Master)
	}
	return ids
}

package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
)

// A side is the machines on one side of a partition.
type side struct{ replicas, others []sim.NodeID }

var halves = &Kind{
	Name: "halves", Family: "partitions",
	Doc: "The replicas split into two sides, with the master and its links on the greater one; of an even number no side is a majority.",
	Params: params([]Param{
		targetParam(targetRandom, "Who is on the smaller side: random (half of the replicas, rounded down), leader or follower (with others at random to make up the half), minority, or names such as n1, n2 (these alone).",
			targetRandom, targetLeader, targetFollower),
		clientsParam(clientsNearest)}, timing()),
	plan: planHalves,
	breaks: func(v settings, c Cluster) ([]store.Assumption, int) {
		small, master := c.Replicas/2, false
		if target := v.Choice("target"); !fillsUp(target) {
			small, master = c.countTarget(target)
		}
		down := isolated(c.Replicas, func(ids []sim.NodeID) net.Links { return net.Between(ids[:small], ids[small:]) })
		if master {
			down = max(down, c.minority()+1)
		}
		return []store.Assumption{store.FailStop}, down
	},
	check: func(v settings, c Cluster) error {
		if target := v.Choice("target"); target == targetAll {
			return errors.New("target: all replicas on one side is no partition; use isolate or shatter")
		}
		return checkServers(v.Choice("target"), c)
	},
}

// fillsUp reports whether a target is one replica of a side, to which others are added.
func fillsUp(target string) bool {
	return target == targetRandom || target == targetLeader || target == targetFollower
}

func planHalves(w *World, v settings, r *sim.Stream) strike {
	target := v.Choice("target")
	first := w.servers(target, r)
	if len(first) == 0 {
		return strike{nobody: true}
	}
	small := first
	if fillsUp(target) {
		rest := without(w.cast.Replicas, first)
		r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		half := len(w.cast.Replicas) / 2
		small = append(first, rest...)[:half]
	}
	sides := []side{{replicas: small}, {replicas: without(w.cast.Replicas, small)}}
	w.attach(sides, greatest(sides), v.Choice("clients"))
	return w.partition("halves", sides)
}

var isolate = &Kind{
	Name: "isolate", Family: "partitions",
	Doc:    "A node is cut off from all others, as if its network cable were pulled; of several targets each is alone.",
	Params: params([]Param{replicaTarget(targetRandom), clientsParam(clientsMajority)}, timing()),
	plan:   planIsolate,
	breaks: breaksLinksOfTarget,
	check:  checkTarget,
}

// breaksLinksOfTarget is of faults that cut the targets off while they are alive.
func breaksLinksOfTarget(v settings, c Cluster) ([]store.Assumption, int) {
	targets, master := c.countTarget(v.Choice("target"))
	if master {
		targets = max(targets, c.minority()+1)
	}
	down := isolated(c.Replicas, func(ids []sim.NodeID) net.Links {
		return net.Around(ids[:min(targets, len(ids))], ids)
	})
	return []store.Assumption{store.FailStop}, max(targets, down)
}

func planIsolate(w *World, v settings, r *sim.Stream) strike {
	targets := w.servers(v.Choice("target"), r)
	if len(targets) == 0 {
		return strike{nobody: true}
	}
	var sides []side
	for _, id := range targets {
		sides = append(sides, side{replicas: []sim.NodeID{id}})
	}
	sides = append(sides, side{replicas: without(w.cast.Replicas, targets)})
	w.attach(sides, len(sides)-1, v.Choice("clients")) // the only replica is not the majority, if it is cut off
	s := w.partition("isolate", sides)
	s.label = "isolate " + w.names(targets)
	return s
}

var partition = &Kind{
	Name: "partition", Family: "partitions",
	Doc: "The groups that are named are cut off from each other. Who is in no group reaches all of them; clients do as clients says.",
	Params: params([]Param{
		{Param: store.Param{Name: "groups", Doc: "The sides, such as [[n1, c1], [n2, n3, master]].", Default: [][]string{}}},
		clientsParam(clientsBoth)}, timing()),
	plan: func(w *World, v settings, _ *sim.Stream) strike {
		var sides []side
		for _, names := range v.groups("groups") {
			sides = append(sides, w.sideOf(names))
		}
		w.attachClients(sides, greatest(sides), v.Choice("clients"))
		return w.partition("partition", sides)
	},
	breaks: func(v settings, c Cluster) ([]store.Assumption, int) {
		return []store.Assumption{store.FailStop}, isolated(c.Replicas, func([]sim.NodeID) net.Links {
			return betweenAll(numbersOf(v.groups("groups")))
		})
	},
	check: func(v settings, c Cluster) error { return checkGroups(v.groups("groups"), c) },
}

// numbersOf returns the replicas in groups of names, counted from 0.
func numbersOf(groups [][]string) [][]sim.NodeID {
	var sides [][]sim.NodeID
	for _, names := range groups {
		var ids []sim.NodeID
		for _, name := range names {
			if prefix, i := splitName(name); prefix == 'n' {
				ids = append(ids, sim.NodeID(i-1))
			}
		}
		sides = append(sides, ids)
	}
	return sides
}

func checkGroups(groups [][]string, c Cluster) error {
	if len(groups) < 2 {
		return errors.New("groups: a partition needs at least two, such as [[n1], [n2, n3]]")
	}
	seen := map[string]bool{}
	for _, names := range groups {
		for _, name := range names {
			if err := c.checkName(name); err != nil {
				return fmt.Errorf("groups: %w", err)
			}
			if seen[name] {
				return fmt.Errorf("groups: %s is there twice; leave it out to let it reach every group", name)
			}
			seen[name] = true
		}
	}
	return nil
}

// sideOf returns the side with the nodes of those names.
func (w *World) sideOf(names []string) side {
	var s side
	for _, id := range w.named(names) {
		if slices.Contains(w.cast.Replicas, id) {
			s.replicas = append(s.replicas, id)
		} else {
			s.others = append(s.others, id)
		}
	}
	return s
}

// greatest returns the index of the side with the most replicas, the last of equal ones.
func greatest(sides []side) int {
	best := 0
	for i := range sides {
		if len(sides[i].replicas) >= len(sides[best].replicas) {
			best = i
		}
	}
	return best
}

// attach puts the master on the main side, unless it is on one already, and clients as asked.
func (w *World) attach(sides []side, main int, clients string) {
	if m := w.cast.Master; m != sim.None && !onOne(sides, m) {
		sides[main].others = append(sides[main].others, m)
	}
	w.attachClients(sides, main, clients)
}

// onOne reports whether a node is on a side.
func onOne(sides []side, id sim.NodeID) bool {
	return slices.ContainsFunc(sides, func(s side) bool {
		return slices.Contains(s.replicas, id) || slices.Contains(s.others, id)
	})
}

// attachClients puts the clients that are on no side yet on one each: the main
// one, the others, or all in turn from the main one on; or on none, if they are to
// reach both.
func (w *World) attachClients(sides []side, main int, clients string) {
	turn := 0
	for i, id := range w.cast.Clients {
		if clients == clientsBoth || onOne(sides, id) {
			continue
		}
		to := main
		switch {
		case clients == clientsNearest && w.nearestSide(sides, i) >= 0:
			to = w.nearestSide(sides, i)
		case clients == clientsSplit || clients == clientsNearest:
			to = (main + turn) % len(sides)
		case clients == clientsMinority && len(sides) > 1:
			to = (main + 1 + turn%(len(sides)-1)) % len(sides)
		}
		sides[to].others = append(sides[to].others, id)
		turn++
	}
}

// nearestSide returns the side of the replica nearest to the i-th client, or -1
// if it is on none.
func (w *World) nearestSide(sides []side, i int) int {
	if i >= len(w.cast.Nearest) {
		return -1
	}
	return slices.IndexFunc(sides, func(s side) bool { return slices.Contains(s.replicas, w.cast.Nearest[i]) })
}

// partition plans the cuts between all sides.
func (w *World) partition(name string, sides []side) strike {
	var machines [][]sim.NodeID
	var names []string
	for _, s := range sides {
		machines = append(machines, w.net.OnHosts(slices.Concat(s.replicas, s.others)...))
		shown := s.replicas // clients would make the label long
		if len(shown) == 0 {
			shown = s.others
		}
		names = append(names, w.names(slices.Sorted(slices.Values(shown))))
	}
	return w.cutting(name+" "+strings.Join(names, " | "), betweenAll(machines))
}

// cutting plans a strike that cuts links.
func (w *World) cutting(label string, links net.Links) strike {
	return strike{label: label, cuts: cutsOf(links), begin: func() func() {
		id := w.net.Cut(links)
		return func() { w.net.Heal(id) }
	}}
}

// betweenAll returns the links between any two of the groups.
func betweenAll(groups [][]sim.NodeID) net.Links {
	var links net.Links
	for i := range groups {
		for j := range i {
			links = append(links, net.Between(groups[j], groups[i])...)
		}
	}
	return links
}

// without returns the nodes that are not among others.
func without(nodes, others []sim.NodeID) []sim.NodeID {
	return slices.DeleteFunc(slices.Clone(nodes), func(id sim.NodeID) bool { return slices.Contains(others, id) })
}

// isolated returns how many of n replicas can talk to no majority while links between them are cut.
func isolated(n int, links func(ids []sim.NodeID) net.Links) int {
	ids := make([]sim.NodeID, n)
	for i := range ids {
		ids[i] = sim.NodeID(i)
	}
	return countDown(ids, []*strike{{cuts: cutsOf(links(ids))}})
}

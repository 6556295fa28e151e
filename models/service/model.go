package service

import (
	"fmt"
	"slices"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A world is a graph with the store beneath it.
type world struct {
	*Graph
	leaf  *store.Model // nil: none
	below int          // replicas of the store
}

// Over returns the model of the graph over a store with so many replicas; leaf is
// nil if there is none. Its replicas are those of the store and then those of the
// services, in order. The graph must have been checked.
func (g *Graph) Over(leaf *store.Model, replicas int) *store.Model {
	w := &world{Graph: g, leaf: leaf, below: replicas}
	m := &store.Model{
		Name: "service", Summary: "services without a store: every read finds the initial value",
		Kinds:       []history.Kind{history.Read},
		Claims:      func(store.Config) store.Level { return store.Nothing },
		Assumes:     func(store.Config) []store.Assumption { return nil },
		AppliesOnce: func(store.Config) bool { return true },
	}
	if leaf != nil {
		w.describe(m)
	}
	m.Replica, m.Front = w.replica, w.front
	m.Route = func(_ store.Config, _ *history.Op, v *store.View) []sim.NodeID { return v.HintFirst() }
	if first := &g.Services[0]; first.Shard > 0 && first.ByKey {
		m.Shard = func(_ store.Config, key string) int { return first.shardOf(0, key) }
		m.Route = func(c store.Config, op *history.Op, v *store.View) []sim.NodeID {
			return hintFirst(first.members(w.nodes(c, first.Name), first.shardOf(0, op.Key)), v.Hint)
		}
	}
	return m
}

// describe declares what the store declares, as far as that can be seen through the services.
func (w *world) describe(m *store.Model) {
	leaf := w.leaf
	m.Name, m.Summary, m.Paper = leaf.Name, leaf.Summary, leaf.Paper
	m.Params, m.Kinds, m.Mutants = leaf.Params, leaf.Kinds, leaf.Mutants
	m.Claims = func(c store.Config) store.Level {
		if level := leaf.Claims(w.beneath(c)); level == store.Nothing || !w.cachesTheStore() {
			return level
		}
		return store.Eventual
	}
	m.Assumes = func(c store.Config) []store.Assumption { return leaf.Assumes(w.beneath(c)) }
	m.AppliesOnce = func(c store.Config) bool { return leaf.AppliesOnce(w.beneath(c)) && !w.dropsKeys() }
	m.Check = func(c store.Config) error { return w.checkLeaf(w.beneath(c)) }
	if leaf.Master != nil {
		m.Master = func(c store.Config) sim.Handler { return leaf.Master(w.beneath(c)) }
	}
}

func (w *world) checkLeaf(c store.Config) error {
	if w.leaf.Proxy != nil && w.leaf.Proxy(c, 0) != nil {
		return fmt.Errorf("with these settings clients of %s have a coordinator on their own machine, which services do not: let a replica coordinate", w.leaf.Name)
	}
	if w.leaf.Check == nil {
		return nil
	}
	return w.leaf.Check(c)
}

// beneath returns the configuration of the store.
func (w *world) beneath(c store.Config) store.Config {
	c.Replicas = c.Replicas[:w.below]
	return c
}

// cachesTheStore reports whether a read may be answered without asking the store.
func (w *world) cachesTheStore() bool {
	return w.anyOnThePath(func(c *Call) bool { return c.Cache > 0 })
}

// dropsKeys reports whether the store may get a write without its token.
func (w *world) dropsKeys() bool {
	return w.anyOnThePath(func(c *Call) bool { return c.NoKey })
}

func (w *world) anyOnThePath(is func(*Call) bool) bool {
	for i := range w.Services {
		for _, c := range w.Services[i].calls() {
			if w.carries(c) && is(c) {
				return true
			}
		}
	}
	return false
}

// replica builds the replica at id.
func (w *world) replica(c store.Config, id sim.NodeID) sim.Handler {
	i := c.Index(id)
	if i < w.below {
		return w.leaf.Replica(w.beneath(c), id)
	}
	s, place := w.Of(i - w.below)
	return newReplica(w, c, s, place)
}

// nodes returns the replicas of a service, or of the store.
func (w *world) nodes(c store.Config, name string) []sim.NodeID {
	if name == Store {
		return c.Replicas[:w.below]
	}
	from := w.below
	for _, s := range w.Services {
		if s.Name == name {
			return c.Replicas[from : from+s.Replicas]
		}
		from += s.Replicas
	}
	return nil
}

// front returns the replicas that a client may ask.
func (w *world) front(c store.Config, client int) []sim.NodeID {
	s := &w.Services[0]
	all := w.nodes(c, s.Name)
	if s.Shard == 0 || s.ByKey {
		return all
	}
	return s.members(all, s.shardOf(client, ""))
}

// hintFirst returns some replicas with the one that answered last before the others, if it is among them. The result is read only.
func hintFirst(members []sim.NodeID, hint sim.NodeID) []sim.NodeID {
	at := slices.Index(members, hint)
	if at <= 0 {
		return members
	}
	return slices.Concat(members[at:], members[:at])
}

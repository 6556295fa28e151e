package net

import (
	"slices"

	"faultline/sim"
)

// The shapes of partitions, as sets of links to cut. They are pure functions of
// the nodes they are given: which nodes those are, in what order and for how
// long, is for fault scripts to say. Give them whole machines (Network.OnHosts):
// what shares a machine with a node should be on its side.

// Between returns the links between two groups, both ways.
func Between(a, b []sim.NodeID) Links { return Links{{a, b}, {b, a}} }

// OneWay returns the links from one group to another.
func OneWay(from, to []sim.NodeID) Links { return Links{{from, to}} }

// All returns all links between different nodes.
func All(nodes []sim.NodeID) Links {
	return keep(nodes, func(from, to int) bool { return false })
}

// Around returns the links between some nodes and all the others, both ways: cut
// them to isolate a node, impair them to make its network card gray.
func Around(some, all []sim.NodeID) Links {
	return Between(some, slices.DeleteFunc(slices.Clone(all), func(id sim.NodeID) bool { return slices.Contains(some, id) }))
}

// Halves separates the first half of the nodes from the others; of an odd number
// of nodes, the others are the majority.
func Halves(nodes []sim.NodeID) Links {
	middle := len(nodes) / 2
	return Between(nodes[:middle], nodes[middle:])
}

// Isolate separates the first node from all others.
func Isolate(nodes []sim.NodeID) Links { return Between(nodes[:1], nodes[1:]) }

// Deaf cuts what is sent to the first node: it is heard, but hears nobody.
func Deaf(nodes []sim.NodeID) Links { return OneWay(nodes[1:], nodes[:1]) }

// Mute cuts what the first node sends: it hears all, but nobody hears it.
func Mute(nodes []sim.NodeID) Links { return OneWay(nodes[:1], nodes[1:]) }

// MajorityRing lets every node hear a majority of all (itself included), but no
// two the same majority: each hears its neighbours on a ring (Jepsen's
// majorities-ring). Where a majority cannot lie evenly around a node, as with 3
// or 7 nodes, it hears one neighbour more behind it than ahead of it.
func MajorityRing(nodes []sim.NodeID) Links {
	n := len(nodes)
	majority := n/2 + 1
	behind, ahead := majority/2, (majority-1)/2
	return keep(nodes, func(from, to int) bool {
		lead := (from - to + n) % n // how far ahead of the hearer the speaker is
		return lead <= ahead || n-lead <= behind
	})
}

// Bridge separates two halves that both still reach the first node, and it them.
func Bridge(nodes []sim.NodeID) Links {
	if len(nodes) == 0 {
		return nil
	}
	return Halves(nodes[1:])
}

// Star leaves every node only its links with the first one. No other node can
// reach a majority: the quorum-loss case of Ng, Haridi and Carbone, Omni-Paxos,
// EuroSys 2023.
func Star(nodes []sim.NodeID) Links {
	return keep(nodes, func(from, to int) bool { return from == 0 || to == 0 })
}

// Chain leaves every node only its links with the ones before and after it: the
// chained case of Omni-Paxos, in which leaders of some protocols supplant each
// other for ever.
func Chain(nodes []sim.NodeID) Links {
	return keep(nodes, func(from, to int) bool { return from-to == 1 || to-from == 1 })
}

// Shatter separates every node from every other.
func Shatter(nodes []sim.NodeID) Links { return All(nodes) }

// keep returns all links between different nodes but those that open holds for,
// given their places in the list.
func keep(nodes []sim.NodeID, open func(from, to int) bool) Links {
	var links Links
	for from := range nodes {
		var closed []sim.NodeID
		for to := range nodes {
			if from != to && !open(from, to) {
				closed = append(closed, nodes[to])
			}
		}
		if len(closed) > 0 {
			links = append(links, Block{nodes[from : from+1], closed})
		}
	}
	return links
}

// A Shape is a partition of the catalogue.
type Shape struct {
	Name, Doc string
	Cut       func(nodes []sim.NodeID) Links
}

// Shapes lists the partitions by name. Those that treat one node apart take the
// first. A client is cut off by Around, on the client.
var Shapes = []Shape{
	{"halves", "two sides; of an odd number of nodes the first are the minority", Halves},
	{"isolate", "one node is cut off from all others", Isolate},
	{"majority-ring", "every node hears a majority, but no two the same", MajorityRing},
	{"bridge", "two halves that only one node connects", Bridge},
	{"deaf", "one node is heard but hears nobody", Deaf},
	{"mute", "one node hears all but is not heard", Mute},
	{"star", "only links with one node are left", Star},
	{"chain", "only links between neighbours in a row are left", Chain},
	{"shatter", "no two nodes reach each other", Shatter},
}

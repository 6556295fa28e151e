// Package net is what lies between nodes: how long messages take, and which of
// them are lost, doubled, delayed or cut off. It knows nothing of what they say.
//
// A Network implements sim.Wire. For every message it does, in order:
//
//	count it on its directed link
//	draw 64 bits from (seed, link, how-maniest message on that link)
//	draw its delay from the law of the two sites, or of its leg between them
//	if anything is wrong anywhere: look at what is wrong with this link
//
// Since a message's draws depend on nothing else, a fault that is removed, or a
// node that is added, leaves the delays and losses of all other links as they
// were; and a loss that is switched on moves no delay.
package net

import (
	"fmt"
	"math/bits"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// A Network carries the messages of one run.
type Network struct {
	sim       *sim.Sim
	topology  *Topology
	sites     int
	laws      []*dist.Law
	loopback  *dist.Law
	key       uint64
	born      sim.Time // when the network was made
	nodes     []place  // by node
	counts    counts
	busy      [][]sim.Time  // by sender and receiver: until when, since born, the link is sending, where bandwidth is limited
	calm      bool          // no fault is active, nothing is wrong by nature, and all messages between two sites are alike
	ahead     time.Duration // no message arrives sooner; 0 if that is not known
	weighs    bool          // bytes are counted
	colocated bool          // some nodes share a host
	trouble   trouble
	warm      uint64 // see CarryAll; means nothing
	stats     Stats
}

// A place is where a node is.
type place struct {
	out, in uint64 // halves of the keys of its links
	site    int32
	host    sim.NodeID // the node on whose machine it runs: itself, unless colocated
}

// Stats counts what happened to the messages between different nodes so far.
type Stats struct {
	Sent       uint64 // handed to the network
	Cut        uint64 // stopped by a cut
	Lost       uint64 // lost otherwise
	Duplicated uint64 // delivered twice
	Bytes      uint64 // sent, if counted
}

// Options are what is wrong with a network by nature, and what else it should do.
// The zero value is a network where everything arrives.
type Options struct {
	Effect               // on every link between different hosts, for the whole run
	CountBytes bool      // add up the sizes of messages; it costs a few nanoseconds for each
	Loopback   *dist.Law // between nodes on one host; nil means 20 us
}

var usualLoopback = dist.Constant(20 * time.Microsecond)

// Limits on nodes: a node that sends to many has a table up to the highest ID.
const (
	firstSize = 8
	maxSize   = 1 << 16
)

// New returns a network of the given topology and plugs it into the run. Nodes
// are at site 0 until they are placed.
func New(s *sim.Sim, t *Topology, o Options) *Network {
	n := new(Network)
	n.Reset(s, t, o)
	return n
}

// Reset makes n what New returns, in the memory of an earlier run.
func (n *Network) Reset(s *sim.Sim, t *Topology, o Options) {
	if err := o.Validate(); err != nil {
		panic("net: " + err.Error())
	}
	if o.Loopback == nil {
		o.Loopback = usualLoopback
	}
	n.counts.reset()
	*n = Network{
		sim: s, born: s.Now(), topology: t, sites: len(t.Sites), laws: t.laws, loopback: o.Loopback, key: sim.NewStream(s.Seed(), "net").Uint64(),
		weighs: o.CountBytes, nodes: n.nodes[:0], counts: n.counts,
	}
	if o.Effect != (Effect{}) {
		n.trouble.nature = sum([]Effect{o.Effect})
	}
	n.reckon()
	s.Use(n)
}

// Topology returns the topology of the network.
func (n *Network) Topology() *Topology { return n.topology }

// Stats returns the counts so far.
func (n *Network) Stats() Stats { return n.stats }

// Place puts a node at a site. Its messages under way are not affected.
func (n *Network) Place(id sim.NodeID, site int) {
	if site < 0 || site >= n.sites {
		panic(fmt.Sprintf("net: site %d of %d", site, n.sites))
	}
	n.node(id).site = int32(site)
}

// Colocate puts a node on the machine of another: they talk over loopback, which
// no fault of the network touches, and are at the same site.
func (n *Network) Colocate(id, with sim.NodeID) {
	host := *n.node(with)
	p := n.node(id)
	p.host, p.site = host.host, host.site
	n.colocated = true
	n.ahead = n.soonest()
}

// Site returns where a node is.
func (n *Network) Site(id sim.NodeID) int { return int(n.node(id).site) }

// OnHosts returns the nodes and all those that share a machine with one of them,
// in the order of their IDs. A cut separates machines: what is colocated with a
// node is on its side.
func (n *Network) OnHosts(ids ...sim.NodeID) (all []sim.NodeID) {
	hosts := make([]bool, len(n.nodes))
	for _, id := range ids {
		host := n.node(id).host
		for int(host) >= len(hosts) {
			hosts = append(hosts, false)
		}
		hosts[host] = true
	}
	for id := range n.nodes {
		if host := n.nodes[id].host; int(host) < len(hosts) && hosts[host] {
			all = append(all, sim.NodeID(id))
		}
	}
	return all
}

// Carry implements sim.Wire.
func (n *Network) Carry(from, to sim.NodeID, msg any) sim.Fate {
	if uint(from) >= uint(len(n.nodes)) || uint(to) >= uint(len(n.nodes)) {
		n.room(from, to)
	}
	a, b := &n.nodes[from], &n.nodes[to]
	draw := sim.Mix(a.out + b.in + n.counts.count(from, to)*step)
	n.stats.Sent++
	if a.host == b.host {
		return sim.Arrives(n.loopback.Sample(draw))
	}
	if n.weighs {
		n.stats.Bytes += uint64(sizeOf(msg))
	}
	sites := int(a.site)*n.sites + int(b.site)
	law := n.laws[sites]
	if n.calm {
		return sim.Arrives(law.Sample(draw))
	}
	if n.topology.legs != nil {
		law = n.topology.lawOf(msg, sites, law)
	}
	return n.troubled(from, to, law, draw, msg)
}

// CarryAll implements sim.BulkWire. It looks at all counts first: none waits for
// another, so that their cache misses overlap.
func (n *Network) CarryAll(parcels []sim.Parcel) {
	for i := range parcels {
		p := &parcels[i]
		n.room(p.From, p.To)
		n.warm += n.nodes[p.From].out + n.nodes[p.To].in
	}
	n.warm += n.counts.glance(parcels)
	for i := range parcels {
		p := &parcels[i]
		p.Fate = n.Carry(p.From, p.To, p.Msg)
	}
}

// Lookahead implements sim.BulkWire.
func (n *Network) Lookahead() time.Duration { return n.ahead }

// roundUp returns how many nodes to make room for, if one has the given ID.
func roundUp(id sim.NodeID) int {
	return max(firstSize, 1<<bits.Len(uint(id)))
}

const step = 0x9e3779b97f4a7c15 // odd, so that the draws of a link do not repeat

// node returns the place of a node, making room for it.
func (n *Network) node(id sim.NodeID) *place {
	n.room(id, id)
	return &n.nodes[id]
}

// room makes room for nodes.
func (n *Network) room(a, b sim.NodeID) {
	if min(a, b) < 0 {
		panic(fmt.Sprintf("net: a message from %d to %d: node IDs are not negative (a script without an address cannot send)", a, b))
	}
	if most := max(a, b); int(most) >= len(n.nodes) {
		n.grow(most)
	}
}

// grow makes room for a node.
func (n *Network) grow(id sim.NodeID) {
	if id >= maxSize {
		panic(fmt.Sprintf("net: node %d: IDs must be below %d", id, maxSize))
	}
	for i := len(n.nodes); i < roundUp(id); i++ {
		n.nodes = append(n.nodes, place{out: n.half(2 * i), in: n.half(2*i + 1), host: sim.NodeID(i)})
	}
	n.counts.grow(bits.Len(uint(len(n.nodes) - 1)))
	n.trouble.grow(len(n.nodes))
}

func (n *Network) half(i int) uint64 { return sim.Mix(n.key ^ sim.Mix(uint64(i)+1)) }

// widen returns the table with room for a node.
func widen[T any](table []T, id sim.NodeID) []T {
	if int(id) < len(table) {
		return table
	}
	wider := make([]T, roundUp(id))
	copy(wider, table)
	return wider
}

// Package net is what lies between nodes: how long messages take, and which of
// them are lost, doubled, delayed or cut off. It knows nothing of what they say.
//
// A Network implements sim.Wire. For every message it does, in order:
//
//	count it on its directed link
//	draw 64 bits from (seed, link, how-maniest message on that link)
//	draw its delay from the law of the two sites
//	if anything is wrong anywhere: look at what is wrong with this link
//
// Since a message's draws depend on nothing else, a fault that is removed, or a
// node that is added, leaves the delays and losses of all other links as they
// were; and a loss that is switched on moves no delay.
package net

import (
	"fmt"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// A Network carries the messages of one run.
type Network struct {
	sim      *sim.Sim
	topology *Topology
	sites    int
	laws     []*dist.Law
	loopback *dist.Law
	key      uint64
	born     sim.Time // when the network was made
	nodes    []place  // by node
	size     int      // the directed link from a to b is number a*size+b
	sent     []uint8  // by link: messages so far, modulo 256
	calm     bool     // no fault is active, nothing is wrong by nature, and bytes are not counted
	trouble  trouble
	stats    Stats
}

// A place is where a node is.
type place struct {
	out, in uint64 // halves of the keys of its links
	site    int32
	host    sim.NodeID // the node on whose machine it runs: itself, unless colocated
	wraps   *[]uint32  // by receiver: how often the count of the link to it wrapped; nil if none did
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

const loopbackDelay = 20 * time.Microsecond

// Limits on nodes: the tables of links grow with the square of the highest ID.
const (
	firstSize = 8
	maxSize   = 8192
)

// New returns a network of the given topology and plugs it into the run. Nodes
// are at site 0 until they are placed.
func New(s *sim.Sim, t *Topology, o Options) *Network {
	if o.Loopback == nil {
		o.Loopback = dist.Constant(loopbackDelay)
	}
	n := &Network{sim: s, born: s.Now(), topology: t, sites: len(t.Sites), laws: t.laws, loopback: o.Loopback, key: sim.NewStream(s.Seed(), "net").Uint64()}
	n.trouble.countBytes = o.CountBytes
	if err := o.Validate(); err != nil {
		panic("net: " + err.Error())
	}
	if o.Effect != (Effect{}) {
		n.trouble.nature = (*condition)(nil).with(natural, o.Effect)
	}
	n.reckon()
	s.Use(n)
	return n
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
}

// Site returns where a node is.
func (n *Network) Site(id sim.NodeID) int { return int(n.node(id).site) }

// OnHosts returns the nodes and all those that share a machine with one of them,
// in the order of their IDs. A cut separates machines: what is colocated with a
// node is on its side.
func (n *Network) OnHosts(ids ...sim.NodeID) (all []sim.NodeID) {
	hosts := make([]bool, n.size)
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
	if uint(from) >= uint(n.size) || uint(to) >= uint(n.size) {
		n.room(from, to)
	}
	link := int(from)*n.size + int(to)
	n.stats.Sent++
	a, b := &n.nodes[from], &n.nodes[to]
	low := n.sent[link] + 1
	n.sent[link] = low
	count := uint64(low)
	if low == 0 || a.wraps != nil {
		count += n.wrapped(a, to, low)
	}
	draw := sim.Mix(a.out + b.in + count*step)
	if a.host == b.host {
		return sim.Arrives(n.loopback.Sample(draw))
	}
	law := n.laws[int(a.site)*n.sites+int(b.site)]
	if n.calm || n.trouble.spares(link) {
		return sim.Arrives(law.Sample(draw))
	}
	return n.troubled(link, law, draw, msg)
}

// wrapped returns the part of a link's count that is above its low byte, which
// it counts on if that byte has wrapped.
//
// The counts are split because among 1,000 nodes the million links' counts miss
// the cache at every message: bytes halve the time of a message against words.
// Links busy enough to wrap are few, so only their senders have the rest.
func (n *Network) wrapped(a *place, to sim.NodeID, low uint8) uint64 {
	if a.wraps == nil {
		a.wraps = new(make([]uint32, n.size))
	}
	if int(to) >= len(*a.wraps) { // the network has grown since
		*a.wraps = append(*a.wraps, make([]uint32, n.size-len(*a.wraps))...)
	}
	w := &(*a.wraps)[to]
	if low == 0 {
		*w++
	}
	return uint64(*w) << 8
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
	if most := max(a, b); int(most) >= n.size {
		n.grow(most)
	}
}

// grow makes room for a node. It moves the links' state: nothing that was drawn changes.
func (n *Network) grow(id sim.NodeID) {
	if id >= maxSize {
		panic(fmt.Sprintf("net: node %d: IDs must be below %d", id, maxSize))
	}
	size := max(n.size, firstSize)
	for size <= int(id) {
		size *= 2
	}
	n.sent = relink(n.sent, n.size, size)
	n.trouble.grow(n.size, size)
	for i := n.size; i < size; i++ {
		n.nodes = append(n.nodes, place{out: n.half(2 * i), in: n.half(2*i + 1), host: sim.NodeID(i)})
	}
	n.size = size
}

func (n *Network) half(i int) uint64 { return sim.Mix(n.key ^ sim.Mix(uint64(i)+1)) }

// relink copies a table of links to one of another size.
func relink[T any](old []T, oldSize, size int) []T {
	table := make([]T, size*size)
	for from := range oldSize {
		copy(table[from*size:], old[from*oldSize:(from+1)*oldSize])
	}
	return table
}

package net

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// Links is a set of directed links: from every node of a block's From to every
// node of its To.
type Links []Block

// A Block is the directed links from each of some nodes to each of others.
type Block struct{ From, To []sim.NodeID }

// An Effect is what is wrong with a directed link. The zero Effect is nothing.
// Several effects on a link add up: it loses what either would lose, delays by
// the sum of both delays, is slower by the product of both factors, and as
// narrow as the narrower one.
type Effect struct {
	Loss      float64   // probability that a message is lost
	Duplicate float64   // probability that a message arrives twice, the copy after a delay of its own
	Reorder   float64   // probability that a message is held up by a sample of ReorderBy, so that later ones overtake it
	ReorderBy *dist.Law // needed if Reorder is not 0
	Extra     *dist.Law // delay on top of every message's own; nil means none
	Slow      float64   // factor on the messages' own delay; 0 means 1
	Bandwidth float64   // bytes per second; messages queue for the link; 0 means unlimited
}

// Bounds of what an Effect may ask for.
const (
	maxSlow      = 1e6
	minBandwidth = 1.0
)

// Validate returns an error that names the field and the remedy if no link can have the effect.
func (e Effect) Validate() error {
	for _, p := range []struct {
		name  string
		value float64
	}{{"loss", e.Loss}, {"duplicate", e.Duplicate}, {"reorder", e.Reorder}} {
		if !(p.value >= 0 && p.value <= 1) {
			return fmt.Errorf("%s is %v: it is a probability, from 0 to 1", p.name, p.value)
		}
	}
	if e.Reorder > 0 && e.ReorderBy == nil {
		return fmt.Errorf("reorder is %v but not by how much: give the law of the extra delay, such as exponential(5ms)", e.Reorder)
	}
	if e.Slow != 0 && !(e.Slow > 0 && e.Slow <= maxSlow) {
		return fmt.Errorf("slow is %v: it is a factor on delays, more than 0 and at most %v", e.Slow, maxSlow)
	}
	if e.Bandwidth != 0 && !(e.Bandwidth >= minBandwidth) {
		return fmt.Errorf("bandwidth is %v: it is in bytes per second, at least %v (0 means unlimited)", e.Bandwidth, minBandwidth)
	}
	return nil
}

// A FaultID names an active fault. The zero FaultID names none.
type FaultID uint64

// trouble is the state of all faults of a network. Each block of links of an active
// fault is a bit, set in the masks of the nodes that the block names. A link is in
// the blocks that are both in its sender's out and in its receiver's in: to find
// what is wrong with a link takes an AND, and memory for nodes, not for links.
type trouble struct {
	last   FaultID
	active []fault
	owner  []int        // by block: whose it is, by place in active
	masks  [][]mask     // of 64 blocks each, by node
	cuts   []uint64     // of 64 blocks each: which of them are cut
	nature *condition   // what is wrong with all links; nil if nothing is
	hit    []uint64     // the blocks that the message at hand is in
	met    []*condition // with links since a fault last began or ended
}

type fault struct {
	id     FaultID
	links  Links
	cut    bool
	effect Effect
}

// A mask says which blocks a node is in.
type mask struct{ out, in uint64 }

// Cut stops all messages on the given links, from now until it is healed.
// Messages under way still arrive. Cuts overlap: a link is open again once all
// faults that cut it are healed.
func (n *Network) Cut(links Links) FaultID { return n.begin(fault{links: links, cut: true}) }

// Impair puts an effect on the given links, from now until it is healed. Effects overlap.
func (n *Network) Impair(links Links, e Effect) FaultID {
	return n.begin(fault{links: links, effect: e})
}

func (n *Network) begin(f fault) FaultID {
	if err := f.effect.Validate(); err != nil {
		panic("net: " + err.Error())
	}
	for _, b := range f.links {
		for _, id := range slices.Concat(b.From, b.To) {
			n.node(id) // makes room for it
		}
	}
	n.trouble.last++
	f.id = n.trouble.last
	f.links = f.links.clone()
	n.trouble.active = append(n.trouble.active, f)
	n.reckon()
	return f.id
}

// Heal ends a fault and leaves all others. It reports whether the fault was active.
func (n *Network) Heal(id FaultID) bool {
	active := slices.DeleteFunc(n.trouble.active, func(f fault) bool { return f.id == id })
	if len(active) == len(n.trouble.active) {
		return false
	}
	n.trouble.active = active
	n.reckon()
	return true
}

// HealAll ends all faults. What is wrong with the network by nature stays.
func (n *Network) HealAll() {
	n.trouble.active = nil
	n.reckon()
}

// Faults returns how many faults are active.
func (n *Network) Faults() int { return len(n.trouble.active) }

// Open reports whether no cut stops messages from one node to another.
func (n *Network) Open(from, to sim.NodeID) bool {
	n.room(from, to)
	_, cut := n.trouble.blocks(from, to)
	return !cut || n.nodes[from].host == n.nodes[to].host
}

// reckon sets the masks after a fault began or ended.
func (n *Network) reckon() {
	t := &n.trouble
	t.owner, t.cuts, t.met = t.owner[:0], t.cuts[:0], nil
	for _, m := range t.masks {
		clear(m)
	}
	for i, f := range t.active {
		for _, b := range f.links {
			t.add(i, f.cut, b, len(n.nodes))
		}
	}
	t.masks = t.masks[:len(t.cuts)]
	t.hit = make([]uint64, len(t.cuts))
	n.calm = len(t.active) == 0 && t.nature == nil && n.topology.legs == nil
	n.ahead = n.soonest()
}

// soonest returns a bound below on the delays of messages to other hosts, or 0 if there is
// none or if a delay depends on when the message was sent.
func (n *Network) soonest() time.Duration {
	least := n.topology.soonest
	if n.colocated {
		least = min(least, n.loopback.Min())
	}
	limits := func(e Effect) bool { return e.Bandwidth > 0 || e.Slow > 0 && e.Slow < 1 }
	if n.trouble.nature != nil && slices.ContainsFunc(n.trouble.nature.effects, limits) {
		return 0
	}
	for _, f := range n.trouble.active {
		if limits(f.effect) {
			return 0
		}
	}
	return least
}

// add sets the masks of one more block.
func (t *trouble) add(owner int, cut bool, b Block, nodes int) {
	bit, sixtyFour := uint64(1)<<(len(t.owner)%64), len(t.owner)/64
	if sixtyFour == len(t.cuts) {
		t.cuts = append(t.cuts, 0)
		if len(t.masks) < len(t.cuts) {
			t.masks = append(t.masks, make([]mask, nodes))
		}
	}
	t.owner = append(t.owner, owner)
	if cut {
		t.cuts[sixtyFour] |= bit
	}
	masks := t.masks[sixtyFour]
	for _, id := range b.From {
		masks[id].out |= bit
	}
	for _, id := range b.To {
		masks[id].in |= bit
	}
}

// blocks finds the blocks that a link is in, and reports whether there is any,
// and whether one of them is cut.
func (t *trouble) blocks(from, to sim.NodeID) (any, cut bool) {
	var all, cuts uint64
	for i, masks := range t.masks {
		both := masks[from].out & masks[to].in
		t.hit[i] = both
		all |= both
		cuts |= both & t.cuts[i]
	}
	return all != 0, cuts != 0
}

// grow makes room for more nodes.
func (t *trouble) grow(nodes int) {
	for i, masks := range t.masks {
		t.masks[i] = append(masks, make([]mask, nodes-len(masks))...)
	}
}

func (l Links) clone() Links {
	c := make(Links, len(l))
	for i, b := range l {
		c[i] = Block{slices.Clone(b.From), slices.Clone(b.To)}
	}
	return c
}

// condition returns what is wrong with links that are in the blocks that were hit.
func (t *trouble) condition() *condition {
	for _, c := range t.met {
		if slices.Equal(c.blocks, t.hit) {
			return c
		}
	}
	var effects []Effect
	if t.nature != nil {
		effects = append(effects, t.nature.effects...)
	}
	last := -1
	for block, owner := range t.owner {
		if t.hit[block/64]>>(block%64)&1 == 1 && owner != last { // a link in two blocks of a fault counts once
			effects = append(effects, t.active[owner].effect)
			last = owner
		}
	}
	c := sum(effects)
	c.blocks = slices.Clone(t.hit)
	t.met = append(t.met, c)
	return c
}

// The salts of a message's further draws. Each question has its own, so that an
// answer does not depend on whether the others are asked.
const (
	saltLoss = (iota + 1) * 0xd6e8feb86659fd93 % (1 << 64)
	saltDuplicate
	saltCopy
	saltReorder
	saltReorderBy
	saltExtra
)

// troubled decides the fate of a message in a network where something is wrong.
func (n *Network) troubled(from, to sim.NodeID, law *dist.Law, draw uint64, msg any) sim.Fate {
	c := n.trouble.nature
	if any, cut := n.trouble.blocks(from, to); cut {
		n.stats.Cut++
		return sim.Lost
	} else if any {
		c = n.trouble.condition()
	}
	if c == nil {
		return sim.Arrives(law.Sample(draw))
	}
	queued := n.transmit(from, to, c, msg) // what is lost on the way has used the link too
	if c.loss.happens(draw, saltLoss) {
		n.stats.Lost++
		return sim.Lost
	}
	fate := sim.Arrives(queued + c.delay(law, draw))
	if c.duplicate.happens(draw, saltDuplicate) {
		n.stats.Duplicated++
		fate.Copy = queued + c.delay(law, sim.Mix(draw^saltCopy))
	}
	return fate
}

// transmit queues a message for a link of limited bandwidth and returns when its
// last byte is sent.
func (n *Network) transmit(from, to sim.NodeID, c *condition, msg any) time.Duration {
	if c.perByte == 0 {
		return 0
	}
	n.busy = widen(n.busy, from)
	n.busy[from] = widen(n.busy[from], to)
	now, busy := n.sim.Now()-n.born, &n.busy[from][to]
	*busy = max(*busy, now).Add(c.perByte.times(int64(sizeOf(msg))))
	return busy.Sub(now)
}

// plainSize is the size in bytes of a message that does not tell its own.
const plainSize = 128

// sizeOf returns the size of a message in bytes: what its method Size() int
// says, if it has one.
func sizeOf(msg any) int {
	if s, ok := msg.(interface{ Size() int }); ok {
		return s.Size()
	}
	return plainSize
}

// A chance is a probability in units of 2^-63.
type chance uint64

func chanceOf(p float64) chance { return chance(p * (1 << 63)) }

func (c chance) happens(draw, salt uint64) bool {
	return c > 0 && sim.Mix(draw^salt)>>1 < uint64(c)
}

// A ratio is a number that is not negative, in units of 2^-32.
type ratio uint64

func ratioOf(x float64) ratio { return ratio(x * (1 << 32)) }

// times returns r*x, rounded down, and the longest duration where that overflows.
func (r ratio) times(x int64) time.Duration {
	hi, lo := bits.Mul64(uint64(r), uint64(x))
	if hi >= 1<<29 {
		return maxDelay
	}
	return min(time.Duration(hi<<32|lo>>32), maxDelay)
}

// maxDelay bounds delays, so that instants of a run do not overflow.
const maxDelay = time.Duration(1) << 61

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

// natural stands for what is wrong with a network by nature.
const natural FaultID = 0

// trouble is the state of all faults of a network. Its tables are by link, and
// nil until they are needed.
type trouble struct {
	last       FaultID
	active     []fault
	touched    []uint64     // one bit per link: whether an active fault touches it
	cuts       []uint16     // how many faults cut the link
	conditions []*condition // what else is wrong; nil where that is nature alone
	nature     *condition   // nil if nothing is
	everywhere bool         // every message must be looked at
	busy       []sim.Time   // until when, since the network began, the link is sending, where bandwidth is limited
	countBytes bool
}

type fault struct {
	id     FaultID
	links  Links
	cut    bool
	effect Effect
}

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
	n.trouble.last++
	f.id = n.trouble.last
	f.links = f.links.clone()
	n.trouble.active = append(n.trouble.active, f)
	if f.cut {
		n.countCuts(f.links, 1)
	} else {
		n.change(f.links, func(c *condition) *condition { return c.orElse(n.trouble.nature).with(f.id, f.effect) })
	}
	n.reckon()
	return f.id
}

// Heal ends a fault and leaves all others. It reports whether the fault was active.
func (n *Network) Heal(id FaultID) bool {
	i := slices.IndexFunc(n.trouble.active, func(f fault) bool { return f.id == id })
	if i < 0 {
		return false
	}
	f := n.trouble.active[i]
	n.trouble.active = slices.Delete(n.trouble.active, i, i+1)
	if f.cut {
		n.countCuts(f.links, ^uint16(0)) // minus one
	} else {
		n.change(f.links, func(c *condition) *condition { return c.without(f.id) })
	}
	n.reckon()
	return true
}

// HealAll ends all faults. What is wrong with the network by nature stays.
func (n *Network) HealAll() {
	for len(n.trouble.active) > 0 {
		n.Heal(n.trouble.active[0].id)
	}
}

// Faults returns how many faults are active.
func (n *Network) Faults() int { return len(n.trouble.active) }

// Open reports whether no cut stops messages from one node to another.
func (n *Network) Open(from, to sim.NodeID) bool {
	a, b := n.node(max(from, to)), n.node(min(from, to))
	return a.host == b.host || n.trouble.touched == nil || n.trouble.cuts[int(from)*n.size+int(to)] == 0
}

// reckon finds out whether messages can take the fast path.
func (n *Network) reckon() {
	t := &n.trouble
	t.everywhere = t.nature != nil || t.countBytes
	n.calm = len(t.active) == 0 && !t.everywhere
}

// spares reports whether nothing is wrong with a link. A bit per link is enough
// to know, and stays in the cache when a thousand nodes have a million links.
func (t *trouble) spares(link int) bool {
	return !t.everywhere && t.touched[link>>6]>>(link&63)&1 == 0
}

func (n *Network) countCuts(links Links, by uint16) {
	n.visit(links, func(link int) { n.trouble.cuts[link] += by })
}

// change replaces the condition of every link of a set. Links that share a
// condition share the new one.
func (n *Network) change(links Links, f func(*condition) *condition) {
	var changes []struct{ from, to *condition }
	renew := func(c *condition) *condition {
		for _, ch := range changes {
			if ch.from == c || ch.to == c {
				return ch.to // a link listed twice is already changed
			}
		}
		to := f(c)
		changes = append(changes, struct{ from, to *condition }{c, to})
		return to
	}
	n.visit(links, func(link int) { n.trouble.conditions[link] = renew(n.trouble.conditions[link]) })
}

// visit makes room for the nodes of a set and changes the state of each of its links.
func (n *Network) visit(links Links, change func(link int)) {
	for _, b := range links {
		for _, id := range slices.Concat(b.From, b.To) {
			n.node(id)
		}
	}
	t := &n.trouble
	t.need(n.size)
	for _, b := range links {
		for _, from := range b.From {
			for _, to := range b.To {
				link := int(from)*n.size + int(to)
				change(link)
				t.touch(link)
			}
		}
	}
}

// touch keeps the bit that says whether a fault touches the link.
func (t *trouble) touch(link int) {
	bit := uint64(1) << (link & 63)
	t.touched[link>>6] &^= bit
	if t.cuts[link] > 0 || t.conditions[link] != nil {
		t.touched[link>>6] |= bit
	}
}

// need makes the tables of faults. Networks without faults do without.
func (t *trouble) need(size int) {
	if t.touched == nil {
		t.touched = make([]uint64, size*size/64) // size is a power of two, and at least 8
		t.cuts = make([]uint16, size*size)
		t.conditions = make([]*condition, size*size)
	}
}

func (l Links) clone() Links {
	c := make(Links, len(l))
	for i, b := range l {
		c[i] = Block{slices.Clone(b.From), slices.Clone(b.To)}
	}
	return c
}

// grow moves the tables to another number of nodes.
func (t *trouble) grow(from, to int) {
	if t.busy != nil {
		t.busy = relink(t.busy, from, to)
	}
	if t.touched == nil {
		return
	}
	t.cuts = relink(t.cuts, from, to)
	t.conditions = relink(t.conditions, from, to)
	t.touched = make([]uint64, to*to/64)
	for link := range t.cuts {
		t.touch(link)
	}
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
func (n *Network) troubled(link int, law *dist.Law, draw uint64, msg any) sim.Fate {
	t := &n.trouble
	if t.countBytes {
		n.stats.Bytes += uint64(sizeOf(msg))
	}
	c := t.nature
	if t.touched != nil {
		if t.cuts[link] > 0 {
			n.stats.Cut++
			return sim.Lost
		}
		c = t.conditions[link].orElse(c)
	}
	if c == nil {
		return sim.Arrives(law.Sample(draw))
	}
	queued := n.transmit(link, c, msg) // what is lost on the way has used the link too
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
func (n *Network) transmit(link int, c *condition, msg any) time.Duration {
	if c.perByte == 0 {
		return 0
	}
	if n.trouble.busy == nil {
		n.trouble.busy = make([]sim.Time, n.size*n.size)
	}
	now, busy := n.sim.Now()-n.born, &n.trouble.busy[link]
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

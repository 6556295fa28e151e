package net

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/sim"
	"faultline/sim/dist"
)

// The counts against a map, whatever their form: a table, bits and pages, pages, or beyond 254 and 65,535.
func TestCountsAreThoseOfAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c counts
		width := rapid.IntRange(3, 15).Draw(t, "width")
		c.grow(width)
		dumb := map[link]uint64{}
		add := func(l link) {
			from, to := l.ends()
			if dumb[l]++; c.count(from, to) != dumb[l] {
				t.Fatalf("message %d from %d to %d was counted otherwise", dumb[l], from, to)
			}
			c.glance([]sim.Parcel{{From: from, To: to}})
		}
		for range rapid.IntRange(1, 6).Draw(t, "phases") {
			if rapid.IntRange(0, 2).Draw(t, "more nodes") == 0 && width < 16 {
				width++
				c.grow(width)
			}
			nodes := 1 << width
			first := rapid.IntRange(0, nodes-1).Draw(t, "first")
			from := sim.NodeID(rapid.IntRange(0, nodes-1).Draw(t, "from"))
			receivers := rapid.SampledFrom([]int{1, 60, 700, 6000, 1 << 20}).Draw(t, "receivers")
			for i := range rapid.SampledFrom([]int{1, 300, 3000, 70_000}).Draw(t, "messages") {
				n := first + i%receivers
				add(linkOf((from+sim.NodeID(n/nodes))%sim.NodeID(nodes), sim.NodeID(n%nodes)))
			}
		}
		for l := range dumb {
			add(l)
		}
	})
}

// The hash table of counts becomes a table of all links once that is as small.
func TestManyLinksHaveATable(t *testing.T) {
	var c counts
	c.grow(tableWidth + 1)
	for from := range sim.NodeID(2 << tableWidth) {
		for to := range sim.NodeID(2 << tableWidth) {
			if first, second := c.count(from, to), c.count(from, to); first != 1 || second != 2 {
				t.Fatalf("the first messages from %d to %d are number %d and %d", from, to, first, second)
			}
		}
	}
	if c.table == nil || c.pages != nil {
		t.Errorf("all links are in use, and their counts in %d pages", c.made)
	}
	c.grow(tableWidth + 2)
	if got := c.count(5, 6); got != 3 {
		t.Errorf("among more nodes, the third message is number %d", got)
	}
}

// A network among many nodes keeps little for links that carry nothing.
func TestFewLinksTakeLittle(t *testing.T) {
	n := New(sim.New(1), Flat(dist.Constant(1)), Options{})
	for to := range sim.NodeID(20_000) {
		n.Carry(0, to%50*400+1, nil)
	}
	if got := n.counts.made; got > 50 || n.counts.table != nil {
		t.Errorf("50 links take %d pages and a table of %d", got, len(n.counts.table))
	}
}

// A link and its name are one to one.
func TestLinkOfAName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := link(rapid.Uint32().Draw(t, "link"))
		if got := l.name().link(); got != l {
			t.Fatalf("the name of link %#x is that of %#x", uint32(l), uint32(got))
		}
	})
}

// Nobody can tell that messages are decided together: the same run over a wire
// that does not offer it has the same trace, whatever timers, scripts and faults do.
func TestTogetherIsAsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, nodes := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(250, 400).Draw(t, "nodes")
		law := rapid.SampledFrom([]*dist.Law{benchLaw(), dist.Constant(50_000), dist.Exponential(30_000)}).Draw(t, "law")
		together, onTheirOwn := crowd(seed, nodes, law, false), crowd(seed, nodes, law, true)
		if together != onTheirOwn {
			t.Fatalf("together %+v, one by one %+v", together, onTheirOwn)
		}
	})
}

type crowdEnd struct {
	hash uint64
	sim  sim.Stats
	net  Stats
}

// oneByOne hides that a network can decide many fates together.
type oneByOne struct{ sim.Wire }

// crowd plays tokens and timers among many nodes, while a script cuts, colocates, slows and heals.
func crowd(seed uint64, nodes int, law *dist.Law, single bool) crowdEnd {
	s := sim.New(seed)
	n := New(s, Flat(law), Options{})
	if single {
		s.Use(oneByOne{n})
	}
	for id := range sim.NodeID(nodes) {
		s.Add(id, func() sim.Handler { return &ticker{bouncer{nodes}} })
	}
	s.Go(sim.None, "faults", func(p *sim.Proc) {
		r := s.Stream("faults")
		for {
			p.Sleep(100_000)
			some := []sim.NodeID{sim.NodeID(r.IntN(nodes)), sim.NodeID(r.IntN(nodes))}
			all := Links{{From: some, To: []sim.NodeID{0, 1, 2, 3}}}
			switch r.IntN(5) {
			case 0:
				n.Cut(all)
			case 1:
				n.Impair(all, Effect{Loss: 0.5, Duplicate: 0.5})
			case 2:
				n.Impair(all, Effect{Slow: 0.1, Bandwidth: 1e9})
			case 3:
				n.HealAll()
			case 4:
				n.Colocate(some[0], some[1])
			}
		}
	})
	for range 10 {
		s.Run(s.Now().Add(37_000))
		s.Inject(1, 2, &token{})
	}
	s.Close()
	return crowdEnd{s.Hash(), s.Stats(), n.Stats()}
}

// A ticker sends its one token on, and sets timers with the delay of many messages.
type ticker struct{ bouncer }

func (b *ticker) Start(e sim.Env) { e.Send(b.next(e), &token{}) }

func (b *ticker) Receive(e sim.Env, _ sim.NodeID, msg any) {
	if e.Rand().IntN(3) == 0 {
		e.After(50_000)
	}
	e.Send(b.next(e), msg)
}

package net

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/sim"
	"faultline/sim/dist"
)

// The counts against a map, whatever their form: few, all, or above 65,535.
func TestCountsAreThoseOfAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p place
		dumb := map[sim.NodeID]uint64{}
		add := func(to sim.NodeID) {
			if dumb[to]++; p.count(to) != dumb[to] {
				t.Fatalf("message %d to %d was counted otherwise", dumb[to], to)
			}
		}
		for range rapid.IntRange(1, 6).Draw(t, "phases") {
			first := rapid.IntRange(0, maxSize-1).Draw(t, "first")
			receivers := rapid.SampledFrom([]int{1, 60, 700, 6000}).Draw(t, "receivers")
			for i := range rapid.SampledFrom([]int{1, 300, 3000, 70_000}).Draw(t, "messages") {
				add(sim.NodeID((first + i%receivers) % maxSize))
			}
		}
		for to := range dumb {
			add(to)
		}
	})
}

// A network among many nodes keeps little for links that carry nothing.
func TestFewLinksTakeLittle(t *testing.T) {
	n := New(sim.New(1), Flat(dist.Constant(1)), Options{})
	for to := range sim.NodeID(20_000) {
		n.Carry(0, to%50*400+1, nil)
	}
	if got := len(n.nodes[0].few.slots); got > 128 || n.nodes[0].sent != nil {
		t.Errorf("50 links take %d slots and a table of %d", got, len(n.nodes[0].sent))
	}
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

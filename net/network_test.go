package net

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/sim"
	"faultline/sim/dist"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

func ids(list ...int) (all []sim.NodeID) {
	for _, id := range list {
		all = append(all, sim.NodeID(id))
	}
	return all
}

func upTo(n int) (all []sim.NodeID) {
	for i := range n {
		all = append(all, sim.NodeID(i))
	}
	return all
}

// quiet returns a network of random delays, with no nodes in its run: the tests ask it for fates.
func quiet(seed uint64) *Network {
	return New(sim.New(seed), Flat(dist.Exponential(10*ms).Plus(ms)), Options{})
}

// fates returns those of the next messages on a link.
func fates(n *Network, from, to sim.NodeID, count int) (all []sim.Fate) {
	for range count {
		all = append(all, n.Carry(from, to, "hello"))
	}
	return all
}

func TestFatesAreKeyedByLinkAndCount(t *testing.T) {
	const count = 1000 // more than a byte counts
	alone := fates(quiet(1), 0, 1, count)
	busy := quiet(1)
	var among []sim.Fate
	for i := range count {
		busy.Carry(1, 0, nil)
		busy.Carry(sim.NodeID(i%60+2), 1, nil) // nodes that join make the tables grow
		among = append(among, busy.Carry(0, 1, nil))
	}
	if !slices.Equal(alone, among) {
		t.Error("other links' messages moved the fates of this one's")
	}
	if slices.Equal(alone, fates(quiet(2), 0, 1, count)) {
		t.Error("another seed gives the same fates")
	}
	if slices.Equal(alone, fates(quiet(1), 1, 0, count)) {
		t.Error("the way back has the same fates")
	}
	seen := map[sim.Fate]int{}
	for _, f := range alone {
		seen[f]++
	}
	if len(seen) < count*99/100 {
		t.Errorf("%d messages have only %d fates: the count does not go on after 256", count, len(seen))
	}
}

// Turning a fault on moves nothing but what it is about.
func TestFaultsMoveNoOtherDraw(t *testing.T) {
	const count = 2000
	plain := fates(quiet(1), 0, 1, count)
	lossy, double, reordered, slow := quiet(1), quiet(1), quiet(1), quiet(1)
	link := OneWay(ids(0), ids(1))
	lossy.Impair(link, Effect{Loss: 0.3})
	double.Impair(link, Effect{Loss: 0.3, Duplicate: 0.2})
	reordered.Impair(link, Effect{Loss: 0.3, Reorder: 0.1, ReorderBy: dist.Constant(time.Hour)})
	slow.Impair(link, Effect{Slow: 3, Extra: dist.Constant(ms)})
	var lost, doubled, held int
	for i, want := range plain {
		l, d, r, s := lossy.Carry(0, 1, nil), double.Carry(0, 1, nil), reordered.Carry(0, 1, nil), slow.Carry(0, 1, nil)
		if l == sim.Lost {
			lost++
			if d != sim.Lost || r != sim.Lost {
				t.Fatalf("message %d: lost, but not if duplication or reordering is on", i)
			}
			continue
		}
		if l != want || d.Delay != want.Delay {
			t.Fatalf("message %d: %v, with loss %v, with duplication %v", i, want, l, d)
		}
		if d.Copy >= 0 {
			doubled++
			if d.Copy == d.Delay {
				t.Fatalf("message %d: its copy has no delay of its own", i)
			}
		}
		switch r.Delay - want.Delay {
		case time.Hour:
			held++
		case 0:
		default:
			t.Fatalf("message %d: delay %v, with reordering %v", i, want.Delay, r.Delay)
		}
		if got, want := s.Delay, 3*want.Delay+ms; got != want {
			t.Fatalf("message %d: three times slower and 1 ms later is %v, want %v", i, got, want)
		}
	}
	left := float64(count - lost)
	near(t, "share lost", float64(lost)/count, 0.3, 0.04)
	near(t, "share doubled", float64(doubled)/left, 0.2, 0.04)
	near(t, "share held up", float64(held)/left, 0.1, 0.03)
	if got := lossy.Stats(); got.Sent != count || got.Lost != uint64(lost) {
		t.Errorf("stats %+v, want %d sent and %d lost", got, count, lost)
	}
	if got := double.Stats().Duplicated; got != uint64(doubled) {
		t.Errorf("%d duplicated, want %d", got, doubled)
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s: %.4f, want %.4f", what, got, want)
	}
}

func TestCutsOverlap(t *testing.T) {
	n := quiet(1)
	halves := n.Cut(Halves(upTo(5)))
	isolate := n.Cut(Isolate(upTo(5)))
	open := func(from, to sim.NodeID, want bool) {
		t.Helper()
		if got := n.Carry(from, to, nil) != sim.Lost; got != want || n.Open(from, to) != want {
			t.Errorf("%d -> %d: open %v, and said to be %v, want %v", from, to, got, n.Open(from, to), want)
		}
	}
	open(0, 4, false) // cut twice
	open(1, 4, false)
	open(0, 1, false)
	open(3, 4, true)
	n.Heal(halves)
	open(0, 4, false) // still isolated
	open(1, 4, true)
	open(0, 1, false)
	if n.Heal(halves) {
		t.Error("a healed fault was healed again")
	}
	n.Heal(isolate)
	for from := range sim.NodeID(5) {
		for to := range sim.NodeID(5) {
			if from != to {
				open(from, to, true)
			}
		}
	}
	if got := n.Stats().Cut; got != 5 {
		t.Errorf("%d messages were cut, want 5", got)
	}
}

func TestEffectsOverlap(t *testing.T) {
	n := New(sim.New(1), Flat(dist.Constant(10*ms)), Options{})
	link := OneWay(ids(0), ids(1, 1)) // listed twice, counts once
	a := n.Impair(link, Effect{Slow: 2, Extra: dist.Constant(1 * ms)})
	b := n.Impair(OneWay(ids(0), ids(1, 2)), Effect{Slow: 3, Extra: dist.Constant(4 * ms)})
	check := func(when string, toOne, toTwo time.Duration) {
		t.Helper()
		if one, two := n.Carry(0, 1, nil).Delay, n.Carry(0, 2, nil).Delay; one != toOne || two != toTwo {
			t.Errorf("%s: delays %v and %v, want %v and %v", when, one, two, toOne, toTwo)
		}
	}
	check("both", 65*ms, 34*ms)
	cut := n.Cut(link)
	if n.Carry(0, 1, nil) != sim.Lost {
		t.Error("the cut does not stop messages on a slow link")
	}
	n.Heal(a)
	n.Heal(cut)
	check("the second", 34*ms, 34*ms)
	if elsewhere := n.Impair(OneWay(ids(1), ids(2)), Effect{Slow: 2}); !n.Heal(elsewhere) {
		t.Error("a healed link could not be healed")
	}
	n.Heal(b)
	check("none", 10*ms, 10*ms)
	if !n.calm {
		t.Error("the network is not calm after the last fault")
	}
	n.Impair(link, Effect{Loss: 1})
	n.Cut(link)
	n.HealAll()
	check("all healed", 10*ms, 10*ms)
}

// The masks against a 'dumb' list of faults that is searched for each link. Each
// fault adds a power of two to the delay, so that the delay tells which there are.
func TestFaultsOverlapAsTheyShould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := New(sim.New(1), Flat(dist.Constant(0)), Options{})
		var dumb []dumbFault
		for len(dumb) < rapid.IntRange(0, 30).Draw(t, "faults") {
			f := dumbFault{cut: rapid.IntRange(0, 3).Draw(t, "cut") == 0, adds: 1 << len(dumb)}
			for range rapid.SampledFrom([]int{1, 1, 2, 5, 70}).Draw(t, "blocks") {
				f.links = append(f.links, Block{someNodes(t), someNodes(t)})
			}
			if f.cut {
				f.id = n.Cut(f.links)
			} else {
				f.id = n.Impair(f.links, Effect{Extra: dist.Constant(f.adds)})
			}
			dumb = append(dumb, f)
		}
		healed := rapid.SliceOfN(rapid.IntRange(0, len(dumb)), 0, 10).Draw(t, "healed")
		for _, i := range healed {
			if i < len(dumb) {
				n.Heal(dumb[i].id)
				dumb = slices.Delete(dumb, i, i+1)
			}
		}
		if n.Faults() != len(dumb) {
			t.Fatalf("%d faults, want %d", n.Faults(), len(dumb))
		}
		for from := range sim.NodeID(maxTested) {
			for to := range sim.NodeID(maxTested) {
				if from != to {
					compareFate(t, n.Carry(from, to, nil), dumb, from, to)
				}
			}
		}
	})
}

const maxTested = 12

type dumbFault struct {
	id    FaultID
	links Links
	cut   bool
	adds  time.Duration
}

func (f dumbFault) has(from, to sim.NodeID) bool {
	return slices.ContainsFunc(f.links, func(b Block) bool { return slices.Contains(b.From, from) && slices.Contains(b.To, to) })
}

func compareFate(t *rapid.T, got sim.Fate, faults []dumbFault, from, to sim.NodeID) {
	want := sim.Arrives(0)
	for _, f := range faults {
		switch {
		case !f.has(from, to):
		case f.cut:
			want.Delay = -1 << 62
		default:
			want.Delay += f.adds
		}
	}
	if want.Delay < 0 {
		want = sim.Lost
	}
	if got != want {
		t.Fatalf("%d -> %d: %v, want %v", from, to, got, want)
	}
}

func someNodes(t *rapid.T) (some []sim.NodeID) {
	set := rapid.Uint16Range(0, 1<<maxTested-1).Draw(t, "nodes")
	for id := range sim.NodeID(maxTested) {
		if set>>id&1 == 1 {
			some = append(some, id)
		}
	}
	return some
}

func TestWhatIsWrongByNatureAddsToFaults(t *testing.T) {
	n := New(sim.New(1), Flat(dist.Constant(10*ms)), Options{Effect: Effect{Extra: dist.Constant(ms)}})
	slow := n.Impair(OneWay(ids(0), ids(1)), Effect{Slow: 2})
	if got := n.Carry(0, 1, nil).Delay; got != 21*ms {
		t.Errorf("slow link: %v, want 21ms", got)
	}
	if got := n.Carry(1, 0, nil).Delay; got != 11*ms {
		t.Errorf("other link: %v, want 11ms", got)
	}
	n.Heal(slow)
	if got := n.Carry(0, 1, nil).Delay; got != 11*ms {
		t.Errorf("healed link: %v, want 11ms", got)
	}
}

func TestFaultsSurviveGrowth(t *testing.T) {
	n := quiet(1)
	cut := n.Cut(Between(ids(0), ids(1)))
	slow := n.Impair(OneWay(ids(2), ids(3)), Effect{Loss: 1})
	n.Carry(0, 500, nil) // grows
	if n.Carry(0, 1, nil) != sim.Lost || n.Carry(2, 3, nil) != sim.Lost || n.Carry(3, 2, nil) == sim.Lost {
		t.Error("faults moved to other links")
	}
	n.Heal(cut)
	n.Heal(slow)
	if n.Carry(0, 1, nil) == sim.Lost || n.Carry(2, 3, nil) == sim.Lost {
		t.Error("faults remain after they were healed")
	}
}

type parcel int

func (p parcel) Size() int { return int(p) }

func TestBandwidthQueues(t *testing.T) {
	s := sim.New(1)
	n := New(s, Flat(dist.Constant(10*ms)), Options{Effect: Effect{Bandwidth: 1e6}, CountBytes: true})
	for i, c := range []struct {
		at      time.Duration
		bytes   int
		arrival time.Duration // after it was sent
	}{
		{0, 5000, 15 * ms},        // 5 ms to send
		{0, 1000, 16 * ms},        // behind the first
		{4 * ms, 1000, 13 * ms},   // 2 ms of queue are left
		{100 * ms, 1000, 11 * ms}, // the link is idle again
	} {
		s.Run(sim.Time(c.at))
		if got := n.Carry(0, 1, parcel(c.bytes)).Delay; got != c.arrival {
			t.Errorf("message %d: arrives after %v, want %v", i, got, c.arrival)
		}
	}
	if got := n.Carry(1, 0, "plain").Delay; got != 10*ms+plainSize*time.Microsecond {
		t.Errorf("the way back has a queue of its own: %v", got)
	}
	if got := n.Stats().Bytes; got != 8000+plainSize {
		t.Errorf("%d bytes counted", got)
	}
}

func TestColocatedNodesAreOneMachine(t *testing.T) {
	n := New(sim.New(1), must(EC2("VA", "IE")), Options{})
	n.Place(0, 0)
	n.Place(1, 1)
	n.Colocate(7, 1) // a proxy beside node 1
	n.Colocate(8, 7)
	if n.Site(8) != 1 {
		t.Errorf("node 8 is at site %d, want that of its machine", n.Site(8))
	}
	if got := n.OnHosts(1); !slices.Equal(got, ids(1, 7, 8)) {
		t.Errorf("on the machine of 1: %v", got)
	}
	if got := n.OnHosts(8, 0); !slices.Equal(got, ids(0, 1, 7, 8)) {
		t.Errorf("on the machines of 8 and 0: %v", got)
	}
	n.Cut(Around(n.OnHosts(1), upTo(9)))
	if n.Carry(0, 7, nil) != sim.Lost {
		t.Error("the cut leaves the proxy of a node that is cut off reachable")
	}
	n.Cut(All(upTo(9)))
	if got := n.Carry(7, 1, nil); got != sim.Arrives(20*time.Microsecond) {
		t.Errorf("over loopback: %v", got)
	}
}

// The whole path: every message arrives when the network said, and no earlier.
func TestDeliveryThroughTheKernel(t *testing.T) {
	s := sim.New(1)
	n := New(s, Flat(dist.Constant(10*ms)), Options{})
	var got []string
	listen := func(id sim.NodeID, name string) {
		s.Go(id, name, func(p *sim.Proc) {
			for {
				from, msg, ok := p.Recv(sim.Time(time.Second))
				if !ok {
					return
				}
				got = append(got, fmt.Sprintf("%v: %v from %d", p.Now(), msg, from))
			}
		})
	}
	listen(1, "listener")
	s.Go(0, "speaker", func(p *sim.Proc) {
		p.Send(1, "one")
		cut := n.Cut(Isolate(ids(1, 0)))
		p.Send(1, "two")
		p.Sleep(5 * ms)
		n.Heal(cut)
		n.Impair(OneWay(ids(0), ids(1)), Effect{Duplicate: 1})
		p.Send(1, "three")
	})
	s.Run(sim.Forever)
	want := []string{"10ms: one from 0", "15ms: three from 0", "15ms: three from 0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMisuseOfTheNetworkPanics(t *testing.T) {
	for says, misuse := range map[string]func(n *Network){
		"site 3 of 1":    func(n *Network) { n.Place(0, 3) },
		"not negative":   func(n *Network) { n.Carry(sim.None, 0, nil) },
		"below 65536":    func(n *Network) { n.Carry(0, 1<<20, nil) },
		"loss is 2":      func(n *Network) { n.Impair(nil, Effect{Loss: 2}) },
		"slow is -1":     func(n *Network) { n.Impair(nil, Effect{Slow: -1}) },
		"bandwidth is 0": func(n *Network) { n.Impair(nil, Effect{Bandwidth: 0.5}) },
		"by how much":    func(n *Network) { n.Impair(nil, Effect{Reorder: 0.5}) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), says) {
					t.Errorf("panicked with %v, want %q", r, says)
				}
			}()
			misuse(quiet(1))
		}()
	}
}

func TestCarryAllocatesNothing(t *testing.T) {
	for name, n := range map[string]*Network{
		"calm":   quiet(1),
		"lossy":  New(sim.New(1), LAN(), Options{Effect: Effect{Loss: 0.1, Duplicate: 0.1, Slow: 2, Bandwidth: 1e9}}),
		"cut up": quiet(1),
	} {
		if name == "cut up" {
			n.Cut(Halves(upTo(5)))
		}
		for range 300 { // make the tables grow, and the counts wrap
			n.Carry(0, 1, "hello")
		}
		if got := testing.AllocsPerRun(1000, func() { n.Carry(0, 1, "hello") }); got != 0 {
			t.Errorf("%s: %v allocations per message", name, got)
		}
	}
}

// The same fates on every platform, whatever the faults. A change here changes
// the trace hash of every run.
func TestFatesAreGolden(t *testing.T) {
	n := New(sim.New(1), must(EC2()), Options{Effect: Effect{Loss: 0.05, Bandwidth: 1.5e6}})
	for id := range 8 {
		n.Place(sim.NodeID(id), id)
	}
	n.Impair(All(upTo(5)), Effect{Slow: 1.3, Duplicate: 0.1, Reorder: 0.1, ReorderBy: dist.Pareto(ms, 1.5), Extra: dist.LogNormal(ms, 1)})
	n.Cut(MajorityRing(upTo(7)))
	hash := uint64(0)
	for i := range 20_000 {
		f := n.Carry(sim.NodeID(i%8), sim.NodeID((i+i/8%7+1)%8), nil)
		hash = sim.Mix(hash ^ uint64(f.Delay) ^ uint64(f.Copy)<<1)
	}
	const golden = 0xa0f8d5e529c6f994
	if hash != golden {
		t.Errorf("fates have hash %#x, want %#x", hash, uint64(golden))
	}
	if s := n.Stats(); s.Cut == 0 || s.Lost == 0 || s.Duplicated == 0 || s.Cut+s.Lost > s.Sent/2 {
		t.Errorf("not every kind of fate was met: %+v", s)
	}
}

// A network in the memory of an earlier run gives every message the fate that a new
// one would, whatever the earlier one was like.
func TestResetIsAsGoodAsNew(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	used := new(Network)
	for seed := range uint64(60) {
		nodes := []int{2, 9, 60, 200, 1100}[rng.IntN(5)]
		o := Options{Effect: Effect{Loss: float64(rng.IntN(2)) / 10, Bandwidth: float64(rng.IntN(2)) * 1e6}}
		fresh := New(sim.New(seed), Flat(benchLaw()), o)
		used.Reset(sim.New(seed), Flat(benchLaw()), o)
		if rng.IntN(2) == 0 {
			for _, n := range []*Network{fresh, used} {
				n.Cut(Between([]sim.NodeID{0}, []sim.NodeID{1}))
			}
		}
		busy := sim.NodeID(rng.IntN(nodes))
		for range 3000 {
			from, to := busy, (busy+1)%sim.NodeID(nodes) // so often that counts wrap
			if rng.IntN(2) == 0 {
				from, to = sim.NodeID(rng.IntN(nodes)), sim.NodeID(rng.IntN(nodes))
			}
			if a, b := fresh.Carry(from, to, nil), used.Carry(from, to, nil); a != b {
				t.Fatalf("seed %d, %d nodes: a message from %d to %d has fate %v in a new network, %v in a used one", seed, nodes, from, to, a, b)
			}
		}
		if fresh.Stats() != used.Stats() {
			t.Fatalf("stats %+v, %+v", fresh.Stats(), used.Stats())
		}
	}
}

package fault

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
)

const testSeeds = 300

var testCluster = Cluster{Open: true, Replicas: 5, Clients: 3, ClockBound: 10 * time.Millisecond}

const testEnd = 20 * time.Second

var assumptions = []store.Assumption{
	store.FailStop, store.NoCrash, store.DisksSurvive, store.HonestSync, store.ClockBound, store.ClockRate, store.MajorityAlive,
}

// someAssumptions draws a set of assumptions.
func someAssumptions(r *sim.Stream) []store.Assumption {
	var some []store.Assumption
	for _, a := range assumptions {
		if r.IntN(2) == 0 {
			some = append(some, a)
		}
	}
	return some
}

// observe fails the test if what it sees breaks an assumption that is to be kept. It
// knows nothing of how faults keep count.
func (st *stage) observe(t *testing.T, within []store.Assumption, plan []Fault) {
	t.Helper()
	broken := map[store.Assumption]bool{}
	down := 0
	for _, a := range st.world.cast.Replicas {
		reach := 0
		for _, b := range st.world.cast.Replicas {
			if st.net.Open(a, b) && st.net.Open(b, a) {
				reach++
			}
		}
		if reach < len(st.world.cast.Replicas) || st.sim.Paused(a) {
			broken[store.FailStop] = true
		}
		if reach <= len(st.world.cast.Replicas)/2 || st.sim.Paused(a) || !st.sim.Up(a) {
			down++
		}
		if !st.sim.Up(a) {
			broken[store.NoCrash] = true
		}
		if e := st.sim.ClockOf(a).Error().Abs(); e > st.world.cast.ClockBound {
			broken[store.ClockBound] = true
		}
	}
	broken[store.MajorityAlive] = down > st.world.cast.cluster().minority()
	for _, a := range assumptions {
		if broken[a] && slices.Contains(within, a) {
			t.Fatalf("at %v: %s is broken by %s: %s", st.sim.Now(), a, labels(plan), st.state())
		}
		if broken[a] && !slices.Contains(st.world.Broken(), a) {
			t.Fatalf("at %v: %s is broken unnoticed by %s: %s", st.sim.Now(), a, labels(plan), st.state())
		}
	}
}

func labels(plan []Fault) string {
	var all []string
	for _, f := range plan {
		all = append(all, fmt.Sprint(f.Label(), f.Values))
	}
	return strings.Join(all, "; ")
}

func TestRandomPlansKeepTheAssumptionsAndHeal(t *testing.T) {
	seen, broken := map[string]bool{}, map[store.Assumption]int{}
	for seed := range uint64(testSeeds) {
		r := sim.NewStream(seed, "plan")
		within := someAssumptions(r)
		plan := Random(r, within, testCluster, testEnd)
		if len(plan) > maxRandom {
			t.Fatalf("%d faults", len(plan))
		}
		st := newStage(seed, testCluster.Replicas, testCluster.Clients, false, testEnd, Budget{StayWithin: within})
		st.leaders = map[sim.NodeID]bool{sim.NodeID(seed % 5): true}
		st.start(plan...)
		for st.sim.Now() < sim.Time(testEnd) {
			st.sim.Run(st.sim.Now().Add(grid))
			st.observe(t, within, plan)
		}
		for _, f := range plan {
			seen[f.Kind.Name] = true
		}
		for _, a := range st.world.Broken() {
			broken[a]++
		}
		HealAll(st.world)
		st.sim.Run(st.sim.Now().Add(time.Minute))
		if state := st.state(); state != "all is well" || st.net.Faults() != 0 {
			t.Fatalf("seed %d: after HealAll, %d faults of the network and %s; plan: %s", seed, st.net.Faults(), state, labels(plan))
		}
		for _, id := range st.world.treated() {
			if p := st.world.patient(id); p.crashes+p.pauses+p.lies+len(p.quotas)+len(p.slowCPU)+len(p.slowDisk)+p.drifts+p.frozen != 0 || p.wrong != (clockError{}) {
				t.Fatalf("seed %d: after HealAll, %+v", seed, *p)
			}
		}
		st.sim.Close()
	}
	for _, k := range All {
		if seen[k.Name] == k.byHand {
			t.Errorf("%s is in a random plan of %d: %v; it is to be by hand: %v", k.Name, testSeeds, seen[k.Name], k.byHand)
		}
	}
	for _, a := range assumptions {
		if broken[a] == 0 {
			t.Errorf("%s was broken in none of %d random plans", a, testSeeds)
		}
	}
}

func TestRandomPlansFitTheCluster(t *testing.T) {
	for seed := range uint64(testSeeds) {
		r := sim.NewStream(seed, "plan")
		within := someAssumptions(r)
		c := Cluster{Replicas: 1 + r.IntN(6), Clients: 1 + r.IntN(3), ClockBound: time.Duration(r.IntN(2)) * time.Second}
		for _, f := range Random(r, within, c, testEnd) {
			if err := f.Check(c); err != nil {
				t.Fatalf("seed %d, %+v: %v", seed, c, err)
			}
			if broken := f.Breaks(c); breaksAny(broken, within) {
				t.Fatalf("seed %d, %+v: %s breaks %v of %v", seed, c, f.Label(), broken, within)
			}
		}
	}
}

func TestHealAllHealsTheNetworkWhoeverCutIt(t *testing.T) {
	st := newStage(1, 3, 1, false, testEnd, Budget{})
	st.net.Cut(net.Between([]sim.NodeID{0}, []sim.NodeID{1}))
	HealAll(st.world)
	if st.net.Faults() != 0 {
		t.Error("a cut is left")
	}
}

// Every entry of the catalogue does something by its defaults, and ends.
func TestEveryKindStrikes(t *testing.T) {
	for _, k := range All {
		if k == crashAtStep { // which needs nodes that go through steps
			continue
		}
		values := store.Values{"at": time.Second}
		if k == partition {
			values["groups"] = [][]string{{"n1"}, {"n2", "n3"}}
		}
		f := Fault{Kind: k, Values: values}
		if err := f.Check(testCluster); err != nil {
			t.Errorf("the defaults: %v", err)
			continue
		}
		st := newStage(1, 5, 3, true, testEnd, Budget{})
		st.start(f)
		st.sim.Run(sim.Time(testEnd))
		bands := st.world.Bands()
		if len(bands) != 1 || bands[0].From != sim.Time(time.Second) || !k.moment && bands[0].To != sim.Time(6*time.Second) {
			t.Errorf("%s: bands are %v", k.Name, bands)
		}
		if !k.moment && (st.state() != "all is well" || st.net.Faults() != 0) {
			t.Errorf("%s: at the end %s", k.Name, st.state())
		}
		st.sim.Close()
	}
}

func TestCatalogueIsComplete(t *testing.T) {
	names := map[string]bool{}
	for _, k := range All {
		if found, ok := Find(k.Name); !ok || found != k || names[k.Name] {
			t.Errorf("%s is not the only one of its name", k.Name)
		}
		names[k.Name] = true
		if !strings.HasSuffix(k.Doc, ".") || k.plan == nil || k.breaks == nil {
			t.Errorf("%s is incomplete", k.Name)
		}
		for _, p := range k.Params {
			if err := p.Check(p.Default); err != nil {
				t.Errorf("%s: the default of %s: %v", k.Name, p.Name, err)
			}
			if !strings.HasSuffix(p.Doc, ".") {
				t.Errorf("%s: the doc of %s is no sentence: %q", k.Name, p.Name, p.Doc)
			}
			for _, s := range p.Samples {
				if err := p.Check(s); err != nil {
					t.Errorf("%s: a sample of %s: %v", k.Name, p.Name, err)
				}
			}
		}
	}
	if _, ok := Find("nothing"); ok {
		t.Error("found a fault that does not exist")
	}
	for _, shape := range net.Shapes {
		if !names[shape.Name] {
			t.Errorf("no fault has net's shape %s", shape.Name)
		}
	}
}

// playOut runs faults with a seed and returns what happened, and the hash.
func playOut(seed uint64, faults []Fault) ([]Band, uint64) {
	st := newStage(seed, 5, 3, true, testEnd, Budget{Down: Unlimited})
	defer st.sim.Close()
	st.start(faults...)
	st.sim.Run(sim.Time(testEnd))
	return st.world.Bands(), st.sim.Hash()
}

func TestSameSeedSameFaults(t *testing.T) {
	differ := 0
	for seed := range uint64(50) {
		plan := func() []Fault { return Random(sim.NewStream(seed, "plan"), nil, testCluster, testEnd) }
		bands, hash := playOut(seed, plan())
		again, sameHash := playOut(seed, plan())
		if fmt.Sprint(bands) != fmt.Sprint(again) || hash != sameHash {
			t.Fatalf("seed %d: %v, then %v", seed, bands, again)
		}
		if other, _ := playOut(seed+1, plan()); fmt.Sprint(bands) != fmt.Sprint(other) {
			differ++
		}
	}
	if differ < 25 {
		t.Errorf("only %d of 50 plans play out differently with another seed", differ)
	}
}

func TestRemovingOneFaultLeavesTheOthers(t *testing.T) {
	for seed := range uint64(50) {
		plan := unaimed(Random(sim.NewStream(seed, "plan"), nil, testCluster, testEnd))
		all, _ := playOut(seed, plan)
		for i := range plan {
			one, _ := playOut(seed, plan[i:i+1])
			rest, _ := playOut(seed, slices.Concat(plan[:i], plan[i+1:]))
			if len(one)+len(rest) != len(all) {
				t.Fatalf("seed %d: %d and %d occurrences apart, %d together", seed, len(one), len(rest), len(all))
			}
			for _, b := range append(one, rest...) {
				if !slices.Contains(all, b) {
					t.Fatalf("seed %d: %v happens only without the others", seed, b)
				}
			}
		}
	}
}

// unaimed lets faults choose their targets at random, since who leads or is up
// depends on the other faults.
func unaimed(plan []Fault) []Fault {
	for _, f := range plan {
		for _, name := range []string{"target", "from"} {
			if v := f.Values[name]; v == targetLeader || v == targetFollower {
				f.Values[name] = targetRandom
			}
		}
	}
	return plan
}

func TestNamed(t *testing.T) {
	named := Named([]Fault{{Kind: crash}, {Kind: halves}, {Kind: crash}, {Kind: crash, Name: "mine"}})
	var names []string
	for _, f := range named {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, ", "); got != "crash, halves, crash 2, mine" {
		t.Error(got)
	}
}

func TestLabel(t *testing.T) {
	f := Fault{Kind: crash, Values: store.Values{"target": "leader", "every": 10 * time.Second}}
	if got := f.Label(); got != "crash leader, every 10s" {
		t.Error(got)
	}
	if got := (Fault{Kind: halves}).Label(); got != "halves" {
		t.Error(got)
	}
}

func TestOccurrencesComeAtTheirRate(t *testing.T) {
	const end = 10_000 * time.Second
	st := newStage(1, 3, 1, false, end, Budget{})
	st.start(Fault{Kind: pause, Values: store.Values{"every": 10 * time.Second, "for": time.Millisecond}})
	st.sim.Run(sim.Time(end))
	if n := st.world.Counts().Struck; n < 900 || n > 1100 { // 1000 +- 3 deviations
		t.Errorf("%d pauses in 10,000 s, want about 1,000", n)
	}
}

func TestBreaks(t *testing.T) {
	type row struct {
		fault string
		want  []store.Assumption
	}
	for _, c := range []row{
		{"halves", []store.Assumption{store.FailStop}},
		{"halves target=n1,n2,n3", []store.Assumption{store.FailStop}},
		{"isolate", []store.Assumption{store.FailStop}},
		{"isolate target=all", []store.Assumption{store.FailStop, store.MajorityAlive}},
		{"isolate target=n1,n2,n3", []store.Assumption{store.FailStop, store.MajorityAlive}},
		{"majority-ring", []store.Assumption{store.FailStop}},
		{"bridge", []store.Assumption{store.FailStop}},
		{"star", []store.Assumption{store.FailStop, store.MajorityAlive}},
		{"shatter", []store.Assumption{store.FailStop, store.MajorityAlive}},
		{"partition groups=n1,n2|n3,n4|n5", []store.Assumption{store.FailStop, store.MajorityAlive}},
		{"partition groups=n1|n2,n3", []store.Assumption{store.FailStop}},
		{"mute", []store.Assumption{store.FailStop}},
		{"cut-client target=all", nil},
		{"flapping", []store.Assumption{store.FailStop}},
		{"crash", []store.Assumption{store.NoCrash}},
		{"crash disk=wiped", []store.Assumption{store.NoCrash, store.DisksSurvive}},
		{"crash target=minority", []store.Assumption{store.NoCrash}},
		{"crash target=n1,n2,n3", []store.Assumption{store.NoCrash, store.MajorityAlive}},
		{"crash target=master", []store.Assumption{store.NoCrash, store.FailStop, store.MajorityAlive}},
		{"power-loss", []store.Assumption{store.NoCrash, store.MajorityAlive}},
		{"pause", []store.Assumption{store.FailStop}},
		{"pause target=all", []store.Assumption{store.FailStop, store.MajorityAlive}},
		{"slow-node", []store.Assumption{store.FailStop}},
		{"slow-disk", []store.Assumption{store.FailStop}},
		{"lying-disk", []store.Assumption{store.HonestSync}},
		{"loss", []store.Assumption{store.FailStop}},
		{"loss between=clients", nil},
		{"loss share=0.95", []store.Assumption{store.FailStop, store.MajorityAlive}},
		{"loss share=0.95 target=n1", []store.Assumption{store.FailStop}},
		{"duplication", nil},
		{"reordering", nil},
		{"reordering by=1s", []store.Assumption{store.FailStop}},
		{"delay", []store.Assumption{store.FailStop}},
		{"delay by=20ms", nil},
		{"gray-link", []store.Assumption{store.FailStop}},
		{"clock-offset", []store.Assumption{store.ClockBound, store.ClockRate}},
		{"clock-offset offset=-10ms", nil},
		{"clock-step by=-11ms", []store.Assumption{store.ClockBound, store.ClockRate}},
		{"clock-drift ppm=-1000 for=1s", nil},
		{"clock-drift ppm=1000 for=11s", []store.Assumption{store.ClockBound}},
		{"clock-drift ppm=1001 for=1s", []store.Assumption{store.ClockRate}},
		{"clock-drift ppm=1 for=0s", []store.Assumption{store.ClockBound}},
		{"clock-freeze", []store.Assumption{store.ClockBound, store.ClockRate}},
	} {
		if got := faultOf(t, strings.Fields(c.fault)).Breaks(testCluster); !slices.Equal(got, c.want) {
			t.Errorf("%s breaks %v, want %v", c.fault, got, c.want)
		}
	}
	even := Cluster{Replicas: 4}
	if got := (Fault{Kind: halves}).Breaks(even); !slices.Contains(got, store.MajorityAlive) {
		t.Errorf("two halves of four break only %v", got)
	}
	if got := (Fault{Kind: crash}).Breaks(Cluster{Replicas: 1}); !slices.Contains(got, store.MajorityAlive) {
		t.Errorf("the crash of the only replica breaks only %v", got)
	}
}

func TestCheckRefusesUnknownSettings(t *testing.T) {
	f := Fault{Kind: crash, Values: store.Values{"disc": "wiped"}}
	if err := f.Check(testCluster); err == nil || !strings.Contains(err.Error(), `crash has no setting "disc"`) {
		t.Error(err)
	}
	f = Fault{Kind: crash, Values: store.Values{"for": 5}}
	if err := f.Check(testCluster); err == nil || !strings.Contains(err.Error(), "it is of type int, not time.Duration") {
		t.Error(err)
	}
}

package net

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// roundTrips samples round trips between two sites and sorts them.
func roundTrips(t *Topology, from, to, count int) []float64 {
	r := sim.NewStream(1, "pings")
	samples := make([]float64, count)
	for i := range samples {
		there, back := t.OneWay(from, to).Sample(r.Uint64()), t.OneWay(to, from).Sample(r.Uint64())
		samples[i] = float64(there+back) / 1e6
	}
	slices.Sort(samples)
	return samples
}

// What is pinged through the network has the percentiles of the real pings: of
// the mean of both directions, since each way has the law of its own pings. Four
// pairs had two routes, so that the slow one is no rare excess; there both ways of
// a round trip can be slow, and its tail is up to a quarter too long.
func TestRoundTripsAreThoseMeasured(t *testing.T) {
	const count = 200_000
	ec2 := must(EC2())
	for from := range Regions {
		for to := range from {
			samples := roundTrips(ec2, from, to, count)
			for i, percent := range pingPercents[:5] { // to the 99.9th; the sample is too small for more
				want := float64(pings[from][to][i]+pings[to][from][i]) / 2000
				got := samples[int(count*percent/100)]
				tolerance := 0.06
				switch twoRoutes := pings[from][to][2]*5 > pings[from][to][0]*6; { // 95th percentile 20 % above the median
				case i == 0:
					tolerance = 0.01
				case twoRoutes:
					tolerance = 0.25
				}
				if math.Abs(got-want) > tolerance*want {
					t.Errorf("%s-%s: p%v is %.1f ms, measured %.1f", Regions[from].Code, Regions[to].Code, percent, got, want)
				}
			}
		}
	}
}

// The commit latency of a leader is the round trip to the replica that completes
// its majority. These figures (published.json "wan-leader" of the data's medians)
// come out only if the regions are named rightly.
func TestRegionsAreNamedRightly(t *testing.T) {
	for _, c := range []struct {
		regions, leader string
		commit, client  float64 // ms: at the leader; at a client beside each replica in turn, on the average
	}{
		{"VA CA IE", "VA", 83.8, 148.07},
		{"VA OR CA IE TYO", "OR", 80.9, 161.2},
		{"VA OR CA IE TYO", "CA", 83.8, 165.48},
		{"VA OR CA IE TYO", "IE", 169, 313.4},
	} {
		names := strings.Fields(c.regions)
		leader, _ := findRegion(c.leader)
		var trips []float64
		sum := 0.0
		for _, name := range names {
			if i, _ := findRegion(name); i != leader {
				trips = append(trips, float64(pings[leader][i][0])/1000)
				sum += float64(pings[leader][i][0]) / 1000
			}
		}
		slices.Sort(trips)
		commit := trips[len(names)/2-1]
		near(t, c.leader+" of "+c.regions+": commit", commit, c.commit, 0.005*c.commit)
		near(t, c.leader+" of "+c.regions+": client", commit+sum/float64(len(names)), c.client, 0.005*c.client)
	}
}

func TestEC2PicksRegionsByEitherName(t *testing.T) {
	some, err := EC2("eu-west-1", "va")
	if err != nil || !slices.Equal(some.Sites, []string{"IE", "VA"}) {
		t.Fatalf("sites %v, %v", some, err)
	}
	all := must(EC2())
	if got, want := some.OneWay(0, 1).String(), all.OneWay(3, 0).String(); got != want {
		t.Errorf("IE to VA: %s, want %s", got, want)
	}
	if got := some.OneWay(0, 0).Quantile(0.5); got > ms {
		t.Errorf("within a region: %v", got)
	}
	if _, err := EC2("mars-north-1"); err == nil || !strings.Contains(err.Error(), "VA (us-east-1)") {
		t.Errorf("unknown region: %v", err)
	}
	if _, err := some.Site("OR"); err == nil || !strings.Contains(err.Error(), "IE, VA") {
		t.Errorf("unknown site: %v", err)
	}
	if i, err := some.Site("va"); i != 1 || err != nil {
		t.Errorf("site va: %d, %v", i, err)
	}
}

func TestPresetsKeepTheirWord(t *testing.T) {
	for _, p := range Presets {
		topology := p.Build()
		if topology.Name != p.Name {
			t.Errorf("preset %s builds topology %s", p.Name, topology.Name)
		}
	}
	lan := LAN().OneWay(0, 0)
	near(t, "lan median in us", float64(lan.Quantile(0.5).Microseconds()), 120, 5)
	near(t, "lan p99.9 in us", float64(lan.Quantile(0.999).Microseconds()), 400, 20)
}

func TestRoundTripMatrix(t *testing.T) {
	m := [][]time.Duration{{ms, 80 * ms}, {60 * ms, ms}}
	plain := RoundTrips([]string{"a", "b"}, m, nil)
	if got := plain.OneWay(0, 1).String() + " " + plain.OneWay(1, 0).String(); got != "40ms 30ms" {
		t.Errorf("half of 80 and 60 ms: %s", got)
	}
	jittery := RoundTrips([]string{"a", "b"}, m, dist.Exponential(ms))
	if got := jittery.OneWay(0, 1).String(); got != "40ms + exponential(1ms)" {
		t.Errorf("with jitter: %s", got)
	}
}

// picture draws which nodes hear whom: a row per speaker, a column per hearer.
func picture(nodes int, cut Links) (rows []string) {
	n := quiet(1)
	n.Cut(cut)
	for from := range nodes {
		row := ""
		for to := range nodes {
			switch {
			case from == to:
				row += "\\"
			case n.Open(sim.NodeID(from), sim.NodeID(to)):
				row += "o"
			default:
				row += "."
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func TestShapes(t *testing.T) {
	for name, want := range map[string]string{
		"halves 5":        `\o... o\... ..\oo ..o\o ..oo\`,
		"isolate 3":       `\.. .\o .o\`,
		"deaf 3":          `\oo .\o .o\`,
		"mute 3":          `\.. o\o oo\`,
		"majority-ring 3": `\o. .\o o.\`,
		"majority-ring 5": `\o..o o\o.. .o\o. ..o\o o..o\`,
		"bridge 5":        `\oooo o\o.. oo\.. o..\o o..o\`,
		"star 4":          `\ooo o\.. o.\. o..\`,
		"chain 4":         `\o.. o\o. .o\o ..o\`,
		"shatter 3":       `\.. .\. ..\`,
	} {
		var shape string
		var nodes int
		fmt.Sscan(name, &shape, &nodes)
		i := slices.IndexFunc(Shapes, func(s Shape) bool { return s.Name == shape })
		if got := strings.Join(picture(nodes, Shapes[i].Cut(upTo(nodes))), " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestMajorityRingShowsEveryoneADifferentMajority(t *testing.T) {
	for nodes := 3; nodes <= 9; nodes++ {
		rows := picture(nodes, MajorityRing(upTo(nodes)))
		heard := map[string]bool{}
		for to := range nodes {
			view, count := "", 0
			for from := range nodes {
				if rows[from][to] != '.' {
					view += fmt.Sprint(from)
					count++
				}
			}
			if count != nodes/2+1 {
				t.Errorf("%d nodes: node %d hears %d", nodes, to, count)
			}
			heard[view] = true
		}
		if len(heard) != nodes {
			t.Errorf("%d nodes: only %d different majorities", nodes, len(heard))
		}
	}
}

func TestShapesOfFewNodesCutNothingImpossible(t *testing.T) {
	for _, s := range Shapes {
		for nodes := 1; nodes <= 3; nodes++ {
			for _, b := range s.Cut(upTo(nodes)) {
				for _, from := range b.From {
					if slices.Contains(b.To, from) {
						t.Errorf("%s of %d nodes cuts node %d off itself", s.Name, nodes, from)
					}
				}
			}
		}
	}
	if got := Around(ids(1), upTo(3)); len(got) != 2 || !slices.Equal(got[0].To, ids(0, 2)) {
		t.Errorf("around 1 of 3: %v", got)
	}
}

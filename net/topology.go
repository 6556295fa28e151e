package net

import (
	"fmt"
	"strings"
	"time"

	"faultline/sim/dist"
)

// A Topology is where nodes can be and how long messages take between those
// places. It never changes, so that any number of runs may share it.
type Topology struct {
	Name  string
	Sites []string
	laws  []*dist.Law     // of one way, by from*len(Sites)+to
	means []time.Duration // of the laws
	legs  []leg           // kinds of messages with laws of their own

	soonest time.Duration // no message takes less
}

// NewTopology returns the topology in which a message from one site to another,
// or within a site, takes as long as the law of oneWay.
func NewTopology(name string, sites []string, oneWay func(from, to int) *dist.Law) *Topology {
	t := &Topology{Name: name, Sites: sites, soonest: maxDelay}
	for from := range sites {
		for to := range sites {
			law := oneWay(from, to)
			t.laws = append(t.laws, law)
			t.means = append(t.means, law.Mean())
			t.soonest = min(t.soonest, law.Min())
		}
	}
	return t
}

// Flat returns the topology of one site, where every message takes as long as the law.
func Flat(oneWay *dist.Law) *Topology {
	return NewTopology("flat", []string{"site"}, func(int, int) *dist.Law { return oneWay })
}

// RoundTrips returns the topology with the given matrix of round trips between
// sites, the diagonal being round trips within a site. A message takes half of a
// round trip and, unless jitter is nil, a sample of jitter.
func RoundTrips(sites []string, matrix [][]time.Duration, jitter *dist.Law) *Topology {
	return NewTopology("round-trips", sites, func(from, to int) *dist.Law {
		half := matrix[from][to] / 2
		if jitter == nil {
			return dist.Constant(half)
		}
		return jitter.Plus(half)
	})
}

// Distance returns the mean time of a message from one site to another.
func (t *Topology) Distance(from, to int) time.Duration { return t.means[from*len(t.Sites)+to] }

// OneWay returns the law of a message from one site to another.
func (t *Topology) OneWay(from, to int) *dist.Law { return t.laws[from*len(t.Sites)+to] }

// Site returns the index of the site of that name.
func (t *Topology) Site(name string) (int, error) {
	for i, s := range t.Sites {
		if strings.EqualFold(s, name) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("topology %s has no site %q: its sites are %s", t.Name, name, strings.Join(t.Sites, ", "))
}

// A Preset is a topology that ships with Faultline.
type Preset struct {
	Name, Doc string
	Build     func() *Topology
}

// Presets lists the topologies that ship with Faultline.
var Presets = []Preset{
	{"lan", "One data centre: 120 us one way at the median, 400 us at the 99.9th percentile.", LAN},
	{"one-region", "Three zones of an EC2 region: round trips of 0.85 to 1.9 ms between zones, 0.43 ms within one, with the measured tails.", OneRegion},
	{"ec2", "The eight EC2 regions of 2013: round trips of 22 to 363 ms at the median, with the measured tails.", func() *Topology { return must(EC2()) }},
}

// LAN returns the topology of one modern data centre. Its law is an assumption, not a measurement.
func LAN() *Topology {
	t := Flat(dist.LogNormal(100*time.Microsecond, 0.42).Plus(20 * time.Microsecond))
	t.Name = "lan"
	return t
}

// OneRegion returns the topology of three zones of an EC2 region: B, C and D of Virginia.
func OneRegion() *Topology {
	return NewTopology("one-region", []string{"zone-b", "zone-c", "zone-d"}, func(from, to int) *dist.Law {
		if from == to {
			return withinZone.oneWay()
		}
		return zonePings[from][to].oneWay()
	})
}

// A Region is one of the EC2 regions of 2013.
type Region struct{ Code, Name, Place string }

// Regions lists the EC2 regions in the order of the data set.
var Regions = []Region{
	{"VA", "us-east-1", "Virginia"},
	{"OR", "us-west-2", "Oregon"},
	{"CA", "us-west-1", "California"},
	{"IE", "eu-west-1", "Ireland"},
	{"SIN", "ap-southeast-1", "Singapore"},
	{"TYO", "ap-northeast-1", "Tokyo"},
	{"SYD", "ap-southeast-2", "Sydney"},
	{"SAO", "sa-east-1", "Sao Paulo"},
}

// EC2 returns the topology of the given EC2 regions, named by code (VA) or by
// name (us-east-1), or of all eight. Its sites are named by code. Two nodes at
// one site are in the same zone.
func EC2(regions ...string) (*Topology, error) {
	if len(regions) == 0 {
		for _, r := range Regions {
			regions = append(regions, r.Code)
		}
	}
	var sites []string
	var numbers []int
	for _, name := range regions {
		i, err := findRegion(name)
		if err != nil {
			return nil, err
		}
		sites, numbers = append(sites, Regions[i].Code), append(numbers, i)
	}
	return NewTopology("ec2", sites, func(from, to int) *dist.Law {
		if numbers[from] == numbers[to] {
			return withinZone.oneWay()
		}
		return pings[numbers[from]][numbers[to]].oneWay()
	}), nil
}

func findRegion(name string) (int, error) {
	var known []string
	for i, r := range Regions {
		if strings.EqualFold(name, r.Code) || strings.EqualFold(name, r.Name) {
			return i, nil
		}
		known = append(known, fmt.Sprintf("%s (%s)", r.Code, r.Name))
	}
	return 0, fmt.Errorf("there is no EC2 region %q in the data of 2013: use one of %s", name, strings.Join(known, ", "))
}

// oneWay returns the law of half a round trip. At the median, a way takes half
// of it. What a slow round trip takes longer is laid on one of its two ways, for
// a queue or a lost packet delays one: an excess that one round trip in a hundred
// exceeds is exceeded by one way in two hundred. So all percentiles of a round
// trip come out as measured; halving the slow ones too would make two half
// delays, twice as often, and a tail half as long.
//
// The data say nothing of what lies below the median, except that it is near. A
// spread of half a percent there keeps messages from marching in step.
func (p ping) oneWay() *dist.Law {
	const spread = 200 // one part in
	half := time.Duration(p[0]) * time.Microsecond / 2
	points := []dist.Point{{Percent: 0, Value: half - half/spread}}
	for i, percent := range pingPercents {
		excess := time.Duration(p[i]-p[0]) * time.Microsecond
		points = append(points, dist.Point{Percent: 100 - (100-percent)/2, Value: half + excess})
	}
	return dist.Percentiles(points...)
}

func must(t *Topology, err error) *Topology {
	if err != nil {
		panic("net: " + err.Error())
	}
	return t
}

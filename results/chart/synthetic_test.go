package chart

import (
	"fmt"
	"math"
	"math/rand/v2"

	"faultline/results"
)

// A synth is what a made-up store does.
type synth struct {
	name      string
	succeeded float64 // over the run
	p99       float64 // ms
	hole      float64 // availability during the fault
	lost      float64 // a run
	stale     float64 // share
	violated  float64 // share of seeds
	undecided float64
	beyond    bool
}

// stores resemble the seven under one partition; some nearly coincide.
var stores = []synth{
	{name: "single", succeeded: 0.52, p99: 12, hole: 0.02},
	{name: "primarybackup", succeeded: 0.955, p99: 22, hole: 0.80, lost: 12, stale: 0.02, violated: 0.9},
	{name: "chain", succeeded: 0.86, p99: 31, hole: 0.45},
	{name: "abd", succeeded: 0.962, p99: 34, hole: 0.88},
	{name: "quorum", succeeded: 0.964, p99: 36, hole: 0.89, stale: 0.004, violated: 0.2, undecided: 0.05},
	{name: "raft", succeeded: 0.955, p99: 380, hole: 0.82},
	{name: "lww", succeeded: 0.9985, p99: 5.5, hole: 0.995, lost: 31, stale: 0.12, violated: 1, beyond: true},
}

const (
	windows  = 120 // of 250 ms
	windowMS = 250
)

func sevenStores(seeds int) *results.Set {
	var rows []results.Row
	for i, s := range stores {
		for seed := range seeds {
			rows = append(rows, s.row(i, uint64(seed+1)))
		}
	}
	return results.NewSet(testManifest("partition", seeds), rows)
}

func testManifest(name string, seeds int) results.Manifest {
	return results.Manifest{
		Tool: "v0.1.0", Experiment: name, Source: "experiments/library/" + name + ".yaml", Complete: true,
		Command: "faultline sweep experiments/library/" + name + ".yaml", Seeds: fmt.Sprintf("1..%d", seeds),
	}
}

func (s synth) row(cell int, seed uint64) results.Row {
	rng := rand.New(rand.NewPCG(seed, uint64(cell)))
	noise := func(v float64) float64 { return 1 + v*rng.NormFloat64() }
	r := results.Row{
		Experiment: "partition", Cell: cell, Series: s.name, Model: s.name, Seed: seed, Hash: fmt.Sprintf("%016x", rng.Uint64()),
		Params:   []results.Param{{Name: "model", Value: s.name}},
		Verdicts: map[string]string{"linearizable": results.Holds},
		Metrics: map[string]float64{
			"succeeded": clamp(s.succeeded * noise(0.02)), "p99": s.p99 * noise(0.12), "p50": s.p99 / 4 * noise(0.05),
			"lost": math.Round(max(0, s.lost*noise(0.4))), "stale": clamp(s.stale * noise(0.3)), "recovery": (1 - s.hole) * 2500 * max(0.1, noise(0.3)),
		},
		Faults:   []results.Band{{FromMS: 10_000, ToMS: 20_000, Label: "halves {n1,n2} | {n3,n4,n5}"}},
		Timeline: results.Timeline{WindowMS: windowMS, Called: make([]int, windows), OK: make([]int, windows)},
	}
	switch u := rng.Float64(); {
	case u < s.violated:
		r.Verdicts["linearizable"] = results.Violated
	case u < s.violated+s.undecided:
		r.Verdicts["linearizable"] = results.Undecided
	}
	if s.beyond {
		r.Beyond = []string{"majority alive"}
	}
	for w := range windows {
		p := 0.999
		if w >= 40 && w < 80 {
			p = s.hole
		}
		if recovering := 80 + int((1-s.hole)*12*rng.Float64()); w >= 80 && w < recovering {
			p = s.hole * 1.1
		}
		n := 40 + rng.IntN(20)
		r.Timeline.Called[w] = n
		for range n {
			if rng.Float64() < p {
				r.Timeline.OK[w]++
				ms := s.p99 / 4 * math.Exp(0.6*rng.NormFloat64())
				if rng.Float64() < 0.015 {
					ms = s.p99 * math.Exp(0.5*rng.NormFloat64())
				}
				r.Latency.Read.Add(int64(ms * 1e6))
			}
		}
	}
	return r
}

func clamp(v float64) float64 { return min(max(v, 0), 1) }

// quorumGrid is a 5 x 5 sweep of R and W with N = 5.
func quorumGrid(seeds int) *results.Set {
	var rows []results.Row
	for r := 1; r <= 5; r++ {
		for w := 1; w <= 5; w++ {
			for seed := range seeds {
				rows = append(rows, gridRow(r, w, uint64(seed+1)))
			}
		}
	}
	m := testManifest("quorum-sizes", seeds)
	m.Spec = "model: {kind: quorum, n: 5}\n"
	return results.NewSet(m, rows)
}

func gridRow(r, w int, seed uint64) results.Row {
	cell := (r-1)*5 + w - 1
	rng := rand.New(rand.NewPCG(seed, uint64(cell)))
	stale := max(0, 0.14*float64(6-r-w)/4*(1+0.3*rng.NormFloat64()))
	if r+w > 5 {
		stale = 0
	}
	row := results.Row{
		Experiment: "quorum-sizes", Cell: cell, Series: fmt.Sprintf("R=%d W=%d", r, w), Model: "quorum", Seed: seed, Hash: "0",
		Params:   []results.Param{{Name: "model.r", Value: fmt.Sprint(r)}, {Name: "model.w", Value: fmt.Sprint(w)}},
		Verdicts: map[string]string{"linearizable": results.Holds},
		Metrics:  map[string]float64{"stale": stale, "p99": 4 + 3*float64(r+w) + rng.Float64(), "succeeded": clamp(1 - 0.02*float64(max(r, w)) + 0.002*rng.NormFloat64())},
	}
	if stale > 0 {
		row.Verdicts["linearizable"] = results.Violated
	}
	for _, ms := range []float64{0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000} {
		reads := 30 + rng.IntN(10)
		p := 1 - stale*2.5*math.Exp(-ms/(8+30*float64(6-r-w)/4))
		fresh := 0
		for range reads {
			if rng.Float64() < p {
				fresh++
			}
		}
		row.Fresh = append(row.Fresh, results.Fresh{SinceMS: ms, Reads: reads, Fresh: fresh})
	}
	return row
}

// lossy is the seven stores at three rates of loss.
func lossy() *results.Set {
	var rows []results.Row
	for i, s := range stores {
		for j, loss := range []string{"0%", "1%", "5%"} {
			worse := s
			worse.succeeded -= 0.03 * float64(j*j)
			worse.p99 *= 1 + 0.6*float64(j)
			for seed := range 10 {
				r := worse.row(3*i+j, uint64(seed+1))
				r.Series, r.Model = s.name+" loss="+loss, s.name
				r.Params = []results.Param{{Name: "model", Value: s.name}, {Name: "network.loss", Value: loss}}
				rows = append(rows, r)
			}
		}
	}
	return results.NewSet(testManifest("loss", 10), rows)
}

// partialSet was interrupted; one of its names needs characters that the font lacks.
func partialSet() *results.Set {
	var rows []results.Row
	for i, s := range []synth{stores[5], {name: "ström 流", succeeded: 0.9, p99: 10, hole: 0.6}} {
		for seed := range 12 - 3*i {
			r := s.row(i, uint64(seed+1))
			r.Faults = append(r.Faults, results.Band{FromMS: 10_500, ToMS: 12_000, Label: "pause n3"}, results.Band{FromMS: 24_000, ToMS: 24_100, Label: "crash n1"})
			r.Timeline.Called[100], r.Timeline.OK[100] = 0, 0
			rows = append(rows, r)
		}
	}
	m := testManifest("failover", 200)
	m.Complete, m.Reason = false, "interrupted after 21 of 400 runs"
	return results.NewSet(m, rows)
}

// undecidedSet has nobody who is known to hold.
func undecidedSet() *results.Set {
	var rows []results.Row
	for i, s := range []synth{{name: "abd", succeeded: 0.96, p99: 30, undecided: 0.3}, {name: "quorum", succeeded: 0.97, p99: 33, violated: 0.3, lost: 3}} {
		for seed := range 30 {
			rows = append(rows, s.row(i, uint64(seed+1)))
		}
	}
	return results.NewSet(testManifest("undecided", 30), rows)
}

// pages is a made-up page that needs three services, over a store that two layers retry.
func pages() *results.Set {
	var rows []results.Row
	for i, tries := range []int{1, 3} {
		for seed := range 3 {
			n := 1000
			rows = append(rows, results.Row{
				Cell: i, Series: fmt.Sprintf("max_attempts=%d", tries), Model: "services", Seed: uint64(seed + 1),
				Params:  []results.Param{{Name: "client.max_attempts", Value: fmt.Sprint(tries)}},
				Metrics: map[string]float64{"calls_per_op": float64(tries * tries)},
				Ops:     results.Counts{OK: n / 2, Failed: n / 2},
				Edges: []results.Edge{
					{From: "clients", To: "page", Calls: n, OK: n / 2},
					{From: "page", To: "login", Calls: n, OK: n},
					{From: "page", To: "stock", Calls: n * tries, OK: n / 2},
					{From: "page", To: "ads", Calls: n / 100, OK: n / 100},
					{From: "stock", To: "store", Calls: n * tries * tries, OK: n / 2},
				},
			})
		}
	}
	return results.NewSet(testManifest("pages", 3), rows)
}

// maps is the sweep of two settings under each of several policies.
func maps() *results.Set {
	var rows []results.Row
	cell := 0
	for p, policy := range []string{"no retry", "three attempts at once, come what may", "grpc", "sre", "polly"} {
		for i, rate := range []string{"50/s", "80/s", "90/s"} {
			for j, length := range []string{"1s", "4s", "10s"} {
				for seed := range 2 {
					recovered := 1.0
					if (i+j)*p > 2 {
						recovered = 0
					}
					rows = append(rows, results.Row{
						Cell: cell, Series: policy + " rate=" + rate + " for=" + length, Model: "services", Seed: uint64(seed + 1),
						Params:  []results.Param{{Name: "client", Value: policy}, {Name: "workload.rate", Value: rate}, {Name: "faults[0].cpu-quota.for", Value: length}},
						Metrics: map[string]float64{"recovered": recovered},
						Faults:  []results.Band{{FromMS: 1000, ToMS: 2000, Label: "40 % of the processor"}},
					})
				}
				cell++
			}
		}
	}
	return results.NewSet(testManifest("maps", 2), rows)
}

// steps is a crash after each of two steps, of which one protocol takes but one.
func steps() *results.Set {
	var rows []results.Row
	for i, kind := range []string{"saga", "two-phase"} {
		for j, step := range []string{"prepared", "decided"} {
			for seed := range 2 {
				row := results.Row{
					Cell: 2*i + j, Series: kind + " step=" + step, Model: kind, Seed: uint64(seed + 1),
					Params:  []results.Param{{Name: "model", Value: kind}, {Name: "faults[0].crash-at-step.step", Value: step}},
					Metrics: map[string]float64{"lost": float64(i)},
				}
				if i == 1 || j == 1 {
					row.Faults = []results.Band{{FromMS: 1000, ToMS: 2000, Label: "crash at " + step}}
				} else {
					row.Metrics["lost"] = 7 // which no chart may show: nothing struck
				}
				rows = append(rows, row)
			}
		}
	}
	return results.NewSet(testManifest("steps", 2), rows)
}

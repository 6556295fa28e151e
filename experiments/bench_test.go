//go:build unix

package experiments_test

import (
	"context"
	"runtime"
	"syscall"
	"testing"
	"time"

	"faultline/experiments"
	"faultline/experiments/workload"
	"faultline/models"
	"faultline/models/store"
	"faultline/net"
	"faultline/results"
	"faultline/sim/dist"
)

// load is a scenario of the given length: clients ask as fast as they are answered, half of the operations are writes.
func load(m *store.Model, replicas, clients int, length time.Duration) *experiments.Scenario {
	return &experiments.Scenario{
		Name: "bench", Model: m, Replicas: replicas,
		Topology: net.Flat(dist.LogNormal(time.Millisecond, 0.3)),
		Workload: workload.Workload{Clients: clients, Duration: length, Keys: 10, Mix: workload.Mix{Reads: 1, Writes: 1}},
		Policy:   experiments.DefaultPolicy, Warmup: 3 * time.Second, Settle: time.Millisecond,
	}
}

// cpu returns the processor time that the process has used, the garbage
// collector's included: on a busy machine it says more than the time on the wall.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkRun measures the processor time of 10,000 operations of 20 clients at 5
// replicas of every model, played one run after the other in the same memory, not scored.
func BenchmarkRun(b *testing.B) {
	for _, m := range models.All {
		b.Run(m.Name, func(b *testing.B) {
			sc, done := load(m, 5, 20, 2500*time.Millisecond), 0
			var runner experiments.Runner
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := cpu(b)
			for b.Loop() {
				done += len(runner.Run(sc, 1).History)
			}
			b.ReportMetric(float64((cpu(b)-began).Microseconds())/1000/float64(done)*10_000, "cpu-ms/10k-ops")
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(done), "B/operation")
			b.ReportMetric(float64(done)/float64(b.N), "ops/run")
		})
	}
}

// shortRuns are of about 1,000 operations of 10 clients at 3 replicas.
var shortRuns = []struct {
	model  string
	length time.Duration
}{{"primarybackup", 320 * time.Millisecond}, {"raft", 450 * time.Millisecond}}

// BenchmarkShortRun measures how many runs of about 1,000 operations of 10 clients
// at 3 replicas a sweep carries out, played and scored, and how many are played
// alone: per second on the wall, and per second of processor time.
func BenchmarkShortRun(b *testing.B) {
	for _, short := range shortRuns {
		sc := load(models.Find(short.model), 3, 10, short.length)
		b.Run(short.model+"/scored", func(b *testing.B) {
			sweep := experiments.Sweep{Cells: []experiments.Cell{{Scenario: sc}}, Row: func(results.Row) error { return nil }}
			for seed := range uint64(b.N) {
				sweep.Seeds.List = append(sweep.Seeds.List, seed)
			}
			measureRuns(b, func() {
				if err := sweep.Run(context.Background()); err != nil {
					b.Fatal(err)
				}
			})
		})
		b.Run(short.model+"/played", func(b *testing.B) {
			measureRuns(b, func() {
				b.RunParallel(func(loop *testing.PB) {
					var runner experiments.Runner
					for seed := uint64(0); loop.Next(); seed++ {
						if n := len(runner.Run(sc, seed).History); n < 800 || n > 1200 {
							b.Errorf("seed %d: %d operations, want about 1,000", seed, n)
						}
					}
				})
			})
		})
	}
}

// BenchmarkShipped measures the processor time of every shipped experiment, played
// and scored with so many seeds of each cell as there are iterations. Its profile is
// what the compiler goes by when it builds the command, see .ci/profile.
func BenchmarkShipped(b *testing.B) {
	for _, name := range experiments.Shipped() {
		b.Run(name, func(b *testing.B) {
			e, err := experiments.LoadShipped(name)
			if err != nil {
				b.Fatal(err)
			}
			sweep := experiments.Sweep{Cells: e.Cells, Row: func(results.Row) error { return nil }}
			for seed := range uint64(b.N) {
				sweep.Seeds.List = append(sweep.Seeds.List, seed+1)
			}
			measureRuns(b, func() {
				if err := sweep.Run(context.Background()); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkScore measures what it takes to score the short runs of BenchmarkShortRun.
func BenchmarkScore(b *testing.B) {
	for _, short := range shortRuns {
		sc := load(models.Find(short.model), 3, 10, short.length)
		b.Run(short.model, func(b *testing.B) {
			var runner experiments.Runner
			var scorer experiments.Scorer
			o := runner.Run(sc, 1)
			measureRuns(b, func() {
				for range b.N {
					scorer.Score(sc, o)
				}
			})
		})
	}
}

// measureRuns reports how many runs went by in a time.
func measureRuns(b *testing.B, runs func()) {
	b.ReportAllocs()
	b.ResetTimer()
	began := cpu(b)
	runs()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
	b.ReportMetric(float64(b.N)/(cpu(b)-began).Seconds(), "runs/cpu-s")
}

// BenchmarkParallel measures how much of two processors a sweep makes use of: the
// time on the wall of one worker, over twice that of two, in turns.
func BenchmarkParallel(b *testing.B) {
	const runs = 64
	var spent [3]time.Duration
	for b.Loop() {
		for workers := 1; workers <= 2; workers++ {
			sweep := experiments.Sweep{Workers: workers, Row: func(results.Row) error { return nil },
				Cells: []experiments.Cell{{Scenario: load(models.Find("primarybackup"), 3, 10, 320*time.Millisecond)}}}
			for seed := range uint64(runs) {
				sweep.Seeds.List = append(sweep.Seeds.List, seed)
			}
			start := time.Now()
			if err := sweep.Run(context.Background()); err != nil {
				b.Fatal(err)
			}
			spent[workers] += time.Since(start)
		}
	}
	b.ReportMetric(100*spent[1].Seconds()/spent[2].Seconds()/2, "%efficiency")
}

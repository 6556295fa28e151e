package primarybackup_test

import (
	"testing"
	"time"

	"faultline/experiments"
	"faultline/experiments/workload"
	"faultline/models/primarybackup"
	"faultline/net"
	"faultline/sim/dist"
)

// 20 clients as scripts at 5 replicas, half of the operations writes. The time is that of 10,000 operations.
func BenchmarkRun(b *testing.B) {
	const ops = 10_000
	sc := &experiments.Scenario{
		Name: "bench", Model: &primarybackup.Model, Replicas: 5,
		Topology: net.Flat(dist.LogNormal(time.Millisecond, 0.3)),
		Workload: workload.Workload{Clients: 20, Duration: 2500 * time.Millisecond, Keys: 10, Mix: workload.Mix{Reads: 1, Writes: 1}},
		Policy:   experiments.DefaultPolicy, Settle: time.Millisecond,
	}
	done := 0
	b.ReportAllocs()
	for b.Loop() {
		done += len(experiments.Run(sc, 1).History)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(done)*ops, "ms/10k-ops")
}

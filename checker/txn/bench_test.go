package txn

import (
	"fmt"
	"runtime"
	"testing"

	"faultline/checker/judge"
)

func BenchmarkCheck(b *testing.B) {
	for _, c := range []struct {
		i    isolation
		name string
	}{{strictly, "strict"}, {lagging, "lagging"}, {snapshots, "snapshot"}, {committed, "committed"}} {
		for _, n := range []int{10_000, 100_000} {
			b.Run(fmt.Sprintf("lists/%s/txns=%d", c.name, n), func(b *testing.B) {
				ts := load(c.i, n, 20, 1)
				elements := 0
				for _, t := range ts {
					for _, op := range t.Ops {
						elements += len(op.Value.List)
					}
				}
				b.ReportAllocs()
				b.ReportMetric(float64(elements), "elements")
				runtime.GC()
				for b.Loop() {
					Check(ts, Options{}, judge.Budget{})
				}
			})
		}
	}
}

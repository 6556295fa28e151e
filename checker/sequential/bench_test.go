package sequential

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

func BenchmarkCheck(b *testing.B) {
	for _, kind := range []history.Kind{history.Write, history.Append} {
		for _, store := range []executiontest.Store{executiontest.Atomic, executiontest.Lagging, executiontest.Serial, executiontest.Converge} {
			for _, keys := range []int{1, 20} {
				n := 100_000
				if kind == history.Append {
					n = 10_000 // lists grow
				}
				h := executiontest.Plan{
					Store: store, Clients: 20, Keys: keys, Ops: n, Kinds: []history.Kind{history.Read, kind}, Think: 3,
				}.Make(rand.New(rand.NewPCG(1, 2)))
				b.Run(fmt.Sprintf("%v/%v/keys=%d", kind, store, keys), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						r := Check(h, judge.Budget{})
						b.ReportMetric(float64(r.Verdict), "verdict")
						b.ReportMetric(float64(len(r.Evidence.Ops)), "evidence")
						b.ReportMetric(float64(r.Steps), "steps")
					}
				})
			}
		}
	}
}

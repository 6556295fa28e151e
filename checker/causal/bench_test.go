package causal

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"faultline/checker/execution"
	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// big is a history of a store. One operation in eight or so may crash.
func big(n, clients, keys int, store executiontest.Store, crashes bool) history.History {
	rng := rand.New(rand.NewPCG(1, 2))
	return executiontest.Plan{
		Store: store, Clients: clients, Keys: keys, Ops: n, Crashes: crashes,
		Kinds: []history.Kind{history.Read, history.Write},
	}.Make(rng)
}

func BenchmarkJudge(b *testing.B) {
	for _, crashes := range []bool{false, true} {
		for _, clients := range []int{10, 50} {
			for _, keys := range []int{1, 20} {
				for _, store := range []executiontest.Store{executiontest.Memory, executiontest.Converge} {
					h := big(100_000, clients, keys, store, crashes)
					for _, m := range []Model{CC, CM, CCv, PRAM} {
						b.Run(fmt.Sprintf("%v/crashes=%v/clients=%d/keys=%d/%v", store, crashes, clients, keys, m), func(b *testing.B) {
							b.ReportAllocs()
							before := processor()
							for b.Loop() {
								r := Judge(execution.New(h), m, judge.Budget{})
								b.ReportMetric(float64(r.Verdict), "verdict")
								b.ReportMetric(float64(r.Steps), "steps")
							}
							b.ReportMetric(float64((processor()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
						})
					}
				}
			}
		}
	}
}

// processor is the time that this process has computed: less noisy than the clock.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}

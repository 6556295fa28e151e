package txn

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
)

func BenchmarkCheck(b *testing.B) {
	kinds := []string{"strict", "lagging", "snapshot", "committed", "unprepared"}
	for _, registers := range []bool{false, true} {
		for i := strictly; i <= unprepared; i++ {
			for _, n := range []int{10_000, 100_000} {
				shape := "lists"
				if registers {
					shape = "registers"
				}
				b.Run(fmt.Sprintf("%s/%s/txns=%d", shape, kinds[i], n), func(b *testing.B) {
					d := simulated(i, n, 20, 1)
					d.active, d.registers = 100, registers
					benchmark(b, d.run())
				})
			}
		}
	}
}

// benchmark reports the time of the processor as well: it is less noisy than the clock.
func benchmark(b *testing.B, ts []history.Transaction) {
	b.ReportAllocs()
	before := processor()
	for b.Loop() {
		Check(ts, Options{}, judge.Budget{})
	}
	b.ReportMetric(float64((processor()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Histories that ask much of the graph: one key, and nobody sees anything.
func BenchmarkBlind(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		for _, c := range []struct{ name, ops string }{
			{"appends", "ax1"}, {"updates", "rx- ax1"}, {"half", "rx- ay1"}, {"writes", "wx1"}, {"register-updates", "Rx- wx1"},
		} {
			b.Run(fmt.Sprintf("%s/txns=%d", c.name, n), func(b *testing.B) {
				var ts []history.Transaction
				for i := range n {
					t := tx(c.ops, i)
					for m := range t.Ops {
						if t.Ops[m].Kind != history.Read {
							t.Ops[m].Value = history.Num(int64(i + 1))
						}
					}
					ts = append(ts, t)
				}
				benchmark(b, ts)
			})
		}
	}
}

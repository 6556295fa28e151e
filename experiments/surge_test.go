package experiments_test

import (
	"testing"
	"time"

	"faultline/experiments"
	"faultline/sim"
)

// arrivals counts the operations of a run that were wanted in each of its seconds.
func arrivals(t *testing.T, faults string) (perSecond [12]int, first []sim.Time) {
	t.Helper()
	e := parse(t, `
version: 1
model: single
workload: {clients: 10, rate: 1000/s, for: 12s}
settle: 1s
faults: `+faults)
	sc := e.Cells[0].Scenario
	o := experiments.Run(sc, 1)
	for _, at := range o.Arrivals[:len(o.History)-len(o.Final)] {
		perSecond[at/sim.Time(time.Second)]++
		if at < sim.Time(4*time.Second) {
			first = append(first, at)
		}
	}
	return perSecond, first
}

// A surge changes the rate from its first instant to its last, also for clients
// that ask so seldom that a gap is longer than the surge; and nothing before it.
func TestSurge(t *testing.T) {
	_, calm := arrivals(t, "[]")
	for _, c := range []struct {
		faults string
		want   float64 // in each of the seconds from 4 to 8
	}{
		{"[{surge: {at: 4s, for: 4s, percent: 300}}]", 3000},
		{"[{surge: {at: 4s, for: 4s, percent: 10}}]", 100},
		{"[{surge: {at: 4s, for: 4s, percent: 300}}, {surge: {at: 4s, for: 4s, percent: 50}}]", 1500},
	} {
		perSecond, before := arrivals(t, c.faults)
		for second, n := range perSecond {
			want := 1000.0
			if second >= 4 && second < 8 {
				want = c.want
			}
			if off := float64(n) - want; off*off > 25*want { // five times the standard deviation of a Poisson law
				t.Errorf("%s: %d operations in second %d, want about %.0f", c.faults, n, second, want)
			}
		}
		if len(before) != len(calm) {
			t.Fatalf("%s: %d operations before the surge, %d without it", c.faults, len(before), len(calm))
		}
		for i := range calm {
			if before[i] != calm[i] {
				t.Fatalf("%s: before the surge an operation arrives at %v instead of %v", c.faults, before[i], calm[i])
			}
		}
	}
}

// Clients that ask seldom feel a surge as well.
func TestSurgeOfSlowClients(t *testing.T) {
	e := parse(t, `
version: 1
model: single
workload: {clients: 500, rate: 50/s, for: 12s}
settle: 1s
faults: [{surge: {at: 4s, for: 500ms, percent: 2000}}]`)
	o, n := experiments.Run(e.Cells[0].Scenario, 1), 0
	for _, at := range o.Arrivals {
		if at >= sim.Time(4*time.Second) && at < sim.Time(4500*time.Millisecond) {
			n++
		}
	}
	if n < 400 || n > 600 {
		t.Errorf("%d operations arrived in half a second at 1,000/s", n)
	}
}

package experiments

import (
	"testing"
	"time"

	"faultline/experiments/fault"
	"faultline/results"
	"faultline/sim"
)

// One good window in the middle of a storm is not the end of it, nor are too few at the end of the run.
func TestRecoveryIsToStay(t *testing.T) {
	const good, bad = 10, 2
	for _, c := range []struct {
		what string
		well func(second int) bool // whether the window that begins then is good
		want time.Duration
		ok   bool
	}{
		{"at once", func(int) bool { return true }, 0, true},
		{"a good second at 20, well from 30 on", func(s int) bool { return s == 20 || s >= 30 }, 20 * time.Second, true},
		{"well for the last three seconds", func(s int) bool { return s >= 57 }, 0, false},
		{"never", func(int) bool { return false }, 0, false},
	} {
		s := served{row: &results.Row{}, window: time.Second}
		for second := range 60 {
			ok := bad
			if c.well(second) {
				ok = good
			}
			s.row.Timeline.Called = append(s.row.Timeline.Called, good)
			s.row.Timeline.OK = append(s.row.Timeline.OK, ok)
		}
		o := &Outcome{Bands: []fault.Band{{To: sim.Time(10 * time.Second)}}}
		if got, ok := s.recovery(o, time.Minute); got != c.want || ok != c.ok {
			t.Errorf("%s: %v %v, want %v %v", c.what, got, ok, c.want, c.ok)
		}
	}
}

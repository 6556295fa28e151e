package experiments

import (
	"testing"
	"time"

	"faultline/experiments/fault"
	"faultline/experiments/workload"
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
		{"well from 20 on, and ill again from 40 on", func(s int) bool { return s >= 20 && s < 40 }, 0, false},
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
		s.row.Metrics = map[string]float64{}
		o := &Outcome{Bands: []fault.Band{{To: sim.Time(10 * time.Second)}}}
		s.scoreOutage(&Scenario{Workload: workload.Workload{Duration: time.Minute}}, o, nil)
		got, ok := s.row.Metrics["recovery"]
		if got != ms(c.want) || ok != c.ok || (s.row.Metrics["recovered"] == 1) != c.ok {
			t.Errorf("%s: %v ms %v, want %v %v", c.what, got, ok, c.want, c.ok)
		}
	}
}

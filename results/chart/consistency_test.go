package chart

import (
	"strings"
	"testing"

	"faultline/results"
)

// Of ten reads in each window, all are consistent in one store, and six in the
// other while the fault lasts.
func TestTimelineOfConsistency(t *testing.T) {
	var rows []results.Row
	for cell, wrong := range []int{0, 4} {
		for seed := range uint64(5) {
			r := results.Row{
				Cell: cell, Series: []string{"raft", "lww"}[cell], Model: []string{"raft", "lww"}[cell], Seed: seed + 1,
				Params:  []results.Param{{Name: "model", Value: []string{"raft", "lww"}[cell]}},
				Metrics: map[string]float64{"succeeded": 1, "consistency": 1}, Verdicts: map[string]string{},
				Faults:   []results.Band{{FromMS: 1000, ToMS: 2000, Label: "halves"}},
				Timeline: results.Timeline{WindowMS: 250},
			}
			for w := range 12 {
				bad := 0
				if 4 <= w && w < 8 {
					bad = wrong
				}
				r.Timeline.Called, r.Timeline.OK = append(r.Timeline.Called, 20), append(r.Timeline.OK, 20)
				r.Timeline.Judged, r.Timeline.Wrong = append(r.Timeline.Judged, 10), append(r.Timeline.Wrong, bad)
			}
			rows = append(rows, r)
		}
	}
	set := results.NewSet(testManifest("partition", 5), rows)
	for metric, want := range map[string]string{
		"consistency": "While the fault (halves) lasts, raft serves 100% of reads consistently and lww 60%",
		"succeeded":   "While the fault (halves) lasts, 100% of operations are answered",
	} {
		f, err := figureOf("timeline", set, Options{Metric: metric})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(f.title, want) {
			t.Errorf("%s: title %q, want %q", metric, f.title, want)
		}
	}
}

package experiments_test

import (
	"fmt"
	"reflect"
	"testing"

	"faultline/checker"
	"faultline/checker/atomicity"
	"faultline/experiments"
	"faultline/models"
	"faultline/results"
)

// What is scored without a search must be scored alike with one, for every store and
// every mutant of it, whatever goes wrong in the run.
func TestWhatIsExplainedIsScoredAlike(t *testing.T) {
	explained, runs := 0, 0
	var scorer experiments.Scorer
	var same, own []results.Row
	for _, m := range models.All {
		for i := range len(m.Mutants) + 1 {
			mutant := ""
			if i > 0 {
				mutant = ", mutant: " + m.Mutants[i-1].Name
			}
			sc := parse(t, fmt.Sprintf(rough, "model: {kind: "+m.Name+mutant+"}", "{timeout: 100ms, total: 500ms}", mixOf(m.Name))).Cells[0].Scenario
			for seed := range uint64(4) {
				o := experiments.Run(sc, seed)
				same, own = append(same, scorer.Score(sc, o)), append(own, experiments.Score(sc, o))
				s := checker.Score(checker.Run{History: o.History, Finals: o.Final})
				runs++
				if !s.Detail.Explained {
					continue
				}
				explained++
				if a := atomicity.Measure(o.History); a.Delta.Time != 0 || a.Gamma.Time != 0 || len(a.Late)+len(a.Wrong)+len(a.Removal.Ops) > 0 || a.K != s.Detail.Atomicity.K || a.Reads != s.Detail.Atomicity.Reads {
					t.Errorf("%s%s, seed %d: atomicity %+v", m.Name, mutant, seed, a)
				}
				r := checker.Levels(o.History, checker.Budget{})
				for _, l := range r.Levels {
					if l.Verdict != checker.Holds {
						t.Errorf("%s%s, seed %d: %+v", m.Name, mutant, seed, l)
					}
				}
				for _, guarantee := range r.Sessions {
					if guarantee.Broken > 0 {
						t.Errorf("%s%s, seed %d: %+v", m.Name, mutant, seed, guarantee)
					}
				}
			}
		}
	}
	for i := range own { // only now: a row must outlive the runs that follow
		if !reflect.DeepEqual(same[i], own[i]) {
			t.Errorf("%s, seed %d: %+v\nin memory of its own: %+v", own[i].Series, own[i].Seed, same[i], own[i])
		}
	}
	if explained < runs/4 || explained == runs {
		t.Errorf("%d of %d runs were explained: the test compares too little", explained, runs)
	}
}

package experiments_test

import (
	"slices"
	"testing"

	"faultline/experiments"
)

// The experiments that crash a machine at every step do so at every step that the
// model names: none is left out, and each that some variant takes strikes there.
func TestEveryStepIsStruck(t *testing.T) {
	for _, name := range []string{"outbox", "saga"} {
		e, err := experiments.LoadShipped(name)
		if err != nil {
			t.Fatal(err)
		}
		var swept []string
		struck := map[string]bool{}
		var runner experiments.Runner
		for i := range e.Cells {
			cell := &e.Cells[i]
			step := ""
			for _, p := range cell.Params {
				if p.Name == "faults[0].crash-at-step.step" {
					step = p.Value
				}
			}
			if !slices.Contains(swept, step) {
				swept = append(swept, step)
			}
			if !struck[step] {
				struck[step] = len(runner.Run(cell.Scenario, 1).Bands) > 0
			}
		}
		if named := e.Cells[0].Scenario.Model.Steps; !slices.Equal(swept, named) {
			t.Errorf("%s sweeps %v, and the model names %v", name, swept, named)
		}
		for _, step := range swept {
			if !struck[step] {
				t.Errorf("%s: no variant comes to the step %s", name, step)
			}
		}
	}
}

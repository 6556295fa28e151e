package results

import "testing"

// cellOf makes a cell of runs, each given by the levels that held; the others were violated.
func cellOf(runs ...map[string]string) *Cell {
	c := &Cell{summaries: map[string]Summary{}}
	for i, verdicts := range runs {
		c.Rows = append(c.Rows, Row{Seed: uint64(i + 1), Verdicts: verdicts})
	}
	return c
}

func TestLevelIsTheStrongestThatHeldInEveryRun(t *testing.T) {
	all := map[string]string{"linearizable": Holds, "sequential": Holds, "causal": Holds, "pram": Holds}
	causal := map[string]string{"linearizable": Violated, "sequential": Violated, "causal": Holds, "pram": Holds}
	unsure := map[string]string{"linearizable": Violated, "sequential": Undecided, "causal": Holds, "pram": Holds}
	nothing := map[string]string{"linearizable": Violated, "sequential": Violated, "causal": Violated, "pram": Violated}
	for _, c := range []struct {
		what string
		cell *Cell
		want string
	}{
		{"all runs linearizable", cellOf(all, all), "linearizable"},
		{"one is only causal", cellOf(all, causal, all), "causal"},
		{"undecided is not held", cellOf(all, unsure), "causal"},
		{"one holds nothing", cellOf(all, nothing), ""},
		{"a run that was not judged", cellOf(all, nil), ""},
		{"no runs", cellOf(), ""},
	} {
		if got, _ := c.cell.Level(); got.Name != c.want {
			t.Errorf("%s: level %q, want %q", c.what, got.Name, c.want)
		}
	}
}

package experiments_test

import (
	"testing"

	"faultline/checker/history"
	"faultline/experiments"
)

const optimistic = `
version: 1
model: {kind: single, sync: false}
network: {latency: 1ms}
machine: {cpu: 0s}
warmup: 0s
workload: {clients: 3, keys: 1, for: 10s, think: 0s, optimistic: {updates: 2, backoff: {kind: constant, base: 5ms}}}
client: {timeout: 1h, total: 1h, max_attempts: 1}
`

func outcome(t *testing.T, text string) (*experiments.Scenario, *experiments.Outcome) {
	t.Helper()
	e, err := experiments.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sc := e.Cells[0].Scenario
	return sc, experiments.Run(sc, 1)
}

// By hand: the compare-and-sets of three clients in step arrive at 3 ms. One is first,
// goes on, and is done at 8 ms. The other two wait from 4 to 9 ms; the first of them
// is done at 17 ms, and the last one waits from 13 to 18 ms and is done at 26 ms.
func TestOptimisticUpdatesBeginAgain(t *testing.T) {
	sc, o := outcome(t, optimistic)
	swapped, late := 0, 0
	for _, op := range o.History {
		switch {
		case op.Kind != history.CAS:
		case op.Swapped:
			swapped++
		default:
			late++
		}
	}
	if swapped != 6 || late != 3 {
		t.Errorf("%d compare-and-sets swapped and %d were late, not 6 and 3", swapped, late)
	}
	row := experiments.Score(sc, o)
	if row.Verdicts[experiments.PropLinearizable] != "holds" {
		t.Errorf("linearizable: %v", row.Verdicts)
	}
	if m := row.Metrics; m["swaps_tried"] != 9 || m["last_update"] != 26 {
		t.Errorf("%v compare-and-sets, the last one at %v ms", m["swaps_tried"], m["last_update"])
	}
}

// Without a number of updates, clients go on until the run ends.
func TestOptimisticUpdatesKeepOnWithoutACount(t *testing.T) {
	sc, o := outcome(t, optimistic+"sweep: {workload.optimistic.updates: [0]}\n")
	row := experiments.Score(sc, o)
	if last := row.Metrics["last_update"]; last < 9000 {
		t.Errorf("the last update of a run of 10 s was at %v ms", last)
	}
}

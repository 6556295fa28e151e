package experiments_test

import (
	"fmt"
	"testing"

	"faultline/experiments"
)

const idempotencyGrid = `
version: 1
model: %s
workload: {like: charges, clients: 5, for: 20s, keys: 2, think: exponential(50ms)}
network: {loss: 4%%}
client: {timeout: 200ms, total: 6s, backoff: {kind: constant, base: 1500ms}, resend: always}
faults:
  - crash: {target: leader, every: 2500ms, for: 1s}
idempotency: {}
sweep:
  idempotency.key: [intent, attempt, none]
  idempotency.table: [replicated, local, none]
  idempotency.record: [atomic, after, before]
  idempotency.window: [1s, 7s]
`

// The whole grid of key, table, record and window, on three stores. Each charge
// happens exactly once if the key names the intent, the table is replicated and
// atomic, and its window covers the age of all retries. In every other setting a
// charge happens twice, or never.
func TestDuplicatesAreZeroOnlyWhenAllIsRight(t *testing.T) {
	for _, model := range []string{"single", "primarybackup", "raft"} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			e, err := experiments.Parse("grid.yaml", []byte(fmt.Sprintf(idempotencyGrid, model)))
			if err != nil {
				t.Fatal(err)
			}
			for i := range e.Cells {
				judgeOnce(t, &e.Cells[i])
			}
		})
	}
}

func judgeOnce(t *testing.T, cell *experiments.Cell) {
	setting := map[string]string{}
	for _, p := range cell.Params {
		setting[p.Name] = p.Value
	}
	right := setting["idempotency.key"] == "intent" && setting["idempotency.table"] == "replicated" &&
		setting["idempotency.record"] == "atomic" && setting["idempotency.window"] == "7s"
	var runner experiments.Runner
	for seed := range uint64(hunted) {
		if right && seed == tried {
			return
		}
		m := experiments.Score(cell.Scenario, runner.Run(cell.Scenario, seed)).Metrics
		if m["phantoms"] > 0 {
			t.Errorf("%s, seed %d: %v effects that nobody asked for", cell.Series, seed, m["phantoms"])
		}
		if m["duplicates"]+m["lost"] == 0 {
			continue
		}
		if right {
			t.Errorf("%s, seed %d: %v duplicates, %v lost", cell.Series, seed, m["duplicates"], m["lost"])
		}
		return
	}
	t.Errorf("%s: in none of %d seeds a charge happened twice or never", cell.Series, hunted)
}

const (
	tried  = 6  // seeds of the right setting
	hunted = 40 // seeds in which every other must show what is wrong with it
)

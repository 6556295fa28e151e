package experiments_test

import (
	"fmt"
	"testing"

	"faultline/experiments"
)

// Of a request that fails, two layers of two attempts make four of a database that is down:
// who asked whom is counted at every step.
func TestCallsBetweenServicesAreCounted(t *testing.T) {
	e := parse(t, `
version: 1
services:
  edge: {n: 2, calls: [{to: mid, client: {timeout: 1h, total: 1h, max_attempts: 2, backoff: {kind: none}}}]}
  mid: {n: 1, calls: [{to: db, client: {timeout: 5ms, total: 1h, max_attempts: 2, backoff: {kind: none}}}]}
  db: {n: 1}
network: {latency: 100us}
machine: {cpu: 0s}
workload: {clients: 2, rate: 50/s, for: 20s, reads: 100%}
client: {timeout: 1h, total: 1h, max_attempts: 1}
judge: service
faults: [{crash: {at: 0s, for: 30s, target: db}}]
`)
	sc := e.Cells[0].Scenario
	o := experiments.Run(sc, 1)
	row := experiments.Score(sc, o)
	ops := len(o.History) - len(o.Final)
	want := fmt.Sprintf("clients>edge:%d edge>mid:%d mid>db:%d", ops, 2*ops, 4*ops)
	got := ""
	for i, edge := range row.Edges {
		got += fmt.Sprintf("%s>%s:%d", edge.From, edge.To, edge.Calls)
		if i < len(row.Edges)-1 {
			got += " "
		}
		if edge.OK != 0 {
			t.Errorf("%s has %d answers OK of %s, which is down", edge.From, edge.OK, edge.To)
		}
	}
	if got != want || row.Metrics["calls_per_op"] != 4 {
		t.Errorf("%s, at most %v for each operation; want %s and 4", got, row.Metrics["calls_per_op"], want)
	}
	without := parse(t, "version: 1\nmodel: single\nworkload: {for: 1s}\n").Cells[0].Scenario
	if row := experiments.Score(without, experiments.Run(without, 1)); row.Edges != nil {
		t.Errorf("without services there is %v", row.Edges)
	}
}

// Braces set several settings alike: one cell for each value, not for each combination.
func TestBracesSweepSettingsTogether(t *testing.T) {
	e := parse(t, `
version: 1
services:
  a: {n: 1, calls: [b]}
  b: {n: 1}
workload: {reads: 100%}
sweep:
  "services.{a, b}.server.workers": [2, 5]
`)
	if len(e.Cells) != 2 {
		t.Fatalf("%d cells, want 2", len(e.Cells))
	}
	for i, want := range []int{2, 5} {
		for _, s := range e.Cells[i].Scenario.Services.Services {
			if s.Server == nil || s.Server.Workers != want {
				t.Errorf("cell %d: service %s has %+v, want %d workers", i, s.Name, s.Server, want)
			}
		}
	}
	if _, err := experiments.Parse("test.yaml", []byte("version: 1\nmodel: single\nsweep: {\"workload.{keys,kyes}\": [1]}\n")); err == nil {
		t.Error("a setting in braces that there is not was taken")
	}
}

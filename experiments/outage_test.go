package experiments_test

import (
	"math"
	"testing"

	"faultline/experiments"
)

// metricsOf runs a text with one seed and returns the metrics of its only cell.
func metricsOf(t *testing.T, text string) map[string]float64 {
	t.Helper()
	sc := parse(t, "version: 1\nnetwork: {latency: 1ms}\nsettle: 1s\n"+text).Cells[0].Scenario
	return experiments.Score(sc, experiments.Run(sc, 1)).Metrics
}

// near fails unless a metric is within so much of what is wanted; NaN is none at all.
func near(t *testing.T, what string, m map[string]float64, name string, want, off float64) {
	t.Helper()
	got, ok := m[name]
	if ok == math.IsNaN(want) || math.Abs(got-want) > off {
		t.Errorf("%s: %s is %v (%v), want %v within %v", what, name, got, ok, want, off)
	}
}

// A poison client takes with it whom its requests reach: all, its cell, or in shards of
// two of six replicas those who share one; who shares both is cut off, which a retry does not help.
func TestBlastRadius(t *testing.T) {
	text := func(shards string) string {
		return `
services:
  front: {n: 3, calls: [{to: work, client: {max_attempts: 2, timeout: 50ms, balance: round-robin}}]}
  work: {n: 6, ` + shards + `}
workload: {clients: 30, rate: 600/s, for: 20s, keys: 40, reads: 100%}
client: {max_attempts: 1, timeout: 300ms}
faults: [{poison: {clients: c1, target: work, at: 5s, for: 10s, down: 20s}}]
`
	}
	all := metricsOf(t, text("shards: {size: 6}"))
	near(t, "no shards", all, "blast_radius", 1, 0)
	near(t, "no shards", all, "cut_off", 0, 0.2) // but for those who asked only when all were down
	cells := metricsOf(t, text("shards: {size: 2, kind: cells}"))
	near(t, "cells", cells, "blast_radius", 9.0/29, 0) // the nine of its cell; c1 itself does not count
	shuffled := metricsOf(t, text("shards: {size: 2}"))
	near(t, "shuffled", shuffled, "blast_radius", 1-6.0/15, 0.2) // C(4,2)/C(6,2) share neither
	keys := metricsOf(t, text("shards: {size: 1, kind: cells, by: key}"))
	near(t, "by key", keys, "blast_shards", 1, 0) // the client asks for all keys
}

// What a fault of one shard touches is one shard of keys, and its keys; without faults nothing is touched.
func TestBlastOfShards(t *testing.T) {
	text := `
services: {api: {n: 4, shards: {size: 1, kind: cells, by: key}}}
workload: {clients: 10, rate: 400/s, for: 10s, keys: 200, reads: 100%}
client: {max_attempts: 1, timeout: 100ms}
`
	m := metricsOf(t, text+"faults: [{crash: {target: n2, at: 3s, for: 4s}}]\n")
	near(t, "one of four", m, "blast_shards", 0.25, 0)
	near(t, "one of four", m, "blast_keys", 0.25, 0.08)
	near(t, "one of four", m, "blast_radius", 1, 0)
	near(t, "one of four", m, "error_budget", 100, 25) // 40% of the time a quarter fails: 10% of all, of which one in a thousand may
	near(t, "one of four", m, "hysteresis", 0, 0)
	near(t, "one of four", m, "recovery", 0, 0)
	cut := metricsOf(t, text+"faults: [{cut-client: {target: c3, at: 3s, for: 4s}}]\n")
	near(t, "a client is cut off", cut, "cut_off", 0.1, 0)
	near(t, "a client is cut off", cut, "blast_radius", 0.1, 0)
	calm := metricsOf(t, text)
	for _, name := range []string{"blast_radius", "blast_keys", "blast_shards", "cut_off", "hysteresis", "recovered", "recovery"} {
		near(t, "without faults", calm, name, math.NaN(), 0)
	}
	near(t, "without faults", calm, "error_budget", 0, 0)
	near(t, "without faults", metricsOf(t, text+"slo: 99%\nfaults: [{crash: {target: n2, at: 3s, for: 4s}}]\n"), "error_budget", 10, 2.5)
}

// A load that goes up and down shows where service falls and where it comes back:
// with retries that nothing bounds far below.
func TestHysteresisOfTheLoad(t *testing.T) {
	text := func(client string) string {
		return `
services: {api: {n: 1}}
server: {workers: 5, service: exponential(50ms), queue: {limit: 100}, drop_expired: true}
workload: {clients: 20, rate: 50/s, for: 120s, keys: 1, reads: 100%}
client: ` + client + `
faults:
  - surge: {at: 20s, for: 80s, percent: 160}
  - surge: {at: 40s, for: 30s, percent: 250}
`
	}
	plain := metricsOf(t, text("{max_attempts: 1, timeout: 500ms}"))
	near(t, "no retries", plain, "falls_at", 200, 0)
	near(t, "no retries", plain, "recovers_at", 80, 0)
	near(t, "no retries", plain, "load_gap", 120, 0)
	retries := metricsOf(t, text("{max_attempts: 4, timeout: 500ms, total: 10s, backoff: {kind: none}}"))
	near(t, "retries", retries, "falls_at", 200, 0)
	if at, back := retries["recovers_at"]; back && at > 50 {
		t.Errorf("with retries service recovers at %v per second, as if nothing had been", at)
	}
	near(t, "no surge", metricsOf(t, "model: single\nworkload: {rate: 10/s, for: 5s}\n"), "falls_at", math.NaN(), 0)
}

package experiments_test

import (
	"fmt"
	"math"
	"testing"

	"faultline/experiments"
)

// only is what makes a shipped experiment one cell, to be changed at will.
var only = []string{"sweep={}", "expect={}", "plot=[]"}

// mean runs a shipped experiment with other settings and averages a metric over seeds.
func mean(t *testing.T, name, metric string, seeds int, settings ...string) float64 {
	t.Helper()
	e, err := experiments.LoadShipped(name, append(append([]string(nil), only...), settings...)...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	sum := 0.0
	var runner experiments.Runner
	for seed := range uint64(seeds) {
		sc := e.Cells[0].Scenario
		sum += experiments.Score(sc, runner.Run(sc, seed+1)).Metrics[metric]
	}
	return sum / float64(seeds)
}

// choose returns n choose k.
func choose(n, k int) float64 {
	c := 1.0
	for i := range k {
		c *= float64(n-i) / float64(i+1)
	}
	return c
}

// erlangB is the share that finds c places taken at a load of a.
func erlangB(c int, a float64) float64 {
	b := 1.0
	for i := 1; i <= c; i++ {
		b = a * b / (float64(i) + a*b)
	}
	return b
}

// Whoever edits a shipped experiment gets what theory says of the numbers that they
// wrote, not of those that it ships with.
func TestShippedExperimentsFollowTheirFormulas(t *testing.T) {
	for _, c := range []struct {
		name, metric string
		settings     []string
		want, within float64 // a share of it
	}{
		// 3 attempts at the edge, 2 and 4 below; then two at each of four layers, of which 80% fail.
		{"layers", "calls_per_op", []string{"services.edge.calls[0].to=layer-3", "services.layer-3.calls[0].client.max_attempts=2",
			"services.layer-2.calls[0].client.max_attempts=4", "faults[0].gray-link.share=100%"}, 3 * 2 * 4, 0.01},
		{"layers", "calls_per_op", []string{"services.edge.calls[0].to=layer-4", "services.edge.calls[0].client.max_attempts=2", "services.layer-4.calls[0].client.max_attempts=2",
			"services.layer-3.calls[0].client.max_attempts=2", "services.layer-2.calls[0].client.max_attempts=2", "faults[0].gray-link.share=80%"}, (1 - math.Pow(0.8, 16)) / 0.2, 0.05},
		// 30 clients with a bucket of 20 each, in an outage.
		{"budgets", "attempts_per_op", []string{"workload.clients=30", "network.loss=100%",
			"client={timeout: 5ms, total: 1h, max_attempts: 4, backoff: {kind: none}, budget: {rule: per-success, tokens: 20}}"}, 1 + 20*30/12000.0, 0.01},
		// One in five logins fails, one in four stocks.
		{"optional-dependency", "succeeded", []string{"faults[0].gray-link.share=20%", "faults[1].gray-link.share=25%", "faults[2].gray-link.share=0%"}, 0.8 * 0.75, 0.02},
		// Service twice as slow: the same share of alarms at twice the timeout.
		{"timeout-choice", "false_alarms", []string{"server.service=exponential(40ms)", "client.timeout=80ms"}, 0.8 * math.Exp(-2), 0.06},
		// 40 places for 80/s of 1 s.
		{"bulkhead", "succeeded", []string{"services.shop.concurrent=40", "workload.rate=80/s"}, 1 - erlangB(40, 80)/3, 0.02},
		// Three of twelve workers each, of which five are down.
		{"shuffle-sharding", "succeeded", []string{"services.api.n=12", "services.api.shards={size: 3}", "faults[0].crash.target=\"n1, n2, n3, n4, n5\""}, 1 - choose(5, 3)/choose(12, 3), 0.02},
		// Three of twenty shards are down, and the breaker opens at a third: it never does.
		{"breaker", "succeeded", []string{"services.api.n=20", "faults[0].crash.target=\"n1, n2, n3\"",
			"client={timeout: 100ms, total: 1h, max_attempts: 1, breaker: {rule: last-calls, ratio: 33%}}"}, 1 - 3.0/20*2/3, 0.02},
	} {
		if got := mean(t, c.name, c.metric, 3, c.settings...); math.Abs(got-c.want) > c.within*c.want {
			t.Errorf("%s with %v: %s is %.4f, by the formula %.4f", c.name, fmt.Sprint(c.settings), c.metric, got, c.want)
		}
	}
}

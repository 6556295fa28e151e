package experiments_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"faultline/experiments"
	"faultline/models"
	"faultline/net/policy"
	"faultline/sim"
)

// everyPolicy lists each preset, and each rule of each part by itself, as files write them.
func everyPolicy() []string {
	var all []string
	add := func(format string, names ...string) {
		for _, name := range names {
			all = append(all, fmt.Sprintf("{timeout: 100ms, total: 500ms, max_attempts: 3, "+format+"}", name))
		}
	}
	for _, p := range policy.Presets {
		all = append(all, fmt.Sprintf("{preset: %s, timeout: 100ms, total: 500ms}", p.Name))
	}
	add("backoff: {kind: %s, base: 5ms}", policy.NamesOf(policy.Kinds)...)
	add("budget: {rule: %s, per_second: 1, free: 1}", policy.NamesOf(policy.BudgetRules)...)
	add("balance: %s", policy.NamesOf(policy.BalanceRules)...)
	for _, scope := range policy.NamesOf(policy.Scopes) {
		add("breaker: {rule: %s, per: "+scope+", failures: 2, calls: 4, open: 200ms}", policy.NamesOf(policy.BreakerRules)...)
		add("limiter: {rule: %s, per: "+scope+", initial: 2}", policy.NamesOf(policy.LimiterRules)...)
	}
	add("%s", "hedge: {after: 5ms}", "hedge: {percentile: 90, unsafe: true}", "throttle: {k: 1.5, window: 1s}", "eject: {failures: 2, for: 200ms}", "cancel: true", "resend: always")
	return all
}

// rough is a run in which attempts fail in every way: lost, too late, refused, of a machine that is gone.
const rough = `
version: 1
%s
client: %s
workload: {clients: 4, %s, for: 900ms, keys: 3}
network: {latency: exponential(2ms), loss: 4%%, duplicate: 2%%}
faults: [{crash: {target: n1, at: 200ms, for: 400ms}}]
settle: 2s
`

// targets are what policies stand before: every store with servers of its own, a
// plain service, and services before a store.
func targets() map[string]string {
	all := map[string]string{
		"service":  "server: {service: exponential(3ms), queue: {limit: 10}}\nservices: {api: {n: 2}}",
		"services": "model: raft\nservices: {front: {n: 2, calls: [mid]}, mid: {n: 2, calls: [store]}}",
	}
	for _, m := range models.All {
		all[m.Name] = "server: {service: exponential(2ms), queue: {limit: 10}}\nmodel: " + m.Name
	}
	return all
}

// Every policy stands before every store, and before services: what the store
// promises is kept, unless clients ask for the opposite, and a second run is the same.
func TestEveryPolicyBeforeEveryStore(t *testing.T) {
	for name, what := range targets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var runner experiments.Runner
			for _, p := range everyPolicy() {
				sc := parse(t, fmt.Sprintf(rough, what, p, mixOf(name))).Cells[0].Scenario
				o := runner.Run(sc, 7)
				hash, row := o.Hash, experiments.Score(sc, o)
				if again := runner.Run(sc, 7); again.Hash != hash {
					t.Errorf("%s gave hash %016x, then %016x", p, hash, again.Hash)
				}
				if row.Ops.OK == 0 {
					t.Errorf("%s: no operation succeeded", p)
				}
				if len(row.Beyond) > 0 || strings.Contains(p, "unsafe") || strings.Contains(p, "resend: always") {
					continue
				}
				for _, property := range experiments.Promised(sc.Model.Claims(sc.Config())) {
					if row.Verdicts[property] == "violated" {
						t.Errorf("%s: not %s: %s", p, property, row.Evidence[property])
					}
				}
			}
		})
	}
}

// mixOf returns what clients ask of a store.
func mixOf(name string) string {
	switch name {
	case "service":
		return "rate: 200/s, reads: 100%"
	case "outbox", "transfer":
		return "rate: 60/s, updates: append"
	}
	return "rate: 60/s"
}

// A part of a policy that has no occasion to act changes not one event.
func TestAPolicyThatNeverActsChangesNothing(t *testing.T) {
	for name, what := range targets() {
		calm := func(client string) uint64 {
			text := fmt.Sprintf(rough, what, client, mixOf(name))
			text = strings.NewReplacer("loss: 4%, duplicate: 2%", "loss: 0%", "faults: [{crash: {target: n1, at: 200ms, for: 400ms}}]", "faults: []", "queue: {limit: 10}", "queue: {limit: 1000}").Replace(text)
			return experiments.Run(parse(t, text).Cells[0].Scenario, 7).Hash
		}
		bare := calm("{timeout: 2s, total: 5s}")
		for _, part := range []string{
			"backoff: {kind: decorrelated, base: 7ms}", "budget: {rule: grpc}", "budget: {rule: concurrent, free: 3}", "throttle: {k: 2}",
			"breaker: {rule: last-calls, per: replica}", "limiter: {rule: fixed, initial: 1000}", "eject: {failures: 5}",
			"hedge: {after: 1800ms}", "cancel: true",
		} {
			if got := calm("{timeout: 2s, total: 5s, " + part + "}"); got != bare {
				t.Errorf("%s: with %s, which has no occasion to act, the hash is %016x instead of %016x", name, part, got, bare)
			}
		}
	}
}

// A link and what became of the messages on it, one after the other.
type fates map[[2]sim.NodeID][]sim.Fate

// watch returns what a run asked for, and when, and the fate of every message.
func watch(t *testing.T, text string) (asked []string, links fates) {
	t.Helper()
	sc, links := parse(t, text).Cells[0].Scenario, fates{}
	o := experiments.Watch(sc, 7, func(tr sim.Trace) {
		if tr.What == sim.Sent {
			link := [2]sim.NodeID{tr.From, tr.Node}
			links[link] = append(links[link], tr.Fate)
		}
	})
	for i := range o.History[:len(o.History)-len(o.Final)] {
		op := &o.History[i]
		asked = append(asked, fmt.Sprint(op.Client%sc.Workload.Clients, op.Kind, op.Key, o.Arrivals[i]))
	}
	slices.Sort(asked)
	return asked, links
}

// Without a policy, or with another one, the same operations arrive at the same
// instants, and the n-th message on every link has the same fate: what differs is
// what the policy does. So it is with the policy of one call between services.
func TestRemovingAPolicyMovesNoOtherDraw(t *testing.T) {
	services := func(call string) string {
		return "model: single\nservices: {front: {n: 2, calls: [{to: ads, optional: true}, {to: mid, client: " + call + "}]}, ads: {n: 1}, mid: {n: 2, calls: [store]}}"
	}
	const plain = "{max_attempts: 1, timeout: 100ms}"
	var cases [][2]string
	for _, p := range everyPolicy() {
		cases = append(cases, [2]string{fmt.Sprintf(rough, "model: raft", plain, "rate: 60/s"), fmt.Sprintf(rough, "model: raft", p, "rate: 60/s")})
		cases = append(cases, [2]string{fmt.Sprintf(rough, services(plain), plain, "rate: 60/s"), fmt.Sprintf(rough, services(p), plain, "rate: 60/s")})
	}
	for _, c := range cases {
		asked, links := watch(t, c[0])
		others, with := watch(t, c[1])
		if !slices.Equal(asked, others) {
			t.Errorf("other operations arrive, or at other instants, with\n%s", c[1])
		}
		for _, link := range slices.SortedFunc(maps.Keys(links), func(a, b [2]sim.NodeID) int { return slices.Compare(a[:], b[:]) }) {
			n := min(len(links[link]), len(with[link]))
			if !slices.Equal(links[link][:n], with[link][:n]) {
				t.Errorf("messages from %d to %d fare otherwise with\n%s", link[0], link[1], c[1])
			}
		}
	}
}

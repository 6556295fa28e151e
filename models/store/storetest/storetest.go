// Package storetest is the conformance suite that every store model passes: it
// holds a model to what it declares. A new store calls Run in its own tests and
// needs no others to be trusted by the rest of the house.
package storetest

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/experiments"
	"faultline/experiments/fault"
	"faultline/experiments/workload"
	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
	"faultline/sim/dist"
)

var seeds = flag.Int("seeds", 20, "seeds of random faults under which every claim is tested; every fifth is a hard trial")

// mutantSeeds bounds how long a mutant may hide.
const mutantSeeds = 100

// A Variant is a model with settings under which it is tested as well.
type Variant struct {
	Name string
	Set  store.Values
}

// Run holds a model to its declarations, with its defaults and in each variant,
// and sees to it that its mutants are caught.
func Run(t *testing.T, m *store.Model, variants ...Variant) {
	t.Run("declares", func(t *testing.T) { declares(t, m) })
	for _, v := range append([]Variant{{Name: "default"}}, variants...) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			t.Run("serves", func(t *testing.T) { serves(t, m, v) })
			t.Run("repeats", func(t *testing.T) { repeats(t, m, v) })
			t.Run("claims", func(t *testing.T) { claims(t, m, v) })
		})
	}
	t.Run("mutants", func(t *testing.T) {
		t.Parallel()
		mutants(t, m)
	})
}

// declares tests that the catalogue entry is whole.
func declares(t *testing.T, m *store.Model) {
	if m.Name == "" || m.Summary == "" || m.Paper == "" || len(m.Kinds) == 0 {
		t.Errorf("name, summary, paper and kinds must be filled in: %q %q %q %v", m.Name, m.Summary, m.Paper, m.Kinds)
	}
	if len(m.Mutants) < 2 {
		t.Errorf("%d mutants: there must be two at least", len(m.Mutants))
	}
	for _, p := range m.Params {
		if p.Doc == "" {
			t.Errorf("parameter %s has no documentation", p.Name)
		}
		switch p.Default.(type) {
		case int, bool, time.Duration, string:
		default:
			t.Errorf("parameter %s has a default of type %T", p.Name, p.Default)
		}
		if err := p.Check(p.Default); err != nil {
			t.Errorf("the default of parameter %s is out of its range: %v", p.Name, err)
		}
	}
	for _, mutant := range m.Mutants {
		if mutant.Doc == "" {
			t.Errorf("mutant %s has no documentation", mutant.Name)
		}
		for name := range mutant.Set { // any order: each is tested by itself
			if m.Param(name) == nil {
				t.Errorf("mutant %s sets parameter %s, which there is not", mutant.Name, name)
			}
		}
	}
}

// serves tests that without faults every operation succeeds.
func serves(t *testing.T, m *store.Model, v Variant) {
	sc := Scenario(m, v.Set, 1)
	o := experiments.Run(sc, 1)
	row := experiments.Score(sc, o)
	if row.Ops.OK == 0 || row.Ops.Failed+row.Ops.Unknown > 0 {
		t.Errorf("without faults: %+v; every operation should succeed", row.Ops)
	}
	hold(t, m, sc, o)
}

// repeats tests that the same seed gives the same run, and another seed another.
func repeats(t *testing.T, m *store.Model, v Variant) {
	sc := Harm(Scenario(m, v.Set, 2), 2)
	first, second, other := experiments.Run(sc, 2), experiments.Run(sc, 2), experiments.Run(sc, 3)
	if first.Hash != second.Hash {
		t.Errorf("seed 2 gave hash %016x, then %016x", first.Hash, second.Hash)
	}
	if first.Hash == other.Hash {
		t.Errorf("seeds 2 and 3 gave the same hash %016x: the run does not depend on its seed", first.Hash)
	}
}

// claims tests that the model keeps its promise under random faults that break
// none of its assumptions, and that it serves again once they are healed.
func claims(t *testing.T, m *store.Model, v Variant) {
	var runner experiments.Runner
	for seed := range uint64(*seeds) {
		sc := trial(m, v.Set, seed)
		o := runner.Run(sc, seed)
		if len(o.Beyond) > 0 {
			t.Fatalf("seed %d: the plan breaks %v", seed, o.Beyond)
		}
		hold(t, m, sc, o)
		unread := silent(o.Final)
		if len(unread) == 0 || !servesUnharmed(&runner, sc, seed) {
			continue
		}
		for _, op := range unread {
			t.Errorf("seed %d: after heal and settle the read of %s is %v; faults: %s", seed, op.Key, op.Status, plan(sc))
		}
	}
}

// silent returns the operations that got no answer.
func silent(h history.History) history.History {
	return slices.DeleteFunc(slices.Clone(h), func(op history.Op) bool { return op.Status == history.OK })
}

// servesUnharmed reports whether all operations of a trial succeed without its
// faults. Of a store whose timeouts are shorter than a hard trial's links are
// long, less cannot be asked after the faults than it does without them.
func servesUnharmed(runner *experiments.Runner, sc *experiments.Scenario, seed uint64) bool {
	unharmed := *sc
	unharmed.Faults = nil
	return len(silent(runner.Run(&unharmed, seed).History)) == 0
}

// hold tests what a level promises of one run, and the versions that the store gave to answers.
func hold(t *testing.T, m *store.Model, sc *experiments.Scenario, o *experiments.Outcome) {
	t.Helper()
	row := experiments.Score(sc, o)
	if err := misranked(o.History, m.Claims(sc.Config()) == store.Linearizable); err != nil {
		t.Errorf("seed %d: versions: %v", o.Seed, err)
	}
	for _, property := range experiments.Promised(m.Claims(sc.Config())) {
		if got, judged := row.Verdicts[property]; judged && got != "holds" {
			t.Errorf("seed %d, %d replicas: %s: %s: %s; faults: %s", o.Seed, sc.Replicas, property, got, row.Evidence[property], plan(sc))
		}
	}
}

// mutants tests that a checker notices every mutant, and says after how many seeds.
func mutants(t *testing.T, m *store.Model) {
	table := fmt.Sprintf("%-20s %-13s %5s\n", "mutant of "+m.Name, "violates", "seeds")
	for _, mutant := range m.Mutants {
		t.Run(mutant.Name, func(t *testing.T) {
			tried, evidence := hunt(m, mutant)
			if evidence == "" {
				t.Errorf("mutant %s was not caught in %d seeds: no run violated %q", mutant.Name, tried, broken(mutant))
			}
			t.Logf("caught with seed %d: %s", tried-1, evidence)
			table += fmt.Sprintf("%-20s %-13s %5d\n", mutant.Name, broken(mutant), tried)
		})
	}
	t.Logf("\n%s", table)
}

// hunt returns how many seeds it took to catch a mutant, and the evidence; none if it was not caught.
func hunt(m *store.Model, mutant store.Mutant) (tried int, evidence string) {
	var runner experiments.Runner
	property := broken(mutant)
	for seed := range uint64(mutantSeeds) {
		sc := trial(m, mutant.Set, seed)
		sc.Mutant = mutant.Name
		row := experiments.Score(sc, runner.Run(sc, seed))
		if row.Verdicts[property] == "violated" && sound(&runner, sc, seed, property) {
			return int(seed) + 1, row.Evidence[property]
		}
	}
	return mutantSeeds, ""
}

// broken returns the property that a mutant violates.
func broken(mutant store.Mutant) string {
	if mutant.Breaks == "" {
		return experiments.PropLinearizable
	}
	return mutant.Breaks
}

// sound reports whether the store without its mutant has the property in the same
// run: if not, it was not the mutant that was caught. Stores that promise little
// lose writes to clock faults without any bug.
func sound(runner *experiments.Runner, sc *experiments.Scenario, seed uint64, property string) bool {
	healthy := *sc
	healthy.Mutant = ""
	return experiments.Score(&healthy, runner.Run(&healthy, seed)).Verdicts[property] == "holds"
}

// trial returns what a model is put through with a seed: every fifth trial is a hard one.
func trial(m *store.Model, set store.Values, seed uint64) *experiments.Scenario {
	sc := Scenario(m, set, seed)
	if seed%5 == 4 {
		sc = Hard(m, set, seed/5)
	}
	return Harm(sc, seed)
}

// Scenario returns the load under which models are tested: few keys, many
// clients, all kinds of operations. Even seeds use registers and odd ones lists,
// where the model has them; there are three replicas or five.
func Scenario(m *store.Model, set store.Values, seed uint64) *experiments.Scenario {
	return &experiments.Scenario{
		Name: "storetest", Model: m, Replicas: 3 + 2*int(seed/2%2), Values: set,
		Topology: net.Flat(dist.LogNormal(2*time.Millisecond, 0.5)),
		Disk:     dist.Exponential(500 * time.Microsecond),
		Workload: workload.Workload{
			Clients: 5, Duration: 10 * time.Second, Keys: 3, Mix: mix(m, seed), Think: dist.Exponential(20 * time.Millisecond),
		},
		ClockBound: 5 * time.Millisecond,
		Policy:     experiments.DefaultPolicy,
		Warmup:     experiments.DefaultWarmup,
		Settle:     experiments.DefaultSettle,
	}
}

// Hard returns a load that leaves nobody any rest: the same as Scenario's, but many
// more operations at once, on slow disks, and every other time on slow and uneven
// links. Queues build up, messages overtake each other by far, and timeouts that
// suffice in Scenario strike healthy nodes.
func Hard(m *store.Model, set store.Values, seed uint64) *experiments.Scenario {
	sc := Scenario(m, set, seed)
	sc.Workload.Clients, sc.Workload.Duration = 15, 6*time.Second
	sc.Workload.Think = dist.Exponential(5 * time.Millisecond)
	sc.Disk = dist.Exponential(3 * time.Millisecond)
	if seed/4%2 == 1 {
		sc.Topology = net.Flat(dist.LogNormal(20*time.Millisecond, 0.8))
	}
	return sc
}

func mix(m *store.Model, seed uint64) workload.Mix {
	if m.Supports(history.Append) && (seed%2 == 1 || !m.Supports(history.Write)) {
		return workload.Mix{Reads: 1, Appends: 0.2}
	}
	mix := workload.Mix{Reads: 1, Writes: 1}
	if m.Supports(history.CAS) {
		mix.CAS = 0.5
	}
	return mix
}

// Harm adds a random plan of faults that breaks none of the model's assumptions.
func Harm(sc *experiments.Scenario, seed uint64) *experiments.Scenario {
	within := sc.Model.Assumes(sc.Config())
	sc.Faults = fault.Random(sim.NewStream(seed, "storetest plan"), within, sc.Cluster(), sc.Workload.Duration)
	sc.Budget.StayWithin = within
	return sc
}

func plan(sc *experiments.Scenario) string {
	text := ""
	for _, f := range sc.Faults {
		text += fmt.Sprintf("[%s] ", f.Label())
	}
	return text
}

package experiments_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/experiments"
	"faultline/results"
)

func TestGridUnfoldsInOrder(t *testing.T) {
	e := parse(t, `
version: 1
models: [single, {kind: lww, label: last}]
sweep: {network.loss: [0%, 1%], workload.keys: [1, 2]}
`)
	want := []string{
		"single loss=0% keys=1", "single loss=0% keys=2", "single loss=1% keys=1", "single loss=1% keys=2",
		"last loss=0% keys=1", "last loss=0% keys=2", "last loss=1% keys=1", "last loss=1% keys=2",
	}
	for i, c := range e.Cells {
		if c.Index != i || c.Series != want[i] {
			t.Errorf("cell %d is number %d, %q; want %q", i, c.Index, c.Series, want[i])
		}
	}
	if got := e.Cells[7].Scenario; got.Network.Loss != 0.01 || got.Workload.Keys != 2 {
		t.Errorf("the last cell loses %v of messages with %d keys; want 0.01 and 2", got.Network.Loss, got.Workload.Keys)
	}
}

func TestOverridesReachEveryCell(t *testing.T) {
	e := parse(t, "version: 1\nmodels: [single, lww]\n", "workload.keys=7", "seeds=3..5")
	for _, c := range e.Cells {
		if c.Scenario.Workload.Keys != 7 {
			t.Errorf("%s has %d keys, want 7", c.Series, c.Scenario.Workload.Keys)
		}
	}
	if got := e.Seeds.String(); got != "3..5" {
		t.Errorf("seeds are %s, want 3..5", got)
	}
}

func TestAWorkloadOfTheCatalogueGivesWhatIsNotWritten(t *testing.T) {
	w := parse(t, "version: 1\nmodel: single\nworkload: {like: open-loop, keys: 3, for: 5s}\n").Cells[0].Scenario.Workload
	if w.Keys != 3 || w.Duration != 5*time.Second || w.Rate != 200 || w.Mix.Reads != 0.5 {
		t.Errorf("got %+v, want 3 keys, 5 s, 200/s, half reads", w)
	}
	w = parse(t, "version: 1\nmodel: single\nworkload: {like: append}\n").Cells[0].Scenario.Workload
	if w.Mix.Appends != 0.5 || w.Mix.Writes != 0 || w.Keys != 5 {
		t.Errorf("got %+v, want half appends on 5 keys", w)
	}
}

// Every mistake below must be named with its line.
func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"version: 1\n", "no store is named"},
		{"version: 1\nmodel: raftt\n", `test.yaml:2:8: model: unknown store "raftt"`},
		{"version: 2\nmodel: single\n", "test.yaml:1:10: version"},
		{"version: 1\nmodel: {kind: single, sinc: true}\n", `did you mean "sync"?`},
		{"version: 1\nmodel: single\nmodels: [lww]\n", "both model and models"},
		{"version: 1\nmodel: single\nworkload: {reads: 70%, cas: 40%}\n", "more than all operations"},
		{"version: 1\nmodel: lww\nworkload: {cas: 10%}\n", "lww has no operation cas"},
		{"version: 1\nmodel: single\nworkload: {rate: 5/s, think: 5ms}\n", "leave out one"},
		{"version: 1\nmodel: single\nnetwork: {regions: [VA, XX]}\n", `"XX"`},
		{"version: 1\nmodel: single\nnetwork: {preset: ec3}\n", `did you mean "ec2"?`},
		{"version: 1\nmodel: single\nnetwork: {preset: lan, latency: 5ms}\n", "each say how long"},
		{"version: 1\nmodel: single\nnetwork: {latency: logmormal(5ms)}\n", "lognormal"},
		{"version: 1\nmodel: single\nfaults: [{crash: {at: 5}}]\n", "has no unit"},
		{"version: 1\nmodel: single\nfaults: [{crsh: {at: 5s}}]\n", `did you mean "crash"?`},
		{"version: 1\nmodel: single\nfaults: [{crash: {target: n9}}]\n", "n9"},
		{"version: 1\nmodel: single\nsweep: {model.sinc: [true]}\n", `did you mean "sync"?`},
		{"version: 1\nmodel: single\nsweep: {network.loss: [0%, 1]}\nworkload: {kyes: 1}\n", "kyes"},
		{"version: 1\nmodel: single\nworkload: {like: balancd}\n", `did you mean "balanced"?`},
		{"version: 1\nmodel: single\nexpect: {p99: fast}\n", "not a limit"},
		{"version: 1\nmodel: single\nexpect: {linearisable: always}\n", `did you mean "linearizable"?`},
		{"version: 1\nmodel: single\nexpect: {where: {model: raft}, durable: always}\n", "no cell is like"},
		{"version: 1\nmodel: single\nplot: [{kind: frontierr}]\n", `did you mean "frontier"?`},
		{"version: 1\nmodel: single\nplot: [{kind: dots, metric: staale}]\n", `did you mean "stale"?`},
		{"version: 1\nmodel: single\nplot: [{kind: frontier, x: p98}]\n", `did you mean "p99"?`},
		{"version: 1\nmodel: single\nplot: [{kind: dots, property: durabel}]\n", `did you mean "durable"?`},
		{"version: 1\nmodel: single\nplot: [{kind: heatmap}]\n", "needs two swept settings"},
		{"version: 1\nmodel: single\nsweep: {model.n: [1, 2], model.sync: [true, false]}\nplot: [{kind: heatmap, x: model.m}]\n", `did you mean "model.n"?`},
		{"version: 1\nmodel: single\nplot: [{kind: dots, series: [singel]}]\n", `did you mean "single"?`},
		{"version: 1\nmodel: single\nsweep: {model.n: []}\n", "nothing to sweep"},
		{"version: 1\nmodel: single\nsweep: {model.n: [1, 1]}\n", `called "single n=1"`},
		{"version: 1\nmodels: [raft, {kind: raft, n: 5}]\n", "label"},
		{"version: 1\nmodel: single\nseeds: [1, 1]\n", "named twice"},
		{"version: 1\nmodel: single\nseeds: 1..3,2\n", "names seed 2 twice"},
		{"version: 1\nmodel: single\nseeds: []\n", "no seed"},
		{"version: 1\nmodel: single\nseeds: 9..1\n", "backwards"},
		{"version: 1\nmodel: single\nseeds: 1..99999999999\n", "more than"},
	} {
		_, err := experiments.Parse("test.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want an error with %q", c.text, err, c.want)
		}
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := experiments.Parse("test.yaml", []byte("version: 1\nmodel: raftt\nworkload: {kyes: 1, for: 5}\nsweep: {network.los: [1%]}\n"))
	for _, want := range []string{":2:", ":3:12:", ":3:26:", ":4:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a complaint at %s", err, want)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.yaml")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		folder:                               "is a folder",
		filepath.Join(folder, "absent.yaml"): "there is no such file",
		empty:                                "empty",
	} {
		if _, err := experiments.Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", path, err, want)
		}
	}
}

func TestSeedsAreReadAsTheyAreWritten(t *testing.T) {
	for _, text := range []string{"auto", "7", "1..200", "1,5,9", "1..3,7,9..10"} {
		seeds, err := experiments.ParseSeeds(text)
		if err != nil || seeds.String() != text {
			t.Errorf("%q became %q (error: %v)", text, seeds, err)
		}
	}
}

// A swept list of faults is called by what they are, and whom they strike.
func TestFaultsCanBeSwept(t *testing.T) {
	e := parse(t, "version: 1\nmodel: raft\nsweep: {faults: [[], [bridge], [{isolate: {target: leader}}, {crash: {at: 1s, disk: wiped}}]]}\n")
	want := []string{"raft faults=none", "raft faults=bridge", "raft faults=isolate leader + crash disk=wiped"}
	for i, c := range e.Cells {
		if c.Series != want[i] {
			t.Errorf("cell %d is called %q, want %q", i, c.Series, want[i])
		}
	}
	e = parse(t, "version: 1\nmodel: raft\nsweep: {\"faults[0]\": [{halves: {target: leader}}, mute]}\nfaults: [deaf]\n")
	if got := e.Cells[0].Series; got != "raft faults[0]=halves leader" {
		t.Errorf("a swept fault is called %q", got)
	}
}

func TestExpectationsAreJudged(t *testing.T) {
	rows := []results.Row{
		{Series: "a", Model: "single", Seed: 1, Verdicts: map[string]string{"linearizable": "holds"}, Metrics: map[string]float64{"p99": 10}},
		{Series: "a", Model: "single", Seed: 2, Verdicts: map[string]string{"linearizable": "violated"}, Metrics: map[string]float64{"p99": 30}},
	}
	undecided := []results.Row{rows[0], {Series: "a", Model: "single", Seed: 2, Verdicts: map[string]string{"linearizable": "undecided"}}}
	for _, c := range []struct {
		expect string
		rows   []results.Row
		want   experiments.Met
	}{
		{"linearizable: always", rows, experiments.No},
		{"linearizable: violated", rows, experiments.Yes},
		{"linearizable: false", rows, experiments.Yes},
		{"linearizable: never", rows, experiments.No},
		{"linearizable: always", rows[:1], experiments.Yes},
		{"linearizable: violated", rows[:1], experiments.No},
		{"linearizable: always", undecided, experiments.Unsure},
		{"linearizable: violated", undecided, experiments.Unsure},
		{`p99: "< 31ms"`, rows, experiments.Yes},
		{`p99: "< 30ms"`, rows, experiments.Yes}, // no run is above
		{`p99: "< 21ms"`, rows, experiments.Unsure},
		{`p99: "< 20ms"`, rows, experiments.Unsure},
		{`p99: "< 10ms"`, rows, experiments.No},
		{`p99: "<= 30ms"`, rows, experiments.Yes},
		{`p99: "<= 20ms"`, rows, experiments.Unsure},
		{`p99: "<= 9ms"`, rows, experiments.No},
		{`p99: "= 20ms"`, rows, experiments.Unsure},
		{`p99: "= 10ms"`, rows, experiments.No}, // one run is above, none below
		{`p99: "= 10ms"`, rows[:1], experiments.Yes},
		{`p99: "> 10ms"`, rows, experiments.Yes},
		{`p99: "> 20ms"`, rows, experiments.Unsure},
		{`p99: "> 30ms"`, rows, experiments.No},
		{`p99: ">= 10ms"`, rows, experiments.Yes},
		{`p99: ">= 20ms"`, rows, experiments.Unsure},
		{`p99: ">= 31ms"`, rows, experiments.No},
		{`stale: "< 1%"`, rows, experiments.No}, // no run has a value
		{`p99: "= 20ms within 60%"`, rows, experiments.Yes},
		{`p99: "= 20ms within 1%"`, rows, experiments.Unsure}, // the interval reaches further
		{`p99: "= 100ms within 10%"`, rows, experiments.No},
	} {
		e := parse(t, "version: 1\nmodel: single\nexpect: {"+c.expect+"}\n")
		findings := experiments.Judge(e.Expect, results.NewSet(results.Manifest{}, c.rows))
		if len(findings) != 1 || findings[0].Met != c.want {
			t.Errorf("%s: got %+v, want %v", c.expect, findings, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("version: 1\nmodel: {kind: single}\nfaults: [{crash: {every: 1s}}]\nexpect: [{p99: \"< 1s\"}]\nseeds: auto\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			return
		}
		_, _ = experiments.Parse("fuzz.yaml", data) // must not panic
	})
}

// A remedy stands below the line that it is about, as all do.
func TestMissingRoundTripSaysItsRemedyLast(t *testing.T) {
	const text = "version: 1\nmodel: {kind: raft, n: 3}\nnetwork:\n  round_trips: {a: {b: 80ms}, b: {c: 20ms}}\n"
	_, err := experiments.Parse("sites.yaml", []byte(text))
	if err == nil || !strings.HasSuffix(err.Error(), "\n  hint: add it: round_trips: {a: {c: 80ms}}") {
		t.Errorf("%v, want the hint at the end", err)
	}
}

package experiments_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"faultline/experiments"
	"faultline/results"
)

// Every case says where its figures are from and how near ours must come, and has
// fewer seeds for a quick look than for a full one.
func TestPublishedCasesAreComplete(t *testing.T) {
	for _, name := range experiments.PublishedCases() {
		e, err := experiments.LoadPublished(name)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if e.Against == nil || len(e.Against.Source) < 10 || e.Question == "" || e.About == "" {
			t.Errorf("%s: it lacks its figures, their source, a question or what to know", name)
			continue
		}
		if e.Against.Quick.Most() > e.Seeds.Most() {
			t.Errorf("%s: the quick look has more seeds than the full one", name)
		}
	}
}

// compare runs a case with some seeds.
func compare(t *testing.T, e *experiments.Experiment, seeds string) []experiments.Comparison {
	t.Helper()
	s, err := experiments.ParseSeeds(seeds)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]results.Row, len(e.Cells))
	err = (&experiments.Sweep{Cells: e.Cells, Seeds: s, Row: func(r results.Row) error {
		rows[r.Cell] = append(rows[r.Cell], r)
		return nil
	}}).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		slices.SortFunc(r, func(a, b results.Row) int { return int(a.Seed) - int(b.Seed) })
	}
	return e.Compare(rows)
}

// Quorums that need not meet miss the newest k writes as the formula says.
func TestKStalenessComesOut(t *testing.T) {
	e, err := experiments.LoadPublished("pbs-kstale", "workload.for=20s")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range compare(t, e, "1..3") {
		if c.Met != experiments.Yes {
			t.Errorf("%s %v: %+v", c.Series, c.Figure.Quantity, c.Ours)
		}
	}
}

// What the file says is what is run: with all homes asked, nothing is stale, and
// the figures do not come out.
func TestKStalenessIsNotWrittenDown(t *testing.T) {
	e, err := experiments.LoadPublished("pbs-kstale", "workload.for=5s", "models[0].ask=all")
	if err != nil {
		t.Fatal(err)
	}
	if c := compare(t, e, "1")[0]; c.Met != experiments.No || c.Ours.Value != 1 {
		t.Errorf("%s %v: %+v", c.Series, c.Figure.Quantity, c.Ours)
	}
}

// One run does not say how far off a mean may be, so that no number of standard errors can be either.
func TestOneRunHasNoStandardError(t *testing.T) {
	e, err := experiments.Parse("mine.yaml", []byte("version: 1\nmodel: single\nworkload: {for: 1s}\npublished: {source: none, figures: [{measure: mean, exact: 1s, within: 3 se}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for seeds, want := range map[string]experiments.Met{"1": experiments.Unsure, "1..3": experiments.No} {
		if c := compare(t, e, seeds)[0]; c.Met != want {
			t.Errorf("seeds %s: %v, want %v: %+v", seeds, c.Met, want, c.Ours)
		}
	}
}

// A tolerance that would hold nothing to anything is refused, and so is what cannot
// be measured, where it stands.
func TestFiguresThatCompareNothing(t *testing.T) {
	const head = "version: 1\nmodel: single\npublished:\n  source: none\n  figures:\n    - "
	for figure, complaint := range map[string]string{
		"{measure: mean, published: 9ms, exact: 1ms, within: 3%, published_within: order}": "published_within: order is not for one of two numbers",
		"{measure: mean, published: 9ms, exact: 1ms, within: order, published_within: 5%}": "published_within: within is order",
		"{measure: mean, exact: 1ms, within: 3%, published_within: 5%}":                    "published_within: there is no published number",
		"{measure: mean, exact: 1ms, within: inf%}":                                        `within: "inf%" is no tolerance`,
		"{measure: mean, exact: 1ms, within: nan%}":                                        `within: "nan%" is no tolerance`,
		"{measure: read_latncy, at: p99, exact: 1ms, within: 3%}":                          `measure: measure "read_latncy": unknown`,
		"{measure: read_latency, at: 99%, exact: 1ms, within: 3%}":                         `at: at: "99%" does not go with read_latency`,
	} {
		_, err := experiments.Parse("mine.yaml", []byte(head+figure+"\n"))
		if err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v, want %q", figure, err, complaint)
		}
	}
}

// Without its only candidate, raft has no leader any more; with two, the other one leads.
func TestOnlyCandidatesLead(t *testing.T) {
	const text = `
version: 1
model: {kind: raft, n: 3}
workload: {clients: 1, for: 30s, rate: 10/s}
faults: [{crash: {at: 10s, for: 20s, target: n1}}]
sweep: {model.candidates: [1, 2]}
settle: 0s
judge: service
`
	e, err := experiments.Parse("candidates.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for i, atLeast := range []float64{0.3, 0.85} {
		sc := e.Cells[i].Scenario
		got := experiments.Score(sc, experiments.Run(sc, 1)).Metrics["succeeded"]
		if got < atLeast || got > atLeast+0.15 {
			t.Errorf("%s: %v of the operations succeeded, not about %v", e.Cells[i].Series, got, atLeast)
		}
	}
}

// With one candidate left, which stands a timeout after the last heartbeat, a crashed
// leader is replaced within a timeout and a round; nobody is elected where nothing fails.
func TestNextLeader(t *testing.T) {
	const text = `
version: 1
model: {kind: raft, n: 3, candidates: 2, heartbeat: 50ms, tick: 10ms, election_timeout: 500ms, election_spread: 10ms}
network: {latency: 5ms}
workload: {clients: 1, for: 10s, rate: 10/s}
sweep: {faults: [[{crash: {at: 5s, for: 0s, target: leader}}], []]}
judge: service
`
	e, err := experiments.Parse("next.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for i, found := range []bool{true, false} {
		sc := e.Cells[i].Scenario
		for seed := uint64(1); seed <= 5; seed++ {
			got, ok := experiments.Score(sc, experiments.Run(sc, seed)).Metrics["next_leader"]
			if ok != found || ok && (got < 450 || got > 600) {
				t.Errorf("%s, seed %d: the next leader after %v ms (%v)", e.Cells[i].Series, seed, got, ok)
			}
		}
	}
}

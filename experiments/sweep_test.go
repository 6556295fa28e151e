package experiments_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"faultline/experiments"
	"faultline/results"
	"faultline/sim"
)

const small = `
version: 1
models: [single, lww]
workload: {clients: 3, rate: 100/s, for: 2s}
faults: [{halves: {at: 500ms, for: 1s}}]
settle: 3s
sweep: {network.loss: [0%, 5%]}
seeds: 1..6
`

func parse(t *testing.T, text string, overrides ...string) *experiments.Experiment {
	t.Helper()
	e, err := experiments.Parse("test.yaml", []byte(text), overrides...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sweep carries out an experiment and returns a line for every row, sorted.
func sweep(t *testing.T, e *experiments.Experiment, workers int) []string {
	t.Helper()
	var lines []string
	s := experiments.Sweep{Cells: e.Cells, Seeds: e.Seeds, Workers: workers, Row: func(r results.Row) error {
		lines = append(lines, fmt.Sprintf("%d/%d %s %s %v %v", r.Cell, r.Seed, r.Series, r.Hash, r.Metrics, r.Verdicts))
		return nil
	}}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

func TestSweepDoesNotDependOnWorkers(t *testing.T) {
	e := parse(t, small)
	one, eight := sweep(t, e, 1), sweep(t, e, 8)
	if !slices.Equal(one, eight) {
		t.Errorf("one worker found\n%s\neight found\n%s", strings.Join(one, "\n"), strings.Join(eight, "\n"))
	}
	if len(one) != 4*6 {
		t.Errorf("%d rows, want 24", len(one))
	}
}

func TestSweepStopsAtAnErrorOfItsSink(t *testing.T) {
	e := parse(t, small)
	full := errors.New("the disk is full")
	rows := 0
	s := experiments.Sweep{Cells: e.Cells, Seeds: e.Seeds, Row: func(results.Row) error {
		if rows++; rows == 3 {
			return full
		}
		return nil
	}}
	if err := s.Run(context.Background()); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	if rows > 3+8 {
		t.Errorf("%d rows were handed over, though the third could not be taken", rows)
	}
}

func TestSweepKeepsWhatIsFinishedWhenStopped(t *testing.T) {
	e := parse(t, small)
	ctx, stop := context.WithCancel(context.Background())
	rows := 0
	s := experiments.Sweep{Cells: e.Cells, Seeds: e.Seeds, Row: func(results.Row) error {
		rows++
		stop()
		return nil
	}}
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if rows == 0 || rows == 24 {
		t.Errorf("%d rows of 24, want some", rows)
	}
}

func TestSweepLeavesOutWhatIsThere(t *testing.T) {
	e := parse(t, small)
	rows := 0
	s := experiments.Sweep{Cells: e.Cells, Seeds: e.Seeds,
		Has: func(cell int, seed uint64) (float64, bool) { return 1, seed <= 4 },
		Row: func(r results.Row) error {
			if r.Seed <= 4 {
				t.Errorf("cell %d seed %d was run again", r.Cell, r.Seed)
			}
			rows++
			return nil
		}}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if rows != 4*2 {
		t.Errorf("%d rows, want 8", rows)
	}
}

func TestAutomaticSeedsStopWhenTheIntervalIsNarrow(t *testing.T) {
	calm := parse(t, small, "seeds=auto", "faults=[]", "sweep={}")
	if got := len(sweep(t, calm, 2)); got != 2*experiments.AutoBatch {
		t.Errorf("%d runs of two stores without faults, want %d: their intervals are narrow at once", got, 2*experiments.AutoBatch)
	}
	rough := parse(t, small, "seeds=auto", "faults=[{crash: {every: 1s, for: 400ms, target: n1}}]", "client={timeout: 50ms, total: 100ms}", "sweep={}", "models=[single]")
	if got := len(sweep(t, rough, 2)); got <= experiments.AutoBatch || got > experiments.AutoMost {
		t.Errorf("%d runs under random partitions, want more than %d and at most %d", got, experiments.AutoBatch, experiments.AutoMost)
	}
}

func TestAPanicInARunIsACrashNotTheEnd(t *testing.T) {
	e := parse(t, small, "sweep={}", "models=[single]")
	broken := *e.Cells[0].Scenario.Model
	broken.Replica = nil
	e.Cells[0].Scenario.Model = &broken
	s := experiments.Sweep{Cells: e.Cells, Seeds: e.Seeds, Row: func(results.Row) error { return nil }}
	var crash *experiments.Crash
	if err := s.Run(context.Background()); !errors.As(err, &crash) || crash.Series != "single" {
		t.Errorf("got %v, want a Crash of single", err)
	}
}

// A run must not change when somebody watches it.
func TestWatchingChangesNothing(t *testing.T) {
	sc := parse(t, small).Cells[2].Scenario
	seen := 0
	watched := experiments.Watch(sc, 1, func(sim.Trace) { seen++ })
	if plain := experiments.Run(sc, 1); plain.Hash != watched.Hash {
		t.Errorf("hash %016x unwatched, %016x watched", plain.Hash, watched.Hash)
	}
	if seen == 0 {
		t.Error("the tracer saw nothing")
	}
}

// Removing one fault leaves everything before the next one as it was: each script
// draws from its own stream.
func TestRemovingAFaultMovesNoOtherDraw(t *testing.T) {
	both := parse(t, small, "sweep={}", "models=[lww]", "faults=[{isolate: {at: 200ms, for: 100ms}}, {crash: {at: 1s, for: 500ms}}]")
	one := parse(t, small, "sweep={}", "models=[lww]", "faults=[{crash: {at: 1s, for: 500ms}}]")
	find := func(e *experiments.Experiment) string {
		for _, b := range experiments.Run(e.Cells[0].Scenario, 5).Bands {
			if strings.HasPrefix(b.Label, "crash") {
				return b.Label
			}
		}
		return "no crash"
	}
	if a, b := find(both), find(one); a != b {
		t.Errorf("with another fault before it: %s; alone: %s", a, b)
	}
}

// A store that stands still must be seen to stand still: in an open loop,
// operations go on arriving.
func TestOpenLoopCountsWhatIsNotAnswered(t *testing.T) {
	e := parse(t, small, "sweep={}", "models=[single]", "faults=[{crash: {at: 500ms, for: 1s, target: n1}}]")
	row := experiments.Score(e.Cells[0].Scenario, experiments.Run(e.Cells[0].Scenario, 1))
	called := row.Ops.OK + row.Ops.Failed + row.Ops.Unknown
	if called < 150 || called > 250 {
		t.Errorf("%d operations in 2 s at 100/s", called)
	}
	if gap := row.Metrics["unavailable"]; gap < 900 {
		t.Errorf("the longest gap is %v ms, though the only replica was down for 1 s", gap)
	}
}

func TestLatencyCountsFromTheArrival(t *testing.T) {
	e := parse(t, small, "sweep={}", "models=[single]", "faults=[{pause: {at: 500ms, for: 400ms, target: n1}}]")
	row := experiments.Score(e.Cells[0].Scenario, experiments.Run(e.Cells[0].Scenario, 1))
	if p99 := row.Metrics["p99"]; p99 < 350 {
		t.Errorf("p99 is %v ms, though a fifth of the operations waited for up to 400 ms", p99)
	}
}

package experiments

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"faultline/results"
)

// A Cell is one point of an experiment's grid.
type Cell struct {
	Index    int
	Series   string          // short label: "raft n=5"
	Params   []results.Param // the swept settings, in the order of the sweep
	Scenario *Scenario
}

// Seeds says with which seeds every cell is run.
type Seeds struct {
	List []uint64 // these, if there are any
	Auto bool     // until the interval of the share of successes is narrow, from seed 1 on
}

// The rule for automatic seeds.
const (
	AutoBatch = 20   // seeds at a time
	AutoMost  = 200  // seeds in all
	AutoWidth = 0.01 // half the width of the interval that is narrow enough: one point
)

// batch returns the n-th batch of seeds.
func (s Seeds) batch(n int) []uint64 {
	if !s.Auto {
		if n > 0 {
			return nil
		}
		return s.List
	}
	var seeds []uint64
	for i := n*AutoBatch + 1; i <= min((n+1)*AutoBatch, AutoMost); i++ {
		seeds = append(seeds, uint64(i))
	}
	return seeds
}

// Most returns how many seeds a cell takes at most.
func (s Seeds) Most() int {
	if s.Auto {
		return AutoMost
	}
	return len(s.List)
}

// A Sweep carries out every cell of a grid with every seed.
type Sweep struct {
	Cells   []Cell
	Seeds   Seeds
	Workers int // runs at once; 0: one for each processor

	// Has reports whether a run need not be done, because its row is there
	// already. Nil: none is. Such a run is not part of the decision about
	// automatic seeds, so resume those with the rows' Succeeded.
	Has func(cell int, seed uint64) (succeeded float64, ok bool)
	// Row takes a finished row. Rows come in any order, one at a time. An error stops the sweep.
	Row func(results.Row) error
}

// Run carries out the sweep. It stops at the end of the runs under way when ctx
// is done, and returns its error. What it computes does not depend on Workers.
func (s *Sweep) Run(ctx context.Context) error {
	defer lessCollecting()()
	open := make([]int, len(s.Cells))
	for i := range open {
		open[i] = i
	}
	shares := make([][]float64, len(s.Cells)) // of successes, for automatic seeds
	for n := 0; len(open) > 0; n++ {
		seeds := s.Seeds.batch(n)
		if len(seeds) == 0 {
			return nil
		}
		if err := s.round(ctx, open, seeds, shares); err != nil {
			return err
		}
		if s.Seeds.Auto {
			open = wide(open, shares)
		}
	}
	return nil
}

// lessCollecting has garbage collected less often, unless the user has set GOGC,
// and returns what undoes that. What lives through a run is small, and finding that
// out again and again would take a tenth of a sweep's time.
func lessCollecting() (undo func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	const percent = 400 // of what lives, which is a few megabytes for each worker; more of it would not stay in the processor's caches
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}

// wide returns the cells whose interval is not narrow enough yet.
func wide(open []int, shares [][]float64) []int {
	var still []int
	for _, cell := range open {
		if _, lo, hi := results.MeanInterval(shares[cell]); hi-lo > 2*AutoWidth {
			still = append(still, cell)
		}
	}
	return still
}

// A task is one run to be done.
type task struct {
	cell int
	slot int // of the round's share of successes
	seed uint64
}

// round carries out the given cells with the given seeds, in parallel.
func (s *Sweep) round(ctx context.Context, cells []int, seeds []uint64, shares [][]float64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tasks := make(chan task)
	var workers sync.WaitGroup
	var one sync.Mutex
	for range s.workers() {
		workers.Go(func() {
			var w worker
			for t := range tasks {
				row, err := s.perform(&w, t)
				one.Lock()
				shares[t.cell][t.slot] = row.Metrics["succeeded"]
				if err == nil { // even if the sweep is being stopped: what is finished is kept
					err = s.Row(row)
				}
				one.Unlock()
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	s.hand(ctx, tasks, cells, seeds, shares, &one)
	close(tasks)
	workers.Wait()
	return context.Cause(ctx)
}

// hand gives out the tasks of a round, seed by seed, so that a partial result has all cells.
func (s *Sweep) hand(ctx context.Context, tasks chan<- task, cells []int, seeds []uint64, shares [][]float64, one *sync.Mutex) {
	for _, seed := range seeds {
		for _, cell := range cells {
			one.Lock()
			slot := len(shares[cell])
			shares[cell] = append(shares[cell], 0)
			done := false
			if s.Has != nil {
				shares[cell][slot], done = s.Has(cell, seed)
			}
			one.Unlock()
			if done {
				continue
			}
			select {
			case tasks <- task{cell, slot, seed}:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (s *Sweep) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// A Crash is a panic inside a run: a bug in Faultline or in a model, never the
// user's mistake.
type Crash struct {
	Series string
	Seed   uint64
	Panic  any
	Stack  []byte
}

func (c *Crash) Error() string {
	return fmt.Sprintf("internal error: %s with seed %d panicked: %v\n%s", c.Series, c.Seed, c.Panic, c.Stack)
}

// A worker carries out one run after the other in the same memory.
type worker struct {
	Runner
	Scorer
}

// perform carries out one run. A panic becomes a Crash, so that finished rows are kept.
func (s *Sweep) perform(w *worker, t task) (row results.Row, err error) {
	cell := &s.Cells[t.cell]
	defer func() {
		if p := recover(); p != nil {
			err = &Crash{cell.Series, t.seed, p, debug.Stack()}
			*w = worker{} // nobody knows what is left of it
		}
	}()
	row = w.Score(cell.Scenario, w.Run(cell.Scenario, t.seed))
	row.Cell, row.Series, row.Params = cell.Index, cell.Series, cell.Params
	return row, nil
}

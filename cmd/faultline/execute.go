package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"faultline/experiments"
	"faultline/results"
	"faultline/results/report"
)

// runsFolder is where results go unless -o says otherwise.
const (
	runsFolder     = "results/runs"
	latestLink     = "latest"
	experimentFile = "experiment.yaml" // in a result folder: the experiment with all overrides
)

// A plan is an experiment on its way: what is run, and where its rows go.
type plan struct {
	exp     *experiments.Experiment
	dir     string
	own     bool // the folder is ours to begin anew: the user did not name it
	resume  bool // go on with the rows that are in the folder
	workers int
	verify  int    // seeds of each cell that are run twice, or someTwice
	command string // repeats it
}

// carryOut runs what is missing of a plan and returns all its rows. Rows that
// were finished are kept whatever happens: with an error, the set may be partial.
func (a *app) carryOut(ctx context.Context, p *plan) (*results.Set, error) {
	w, has, err := a.open(p)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	bar := a.startProgress(p.exp, len(has))
	err = (&experiments.Sweep{
		Cells: p.exp.Cells, Seeds: p.exp.Seeds, Workers: p.workers,
		Has: func(cell int, seed uint64) (float64, bool) {
			share, ok := has[rowKey{p.exp.Cells[cell].Index, seed}]
			return share, ok
		},
		Row: func(r results.Row) error {
			bar.add(r.Verdicts[experiments.PropLinearizable] == results.Violated)
			return w.Append(r)
		},
	}).Run(ctx)
	bar.stop()
	finished := w.Finish(reason(err))
	set, opened := results.Open(p.dir)
	if err = errors.Join(err, finished, opened); err != nil {
		return set, err
	}
	os.RemoveAll(filepath.Join(p.dir, beforeFolder))
	a.note("%s in %s", report.Count(len(set.Rows())-len(has), "run"), wall(time.Since(began)))
	if p.exp.Seeds.Auto {
		a.note("%s", enough(set))
	}
	err = a.repeatSome(ctx, p, set)
	if errors.Is(err, context.Canceled) { // all rows are there
		a.note("note: interrupted while some runs were repeated, so it was not seen that they come out the same")
		err = nil
	}
	return set, err
}

// enough says why automatic seeds were enough, or that they were not.
func enough(set *results.Set) string {
	var worst *results.Cell
	least, most, widest := experiments.AutoMost, 0, 0.0
	for _, c := range results.Group(set) {
		least, most = min(least, len(c.Rows)), max(most, len(c.Rows))
		if s := c.Summary("succeeded"); worst == nil || s.Hi-s.Lo > widest {
			worst, widest = c, s.Hi-s.Lo
		}
	}
	number := fmt.Sprint(least)
	if most > least {
		number = fmt.Sprintf("%d to %d", least, most)
	}
	const percent = 100
	if widest > 2*experiments.AutoWidth {
		return fmt.Sprintf("seeds: stopped after %s; of %s the share of successes is known to ±%.1f points only; more: --seeds 1..%d", number, worst.Series, widest/2*percent, 5*experiments.AutoMost)
	}
	return fmt.Sprintf("seeds: %s were enough to know every share of successes to a point", number)
}

// reason says in the manifest why rows are missing.
func reason(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// A rowKey names a row.
type rowKey struct {
	cell int
	seed uint64
}

// open starts or resumes the result folder and returns what is there: the share of successes of each row.
func (a *app) open(p *plan) (*results.Writer, map[rowKey]float64, error) {
	if err := a.begin(p); err != nil {
		return nil, nil, err
	}
	has := map[rowKey]float64{}
	if !p.resume {
		if err := a.vacant(p.dir); err != nil {
			return nil, nil, err
		}
		w, err := results.Create(p.dir, p.manifest())
		if err == nil {
			err = writeFile(filepath.Join(p.dir, experimentFile), []byte(p.exp.Resolved))
		}
		return w, has, err
	}
	set, err := results.Open(p.dir)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range set.Rows() {
		has[rowKey{r.Cell, r.Seed}] = r.Metrics["succeeded"]
	}
	w, torn, err := results.Resume(p.dir, p.manifest())
	if torn != "" {
		a.note("note: %s; its run is repeated", torn)
	}
	a.note("%s are there already, going on", report.Count(len(has), "row"))
	return w, has, err
}

// vacant complains about a folder that holds rows already, and says how to go on.
func (a *app) vacant(dir string) error {
	old, err := results.Open(dir)
	switch {
	case err != nil || len(old.Rows()) == 0:
		return nil // Create says what else may be wrong
	case old.Manifest.Complete:
		return fmt.Errorf("%s: holds the rows of %s already\n  hint: choose another folder, or delete that one", dir, old.Manifest.Experiment)
	}
	return fmt.Errorf("%s: holds the rows of %s, which was interrupted\n  hint: choose another folder, or go on with it: %s", dir, old.Manifest.Experiment, a.typed("faultline run --resume "+quote(dir)))
}

// beforeFolder keeps the complete rows of a run that is repeated, until the new ones are complete.
const beforeFolder = "before"

// begin makes room in a folder of our own. What was interrupted there is resumed;
// what is complete is put aside until it came out again.
func (a *app) begin(p *plan) error {
	if !p.own || p.resume {
		return nil
	}
	old, err := results.Open(p.dir)
	switch {
	case err != nil:
		return nil // no results there
	case old.Manifest.Complete:
		return putAside(p.dir)
	case len(old.Rows()) > 0 && old.Manifest.Tool == Version && old.Manifest.Spec == p.exp.Resolved:
		a.note("note: %s holds the rows of an interrupted run; delete it to begin anew", p.dir)
		p.resume = true
		return nil
	}
	return errors.Join(os.Remove(filepath.Join(p.dir, results.RowsFile)), os.Remove(filepath.Join(p.dir, results.ManifestFile)))
}

// putAside moves the rows in a folder to one within it.
func putAside(dir string) error {
	before := filepath.Join(dir, beforeFolder)
	const permissions = 0o755
	err := os.MkdirAll(before, permissions)
	for _, name := range []string{results.RowsFile, results.ManifestFile} {
		err = errors.Join(err, os.Rename(filepath.Join(dir, name), filepath.Join(before, name)))
	}
	if err != nil {
		return fmt.Errorf("%w\n  hint: choose another folder with -o", err)
	}
	return nil
}

func (p *plan) manifest() results.Manifest {
	m := results.Manifest{
		Tool: Version, Experiment: p.exp.Name, Source: p.exp.File, Command: p.command,
		Seeds: p.exp.Seeds.String(), Spec: p.exp.Resolved,
	}
	for _, c := range p.exp.Cells {
		m.Cells = append(m.Cells, *c.Info())
	}
	return m
}

// defaultFolder is where the results of an experiment go: the same for the same
// experiment, settings and cells.
func defaultFolder(e *experiments.Experiment) string {
	h := sha256.New()
	fmt.Fprintln(h, Version, e.Resolved)
	for _, c := range e.Cells {
		fmt.Fprintln(h, c.Index)
	}
	const bytesOfID = 3
	return filepath.Join(runsFolder, e.Name+"-"+hex.EncodeToString(h.Sum(nil)[:bytesOfID]))
}

// linkLatest points results/runs/latest at a folder beside it. It is a
// convenience: where links cannot be made there is none.
func (a *app) linkLatest(dir string) {
	link := filepath.Join(filepath.Dir(dir), latestLink)
	if info, err := os.Lstat(link); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return // something of the user's
	}
	os.Remove(link)
	if err := os.Symlink(filepath.Base(dir), link); err != nil {
		a.detail("note: there is no link %s: %v", link, err)
	}
}

// cheap is from how many seeds on repeating one of them costs little.
const cheap = 20

// repeatSome runs the first seeds of every cell again and compares all that came out.
func (a *app) repeatSome(ctx context.Context, p *plan, set *results.Set) error {
	n := p.verify
	if n == someTwice {
		n = 0
		if p.exp.Seeds.Most() >= cheap {
			n = 1
		}
	}
	seeds := p.exp.Seeds.First(n)
	if len(seeds) == 0 {
		return nil
	}
	err := (&experiments.Sweep{
		Cells: p.exp.Cells, Seeds: experiments.Seeds{List: seeds}, Workers: p.workers,
		Row: func(again results.Row) error {
			was, err := set.Full(again.Cell, again.Seed)
			if err == nil && !bytes.Equal(encode(was), encode(again)) {
				err = &nondeterminism{again.Series, again.Seed, [2]string{was.Hash, again.Hash}}
			}
			return err
		},
	}).Run(ctx)
	if err == nil {
		a.detail("%d runs were repeated and came out the same", len(seeds)*len(p.exp.Cells))
	}
	return err
}

func encode(r results.Row) []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("faultline: a row does not marshal: %v", err))
	}
	return data
}

// wall writes a stretch of real time for people.
func wall(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// writeFile writes a file, and says what helps if it cannot.
func writeFile(path string, data []byte) error {
	const permissions = 0o644
	if err := os.WriteFile(path, data, permissions); err != nil {
		return fmt.Errorf("%w\n  hint: check that the folder exists, may be written and has room", err)
	}
	return nil
}

package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// A Set is all rows of one result folder, always in the order of (cell, seed).
type Set struct {
	Manifest Manifest
	Torn     string // empty, or says that the last line was torn by a kill and is left out

	rows  []Row
	index index
	path  string // of the rows; empty for a Set made in memory
	end   int64  // bytes of whole rows
}

// NewSet makes a Set of rows in memory; the rows are sorted in place. It panics on two rows of one cell and seed.
func NewSet(m Manifest, rows []Row) *Set {
	s := &Set{Manifest: m, rows: rows, index: newIndex()}
	s.sort()
	for i, r := range rows {
		line, err := encode(r)
		if err != nil {
			panic("results: " + err.Error())
		}
		if s.Has(r.Cell, r.Seed) {
			panic(fmt.Sprintf("results: row %d is a second one of cell %d, seed %d", i, r.Cell, r.Seed))
		}
		s.index.add(rowKey{r.Cell, r.Seed}, 0, line)
	}
	s.Manifest.Rows, s.Manifest.Hash = len(rows), s.Hash()
	return s
}

// Open reads a result folder. It changes nothing on the disk, so a sweep may be
// at work there. The lists of single stale reads are left out to save memory; see Full.
func Open(dir string) (*Set, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	s := &Set{Manifest: m, index: newIndex(), path: filepath.Join(dir, RowsFile)}
	f, err := os.Open(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil // killed between making the manifest and the first row
	}
	if err != nil {
		return nil, diskError(s.path, err)
	}
	defer f.Close()
	if err := s.read(f); err != nil {
		return nil, err
	}
	return s, nil
}

// read takes in all whole lines. Only the last line can lack its newline: rows
// are written whole, so it is one that a kill or a full disk cut short.
func (s *Set) read(from io.Reader) error {
	in := bufio.NewReaderSize(from, 1<<16)
	words := interner{}
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			if len(line) > 0 {
				s.Torn = fmt.Sprintf("%s:%d: last row is torn (%d bytes without an end), left out", s.path, n, len(line))
			}
			s.sort()
			return nil
		}
		if err != nil {
			return diskError(s.path, err)
		}
		if err := s.take(line, words); err != nil {
			return fmt.Errorf("%s:%d: %w\n  hint: delete that line, then resume to run its seed again", s.path, n, err)
		}
	}
}

func (s *Set) take(line []byte, words interner) error {
	var r Row
	if err := decode(line, &r); err != nil {
		return err
	}
	if s.Has(r.Cell, r.Seed) {
		return fmt.Errorf("a second row of cell %d, seed %d", r.Cell, r.Seed)
	}
	s.index.add(rowKey{r.Cell, r.Seed}, s.end, line)
	s.end += int64(len(line))
	r.Stale = nil
	words.internRow(&r)
	s.rows = append(s.rows, r)
	return nil
}

// decode reads one line. Fields it does not know are those of a newer version, and passed over.
func decode(line []byte, r *Row) error {
	if err := json.Unmarshal(bytes.TrimSpace(line), r); err != nil {
		return fmt.Errorf("not a row: %w", err)
	}
	if r.Series == "" || r.Cell < 0 {
		return fmt.Errorf("not a row: cell %d, series %q", r.Cell, r.Series)
	}
	if len(r.Timeline.Called) != len(r.Timeline.OK) {
		return fmt.Errorf("timeline has %d windows of calls but %d of answers", len(r.Timeline.Called), len(r.Timeline.OK))
	}
	return nil
}

func (s *Set) sort() {
	slices.SortFunc(s.rows, func(a, b Row) int { return rowKey{a.Cell, a.Seed}.compare(rowKey{b.Cell, b.Seed}) })
}

// Rows is every row by cell and then by seed. The rows belong to the Set; do not change them.
func (s *Set) Rows() []Row { return s.rows }

// Has tells whether the row is there.
func (s *Set) Has(cell int, seed uint64) bool {
	_, ok := s.index.at[rowKey{cell, seed}]
	return ok
}

// Hash stands for all rows in the order of (cell, seed); see Manifest.Hash.
func (s *Set) Hash() string { return s.index.hash() }

// Check compares the rows with the hash of a complete manifest: an error means that one of the two files was changed.
func (s *Set) Check() error {
	if h := s.Hash(); s.Manifest.Complete && h != s.Manifest.Hash {
		return fmt.Errorf("%s: rows have hash %s, the manifest says %s\n  hint: a file was changed after the run; repeat it: %s", s.path, h, s.Manifest.Hash, s.Manifest.Command)
	}
	return nil
}

// Full is one row with nothing left out, read from the disk again.
func (s *Set) Full(cell int, seed uint64) (Row, error) {
	if !s.Has(cell, seed) {
		return Row{}, fmt.Errorf("%s: no row of cell %d, seed %d", s.path, cell, seed)
	}
	if s.path == "" {
		i, _ := slices.BinarySearchFunc(s.rows, rowKey{cell, seed}, func(r Row, k rowKey) int { return rowKey{r.Cell, r.Seed}.compare(k) })
		return s.rows[i], nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return Row{}, diskError(s.path, err)
	}
	defer f.Close()
	line, err := s.index.read(f, rowKey{cell, seed})
	if err != nil {
		return Row{}, diskError(s.path, err)
	}
	var r Row
	return r, decode(line, &r)
}

// An interner keeps one copy of each text: ten thousand rows repeat the same few names.
type interner map[string]string

func (in interner) one(s string) string {
	if same, ok := in[s]; ok {
		return same
	}
	in[s] = s
	return s
}

func (in interner) internRow(r *Row) {
	r.Experiment, r.Series, r.Model = in.one(r.Experiment), in.one(r.Series), in.one(r.Model)
	for i, p := range r.Params {
		r.Params[i] = Param{in.one(p.Name), in.one(p.Value)}
	}
	for i, b := range r.Faults {
		r.Faults[i].Label = in.one(b.Label)
	}
	for i, b := range r.Beyond {
		r.Beyond[i] = in.one(b)
	}
	verdicts := make(map[string]string, len(r.Verdicts))
	for k, v := range r.Verdicts {
		verdicts[in.one(k)] = in.one(v)
	}
	metrics := make(map[string]float64, len(r.Metrics))
	for k, v := range r.Metrics {
		metrics[in.one(k)] = v
	}
	r.Verdicts, r.Metrics = verdicts, metrics
}

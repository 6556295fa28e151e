package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
)

const (
	filePermissions   = 0o644
	folderPermissions = 0o755
)

// A Writer adds rows to a result folder. Its methods may be called from many
// goroutines. It holds no rows, only where each one stands.
type Writer struct {
	mu       sync.Mutex
	dir      string
	manifest Manifest
	file     rowFile
	index    index
	end      int64 // bytes of whole rows in the file
}

// A rowFile is what a Writer needs of an *os.File.
type rowFile interface {
	Write([]byte) (int, error)
	Truncate(int64) error
	Sync() error
	Close() error
}

// Create starts a result folder, making it if need be. A folder that holds rows
// already is refused: rows are never overwritten.
func Create(dir string, m Manifest) (*Writer, error) {
	if err := os.MkdirAll(dir, folderPermissions); err != nil {
		return nil, diskError(dir, err)
	}
	path := filepath.Join(dir, RowsFile)
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil, fmt.Errorf("%s: exists already\n  hint: resume it, or choose another folder", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, filePermissions)
	if err != nil {
		return nil, diskError(path, err)
	}
	return start(&Writer{dir: dir, manifest: m, file: f, index: newIndex()})
}

// Resume goes on with a folder whose sweep was interrupted: a line torn by the
// interruption is cut off, and Has tells which rows need no second run. The
// version and the resolved experiment must be those of the first time. The note
// is empty, or says what was cut off.
func Resume(dir string, m Manifest) (w *Writer, note string, err error) {
	set, err := Open(dir)
	if err != nil {
		return nil, "", err
	}
	if err := sameExperiment(dir, set.Manifest, m); err != nil {
		return nil, "", err
	}
	path := filepath.Join(dir, RowsFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, filePermissions)
	if err != nil {
		return nil, "", diskError(path, err)
	}
	if err := f.Truncate(set.end); err != nil {
		return nil, "", errors.Join(diskError(path, err), f.Close())
	}
	w, err = start(&Writer{dir: dir, manifest: m, file: f, index: set.index, end: set.end})
	return w, set.Torn, err
}

func sameExperiment(dir string, was, is Manifest) error {
	if was.Tool != is.Tool {
		return fmt.Errorf("%s: rows were made by version %s, this is %s\n  hint: rows of two versions do not mix; choose another folder", dir, was.Tool, is.Tool)
	}
	if was.Spec != is.Spec {
		return fmt.Errorf("%s: rows were made by another experiment, or by an earlier text of it\n  hint: rows of two experiments do not mix; choose another folder", dir)
	}
	return nil
}

// start writes the manifest that a killed sweep leaves behind.
func start(w *Writer) (*Writer, error) {
	if err := w.writeManifest(reasonRunning); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	return w, nil
}

// Has tells whether the row is in the folder.
func (w *Writer) Has(cell int, seed uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.index.at[rowKey{cell, seed}]
	return ok
}

// Append adds one row with a single write. When it returns nil, the row
// survives a kill of this process. When it fails (disk full), the part that was
// written is cut off again and the rows before it are as they were.
func (w *Writer) Append(r Row) error {
	line, err := encode(r)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.appendLine(rowKey{r.Cell, r.Seed}, line)
}

func (w *Writer) appendLine(k rowKey, line []byte) error {
	path := filepath.Join(w.dir, RowsFile)
	if w.file == nil {
		return fmt.Errorf("%s: row of cell %d, seed %d came after Finish", path, k.cell, k.seed)
	}
	if _, ok := w.index.at[k]; ok {
		return fmt.Errorf("%s: has a row of cell %d, seed %d already\n  hint: ask Has before running it again", path, k.cell, k.seed)
	}
	if _, err := w.file.Write(line); err != nil {
		return errors.Join(diskError(path, err), w.file.Truncate(w.end))
	}
	w.index.add(k, w.end, line)
	w.end += int64(len(line))
	return nil
}

// Finish closes the folder and says in the manifest whether the sweep is
// complete: a reason, such as "interrupted", says it is not. The rows of a
// complete sweep are put in the order of (cell, seed), so that the folder has
// the same bytes for every number of workers.
func (w *Writer) Finish(reason string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	path := filepath.Join(w.dir, RowsFile)
	err := errors.Join(w.file.Sync(), w.file.Close())
	w.file = nil
	if err != nil {
		return diskError(path, err)
	}
	if reason == "" {
		if err := sortRows(path, w.index); err != nil {
			return err
		}
	}
	return w.writeManifest(reason)
}

// Manifest is the manifest as it was last written.
func (w *Writer) Manifest() Manifest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.manifest
}

func (w *Writer) writeManifest(reason string) error {
	w.manifest.Complete = reason == ""
	w.manifest.Reason = reason
	w.manifest.Rows = len(w.index.at)
	w.manifest.Hash = w.index.hash()
	return writeManifest(w.dir, w.manifest)
}

// encode is the line of a row, newline included. Every metric must be in the
// catalogue and a number: what is neither could not be drawn or explained later.
func encode(r Row) ([]byte, error) {
	for name, v := range r.Metrics {
		if _, err := FindMetric(name); err != nil {
			return nil, fmt.Errorf("row of cell %d, seed %d: %w", r.Cell, r.Seed, err)
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("row of cell %d, seed %d: metric %s is %v\n  hint: leave a metric without a value out of the row", r.Cell, r.Seed, name, v)
		}
	}
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("row of cell %d, seed %d: %w", r.Cell, r.Seed, err)
	}
	return append(line, '\n'), nil
}

// sortRows rewrites the file in the order of (cell, seed), in one step, unless it stands so already.
func sortRows(path string, ix index) error {
	keys := ix.ordered()
	if ix.inOrder(keys) {
		return nil
	}
	return replaceFile(path, func(to io.Writer) error {
		from, err := os.Open(path)
		if err != nil {
			return err
		}
		defer from.Close()
		for _, k := range keys {
			line, err := ix.read(from, k)
			if err != nil {
				return err
			}
			if _, err := to.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
}

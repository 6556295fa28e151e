package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// The files of a result folder.
const (
	RowsFile     = "rows.jsonl"    // one Row to a line, in any order while a sweep runs
	ManifestFile = "manifest.json" // the Manifest
)

// A Manifest says how the rows beside it came about, and whether they are all there.
type Manifest struct {
	Tool       string     `json:"tool"`       // version of faultline that ran it
	Experiment string     `json:"experiment"` // name
	Source     string     `json:"source"`     // experiment file as it was given: experiments/library/partition.yaml
	Command    string     `json:"command"`    // repeats it
	Seeds      string     `json:"seeds"`      // as asked for: "1..200", "auto"
	Cells      []CellInfo `json:"cells"`      // the grid, by index
	Rows       int        `json:"rows"`       // rows in the folder
	Hash       string     `json:"hash"`       // over all rows in the order of (cell, seed), 16 hex digits; the same for every -j
	Complete   bool       `json:"complete"`
	Reason     string     `json:"reason,omitempty"` // why it is not complete
	Spec       string     `json:"spec"`             // the experiment, resolved: every default and every --set written out
}

// A CellInfo names one cell of the grid.
type CellInfo struct {
	Cell   int     `json:"cell"`
	Series string  `json:"series"`
	Model  string  `json:"model"`
	Params []Param `json:"params,omitempty"`
}

// Param is the value of a swept setting, "" when the sweep has none of that name.
func (c *CellInfo) Param(name string) string {
	for _, p := range c.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// reasonRunning stands in the manifest until Finish replaces it; whoever finds
// it there knows that the process was killed, or is at work still.
const reasonRunning = "still running, or killed before it could finish"

// writeManifest replaces the manifest in one step: a reader sees the old one or
// the new one, never half of one.
func writeManifest(dir string, m Manifest) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("results: manifest of plain strings does not marshal: %v", err))
	}
	return replaceFile(filepath.Join(dir, ManifestFile), func(to io.Writer) error {
		_, err := to.Write(append(data, '\n'))
		return err
	})
}

// replaceFile writes a file beside the old one and then puts it in its place.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return diskError(path, err)
	}
	out := bufio.NewWriter(f)
	err = errors.Join(write(out), out.Flush(), f.Chmod(filePermissions), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(diskError(path, err), os.Remove(f.Name()))
	}
	return nil
}

func readManifest(dir string) (Manifest, error) {
	path := filepath.Join(dir, ManifestFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Manifest{}, fmt.Errorf("%s: no such file\n  hint: give a result folder; it holds %s and %s", path, ManifestFile, RowsFile)
	}
	if err != nil {
		return Manifest{}, diskError(path, err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("%s: not a manifest: %w\n  hint: the file was edited or damaged; run the experiment again into a new folder", path, err)
	}
	if m.Tool == "" || m.Spec == "" {
		return Manifest{}, fmt.Errorf("%s: not a manifest of faultline: it names no version or no experiment\n  hint: give the folder of a result", path)
	}
	return m, nil
}

// diskError says where, why and what helps.
func diskError(path string, err error) error {
	var cause *os.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	hint := "check that the folder exists and may be read and written"
	if isFull(err) {
		hint = "free some space or choose another folder; rows that were finished before are kept"
	}
	return fmt.Errorf("%s: %w\n  hint: %s", path, err, hint)
}

// isFull tells whether the disk has no room left for us.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

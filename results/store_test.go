package results

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func row(cell int, seed uint64) Row {
	r := Row{
		Experiment: "partition", Cell: cell, Series: fmt.Sprintf("raft n=%d", cell), Model: "raft",
		Params: []Param{{"model.n", fmt.Sprint(cell)}}, Seed: seed, Hash: fmt.Sprintf("%016x", seed*7919+uint64(cell)),
		Verdicts: map[string]string{"linearizable": Holds}, Metrics: map[string]float64{"succeeded": 0.5 + float64(seed)/1000, "p99": 12.25},
		Ops: Counts{OK: 10, Unknown: 1}, Timeline: Timeline{WindowMS: 250, Called: []int{5, 6}, OK: []int{5, 5}},
		Faults: []Band{{FromMS: 1, ToMS: 2, Label: "halves"}}, Stale: []Stale{{AtMS: 1, AgeMS: 2, Versions: 3}}, Fresh: []Fresh{{SinceMS: 1, Reads: 4, Fresh: 3}},
	}
	r.Latency.Read.Add(int64(seed) * 1_000_000)
	return r
}

var manifest = Manifest{Tool: "v1", Experiment: "partition", Source: "partition.yaml", Command: "faultline run partition.yaml", Seeds: "1..3", Spec: "model: raft\n"}

func TestFolderIsTheSameForEveryOrderOfWorkers(t *testing.T) {
	var files [2]string
	for i := range files {
		dir := t.TempDir()
		w := create(t, dir)
		var workers sync.WaitGroup
		for n := range 20 {
			if i == 1 {
				n = 19 - n
			}
			workers.Go(func() {
				if err := w.Append(row(n%2, uint64(n/2))); err != nil {
					t.Error(err)
				}
			})
			if i == 1 {
				workers.Wait() // strictly backwards, so that there is something to sort
			}
		}
		workers.Wait()
		if err := w.Finish(""); err != nil {
			t.Fatal(err)
		}
		files[i] = contents(t, dir)
		set := open(t, dir)
		for j, r := range set.Rows() {
			if r.Cell != j/10 || r.Seed != uint64(j%10) {
				t.Fatalf("row %d is of cell %d, seed %d", j, r.Cell, r.Seed)
			}
		}
		if err := set.Check(); err != nil || set.Manifest.Rows != 20 || !set.Manifest.Complete {
			t.Errorf("%v; manifest %+v", err, set.Manifest)
		}
	}
	if files[0] != files[1] {
		t.Error("two orders of the same rows left different bytes")
	}
}

// A process is killed in the middle of a write. Its finished rows are all there,
// the torn one is reported and cut off, and the sweep goes on where it stopped.
func TestKillInMidWriteLosesNoFinishedRow(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir)
	for seed := range uint64(3) {
		if err := w.Append(row(0, seed)); err != nil {
			t.Fatal(err)
		}
	}
	line, err := encode(row(0, 3))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, RowsFile)
	for _, torn := range []int{1, len(line) / 2, len(line) - 1} {
		whole, _ := os.ReadFile(path)
		if err := os.WriteFile(path, append(bytes.Clone(whole), line[:torn]...), 0o644); err != nil {
			t.Fatal(err)
		}
		set := open(t, dir)
		if len(set.Rows()) != 3 || !strings.Contains(set.Torn, "rows.jsonl:4") {
			t.Fatalf("torn after %d bytes: %d rows, note %q", torn, len(set.Rows()), set.Torn)
		}
		if set.Manifest.Complete || set.Manifest.Reason == "" {
			t.Fatalf("a killed sweep calls itself complete: %+v", set.Manifest)
		}
		resumed, note, err := Resume(dir, manifest)
		if err != nil || note != set.Torn {
			t.Fatalf("resume: note %q, error %v", note, err)
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, whole) {
			t.Fatalf("after resuming, the file is %q", now)
		}
		w = resumed
	}
	if w.Has(0, 3) || !w.Has(0, 2) {
		t.Error("Has does not know which rows are there")
	}
	if err := errors.Join(w.Append(row(0, 3)), w.Finish("")); err != nil {
		t.Fatal(err)
	}
	if set := open(t, dir); len(set.Rows()) != 4 || set.Torn != "" || set.Check() != nil {
		t.Errorf("%d rows, note %q, %v", len(set.Rows()), set.Torn, set.Check())
	}
}

// fullDisk takes so many bytes and no more.
type fullDisk struct {
	*os.File
	left int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	n, _ := d.File.Write(p[:min(len(p), d.left)])
	if d.left -= n; n < len(p) {
		return n, &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC}
	}
	return n, nil
}

func TestFullDiskKeepsEarlierRows(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir)
	line, _ := encode(row(0, 1))
	disk := &fullDisk{w.file.(*os.File), len(line) + len(line)/2}
	w.file = disk
	if err := w.Append(row(0, 1)); err != nil {
		t.Fatal(err)
	}
	err := w.Append(row(0, 2))
	if err == nil || !strings.Contains(err.Error(), RowsFile+": no space left on device\n  hint: free some space") {
		t.Fatalf("disk full: %v", err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, RowsFile)); !bytes.Equal(got, line) {
		t.Fatalf("the file holds %q", got)
	}
	disk.left = 1 << 20 // someone made room
	if err := errors.Join(w.Append(row(0, 2)), w.Finish("disk was full for a while")); err != nil {
		t.Fatal(err)
	}
	if set := open(t, dir); len(set.Rows()) != 2 || set.Manifest.Reason != "disk was full for a while" {
		t.Errorf("%d rows; %+v", len(set.Rows()), set.Manifest)
	}
}

func TestRealFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	w := create(t, t.TempDir())
	w.file.Close()
	w.file = full
	if err := w.Append(row(0, 1)); err == nil || w.Has(0, 1) {
		t.Errorf("row counts as written; error %v", err)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir)
	if err := w.Append(row(0, 1)); err != nil {
		t.Fatal(err)
	}
	bad, nan := row(0, 2), row(0, 2)
	bad.Metrics["suceeded"] = 1
	nan.Metrics["p99"] = nanValue()
	other, spec := manifest, manifest
	other.Tool, spec.Spec = "v2", "model: abd\n"
	second := func() error { _, err := Create(dir, manifest); return err }
	resume := func(m Manifest) error { _, _, err := Resume(dir, m); return err }
	for want, err := range map[string]error{
		"already":                    w.Append(row(0, 1)),
		`did you mean "succeeded"?`:  w.Append(bad),
		"p99 is NaN":                 w.Append(nan),
		"exists already":             second(),
		"made by version v1, this":   resume(other),
		"made by another experiment": resume(spec),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "hint: ") {
			t.Errorf("want an error with a hint saying %q, got %v", want, err)
		}
	}
	if err := w.Finish("stopped"); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(row(0, 9)); err == nil {
		t.Error("a row after Finish was taken")
	}
}

func TestBadLinesAreNamed(t *testing.T) {
	good, _ := encode(row(0, 1))
	for text, want := range map[string]string{
		"{}\n":                            "rows.jsonl:2: not a row",
		"\x00\x00\n":                      "rows.jsonl:2: not a row",
		string(good):                      "rows.jsonl:2: a second row of cell 0, seed 1",
		`{"series":"x","seed":-1}` + "\n": "rows.jsonl:2: not a row",
		`{"series":"x","seed":5,"timeline":{"called":[1]}}` + "\n": "rows.jsonl:2: timeline has 1 windows of calls but 0 of answers",
		`{"series":"x","latency":{"read":[1]}}` + "\n":             "rows.jsonl:2: not a row: histogram: 1 numbers",
	} {
		dir := t.TempDir()
		w := create(t, dir)
		if err := w.Finish("test"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, RowsFile), append(bytes.Clone(good), text...), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "hint: ") {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
}

func TestOpenOfNoFolder(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "give a result folder") {
		t.Errorf("got %v", err)
	}
}

func TestRowsOfNewerVersionsAreRead(t *testing.T) {
	dir := t.TempDir()
	if err := create(t, dir).Finish("test"); err != nil {
		t.Fatal(err)
	}
	line := `{"series":"raft","seed":1,"moods":["fine"],"metrics":{"p99":3,"happiness":7}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, RowsFile), []byte(line), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := open(t, dir).Rows(); len(r) != 1 || r[0].Metrics["happiness"] != 7 {
		t.Errorf("read %+v", r)
	}
}

func TestFullGivesTheWholeRow(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir)
	want := row(1, 5)
	if err := errors.Join(w.Append(row(1, 6)), w.Append(want), w.Finish("")); err != nil {
		t.Fatal(err)
	}
	set := open(t, dir)
	if set.Rows()[0].Stale != nil {
		t.Error("Open keeps the stale reads in memory")
	}
	got, err := set.Full(1, 5)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, error %v, want %+v", got, err, want)
	}
	if _, err := set.Full(1, 7); err == nil {
		t.Error("a row that is not there was found")
	}
	if r, err := NewSet(manifest, []Row{row(0, 2), row(0, 1)}).Full(0, 2); err != nil || r.Seed != 2 {
		t.Errorf("in memory: seed %d, error %v", r.Seed, err)
	}
}

func TestCheckSeesAChangedRow(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir)
	if err := errors.Join(w.Append(row(0, 1)), w.Finish("")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, RowsFile)
	data, _ := os.ReadFile(path)
	if err := os.WriteFile(path, bytes.Replace(data, []byte(`"ok":10`), []byte(`"ok":99`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Check(); err == nil || !strings.Contains(err.Error(), manifest.Command) {
		t.Errorf("a changed row passes: %v", err)
	}
}

// The bound: a sweep of 10,000 runs holds under 300 MB. Rows here are
// as heavy as they get: 120 windows, 300 buckets, 1,000 stale reads.
func TestMemoryOfTenThousandRows(t *testing.T) {
	const rows = 250 // the fortieth part of the sweep
	dir := t.TempDir()
	w := create(t, dir)
	for seed := range uint64(rows) {
		if err := w.Append(heavyRow(seed)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(""); err != nil {
		t.Fatal(err)
	}
	before := heap()
	set := open(t, dir)
	perRow := (heap() - before) / rows
	if total := perRow * 10_000 >> 20; total > 150 {
		t.Errorf("10,000 rows hold %d MB", total)
	} else {
		t.Logf("10,000 rows hold %d MB", total)
	}
	runtime.KeepAlive(set)
}

func heavyRow(seed uint64) Row {
	r := row(0, seed)
	r.Timeline = Timeline{WindowMS: 250, Called: make([]int, 120), OK: make([]int, 120)}
	for i := range int64(150) {
		r.Latency.Read.Add(1e6 + i*i*1e5)
		r.Latency.Write.Add(1e6 + i*i*1e5)
	}
	for _, m := range Metrics {
		r.Metrics[m.Name] = 0.25
	}
	r.Stale = make([]Stale, MaxStale)
	return r
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func create(t *testing.T, dir string) *Writer {
	t.Helper()
	w, err := Create(dir, manifest)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func open(t *testing.T, dir string) *Set {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contents is every file of a folder, and its name.
func contents(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "-- %s --\n%s", f.Name(), data)
	}
	return all.String()
}

func nanValue() float64 { zero := 0.0; return zero / zero }

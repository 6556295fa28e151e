package linear

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// porcupineDir returns the folder of porcupine's module, with its test data.
func porcupineDir(tb testing.TB) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		tb.Skipf("porcupine's test data needs the go command and its module: %v", err)
	}
	return dir
}

// expected reads the verdicts out of porcupine's own tests.
func expected(t *testing.T, dir, pattern string) map[string]judge.Verdict {
	source, err := os.ReadFile(filepath.Join(dir, "porcupine_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]judge.Verdict{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1) {
		want[m[1]] = judge.Violated
		if m[2] == "true" {
			want[m[1]] = judge.Holds
		}
	}
	return want
}

func readFile(tb testing.TB, path string, format history.Format) history.History {
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	h, got, err := history.ReadAny(f, filepath.Base(path))
	if err != nil {
		tb.Fatal(err)
	}
	if got != format {
		tb.Fatalf("%s: format %s, want %s", path, got, format)
	}
	return h
}

func TestJepsenEtcdLogs(t *testing.T) {
	dir := porcupineDir(t)
	want := expected(t, dir, `checkJepsen\(t, (\d+), (true|false)\)`)
	const logs = 102
	if len(want) != logs {
		t.Fatalf("found %d verdicts in porcupine's tests, want %d", len(want), logs)
	}
	for number, verdict := range want {
		var n int
		fmt.Sscan(number, &n)
		name := fmt.Sprintf("etcd_%03d.log", n)
		h := readFile(t, filepath.Join(dir, "test_data", "jepsen", name), history.FormatJepsen)
		got := Check(h, judge.Budget{})
		if got.Verdict != verdict {
			t.Errorf("%s: %v by %s, want %v", name, got.Verdict, got.Engine, verdict)
		}
		checkEvidence(t, h, got)
	}
}

func TestKVLogs(t *testing.T) {
	dir := porcupineDir(t)
	want := expected(t, dir, `checkKv\(t, "([^"]+)", (true|false), true\)`)
	const logs = 6
	if len(want) != logs {
		t.Fatalf("found %d verdicts in porcupine's tests, want %d", len(want), logs)
	}
	for name, verdict := range want {
		h := readFile(t, filepath.Join(dir, "test_data", "kv", name+".txt"), history.FormatKV)
		got := Check(h, judge.Budget{})
		if got.Verdict != verdict {
			t.Errorf("%s: %v by %s, want %v: %s", name, got.Verdict, got.Engine, verdict, got.Evidence.Text)
		}
		checkEvidence(t, h, got)
	}
}

package experiments_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"faultline/experiments"
	"faultline/models"
	"faultline/models/store/storetest"
	"faultline/sim/simtest"
)

const goldenHashes = "testdata/hashes.txt"

// The hash of a run must be the same on every machine. CI runs this test natively,
// with GOAMD64=v3, for js/wasm under Node and for arm64 under qemu-user. A change
// here means that runs that were recorded can no longer be repeated: it is all
// right when a model or the kernel was changed on purpose, and an alarm otherwise.
func TestGoldenHashes(t *testing.T) {
	var got strings.Builder
	for _, m := range models.All {
		for seed := uint64(1); seed <= 4; seed++ {
			sc := storetest.Harm(storetest.Scenario(m, nil, seed), seed)
			fmt.Fprintf(&got, "%s %d %016x\n", m.Name, seed, experiments.Run(sc, seed).Hash)
		}
	}
	if simtest.Rewriting() {
		if err := os.WriteFile(goldenHashes, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenHashes)
	if err != nil {
		t.Fatal(err)
	}
	if lines := differences(string(want), got.String()); lines != nil {
		t.Errorf("%s: %s\nif runs were meant to change: go test ./experiments -run Golden -rewrite", goldenHashes, strings.Join(lines, "\n"))
	}
}

// The schema that editors read, for those who have only the repository.
func TestGoldenSchema(t *testing.T) {
	const file = "schema.json"
	got := experiments.Schema()
	if simtest.Rewriting() {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, got) {
		t.Errorf("%s is not what faultline schema prints (%v): go test ./experiments -run Golden -rewrite", file, err)
	}
}

// differences says which lines of two texts are in only one of them.
func differences(want, got string) []string {
	var all []string
	wanted, have := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range have {
		if !slices.Contains(wanted, line) {
			all = append(all, "lacks "+line)
		}
	}
	for _, line := range wanted {
		if !slices.Contains(have, line) {
			all = append(all, line+" did not come out")
		}
	}
	return all
}

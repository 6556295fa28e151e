package report

import (
	"fmt"
	"testing"
)

// What is expected of many cells and came out alike everywhere goes by what they
// have in common; who came out otherwise is named.
func TestFindingsOfManyCellsAreShort(t *testing.T) {
	of := func(where, what string, mark Mark, cells ...int) (all []Finding) {
		for _, c := range cells {
			all = append(all, Finding{Series: fmt.Sprintf("raft rate=%d", c), What: what, Mark: mark, Got: "0", Where: where})
		}
		return all
	}
	for _, c := range []struct {
		name     string
		findings []Finding
		want     []string
	}{
		{"all of a kind", of("raft", "lost = 0", Met, 1, 2, 3, 4, 5, 6), []string{"raft (6): lost = 0 (0)"}},
		{"of all", of("", "lost = 0", Met, 1, 2, 3, 4, 5), []string{"all 5: lost = 0 (0)"}},
		{"a few", of("", "lost = 0", Met, 1, 2), []string{"raft rate=1, raft rate=2: lost = 0 (0)"}},
		{"but one", append(of("raft", "lost = 0", Met, 1, 2), of("raft", "lost = 0", Failed, 3)...),
			[]string{"raft rate=1, raft rate=2: lost = 0 (0)", "raft rate=3: lost = 0 (0)"}},
		{"in two places", append(of("raft", "lost = 0", Met, 1, 2, 3, 4, 5), of("chain", "lost = 0", Met, 6)...),
			[]string{"raft (5): lost = 0 (0)", "raft rate=6: lost = 0 (0)"}},
	} {
		var got []string
		for _, g := range groups(c.findings) {
			got = append(got, g.String())
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

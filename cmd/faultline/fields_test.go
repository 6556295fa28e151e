package main

import (
	"strings"
	"testing"

	"faultline/results/report"
)

// Every field of an experiment file, however deep, can be described, within 80
// columns, and where its description sends the reader on there is something.
func TestEveryFieldIsDescribed(t *testing.T) {
	paths := []string{}
	for _, e := range fieldEntries() {
		paths = append(paths, e.Name)
	}
	seen := 0
	for ; len(paths) > 0; seen++ {
		path := paths[0]
		paths = paths[1:]
		d := describeField(path)
		if d.Summary == "" {
			t.Errorf("%s: nothing says what it is", path)
		}
		for line := range strings.Lines(d.text(report.Style{})) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
				t.Errorf("%s: %d columns: %s", path, n, line)
			}
		}
		for _, p := range d.Params {
			if _, to, ok := strings.Cut(p.Doc, "(see faultline describe "); ok {
				paths = append(paths, strings.TrimSuffix(to, ")"))
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d fields are described", seen)
	}
	for wrong, near := range map[string]string{"clint": "client", "client.budgt": "client.budget", "client.budgt.rule": "client.budget"} {
		if _, err := lookup([]string{wrong}); err == nil || !strings.Contains(err.Error(), "did you mean \""+near+"\"") {
			t.Errorf("%s: %v, want a hint at %s", wrong, err, near)
		}
	}
}

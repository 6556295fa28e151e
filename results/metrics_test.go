package results

import (
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		metric string
		v      float64
		want   string
	}{
		{"succeeded", 0.955, "95.5%"}, {"succeeded", 1, "100%"}, {"succeeded", 0, "0%"},
		{"succeeded", 0.99996, "99.996%"}, {"succeeded", 0.99999999, ">99.9999%"},
		{"stale", 0.0003, "0.03%"}, {"stale", 1e-9, "<0.0001%"},
		{"p99", 6.1, "6.1 ms"}, {"p99", 22, "22 ms"}, {"p99", 1700, "1.7 s"}, {"p99", 0.3, "300 µs"}, {"p99", 999.7, "1 s"}, {"p99", 150000, "2.5 min"}, {"p99", 0, "0 ms"},
		{"throughput", 1234.5, "1,234/s"}, {"lost", 12, "12"}, {"lost", 0.04, "0.04"}, {"lost", 1234567, "1,234,567"}, {"lost", 4.25, "4.2"}, {"lost", 0.125, "0.12"}, {"p99", 22.44, "22.4 ms"},
		{"messages_per_op", 8.37, "8.4"},
	} {
		m, err := FindMetric(c.metric)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Format(c.v); got != c.want {
			t.Errorf("%s %v reads %q, want %q", c.metric, c.v, got, c.want)
		}
	}
	succeeded, _ := FindMetric("succeeded")
	if got := succeeded.FormatDifference(-0.039); got != "-3.9 pts" {
		t.Errorf("difference reads %q", got)
	}
}

func TestCatalogueIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Metrics {
		if seen[m.Name] {
			t.Errorf("metric %s is there twice", m.Name)
		}
		seen[m.Name] = true
		if m.Label == "" || !strings.HasSuffix(m.Doc, ".") {
			t.Errorf("metric %s: label %q, definition %q", m.Name, m.Label, m.Doc)
		}
	}
}

func TestUnknownMetricIsExplained(t *testing.T) {
	for name, want := range map[string]string{"sucseeded": `did you mean "succeeded"?`, "P99": `did you mean "p99"?`, "beauty": "known: succeeded, reads_succeeded"} {
		if _, err := FindMetric(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTally(t *testing.T) {
	verdicts := []string{Holds, Violated, Undecided, Violated, ""}
	var rows []Row
	for i, v := range verdicts {
		r := row(0, uint64(i+1))
		r.Verdicts = map[string]string{}
		if v != "" {
			r.Verdicts["linearizable"] = v
			r.Evidence = map[string]string{"linearizable": "seed " + string(rune('1'+i))}
		}
		rows = append(rows, r)
	}
	cell := Group(NewSet(manifest, rows))[0]
	tally := cell.Tally("linearizable")
	if tally.FirstViolated != 2 || tally.Evidence != "seed 2" || tally.Verdict() != Violated || tally.String() != "1/4, 1 undecided" {
		t.Errorf("%+v: %s", tally, tally)
	}
	if got := (Tally{Holds: 9, Undecided: 1}).Verdict(); got != Undecided {
		t.Errorf("one undecided run of ten: %s", got)
	}
	if got := cell.Tally("fair"); got.Verdict() != "" || got.String() != "not checked" {
		t.Errorf("a property nobody checked: %+v", got)
	}
	if s := cell.Summary("p99"); s.N != 5 || s.Mean != 12.25 {
		t.Errorf("p99 %+v", s)
	}
	if got := Sentence([]string{"a", "b", "c"}); got != "a, b and c" {
		t.Error(got)
	}
}

package experiments

import "testing"

// A chart that is split by a setting is one chart for each of its values that where lets through.
func TestPlotsAreSplit(t *testing.T) {
	e, err := LoadShipped("retry-storm")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range e.Plots {
		names = append(names, p.Name)
	}
	want := []string{"heatmap 3 with jitter", "heatmap paid by attempts", "heatmap paid by successes", ""}
	if len(names) != len(want) {
		t.Fatalf("charts %q, want %q", names, want)
	}
	for i, p := range e.Plots {
		if p.Name != want[i] || len(p.Where.list) == 0 {
			t.Errorf("chart %d is %q where %v, want %q", i, p.Name, p.Where.list, want[i])
		}
	}
}

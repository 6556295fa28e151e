package chart

import (
	"bytes"
	"strings"
	"testing"
)

func someCompared() []Compared {
	published := 45.5
	return []Compared{
		{Group: "R=1 W=1", Name: "read p99.9", Text: "0.66ms (0.65ms)", Ours: 0.66, Lo: 0.655, Hi: 0.665, Reference: 0.65, Within: 0.0195, Verdict: AgainstOK},
		{Group: "R=1 W=1", Name: "t for 99.9%", Text: "53.1ms (52.5ms)", Ours: 53.1, Lo: 50, Hi: 56, Reference: 52.5, Within: 2.6, Published: &published, Verdict: AgainstUnsure},
		{Group: "R=2 W=2", Name: "t for 99.9%", Text: "0ms (0ms)", Verdict: AgainstOK},
		{Group: "R=2 W=2", Name: "write p99.9", Text: "9ms (1ms)", Ours: 9, Lo: 8, Hi: 10, Reference: 1, Within: 0.1, Verdict: AgainstOutside},
		{Group: "R=2 W=2", Name: "fresh", Text: "50% (60%)", Ours: 0.5, Lo: 0.5, Hi: 0.5, Reference: 0.6, Within: 0, Verdict: AgainstDoubtful},
	}
}

// The distance is counted in tolerances: without one, only the number itself is near.
func TestCompareInTolerances(t *testing.T) {
	all := someCompared()
	for i, want := range []float64{0.5, 0.2, 0, far, -far} {
		got := min(max(all[i].in(all[i].Ours), -far), far)
		if diff := got - want; diff > 0.04 || diff < -0.04 {
			t.Errorf("%s of %s: %v tolerances off, not %v", all[i].Name, all[i].Group, got, want)
		}
	}
}

func TestAgainstSaysWhatCameOut(t *testing.T) {
	const want = "2 of 4 figures are within tolerance, 1 outside, 1 unsure; 1 figure is doubtful besides"
	if got := AgainstFinding(someCompared()); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	if got := AgainstFinding(someCompared()[:1]); got != "1 of 1 figure is within tolerance" {
		t.Error(got)
	}
}

func TestAgainstIsTheSameTwice(t *testing.T) {
	for _, format := range Formats() {
		one, err := Against(someCompared(), "made up", Options{Format: format})
		two, _ := Against(someCompared(), "made up", Options{Format: format})
		if err != nil || !bytes.Equal(one, two) {
			t.Errorf("%s: %v, or not the same bytes twice", format, err)
		}
	}
	data, _ := Against(someCompared(), "made up", Options{Format: "svg"})
	for _, words := range []string{"R=1 W=1", "t for 99.9%", "made up", "further off", "published"} {
		if !strings.Contains(string(data), words) {
			t.Errorf("the chart does not say %q", words)
		}
	}
	if _, err := Against(nil, "", Options{}); err == nil {
		t.Error("a chart of nothing was drawn")
	}
}

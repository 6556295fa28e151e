package chart

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"faultline/results"
)

// Whatever the crowd: a label that is shown touches no other and no mark, and stays inside.
func TestPlacedLabelsDisturbNothing(t *testing.T) {
	area := rect{0, 0, 300, 200}
	rapid.Check(t, func(t *rapid.T) {
		var labels []*label
		var marks []rect
		for range rapid.IntRange(1, 15).Draw(t, "points") {
			at := point{rapid.Float64Range(0, 300).Draw(t, "x"), rapid.Float64Range(0, 200).Draw(t, "y")}
			labels = append(labels, &label{text: "store", style: labelStyle, at: at, keepOff: dotRadius})
			marks = append(marks, rect{at.x, at.y, at.x, at.y}.grow(dotRadius))
		}
		out := place(labels, marks, area)
		for i, a := range labels {
			if !a.placed {
				out--
				continue
			}
			if !a.box.within(area) {
				t.Fatalf("label %d at %v leaves %v", i, a.box, area)
			}
			for j, b := range labels {
				if (j < i && b.placed && a.box.overlap(b.box) > tolerated) || a.box.overlap(marks[j]) > tolerated {
					t.Fatalf("label %d at %v lies on label or mark %d", i, a.box, j)
				}
			}
		}
		if out != 0 {
			t.Fatalf("%d labels too many are said to be left out", out)
		}
	})
}

func TestOneLabelIsAlwaysPlaced(t *testing.T) {
	l := &label{text: "raft", style: labelStyle, at: point{50, 50}, keepOff: dotRadius}
	if out := place([]*label{l}, nil, rect{0, 0, 300, 200}); out != 0 || l.far || l.box.x0 < 50 {
		t.Errorf("left out %d, box %v", out, l.box)
	}
}

func TestSpreadKeepsOrderAndDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SliceOfN(rapid.Float64Range(0, 100), 1, 8).Draw(t, "at")
		out := spread(at, 10, 0, 100)
		order := orderOf(at)
		for i, k := range order {
			if out[k] < -1e-9 || out[k] > 100+1e-9 {
				t.Fatalf("%v went to %v", at, out)
			}
			if i > 0 && out[k]-out[order[i-1]] < 10-1e-9 {
				t.Fatalf("%v went to %v: too close", at, out)
			}
		}
	})
}

// Scales keep the order of values, have round ticks within them, and place zero where it cannot be taken for a small value.
func TestScales(t *testing.T) {
	p99, _ := results.FindMetric("p99")
	succeeded, _ := results.FindMetric("succeeded")
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom([]results.Metric{p99, succeeded}).Draw(t, "metric")
		top := map[string]float64{"p99": 1e6, "succeeded": 1}[m.Name]
		values := rapid.SliceOfN(rapid.Float64Range(0, top), 1, 10).Draw(t, "values")
		var e extent
		e.add(values...)
		s := scaleFor(m, e, 5).on(0, 400)
		slices.Sort(values)
		for i, v := range values {
			at := s.at(v)
			if math.IsNaN(at) || at < 0 || at > 400 || (i > 0 && at < s.at(values[i-1])) {
				t.Fatalf("%v stands at %v on %+v", v, at, s)
			}
			if s.log && v > 0 && s.zero && at < zeroRow {
				t.Fatalf("%v stands in the row of zero, at %v", v, at)
			}
		}
		for i, k := range s.ticks {
			if at := s.at(k.at); at < -1e-6 || at > 400+1e-6 || (i > 0 && at <= s.at(s.ticks[i-1].at)) {
				t.Fatalf("ticks %v on %+v", s.ticks, s)
			}
		}
		if len(s.ticks) < 2 || len(s.ticks) > 25 {
			t.Fatalf("%d ticks: %v on %+v", len(s.ticks), s.ticks, s)
		}
	})
}

func TestWrapBalancesAndKeepsEveryWord(t *testing.T) {
	text := "raft and abd stay linearizable but lww answers more and loses what it said was written"
	lines := wrap(text, titleStyle, 200)
	for _, l := range lines {
		if width(l, titleStyle) > 200 {
			t.Errorf("%q is %.0f wide", l, width(l, titleStyle))
		}
	}
	if first, last := width(lines[0], titleStyle), width(lines[len(lines)-1], titleStyle); last < first/2 {
		t.Errorf("unbalanced: %q", lines)
	}
	if got := wrap("x"+string(make([]byte, 0))+"supercalifragilisticexpialidocious", titleStyle, 60); len(got) < 3 {
		t.Errorf("a long word is not broken: %q", got)
	}
}

// Two stores with the same values are both seen.
func TestMarksThatHideEachOtherStandSideBySide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := point{rapid.Float64Range(0, 300).Draw(t, "x"), 50}
		n := rapid.IntRange(2, 4).Draw(t, "marks")
		marks := []point{{150, 150}}
		for range n {
			marks = append(marks, at)
		}
		if !sideBySide(marks, rect{0, 0, 300, 200}) || marks[0] != (point{150, 150}) {
			t.Fatalf("marks %v", marks)
		}
		for i, a := range marks[1:] {
			if a.x < -1e-9 || a.x > 300+1e-9 {
				t.Fatalf("mark %d left the plot: %v", i, marks)
			}
			for _, b := range marks[1 : i+1] {
				if math.Abs(a.x-b.x) < 2*dotRadius {
					t.Fatalf("marks %v", marks)
				}
			}
		}
	})
	apart := []point{{10, 10}, {10 + 3*dotRadius, 10}}
	if sideBySide(apart, rect{0, 0, 300, 200}) {
		t.Errorf("marks that are apart were moved: %v", apart)
	}
}

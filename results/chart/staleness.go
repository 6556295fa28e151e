package chart

import (
	"fmt"
	"slices"

	"faultline/results"
)

const mostCurves = 24 // that a page can take

// A visibility is how fresh a cell's reads are by the time since the write (t-visibility; Bailis et al., VLDB 2012).
type visibility struct {
	cell  *results.Cell
	spans []results.Fresh // summed over seeds, ascending
}

// staleness draws the share of reads that return the newest acknowledged write.
func staleness(in *input) (*figure, error) {
	var all, always []visibility
	for _, c := range in.cells {
		v := newVisibility(c)
		switch {
		case len(v.spans) == 0:
		case v.alwaysFresh():
			always = append(always, v)
		default:
			all = append(all, v)
		}
	}
	if len(all)+len(always) == 0 {
		return nil, fmt.Errorf("the rows do not say how fresh reads were\n  hint: the workload needs reads and writes of the same keys")
	}
	drawn := all
	if len(drawn) == 0 {
		drawn = always[:1]
	}
	if len(drawn) > mostCurves {
		return nil, fmt.Errorf("%d cells do not fit on one page\n  hint: choose up to %d of them with Series", len(drawn), mostCurves)
	}
	slices.SortStableFunc(drawn, func(a, b visibility) int { return sign(b.share(0) - a.share(0)) })
	var curves []curve
	var ex, ey extent
	ey.add(1)
	for _, v := range drawn {
		k := v.curve()
		ex.add(k.x...)
		ey.add(k.lo...)
		curves = append(curves, k)
	}
	stale, _ := results.FindMetric("succeeded")
	return &figure{
		title:  in.stalenessFinding(drawn, always),
		facts:  fmt.Sprintf("Reads by the time since the newest write acknowledged before them; %s, pooled. Bands are 95%% intervals (Wilson).", in.seeds()),
		height: max(curvesHeight, 60+listLine*float64(len(curves))),
		notes:  slices.Concat(in.alwaysNote(drawn, always), in.beyondNote()),
		body: func(c *canvas, area rect) {
			x := logarithmic(ex.positive, ex.hi, false, span)
			y := scaleFor(stale, ey, 5)
			in.drawCurves(c, area, curves, x, y, "time since the write was acknowledged", "reads that return it or a newer one", "at "+span(drawn[0].spans[0].SinceMS))
		},
	}, nil
}

func newVisibility(c *results.Cell) visibility {
	sums := map[float64]results.Fresh{}
	for _, r := range c.Rows {
		for _, f := range r.Fresh {
			s := sums[f.SinceMS]
			sums[f.SinceMS] = results.Fresh{SinceMS: f.SinceMS, Reads: s.Reads + f.Reads, Fresh: s.Fresh + f.Fresh}
		}
	}
	v := visibility{cell: c}
	for _, s := range sums {
		if s.Reads > 0 && s.SinceMS > 0 {
			v.spans = append(v.spans, s)
		}
	}
	slices.SortFunc(v.spans, func(a, b results.Fresh) int { return sign(a.SinceMS - b.SinceMS) })
	return v
}

func (v visibility) alwaysFresh() bool {
	return !slices.ContainsFunc(v.spans, func(f results.Fresh) bool { return f.Fresh < f.Reads })
}

// share of fresh reads in a span.
func (v visibility) share(span int) float64 {
	return float64(v.spans[span].Fresh) / float64(v.spans[span].Reads)
}

// certainlyBelow tells whether even the upper end of the interval is below a share.
func (v visibility) certainlyBelow(span int, share float64) bool {
	_, hi := results.Wilson(v.spans[span].Fresh, v.spans[span].Reads)
	return hi < share
}

func (v visibility) curve() curve {
	k := curve{cell: v.cell}
	for i, s := range v.spans {
		lo, hi := results.Wilson(s.Fresh, s.Reads)
		k.x, k.y = append(k.x, s.SinceMS), append(k.y, v.share(i))
		k.lo, k.hi = append(k.lo, lo), append(k.hi, hi)
	}
	succeeded, _ := results.FindMetric("succeeded")
	k.value = succeeded.Format(v.share(0))
	return k
}

func (in *input) alwaysNote(drawn, always []visibility) []string {
	var names []string
	for _, v := range always {
		if !slices.ContainsFunc(drawn, func(d visibility) bool { return d.cell == v.cell }) {
			names = append(names, v.cell.Series)
		}
	}
	if names == nil {
		return nil
	}
	return []string{"Not drawn, since every one of their reads was fresh: " + results.Sentence(names) + "."}
}

// stalenessFinding says what the stalest returns at first, and when it is fresh enough.
func (in *input) stalenessFinding(drawn, always []visibility) string {
	worst := drawn[len(drawn)-1]
	if worst.alwaysFresh() {
		return "Every read returned the newest acknowledged write, in all runs of " + in.names(cellsOf(always))
	}
	const enough = 0.999
	succeeded, _ := results.FindMetric("succeeded")
	first := worst.spans[0]
	s := fmt.Sprintf("Within %s of a write's acknowledgement, %s returns it in %s of reads", span(first.SinceMS), worst.cell.Series, succeeded.Format(worst.share(0)))
	i := 0
	for i < len(worst.spans) && worst.certainlyBelow(i, enough) {
		i++
	}
	if i > 0 {
		s += fmt.Sprintf(", and stays below %s for %s", succeeded.Format(enough), span(worst.spans[i-1].SinceMS))
	}
	if len(always) > 0 {
		cells := cellsOf(always)
		s += fmt.Sprintf("; %s %s", in.names(cells), verb(cells, "always does", "always do"))
	}
	return s
}

func cellsOf(vs []visibility) []*results.Cell {
	var cells []*results.Cell
	for _, v := range vs {
		cells = append(cells, v.cell)
	}
	return cells
}

package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"faultline/results"
)

// model is the name that the stores of an experiment have among its settings.
const model = "model"

// heatFinding says what the fields have in common: on which side of the line R+W > N
// they are, in which region there is nothing, which store is the same under all
// settings; else, what the extremes are.
func (in *input) heatFinding(m measure, h heat, q quorums, drawn []*results.Cell) string {
	if q.n > 0 && m.Better == results.Lower {
		above := slices.DeleteFunc(slices.Clone(drawn), func(c *results.Cell) bool { return !q.intersect(c) })
		below := slices.DeleteFunc(slices.Clone(drawn), q.intersect)
		if len(above) > 0 && len(below) > 0 {
			if s := in.divided(m, q.n, above, below); s != "" {
				return s
			}
		}
	}
	ranked := m.ranked(drawn)
	if len(ranked) == 1 {
		return capital(in.bestFinding(drawn, m))
	}
	best, worst := m.best(drawn), m.worst(drawn)
	if len(best) == len(ranked) {
		return capital(in.bestFinding(drawn, m))
	}
	for _, say := range []func(measure, heat, []*results.Cell) string{in.nothingIn, in.noneBut, in.byStore} {
		if s := say(m, h, drawn); s != "" {
			return s
		}
	}
	return fmt.Sprintf("%s: best with %s (%s), worst with %s (%s)", capital(m.Label), in.placed(h, best), m.span(best), in.placed(h, worst), m.span(worst))
}

// nothingIn says in which region of two numbers no run has any of what is measured.
func (in *input) nothingIn(m measure, h heat, drawn []*results.Cell) string {
	none := slices.DeleteFunc(slices.Clone(drawn), func(c *results.Cell) bool { return !in.hasNone(m, c) })
	where, ok := h.region(none)
	if m.Better != results.Lower || !ok || len(none) == len(drawn) || h.otherThanStore() != "" {
		return ""
	}
	worst := slices.MaxFunc(drawn, func(a, b *results.Cell) int { return cmp.Compare(m.of(a).Mean, m.of(b).Mean) })
	most := fmt.Sprintf("up to %s (%s)", m.Format(m.of(worst).Mean), h.cellName(worst))
	if m.values == nil {
		return fmt.Sprintf("With %s every run %s; elsewhere %s do not", where, stays(in.property), most)
	}
	return fmt.Sprintf("With %s no run has %s; elsewhere %s", where, m.Label, most)
}

// noneBut says which stores have none of what is measured but under one setting.
func (in *input) noneBut(m measure, h heat, drawn []*results.Cell) string {
	other := h.otherThanStore()
	if m.Better != results.Lower || other == "" {
		return ""
	}
	some := map[string][]*results.Cell{} // of each store, where it has some
	for _, c := range drawn {
		if !in.hasNone(m, c) {
			some[c.Param(model)] = append(some[c.Param(model)], c)
		}
	}
	under := map[string][]*results.Cell{} // by the only setting under which a store has some
	var most []*results.Cell
	for _, c := range drawn {
		cells := some[c.Param(model)]
		if len(cells) == 0 {
			return "" // a store that never has any is worth more words
		}
		if len(cells) == 1 && cells[0] == c {
			v := c.Param(other)
			if under[v] = append(under[v], c); len(under[v]) > len(most) {
				most = under[v]
			}
		}
	}
	if len(most) < 2 {
		return ""
	}
	return fmt.Sprintf("%s: none with %s but under %s (%s)", capital(m.Label), storesOf(most), valueName(other, most[0].Param(other)), m.span(most))
}

// otherThanStore is the setting that is not the store, or "" if neither is.
func (h heat) otherThanStore() string {
	switch model {
	case h.yName:
		return h.xName
	case h.xName:
		return h.yName
	}
	return ""
}

// hasNone tells whether no run of a cell has any of what is measured, for certain.
func (in *input) hasNone(m measure, c *results.Cell) bool {
	if m.values == nil {
		return c.Tally(in.property).Verdict() == results.Holds
	}
	return m.of(c).N > 0 && m.of(c).Max == 0
}

// byStore says which stores are best off under the settings that are worst for
// each, and which are worst off of all.
func (in *input) byStore(m measure, h heat, drawn []*results.Cell) string {
	other := h.otherThanStore()
	if other == "" {
		return ""
	}
	byStore := map[string][]*results.Cell{}
	for _, c := range drawn {
		byStore[c.Param(model)] = append(byStore[c.Param(model)], c)
	}
	var floors []*results.Cell // of every store, where it is worst off
	for _, c := range drawn {
		ranked := m.ranked(byStore[c.Param(model)])
		if ranked[len(ranked)-1] == c {
			floors = append(floors, c)
		}
	}
	best, worst := m.best(floors), m.worst(drawn)
	if len(best) == len(floors) {
		return ""
	}
	bound, limit := "at least", "down to"
	if m.Better == results.Lower {
		bound, limit = "at most", "up to"
	}
	floor := bound + " " + m.Format(m.of(m.ranked(best)[len(best)-1]).Mean)
	if !slices.ContainsFunc(best, func(c *results.Cell) bool { return !in.hasNone(m, c) }) && m.Better == results.Lower {
		floor = "none"
	}
	return fmt.Sprintf("%s: %s with %s whatever the %s, %s %s with %s", capital(m.Label), floor, storesOf(best),
		strings.TrimSuffix(short(other), "s"), limit, m.Format(m.of(m.ranked(worst)[len(worst)-1]).Mean), storesAt(worst, other))
}

// storesOf names the stores of cells, each once.
func storesOf(cells []*results.Cell) string {
	var names []string
	for _, c := range slices.SortedFunc(slices.Values(cells), func(a, b *results.Cell) int { return a.Cell - b.Cell }) {
		if name := c.Param(model); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > fewNames+1 {
		return fmt.Sprintf("%d of the stores", len(names))
	}
	return results.Sentence(names)
}

// storesAt names the stores of cells, and what they have in common of the other setting.
func storesAt(cells []*results.Cell, setting string) string {
	at := cells[0].Param(setting)
	if slices.ContainsFunc(cells, func(c *results.Cell) bool { return c.Param(setting) != at }) {
		return storesOf(cells)
	}
	return fmt.Sprintf("%s (%s)", storesOf(cells), valueName(setting, at))
}

// placed says where cells are: their region if they fill one, else their names.
func (in *input) placed(h heat, cells []*results.Cell) string {
	if where, ok := h.region(cells); ok && len(cells) > 1 {
		return where
	}
	return in.names(cells)
}

// cellName names a field by its two settings.
func (h heat) cellName(c *results.Cell) string {
	if h.yName == model {
		return valueName(h.yName, c.Param(h.yName)) + ", " + valueName(h.xName, c.Param(h.xName))
	}
	return valueName(h.xName, c.Param(h.xName)) + ", " + valueName(h.yName, c.Param(h.yName))
}

// valueName names a value of a setting: R=3, but of stores and faults the name alone says it.
func valueName(setting, value string) string {
	if setting == model || strings.HasPrefix(setting, "faults") && !strings.Contains(setting, ".") {
		return value
	}
	return short(setting) + "=" + value
}

// region describes cells that fill a rectangle: "R ≥ 3", "raft and abd and loss=0%".
func (h heat) region(cells []*results.Cell) (string, bool) {
	var xs, ys []string
	for _, c := range cells {
		if v := c.Param(h.xName); !slices.Contains(xs, v) {
			xs = append(xs, v)
		}
		if v := c.Param(h.yName); !slices.Contains(ys, v) {
			ys = append(ys, v)
		}
	}
	if len(cells) == 0 || len(xs)*len(ys) != len(cells) {
		return "", false
	}
	x, okX := side(h.xName, h.xs, xs)
	y, okY := side(h.yName, h.ys, ys)
	switch {
	case !okX || !okY || x == "" && y == "":
		return "", false
	case x == "" || y == "":
		return x + y, true
	}
	return x + " and " + y, true
}

// side describes some of the values of a setting: nothing if it is all of them.
func side(setting string, all, some []string) (string, bool) {
	if len(some) == len(all) {
		return "", true
	}
	if len(some) == 1 {
		return valueName(setting, some[0]), true
	}
	if rising(all) {
		from, to := slices.Index(all, some[0]), slices.Index(all, some[0])
		for _, v := range some {
			from, to = min(from, slices.Index(all, v)), max(to, slices.Index(all, v))
		}
		switch name := short(setting); {
		case to-from+1 != len(some):
			return "", false
		case from == 0:
			return name + " ≤ " + all[to], true
		case to == len(all)-1:
			return name + " ≥ " + all[from], true
		default:
			return fmt.Sprintf("%s from %s to %s", name, all[from], all[to]), true
		}
	}
	if setting != model || len(some) > fewNames {
		return "", false
	}
	return results.Sentence(some), true
}

// rising tells whether values are numbers, each greater than the one before.
func rising(values []string) bool {
	last := math.Inf(-1)
	for _, v := range values {
		n, ok := number(v)
		if !ok || n <= last {
			return false
		}
		last = n
	}
	return true
}

// divided says what the line of intersecting quorums does, if it does anything.
func (in *input) divided(m measure, n int, above, below []*results.Cell) string {
	most := func(cells []*results.Cell) float64 {
		top := 0.0
		for _, c := range cells {
			top = max(top, m.of(c).Max)
		}
		return top
	}
	worst := m.ranked(below)
	top := worst[len(worst)-1]
	if m.values == nil && most(below) > 0 {
		if slices.ContainsFunc(above, func(c *results.Cell) bool { return c.Tally(in.property).Verdict() != results.Holds }) {
			return ""
		}
		return fmt.Sprintf("With R+W > %d every run %s; below that line up to %s do not", n, stays(in.property), m.Format(m.of(top).Mean))
	}
	if most(above) == 0 && most(below) > 0 {
		return fmt.Sprintf("With R+W > %d no run has %s; below that line they reach %s (%s)", n, m.Label, m.Format(m.of(top).Mean), top.Series)
	}
	highest, lowest := math.Inf(-1), math.Inf(1)
	for _, c := range above {
		highest = max(highest, m.of(c).Hi)
	}
	for _, c := range below {
		lowest = min(lowest, m.of(c).Lo)
	}
	if highest < lowest {
		return fmt.Sprintf("%s: %s with R+W ≤ %d, %s with R+W > %d", capital(m.Label), m.span(below), n, m.span(above), n)
	}
	return ""
}

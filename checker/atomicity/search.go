package atomicity

// A search looks for the least removal by trying all ways to break explanations,
// with ever more removals allowed.
type search struct {
	gone  []bool
	found []int32
	steps int
	spans []span
	best  []int32
}

// least narrows the bounds: the lower one, and the items that are enough.
func (s *search) least(r *remover, lower int, enough []int32) (int, []int32) {
	s.gone = append(s.gone[:0], make([]bool, len(r.items))...)
	s.steps = SearchSteps
	for ; lower < len(enough); lower++ {
		s.found = s.found[:0]
		if s.remove(r, lower) {
			return lower, s.found
		}
		if s.steps < 0 {
			break
		}
	}
	return lower, enough
}

// remove reports whether removing so many more items is enough, and which.
func (s *search) remove(r *remover, allowed int) bool {
	if s.steps--; s.steps < 0 {
		return false
	}
	var why explanation
	s.spans = r.spans(s.spans, s.gone)
	s.best = conflicts(s.spans, s.best, func(a, b *span) bool {
		why = r.explain(nil, a, b)
		return true
	})
	if why == nil {
		return true
	}
	for _, i := range why {
		if s.without(r, i, allowed) {
			return true
		}
	}
	return false
}

// without is remove with item i gone, and the reads that need it.
func (s *search) without(r *remover, i int32, allowed int) bool {
	to := i + 1
	if g := &r.groups[r.of[i]]; g.from == i {
		to = g.to
	}
	before := len(s.found)
	for k := i; k < to; k++ {
		if !s.gone[k] {
			s.gone[k] = true
			s.found = append(s.found, k)
		}
	}
	cost := 0
	for _, k := range s.found[before:] {
		cost += int(r.weight(k))
	}
	if cost <= allowed && s.remove(r, allowed-cost) {
		return true
	}
	for _, k := range s.found[before:] {
		s.gone[k] = false
	}
	s.found = s.found[:before]
	return false
}

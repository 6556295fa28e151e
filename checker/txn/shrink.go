package txn

import (
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A search that finds no order proves nothing that a person could check, unless
// few transactions are left. One may be left out if nobody who stays reads what it
// wrote: whatever order explains all of them then explains those who stay.

// shrinkWork bounds the transactions that are judged anew, over all attempts.
const shrinkWork = 100_000

// A shrinker leaves out transactions as long as a level stays violated.
type shrinker struct {
	*analysis
	level Level
	steps int // left for searches
	work  int // transactions left to judge
	kept  []int32
}

// shrink returns a few transactions that no order which the level allows explains.
func (a *analysis) shrink(l Level, b judge.Budget) []int32 {
	if l == RepeatableRead {
		l = Serializable // for reads of single items the same, and the one that is searched
	}
	s := &shrinker{analysis: a, level: l, steps: b.Limit(), work: shrinkWork}
	for t := range a.ts {
		if a.present(int32(t)) {
			s.kept = append(s.kept, int32(t))
		}
	}
	if b.Brief {
		return s.kept
	}
	for chunk := (len(s.kept) + 1) / 2; chunk > 0; chunk /= 2 {
		for end := len(s.kept); end > 0; end -= chunk {
			s.leaveOut(max(0, end-chunk), end)
		}
	}
	return s.kept
}

// leaveOut leaves out what it may of kept[from:to], if the rest still proves it.
func (s *shrinker) leaveOut(from, to int) {
	to = min(to, len(s.kept))
	if from >= to || s.work < len(s.kept) || s.steps <= 0 {
		return
	}
	rest := slices.Clone(s.kept)
	for i := to - 1; i >= from; i-- {
		if !s.needed(rest, i) {
			rest = slices.Delete(rest, i, i+1)
		}
	}
	if len(rest) < len(s.kept) && s.violated(rest) {
		s.kept = rest
	}
}

// needed reports whether somebody of them reads what the i-th wrote.
func (s *shrinker) needed(ts []int32, i int) bool {
	for _, w := range s.ts[ts[i]].Ops {
		if w.Kind == history.Read {
			continue
		}
		for j, t := range ts {
			if j != i && s.ts[t].Status == history.OK && slices.ContainsFunc(s.ts[t].Ops, func(r history.Micro) bool { return readsItem(&r, &w) }) {
				return true
			}
		}
	}
	return false
}

// readsItem reports whether a read shows what a write brought.
func readsItem(r, w *history.Micro) bool {
	return r.Kind == history.Read && r.Key == w.Key && (r.Value.Equal(w.Value) || slices.Contains(r.Value.List, w.Value.Num))
}

// violated reports whether the transactions alone violate the level.
func (s *shrinker) violated(ts []int32) bool {
	part := make([]history.Transaction, len(ts))
	for i, t := range ts {
		part[i] = s.ts[t]
	}
	s.work -= len(ts)
	a := analyze(part, Options{})
	switch {
	case a.refuting(s.level) != "":
		return true
	case a.unfit != "":
		return false
	}
	search := a.newSearch(s.level)
	v := search.run(s.steps)
	s.steps -= search.spent
	return v == judge.Violated
}

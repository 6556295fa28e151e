package txn

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// A finding is an anomaly in the making: the first of its kind, and how many there are.
type finding struct {
	kind   Kind
	name   string
	count  int
	story  story
	lines  []string // what happened, in words
	cycle  []Step
	levels []Level // that it refutes, if that does not follow from its kind
}

// find counts an anomaly, and has it told if it is the first of its kind.
func (a *analysis) find(kind Kind, name string, tell func(s *story) string) {
	for i := range a.found {
		if a.found[i].kind == kind {
			a.found[i].count++
			return
		}
	}
	f := finding{kind: kind, name: name, count: 1, story: story{analysis: a}}
	f.lines = []string{tell(&f.story)}
	a.found = append(a.found, f)
}

func (a *analysis) garbage(t, k int32, v history.Value) {
	a.find(Garbage, "garbage read", func(s *story) string {
		return s.said("%s read %s=%s, which nobody wrote", s.T(t), s.key(k), a.ts[t].Show(v))
	})
}

// garbageItem tells of an element of a list.
func (a *analysis) garbageItem(t, k int32, x int64) {
	a.find(Garbage, "garbage read", func(s *story) string {
		return s.said("%s read a list in %s that shows %s, which nobody appended", s.T(t), s.key(k), s.elem(t, x))
	})
}

func (a *analysis) duplicate(t, k int32, x int64) {
	a.find(Duplicate, "duplicate elements", func(s *story) string {
		return s.said("%s read a list in %s that shows the single append of %s twice", s.T(t), s.key(k), s.elem(t, x))
	})
}

func (a *analysis) scrambled(t, k, w int32) {
	a.find(Scrambled, "scrambled appends", func(s *story) string {
		from := a.writes[w].txn
		return s.said("%s saw the %s to %s by %s, but not before it the %s that %s had done first",
			s.T(t), s.act(w), s.key(k), s.T(from), s.act(a.writes[w].prev), s.T(from))
	})
}

func (a *analysis) aborted(t, k, w int32) {
	a.find(G1a, "aborted read", func(s *story) string {
		from := a.writes[w].txn
		return s.said("%s saw the %s to %s by %s, which certainly failed", s.T(t), s.act(w), s.key(k), s.T(from))
	})
}

func (a *analysis) dirtyUpdate(k, aborted, later int32) {
	a.find(DirtyUpdate, "dirty update", func(s *story) string {
		return s.said("the %s to %s by %s stands on the %s by %s, which certainly failed, as %s saw",
			s.act(later), s.key(k), s.T(a.writes[later].txn), s.act(aborted), s.T(a.writes[aborted].txn), s.T(a.keys[k].list.witness))
	})
}

func (a *analysis) intermediate(t, k, w int32) {
	a.find(G1b, "intermediate read", func(s *story) string {
		from := a.writes[w].txn
		return s.said("%s saw %s after the %s by %s, which was not the last that %s did to it",
			s.T(t), s.key(k), s.act(w), s.T(from), s.T(from))
	})
}

func (a *analysis) incompatible(t, k int32, list []int64) {
	l := &a.keys[k].list
	at := 0
	for list[at] == l.longest[at] {
		at++
	}
	a.find(Incompatible, "incompatible order", func(s *story) string {
		return s.said("%s and %s read lists in %s that no order of the appends explains: item %d is %s for the one, but %s for the other",
			s.T(t), s.T(l.witness), s.key(k), at+1, s.elem(t, list[at]), s.elem(l.witness, l.longest[at]))
	})
}

func (a *analysis) internal(t, k, w int32, got history.Value) {
	a.find(Internal, "internal inconsistency", func(s *story) string {
		return s.said("%s read %s=%s after its own %s", s.T(t), s.key(k), a.ts[t].Show(got), s.act(w))
	})
}

func (a *analysis) future(t, k, w int32) {
	a.find(Future, "future read", func(s *story) string {
		return s.said("%s saw its own %s to %s before it did so", s.T(t), s.act(w), s.key(k))
	})
}

func (a *analysis) fuzzy(t, k int32) {
	a.find(FuzzyRead, "non-repeatable read", func(s *story) string {
		return s.said("%s read %s more than once, saw different values, and had not written it in between", s.T(t), s.key(k))
	})
}

func (a *analysis) vanished(t, k, w int32) {
	a.find(ObservedVanishes, "observed transaction vanishes", func(s *story) string {
		from := a.writes[w].txn
		return s.said("%s saw %s, and then read %s without the %s that %s did as well", s.T(t), s.T(from), s.key(k), s.act(w), s.T(from))
	})
}

// lostUpdate tells of an update of a version that was not the last one any more.
func (a *analysis) lostUpdate(t, other, k int32) {
	a.find(LostUpdate, "lost update", func(s *story) string {
		return s.said("%s read %s and then changed it, but without having seen that %s had changed it too", s.T(t), s.key(k), s.T(other))
	})
}

// lostUpdates tells of two updates of one version.
func (a *analysis) lostUpdates(t, other, k int32) {
	a.find(LostUpdate, "lost update", func(s *story) string {
		return s.said("%s and %s read the same version of %s and then both changed it", s.T(t), s.T(other), s.key(k))
	})
}

// sortFound puts the worst first.
func (a *analysis) sortFound() {
	slices.SortStableFunc(a.found, func(x, y finding) int { return cmp.Compare(x.kind.rank(), y.kind.rank()) })
}

// report returns the anomalies found, worst first.
func (a *analysis) report() []Anomaly {
	all := make([]Anomaly, 0, len(a.found))
	for i := range a.found {
		f := &a.found[i]
		an := Anomaly{Kind: f.kind, Name: f.name, Refutes: f.refutes(), Count: f.count, Cycle: f.cycle, Derived: f.story.infers != nil, Text: f.text(), sentence: f.sentence()}
		for _, t := range f.story.cast {
			an.Ops = append(an.Ops, int(t))
		}
		an.Cast = slices.Clone(an.Ops)
		slices.Sort(an.Ops)
		all = append(all, an)
	}
	return all
}

package txn

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker/judge"
)

// A Judgement is the verdict on one level.
type Judgement struct {
	Level   Level         `json:"level"`
	Verdict judge.Verdict `json:"verdict"`
	Why     string        `json:"why,omitempty"` // the kind of anomaly that refutes it, or why it is undecided
}

// A judgeOfLevels gives verdicts, strongest level first: what holds there holds below.
type judgeOfLevels struct {
	*analysis
	budget   judge.Budget
	verdicts [levelCount]judge.Verdict
	why      [levelCount]string
	pending  [levelCount]*finding // what refutes a level, to be reported if nothing else does
}

// searched is how many levels may need a search: they share the budget.
const searched = 6

// judgeLevels judges all levels, from what was found and by search where it must.
func (a *analysis) judgeLevels(b judge.Budget) *judgeOfLevels {
	j := &judgeOfLevels{analysis: a, budget: b}
	for l := levelCount - 1; l >= ReadUncommitted; l-- {
		switch refuting := a.refuting(l); {
		case refuting != "":
			j.set(l, judge.Violated, refuting)
		case j.implied(l):
			j.set(l, judge.Holds, "")
		case a.unfit != "":
			j.set(l, judge.Undecided, a.unfit)
		case a.o.Uncalled && l.realTime():
			j.set(l, judge.Undecided, "when transactions were called is not known, so there is no telling what was over before")
		default:
			j.decide(l)
		}
	}
	j.carryUp()
	return j
}

func (j *judgeOfLevels) set(l Level, v judge.Verdict, why string) {
	j.verdicts[l], j.why[l] = v, why
}

// implied reports whether a stronger level holds.
func (j *judgeOfLevels) implied(l Level) bool {
	for s := l + 1; s < levelCount; s++ {
		if s.Implies(l) && j.verdicts[s] == judge.Holds {
			return true
		}
	}
	return false
}

// carryUp lets what a search refuted refute the stronger levels that were left
// undecided.
func (j *judgeOfLevels) carryUp() {
	for l := ReadUncommitted; l < levelCount; l++ {
		if j.verdicts[l] != judge.Violated {
			continue
		}
		for s := l + 1; s < levelCount; s++ {
			if s.Implies(l) && j.verdicts[s] == judge.Undecided {
				j.set(s, judge.Violated, j.why[l])
			}
		}
	}
}

// refuting returns the kind of what was found that the level forbids, or nothing.
func (a *analysis) refuting(l Level) string {
	for _, f := range a.found {
		an := Anomaly{Refutes: f.refutes()}
		if an.refutes(l) {
			return string(f.kind)
		}
	}
	return ""
}

// refutes returns the weakest levels that forbid what was found.
func (f *finding) refutes() []Level {
	if f.levels != nil {
		return f.levels
	}
	return f.kind.refutes()
}

// decide judges a level of which nothing found says anything, though nothing
// stronger holds. The graph has no cycle that it forbids.
func (j *judgeOfLevels) decide(l Level) {
	switch l {
	case ReadUncommitted:
		if k := j.findKey(func(k *key) bool { return k.shape != register && (k.twins || k.list.broken || k.shape == odd) }); k != "" {
			j.set(l, judge.Undecided, fmt.Sprintf("the order of the writes to %s is not known", k))
			return
		}
	case ReadCommitted, MonotonicAtomicView:
		// Registers may take their writes in the order of the graph.
		if k := j.findKey((*key).unclear); k != "" {
			j.set(l, judge.Undecided, fmt.Sprintf("who wrote what was read of %s is not known", k))
			return
		}
	case CursorStability:
		if k := j.findKey(func(k *key) bool { return k.unclear() || k.updated && k.free() }); k != "" {
			j.set(l, judge.Undecided, fmt.Sprintf("the order of the writes to %s is not known", k))
			return
		}
	case RepeatableRead: // for reads of single items the same as serializability
		j.set(l, j.verdicts[Serializable], j.why[Serializable])
		j.pending[l] = j.pending[Serializable]
		return
	default:
		j.search(l)
		return
	}
	j.set(l, judge.Holds, "")
}

// findKey returns the name of the first key of which f is true, or nothing.
func (a *analysis) findKey(f func(k *key) bool) string {
	for k := range a.keys {
		if f(&a.keys[k]) {
			return a.keys[k].name
		}
	}
	return ""
}

// unclear reports whether it is not known who wrote some of what was read.
func (k *key) unclear() bool { return k.twins || k.shape == odd }

// free reports whether its versions may have followed one another in several orders.
func (k *key) free() bool { return k.unclear() || k.shape == register && len(k.makers) > 1 }

// search looks for an order that the level allows and that explains all reads,
// where the graph cannot be sure that there is one.
func (j *judgeOfLevels) search(l Level) {
	snapshot := !l.Implies(Serializable)
	if j.findKey(func(k *key) bool { return k.free() || snapshot && len(k.list.tail) > 1 }) == "" {
		j.set(l, judge.Holds, "")
		return
	}
	j.engine = Search
	defer j.forget()
	v := j.run(l, min(j.share(), quickSteps*(1+len(j.ts))))
	if v != judge.Holds {
		j.pending[l] = j.saturate(l)
	}
	if j.pending[l] != nil {
		v = judge.Violated
	}
	if v == judge.Undecided {
		v = j.run(l, j.share())
	}
	why := ""
	if v == judge.Undecided {
		why = fmt.Sprintf("no anomaly was found, but the order of writes is not certain, and a search of %d steps found no order that explains all reads; allow more steps, or record appends to lists", j.share())
	}
	j.set(l, v, why)
}

// share is how many steps each level may take.
func (j *judgeOfLevels) share() int { return j.budget.Limit() / searched }

// quickSteps is how many steps for each transaction a first search may take. If
// there is an order, it is mostly found at once.
const quickSteps = 8

// run searches for an order within so many steps.
func (j *judgeOfLevels) run(l Level, steps int) judge.Verdict {
	s := j.newSearch(l)
	v := s.run(steps)
	j.steps += s.spent
	return v
}

// tellPending reports what refutes the levels that fall by nothing else.
func (j *judgeOfLevels) tellPending() {
	for l := ReadUncommitted; l < levelCount; l++ {
		switch {
		case j.verdicts[l] != judge.Violated || j.refuting(l) != "":
		case j.pending[l] != nil:
			j.found = append(j.found, *j.pending[l])
		default:
			j.noOrder(l, j.budget)
		}
	}
}

// noOrder makes a finding of searches that ended without finding an order, for a
// level and perhaps for others before.
func (a *analysis) noOrder(l Level, b judge.Budget) {
	for i := range a.found {
		if f := &a.found[i]; f.kind == NoOrder {
			f.levels = append(f.levels, l)
			f.lines[0] = f.noOrder()
			return
		}
	}
	f := finding{kind: NoOrder, name: "no order explains the reads", count: 1, levels: []Level{l}, story: story{analysis: a}}
	for _, t := range a.shrink(l, b) {
		f.story.cast = append(f.story.cast, t)
		for m := range a.ts[t].Ops {
			f.story.key(a.keyOf[a.start[t]+int32(m)])
		}
	}
	f.lines = []string{f.noOrder()}
	a.found = append(a.found, f)
}

func (f *finding) noOrder() string {
	return fmt.Sprintf("none of all orders that %s allows explains what these %d transactions read", enumerate(f.levels, "or"), len(f.story.cast))
}

// enumerate lists levels in a sentence, joined by and, or or.
func enumerate(levels []Level, by string) string {
	names := make([]string, len(levels))
	for i, l := range levels {
		names[i] = l.String()
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " " + by + " " + names[last]
}

// list returns the verdicts, weakest level first.
func (j *judgeOfLevels) list() []Judgement {
	j.tellPending()
	j.sortFound()
	var all []Judgement
	for l := ReadUncommitted; l < levelCount; l++ {
		if j.verdicts[l] == judge.Violated {
			j.why[l] = j.refuting(l) // by the worst of all
		}
		all = append(all, Judgement{l, j.verdicts[l], j.why[l]})
	}
	return all
}

// Strongest returns the strongest levels that hold: one, or several that cannot be
// compared.
func (r *Report) Strongest() []Level {
	var all []Level
	for _, j := range r.Levels {
		if j.Verdict == judge.Holds {
			all = append(all, j.Level)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(l Level) bool {
		return slices.ContainsFunc(all, func(m Level) bool { return m != l && m.Implies(l) })
	})
}

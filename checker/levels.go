package checker

import (
	"slices"

	"faultline/checker/causal"
	"faultline/checker/execution"
	"faultline/checker/history"
	"faultline/checker/keys"
	"faultline/checker/linear"
	"faultline/checker/sequential"
	"faultline/checker/session"
)

// A Level is a consistency level, by the name of its checker. The session
// guarantees are levels in so far as they need no clocks; what they are worth in
// real time, or by the store's own order, is scored beside.
type Level string

// The levels, none before one that implies it.
const (
	Linearizable      Level = "linearizable"
	Sequential        Level = "sequential"
	CausalConvergence Level = "causal-convergence"
	CausalMemory      Level = "causal-memory"
	Causal            Level = "causal"
	PRAM              Level = "pram"
	ReadYourWrites    Level = "read-your-writes"
	MonotonicReads    Level = "monotonic-reads"
	MonotonicWrites   Level = "monotonic-writes"
	WritesFollowReads Level = "writes-follow-reads"
)

// AllLevels lists the levels as they stand in a report.
var AllLevels = []Level{
	Linearizable, Sequential, CausalConvergence, CausalMemory, Causal, PRAM,
	ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads,
}

// implies says which levels follow from one, at once; the rest follows from those.
// Causal consistency does not imply PRAM: it lets a session read two concurrent
// writes back and forth.
var implies = map[Level][]Level{
	Linearizable:      {Sequential},
	Sequential:        {CausalConvergence, CausalMemory},
	CausalConvergence: {Causal},
	CausalMemory:      {Causal, PRAM},
	Causal:            {ReadYourWrites, MonotonicWrites, WritesFollowReads},
	PRAM:              {ReadYourWrites, MonotonicReads, MonotonicWrites},
}

// Implies reports whether every history that keeps the level also keeps the other
// one. Every level implies itself.
func (l Level) Implies(other Level) bool {
	return l == other || slices.ContainsFunc(implies[l], func(next Level) bool { return next.Implies(other) })
}

// A LevelResult is what was found out about one level.
type LevelResult struct {
	Level   Level   `json:"level"`
	Verdict Verdict `json:"verdict"`
	Engine  string  `json:"engine,omitempty"` // what decided, if it was not another level
	From    Level   `json:"from,omitempty"`   // the level whose verdict implies this one
	Ops     []int   `json:"ops,omitempty"`    // the operations that prove a violation, ascending
	Why     string  `json:"why,omitempty"`    // why it is violated or undecided
	Steps   int     `json:"steps,omitempty"`  // search steps spent
}

// A SessionScore is how often a session guarantee was broken.
type SessionScore struct {
	Name        string  `json:"guarantee"`
	Broken      int     `json:"broken"`       // operations that broke it
	PerThousand float64 `json:"per_thousand"` // of a thousand operations
	First       string  `json:"first,omitempty"`
	Ops         []int   `json:"ops,omitempty"` // that prove the first
}

// SessionScores are how often each guarantee was broken by the store's own order
// where that is known, else in real time: more than their levels rule out.
type SessionScores struct {
	Sessions []SessionScore `json:"sessions"`
	Order    string         `json:"order"`  // what they rest on, such as store's order
	Judged   int            `json:"judged"` // operations that they count
}

// A LevelReport says which consistency levels a history keeps.
type LevelReport struct {
	Ops       int           `json:"operations"`
	Clients   int           `json:"clients"`
	Keys      int           `json:"keys"`
	Levels    []LevelResult `json:"levels"`    // in the order of AllLevels
	Strongest []Level       `json:"strongest"` // that hold; several where none of them implies another, none where nothing is known to hold
	SessionScores
	Eventual *LevelResult `json:"eventual,omitempty"` // convergence after the heal, if it was judged
}

// Levels finds out which levels a history keeps. What follows from the verdict on
// one level is not judged again, and what was not decided is never said to hold.
// Each level that needs a search has the whole budget for it.
func Levels(h history.History, b Budget) LevelReport {
	b.Order = false
	return LevelsBelow(linear.Check(h, b), h, keys.Of(h), b)
}

// LevelsBelow is Levels where the verdict on linearizability is known already, and
// the history has been taken apart by key. The budget is that of the other levels.
func LevelsBelow(linearizable Result, h history.History, all []keys.Key, b Budget) LevelReport {
	b.Order = false
	l := ladder{h: h, all: all, touching: linearizable.Verdict == Holds && touches(h) && !holdsApart(h, b), results: map[Level]*LevelResult{}}
	l.judge(Linearizable, func() Result { return linearizable })
	l.judge(Causal, func() Result { return causal.Judge(l.execution(), causal.CC, b) })
	l.judge(Sequential, func() Result { return sequential.Judge(l.execution(), b) })
	l.judge(CausalMemory, func() Result { return causal.Judge(l.execution(), causal.CM, b) })
	l.judge(CausalConvergence, func() Result { return causal.Judge(l.execution(), causal.CCv, b) })
	l.judge(PRAM, func() Result { return causal.Judge(l.execution(), causal.PRAM, b) })
	for _, g := range session.Guarantees {
		l.judge(Level(g.String()), func() Result { return l.withoutClocks().Result(h, g) })
	}
	return l.report()
}

// CheckLevel judges one level, with the verdict that Levels has for it: where the
// level's own checker cannot decide, others may that imply it, or follow from it;
// and one that no longer keeps the order of each client is not linearizable.
func CheckLevel(level Level, h history.History, b Budget) Result {
	c, known := Find(string(level))
	if !known {
		panic("checker: no level " + string(level))
	}
	r := c.Check(h, b)
	out := level == Linearizable && r.Verdict == Holds && touches(h) && !holdsApart(h, b)
	if r.Verdict != Undecided && !out {
		return r
	}
	for _, l := range Levels(h, b).Levels {
		if l.Level == level && l.Verdict != Undecided {
			r.Verdict, r.Engine, r.Evidence = l.Verdict, l.by(), Evidence{Ops: l.Ops, Text: l.Why}
		}
	}
	return r
}

// A ladder holds what is known so far of the levels.
type ladder struct {
	h        history.History
	all      []keys.Key
	x        *execution.Execution // made when it is needed first
	scored   *session.Score       // without clocks; made when it is needed first
	touching bool                 // linearizable takes operations of one client for concurrent; see touches
	results  map[Level]*LevelResult
}

func (l *ladder) execution() *execution.Execution {
	if l.x == nil {
		l.x = execution.New(l.h)
	}
	return l.x
}

func (l *ladder) withoutClocks() *session.Score {
	if l.scored == nil {
		s := session.MeasureKeys(l.h, l.all, session.BySessions)
		l.scored = &s
	}
	return l.scored
}

// judge finds out about a level, unless that is known.
func (l *ladder) judge(level Level, check func() Result) {
	if l.decided(level) {
		return
	}
	r := check()
	l.results[level] = &LevelResult{
		Level: level, Verdict: r.Verdict, Engine: r.Engine, Ops: r.Evidence.Ops, Why: r.Evidence.Text, Steps: r.Steps,
	}
	for _, other := range AllLevels {
		switch {
		case r.Verdict == Holds && level.Implies(other) && !l.decided(other) && !(l.touching && level == Linearizable):
			l.results[other] = &LevelResult{Level: other, Verdict: Holds, From: level}
		case r.Verdict == Violated && other.Implies(level) && !(l.decided(other) && l.results[other].Verdict == Violated):
			l.results[other] = &LevelResult{Level: other, Verdict: Violated, From: level, Ops: r.Evidence.Ops, Why: r.Evidence.Text}
		}
	}
}

func (l *ladder) decided(level Level) bool {
	r := l.results[level]
	return r != nil && r.Verdict != Undecided
}

// touches reports whether a client called at the very instant at which it had
// been answered. Linearizability takes operations that touch for concurrent, but
// all other levels keep the order of each client: then they do not follow from it,
// and a history that is no longer sequential is not linearizable either.
func touches(h history.History) bool {
	var t touching
	for i := range h {
		if t.add(&h[i]) {
			return true
		}
	}
	return false
}

// A touching remembers until when each client was busy.
type touching struct{ until map[int]history.Time }

// add takes in the next operation, and reports whether it touches its client's former one.
func (t *touching) add(op *history.Op) bool {
	if at, ok := t.until[op.Client]; ok && op.Call == at {
		return true
	}
	if op.Status == history.OK {
		if t.until == nil {
			t.until = map[int]history.Time{}
		}
		t.until[op.Client] = op.Return
	}
	return false
}

// holdsApart reports whether the history is linearizable even if whatever was
// called at the instant of an answer came after it. Then it keeps the order of each
// client, too, and all other levels follow. In a closed loop without thinking every
// history touches, and to judge the levels one by one takes ten times as long.
func holdsApart(h history.History, b Budget) bool {
	apart := make(history.History, len(h))
	copy(apart, h)
	for i := range apart {
		if !setApart(&apart[i]) {
			return false
		}
	}
	return !touches(apart) && linear.Check(apart, b).Verdict == Holds
}

// setApart puts a call after the answers of its instant, and reports whether there is room.
func setApart(op *history.Op) bool {
	if op.Call < -far || op.Call > far {
		return false
	}
	op.Call = 2*op.Call + 1
	if op.Return < far {
		op.Return = max(2*op.Return, op.Call)
	}
	return true
}

// CheckStream is linear.CheckStream, and keeps the order of each client where its
// operations touch: then the history must hold with calls put after the answers of
// their instant, too. If it does not, it is undecided, and Unfit says why.
func CheckStream(source linear.Source) (linear.Streamed, error) {
	var asIs, apart touching
	touched, still := false, false // still: even with calls put after answers
	r, err := linear.CheckStream(func(yield func(*history.Op) bool) error {
		return source(func(op *history.Op) bool {
			moved := *op
			touched = touched || asIs.add(op)
			still = still || !setApart(&moved) || apart.add(&moved)
			return yield(op)
		})
	})
	if err != nil || r.Verdict != Holds || !touched {
		return r, err
	}
	if !still {
		r, err = linear.CheckStream(func(yield func(*history.Op) bool) error {
			return source(func(op *history.Op) bool {
				moved := *op
				setApart(&moved)
				return yield(&moved)
			})
		})
	}
	if err == nil && (still || r.Verdict != Holds) {
		r = linear.Streamed{Result: Result{Verdict: Undecided}, Unfit: "a client called at the very instant at which it had been answered"}
	}
	return r, err
}

// report puts together what was found out.
func (l *ladder) report() LevelReport {
	r := LevelReport{Ops: len(l.h)}
	clients, keys := map[int]bool{}, map[string]bool{}
	for i := range l.h {
		clients[l.h[i].Client], keys[l.h[i].Key] = true, true
	}
	r.Clients, r.Keys = len(clients), len(keys)
	for _, level := range AllLevels {
		r.Levels = append(r.Levels, *l.results[level])
	}
	r.Strongest = r.strongest()
	r.SessionScores = ScoreSessions(l.h, l.all)
	return r
}

// ScoreSessions scores the session guarantees of a history that has been taken
// apart by key.
func ScoreSessions(h history.History, all []keys.Key) SessionScores {
	s := session.MeasureKeys(h, all, session.ByStore)
	r := SessionScores{Order: s.Engine(), Judged: s.Ops}
	for _, g := range session.Guarantees {
		score := SessionScore{Name: g.String(), Broken: s.Count(g), PerThousand: s.PerThousand(g)}
		if first, broken := s.First(g); broken {
			e := first.Evidence(h)
			score.First, score.Ops = e.Text, e.Ops
		}
		r.Sessions = append(r.Sessions, score)
	}
	return r
}

// Eventual is the level of a store that converges: once all faults are healed and
// nobody writes any more, all replicas come to hold the same. It is judged from
// what was read in the end (see package converge), not from the history.
const Eventual Level = "eventual"

// Converged adds the verdict on convergence to the report.
func (r *LevelReport) Converged(v Result) {
	r.Eventual = &LevelResult{Level: Eventual, Verdict: v.Verdict, Engine: v.Engine, Why: v.Evidence.Text}
}

// Holds reports whether the level is known to hold.
func (r *LevelReport) Holds(level Level) bool {
	return slices.ContainsFunc(r.Levels, func(l LevelResult) bool { return l.Level == level && l.Verdict == Holds })
}

// strongest returns the levels that hold and that no other one that holds implies.
func (r *LevelReport) strongest() []Level {
	strongest := []Level{}
	for _, level := range AllLevels {
		implied := slices.ContainsFunc(strongest, func(other Level) bool { return other.Implies(level) })
		if r.Holds(level) && !implied {
			strongest = append(strongest, level)
		}
	}
	return strongest
}

// Next returns the levels that are not known to hold although everything that
// they imply does: the next ones up.
func (r *LevelReport) Next() []LevelResult {
	var next []LevelResult
	for _, l := range r.Levels {
		missing := slices.ContainsFunc(AllLevels, func(other Level) bool {
			return other != l.Level && l.Level.Implies(other) && !r.Holds(other)
		})
		if l.Verdict != Holds && !missing {
			next = append(next, l)
		}
	}
	return next
}

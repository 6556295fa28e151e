package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"faultline/checker"
	"faultline/checker/causal"
	"faultline/checker/execution"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
	"faultline/checker/sequential"
	"faultline/checker/txn"
	"faultline/results"
)

// allLevels asks for the verdict on every level.
const allLevels = "all"

// A level is a property of histories of operations, with its checker. What the
// history tells of reads and writes is found out once for all, if it is needed.
type level struct {
	name  string
	judge func(x func() *execution.Execution, h history.History, b judge.Budget) judge.Result
}

// levels are those of operations, strongest first.
var levels = []level{
	{"linearizable", func(_ func() *execution.Execution, h history.History, b judge.Budget) judge.Result {
		return linear.Check(h, b)
	}},
	{"sequential", func(x func() *execution.Execution, _ history.History, b judge.Budget) judge.Result {
		return sequential.Judge(x(), b)
	}},
	{causal.CCv.String(), causalLevel(causal.CCv)},
	{causal.CM.String(), causalLevel(causal.CM)},
	{causal.CC.String(), causalLevel(causal.CC)},
	{causal.PRAM.String(), causalLevel(causal.PRAM)},
}

func causalLevel(m causal.Model) func(func() *execution.Execution, history.History, judge.Budget) judge.Result {
	return func(x func() *execution.Execution, _ history.History, b judge.Budget) judge.Result {
		return causal.Judge(x(), m, b)
	}
}

// levelNames are what --level takes.
func levelNames() []string {
	all := []string{allLevels}
	for _, l := range levels {
		all = append(all, l.name)
	}
	for l := txn.StrictSerializable; l >= txn.ReadUncommitted; l-- {
		all = append(all, strings.ReplaceAll(l.String(), " ", "-"))
	}
	return all
}

// A levelVerdict is what came out for one level.
type levelVerdict struct {
	Level   string        `json:"level"`
	Verdict judge.Verdict `json:"verdict"`
	Why     string        `json:"why,omitempty"`
}

// judgeOperations judges the level asked for, and the others if all are asked
// for or the strongest does not hold.
func (c *checked) judgeOperations(name string, b judge.Budget) error {
	asked := 0
	c.everyLevel = name == allLevels
	if name != "" && !c.everyLevel {
		if asked = slices.IndexFunc(levels, func(l level) bool { return l.name == name }); asked < 0 {
			return results.UnknownName("--level", name, levelNames()[:1+len(levels)])
		}
	}
	h := c.file.History
	x := sync.OnceValue(func() *execution.Execution { return execution.New(h) })
	r := levels[asked].judge(x, h, b)
	c.settle(levels[asked].name, &r)
	scores := checker.Score(checker.Run{History: h})
	c.Scores = &scores
	if !c.everyLevel && (name != "" || r.Verdict != judge.Violated) {
		return nil
	}
	for i, l := range levels {
		one := r
		if i != asked {
			one = l.judge(x, h, b)
		}
		c.Levels = append(c.Levels, levelVerdict{l.name, one.Verdict, c.inLines(one.Evidence)})
	}
	return nil
}

// judgeTransactions judges the isolation level asked for, and with it all others.
func (c *checked) judgeTransactions(name string, b judge.Budget) error {
	asked := txn.StrictSerializable
	c.everyLevel = name == allLevels
	if name != "" && !c.everyLevel {
		var ok bool
		if asked, ok = txn.FindLevel(name); !ok {
			return results.UnknownName("--level", name, append([]string{allLevels}, levelNames()[1+len(levels):]...))
		}
	}
	r := txn.Check(c.file.Transactions, txn.Options{Level: asked}, b)
	c.settle(asked.String(), &r.Result)
	c.report = &r
	for _, j := range slices.Backward(r.Levels) {
		c.Levels = append(c.Levels, levelVerdict{j.Level.String(), j.Verdict, j.Why})
	}
	return nil
}

// settle takes in the verdict on the level asked for.
func (c *checked) settle(level string, r *judge.Result) {
	c.Level, c.Verdict, c.Engine, c.Evidence, c.proof = level, r.Verdict, r.Engine, c.inLines(r.Evidence), r.Evidence.Ops
	for _, i := range c.proof {
		c.Proof = append(c.Proof, c.proofOf(i))
	}
}

// inLines returns the sentence of the evidence. Where the file holds no times, it
// tells lines instead of instants.
func (c *checked) inLines(e judge.Evidence) string {
	if c.Timed {
		return e.Text
	}
	text := e.Text
	for _, i := range e.Ops {
		one, at := c.item(i), c.file.Lines[i]
		call, back := one.call.String(), one.back.String()
		text = strings.NewReplacer(
			" at "+call, fmt.Sprintf(" on line %d", at.Call), " at "+back, fmt.Sprintf(" on line %d", at.Return),
			" up to "+call, fmt.Sprintf(" up to line %d", at.Call), " up to "+back, fmt.Sprintf(" up to line %d", at.Return),
		).Replace(text)
	}
	return text
}

// conclusion names the strongest levels that hold, and the next one, which does not.
func (c *checked) conclusion() string {
	if c.report != nil {
		return c.report.Conclusion()
	}
	at := slices.IndexFunc(c.Levels, func(l levelVerdict) bool { return l.Verdict == judge.Holds })
	switch {
	case at < 0:
		return "No level certainly holds."
	case at == 0:
		return "The strongest level, " + c.Levels[0].Level + ", holds."
	}
	next := c.Levels[at-1]
	text := "The strongest level that holds is " + c.Levels[at].Level + "; " + next.Level
	switch {
	case next.Verdict == judge.Undecided:
		return text + " is undecided."
	case at == 1 || c.everyLevel:
		return text + " does not hold."
	default:
		return text + " does not hold (--level " + next.Level + " says why)."
	}
}

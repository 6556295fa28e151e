package main

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/session"
	"faultline/checker/txn"
	"faultline/results"
)

// Names that --level takes beside those of levels.
const (
	allLevels     = "all"     // the verdict on every level
	sessionLevels = "session" // on the four session guarantees together
)

// levelNames are what --level takes, those of operations before those of transactions.
func levelNames() (ops, txns []string) {
	ops, txns = []string{allLevels}, []string{allLevels}
	for _, l := range checker.AllLevels {
		ops = append(ops, string(l))
	}
	ops = append(ops, sessionLevels)
	for l := txn.StrictSerializable; l >= txn.ReadUncommitted; l-- {
		txns = append(txns, strings.ReplaceAll(l.String(), " ", "-"))
	}
	return ops, txns
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
	h := c.file.History
	if c.everyLevel = name == allLevels; name == "" || c.everyLevel {
		name = string(checker.Linearizable)
	}
	if ops, _ := levelNames(); !slices.Contains(ops, name) {
		return results.UnknownName("--level", name, ops)
	}
	r := judgeLevel(name, h, b)
	c.settle(name, &r)
	scores := checker.Score(checker.Run{History: h})
	c.Scores = &scores
	if c.everyLevel || name == string(checker.Linearizable) && r.Verdict == judge.Violated {
		c.addLevels(checker.Levels(h, b))
	}
	if asked := guaranteesOf(name); asked != nil {
		c.addSessions(checker.ScoreSessions(h, scores.Detail.Keys), asked)
	}
	return nil
}

// addSessions takes in how often session guarantees were broken.
func (c *checked) addSessions(all checker.SessionScores, of []session.Guarantee) {
	c.SessionOrder = all.Order
	for _, g := range of {
		one := all.Sessions[g]
		one.First = c.inLines(judge.Evidence{Ops: one.Ops, Text: one.First})
		c.Sessions = append(c.Sessions, one)
	}
}

// guaranteesOf returns which session guarantees a name stands for.
func guaranteesOf(name string) []session.Guarantee {
	if name == sessionLevels {
		return session.Guarantees[:]
	}
	for _, g := range session.Guarantees {
		if g.String() == name {
			return []session.Guarantee{g}
		}
	}
	return nil
}

// judgeLevel judges one level. Of the session guarantees, the first that is
// violated counts, or else the first that is undecided.
func judgeLevel(name string, h history.History, b judge.Budget) judge.Result {
	if name != sessionLevels {
		return checker.CheckLevel(checker.Level(name), h, b)
	}
	var worst judge.Result
	for _, g := range session.Guarantees {
		r := judgeLevel(g.String(), h, b)
		if r.Verdict == judge.Violated {
			return r
		}
		if worst.Verdict == judge.Holds {
			worst = r
		}
	}
	return worst
}

func (c *checked) addLevels(r checker.LevelReport) {
	c.ladder = &r
	c.Strongest = r.Strongest
	c.addSessions(r.SessionScores, session.Guarantees[:])
	for _, l := range r.Levels {
		c.Levels = append(c.Levels, levelVerdict{string(l.Level), l.Verdict, c.inLines(judge.Evidence{Ops: l.Ops, Text: l.Why})})
	}
}

// judgeTransactions judges the isolation level asked for, and with it all others.
func (c *checked) judgeTransactions(name string, b judge.Budget) error {
	asked := txn.StrictSerializable
	if c.file.Answers {
		asked = txn.StrongSessionSerializable // the strongest that needs no calls
	}
	c.everyLevel = name == allLevels
	if name != "" && !c.everyLevel && name != string(checker.Linearizable) { // the same for transactions
		var ok bool
		if asked, ok = txn.FindLevel(name); !ok {
			_, txns := levelNames()
			return results.UnknownName("--level", name, txns)
		}
	}
	r := txn.Check(c.file.Transactions, txn.Options{Level: asked, Uncalled: c.file.Answers}, b)
	c.settle(asked.String(), &r.Result)
	c.report = &r
	for k, i := range c.proof {
		if n := slices.Index(r.Cast(asked), i); n >= 0 {
			c.Proof[k].Name = fmt.Sprintf("T%d", n+1)
		}
	}
	for _, j := range slices.Backward(r.Levels) {
		c.Levels = append(c.Levels, levelVerdict{j.Level.String(), j.Verdict, j.Why})
	}
	return nil
}

// settle takes in the verdict on the level asked for.
func (c *checked) settle(level string, r *judge.Result) {
	c.Level, c.Verdict, c.Engine, c.Evidence, c.proof = level, r.Verdict, r.Engine, c.inLines(r.Evidence), r.Evidence.Ops
	c.searched = r.Steps > 0
	for _, i := range c.proof {
		c.Proof = append(c.Proof, c.proofOf(i))
	}
}

// inLines returns the sentence of the evidence. Where the file holds no times, it
// tells lines instead of instants.
func (c *checked) inLines(e judge.Evidence) string {
	if c.Timed && !c.file.Answers {
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

// conclusion names the strongest levels that hold, and the next ones, which do not.
func (c *checked) conclusion() string {
	if c.report != nil {
		return c.report.Conclusion()
	}
	var text string
	switch strongest := names(c.Strongest); len(strongest) {
	case 0:
		text = "No level certainly holds"
	case 1:
		text = "The strongest level that holds is " + strongest[0]
	default:
		last := len(strongest) - 1
		text = "The strongest levels that hold are " + strings.Join(strongest[:last], ", ") + " and " + strongest[last]
	}
	var failing, unclear []string
	for _, l := range c.ladder.Next() {
		if l.Verdict == judge.Undecided {
			unclear = append(unclear, string(l.Level))
			continue
		}
		why := ""
		if !c.everyLevel && string(l.Level) != c.Level {
			why = fmt.Sprintf(" (--level %s says why)", l.Level)
		}
		failing = append(failing, fmt.Sprintf("%s does not hold%s", l.Level, why))
	}
	if unclear != nil {
		failing = append(failing, "undecided: "+strings.Join(unclear, ", "))
	}
	if failing != nil {
		text += "; " + strings.Join(failing, "; ")
	}
	return text + "."
}

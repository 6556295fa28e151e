package results

import "slices"

// A Level is a level of consistency: a property by which runs are judged.
type Level struct {
	Name  string // of the property in Row.Verdicts
	Label string // in tables, where there is little room: those of Bailis et al., VLDB 2013
}

// Levels lists the levels, stronger ones first. Where neither of two implies the
// other, the one that is heard of more often comes first.
var Levels = []Level{
	{"linearizable", "linearizable"},
	{"sequential", "sequential"},
	{"causal-convergence", "causal+"},
	{"causal-memory", "causal mem."},
	{"causal", "causal"},
	{"pram", "PRAM"},
	{"read-your-writes", "RYW"},
	{"monotonic-reads", "MR"},
	{"writes-follow-reads", "WFR"},
	{"monotonic-writes", "MW"},
}

// Level returns the strongest level that held in every run, and false if none did.
// A run in which a level was undecided does not count as one in which it held.
func (c *Cell) Level() (Level, bool) {
	i := slices.IndexFunc(Levels, func(l Level) bool {
		t := c.Tally(l.Name)
		return t.Holds == len(c.Rows) && t.Holds > 0
	})
	if i < 0 {
		return Level{}, false
	}
	return Levels[i], true
}

package linear

import (
	"fmt"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Each key gets so many steps in the first round, and so many times more in each
// later one. A key that is easy to refute would else wait behind a hopeless one.
const (
	firstRound  = 20_000
	roundFactor = 8
)

// A hard key is one that only a search can judge.
type hard struct {
	ops    []int32
	family family
}

// try judges a hard key in at most so many steps.
func (c *checker) try(k hard, allowance int) judge.Result {
	s := &c.searcher
	s.prepare(question{h: c.h, ops: k.ops, family: k.family, until: history.Never})
	if s.tooWide {
		return c.referee(k, allowance)
	}
	s.want = c.want
	v, at := s.judge(min(allowance, c.limit-c.steps))
	c.steps += s.steps
	c.use(Search)
	r := judge.Result{Verdict: v, Engine: Search}
	switch v {
	case judge.Holds:
		if c.want {
			c.orders = append(c.orders, s.order(at))
		}
	case judge.Violated:
		r.Evidence = *c.witness(k, s.moves[^s.events[at]].op)
	}
	return r
}

// retry judges the keys that were not decided yet, round by round, until the
// budget is spent.
func (c *checker) retry() judge.Result {
	for allowance := firstRound * roundFactor; len(c.undecided) > 0 && c.steps < c.limit; allowance *= roundFactor {
		var still []hard
		for i, k := range c.undecided {
			if c.steps >= c.limit {
				still = append(still, c.undecided[i:]...)
				break
			}
			switch r := c.try(k, allowance); r.Verdict {
			case judge.Violated:
				return r
			case judge.Undecided:
				still = append(still, k)
			}
		}
		c.undecided = still
	}
	if len(c.undecided) == 0 {
		return judge.Result{}
	}
	return judge.Result{Verdict: judge.Undecided, Evidence: judge.Evidence{Text: c.ranOut(c.undecided)}}
}

// ranOut says on which keys the budget was not enough, and what to do.
func (c *checker) ranOut(left []hard) string {
	first := left[0].ops
	return fmt.Sprintf("the search ended after %d steps with %d keys undecided (the first is %s, with %d operations); allow more steps, use unique values, or spread the load over more keys",
		c.steps, len(left), c.h[first[0]].Key, len(first))
}

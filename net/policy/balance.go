package policy

import "math/bits"

// A BalanceRule says which of several targets is asked first.
type BalanceRule uint8

const (
	InOrder     BalanceRule = iota // the first that the store names, then the next ones in turn
	RoundRobin                     // each in turn
	Random                         // any
	LeastLoaded                    // the one with the fewest of this client's calls under way
	TwoChoices                     // the less loaded of two random ones, or of more (Mitzenmacher, IEEE TPDS 2001)
)

// BalanceRules lists the rules, with their names in experiments.
var BalanceRules = []Named[BalanceRule]{
	{InOrder, "in-order", "the replica that the store names first"},
	{RoundRobin, "round-robin", "each replica in turn"},
	{Random, "random", "any replica"},
	{LeastLoaded, "least-loaded", "the replica with the fewest of this client's calls under way"},
	{TwoChoices, "two-choices", "the less loaded of two random replicas, or of as many as choices says"},
}

// String returns the rule's name in experiments.
func (r BalanceRule) String() string { return BalanceRules[r].Name }

// A balancer picks targets.
type balancer struct {
	rule    BalanceRule
	choices int // of TwoChoices; less than two are two
	turn    int
}

// pick returns one of n targets, of which eligible ones come first: only if there
// is none is another taken. first is the target that the intent names.
func (b *balancer) pick(n, first int, r Rand, load func(int) int, eligible func(int) bool) (target int, ok bool) {
	start := b.start(n, first, r, load, eligible)
	for k := range n {
		if t := (start + k) % n; eligible(t) {
			return t, true
		}
	}
	return start, false
}

func (b *balancer) start(n, first int, r Rand, load func(int) int, eligible func(int) bool) int {
	switch b.rule {
	case RoundRobin:
		b.turn = (b.turn + 1) % n
		return b.turn
	case Random:
		return draw(r, n)
	case LeastLoaded:
		return least(n, draw(r, n), load, eligible)
	case TwoChoices:
		best := lighter(draw(r, n), draw(r, n), load, eligible)
		for range b.choices - 2 {
			best = lighter(best, draw(r, n), load, eligible)
		}
		return best
	}
	return first
}

// least returns the least loaded target that is eligible; of equals, the first from start on.
func least(n, start int, load func(int) int, eligible func(int) bool) int {
	best := start
	for k := range n {
		best = lighter(best, (start+k)%n, load, eligible)
	}
	return best
}

// lighter returns b if it is the better choice of the two, else a.
func lighter(a, b int, load func(int) int, eligible func(int) bool) int {
	switch {
	case eligible(a) != eligible(b):
		if eligible(b) {
			return b
		}
		return a
	case load(b) < load(a):
		return b
	}
	return a
}

// draw returns a uniform number below n.
func draw(r Rand, n int) int {
	hi, _ := bits.Mul64(r.Uint64(), uint64(n))
	return int(hi)
}

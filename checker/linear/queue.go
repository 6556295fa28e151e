package linear

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A queue is a line: what stands before another in it came in before it and goes
// out before it. So x must stand before y if x had certainly come in before y was
// brought, or gone out before y was taken; and a queue into which no value comes
// twice is linearizable if and only if there is such a line. To have found it empty
// stands in the line too, as a value that comes and goes at one instant, when
// nothing else was certainly there.
//
// Why two are enough to prove that there is none: let p be the one in the rest of
// the line that had first certainly come in, q the one that had first certainly
// gone out. Nobody need come in before p. If it cannot be next, then q must go out
// before it. Likewise if q cannot be next, then p must come in before it: each must
// come before the other. (If p is q, it can be next.)
//
// Why the line is enough: let each operation happen as soon as those before it have
// and it was called. That is too late for x only if some y before it was brought
// after x was, or taken after x was; or brought after x was taken, and then
// y was taken after x, too. Each time x must stand before y.
//
// These are the bad patterns of Henzinger, Sezgin and Vafeiadis ("Aspect-Oriented
// Linearizability Proofs", CONCUR 2013; Bouajjani, Emmi, Enea and Hamza, ICALP 2015,
// section 4), here in O(n log n).
//
// Operations of unknown outcome that may have taken something take what nobody else
// is known to have taken: first come, first served. They may do so at any later time,
// or never, so it harms nobody. Any other way to pair them can be changed into this
// one: if a had certainly come in before b, then whatever calls for b to be gone
// calls for a.

// judgeQueue judges a queue whose values are distinct. It returns an order, or why there is none.
func (c *checker) judgeQueue(ops []int32) ([]int32, *judge.Evidence) {
	l, why := c.lodge(ops)
	if why != nil {
		return nil, why
	}
	for k, i := range l.maybe[:min(len(l.maybe), len(l.kept))] {
		l.take(&l.stays[l.kept[k]], i)
	}
	if why := l.findEmpty(); why != nil {
		return nil, why
	}
	line, a, b := l.line()
	switch {
	case line == nil:
		return nil, l.overtaken(a, b)
	case !c.want:
		return nil, nil
	}
	return l.play(line), nil
}

// line puts the stays into a line, or returns two that must each come before the other.
func (l *lodging) line() (line []int32, p, q *stay) {
	by := func(instant func(*stay) history.Time) []int32 {
		all := make([]int32, len(l.stays))
		for k := range all {
			all[k] = int32(k)
		}
		slices.SortFunc(all, func(a, b int32) int {
			return cmp.Or(cmp.Compare(instant(&l.stays[a]), instant(&l.stays[b])), cmp.Compare(a, b))
		})
		return all
	}
	entering := by(func(s *stay) history.Time { return s.entered.from })
	entered := by(func(s *stay) history.Time { return s.entered.to })
	leaving := by(func(s *stay) history.Time { return s.left.from })
	left := by(func(s *stay) history.Time { return s.left.to })

	line = make([]int32, 0, len(l.stays))
	ready := make([]bool, len(l.stays)) // nobody in the rest must come in before it; or go out before it
	inLine := make([]bool, len(l.stays))
	for next := 0; len(line) < len(l.stays); {
		for inLine[entered[0]] {
			entered = entered[1:]
		}
		for inLine[left[0]] {
			left = left[1:]
		}
		p, q = &l.stays[entered[0]], &l.stays[left[0]]
		pass := func(k int32) {
			if ready[k] {
				line = append(line, k)
			}
			ready[k] = true
		}
		for len(entering) > 0 && l.stays[entering[0]].entered.from <= p.entered.to {
			pass(entering[0])
			entering = entering[1:]
		}
		for len(leaving) > 0 && l.stays[leaving[0]].left.from <= q.left.to {
			pass(leaving[0])
			leaving = leaving[1:]
		}
		if next == len(line) {
			return nil, p, q
		}
		for ; next < len(line); next++ {
			inLine[line[next]] = true
		}
	}
	return line, nil, nil
}

// play lets those in the line come and go.
func (l *lodging) play(line []int32) []int32 {
	in, out := make([]history.Time, len(line)), make([]history.Time, len(line)) // when they do
	inside, outside := always, always
	for k, x := range line {
		s := &l.stays[x]
		inside = max(inside, s.entered.from)
		outside = max(outside, s.left.from, inside)
		in[k], out[k] = inside, outside
	}
	var order []int32
	next := 0 // to come in
	for k, x := range line {
		for next < len(line) && in[next] <= out[k] { // k itself is among them
			s := &l.stays[line[next]]
			if s.empty() && next > k {
				break // only when all before it have gone
			}
			order = append(order, s.in)
			next++
		}
		if s := &l.stays[x]; !s.empty() && s.out != none && out[k] < never { // at never, what may have taken it did not happen
			order = append(order, s.out)
		}
	}
	return order
}

// overtaken explains two values, a first in and b first out.
func (l *lodging) overtaken(a, b *stay) *judge.Evidence {
	text := fmt.Sprintf("%s, before %s; but %s", l.done(a.in), l.at(b.in), l.done(b.out))
	if a.out != none && l.h[a.out].Status == history.OK {
		text += fmt.Sprintf(", before %s: first in should be first out", l.leaves(a))
	} else {
		text += ", and " + l.leaves(a)
	}
	return l.because(text, nil, []*stay{a, b})
}

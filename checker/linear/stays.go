package linear

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// In queues and stacks into which no value comes twice, each value has one stay.
// Queues (queue.go) and stacks (stack.go) differ in how stays may overlap; what
// they have in common is here.

// thing judges a set, queue or stack by an engine that always decides, if one fits.
func (c *checker) thing(f family, ops []int32, s *shape) (r judge.Result, fits bool) {
	var order []int32
	var why *judge.Evidence
	switch {
	case !c.plain(f, ops):
		return r, false
	case f == sets:
		r.Engine = Sets
		order, why = c.judgeSet(ops, s)
	case !c.distinct(ops):
		return r, false
	case f == queues:
		r.Engine = Queues
		order, why = c.judgeQueue(ops)
	case f == stacks:
		r.Engine = Stacks
		if order, why, fits = c.judgeStack(ops); !fits {
			return judge.Result{}, false
		}
	}
	c.use(r.Engine)
	if why != nil {
		r.Verdict, r.Evidence = judge.Violated, *why
	} else if r.Engine = ""; c.want {
		c.orders = append(c.orders, order)
	}
	return r, true
}

// plain reports whether an engine can judge operations such as these: all of a set,
// and of queues and stacks those that bring or take one item.
func (c *checker) plain(f family, ops []int32) bool {
	return f != registers && !slices.ContainsFunc(ops, func(i int32) bool {
		op := &c.h[i]
		sane := op.Status == history.Unknown || op.Call <= op.Return && op.Return < never && op.Call > always
		return !sane || tookList(op) || op.Kind == history.Read && (f != sets || op.Out.Num != 0)
	})
}

// distinct notes what was brought, and reports whether all the values differ.
func (c *checker) distinct(ops []int32) bool {
	brought := slices.DeleteFunc(slices.Clone(ops), func(i int32) bool { return !c.h[i].Kind.Brings() })
	s := c.shape(brought)
	return c.writers.collect(c.h, brought, &s)
}

// A span is when something happened, at the earliest and at the latest.
type span struct{ from, to history.Time }

// A stay is a value's time in a queue or stack. To have found it empty is a stay
// of no length, at an instant when it can have been empty.
type stay struct {
	in, out       int32 // the operations; none if nobody took it out
	entered, left span
	older         int32 // if nobody is known to have taken it: how many such values came in before
}

func (s *stay) empty() bool { return s.in == s.out }

// certain reports whether the value was there for a while whatever the order:
// throughout the time from s.entered.to to s.left.from, without the two instants.
func (s *stay) certain() bool { return s.entered.to < s.left.from }

// A lodging is a queue or stack as its stays tell of it.
type lodging struct {
	*checker
	stays   []stay
	empties []int32 // operations that found it empty
	maybe   []int32 // that took something if they happened, in order of call
	kept    []int32 // stays of what nobody is known to have taken, in order of when they had certainly come in
	vague   bool    // all of those are given to the first operation that may have taken something
}

// lodge notes the stays. What came in with an outcome unknown and is not known to
// have been taken may never have happened: without it, and without whoever took
// it unseen, all answers are the same.
func (c *checker) lodge(ops []int32) (*lodging, *judge.Evidence) {
	l := &lodging{checker: c}
	taker := make([]int32, len(c.writers.ops))
	for k := range taker {
		taker[k] = none
	}
	for _, i := range ops {
		op := &c.h[i]
		switch {
		case op.Kind.Brings():
		case op.Status == history.Unknown:
			l.maybe = append(l.maybe, i)
		case op.Out.IsZero():
			l.empties = append(l.empties, i)
		default:
			w := c.writers.of(op.Out.Num)
			if w == none {
				return nil, c.noOrigin(i, op.Out, c.bringing(i))
			}
			if taker[w] != none {
				return nil, c.takenTwice(taker[w], i, c.writers.ops[w])
			}
			if taker[w] = i; op.Return < c.h[c.writers.ops[w]].Call {
				return nil, c.readBeforeWrite(i, c.writers.ops[w])
			}
		}
	}
	for w, i := range c.writers.ops {
		if taker[w] != none || c.h[i].Status == history.OK {
			l.stays = append(l.stays, c.stay(i, taker[w]))
		}
	}
	slices.SortStableFunc(l.maybe, func(a, b int32) int { return cmp.Compare(c.h[a].Call, c.h[b].Call) })
	l.keep()
	return l, nil
}

// stay returns the stay of a value. It came in before it went out.
func (c *checker) stay(in, out int32) stay {
	op := &c.h[in]
	s := stay{in: in, out: out, entered: span{op.Call, returned(op)}, left: span{never, never}}
	if out != none {
		o := &c.h[out]
		s.left = span{max(o.Call, op.Call), o.Return}
		s.entered.to = min(s.entered.to, o.Return)
	}
	return s
}

// keep finds what nobody is known to have taken.
func (l *lodging) keep() {
	for k := range l.stays {
		if l.stays[k].out == none {
			l.kept = append(l.kept, int32(k))
		}
	}
	slices.SortStableFunc(l.kept, func(a, b int32) int {
		return cmp.Compare(l.stays[a].entered.to, l.stays[b].entered.to)
	})
	for k, at := range l.kept {
		l.stays[at].older = int32(k)
	}
}

// take has an operation of unknown outcome take the value, at any time after its call.
func (l *lodging) take(s *stay, by int32) {
	s.out, s.left.from = by, max(s.entered.from, l.h[by].Call)
}

// occupied returns the longest spans between whose ends something certainly was
// there all the time. They may touch, but do not overlap.
func (l *lodging) occupied() []span {
	var all []span
	for k := range l.stays {
		if s := &l.stays[k]; s.certain() {
			all = append(all, span{s.entered.to, s.left.from})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	n := 0
	for _, s := range all {
		if n > 0 && s.from < all[n-1].to {
			all[n-1].to = max(all[n-1].to, s.to)
			continue
		}
		all[n] = s
		n++
	}
	return all[:n]
}

// findEmpty makes a stay of each operation that found it empty, at the first instant
// when that can have been.
func (l *lodging) findEmpty() *judge.Evidence {
	if len(l.empties) == 0 {
		return nil
	}
	occupied := l.occupied()
	for _, i := range l.empties {
		op := &l.h[i]
		at := op.Call
		k, _ := slices.BinarySearchFunc(occupied, at, func(s span, at history.Time) int { return cmp.Compare(s.to, at+1) })
		if k < len(occupied) && occupied[k].from < at {
			at = occupied[k].to
		}
		if at > op.Return {
			return l.neverEmpty(i)
		}
		l.stays = append(l.stays, stay{in: i, out: i, entered: span{at, at}, left: span{at, at}})
	}
	return nil
}

// longStays returns the stays that certainly last a while.
func (l *lodging) longStays() []*stay {
	var all []*stay
	for k := range l.stays {
		if l.stays[k].certain() {
			all = append(all, &l.stays[k])
		}
	}
	return all
}

// cover returns few of the stays which together last beyond both ends of the span.
// Each begins before the one before it ends.
func cover(all []*stay, s span) []*stay {
	slices.SortStableFunc(all, func(a, b *stay) int { return cmp.Compare(a.entered.to, b.entered.to) })
	var chosen []*stay
	for at := s.from; at <= s.to || chosen == nil; {
		var best *stay
		for len(all) > 0 && all[0].entered.to < at {
			if best == nil || all[0].left.from > best.left.from {
				best = all[0]
			}
			all = all[1:]
		}
		if best == nil {
			panic(fmt.Sprintf("linear: nothing covers %v, of the span from %v to %v", at, s.from, s.to))
		}
		chosen = append(chosen, best)
		at = best.left.from
	}
	return chosen
}

// neverEmpty explains an operation that found empty what cannot have been.
func (l *lodging) neverEmpty(i int32) *judge.Evidence {
	op := &l.h[i]
	chain := cover(l.longStays(), span{op.Call, op.Return})
	text := fmt.Sprintf("%s, but there was something in it all the time: ", l.when(i))
	return l.because(text+listed(chain, l.stayed), []int32{i}, chain)
}

// listed tells of stays.
func listed(stays []*stay, tell func(*stay) string) string {
	const most = 4
	var words []string
	for _, s := range stays[:min(most, len(stays))] {
		words = append(words, tell(s))
	}
	if more := len(stays) - most; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, "; ")
}

// value names what stayed.
func (l *lodging) value(s *stay) string { return itemName(&l.h[s.in], l.h[s.in].In.Num) }

// stayed tells how long a value certainly was there.
func (l *lodging) stayed(s *stay) string { return fmt.Sprintf("%s, and %s", l.done(s.in), l.leaves(s)) }

// leaves tells when a value was taken at the earliest.
func (l *lodging) leaves(s *stay) string {
	switch {
	case s.out != none && l.h[s.out].Status == history.OK:
		return l.at(s.out)
	case len(l.maybe) > 0:
		return "nobody is known to have taken " + l.value(s)
	default:
		return "nobody took " + l.value(s)
	}
}

// because returns the evidence of the operations and stays.
func (l *lodging) because(text string, ops []int32, stays []*stay) *judge.Evidence {
	var latest *stay // of those that nobody is known to have taken
	for _, s := range stays {
		ops = append(ops, s.in)
		switch {
		case s.out != none && l.h[s.out].Status == history.OK:
			ops = append(ops, s.out)
		case latest == nil || s.older > latest.older:
			latest = s
		}
	}
	if latest != nil {
		words, more := l.untaken(latest)
		text, ops = text+words, append(ops, more...)
	}
	return because(text, ops...)
}

// untaken says why operations of unknown outcome cannot have taken the value by then,
// and those that came in before it.
func (l *lodging) untaken(s *stay) (string, []int32) {
	takers := min(len(l.maybe), int(s.older))
	switch {
	case l.vague:
		first := l.maybe[0]
		return fmt.Sprintf("; the first %v of unknown outcome was called at %v", l.h[first].Kind, l.h[first].Call), []int32{first}
	case takers == 0:
		return "", nil
	}
	ops := slices.Clone(l.maybe[:takers])
	for _, k := range l.kept[:s.older] {
		ops = append(ops, l.stays[k].in)
	}
	plural := "s"
	if takers == 1 {
		plural = ""
	}
	return fmt.Sprintf("; the %d %s%s of unknown outcome that had been called by then cannot have taken all of the %d such values that were in by then",
		takers, l.h[ops[0]].Kind, plural, s.older+1), ops
}

// takenTwice explains two operations that took a value which was brought once.
func (c *checker) takenTwice(a, b, in int32) *judge.Evidence {
	a, b = min(a, b), max(a, b)
	return because(fmt.Sprintf("%s and %s, but it was %s only once (at %v)", c.at(a), c.at(b), brought[c.h[in].Kind][1], c.h[in].Call), a, b, in)
}

// itemName names an item as a sentence shows it.
func itemName(op *history.Op, x int64) string {
	list := op.Show(history.Value{List: []int64{x}})
	return list[1 : len(list)-1]
}

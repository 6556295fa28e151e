package linear

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// In a stack, of two stays one lies within the other, or they are apart. Only stays
// that certainly last a while matter: any other value can be pushed and popped at
// one instant, whatever else the stack holds.
//
// Wherever there need not be anything in the stack it may as well be empty: what is
// there could have been popped by then, or be pushed only then. So what was
// certainly there falls into spans that can be looked at one by one. Throughout a
// span there is something, hence one value below all others: one that may have been
// pushed when the first of the span had certainly come in, and popped when the last
// had certainly not left. If several can be that, either will do, for the stay of
// the one may be extended to the ends of the span. It is taken off, and what remains
// falls into spans anew. If none can, the stack is not linearizable.
//
// The recursion is that of Bouajjani, Emmi, Enea and Hamza ("On Reducing
// Linearizability to State Reachability", ICALP 2015, section 4.2); to peel values
// off at O(log n) each is the idea of Lee and Mathur ("Efficient
// Decrease-and-Conquer Linearizability Monitoring", OOPSLA 2025). O(n log n).
//
// Which of the pops of unknown outcome took what nobody is known to have popped
// can depend on everything. The engine tries none of them, and last in first out: if
// either explains the history, it is linearizable. If it is not even if each such
// value can have been popped as soon as the first such pop was called, it is not
// linearizable. Else a search has to decide.

// judgeStack judges a stack whose values are distinct. It returns an order, or why
// there is none, or that a search has to decide.
func (c *checker) judgeStack(ops []int32) (order []int32, why *judge.Evidence, fits bool) {
	for _, pair := range []func(*lodging){(*lodging).takeNothing, (*lodging).takeLatest, (*lodging).takeAll} {
		l, wrong := c.lodge(ops)
		if wrong != nil {
			return nil, wrong, true
		}
		pair(l)
		order, why = l.pile()
		exact := len(l.kept) == 0 || len(l.maybe) == 0
		switch {
		case exact || why == nil && !l.vague:
			return order, why, true
		case why != nil && l.vague:
			return nil, why, true
		}
	}
	return nil, nil, false
}

// takeNothing has no operation of unknown outcome take anything.
func (l *lodging) takeNothing() {}

// takeLatest has each operation of unknown outcome take what came in last before it
// was called and is still there.
func (l *lodging) takeLatest() {
	var there []int32
	kept := l.kept
	for _, i := range l.maybe {
		for len(kept) > 0 && l.stays[kept[0]].entered.to <= l.h[i].Call {
			there = append(there, kept[0])
			kept = kept[1:]
		}
		if n := len(there); n > 0 {
			l.take(&l.stays[there[n-1]], i)
			there = there[:n-1]
		}
	}
}

// takeAll has the first operation of unknown outcome take everything that nobody is
// known to have taken, which is more than any can.
func (l *lodging) takeAll() {
	l.vague = true
	for _, k := range l.kept {
		l.take(&l.stays[k], l.maybe[0])
	}
}

// A pile is a stack from which values are taken off from below. Instants are known
// by their number among those that matter; stays by their number in order of when
// they had certainly come in.
type pile struct {
	*lodging
	lasting  []int32 // the stays that certainly last a while
	instants []history.Time
	first    []int32 // by instant: the first stay that had certainly come in then or later
	bounds   []bounds
	there    *least   // by instant: how many stays are certainly there
	opens    *least   // by stay, unless noted: the first instant at which it may have come in
	closes   *least   // the same, negated: the last instant until which it may have stayed
	half     []bool   // by stay: one of the two was noted
	below    []placed // what was taken off
	open     []reach  // to be looked at
}

// bounds are the ends of a stay: it certainly was there between from and to, may have
// come in from opens on, and may have left until closes.
type bounds struct{ from, to, opens, closes int32 }

// A reach is from one instant at which the stack is empty, but for what was taken
// off, to the next.
type reach struct{ from, to int32 }

// A placed stay is given the whole of a reach.
type placed struct {
	stay int32
	reach
}

// pile judges a stack.
func (l *lodging) pile() ([]int32, *judge.Evidence) {
	if why := l.findEmpty(); why != nil {
		return nil, why
	}
	p := pile{lodging: l}
	p.prepare()
	for len(p.open) > 0 {
		r := p.open[len(p.open)-1]
		p.open = p.open[:len(p.open)-1]
		if why := p.peel(r); why != nil {
			return nil, why
		}
	}
	if !l.want {
		return nil, nil
	}
	return p.order(), nil
}

func (p *pile) prepare() {
	for k := range p.stays {
		if s := &p.stays[k]; s.certain() {
			p.lasting = append(p.lasting, int32(k))
			p.instants = append(p.instants, s.entered.to, s.left.from)
		}
	}
	slices.SortFunc(p.lasting, func(a, b int32) int {
		return cmp.Or(cmp.Compare(p.stays[a].entered.to, p.stays[b].entered.to), cmp.Compare(a, b))
	})
	slices.Sort(p.instants)
	p.instants = slices.Compact(p.instants)
	p.half = make([]bool, len(p.lasting))
	p.there, p.opens, p.closes = newLeast(len(p.instants)), newLeast(len(p.lasting)), newLeast(len(p.lasting))
	for n, k := range p.lasting {
		b := p.boundsOf(&p.stays[k])
		p.bounds = append(p.bounds, b)
		p.there.add(b.from+1, b.to, 1)
		p.opens.add(int32(n), int32(n)+1, b.opens)
		p.closes.add(int32(n), int32(n)+1, -b.closes)
		for len(p.first) <= int(b.from) {
			p.first = append(p.first, int32(n))
		}
	}
	for len(p.first) < len(p.instants) {
		p.first = append(p.first, int32(len(p.lasting)))
	}
	if n := len(p.instants); n > 0 {
		p.split(reach{0, int32(n) - 1})
	}
}

func (p *pile) boundsOf(s *stay) bounds {
	closes := int32(len(p.instants))
	if s.left.to < never {
		closes = p.instant(s.left.to + 1)
	}
	return bounds{p.instant(s.entered.to), p.instant(s.left.from), p.instant(s.entered.from), closes - 1}
}

// instant returns the number of the first instant that is not before at.
func (p *pile) instant(at history.Time) int32 {
	k, _ := slices.BinarySearch(p.instants, at)
	return int32(k)
}

// split notes the parts of a reach, between the instants at which the stack is empty now.
func (p *pile) split(r reach) {
	for {
		at := p.there.next(r.from+1, r.to, 0)
		if at == none {
			p.open = append(p.open, r)
			return
		}
		p.there.add(at, at+1, gone)
		p.open = append(p.open, reach{r.from, at})
		r.from = at
	}
}

// peel takes off what can be below all others in a reach: what may have come in at
// its beginning and stayed until its end. Reaches only shrink, so each of the two
// needs to be noted once.
func (p *pile) peel(r reach) *judge.Evidence {
	from, to := p.first[r.from], p.first[r.to]
	before := len(p.below)
	p.note(p.opens, r, r.from)
	p.note(p.closes, r, -r.to)
	switch {
	case len(p.below) > before:
		p.split(r)
	case p.remains(from, to):
		return p.noBottom(r)
	}
	return nil
}

// remains reports whether some of the stays were not taken off.
func (p *pile) remains(from, to int32) bool {
	const most = gone / 2
	return p.opens.next(from, to, most) != none || p.closes.next(from, to, most) != none
}

// note notes the stays in a reach whose bound is at most so much, and takes off those
// of which both are noted.
func (p *pile) note(bound *least, r reach, most int32) {
	to := p.first[r.to]
	for k := bound.next(p.first[r.from], to, most); k != none; k = bound.next(k+1, to, most) {
		bound.add(k, k+1, gone)
		if !p.half[k] {
			p.half[k] = true
			continue
		}
		p.below = append(p.below, placed{p.lasting[k], r})
		p.there.add(p.bounds[k].from+1, p.bounds[k].to, -1)
	}
}

// order lets each value come in when its reach begins and go out when it ends, and
// those that need not stay, at one instant.
func (p *pile) order() []int32 {
	type event struct {
		at        history.Time
		turn      int // at one instant: what was above others goes out first and comes in last
		op, other int32
	}
	var all []event
	for k, b := range p.below {
		s := &p.stays[b.stay]
		all = append(all, event{p.instants[b.from], k + 1, s.in, none})
		if at := p.instants[b.to]; at < never { // else of unknown outcome, and it never happened
			all = append(all, event{at, -k - 1, s.out, none})
		}
	}
	for k := range p.stays {
		switch s := &p.stays[k]; {
		case s.empty():
			all = append(all, event{s.left.from, 0, s.in, none})
		case !s.certain():
			all = append(all, event{s.left.from, 0, s.in, s.out})
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.turn, b.turn)) })
	var order []int32
	for _, e := range all {
		if order = append(order, e.op); e.other != none {
			order = append(order, e.other)
		}
	}
	return order
}

// noBottom explains that no value can have been below all others in a reach.
func (p *pile) noBottom(r reach) *judge.Evidence {
	var all []*stay
	for k := p.first[r.from]; k < p.first[r.to]; k++ {
		if p.remains(k, k+1) {
			all = append(all, &p.stays[p.lasting[k]])
		}
	}
	chain := cover(all, span{p.instants[r.from] + 1, p.instants[r.to] - 1})
	for _, end := range []*stay{chain[0], chain[len(chain)-1]} {
		for _, s := range all {
			if end.inverted(s) {
				return p.inverted(end, s)
			}
			if s.inverted(end) {
				return p.inverted(s, end)
			}
		}
	}
	chain = shortest(chain)
	text := fmt.Sprintf("there was something on %s all the time from %v to %v, but nothing that can have been at the bottom for so long: ",
		p.h[chain[0].in].Key, chain[0].entered.to, chain[len(chain)-1].left.from)
	return p.because(text+listed(chain, p.mayHaveStayed), nil, chain)
}

// inverted reports whether s was in before t and out before t, though t was in before s was out.
func (s *stay) inverted(t *stay) bool {
	return s.entered.to < t.entered.from && t.entered.to < s.left.from && s.left.to < t.left.from
}

// shortest returns the first of the shortest parts of a chain in which no stay can have
// been below all others; or the chain, if all such parts are long.
func shortest(chain []*stay) []*stay {
	const most = 32
	for n := 3; n <= min(most, len(chain)); n++ {
		for k := range len(chain) - n + 1 {
			if part := chain[k : k+n]; !slices.ContainsFunc(part, func(s *stay) bool {
				return s.entered.from <= part[0].entered.to && s.left.to >= part[n-1].left.from
			}) {
				return part
			}
		}
	}
	return chain
}

// mayHaveStayed tells all that is known of when a value was there.
func (l *lodging) mayHaveStayed(s *stay) string {
	if s.out != none && l.h[s.out].Status == history.OK {
		return l.when(s.in) + ", and " + l.when(s.out)
	}
	return l.when(s.in) + ", and " + l.leaves(s)
}

// inverted explains two values, a first in and first out.
func (l *lodging) inverted(a, b *stay) *judge.Evidence {
	beneath := "though " + l.leaves(b)
	if b.out != none && l.h[b.out].Status == history.OK {
		beneath = "before " + l.leaves(b)
	}
	text := fmt.Sprintf("%s, before %s (answered at %v); then %s from beneath it, %s: last in should be first out",
		l.done(a.in), l.at(b.in), l.h[b.in].Return, l.when(a.out), beneath)
	return l.because(text, nil, []*stay{a, b})
}

// A least is numbers in a row, of which the next small one is found in O(log n), and
// to many of which the same is added in O(log n).
type least struct {
	size int32   // of the row, rounded up to a power of two
	min  []int32 // by node of a binary tree, the root at 1: the least number below it,
	plus []int32 // without what was added to all of the node above; and what was added to all of the node
}

// gone is added to numbers that are to be passed over.
const gone = 1 << 29

func newLeast(n int) *least {
	size := int32(1) << bits.Len(uint(max(n, 1)-1))
	return &least{size, make([]int32, 2*size), make([]int32, 2*size)}
}

// add adds x to the numbers from i to before j.
func (t *least) add(i, j, x int32) {
	if i < j {
		t.addBelow(1, 0, t.size, i, j, x)
	}
}

func (t *least) addBelow(node, low, high, i, j, x int32) {
	switch {
	case j <= low || high <= i:
	case i <= low && high <= j:
		t.min[node] += x
		t.plus[node] += x
	default:
		middle := (low + high) / 2
		t.addBelow(2*node, low, middle, i, j, x)
		t.addBelow(2*node+1, middle, high, i, j, x)
		t.min[node] = t.plus[node] + min(t.min[2*node], t.min[2*node+1])
	}
}

// next returns the first place from i to before j at which there is no more than most, or none.
func (t *least) next(i, j, most int32) int32 {
	if i >= j {
		return none
	}
	return t.nextBelow(1, 0, t.size, i, j, most)
}

func (t *least) nextBelow(node, low, high, i, j, most int32) int32 {
	switch {
	case j <= low || high <= i || t.min[node] > most:
		return none
	case high-low == 1:
		return low
	}
	middle := (low + high) / 2
	if at := t.nextBelow(2*node, low, middle, i, j, most-t.plus[node]); at != none {
		return at
	}
	return t.nextBelow(2*node+1, middle, high, i, j, most-t.plus[node])
}

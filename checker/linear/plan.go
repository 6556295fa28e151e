package linear

import (
	"math"
	"math/bits"
	"slices"

	"faultline/checker/history"
)

// forever is after all events.
const forever = math.MaxInt32

// maxOpen is how many operations may be open at once, other than those whose
// outcome is unknown: each needs a bit of a word.
const maxOpen = 64

// An effect is what an operation does to its key. Operations of the same effect
// are interchangeable.
type effect struct {
	kind   history.Kind
	expect state // that a compare-and-set expects
	in     state // that a write or compare-and-set leads to
	item   int64 // that is appended, added, enqueued, pushed; or was dequeued or popped, if known
}

// A move is an operation as a search sees it.
type move struct {
	op     int32 // index into the history
	effect int32 // what it does, or none for a look, which does nothing
	sight  state // what a look found; or, if blind, did not find
	blind  bool
	may    bool  // it need not happen
	slot   uint8 // its bit while it is open, unless its outcome is unknown
	end    int32 // the event of its return, or forever
}

// A plan is the operations of a key, made ready for a search. An event is the
// call or the return of a move; at one instant calls come first.
type plan struct {
	question
	space    space
	refusals bool // some look says only what it did not find
	effects  []effect
	moves    []move
	events   []int32 // a call is the number of its move, a return that number's complement
	tooWide  bool    // more than maxOpen operations are open at once: no search will do

	number table   // of effects
	maybe  []int32 // compare-and-sets that may have happened
	open   []int32 // while events are put in order: moves not returned, last to return first
	slots  uint64  // while events are put in order: those in use
}

// A question is what a search is asked: can these operations be put in order?
type question struct {
	h        history.History
	ops      []int32 // on one key, in order of call
	family   family
	until    history.Time // what had not returned by then may never happen
	some     bool         // of the operations only the kept ones must happen; the others may, each in its time
	kept     []int32      // ascending
	anyStart bool         // the key may hold anything at first (registers and lists)
}

// must reports whether the operation must happen.
func (q *question) must(i int32) bool {
	if !q.some {
		return true
	}
	_, ok := slices.BinarySearch(q.kept, i)
	return ok
}

// unsure reports whether it was not known yet whether op would happen.
func (q *question) unsure(op *history.Op) bool {
	return op.Status == history.Unknown || op.Return > q.until
}

// prepare makes the plan for a question.
func (p *plan) prepare(q question) {
	*p = plan{
		question: q, space: p.space, effects: p.effects[:0], number: p.number, open: p.open[:0], maybe: p.maybe[:0],
		moves: slices.Grow(p.moves[:0], len(q.ops)), events: slices.Grow(p.events[:0], 2*len(q.ops)),
	}
	p.number.reset()
	p.space.reset(q.family)
	p.see()
	for _, i := range q.ops {
		op := &q.h[i]
		if may := p.unsure(op) || !p.must(i); may && (looks(op) || p.missed(op)) {
			continue
		}
		p.returnUntil(op.Call)
		p.call(i)
	}
	p.returnUntil(history.Never)
	p.settle()
}

// see notes what the answers tell of.
func (p *plan) see() {
	for _, i := range p.ops {
		op := &p.h[i]
		switch may := p.unsure(op) || !p.must(i); {
		case looks(op) && may:
		case isBlind(op):
			p.refusals = true
			p.space.see(op.Expect)
		case op.Observes():
			p.space.see(op.Out)
		case op.Kind.Takes() && op.Status == history.OK:
			p.space.show(op.Out.Num)
		case op.Kind == history.CAS && may:
			p.maybe = append(p.maybe, i)
		case op.Kind == history.CAS:
			p.space.see(op.Expect)
		}
	}
	p.seeMaybe(p.maybe)
}

// seeMaybe notes what compare-and-sets expect that may have happened, unless it
// does not matter whether they did. To find out takes several passes, since
// one may lead to what another expects; after a few, all are taken to matter.
func (p *plan) seeMaybe(maybe []int32) {
	const passes = 8
	for pass := 1; len(maybe) > 0; pass++ {
		before := len(maybe)
		maybe = slices.DeleteFunc(maybe, func(i int32) bool {
			matters := pass > passes || !p.missed(&p.h[i])
			if matters {
				p.space.see(p.h[i].Expect)
			}
			return matters
		})
		if len(maybe) == before {
			return
		}
	}
}

// missed reports whether no answer depends on op, of unknown outcome, having
// happened: then it can be taken never to have. Without it a few dozen crashed
// writes make a search hopeless. A refusal that does not say what it found
// depends on everything.
func (p *plan) missed(op *history.Op) bool {
	switch {
	case p.refusals || op.Kind.Takes():
		return false
	case op.Kind == history.Write || op.Kind == history.CAS:
		return p.space.of(op.In) == dead
	default:
		return !p.space.shows(op.In.Num)
	}
}

// looks reports whether op changes nothing. To have taken a list is no way to
// change anything, either: it cannot be.
func looks(op *history.Op) bool { return !op.MayMutate() || tookList(op) }

func tookList(op *history.Op) bool {
	return op.Kind.Takes() && op.Status == history.OK && len(op.Out.List) > 0
}

// call adds the call of an operation.
func (p *plan) call(i int32) {
	op := &p.h[i]
	m := move{op: i, effect: none, end: forever, may: !p.must(i)}
	if !looks(op) {
		m.effect = p.effectOf(op)
	} else {
		m.sight, m.blind = p.sight(op), isBlind(op)
	}
	if !p.unsure(op) && !p.tooWide {
		p.takeSlot(&m)
	}
	p.moves = append(p.moves, m)
	p.events = append(p.events, int32(len(p.moves)-1))
}

// sight returns what an operation that changed nothing found; or, if it is blind,
// did not find. It is nowhere if that cannot be.
func (p *plan) sight(op *history.Op) state {
	switch {
	case isBlind(op):
		return p.space.see(op.Expect)
	case op.Kind == history.CAS && op.Out.Equal(op.Expect), tookList(op):
		return nowhere
	case op.Kind.Takes():
		return blank // found it empty
	default:
		return p.space.see(op.Out)
	}
}

// effectOf returns the number of what the operation does.
func (p *plan) effectOf(op *history.Op) int32 {
	e := effect{kind: op.Kind, expect: nowhere, in: nowhere}
	switch op.Kind {
	case history.CAS:
		e.expect, e.in = p.space.of(op.Expect), p.space.of(op.In)
	case history.Write:
		e.in = p.space.of(op.In)
	case history.Dequeue, history.Pop:
		if op.Status == history.OK {
			e.item = op.Out.Num
		}
	default:
		e.item = op.In.Num
	}
	const kinds = 16
	a, b := int32(e.expect)*kinds+int32(e.kind), int64(e.in)+1+e.item // one of the two is 0
	n := p.number.get(a, b)
	if n == none {
		n = int32(len(p.effects))
		p.number.put(a, b, n)
		p.effects = append(p.effects, e)
	}
	return n
}

// takeSlot gives a move its bit and its place in the order of returns.
func (p *plan) takeSlot(m *move) {
	if len(p.open) == maxOpen {
		p.tooWide = true
		return
	}
	m.slot = uint8(bits.TrailingZeros64(^p.slots))
	p.slots |= m.bit()
	at := len(p.open)
	for at > 0 && p.returns(p.open[at-1]) <= p.h[m.op].Return {
		at--
	}
	p.open = slices.Insert(p.open, at, int32(len(p.moves)))
}

func (p *plan) returns(m int32) history.Time { return p.h[p.moves[m].op].Return }

func (m *move) bit() uint64 { return 1 << m.slot }

// returnUntil adds the returns before the instant.
func (p *plan) returnUntil(at history.Time) {
	for n := len(p.open) - 1; n >= 0 && p.returns(p.open[n]) < at; n-- {
		k := p.open[n]
		p.open = p.open[:n]
		m := &p.moves[k]
		m.end = int32(len(p.events))
		p.slots &^= m.bit()
		p.events = append(p.events, ^k)
	}
}

// settle notes until when the states matter.
func (p *plan) settle() {
	for k := range p.moves {
		m := &p.moves[k]
		if m.effect == none {
			p.space.matter(m.sight, m.end)
		} else if e := &p.effects[m.effect]; e.kind == history.CAS {
			p.space.matter(e.expect, m.end)
		}
	}
	p.space.settle()
}

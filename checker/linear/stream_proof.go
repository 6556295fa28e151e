package linear

import (
	"cmp"
	"math"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A proof reads a history once more to find the evidence that Check would find. It
// is about an operation that is wrong by itself, or else about the first two
// neighbors in order of first return, or the first backward cluster within a
// forward one (comparePairs). One of each such two is a suspect, and forward: that
// on which the last call was. So of all others only those next to a suspect matter.
type proof struct {
	w    *watch // of values that are no suspects; suspects are in line with them
	n    int32
	now  history.Time
	name string // of the key
	why  string // it failed

	of     map[int64]*suspect
	before *value     // the latest forward value in line, no suspect
	afters []*suspect // in line, without a forward value after them
	around []*suspect // in line, without a backward value within them, by first return
}

// A suspect is a value on which something was called when it could not be.
type suspect struct {
	value
	reads  []mark // before the write: those that returned before all reads so far
	wrong  int32  // the first operation that is wrong by itself, or none
	before *value // in order of first return: the forward value before it that is no suspect,
	after  *value // the one after it,
	within *value // and the first backward one that was called later than the suspect's first return
}

// noProof says why a violation that was found cannot be shown.
const noProof = "what proves the violation cannot be found without the whole history"

// prove finds evidence of the violation.
func (s *stream) prove(source Source) (Streamed, error) {
	p := proof{w: newWatch(s.violated.name, 0), name: s.violated.name, of: map[int64]*suspect{}}
	for x := range s.suspects { // any order: they are told apart by their operations
		p.of[x] = &suspect{value: *newValue(x), wrong: none}
	}
	if zero := p.of[0]; zero != nil { // what came first is in place from the beginning
		initial := p.w.placed[0]
		zero.value = *initial
		p.w.placed[0], p.w.latest[0], p.w.live = &zero.value, &value{last: initial.last}, map[int64]*value{}
	}
	if err := source(p.add); err != nil || p.why != "" {
		return unfit(p.why), err
	}
	p.end()
	return p.show(source, p.pick())
}

// add takes in the next operation.
func (p *proof) add(op *history.Op) bool {
	i := p.n
	p.n++
	if op.Key != p.name || !matters(op) {
		return true
	}
	p.now = op.Call
	p.advance()
	isWrite, number := op.Kind == history.Write, op.Out.Num
	if isWrite {
		number = op.In.Num
	}
	v := p.w.live[number]
	doubtful := p.of[number]
	switch {
	case doubtful != nil && isWrite && doubtful.written:
		p.why = twice(op)
		return false
	case doubtful != nil:
		doubtful.take(i, op)
		v = &doubtful.value
	case v == nil:
		v = newValue(number)
		p.w.live[number] = v
	}
	if isWrite {
		v.write(i, op)
	} else {
		v.read(i, op)
	}
	switch {
	case v.placed && doubtful == nil:
		p.w.rank(v)
	case !v.placed && v.happened:
		p.w.expect(v)
	}
	return true
}

// take notes what is wrong with an operation on the suspect by itself.
func (s *suspect) take(i int32, op *history.Op) {
	switch {
	case op.Kind == history.Write:
		for _, r := range s.reads {
			if r.at < op.Call {
				s.blame(r.op)
			}
		}
		s.reads = nil
		return
	case isRefused(op):
		s.blame(i)
	}
	if n := len(s.reads); !s.written && (n == 0 || op.Return < s.reads[n-1].at) {
		s.reads = append(s.reads, mark{op.Return, i})
	}
}

func (s *suspect) blame(i int32) {
	if s.wrong == none || i < s.wrong {
		s.wrong = i
	}
}

// advance puts in place what returned before now, and in line what is known of for good.
func (p *proof) advance() {
	w := p.w
	for len(w.due) > 0 && w.due[0].at.at < p.now {
		d := w.due[0]
		w.due = w.due[1:]
		if v := d.of; !v.placed && d.at == v.first {
			v.placed = true
			w.placed = append(w.placed, v)
			if p.of[v.number] == nil {
				w.rank(v)
			}
		}
	}
	for len(w.placed) > 0 {
		v := w.placed[0]
		doubtful := p.of[v.number]
		if doubtful == nil && p.now < never && !w.overwritten(v) {
			break
		}
		w.placed = w.placed[1:]
		if doubtful != nil {
			p.stand(doubtful)
		} else {
			delete(w.live, v.number)
			p.pass(v)
		}
	}
}

// end takes in that nothing more comes.
func (p *proof) end() {
	p.now = never
	p.advance()
	for _, s := range p.of { // any order: each by itself
		if !s.written {
			s.blame(s.reads[0].op)
		}
	}
}

// stand puts a suspect in line.
func (p *proof) stand(s *suspect) {
	s.before = p.before
	p.afters, p.around = append(p.afters, s), append(p.around, s)
}

// pass puts in line a value that is no suspect.
func (p *proof) pass(v *value) {
	if b := v.block(0); b.forward() {
		for _, s := range p.afters {
			s.after = v
		}
		p.afters, p.before = p.afters[:0], v
		return
	}
	for len(p.around) > 0 && p.around[0].first.at < v.last.at {
		p.around[0].within = v
		p.around = p.around[1:]
	}
}

func (v *value) block(head int) block { return block{v.first, v.last, int32(head)} }

// pick returns the values that Check would find the evidence in.
func (p *proof) pick() []int64 {
	wrong, of := int32(math.MaxInt32), int64(0)
	var all []*value
	for _, s := range p.of { // any order: the least is wanted, and others are sorted
		if s.wrong != none && s.wrong < wrong {
			wrong, of = s.wrong, s.number
		}
		for _, v := range [...]*value{&s.value, s.before, s.after, s.within} {
			if v != nil {
				all = append(all, v)
			}
		}
	}
	if wrong < math.MaxInt32 {
		return []int64{of}
	}
	slices.SortFunc(all, func(a, b *value) int { return cmp.Compare(a.number, b.number) })
	all = slices.Compact(all)
	var c checker
	for k, v := range all {
		c.blocks = append(c.blocks, v.block(k))
	}
	a, b := c.comparePairs()
	if a == nil {
		return nil
	}
	return []int64{all[a.head].number, all[b.head].number}
}

// An extract is what evidence may be found in of the operations on a value.
type extract struct {
	number  int64
	certain []located // writes, the first one that failed, and reads that returned before all of them so far
	failed  bool
	refused bool
	soonest history.Time
	latest  *located // the read with the latest call
}

type located struct {
	i  int
	op history.Op
}

// show has Check find the evidence among the operations on the values.
func (p *proof) show(source Source, numbers []int64) (Streamed, error) {
	if numbers == nil {
		return unfit(noProof), nil
	}
	var all []*extract
	for _, x := range numbers {
		all = append(all, &extract{number: x, soonest: never})
	}
	i := -1
	err := source(func(op *history.Op) bool {
		i++
		for _, x := range all {
			if op.Key == p.name {
				x.take(i, op)
			}
		}
		return true
	})
	if err != nil {
		return Streamed{}, err
	}
	return judgeExtracts(all), nil
}

// take keeps the operation if the evidence may need it.
func (x *extract) take(i int, op *history.Op) {
	v := history.Num(x.number)
	switch {
	case op.Status == history.Failed:
		if !x.failed && op.Kind.Brings() && (op.In.Equal(v) || op.In.Equal(history.Value{List: []int64{x.number}})) {
			x.failed = true
			x.keep(i, op)
		}
	case op.MayMutate():
		if op.In.Equal(v) {
			x.keep(i, op)
		}
	case op.Observes() && op.Out.Equal(v):
		switch refused := isRefused(op); {
		case op.Return < x.soonest:
			x.soonest, x.refused = op.Return, x.refused || refused
			x.keep(i, op)
		case refused && !x.refused:
			x.refused = true
			x.keep(i, op)
		}
		if x.latest == nil || op.Call > x.latest.op.Call {
			x.latest = &located{i, *op}
		}
	}
}

func (x *extract) keep(i int, op *history.Op) { x.certain = append(x.certain, located{i, *op}) }

func judgeExtracts(all []*extract) Streamed {
	var kept []located
	for _, x := range all {
		kept = append(kept, x.certain...)
		if x.latest != nil {
			kept = append(kept, *x.latest)
		}
	}
	slices.SortFunc(kept, func(a, b located) int { return cmp.Compare(a.i, b.i) })
	kept = slices.CompactFunc(kept, func(a, b located) bool { return a.i == b.i })
	h := make(history.History, len(kept))
	for k := range kept {
		h[k] = kept[k].op
	}
	s := Streamed{Result: Check(h, judge.Budget{})}
	if s.Verdict != judge.Violated || s.Engine != Zones {
		return unfit(noProof)
	}
	for k, at := range s.Evidence.Ops {
		s.Ops = append(s.Ops, h[at])
		s.Evidence.Ops[k] = kept[at].i
	}
	return s
}

package linear

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// The idea. Operations come in order of call. Of two clusters each of which must
// come before the other, one is the last to be called something on: when that
// call comes, at c, its own first return f is known, and so are both ends of the
// other one, B, which must come before it: f(B) < c, and which it must come
// before: f < s(B). So of all the values that are in place at c (f(B) < c) only
// the latest call matters, and of a value only its first return.
//
// And once a value in place has been called later than f, whatever is yet called on
// the value of f is a violation. Its first return can be forgotten, too: a read of
// a value that is not known is a violation whether it was forgotten or never written.
//
// What is left to remember of a register is what may yet be read of it: about as
// many values as operations are open, and writes of unknown outcome that nobody read.

// A Source yields the operations of a history in the order of their calls, until
// yield returns false. Each call begins anew.
type Source func(yield func(*history.Op) bool) error

// Streamed is what was found out about a history that went by.
type Streamed struct {
	judge.Result              // as Check gives it
	Ops          []history.Op // those that Evidence.Ops names, in its order
	Unfit        string       // why the history cannot be judged so, if it is undecided
}

// CheckStream judges a history of registers without holding it: it remembers of
// each key what may yet be read of it. To prove a violation it has the history
// yielded twice more, and remembers of the first key that is violated which values
// were read after they were overwritten. Where it decides, verdict, engine and
// evidence are those of Check.
//
// It is for reads and writes of numbers that are written once. Other histories are
// undecided, and Unfit says why: ask Check. A value that is written again long after it
// was overwritten does no harm.
//
// Operations must come in order of call; CheckStream panics if they do not. A
// history.Stream sees to that: events out of order are an error in JSON Lines, and in
// event logs the order of the lines counts, and their times are moved on.
func CheckStream(source Source) (Streamed, error) {
	s := stream{suspects: map[int64]bool{}}
	if err := source(s.add); err != nil {
		return Streamed{}, err
	}
	if s.unfit != "" {
		return unfit(s.unfit), nil
	}
	s.end()
	if s.violated == nil {
		return Streamed{Result: judge.Result{Engine: Zones}}, nil
	}
	return s.prove(source)
}

func unfit(why string) Streamed {
	return Streamed{Result: judge.Result{Verdict: judge.Undecided}, Unfit: why}
}

// A stream judges all the registers of a history.
type stream struct {
	n        int32 // operations so far
	now      history.Time
	unfit    string
	number   map[string]int32
	keys     []*watch
	violated *watch         // the first key, in order of appearance, on which something is wrong
	suspects map[int64]bool // the values on it that were called when they could not be
}

// A watch is what has to be remembered of a register.
type watch struct {
	name   string
	key    int32
	live   map[int64]*value // what may yet be read, or was read and not written yet
	due    []due            // values that are in place soon, by when they are
	placed []*value         // values in place that may yet be read, by first return
	latest [2]*value        // the two values in place with the latest calls
}

// A value is a cluster while it goes by.
type value struct {
	number      int64
	written     bool // its write was called
	happened    bool // its write was acknowledged, or it was read
	placed      bool // its first return is past
	first, last mark
	awaited     mark // the first return that is among those due
}

// A due is a value and a return after which it is in place.
type due struct {
	at mark
	of *value
}

// add takes in the next operation, and reports whether more are wanted.
func (s *stream) add(op *history.Op) bool {
	i := s.n
	s.n++
	if op.Call < s.now {
		panic(fmt.Sprintf("linear: operation %d was called at %v, before the one that comes before it (%v)", i, op.Call, s.now))
	}
	s.now = op.Call
	if !matters(op) {
		return true
	}
	if s.unfit = misfit(op); s.unfit != "" {
		return false
	}
	w := s.watch(op.Key)
	s.settle(w)
	w.forget()
	if op.Kind == history.Write {
		s.write(w, i, op)
	} else {
		s.read(w, i, op)
	}
	return s.unfit == ""
}

// misfit returns why a history with the operation in it cannot be judged by the way.
func misfit(op *history.Op) string {
	switch {
	case op.Kind > history.CAS:
		return op.Key + " is no register"
	case op.Kind == history.CAS && (op.MayMutate() || op.Blind):
		return "there are compare-and-sets on " + op.Key
	case op.Kind == history.Write && (op.In.Num == 0 || len(op.In.List) > 0), len(op.Out.List) > 0:
		return op.Key + " holds other things than numbers"
	default:
		return ""
	}
}

func (s *stream) watch(key string) *watch {
	k, ok := s.number[key]
	if !ok {
		if s.number == nil {
			s.number = map[string]int32{}
		}
		k = int32(len(s.keys))
		s.number[key] = k
		s.keys = append(s.keys, newWatch(key, k))
	}
	return s.keys[k]
}

func newWatch(name string, key int32) *watch {
	start := mark{always, none}
	initial := &value{written: true, happened: true, placed: true, first: start, last: start}
	return &watch{name: name, key: key, live: map[int64]*value{0: initial}, placed: []*value{initial}, latest: [2]*value{initial, {last: start}}}
}

func newValue(number int64) *value {
	start := mark{always, none}
	return &value{number: number, first: mark{never, none}, last: start, awaited: start}
}

// settle puts in place what returned before now. A value that nobody wrote by then
// was read too early, or is one that is forgotten, or of nobody.
func (s *stream) settle(w *watch) {
	for len(w.due) > 0 && w.due[0].at.at < s.now {
		d := w.due[0]
		w.due = w.due[1:]
		switch v := d.of; {
		case v.placed || d.at != v.first:
		case !v.written:
			v.placed = true
			delete(w.live, v.number)
			s.suspect(w, v.number)
		default:
			v.placed = true
			w.placed = append(w.placed, v)
			w.rank(v)
		}
	}
}

// rank notes that the value, which is in place, was called.
func (w *watch) rank(v *value) {
	switch {
	case v == w.latest[0]:
	case v.last.at > w.latest[0].last.at:
		w.latest[0], w.latest[1] = v, w.latest[0]
	case v != w.latest[1] && v.last.at > w.latest[1].last.at:
		w.latest[1] = v
	}
}

// overwritten reports whether another value in place was called after v was in place.
func (w *watch) overwritten(v *value) bool {
	other := w.latest[0]
	if other == v {
		other = w.latest[1]
	}
	return other.last.at > v.first.at
}

// suspect notes that something was called on a value when that could not be.
func (s *stream) suspect(w *watch, number int64) {
	if s.violated == nil || w.key < s.violated.key {
		s.violated = w
		clear(s.suspects)
	}
	if w == s.violated {
		s.suspects[number] = true
	}
}

// write takes in the write of a value.
func (s *stream) write(w *watch, i int32, op *history.Op) {
	v := w.live[op.In.Num]
	switch {
	case v == nil:
		v = newValue(op.In.Num)
		w.live[v.number] = v
	case v.written:
		s.unfit = twice(op)
		return
	}
	v.write(i, op)
	if v.happened {
		s.see(w, v)
	}
}

// read takes in what tells that the register held a value.
func (s *stream) read(w *watch, i int32, op *history.Op) {
	v := w.live[op.Out.Num]
	if v == nil {
		v = newValue(op.Out.Num)
		w.live[v.number] = v
	}
	v.read(i, op)
	s.see(w, v)
	if isRefused(op) {
		s.suspect(w, v.number)
	}
}

func twice(op *history.Op) string {
	return fmt.Sprintf("%s is written to %s twice", op.Show(op.In), op.Key)
}

// isRefused reports whether op found what it expected and did not swap.
func isRefused(op *history.Op) bool { return op.Kind == history.CAS && op.Out.Equal(op.Expect) }

// write adds the write to the cluster. Of marks of one instant that of the write
// counts, then that of the first read.
func (v *value) write(i int32, op *history.Op) {
	v.written = true
	v.happened = v.happened || op.Status == history.OK
	v.last = later(mark{op.Call, i}, v.last)
	v.first = earlier(mark{returned(op), i}, v.first)
}

// read adds a read to the cluster.
func (v *value) read(i int32, op *history.Op) {
	v.happened = true
	v.last = later(v.last, mark{op.Call, i})
	v.first = earlier(v.first, mark{op.Return, i})
}

// see notes that something was called on the value now, which happened.
func (s *stream) see(w *watch, v *value) {
	if w.overwritten(v) {
		s.suspect(w, v.number)
	}
	if v.placed {
		w.rank(v)
		return
	}
	w.expect(v)
}

// expect notes when the value will be in place.
func (w *watch) expect(v *value) {
	if v.awaited == v.first {
		return
	}
	v.awaited = v.first
	at := len(w.due)
	for at > 0 && v.first.before(w.due[at-1].at) {
		at--
	}
	w.due = slices.Insert(w.due, at, due{v.first, v})
}

// before puts marks in order: those of one instant by operation.
func (m mark) before(n mark) bool {
	return cmp.Or(cmp.Compare(m.at, n.at), cmp.Compare(m.op, n.op)) < 0
}

// forget lets go of values in place that cannot be read any more.
func (w *watch) forget() {
	n := 0
	for n < len(w.placed) && w.overwritten(w.placed[n]) {
		delete(w.live, w.placed[n].number)
		n++
	}
	w.placed = w.placed[n:]
}

// end takes in that nothing more comes.
func (s *stream) end() {
	s.now = never
	for _, w := range s.keys {
		s.settle(w)
	}
}

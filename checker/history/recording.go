package history

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A recording makes operations or transactions of events: it finds the answer to
// each call, and gives values, times and outcomes their meaning.
type recording struct {
	name    string
	events  source
	model   Model // asked for; empty: whatever the file holds
	dialect Dialect
	initial string // the EDN of the value that registers begin with; empty: none
	names   *Names

	begun  bool
	txns   bool // the file holds transactions
	alone  int  // the line of the first answer, if answers stand alone; else 0
	pieces *pieces
	tuples bool // values are pairs of a key and a value

	who     *processes
	clock   stampClock
	open    map[int]int // by process: the item that was not answered yet
	gone    map[int]int // by process: the line of its call whose outcome is not known
	keys    map[string]formKind
	numbers map[int64]string // keys that are numbers
	kinds   [len(kindNames)]bool
	spelled bool // transactions say :read and :write, as Knossos does, not :r and :w
	mutex   bool
	single  form  // where a read first returned no collection, and what, in short
	after   int64 // the index of the latest event, plus 1

	ops    History
	bodies []Transaction
	places []Place
	states []itemState
	base   int // how many items are no longer kept
	head   int // how many of those kept were given to the reader of the stream
	ended  bool

	tally tally
}

// An itemState says whether all is known about an operation.
type itemState uint8

const (
	pending itemState = iota
	settled
	dropped // it says nothing, and is left out
)

// A tally counts to how much of a file each rule of reading was applied.
type tally struct {
	nemesis, stray, unknown, silent, reused int
	failedCAS, nilReads, drains, drained    int
	long                                    int // values that do not fit 64 bits
	backwards                               int // the line on which the index goes backwards
}

func newRecording(name string, events source, o *Options) *recording {
	return &recording{
		name: name, events: events, model: o.Model, dialect: o.Dialect, initial: o.Initial, names: &Names{initial: o.Initial},
		who: newProcesses(), open: map[int]int{}, gone: map[int]int{}, keys: map[string]formKind{}, numbers: map[int64]string{},
	}
}

// step takes in one event. It returns io.EOF at the end of the file.
func (r *recording) step() error {
	var e event
	if err := r.events.next(&e); err != nil {
		if err == io.EOF {
			return r.finish()
		}
		return err
	}
	if flaw := r.take(&e); flaw != nil {
		return flaw.in(r.name, e.line, e.column)
	}
	return nil
}

func (r *recording) take(e *event) *flaw {
	if e.indexed {
		if e.index < r.after && r.tally.backwards == 0 {
			r.tally.backwards = e.line
		}
		r.after = e.index + 1
	}
	if e.who.is("nemesis") {
		r.tally.nemesis++
		return nil
	}
	if !r.begun {
		r.begin(e)
	}
	if e.phase == crashed && e.who.kind != numberForm && !r.who.knows(&e.who) && !(r.alone > 0 && isTransaction(&e.value)) {
		r.tally.nemesis++ // or whatever else the test names and is no client
		return nil
	}
	process, flaw := r.process(e)
	if flaw != nil {
		return flaw
	}
	at, flaw := r.clock.stamp(e)
	if flaw != nil {
		return flaw
	}
	switch {
	case r.alone > 0:
		return r.answerAlone(e, process, at)
	case e.phase == invoked:
		return r.call(e, process, at)
	default:
		return r.answer(e, process, at)
	}
}

// process returns the number of the process of an event. Answers alone may be of
// nobody: then each is of a process of its own.
func (r *recording) process(e *event) (int, *flaw) {
	if r.alone > 0 && e.who.kind == nilForm {
		return r.who.free(), nil
	}
	return r.who.number(&e.who)
}

// begin sees from the first call what the file holds; or from an answer, if that is
// one of a transaction, which says all that there is to know but for when it began.
func (r *recording) begin(e *event) {
	txn := isTransaction(&e.value) || e.f == "txn" && e.phase <= succeeded
	if e.phase != invoked && !txn {
		return
	}
	r.begun = true
	if e.phase != invoked {
		r.alone = e.line
	}
	switch {
	case txn:
		r.txns = true
	case (e.f == "get" || e.f == "put" || e.f == "append") && e.key.kind == stringForm:
		r.pieces = newPieces()
	case e.key.kind == nilForm:
		r.tuples = isTuple(e)
	}
}

// isTuple reports whether the value of the call is a key of an independent test
// with a value: [key nil] for what brings nothing along, [key value] for what
// does, [key [from to]] for a cas.
func isTuple(e *event) bool {
	v := &e.value
	if strings.HasPrefix(v.text, "jepsen.independent") && v.kind >= listForm {
		return true
	}
	if v.kind != vectorForm || len(v.items) != 2 {
		return false
	}
	switch f := functions[e.f]; {
	case !f.known || !f.kind.Brings() || f.mutex:
		return v.items[1].kind == nilForm
	case f.kind == CAS:
		return v.items[1].ordered()
	default:
		return true
	}
}

// key returns what an event is about: its key, and its value without it.
func (r *recording) key(e *event) (string, form, *flaw) {
	v := e.value
	switch {
	case e.key.kind != nilForm:
		return r.keyText(&e.key), v, nil
	case r.pieces != nil && e.phase == invoked:
		return "", v, e.wrong("key", "missing", "add :key with the key in double quotes")
	case !r.tuples:
		return r.onlyKey(), v, nil
	case v.ordered() && len(v.items) == 2:
		return r.keyText(&v.items[0]), v.items[1], nil
	case v.kind == mapForm && len(v.items) == 4 && v.items[0].is("key") && v.items[2].is("value"):
		return r.keyText(&v.items[1]), v.items[3], nil
	default:
		return "", v, v.wrong("value", short(v.String())+" is no pair of a key and a value, as those before are", "give every value as [key value]")
	}
}

// onlyKey is the key of a file that names none.
func (r *recording) onlyKey() string {
	if r.mutex {
		return "mutex"
	}
	return JepsenKey
}

// keyText returns the text of a key. A string and another form that read alike
// are different keys, so the string gets quotes.
func (r *recording) keyText(f *form) string {
	if f.kind == numberForm {
		text, ok := r.numbers[f.num]
		if !ok {
			text = f.String()
			r.numbers[f.num] = text
		}
		return text
	}
	if f.kind != stringForm {
		return r.claim(f.String(), f)
	}
	if isNumber(f.text) && r.pieces == nil || strings.HasPrefix(f.text, ":") {
		return f.String()
	}
	return r.claim(f.text, f)
}

// claim returns the text of a key if no form of another kind has it, and else in quotes.
func (r *recording) claim(text string, f *form) string {
	switch kind, ok := r.keys[text]; {
	case !ok:
		r.keys[text] = f.kind
	case kind != f.kind:
		return string(quote(f.String()))
	}
	return text
}

func (r *recording) call(e *event, process int, at Time) *flaw {
	if i, busy := r.open[process]; busy {
		return e.who.wrong("process", fmt.Sprintf("process %s calls while its operation on line %d runs", e.who.String(), r.places[i-r.base].Call), "let the operations of a process follow one another")
	}
	if _, gone := r.gone[process]; gone {
		r.tally.reused++
		r.who.renew(process)
		delete(r.gone, process)
	}
	r.open[process] = r.base + len(r.states)
	r.places = append(r.places, Place{Call: e.line})
	r.states = append(r.states, pending)
	acting := r.who.acting(process)
	if r.txns {
		return r.callTransaction(e, Transaction{Client: process, Process: acting, Call: at, Return: Never, Names: r.names})
	}
	return r.callOp(e, Op{Client: process, Process: acting, Call: at, Return: Never, Names: r.names})
}

// answer ends the operation of a process.
func (r *recording) answer(e *event, process int, at Time) *flaw {
	i, busy := r.open[process]
	if !busy {
		if e.phase == crashed {
			r.tally.stray++ // nothing ran that it could be about
			return nil
		}
		return r.uncalled(e)
	}
	delete(r.open, process)
	i -= r.base
	r.places[i].Return, r.states[i] = e.line, settled
	if e.phase == crashed {
		r.gone[process] = r.places[i].Call
		r.tally.unknown++
	}
	if r.txns {
		return r.answerTransaction(e, i, at)
	}
	return r.answerOp(e, i, at)
}

// uncalled complains about an answer to nothing.
func (r *recording) uncalled(e *event) *flaw {
	who := "process " + e.who.String()
	if !r.begun {
		return e.who.wrong("process", who+" is answered, and nobody had called", "add the :invoke of each operation: without it nobody knows when it began, and only transactions can be judged")
	}
	return e.who.wrong("process", who+" is answered but had not called", "check that no line is missing above")
}

// statusOf are the outcomes that the phases stand for.
var statusOf = [...]Status{succeeded: OK, refused: Failed, crashed: Unknown}

// finish ends the file: who was not answered until now stays unknown.
func (r *recording) finish() error {
	if len(r.states)+r.base == 0 {
		return errEmpty(r.name)
	}
	r.tally.silent = len(r.open)
	for _, i := range slices.Sorted(maps.Values(r.open)) {
		r.states[i-r.base] = settled
	}
	r.open = map[int]int{}
	if r.pieces != nil {
		if flaw := r.takeApart(); flaw != nil {
			return flaw.in(r.name, 1, 1)
		}
	}
	return io.EOF
}

// item returns a form as an item of a list, a set or a queue.
func (r *recording) item(f *form) int64 {
	if f.kind == numberForm {
		return r.names.plain(f.num)
	}
	if f.long() {
		r.tally.long++
	}
	return r.names.Number(f.String())
}

// value returns a form as what a register holds, or as a list of items. Nothing,
// and the value that registers begin with, is the initial value.
func (r *recording) value(f *form) Value {
	if f.kind == nilForm || r.initial != "" && f.String() == r.initial {
		return Value{}
	}
	switch {
	case f.collection():
		return Value{List: r.list(f)}
	case f.kind == numberForm:
		return Num(r.names.written(f.num))
	default:
		return Num(r.item(f))
	}
}

// list returns the items of a collection; those of a set in one order.
func (r *recording) list(f *form) []int64 {
	items := f.items
	if f.kind == setForm {
		items = f.members()
	}
	list := make([]int64, len(items))
	for i := range items {
		list[i] = r.item(&items[i])
	}
	return list
}

// grow asks for the memory of n operations at once: to copy a long history while
// it grows takes twice of it.
func (r *recording) grow(n int) {
	if r.txns {
		r.bodies = slices.Grow(r.bodies, n-len(r.bodies))
	} else {
		r.ops = slices.Grow(r.ops, n-len(r.ops))
	}
	r.places = slices.Grow(r.places, n-len(r.places))
	r.states = slices.Grow(r.states, n-len(r.states))
}

// nextOp returns the next operation of the stream.
func (r *recording) nextOp() (Op, Place, error) {
	for {
		for r.head < len(r.states) && r.states[r.head] != pending && (r.ended || r.pieces == nil) {
			i := r.head
			r.head++
			if r.states[i] == settled {
				op, at := r.ops[i], r.places[i]
				r.forget()
				return op, at, nil
			}
		}
		if r.ended {
			return Op{}, Place{}, io.EOF
		}
		err := r.step()
		if r.txns && err == nil {
			err = wrong("file", "it holds transactions, where operations were expected", "read it as a whole").in(r.name, 1, 1)
		}
		if err != nil && err != io.EOF {
			return Op{}, Place{}, err
		}
		r.ended = err == io.EOF
	}
}

// forget lets go of operations that were given away, once they are the most.
func (r *recording) forget() {
	const few = 1024
	if r.head < max(few, len(r.states)/2) {
		return
	}
	r.ops = append(r.ops[:0], r.ops[r.head:]...)
	r.places = append(r.places[:0], r.places[r.head:]...)
	r.states = append(r.states[:0], r.states[r.head:]...)
	r.base += r.head
	r.head = 0
}

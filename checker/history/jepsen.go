package history

import (
	"fmt"
	"io"
	"strings"
)

// JepsenKey is the key of the one register in a Jepsen text log.
const JepsenKey = "register"

// ReadJepsen reads the text log of Jepsen's test of one register, one event to a line:
//
//	INFO  jepsen.util - 3	:invoke	:cas	[3 0]
//	INFO  jepsen.util - 3	:fail	:cas	[3 0]
//	INFO  jepsen.util - 0	:info	:write	:timed-out
//
// It takes a failed cas as porcupine does: it was answered, and the register did
// not hold what it expected (a blind one). Any other :fail certainly did not
// happen, and :info, like no answer at all, may take effect at any later time or never. A read
// of nil found the initial value; the number 0 is kept as the list [0], since it
// is another value than nil. Lines of the nemesis are skipped. The time of an
// event is the number of its line, in nanoseconds.
func ReadJepsen(r io.Reader, name string) (History, error) {
	e := newEvents(r, name)
	for {
		b, err := e.lines.next()
		if err == io.EOF {
			return e.finish()
		}
		if err != nil {
			return nil, err
		}
		if f := e.jepsenLine(string(b)); f != nil {
			return nil, e.lines.errorf(f)
		}
	}
}

// The columns of a log line.
const (
	jepsenProcess = 3 + iota
	jepsenType
	jepsenFunction
	jepsenValue
)

func (e *events) jepsenLine(line string) *flaw {
	col := strings.Fields(line)
	if len(col) <= jepsenProcess || col[0] != "INFO" || col[1] != "jepsen.util" || col[2] != "-" {
		return &flaw{"line", "not an event of a Jepsen log", `keep only the lines that begin with "INFO jepsen.util -"`}
	}
	if col[jepsenProcess] == ":nemesis" {
		return nil
	}
	if len(col) <= jepsenValue {
		return &flaw{"line", "cut off", "give process, type, function and value"}
	}
	proc, f := process(col[jepsenProcess])
	if f != nil {
		return f
	}
	kind, f := jepsenKind(col[jepsenFunction])
	if f != nil {
		return f
	}
	value := strings.Join(col[jepsenValue:], " ")
	if col[jepsenType] == ":invoke" {
		return e.jepsenCall(proc, kind, value)
	}
	return e.jepsenAnswer(proc, kind, col[jepsenType], value)
}

func jepsenKind(f string) (Kind, *flaw) {
	switch f {
	case ":read":
		return Read, nil
	case ":write":
		return Write, nil
	case ":cas":
		return CAS, nil
	default:
		return 0, &flaw{"f", "unknown function " + short(f), "use :read, :write or :cas"}
	}
}

func (e *events) jepsenCall(proc int, k Kind, value string) (f *flaw) {
	op := Op{Process: proc, Kind: k, Key: JepsenKey}
	switch k {
	case Read:
		if value != "nil" {
			f = &flaw{"value", "a read brings nothing along, found " + short(value), "use nil"}
		}
	case Write:
		op.In, f = jepsenNumber(value)
	case CAS:
		op.Expect, op.In, f = jepsenPair(value)
	}
	if f != nil {
		return f
	}
	return e.call(op)
}

func (e *events) jepsenAnswer(proc int, k Kind, typ, value string) *flaw {
	status, ok := eventTypes[typ]
	if !ok {
		return &flaw{"type", "unknown type " + short(typ), "use :invoke, :ok, :fail or :info"}
	}
	refused := k == CAS && status == Failed && strings.HasPrefix(value, "[")
	if refused {
		status = OK
	}
	op, f := e.answer(proc, k, status)
	if f != nil || status != OK {
		return f
	}
	switch {
	case k == Read && value != "nil":
		op.Out, f = jepsenNumber(value)
	case k == CAS:
		op.Swapped, op.Blind = !refused, refused
		if op.Swapped {
			op.Out = op.Expect
		}
		f = echoes(op, value)
	case k == Write:
		f = echoes(op, value)
	}
	return f
}

// echoes checks that an answer repeats what was called.
func echoes(op *Op, value string) *flaw {
	expect, in, f := op.Expect, Value{}, (*flaw)(nil)
	if op.Kind == CAS {
		expect, in, f = jepsenPair(value)
	} else {
		in, f = jepsenNumber(value)
	}
	if f == nil && !(in.Equal(op.In) && expect.Equal(op.Expect)) {
		f = &flaw{"value", fmt.Sprintf("the answer says %s, the call on line %d said otherwise", short(value), op.Call), "check that no line is missing above"}
	}
	return f
}

// jepsenNumber reads a number that the register can hold.
func jepsenNumber(s string) (Value, *flaw) {
	p := parser{b: []byte(s)}
	n, f := p.integer("value")
	switch {
	case f != nil:
		return Value{}, f
	case p.i < len(p.b):
		return Value{}, p.expected("value", "one number")
	case n == 0:
		return Value{List: []int64{0}}, nil
	default:
		return Num(n), nil
	}
}

// jepsenPair reads [expected new].
func jepsenPair(s string) (expect, in Value, f *flaw) {
	a, b, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), " ")
	if !ok || len(a)+len(b)+len("[ ]") != len(s) {
		return expect, in, &flaw{"value", short(s) + " is not a pair", "use [expected new]"}
	}
	if expect, f = jepsenNumber(a); f == nil {
		in, f = jepsenNumber(b)
	}
	return expect, in, f
}

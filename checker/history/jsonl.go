package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Encode writes h as JSON Lines: one operation to a line, ordered by call, times
// in nanoseconds, always the same bytes for the same history.
//
//	{"client":1,"kind":"write","key":"x","in":7,"call":0,"return":205000000,"status":"ok"}
//	{"client":2,"kind":"read","key":"x","out":null,"call":700000000,"return":701000000,"status":"ok","attempts":[[0,700000000,701000000,"ok"]]}
//	{"client":1,"kind":"cas","key":"x","expect":7,"in":"done","call":800000000,"status":"unknown"}
//	{"client":1,"process":9,"kind":"append","key":"log","in":3,"call":900000000,"return":905000000,"status":"ok"}
//	{"client":2,"kind":"add","key":"tags","in":"red","call":910000000,"return":915000000,"status":"ok"}
//	{"client":2,"kind":"read","key":"tags","out":["red"],"call":920000000,"return":925000000,"status":"ok"}
//	{"client":3,"kind":"enqueue","key":"jobs","in":5,"call":930000000,"return":935000000,"status":"ok"}
//	{"client":3,"kind":"dequeue","key":"jobs","out":5,"call":940000000,"return":945000000,"status":"ok"}
//	{"client":3,"kind":"pop","key":"pile","out":null,"call":950000000,"return":955000000,"status":"ok"}
//
// The fields:
//
//	client    who asked, from 0
//	process   the logical process, when its number is not the client's; a client takes a new one
//	          after an unknown outcome. The operations of a process never overlap
//	kind      read, write or cas (a register), append (a list), add (a set), enqueue or dequeue
//	          (a queue), push or pop (a stack). A read returns what a register holds, or all
//	          of a list or, in any order, of a set
//	key       any string
//	in        what was to be written, set, appended, added, enqueued or pushed; not for others
//	expect    what a cas compares with; only for cas
//	out       what a read, dequeue or pop returned, or what a cas that did not swap found; only when ok
//	swapped   true for a cas that took effect; only when ok
//	blind     true for a cas that did not swap and did not say what it found (it has no out)
//	call      when it was called
//	return    when it was answered; left out when the status is unknown
//	status    ok (it happened), failed (it certainly did not) or unknown (it may or may not have,
//	          then or later)
//	attempts  the requests behind it, each [node, call, return, status]; left out when there are none
//
// A value is a whole number, a string, a list of these, or null: nothing was
// written yet, or it was empty. Values are equal if they are written alike: 7
// and "7" are different.
//
// Encode returns an error, and writes nothing more, at the first operation that
// Decode would refuse.
func Encode(w io.Writer, h History) error {
	e := encoder{out: bufio.NewWriter(w)}
	for i := range h {
		op := h[i].meaning()
		f := op.checkValues()
		if f == nil {
			f = e.put(&op, nil)
		}
		if f != nil {
			return fmt.Errorf("operation %d: %w", i, f)
		}
		if e.err != nil {
			return e.err
		}
	}
	return e.out.Flush()
}

// EncodeTransactions writes transactions as JSON Lines, as Encode does operations:
//
//	{"client":1,"txn":[["append","x",3],["read","y",[1,2]]],"call":0,"return":205000000,"status":"ok"}
//	{"client":2,"txn":[["write","x","a"],["read","y",null]],"call":1000,"return":2000,"status":"failed"}
//	{"client":2,"process":7,"txn":[["read","x"]],"call":3000,"status":"unknown"}
//
// A micro operation is [kind, key, value] with the kind read, write or append. A
// read without an answer needs no value, and what it says is ignored. All other
// fields are as in Encode. A file holds operations or transactions, not both.
func EncodeTransactions(w io.Writer, all []Transaction) error {
	e := encoder{out: bufio.NewWriter(w)}
	for i := range all {
		t := &all[i]
		f := t.checkValues()
		if f == nil {
			f = e.put(t.asOp(), append([]Micro{}, t.Ops...)) // never nil
		}
		if f != nil {
			return fmt.Errorf("transaction %d: %w", i, f)
		}
		if e.err != nil {
			return e.err
		}
	}
	return e.out.Flush()
}

// An encoder writes lines.
type encoder struct {
	out  *bufio.Writer
	seen order
	n    int
	line []byte
	err  error // of writing
}

// put writes an operation, or a transaction if there are micros.
func (e *encoder) put(op *Op, micros []Micro) *flaw {
	e.n++
	f := op.check()
	if f == nil {
		f = e.seen.check(op, e.n)
	}
	if f != nil {
		return f
	}
	if e.line = op.appendJSON(e.line[:0], micros); len(e.line) > maxLine {
		return errLong()
	}
	_, e.err = e.out.Write(append(e.line, '\n'))
	return nil
}

// checkValues returns why a value or key of op cannot be written down, if it cannot.
func (op *Op) checkValues() *flaw {
	if f := checkKey(op.Key); f != nil {
		return f
	}
	for _, v := range [...]struct {
		field string
		Value
	}{{"in", op.In}, {"expect", op.Expect}, {"out", op.Out}} {
		if f := op.Names.check(v.field, v.Value); f != nil {
			return f
		}
	}
	return nil
}

// checkValues returns why a value or key of t cannot be written down, if it cannot.
func (t *Transaction) checkValues() *flaw {
	for i, m := range t.Ops {
		field := fmt.Sprintf("txn[%d]", i)
		f := checkKey(m.Key)
		if f == nil {
			f = t.Names.check(field, m.Value)
		}
		if f == nil && m.Kind != Read && m.Kind != Write && m.Kind != Append {
			f = wrong(field, "a transaction does not "+m.Kind.String(), "use read, write and append")
		}
		if f == nil && m.Kind == Append && len(m.Value.List) > 0 {
			f = wrong(field, "append takes one value", "split a list into one append per value")
		}
		if f != nil {
			return f
		}
	}
	return nil
}

// asOp returns what a transaction has in common with an operation.
func (t *Transaction) asOp() *Op {
	return &Op{Client: t.Client, Process: t.Process, Call: t.Call, Return: t.Return, Status: t.Status, Names: t.Names}
}

func checkKey(key string) *flaw {
	if !utf8.ValidString(key) {
		return wrong("key", fmt.Sprintf("%q is not UTF-8", key), "use a readable key")
	}
	return nil
}

// check returns why the value cannot be written down, if it cannot.
func (n *Names) check(field string, v Value) *flaw {
	if v.Num != 0 && len(v.List) > 0 {
		return wrong(field, "a value holds both a number and a list", "use one of them")
	}
	if f := n.checkItem(field, v.Num); f != nil {
		return f
	}
	for _, x := range v.List {
		if f := n.checkItem(field, x); f != nil {
			return f
		}
	}
	return nil
}

func (n *Names) checkItem(field string, x int64) *flaw {
	if _, named := n.Of(x); x <= lastName && !named {
		return wrong(field, fmt.Sprintf("%d is kept for names", x), fmt.Sprintf("use numbers from %d on", int64(lastName+1)))
	}
	return nil
}

func (op *Op) appendJSON(b []byte, micros []Micro) []byte {
	b = strconv.AppendInt(append(b, `{"client":`...), int64(op.Client), 10)
	if op.Process != op.Client {
		b = strconv.AppendInt(append(b, `,"process":`...), int64(op.Process), 10)
	}
	if micros != nil {
		b = op.appendMicros(append(b, `,"txn":[`...), micros)
	} else {
		b = op.appendAction(b)
	}
	b = strconv.AppendInt(append(b, `,"call":`...), int64(op.Call), 10)
	if op.Status != Unknown {
		b = strconv.AppendInt(append(b, `,"return":`...), int64(op.Return), 10)
	}
	b = append(append(append(b, `,"status":"`...), op.Status.String()...), '"')
	if len(op.Attempts) > 0 {
		b = appendAttempts(append(b, `,"attempts":`...), op.Attempts)
	}
	return append(b, '}')
}

// appendAction writes what an operation does and what came of it.
func (op *Op) appendAction(b []byte) []byte {
	b = append(append(append(b, `,"kind":"`...), op.Kind.String()...), '"')
	b = append(append(b, `,"key":`...), quote(op.Key)...)
	if op.Kind == CAS {
		b = op.Names.appendValue(append(b, `,"expect":`...), op.Expect)
	}
	switch {
	case op.Kind.bringsOne():
		b = op.Names.appendItem(append(b, `,"in":`...), op.In.Num)
	case op.Kind.Brings():
		b = op.Names.appendValue(append(b, `,"in":`...), op.In)
	}
	if op.Observes() || op.Status == OK && op.Kind.Takes() {
		b = op.Names.appendValue(append(b, `,"out":`...), op.Out)
	}
	if op.Swapped {
		b = append(b, `,"swapped":true`...)
	}
	if op.Blind {
		b = append(b, `,"blind":true`...)
	}
	return b
}

func (op *Op) appendMicros(b []byte, micros []Micro) []byte {
	for i, m := range micros {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `["`...), m.Kind.String()...), `",`...)
		b = append(b, quote(m.Key)...)
		switch {
		case m.Kind == Append:
			b = op.Names.appendItem(append(b, ','), m.Value.Num)
		case m.Kind == Write || op.Status == OK:
			b = op.Names.appendValue(append(b, ','), m.Value)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

func appendAttempts(b []byte, attempts []Attempt) []byte {
	for i, a := range attempts {
		b = append(b, "[,"[min(i, 1)], '[')
		b = append(strconv.AppendInt(b, int64(a.Node), 10), ',')
		b = append(strconv.AppendInt(b, int64(a.Call), 10), ',')
		b = append(strconv.AppendInt(b, int64(a.Return), 10), ',', '"')
		b = append(append(b, a.Status.String()...), '"', ']')
	}
	return append(b, ']')
}

// quote returns s as a JSON string.
func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("history: quoting %q: %v", s, err))
	}
	return b
}

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
//	{"client":1,"kind":"cas","key":"x","expect":7,"in":8,"call":800000000,"status":"unknown"}
//	{"client":1,"process":9,"kind":"append","key":"log","in":3,"call":900000000,"return":905000000,"status":"ok"}
//
// The fields:
//
//	client    who asked, from 0
//	process   the logical process, when its number is not the client's; a client takes a new one
//	          after an unknown outcome. The operations of a process never overlap
//	kind      read, write, cas or append
//	key       any string
//	in        what was to be written, set or appended; not for reads
//	expect    what a cas compares with; only for cas
//	out       what a read returned, or what a cas that did not swap found; only when ok
//	swapped   true for a cas that took effect; only when ok
//	blind     true for a cas that did not swap and did not say what it found (it has no out)
//	call      when it was called
//	return    when it was answered; left out when the status is unknown
//	status    ok (it happened), failed (it certainly did not) or unknown (it may or may not have,
//	          then or later)
//	attempts  the requests behind it, each [node, call, return, status]; left out when there are none
//
// A value is a number, a list of numbers, or null: nothing was written yet. The
// number 0 is refused as a value, since it would mean the same as null; inside
// lists it is a number like others.
//
// Encode returns an error, and writes nothing more, at the first operation that
// Decode would refuse.
func Encode(w io.Writer, h History) error {
	buf := bufio.NewWriter(w)
	var seen order
	var line []byte
	for i := range h {
		op := h[i].meaning()
		f := op.check()
		if f == nil {
			f = op.checkValues()
		}
		if f == nil {
			f = seen.check(&op, i+1)
		}
		if f != nil {
			return fmt.Errorf("operation %d: %w", i, f)
		}
		line = op.appendJSON(line[:0])
		if len(line) > maxLine {
			return fmt.Errorf("operation %d: %w", i, errLong())
		}
		if _, err := buf.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return buf.Flush()
}

// checkValues returns why a value or key of op cannot be written down, if it cannot.
func (op *Op) checkValues() *flaw {
	if !utf8.ValidString(op.Key) {
		return &flaw{"key", fmt.Sprintf("%q is not UTF-8", op.Key), "use a readable key"}
	}
	for _, v := range [...]struct {
		field string
		Value
	}{{"in", op.In}, {"expect", op.Expect}, {"out", op.Out}} {
		if v.Num != 0 && len(v.List) > 0 {
			return &flaw{v.field, "a value holds both a number and a list", "use one of them"}
		}
	}
	return nil
}

func (v Value) appendJSON(b []byte) []byte {
	switch {
	case len(v.List) > 0:
		b = append(b, '[')
		for i, x := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, x, 10)
		}
		return append(b, ']')
	case v.Num != 0:
		return strconv.AppendInt(b, v.Num, 10)
	default:
		return append(b, "null"...)
	}
}

func (op *Op) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"client":`...), int64(op.Client), 10)
	if op.Process != op.Client {
		b = strconv.AppendInt(append(b, `,"process":`...), int64(op.Process), 10)
	}
	b = append(append(append(b, `,"kind":"`...), op.Kind.String()...), '"')
	b = append(append(b, `,"key":`...), quote(op.Key)...)
	if op.Kind == CAS {
		b = op.Expect.appendJSON(append(b, `,"expect":`...))
	}
	switch {
	case op.Kind == Append:
		b = strconv.AppendInt(append(b, `,"in":`...), op.In.Num, 10)
	case op.Kind.Mutates():
		b = op.In.appendJSON(append(b, `,"in":`...))
	}
	if op.Observes() {
		b = op.Out.appendJSON(append(b, `,"out":`...))
	}
	if op.Swapped {
		b = append(b, `,"swapped":true`...)
	}
	if op.Blind {
		b = append(b, `,"blind":true`...)
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

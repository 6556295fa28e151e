package history

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
)

// A Format is a kind of history file.
type Format string

// The formats that ReadAny knows.
const (
	FormatLines  Format = "faultline" // JSON Lines, see Encode
	FormatJepsen Format = "jepsen"    // Jepsen's text log of one register, see ReadJepsen
	FormatKV     Format = "kv"        // maps of get, put and append of strings, see ReadKV
)

// detectBytes is how far ReadAny looks for the first line that is not blank.
const detectBytes = 4096

// ReadAny reads a history in whichever format its first line that is not blank
// shows, and says which. Errors call the file by name and read
// name:line: field: cause; remedy.
func ReadAny(r io.Reader, name string) (History, Format, error) {
	buf := bufio.NewReaderSize(r, detectBytes)
	head, err := buf.Peek(detectBytes)
	if err != nil && err != io.EOF {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	switch head = bytes.TrimSpace(head); {
	case len(head) == 0:
		return nil, "", errEmpty(name)
	case bytes.HasPrefix(head, []byte("INFO")):
		h, err := ReadJepsen(buf, name)
		return h, FormatJepsen, err
	case bytes.HasPrefix(head, []byte("{:")):
		h, err := ReadKV(buf, name)
		return h, FormatKV, err
	case head[0] == '{':
		h, err := Decode(buf, name)
		return h, FormatLines, err
	default:
		p := parser{b: head}
		return nil, "", fmt.Errorf("%s:1: %w", name, &flaw{"file", "no history format begins with " + p.rest(),
			"give JSON Lines (see the help of check), a Jepsen text log, or {:process ...} maps"})
	}
}

// An events builds a history from separate lines for calls and answers. The
// time of an event is the number of its line: only the order is known.
type events struct {
	lines   *lines
	ops     History
	pending map[int]int  // by process: its operation that was not answered yet
	gone    map[int]bool // processes that never got an answer, and must not go on
}

func newEvents(r io.Reader, name string) *events {
	return &events{lines: newLines(r, name), pending: map[int]int{}, gone: map[int]bool{}}
}

func (e *events) now() Time { return Time(e.lines.line) }

// call notes that the process called op.
func (e *events) call(op Op) *flaw {
	if i, busy := e.pending[op.Process]; busy {
		return &flaw{"process", fmt.Sprintf("process %d calls while its operation on line %d runs", op.Process, e.ops[i].Call), "let the operations of a process follow one another"}
	}
	if e.gone[op.Process] {
		return &flaw{"process", fmt.Sprintf("process %d calls again after an operation that was never answered", op.Process), "let the client take a new process number after :info"}
	}
	op.Client, op.Call, op.Return = op.Process, e.now(), Never
	e.pending[op.Process] = len(e.ops)
	e.ops = append(e.ops, op)
	return nil
}

// answer ends the operation of the process and returns it, to be filled in. The
// answer must be to an operation of the given kind.
func (e *events) answer(process int, k Kind, s Status) (*Op, *flaw) {
	i, busy := e.pending[process]
	if !busy {
		return nil, &flaw{"process", fmt.Sprintf("process %d is answered but had not called", process), "check that no line is missing above"}
	}
	op := &e.ops[i]
	if op.Kind != k {
		return nil, &flaw{"f", fmt.Sprintf("process %d called a %v on line %d and is answered a %v", process, op.Kind, op.Call, k), "check that no line is missing above"}
	}
	delete(e.pending, process)
	op.Status = s
	if s == Unknown {
		e.gone[process] = true
	} else {
		op.Return = e.now()
	}
	return op, nil
}

// finish returns the history; who was not answered until the end stays unknown.
func (e *events) finish() (History, error) {
	if len(e.ops) == 0 {
		return nil, errEmpty(e.lines.name)
	}
	return e.ops, nil
}

// eventType is the word after :type, or Jepsen's third column.
var eventTypes = map[string]Status{":ok": OK, ":fail": Failed, ":info": Unknown}

// process reads a process number.
func process(text string) (int, *flaw) {
	p := parser{b: []byte(text)}
	n, f := p.integer("process")
	if f == nil && (n < 0 || n > math.MaxInt32 || p.i < len(p.b)) {
		f = &flaw{"process", fmt.Sprintf("%q is not a process number", short(text)), fmt.Sprintf("use numbers from 0 to %d", maxID)}
	}
	return int(n), f
}

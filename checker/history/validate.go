package history

import (
	"fmt"
	"math"
)

// maxID bounds client, process and node numbers, so that they fit an int everywhere.
const maxID = math.MaxInt32

// A flaw is what is wrong with one field of an operation, and what to do.
type flaw struct{ field, cause, remedy string }

func (f *flaw) Error() string { return f.field + ": " + f.cause + "; " + f.remedy }

// check returns the first thing that is wrong with op taken alone.
func (op *Op) check() *flaw {
	switch {
	case op.Client < 0 || op.Client > maxID:
		return &flaw{"client", fmt.Sprintf("%d is out of range", op.Client), fmt.Sprintf("number clients from 0 to %d", maxID)}
	case op.Process < 0 || op.Process > maxID:
		return &flaw{"process", fmt.Sprintf("%d is out of range", op.Process), fmt.Sprintf("number processes from 0 to %d", maxID)}
	case int(op.Kind) >= len(kindNames):
		return &flaw{"kind", fmt.Sprintf("no kind has the number %d", op.Kind), "use Read, Write, CAS or Append"}
	case int(op.Status) >= len(statusNames):
		return &flaw{"status", fmt.Sprintf("no status has the number %d", op.Status), "use Unknown, OK or Failed"}
	case op.Call < 0:
		return &flaw{"call", fmt.Sprintf("%d is negative", op.Call), "count nanoseconds from the start of the history"}
	case op.Call == Never:
		return &flaw{"call", "the time is out of range", "count nanoseconds from the start of the history"}
	case op.Status != Unknown && op.Return == Never:
		return &flaw{"return", "missing though the status is " + op.Status.String(), "say when the answer came, or use the status unknown"}
	case op.Return < op.Call:
		return &flaw{"return", fmt.Sprintf("%d is before the call at %d", op.Return, op.Call), "check the clock that stamped this operation"}
	case op.Kind == Append && len(op.In.List) > 0:
		return &flaw{"in", "an append adds one number, not a list", "split it into one append per number"}
	}
	return op.checkAttempts()
}

func (op *Op) checkAttempts() *flaw {
	for i, a := range op.Attempts {
		field := fmt.Sprintf("attempts[%d]", i)
		switch {
		case a.Node < 0 || a.Node > maxID:
			return &flaw{field, fmt.Sprintf("node %d is out of range", a.Node), fmt.Sprintf("number nodes from 0 to %d", maxID)}
		case int(a.Status) >= len(statusNames):
			return &flaw{field, fmt.Sprintf("no status has the number %d", a.Status), "use Unknown, OK or Failed"}
		case a.Call < 0:
			return &flaw{field, fmt.Sprintf("call %d is negative", a.Call), "count nanoseconds from the start of the history"}
		case a.Return == Never:
			return &flaw{field, "it never returned", "say when the client stopped waiting for it"}
		case a.Return < a.Call:
			return &flaw{field, fmt.Sprintf("return %d is before the call at %d", a.Return, a.Call), "check the clock that stamped this attempt"}
		}
	}
	return nil
}

// An order holds what the operations so far demand of the next one.
type order struct {
	last      Time
	processes map[int]turn
}

// A turn is the latest operation of a process.
type turn struct {
	client int
	until  Time
	line   int
}

// check returns what is wrong with op coming next, on the given line.
func (o *order) check(op *Op, line int) *flaw {
	if op.Call < o.last {
		return &flaw{"call", fmt.Sprintf("%d is before the call at %d of the operation above", op.Call, o.last), "sort the operations by call"}
	}
	if before, ok := o.processes[op.Process]; ok {
		switch {
		case before.client != op.Client:
			return &flaw{"process", fmt.Sprintf("process %d belongs to client %d (line %d), not %d", op.Process, before.client, before.line, op.Client), "give each client its own process numbers"}
		case before.until == Never:
			return &flaw{"process", fmt.Sprintf("process %d calls again though its operation on line %d was never answered", op.Process, before.line), "let the client take a new process number after an unknown outcome"}
		case op.Call < before.until:
			return &flaw{"process", fmt.Sprintf("process %d calls at %d while its operation on line %d runs until %d", op.Process, op.Call, before.line, before.until), "let the operations of a process follow one another"}
		}
	}
	if o.processes == nil {
		o.processes = map[int]turn{}
	}
	until := op.Return
	if op.Status == Unknown {
		until = Never
	}
	o.last, o.processes[op.Process] = op.Call, turn{op.Client, until, line}
	return nil
}

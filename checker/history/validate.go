package history

import (
	"fmt"
	"math"
)

// maxID bounds client, process and node numbers, so that they fit an int everywhere.
const maxID = math.MaxInt32

// A flaw is what is wrong with one field of an operation, and what to do.
type flaw struct {
	field, cause, remedy string
	line, column         int // where it is in the file, counted from 1; 0: not known
}

func wrong(field, cause, remedy string) *flaw {
	return &flaw{field: field, cause: cause, remedy: remedy}
}

func (f *flaw) Error() string { return f.field + ": " + f.cause + "; " + f.remedy }

// in returns the flaw as an error about the named file. What is not about any
// place in particular is reported at the given one.
func (f *flaw) in(name string, line, column int) error {
	if f.line > 0 {
		line = f.line
	}
	if f.column > 0 {
		column = f.column
	}
	return fmt.Errorf("%s:%d:%d: %w", name, line, column, f)
}

// check returns the first thing that is wrong with op taken alone.
func (op *Op) check() *flaw {
	switch {
	case op.Client < 0 || op.Client > maxID:
		return wrong("client", fmt.Sprintf("%d is out of range", op.Client), fmt.Sprintf("number clients from 0 to %d", maxID))
	case op.Process < 0 || op.Process > maxID:
		return wrong("process", fmt.Sprintf("%d is out of range", op.Process), fmt.Sprintf("number processes from 0 to %d", maxID))
	case int(op.Kind) >= len(kindNames):
		return wrong("kind", fmt.Sprintf("no kind has the number %d", op.Kind), "use one of the kinds that package history names")
	case int(op.Status) >= len(statusNames):
		return wrong("status", fmt.Sprintf("no status has the number %d", op.Status), "use Unknown, OK or Failed")
	case op.Call < 0:
		return wrong("call", fmt.Sprintf("%d is negative", op.Call), "count nanoseconds from the start of the history")
	case op.Call == Never:
		return wrong("call", "the time is out of range", "count nanoseconds from the start of the history")
	case op.Status != Unknown && op.Return == Never:
		return wrong("return", "missing though the status is "+op.Status.String(), "say when the answer came, or use the status unknown")
	case op.Return < op.Call:
		return wrong("return", fmt.Sprintf("%d is before the call at %d", op.Return, op.Call), "check the clock that stamped this operation")
	case op.Kind.bringsOne() && len(op.In.List) > 0:
		return wrong("in", fmt.Sprintf("%v takes one value, not a list", op.Kind), "split it into one operation per value")
	case op.Kind.Takes() && len(op.Out.List) > 0:
		return wrong("out", fmt.Sprintf("%v returns one value, not a list", op.Kind), "split it into one operation per value")
	case (op.Kind == Enqueue || op.Kind == Push) && op.In.Num == 0:
		return wrong("in", fmt.Sprintf("%v of nothing", op.Kind), "say what was put there")
	}
	return op.checkAttempts()
}

func (op *Op) checkAttempts() *flaw {
	for i, a := range op.Attempts {
		field := fmt.Sprintf("attempts[%d]", i)
		switch {
		case a.Node < 0 || a.Node > maxID:
			return wrong(field, fmt.Sprintf("node %d is out of range", a.Node), fmt.Sprintf("number nodes from 0 to %d", maxID))
		case int(a.Status) >= len(statusNames):
			return wrong(field, fmt.Sprintf("no status has the number %d", a.Status), "use Unknown, OK or Failed")
		case a.Call < 0:
			return wrong(field, fmt.Sprintf("call %d is negative", a.Call), "count nanoseconds from the start of the history")
		case a.Return == Never:
			return wrong(field, "it never returned", "say when the client stopped waiting for it")
		case a.Return < a.Call:
			return wrong(field, fmt.Sprintf("return %d is before the call at %d", a.Return, a.Call), "check the clock that stamped this attempt")
		}
	}
	return nil
}

// An order holds what the operations so far demand of the next one.
type order struct {
	last Time
	low  []turn       // the latest operations of the processes with low numbers, by number
	high map[int]turn // and of the others
}

// A turn is the latest operation of a process; its line is 0 before the first one.
type turn struct {
	client int
	until  Time
	line   int
}

// lowProcesses is how many processes have a place of their own: a map takes
// longer, and a list as long as the highest number could fill the memory.
const lowProcesses = 1 << 12

func (o *order) turn(process int) turn {
	if process < len(o.low) {
		return o.low[process]
	}
	return o.high[process]
}

func (o *order) take(process int, t turn) {
	if process >= lowProcesses {
		if o.high == nil {
			o.high = map[int]turn{}
		}
		o.high[process] = t
		return
	}
	for process >= len(o.low) {
		o.low = append(o.low, turn{})
	}
	o.low[process] = t
}

// check returns what is wrong with op coming next, on the given line.
func (o *order) check(op *Op, line int) *flaw {
	if op.Call < o.last {
		return wrong("call", fmt.Sprintf("%d is before the call at %d of the operation above", op.Call, o.last), "sort the operations by call")
	}
	if before := o.turn(op.Process); before.line > 0 {
		switch {
		case before.client != op.Client:
			return wrong("process", fmt.Sprintf("process %d belongs to client %d (line %d), not %d", op.Process, before.client, before.line, op.Client), "give each client its own process numbers")
		case before.until == Never:
			return wrong("process", fmt.Sprintf("process %d calls again though its operation on line %d was never answered", op.Process, before.line), "let the client take a new process number after an unknown outcome")
		case op.Call < before.until:
			return wrong("process", fmt.Sprintf("process %d calls at %d while its operation on line %d runs until %d", op.Process, op.Call, before.line, before.until), "let the operations of a process follow one another")
		}
	}
	until := op.Return
	if op.Status == Unknown {
		until = Never
	}
	o.last = op.Call
	o.take(op.Process, turn{op.Client, until, line})
	return nil
}

// unread says where reading a file failed, for no fault of what it holds.
func unread(name string, line int, err error) error {
	return fmt.Errorf("%s:%d:1: file: it cannot be read on: %w; check that it is a file, and the disk or program that it comes from", name, line, err)
}

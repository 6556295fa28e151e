package history

import (
	"fmt"
	"strconv"
	"time"
)

// String returns the value as it stands in history files: null, a number, or a
// list such as [1,2].
func (v Value) String() string { return string((*Names)(nil).appendValue(nil, v)) }

// IsZero reports whether v is the initial value: nothing was written yet.
func (v Value) IsZero() bool { return v.Num == 0 && len(v.List) == 0 }

// String returns the instant in the largest unit that leaves a whole part, such
// as 205 ms. From a millisecond on it is rounded to microseconds.
func (t Time) String() string {
	switch {
	case t == Never:
		return "never"
	case t >= Time(time.Millisecond):
		return fraction((t+500)/1000*1000, time.Millisecond) + " ms"
	case t >= Time(time.Microsecond):
		return fraction(t, time.Microsecond) + " µs"
	default:
		return strconv.FormatInt(int64(t), 10) + " ns"
	}
}

// fraction returns t in the given unit with as many decimals as it needs.
func fraction(t Time, unit time.Duration) string {
	whole, rest := int64(t)/int64(unit), int64(t)%int64(unit)
	s := strconv.FormatInt(whole, 10)
	if rest == 0 {
		return s
	}
	digits := strconv.FormatInt(rest+int64(unit), 10) // a leading 1 keeps the zeros after the point
	digits = digits[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return s + "." + digits
}

// Show returns a value of the operation as a sentence shows it: by its name if
// it has one, and without the middle of a long list.
func (op *Op) Show(v Value) string { return op.Names.show(v) }

// String says what the operation did, such as `client 2 read x=1`.
func (op Op) String() string {
	in, out := op.Show(op.In), op.Show(op.Out)
	if op.Kind.bringsOne() {
		in = op.Names.item(op.In.Num) // 0 is an item like others
	}
	switch op.Kind {
	case Read:
		return fmt.Sprintf("client %d read %s=%s", op.Client, op.Key, out)
	case Write:
		return fmt.Sprintf("client %d wrote %s=%s", op.Client, op.Key, in)
	case CAS:
		return op.casString()
	case Append:
		return fmt.Sprintf("client %d appended %s to %s", op.Client, in, op.Key)
	case Add:
		return fmt.Sprintf("client %d added %s to %s", op.Client, in, op.Key)
	case Enqueue:
		return fmt.Sprintf("client %d enqueued %s in %s", op.Client, in, op.Key)
	case Dequeue:
		return op.takeString("dequeue", "dequeued")
	case Push:
		return fmt.Sprintf("client %d pushed %s on %s", op.Client, in, op.Key)
	case Pop:
		return op.takeString("pop", "popped")
	default:
		panic(fmt.Sprintf("history: kind %d", op.Kind))
	}
}

func (op *Op) casString() string {
	expect, in := op.Show(op.Expect), op.Show(op.In)
	if op.Names.isHeld(op.In) != op.Names.isHeld(op.Expect) && op.In.IsZero() != op.Expect.IsZero() {
		return op.lockString()
	}
	switch {
	case op.Swapped || op.Status != OK:
		return fmt.Sprintf("client %d set %s from %s to %s", op.Client, op.Key, expect, in)
	case op.Blind:
		return fmt.Sprintf("client %d found %s not to be %s", op.Client, op.Key, expect)
	default:
		return fmt.Sprintf("client %d found %s=%s", op.Client, op.Key, op.Show(op.Out))
	}
}

// lockString says it of a mutex, which is a register that is free or held.
func (op *Op) lockString() string {
	verb, past, state := "acquire", "acquired", "held"
	if op.In.IsZero() {
		verb, past, state = "release", "released", "free"
	}
	switch {
	case op.Swapped:
		return fmt.Sprintf("client %d %s %s", op.Client, past, op.Key)
	case op.Status != OK:
		return fmt.Sprintf("client %d tried to %s %s", op.Client, verb, op.Key)
	default:
		return fmt.Sprintf("client %d found %s %s", op.Client, op.Key, state)
	}
}

func (op *Op) takeString(verb, past string) string {
	switch {
	case op.Status != OK:
		return fmt.Sprintf("client %d tried to %s from %s", op.Client, verb, op.Key)
	case op.Out.IsZero():
		return fmt.Sprintf("client %d found %s empty", op.Client, op.Key)
	default:
		return fmt.Sprintf("client %d %s %s from %s", op.Client, past, op.Show(op.Out), op.Key)
	}
}

// Observes reports whether op tells what its key held, in Out: an OK read, or an
// OK compare-and-set that did not swap and said what it found.
func (op *Op) Observes() bool {
	return op.Status == OK && (op.Kind == Read || op.Kind == CAS && !op.Swapped && !op.Blind)
}

// MayMutate reports whether op may have changed its key: any operation but a
// read that did, or whose outcome is unknown.
func (op *Op) MayMutate() bool {
	switch op.Status {
	case OK:
		switch op.Kind {
		case CAS:
			return op.Swapped
		case Dequeue, Pop:
			return !op.Out.IsZero()
		default:
			return op.Kind.Mutates()
		}
	case Unknown:
		return op.Kind.Mutates()
	default:
		return false
	}
}

// isPlain reports whether op is a read or write that holds nothing without meaning.
func (op *Op) isPlain() bool {
	switch {
	case op.Swapped || op.Blind || !op.Expect.IsZero() || op.Status == Unknown && op.Return != Never:
		return false
	case op.Kind == Read:
		return op.In.IsZero() && (op.Status == OK || op.Out.IsZero())
	default:
		return op.Kind == Write && op.Out.IsZero()
	}
}

// meaning returns op without what means nothing for its kind and status: this
// is what files hold and digests cover.
func (op Op) meaning() Op {
	if takes := op.Status == OK && op.Kind.Takes(); !op.Observes() && !takes {
		op.Out = Value{}
	}
	op.Swapped = op.Swapped && op.Kind == CAS && op.Status == OK
	op.Blind = op.Blind && op.Kind == CAS && op.Status == OK && !op.Swapped
	if op.Swapped {
		op.Out = op.Expect // it swapped because it found what it expected
	}
	if op.Kind != CAS {
		op.Expect = Value{}
	}
	if !op.Kind.Brings() {
		op.In = Value{}
	}
	if op.Status == Unknown {
		op.Return = Never
	}
	return op
}

package history

import (
	"fmt"
	"strconv"
	"time"
)

// String returns the value as it stands in history files: null, a number, or a
// list such as [1,2].
func (v Value) String() string { return string(v.appendJSON(nil)) }

// briefItems is how many numbers at either end of a long list a sentence shows.
const briefItems = 3

// brief returns the value as String does, but cuts out the middle of long lists.
func (v Value) brief() string {
	n := len(v.List)
	if n <= 2*briefItems {
		return v.String()
	}
	head, tail := Value{List: v.List[:briefItems]}.String(), Value{List: v.List[n-briefItems:]}.String()
	return fmt.Sprintf("%s ... %s (%d numbers)", head[:len(head)-1], tail[1:], n)
}

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

// String says what the operation did, such as `client 2 read x=1`.
func (op Op) String() string {
	switch op.Kind {
	case Read:
		return fmt.Sprintf("client %d read %s=%v", op.Client, op.Key, op.Out.brief())
	case Write:
		return fmt.Sprintf("client %d wrote %s=%v", op.Client, op.Key, op.In.brief())
	case Append:
		return fmt.Sprintf("client %d appended %d to %s", op.Client, op.In.Num, op.Key)
	case CAS:
		return op.casString()
	default:
		panic(fmt.Sprintf("history: kind %d", op.Kind))
	}
}

func (op Op) casString() string {
	switch {
	case op.Swapped || op.Status != OK:
		return fmt.Sprintf("client %d set %s from %v to %v", op.Client, op.Key, op.Expect.brief(), op.In.brief())
	case op.Blind:
		return fmt.Sprintf("client %d found %s not to be %v", op.Client, op.Key, op.Expect.brief())
	default:
		return fmt.Sprintf("client %d found %s=%v", op.Client, op.Key, op.Out.brief())
	}
}

// Observes reports whether op tells what its key held, in Out: an OK read, or an
// OK compare-and-set that did not swap and said what it found.
func (op *Op) Observes() bool {
	return op.Status == OK && (op.Kind == Read || op.Kind == CAS && !op.Swapped && !op.Blind)
}

// MayMutate reports whether op may have changed its key: a write, append or
// compare-and-set that did, or whose outcome is unknown.
func (op *Op) MayMutate() bool {
	switch op.Status {
	case OK:
		return op.Kind == Write || op.Kind == Append || op.Kind == CAS && op.Swapped
	case Unknown:
		return op.Kind.Mutates()
	default:
		return false
	}
}

// meaning returns op without what means nothing for its kind and status: this
// is what files hold and digests cover.
func (op Op) meaning() Op {
	if !op.Observes() {
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
	if op.Kind == Read {
		op.In = Value{}
	}
	if op.Status == Unknown {
		op.Return = Never
	}
	return op
}

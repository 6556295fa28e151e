package executiontest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"faultline/checker/history"
)

// A Litmus is a small history that tells consistency levels apart. In its script,
// sessions are parted by bars, and their operations by blanks: w:x=1 writes,
// r:x=1 reads (r:x=0 found nothing), c:x=1>2 swaps, a:x=1 appends, r:x=[1,2]
// reads a list. A question mark at the end leaves the outcome unknown, and an
// exclamation mark says that it failed. All sessions begin at once, and their
// k-th operations are concurrent.
type Litmus struct{ Name, Script string }

// Litmuses are those of the literature: examples (a) to (e) of Bouajjani et al.
// (POPL 2017, figure 3), Dekker's store buffering, message passing, independent
// reads of independent writes, and what each session guarantee rules out.
var Litmuses = []Litmus{
	{"causal memory, not convergent", "w:x=1 r:x=2 | w:x=2 r:x=1"},
	{"convergent, not causal memory", "w:z=1 w:x=1 w:y=1 | w:x=2 r:z=0 r:y=1 r:x=2"},
	{"causal only", "w:x=1 | w:x=2 r:x=1 r:x=2"},
	{"weakly causal, not sequential", "w:x=1 r:y=0 w:y=1 r:x=1 | w:x=2 r:y=0 w:y=2 r:x=2"},
	{"not causal", "w:x=1 w:y=1 | r:y=1 w:x=2 | r:x=2 r:x=1"},
	{"store buffering", "w:x=1 r:y=0 | w:y=1 r:x=0"},
	{"message passing", "w:x=1 w:y=1 | r:y=1 r:x=0"},
	{"message passing through a third", "w:x=1 | r:x=1 w:y=1 | r:y=1 r:x=0"},
	{"two readers, two orders", "w:x=1 | w:x=2 | r:x=1 r:x=2 | r:x=2 r:x=1"},
	{"independent reads of independent writes", "w:x=1 | w:y=1 | r:x=1 r:y=0 | r:y=1 r:x=0"},
	{"load buffering", "r:x=1 w:y=1 | r:y=1 w:x=1"},
	{"one's own write lost", "w:x=1 r:x=0"},
	{"back and forth", "w:x=1 | w:x=2 | r:x=1 r:x=2 r:x=1"},
	{"writes seen out of order", "w:x=1 w:x=2 | r:x=2 r:x=1"},
	{"a reply before its question", "w:x=1 | r:x=1 w:x=2 | r:x=2 r:x=1"},
	{"two swaps from one value", "w:x=1 c:x=1>2 | c:x=1>3 r:x=3"},
	{"a swap seen backwards", "w:x=1 | c:x=1>2 | r:x=2 r:x=1"},
	{"lists that fork", "a:x=1 r:x=[1] | a:x=2 r:x=[2]"},
	{"lists in two orders", "a:x=1 r:x=[1,2] | a:x=2 r:x=[2,1]"},
	{"a list out of order", "a:x=1 a:x=2 | r:x=[2,1]"},
	{"an append forgotten", "a:x=1 | r:x=[1] a:x=2 | r:x=[2]"},
	{"an unknown write comes late", "w:x=1? r:x=0 | r:x=0 r:x=1"},
	{"an unknown write undone", "w:x=1? r:x=1 r:x=0"},
	{"two writes, three registers", "w:z=1 w:x=1 | w:x=2 r:x=2 r:z=0 r:x=1 r:x=2"},
}

// History returns the history of the script.
func (l Litmus) History() history.History {
	var h history.History
	for client, session := range strings.Split(l.Script, "|") {
		for k, text := range strings.Fields(session) {
			op := parse(text)
			op.Client, op.Process = client, client
			op.Call = history.Time(10 * k)
			if op.Return = op.Call + 8; op.Status == history.Unknown {
				op.Return = history.Never
			}
			h = append(h, op)
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// parse reads one operation of a script. It panics on anything else.
func parse(text string) history.Op {
	op := history.Op{Status: history.OK}
	if rest, ok := strings.CutSuffix(text, "?"); ok {
		text, op.Status = rest, history.Unknown
	}
	if rest, ok := strings.CutSuffix(text, "!"); ok {
		text, op.Status = rest, history.Failed
	}
	kind, rest, _ := strings.Cut(text, ":")
	key, value, ok := strings.Cut(rest, "=")
	op.Key = key
	switch {
	case !ok:
		panic(fmt.Sprintf("executiontest: %q is no operation", text))
	case kind == "w":
		op.Kind, op.In = history.Write, number(value)
	case kind == "a":
		op.Kind, op.In = history.Append, number(value)
	case kind == "r" && value[0] == '[':
		op.Kind = history.Read
		for _, item := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune("[,]", r) }) {
			op.Out.List = append(op.Out.List, number(item).Num)
		}
	case kind == "r":
		op.Kind, op.Out = history.Read, number(value)
	case kind == "c":
		from, to, _ := strings.Cut(value, ">")
		op.Kind, op.Expect, op.In, op.Swapped = history.CAS, number(from), number(to), op.Status == history.OK
	default:
		panic(fmt.Sprintf("executiontest: %q is no operation", text))
	}
	return op
}

func number(text string) history.Value {
	var n int64
	if _, err := fmt.Sscan(text, &n); err != nil {
		panic(fmt.Sprintf("executiontest: %q is no number", text))
	}
	return history.Num(n)
}

// Vary returns a history close to that of a litmus: some operations are gone, in
// other places or other sessions, or answered otherwise.
func Vary(rng *rand.Rand) history.History {
	h := Litmuses[rng.IntN(len(Litmuses))].History()
	for range rng.IntN(4) {
		i, j := rng.IntN(len(h)), rng.IntN(len(h))
		switch op, other := &h[i], &h[j]; rng.IntN(6) {
		case 0:
			if len(h) > 2 {
				h = slices.Delete(h, i, i+1)
			}
		case 1:
			op.Client, other.Client = other.Client, op.Client
			op.Process, other.Process = other.Process, op.Process
			op.Call, other.Call, op.Return, other.Return = other.Call, op.Call, other.Return, op.Return
		case 2:
			if op.Kind == history.Read && op.Key == other.Key {
				op.Out = history.Value{Num: other.Out.Num + other.In.Num, List: other.Out.List}
			}
		case 3:
			if op.Kind == history.Read {
				op.Out = history.Value{}
			}
		case 4:
			if op.Kind == history.Read && other.Kind == history.Read {
				op.Out, other.Out, op.Key, other.Key = other.Out, op.Out, other.Key, op.Key
			}
		case 5:
			op.Client, op.Process = op.Client+7, op.Process+7 // a session of its own
		}
	}
	for i := range h {
		if h[i].Status == history.Unknown {
			h[i].Return = history.Never
		} else if h[i].Return == history.Never {
			h[i].Return = h[i].Call + 8
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// Plant puts a litmus into the middle of a history, on keys and with sessions of
// its own. It returns the places of its operations.
func Plant(h history.History, l Litmus) (history.History, []int) {
	clients, middle := 0, h[len(h)/2].Call
	for i := range h {
		clients = max(clients, h[i].Client+1)
	}
	h = slices.Clone(h)
	for _, op := range l.History() {
		op.Client, op.Process, op.Key = op.Client+clients, op.Process+clients, "planted "+op.Key
		op.Call += middle
		if op.Return != history.Never {
			op.Return += middle
		}
		h = append(h, op)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	var at []int
	for i := range h {
		if h[i].Client >= clients {
			at = append(at, i)
		}
	}
	return h, at
}

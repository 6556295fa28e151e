package linear

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"faultline/checker/history"
	"faultline/checker/judge"
)

var (
	crossChecks = flag.Int("crosschecks", 3000, "random histories to compare with porcupine, per family")
	otherSeed   = flag.Uint64("seed", 0, "any number: other histories to compare with porcupine")
)

// referee is the plainest possible model for porcupine, written apart from the
// one that the package uses: states are values, unknown operations stay in.
var referee = porcupine.Model{
	Init: func() any { return history.Value{} },
	Step: func(state, input, _ any) (bool, any) {
		st, op := state.(history.Value), input.(history.Op)
		switch op.Kind {
		case history.Read:
			return st.Equal(op.Out), st
		case history.Write:
			return true, op.In
		case history.Append:
			return true, history.Value{Num: st.Num, List: append(slices.Clone(st.List), op.In.Num)}
		case history.Add, history.Enqueue, history.Push, history.Dequeue, history.Pop:
			return stepThing(st, &op)
		}
		if op.Status == history.Unknown {
			if st.Equal(op.Expect) {
				return true, op.In
			}
			return true, st
		}
		switch {
		case op.Swapped:
			return st.Equal(op.Expect), op.In
		case op.Blind:
			return !st.Equal(op.Expect), st
		default:
			return st.Equal(op.Out) && !st.Equal(op.Expect), st
		}
	},
	Equal: func(a, b any) bool { return a.(history.Value).Equal(b.(history.Value)) },
}

// stepThing is the referee's set, queue or stack. A set is kept sorted, the others
// first what goes first.
func stepThing(st history.Value, op *history.Op) (bool, history.Value) {
	items := slices.Clone(st.List)
	switch op.Kind {
	case history.Add:
		items = slices.Compact(slices.Sorted(slices.Values(append(items, op.In.Num))))
	case history.Enqueue:
		items = append(items, op.In.Num)
	case history.Push:
		items = append([]int64{op.In.Num}, items...)
	default:
		switch {
		case op.Status == history.Unknown && (len(items) == 0 || op.Blind && !op.Out.Equal(history.Num(items[0]))):
			return true, st
		case op.Status == history.Unknown:
			return true, history.Value{List: items[1:]}
		case op.Out.IsZero():
			return len(items) == 0, st
		case len(items) == 0 || !op.Out.Equal(history.Num(items[0])):
			return false, st
		default:
			return true, history.Value{List: items[1:]}
		}
	}
	return true, history.Value{List: items}
}

// refereed asks porcupine for the verdict on one key.
func refereed(h history.History) judge.Verdict {
	var ops []porcupine.Operation
	for _, op := range ascending(h) {
		if op.Status == history.Failed || op.Status == history.Unknown && op.Kind == history.Read {
			continue
		}
		end := op.Return
		if op.Status == history.Unknown {
			end = history.Never
		}
		ops = append(ops, porcupine.Operation{ClientId: op.Client, Input: op, Call: int64(op.Call), Return: int64(end)})
	}
	if porcupine.CheckOperations(referee, ops) {
		return judge.Holds
	}
	return judge.Violated
}

// ascending returns h with what reads of sets returned in ascending order.
func ascending(h history.History) history.History {
	if !slices.ContainsFunc(h, func(op history.Op) bool { return op.Kind == history.Add }) {
		return h
	}
	h = slices.Clone(h)
	for i := range h {
		h[i].Out.List = slices.Sorted(slices.Values(h[i].Out.List))
	}
	return h
}

// A mix is a sort of random history.
type mix struct {
	name   string
	kinds  []history.Kind
	unique bool
	blind  bool
}

var mixes = []mix{
	{"zones", []history.Kind{history.Read, history.Write}, true, false},
	{"blocks", []history.Kind{history.Read, history.Write, history.CAS, history.CAS}, true, false},
	{"order", []history.Kind{history.Read, history.Append}, true, false},
	{"duplicates", []history.Kind{history.Read, history.Write, history.CAS}, false, true},
	{"mixed", []history.Kind{history.Read, history.Write, history.CAS, history.Append}, false, true},
	{"unique, blind", []history.Kind{history.Read, history.Write, history.CAS}, true, true},
	{"puts", []history.Kind{history.Read, history.Read, history.Write, history.Append, history.Append}, true, false},
	{"sets", []history.Kind{history.Read, history.Add, history.Add}, false, false},
	{"queues", []history.Kind{history.Enqueue, history.Enqueue, history.Dequeue, history.Dequeue, history.Read}, false, false},
	{"stacks", []history.Kind{history.Push, history.Push, history.Pop, history.Pop, history.Read}, false, false},
}

// generate runs a real register under random interleaving with closed intervals,
// coarse ticks (so that instants tie), crashes and certain failures, and then
// spoils some answers. Half the histories or so stay linearizable.
func (f mix) generate(rng *rand.Rand) history.History {
	var h history.History
	var state history.Value
	n, tick := 2+rng.IntN(9), 1+rng.Int64N(8)
	next := int64(0)
	value := func() int64 {
		if f.unique {
			next++
			return next * (1 + 1000*(tick%2)) // dense for some, spread out for others
		}
		return 1 + rng.Int64N(3)
	}
	at := history.Time(0)
	for i := range n {
		at += history.Time(rng.IntN(6))
		op := history.Op{Client: i, Process: i, Kind: f.kinds[rng.IntN(len(f.kinds))], Key: "x", Status: history.OK}
		op.Call = max(0, at-history.Time(rng.Int64N(tick)))
		op.Return = at + history.Time(rng.Int64N(tick))
		apply(&op, &state, value, rng, f)
		h = append(h, op)
	}
	spoil(h, rng)
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// apply lets op take effect on the state, for most outcomes.
func apply(op *history.Op, state *history.Value, value func() int64, rng *rand.Rand, f mix) {
	lost := false
	switch rng.IntN(12) {
	case 0, 1:
		op.Status, op.Return = history.Unknown, history.Never
		lost = rng.IntN(2) == 0
	case 2:
		op.Status, lost = history.Failed, true
	}
	switch op.Kind {
	case history.Read:
		op.Out = *state
	case history.Add, history.Enqueue, history.Push, history.Dequeue, history.Pop:
		applyThing(op, state, value, lost)
	case history.Write:
		op.In = history.Num(value())
		if (!f.unique || slices.Contains(f.kinds, history.Append)) && rng.IntN(8) < 2 {
			op.In = history.Value{List: []int64{op.In.Num}}
		}
		if !f.unique && rng.IntN(8) == 0 {
			op.In = history.Value{}
		}
		if !lost {
			*state = op.In
		}
	case history.Append:
		op.In = history.Num(value())
		if !lost {
			state.List = append(slices.Clone(state.List), op.In.Num)
		}
	case history.CAS:
		op.In, op.Expect, op.Out = history.Num(value()), *state, *state
		if rng.IntN(4) == 0 {
			op.Expect = history.Num(value())
		}
		swaps := op.Expect.Equal(*state) && !lost
		op.Swapped = swaps && op.Status == history.OK
		op.Blind = f.blind && !op.Swapped && op.Status == history.OK && rng.IntN(3) == 0
		if swaps {
			*state = op.In
		}
	}
}

// applyThing lets an operation on a set, queue or stack take effect.
func applyThing(op *history.Op, state *history.Value, value func() int64, lost bool) {
	if op.Kind.Brings() {
		op.In = history.Num(value())
	} else if len(state.List) > 0 {
		op.Out = history.Num(state.List[0])
	}
	if !lost {
		_, *state = stepThing(*state, op)
	}
}

// spoil makes some answers wrong: another operation's answer or expectation, a
// value nobody wrote, a shifted interval.
func spoil(h history.History, rng *rand.Rand) {
	for range rng.IntN(4) {
		op, other := &h[rng.IntN(len(h))], &h[rng.IntN(len(h))]
		for range 3 { // answers are what matters most
			if !op.Observes() && !op.Kind.Takes() {
				op = &h[rng.IntN(len(h))]
			}
		}
		switch rng.IntN(9) {
		case 8: // what certainly failed
			if i := slices.IndexFunc(h, func(op history.Op) bool { return op.Status == history.Failed && op.Kind.Brings() }); i >= 0 {
				op.Out = h[i].In
				if h[i].Kind == history.Append || h[i].Kind == history.Add {
					op.Out = history.Value{List: []int64{h[i].In.Num}}
				}
			}
		case 0, 1:
			op.Out = other.Out
		case 2, 3:
			op.Out = other.In
			if op.Kind.Takes() {
				break
			}
			if list := h[len(h)-1].Out.List; other.Kind == history.Append {
				op.Out = history.Value{List: shuffled(list, rng)}
			}
		case 4:
			op.Expect = other.Expect
		case 5:
			op.Expect = other.In
		case 6:
			if shift := history.Time(rng.IntN(12)); op.Status != history.Unknown {
				op.Call, op.Return = op.Call+shift, op.Return+shift
			}
		case 7:
			op.Out = wrong(op.Out, rng)
		}
	}
}

// wrong returns another value of the same form, or the initial one.
func wrong(v history.Value, rng *rand.Rand) history.Value {
	switch {
	case rng.IntN(2) == 0:
		return history.Value{}
	case len(v.List) > 0:
		return history.Value{List: append(slices.Clone(v.List), v.List[rng.IntN(len(v.List))])}
	default:
		return history.Num(v.Num + 1)
	}
}

func shuffled(list []int64, rng *rand.Rand) []int64 {
	list = slices.Clone(list)
	if len(list) > 0 && rng.IntN(2) == 0 {
		list[rng.IntN(len(list))] = 1 + rng.Int64N(9)
	}
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// rejections are the reasons that a cross-check has to meet, by a piece of their text.
var rejections = map[string][]string{
	"zones":         {"nobody wrote", "aborted read", "), before ", ", but client", "; and "},
	"blocks":        {"nobody wrote", "aborted read", "), before ", "although this is what it expected", "only once", "compare-and-sets lead", "in a circle"},
	"order":         {"nobody appended", "aborted read", "), before ", "twice", "neither list", "stands earlier", "is missing from"},
	"duplicates":    {"there is no order of", "nobody wrote"},
	"mixed":         {"there is no order of"},
	"unique, blind": {"there is no order of"},
	"puts":          {"nobody appended", "nobody wrote", "aborted read", "), before ", "twice", "neither list", "stands earlier", "is missing from", ", but client"},
	"sets":          {"there is no order of"},
	"queues":        {"there is no order of"},
	"stacks":        {"there is no order of"},
}

func TestAgreesWithPorcupine(t *testing.T) {
	for _, f := range mixes {
		t.Run(f.name, func(t *testing.T) { crossCheck(t, f) })
	}
}

func crossCheck(t *testing.T, f mix) {
	rng := rand.New(rand.NewPCG(1, 2+*otherSeed))
	verdicts, by, reasons := map[judge.Verdict]int{}, map[string]int{}, map[string]int{}
	for range *crossChecks {
		h := f.generate(rng)
		got, want := Check(h, judge.Budget{Order: true}), refereed(h)
		if got.Verdict != want {
			t.Fatalf("%s says %v (%s), porcupine says %v:\n%s", got.Engine, got.Verdict, got.Evidence.Text, want, dump(h))
		}
		checkEvidence(t, h, got)
		if got.Verdict == judge.Violated && got.Engine == Search {
			if !strings.Contains(got.Evidence.Text, "), before ") && !strings.Contains(got.Evidence.Text, "aborted") {
				checkWitness(t, h, got.Evidence.Ops)
			}
			brief := Check(h, judge.Budget{Brief: true})
			checkLastStraw(t, h, brief.Evidence.Ops[0])
		}
		verdicts[want]++
		by[got.Engine]++
		for _, reason := range rejections[f.name] {
			if strings.Contains(got.Evidence.Text, reason) {
				reasons[reason]++
			}
		}
	}
	t.Logf("verdicts %v, engines %v, reasons %v", verdicts, by, reasons)
	for _, v := range []judge.Verdict{judge.Holds, judge.Violated} {
		if verdicts[v] < *crossChecks/10 {
			t.Errorf("only %d histories of %d with the verdict %v: the generator is lopsided", verdicts[v], *crossChecks, v)
		}
	}
	for _, reason := range rejections[f.name] {
		if reasons[reason] == 0 {
			t.Errorf("no history was rejected with %q", reason)
		}
	}
}

// checkEvidence checks that evidence comes with violations alone, and orders with
// the others; and that registers need at most four operations unless it is a circle.
func checkEvidence(t *testing.T, h history.History, r judge.Result) {
	t.Helper()
	e := r.Evidence
	const enough = 4
	switch {
	case r.Verdict == judge.Holds && (e.Text != "" || e.Ops != nil):
		t.Fatalf("holds, with evidence %v", e)
	case r.Verdict == judge.Violated && (e.Text == "" || len(e.Ops) == 0 || r.Order != nil):
		t.Fatalf("violated without evidence, or with an order:\n%s", dump(h))
	case len(e.Ops) > enough && r.Engine != Search && r.Engine != Queues && r.Engine != Stacks && !strings.Contains(e.Text, "circle"):
		t.Fatalf("%d operations as evidence", len(e.Ops))
	case !slices.IsSorted(e.Ops):
		t.Fatalf("evidence out of order: %v", e.Ops)
	}
}

// lenient is the referee for operations some of which need not happen.
type lenientOp struct {
	history.Op
	may bool
}

var lenient = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{history.Value{}} },
	Step: func(state, input, _ any) (next []any) {
		op := input.(lenientOp)
		if ok, to := referee.Step(state, op.Op, nil); ok {
			next = append(next, to)
		}
		if op.may {
			next = append(next, state)
		}
		return next
	},
	Equal: referee.Equal,
}).ToModel()

// checkWitness checks that the operations of the witness have no order, whatever
// the others did in their time, and that none of them can be left out of it.
func checkWitness(t *testing.T, h history.History, witness []int) {
	t.Helper()
	until := h[Check(h, judge.Budget{Brief: true}).Evidence.Ops[0]].Return
	ordered := func(kept []int) bool {
		var ops []porcupine.Operation
		for i, op := range ascending(h) {
			end := returned(&op)
			if !slices.Contains(kept, i) && !op.MayMutate() || op.Call > until || op.Status == history.Failed {
				continue
			}
			if end > until {
				end = history.Never
				op.Status, op.Blind = history.Unknown, op.Kind.Takes() && op.Status == history.OK
			}
			ops = append(ops, porcupine.Operation{Input: lenientOp{op, !slices.Contains(kept, i)}, Call: int64(op.Call), Return: int64(end)})
		}
		return porcupine.CheckOperations(lenient, ops)
	}
	if ordered(witness) {
		t.Fatalf("operations %v can be put in order:\n%s", witness, dump(h))
	}
	for k := range witness {
		if !ordered(slices.Delete(slices.Clone(witness), k, k+1)) {
			t.Fatalf("operation %d can be left out of %v:\n%s", witness[k], witness, dump(h))
		}
	}
}

// checkLastStraw checks that what had happened before operation i returned can be
// explained, and what had happened with its return cannot.
func checkLastStraw(t *testing.T, h history.History, i int) {
	t.Helper()
	until := func(at history.Time) judge.Verdict {
		var past history.History
		for _, op := range h {
			if op.Call > at {
				continue
			}
			if op.Return > at && op.Status == history.OK {
				if !op.MayMutate() {
					continue
				}
				op.Status, op.Blind = history.Unknown, op.Kind.Takes() // what it took is known, if it did
			}
			past = append(past, op)
		}
		return refereed(past)
	}
	if at := h[i].Return; until(at) != judge.Violated || until(at-1) != judge.Holds {
		t.Fatalf("operation %d is not the last straw of\n%s", i, dump(h))
	}
}

func dump(h history.History) string {
	var b strings.Builder
	for i, op := range h {
		fmt.Fprintf(&b, "%d: %v [%d,%d] %v %+v\n", i, op, op.Call, op.Return, op.Status, op)
	}
	return b.String()
}

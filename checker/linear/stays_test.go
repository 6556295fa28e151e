package linear

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

var thingChecks = flag.Int("thingchecks", 6000, "random histories of sets, queues and stacks to compare with porcupine and the search, per sort")

// thingMixes are histories that the engines for sets, queues and stacks decide,
// but for some stacks; the texts are reasons that must come up.
var thingMixes = []struct {
	mix
	reasons []string
}{
	{mix{"set", []history.Kind{history.Read, history.Add}, true, false},
		[]string{"nobody added", "aborted read", "twice", "one should have all", "), before ", "with the latter and", "is missing when client 1 read"}},
	{mix{"set, additions repeated", []history.Kind{history.Read, history.Add, history.Add}, false, false}, []string{"nobody added", "), before "}},
	{mix{"queue", []history.Kind{history.Enqueue, history.Dequeue}, true, false},
		[]string{"nobody enqueued", "aborted read", "only once", "), before ", "first in should", "nobody is known to have taken", "nobody took", "there was something in it", "cannot have taken all"}},
	{mix{"stack", []history.Kind{history.Push, history.Pop}, true, false},
		[]string{"nobody pushed", "aborted read", "only once", "), before ", "last in should", "nobody is known to have taken", "nobody took", "there was something in it", "of unknown outcome was called", "at the bottom for so long"}},
}

// crowd is generate with more operations, most of them at the same few instants,
// and rarely spoilt: what makes them hard is how they overlap.
func (f mix) crowd(rng *rand.Rand) history.History {
	var h history.History
	var state history.Value
	next, width := int64(0), 1+rng.Int64N(9)
	value := func() int64 {
		if next++; f.unique {
			return next * (1 + 1000*(width%2)) // dense for some, spread out for others
		}
		return 1 + next%4
	}
	for i := range 4 + rng.IntN(8) {
		at := history.Time(2 * i)
		op := history.Op{Client: i, Process: i, Kind: f.kinds[rng.IntN(len(f.kinds))], Key: "x", Status: history.OK}
		op.Call, op.Return = max(0, at-history.Time(rng.Int64N(width))), at+history.Time(rng.Int64N(width))
		apply(&op, &state, value, rng, f)
		h = append(h, op)
	}
	for range rng.IntN(len(h)) { // narrower than it was, or elsewhere: what had to overlap may not
		op := &h[rng.IntN(len(h))]
		if op.Status == history.Unknown {
			continue
		}
		op.Call += history.Time(rng.Int64N(int64(op.Return-op.Call) + 1))
		if rng.IntN(4) == 0 {
			op.Return += 6
			op.Call += 6
		}
	}
	for range rng.IntN(2) {
		a, b := &h[rng.IntN(len(h))], &h[rng.IntN(len(h))]
		if a.Kind == b.Kind {
			a.Out, b.Out = b.Out, a.Out
		}
		if n := len(a.Out.List); n > 0 {
			a.Out.List = slices.Delete(slices.Clone(a.Out.List), 0, rng.IntN(n+1))
			if rng.IntN(4) == 0 {
				a.Out.List = append(a.Out.List, 99)
			}
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// stays is a few values that come and go at arbitrary instants, or sets shown so.
func (f mix) stays(rng *rand.Rand) history.History {
	var h history.History
	n := 2 + rng.Int64N(3)
	add := func(k history.Kind, v int64, from, to int64) {
		op := history.Op{Client: len(h), Process: len(h), Kind: k, Key: "x", Status: history.OK, Call: history.Time(from), Return: history.Time(to)}
		switch {
		case k.Brings():
			op.In = history.Num(v)
		case k.Takes():
			op.Out = history.Num(v)
		default:
			for x := range n {
				if rng.Int64N(12) < to {
					op.Out.List = append(op.Out.List, x+1)
				}
			}
		}
		if rng.IntN(10) == 0 {
			op.Status, op.Return, op.Out = history.Unknown, history.Never, history.Value{}
		}
		h = append(h, op)
	}
	brings, other := history.Add, history.Read
	if f.engine() != Sets {
		brings, other = f.kinds[0], f.kinds[1]
	}
	for v := range n {
		at := []int64{rng.Int64N(12), rng.Int64N(12), rng.Int64N(12), rng.Int64N(12)}
		slices.Sort(at)
		add(brings, v+1, at[0], at[1])
		if rng.IntN(8) > 0 {
			add(other, v+1, at[2], at[3])
		}
	}
	if at := rng.Int64N(12); rng.IntN(2) == 0 {
		add(other, 0, at, at+rng.Int64N(3))
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

func (f mix) engine() string {
	switch f.kinds[1] {
	case history.Add:
		return Sets
	case history.Dequeue:
		return Queues
	default:
		return Stacks
	}
}

func TestThingsAgree(t *testing.T) {
	for _, f := range thingMixes {
		t.Run(f.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4+*otherSeed))
			verdicts, by, reasons := map[judge.Verdict]int{}, map[string]int{}, map[string]int{}
			for n := range *thingChecks {
				h := [...]func(mix, *rand.Rand) history.History{mix.generate, mix.crowd, mix.stays}[n%3](f.mix, rng)
				r := checkThing(t, h)
				verdicts[r.Verdict]++
				by[r.Engine]++
				for _, reason := range f.reasons {
					if strings.Contains(r.Evidence.Text, reason) && r.Engine == f.engine() {
						reasons[reason]++
					}
				}
			}
			t.Logf("verdicts %v, engines %v, reasons %v", verdicts, by, reasons)
			for _, v := range []judge.Verdict{judge.Holds, judge.Violated} {
				if verdicts[v] < *thingChecks/10 {
					t.Errorf("only %d histories of %d with the verdict %v: the generator is lopsided", verdicts[v], *thingChecks, v)
				}
			}
			if by[f.engine()] < *thingChecks*9/10 {
				t.Errorf("the engine %s decided %d histories of %d only", f.engine(), by[f.engine()], *thingChecks)
			}
			for _, reason := range f.reasons {
				if reasons[reason] == 0 {
					t.Errorf("no history was rejected with %q", reason)
				}
			}
		})
	}
}

// checkThing compares the verdict with those of porcupine and the search, and holds
// the evidence to what it claims.
func checkThing(t *testing.T, h history.History) judge.Result {
	t.Helper()
	got, want := Check(h, judge.Budget{Order: true}), refereed(h)
	if got.Verdict != want {
		t.Fatalf("%s says %v (%s), porcupine says %v:\n%s", got.Engine, got.Verdict, got.Evidence.Text, want, dump(h))
	}
	if v := searched(h, judge.DefaultSteps); v != want {
		t.Fatalf("the search says %v, porcupine %v:\n%s", v, want, dump(h))
	}
	if brief := Check(h, judge.Budget{Brief: true}); brief.Verdict != want {
		t.Fatalf("%v when asked to be brief, %v else:\n%s", brief.Verdict, want, dump(h))
	}
	e := got.Evidence
	switch {
	case got.Verdict == judge.Holds && (e.Text != "" || e.Ops != nil || got.Order == nil && !slices.ContainsFunc(h, func(op history.Op) bool { return op.Status != history.OK })):
		t.Fatalf("holds, with evidence %v and order %v", e, got.Order)
	case got.Verdict == judge.Violated && (e.Text == "" || len(e.Ops) == 0 || !slices.IsSorted(e.Ops)):
		t.Fatalf("violated, with evidence %v", e)
	case got.Verdict == judge.Violated && got.Engine != Search && !proves(h, e.Ops):
		t.Fatalf("%s shows operations %v (%s), which can be put in order:\n%s", got.Engine, e.Ops, e.Text, dump(h))
	}
	return got
}

// FuzzThings compares few operations at arbitrary instants with porcupine and the
// search: four bytes are an operation.
func FuzzThings(f *testing.F) {
	f.Add([]byte{1, 0x01, 0, 0, 0x23, 1, 0, 0x44, 0})
	f.Add([]byte{2, 0x01, 0x11, 0, 0, 0x12, 0x21, 0, 1, 0x45, 0x31, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		const most = 7
		if len(data) == 0 {
			return
		}
		kinds := thingMixes[int(data[0])%len(thingMixes)].kinds
		var h history.History
		for data = data[1:]; len(data) >= 4 && len(h) < most; data = data[4:] {
			from, length, v := history.Time(data[0]>>4), history.Time(data[0]&15), int64(data[1]&7)
			op := history.Op{Client: len(h), Process: len(h), Key: "x", Kind: kinds[int(data[2])%len(kinds)], Call: from, Return: from + length, Status: history.OK}
			switch {
			case op.Kind.Brings():
				op.In = history.Num(1 + v)
			case op.Kind.Takes():
				op.Out = history.Num(v)
			default:
				for x := range int64(8) {
					if data[1]>>x&1 != 0 {
						op.Out.List = append(op.Out.List, 1+(x+v)%8)
					}
				}
			}
			switch data[3] % 8 {
			case 0:
				op.Status, op.Return = history.Unknown, history.Never
			case 1:
				op.Status = history.Failed
			}
			h = append(h, op)
		}
		slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
		checkThing(t, h)
	})
}

// searched is the verdict of the search alone, in so many steps.
func searched(h history.History, steps int) judge.Verdict {
	c := checker{h: h, limit: steps}
	g := groupByKey(h)
	for k := range g.keys() {
		s := c.shape(g.key(k))
		f, _ := s.family()
		if r := c.try(hard{g.key(k), f}, steps); r.Verdict != judge.Holds {
			return r.Verdict
		}
	}
	return judge.Holds
}

// proves reports whether the operations cannot be put in order although whatever
// else was added to a set may have been so at any time.
func proves(h history.History, witness []int) bool {
	var kept history.History
	added := map[int64]bool{}
	for _, i := range witness {
		added[h[i].In.Num] = added[h[i].In.Num] || h[i].Kind == history.Add
	}
	for i, op := range h {
		if !slices.Contains(witness, i) {
			if op.Kind != history.Add || op.Status == history.Failed || added[op.In.Num] {
				continue
			}
			op.Call, op.Status, op.Return = 0, history.Unknown, history.Never
		}
		kept = append(kept, op)
	}
	return refereed(kept) == judge.Violated
}

// BenchmarkThings judges sets, queues and stacks of 50 clients, from 1,000 operations
// to a million.
//
//	go test ./checker/linear -run '^$' -bench Things
func BenchmarkThings(b *testing.B) {
	for _, f := range thingMixes {
		if !f.unique {
			continue
		}
		for n := 1000; n <= 1_000_000; n *= 10 {
			h := f.load(n, 50)
			for _, order := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%d/order=%v", f.name, n, order), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if r := Check(h, judge.Budget{Order: order}); r.Verdict != judge.Holds || r.Engine != f.engine() {
							b.Fatal(r.Verdict, r.Engine, r.Evidence.Text)
						}
					}
				})
			}
		}
	}
}

// load is a linearizable history of so many clients, none of which waits. A queue or stack
// grows to a third of what was brought; ten reads show all of a set.
func (f mix) load(n, clients int) history.History {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(clients)))
	h := make(history.History, 0, n)
	free := make([]history.Time, clients)
	var items []int64
	for i := range n {
		at := history.Time(100 * i)
		client := rng.IntN(clients)
		op := history.Op{Client: client, Process: client, Kind: f.kinds[1], Key: "x", Status: history.OK}
		op.Call = max(free[client], at-history.Time(rng.IntN(clients*100)))
		op.Return = at + 1 + history.Time(rng.IntN(clients*50))
		if op.Call > at {
			op.Call = at
		}
		free[client] = op.Return + 1
		switch {
		case f.kinds[1] == history.Add:
			if i%(n/10) == n/10-1 {
				op.Kind = history.Read
				op.Out.List = slices.Clone(items)
			}
		case rng.IntN(5) < 3:
			op.Kind = f.kinds[0]
		}
		switch {
		case op.Kind.Brings():
			op.In = history.Num(int64(i + 1))
			items = append(items, int64(i+1))
		case op.Kind == history.Dequeue && len(items) > 0:
			op.Out, items = history.Num(items[0]), items[1:]
		case op.Kind == history.Pop && len(items) > 0:
			op.Out, items = history.Num(items[len(items)-1]), items[:len(items)-1]
		}
		h = append(h, op)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// TestLongerThings compares longer histories, some of them with one answer
// exchanged for another, with the search.
func TestLongerThings(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	violated := 0
	for n := range *thingChecks / 10 {
		f := thingMixes[n%len(thingMixes)].mix
		if !f.unique {
			continue
		}
		h := f.load(16+n%20, 4)
		if a, b := &h[rng.IntN(len(h))], &h[rng.IntN(len(h))]; a.Kind == b.Kind {
			a.Out, b.Out = b.Out, a.Out
		}
		r := Check(h, judge.Budget{Order: true})
		if v := searched(h, 5000); v != judge.Undecided && v != r.Verdict {
			t.Fatalf("%s says %v (%s), the search %v:\n%s", r.Engine, r.Verdict, r.Evidence.Text, v, dump(h))
		}
		if r.Verdict == judge.Violated {
			violated++
		}
	}
	if violated < *thingChecks/200 {
		t.Errorf("only %d were violated", violated)
	}
}

// TestThingsInWords shows what a person reads about each bad pattern.
func TestThingsInWords(t *testing.T) {
	at := func(from, to history.Time, op history.Op) history.Op {
		op.Key, op.Call, op.Return, op.Status = "q", from, to, history.OK
		if to == history.Never {
			op.Status = history.Unknown
		}
		return op
	}
	in := func(k history.Kind, v int64, from, to history.Time) history.Op {
		return at(from, to, history.Op{Client: int(v), Kind: k, In: history.Num(v)})
	}
	out := func(k history.Kind, v int64, from, to history.Time) history.Op {
		return at(from, to, history.Op{Client: 9, Kind: k, Out: history.Num(v)})
	}
	read := func(from, to history.Time, list ...int64) history.Op {
		return at(from, to, history.Op{Client: 9, Kind: history.Read, Out: history.Value{List: list}})
	}
	const enq, deq, push, pop, add = history.Enqueue, history.Dequeue, history.Push, history.Pop, history.Add
	for _, c := range []struct {
		h    history.History
		want string
	}{
		{history.History{in(enq, 1, 0, 1), in(enq, 2, 2, 3), out(deq, 2, 4, 5), out(deq, 1, 6, 7)},
			"client 1 enqueued 1 in q (answered at 1 ns), before client 2 enqueued 2 in q at 2 ns; but client 9 dequeued 2 from q (answered at 5 ns), before client 9 dequeued 1 from q at 6 ns: first in should be first out"},
		{history.History{in(enq, 1, 0, 1), in(enq, 2, 2, 3), out(deq, 2, 4, 5)},
			"client 1 enqueued 1 in q (answered at 1 ns), before client 2 enqueued 2 in q at 2 ns; but client 9 dequeued 2 from q (answered at 5 ns), and nobody took 1"},
		{history.History{in(enq, 1, 0, 1), in(enq, 2, 2, 3), in(enq, 3, 4, 5), out(deq, 0, 6, history.Never), out(deq, 3, 8, 9)},
			"client 2 enqueued 2 in q (answered at 3 ns), before client 3 enqueued 3 in q at 4 ns; but client 9 dequeued 3 from q (answered at 9 ns), and nobody is known to have taken 2; the 1 dequeue of unknown outcome that had been called by then cannot have taken all of the 2 such values that were in by then"},
		{history.History{in(enq, 1, 0, 1), in(enq, 2, 2, 3), out(deq, 0, 3, 5), out(deq, 1, 4, 6), out(deq, 2, 7, 8)},
			"client 9 found q empty (called at 3 ns, answered at 5 ns), but there was something in it all the time: client 1 enqueued 1 in q (answered at 1 ns), and client 9 dequeued 1 from q at 4 ns; client 2 enqueued 2 in q (answered at 3 ns), and client 9 dequeued 2 from q at 7 ns"},
		{history.History{in(enq, 1, 0, 1), out(deq, 1, 2, 3), out(deq, 1, 4, 5)},
			"client 9 dequeued 1 from q at 2 ns and client 9 dequeued 1 from q at 4 ns, but it was enqueued only once (at 0 ns)"},
		{history.History{in(push, 1, 0, 1), in(push, 2, 2, 3), out(pop, 1, 4, 5), out(pop, 2, 6, 7)},
			"client 1 pushed 1 on q (answered at 1 ns), before client 2 pushed 2 on q at 2 ns (answered at 3 ns); then client 9 popped 1 from q (called at 4 ns, answered at 5 ns) from beneath it, before client 9 popped 2 from q at 6 ns: last in should be first out"},
		{history.History{in(push, 1, 0, 1), in(push, 2, 2, 3), out(pop, 1, 4, 5)},
			"client 1 pushed 1 on q (answered at 1 ns), before client 2 pushed 2 on q at 2 ns (answered at 3 ns); then client 9 popped 1 from q (called at 4 ns, answered at 5 ns) from beneath it, though nobody took 2: last in should be first out"},
		{history.History{in(push, 1, 0, 1), in(push, 2, 2, 3), out(pop, 1, 4, 5), out(pop, 0, 6, history.Never)},
			"client 1 pushed 1 on q (answered at 1 ns), before client 2 pushed 2 on q at 2 ns (answered at 3 ns); then client 9 popped 1 from q (called at 4 ns, answered at 5 ns) from beneath it, though nobody is known to have taken 2: last in should be first out; the first pop of unknown outcome was called at 6 ns"},
		{history.History{in(push, 1, 0, 1), in(push, 2, 2, 3), in(push, 3, 2, 6), out(pop, 1, 4, 8), out(pop, 2, 7, 8), out(pop, 3, 10, 11)},
			"there was something on q all the time from 1 ns to 10 ns, but nothing that can have been at the bottom for so long: client 1 pushed 1 on q (called at 0 ns, answered at 1 ns), and client 9 popped 1 from q (called at 4 ns, answered at 8 ns); client 2 pushed 2 on q (called at 2 ns, answered at 3 ns), and client 9 popped 2 from q (called at 7 ns, answered at 8 ns); client 3 pushed 3 on q (called at 2 ns, answered at 6 ns), and client 9 popped 3 from q (called at 10 ns, answered at 11 ns)"},
		{history.History{in(push, 1, 0, 1), out(pop, 0, 2, 3), out(pop, 1, 4, 5)},
			"client 9 found q empty (called at 2 ns, answered at 3 ns), but there was something in it all the time: client 1 pushed 1 on q (answered at 1 ns), and client 9 popped 1 from q at 4 ns"},
		{history.History{in(add, 1, 0, 1), read(2, 3), read(4, 5, 1)},
			"client 1 added 1 to q (answered at 1 ns), but 1 is missing when client 9 read q=null at 2 ns"},
		{history.History{in(add, 1, 0, 1), in(add, 2, 2, 3), read(0, 5, 2)},
			"client 1 added 1 to q (answered at 1 ns), before client 2 added 2 to q at 2 ns, but client 9 read q=[2] at 0 ns with the latter and without the former"},
		{history.History{in(add, 1, 0, 9), in(add, 2, 0, 9), read(0, 9, 2), read(0, 9, 1)},
			"client 9 read q=[2] at 0 ns without 1, but client 9 read q=[1] at 0 ns without 2: a set only grows, so one should have all of the other"},
		{history.History{in(add, 1, 0, 9), read(1, 2, 1), read(3, 4)},
			"client 9 read q=[1] (answered at 2 ns), but 1 is missing when client 9 read q=null at 3 ns: a set only grows"},
	} {
		slices.SortStableFunc(c.h, func(a, b history.Op) int { return int(a.Call - b.Call) })
		if got := Check(c.h, judge.Budget{}); got.Verdict != judge.Violated || got.Evidence.Text != c.want {
			t.Errorf("%v by %s:\n%s\nwant\n%s", got.Verdict, got.Engine, got.Evidence.Text, c.want)
		}
	}
}

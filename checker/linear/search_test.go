package linear

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A loop is a closed loop of clients on a real register with few values: unlike
// the mixes, it has operations follow one another for long.
type loop struct {
	ops, clients int
	values       int64
	cas, crash   float64 // shares of the operations
}

func (l loop) generate(rng *rand.Rand) history.History {
	type client struct {
		free    history.Time
		process int
	}
	type took struct {
		history.Op
		effect history.Time
		lost   bool
	}
	clients := make([]client, l.clients)
	for i := range clients {
		clients[i] = client{history.Time(rng.IntN(20)), i}
	}
	all := make([]took, 0, l.ops)
	for range l.ops {
		k := 0
		for j := range clients {
			if clients[j].free < clients[k].free {
				k = j
			}
		}
		c := &clients[k]
		call, last := c.free+history.Time(rng.IntN(5)), history.Time(5+rng.IntN(20))
		op := took{Op: history.Op{Client: k, Process: c.process, Key: "x", Call: call, Return: call + last, Status: history.OK}}
		op.effect = call + history.Time(rng.Int64N(int64(last)+1))
		op.Kind = history.Kind(rng.IntN(2)) // a read or write
		if rng.Float64() < l.cas {
			op.Kind = history.CAS
		}
		op.In, op.Expect = history.Num(1+rng.Int64N(l.values)), history.Num(1+rng.Int64N(l.values))
		if rng.Float64() < l.crash {
			op.Status, op.Return, op.lost = history.Unknown, history.Never, rng.IntN(2) == 0
			c.process = l.clients + len(all)
		}
		c.free = call + last
		all = append(all, op)
	}
	slices.SortStableFunc(all, func(a, b took) int { return int(a.effect - b.effect) })
	state := history.Value{}
	h := make(history.History, 0, l.ops)
	for _, op := range all {
		swaps := op.Kind == history.CAS && state.Equal(op.Expect)
		op.Out, op.Swapped, op.Blind = state, swaps && op.Status == history.OK, op.Kind == history.CAS && !swaps && op.Status == history.OK
		if (swaps || op.Kind == history.Write) && !op.lost {
			state = op.In
		}
		h = append(h, op.Op)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// spoilRead makes a read late in the history return another value.
func (l loop) spoilRead(h history.History, rng *rand.Rand) {
	for range 10 {
		if op := &h[rng.IntN(len(h))]; op.Observes() {
			op.Out = history.Num(1 + rng.Int64N(l.values))
			return
		}
	}
}

func TestLoopsAgreeWithPorcupine(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	verdicts := map[judge.Verdict]int{}
	for i := range *crossChecks / 4 {
		l := loop{ops: 10 + rng.IntN(40), clients: 2 + rng.IntN(4), values: 1 + rng.Int64N(4), cas: rng.Float64() / 2, crash: rng.Float64() / 8}
		h := l.generate(rng)
		if i%2 == 1 {
			l.spoilRead(h, rng)
		}
		got, want := Check(h, judge.Budget{Order: true}), refereed(h)
		if got.Verdict != want {
			t.Fatalf("%s says %v (%s), porcupine says %v:\n%s", got.Engine, got.Verdict, got.Evidence.Text, want, dump(h))
		}
		checkEvidence(t, h, got)
		verdicts[want]++
	}
	for _, v := range []judge.Verdict{judge.Holds, judge.Violated} {
		if verdicts[v] < *crossChecks/40 {
			t.Errorf("verdicts %v: the generator is lopsided", verdicts)
		}
	}
}

// keysOf returns the keys of h, as a search is given them.
func keysOf(t testing.TB, h history.History) (keys []hard) {
	t.Helper()
	c, g := checker{h: h}, groupByKey(h)
	for k := range g.keys() {
		s := c.shape(g.key(k))
		f, why := s.family()
		if why != "" {
			t.Fatal(why)
		}
		keys = append(keys, hard{g.key(k), f})
	}
	return keys
}

// Depth first and breadth first are two ways through the same configurations:
// they agree on the verdict and on the return at which it shows, and both find orders.
func TestDepthAgreesWithBreadth(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	s := &search{want: true}
	check := func(h history.History) {
		for _, k := range keysOf(t, h) {
			s.prepare(question{h: h, ops: k.ops, family: k.family, until: history.Never})
			v, at := s.depth(math.MaxInt)
			orders := [][]int32{nil, nil}
			if v == judge.Holds {
				orders[0] = s.order(at)
			}
			w, there := s.breadth(math.MaxInt)
			if w == judge.Holds {
				orders[1], there = s.order(there), at
			}
			if v != w || at != there {
				t.Fatalf("depth first %v at %d, breadth first %v at %d:\n%s", v, at, w, there, dump(h))
			}
			for _, order := range orders {
				if v == judge.Holds {
					if err := Verify(h, order); err != nil {
						t.Fatalf("%v\n%s", err, dump(h))
					}
				}
			}
		}
	}
	for i := range *crossChecks {
		check(mixes[i%len(mixes)].generate(rng))
		if i%4 == 0 {
			l := loop{ops: 60, clients: 6, values: 3, cas: 0.3, crash: 0.05}
			h := l.generate(rng)
			l.spoilRead(h, rng)
			check(h)
		}
	}
}

// Whatever the order of the steps, no more of them than the budget allows.
func TestSearchStopsWithinItsBudget(t *testing.T) {
	h := hopeless("x", 7)
	k := keysOf(t, h)[0]
	s := new(search)
	s.prepare(question{h: h, ops: k.ops, family: k.family, until: history.Never})
	for _, limit := range []int{0, 1, 10, 1_000, 100_000} {
		for name, run := range map[string]func(int) (judge.Verdict, int32){"depth": s.depth, "breadth": s.breadth, "judge": s.judge} {
			s.steps = 0
			if v, _ := run(limit); v != judge.Undecided || s.steps < limit || s.steps > limit+limit/4+1 {
				t.Errorf("%s with %d steps: %v after %d", name, limit, v, s.steps)
			}
		}
	}
}

// together puts histories side by side, each on a key of its own.
func together(all ...history.History) history.History {
	var h history.History
	for i, one := range all {
		for _, op := range one {
			op.Key = fmt.Sprint("key ", i)
			h = append(h, op)
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// The orders of keys are merged into one that respects time across keys as well.
func TestOrdersOfSeveralKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	held := 0
	for range *crossChecks / 4 {
		var parts []history.History
		for range 2 + rng.IntN(3) {
			parts = append(parts, mixes[rng.IntN(len(mixes))].generate(rng))
		}
		if r := Check(together(parts...), judge.Budget{Order: true}); r.Verdict == judge.Holds {
			held++ // and Check verified the order
		}
	}
	if held < *crossChecks/20 {
		t.Errorf("only %d histories hold", held)
	}
}

// More operations at once than a search has bits for are for porcupine.
func TestMoreOpenThanBits(t *testing.T) {
	wide := func(n int) history.History {
		h := history.History{write(0, 1, 0, 0), write(0, 1, 1, 1)}
		for i := range n {
			h = append(h, read(1+i, 1, 5, 10))
		}
		h = append(h, with(history.Unknown, swap(n+1, 1, 2, 6, 0)), with(history.Unknown, swap(n+2, 5, 1, 6, 0)), read(0, 2, 20, 30))
		slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
		return h
	}
	for n, engine := range map[int]string{maxOpen: Search, maxOpen + 1: Porcupine} {
		h := wide(n)
		if r := Check(h, judge.Budget{Order: true}); r.Verdict != judge.Holds || r.Engine != engine || r.Steps == 0 {
			t.Errorf("%d at once: %v by %s after %d steps, want it to hold by %s", n, r.Verdict, r.Engine, r.Steps, engine)
		}
		bad := slices.Insert(slices.Clone(h), 2, read(0, 5, 2, 3), read(0, 1, 4, 4)) // porcupine would not find a later one
		r := Check(bad, judge.Budget{Brief: true})
		if r.Verdict != judge.Violated || r.Engine != engine || !slices.Equal(r.Evidence.Ops, []int{2}) {
			t.Errorf("%d at once: %+v, want operation 2 to be the last straw by %s", n, r, engine)
		}
		if r := Check(bad, judge.Budget{Steps: -8 * len(bad)}); r.Verdict != judge.Violated || r.Evidence.Text != "client 0 read x=5 at 2 ms, but nobody wrote 5" {
			t.Errorf("%d at once, without a budget: %+v, want what needs no search", n, r)
		}
		if r := Check(h, judge.Budget{Steps: -8 * len(h)}); r.Verdict != judge.Undecided {
			t.Errorf("%d at once, without a budget: %+v", n, r)
		}
	}
}

// What cannot be judged is undecided, and says why; it hides no violation.
func TestKeysThatCannotBeJudged(t *testing.T) {
	enqueue := did(1, history.Enqueue, 0, 10)
	enqueue.In = history.Num(1)
	zero := did(1, history.Push, 0, 10)
	listed := did(1, history.Add, 0, 10)
	listed.In.List = []int64{1}
	for _, c := range []struct {
		h    history.History
		text string
	}{
		{history.History{enqueue, write(2, 1, 20, 30)}, "x is used as two of register, set, queue and stack; give each its own key"},
		{history.History{zero}, "a list or 0 was put in x, where single numbers other than 0 are expected: 0 stands for nothing there; give each item a number"},
		{history.History{listed}, "a list or 0 was put in x, where single numbers other than 0 are expected: 0 stands for nothing there; give each item a number"},
	} {
		r := Check(c.h, judge.Budget{Order: true})
		if r.Verdict != judge.Undecided || r.Evidence.Text != c.text || r.Order != nil {
			t.Errorf("got %+v\nwant undecided: %s", r, c.text)
		}
		bad := read(3, 7, 40, 50)
		bad.Key = "y"
		if r := Check(append(c.h, bad), judge.Budget{}); r.Verdict != judge.Violated {
			t.Errorf("with a violation on another key: %+v", r)
		}
	}
}

// A violation late in a long history is explained by what is close to it.
func TestWitnessOfALongHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{100, witnessOps - 4, witnessOps, 20_000} {
		h := loop{ops: n, clients: 4, values: 3, cas: 0.2}.generate(rng)
		end := slices.MaxFunc(h, func(a, b history.Op) int { return int(a.Return - b.Return) }).Return
		for k, op := range []history.Op{write(1, 1, 1, 2), write(1, 2, 3, 4), read(1, 2, 3, 5), read(1, 1, 6, 7)} {
			op.Call, op.Return = end+history.Time(op.Call), end+history.Time(op.Return)
			if k != 2 || n > 100 {
				h = append(h, op)
			}
		}
		r := Check(h, judge.Budget{})
		if want := []int{len(h) - 2, len(h) - 1}; r.Verdict != judge.Violated || (!slices.Equal(r.Evidence.Ops, want) && n > 100) {
			t.Errorf("%d operations: %v by %s, evidence %v: %s", n, r.Verdict, r.Engine, r.Evidence.Ops, r.Evidence.Text)
		}
	}
}

// A search decides with the steps that it needs, and not with one less.
func TestSearchHasAnExactEdge(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	s := new(search)
	edges := 0
	for range 200 {
		h := loop{ops: 12, clients: 3, values: 3, cas: 0.3, crash: 0.05}.generate(rng)
		for _, k := range keysOf(t, h) {
			s.prepare(question{h: h, ops: k.ops, family: k.family, until: history.Never})
			for name, run := range map[string]func(int) (judge.Verdict, int32){"depth": s.depth, "breadth": s.breadth} {
				s.steps = 0
				want, _ := run(math.MaxInt)
				needed := s.steps
				if s.steps = 0; needed == 0 {
					continue
				}
				if v, _ := run(needed); v != want {
					t.Fatalf("%s: %v in %d steps, %v in as many as it likes:\n%s", name, v, needed, want, dump(h))
				}
				s.steps = 0
				if v, _ := run(needed - 1); v != judge.Undecided {
					t.Fatalf("%s: %v in %d steps, though %d are needed:\n%s", name, v, needed-1, needed, dump(h))
				}
				edges++
			}
		}
	}
	if edges == 0 {
		t.Error("no search")
	}
}

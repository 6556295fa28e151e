package converge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/keys"
	"faultline/checker/linear"
)

func op(k history.Kind, call, ret history.Time) history.Op {
	return history.Op{Kind: k, Key: "x", Call: call, Return: ret, Status: history.OK}
}

func write(v int64, call, ret history.Time) history.Op {
	o := op(history.Write, call, ret)
	o.In = history.Num(v)
	return o
}

func add(v int64, call, ret history.Time) history.Op {
	o := op(history.Append, call, ret)
	o.In = history.Num(v)
	return o
}

func read(v int64, call, ret history.Time) history.Op {
	o := op(history.Read, call, ret)
	o.Out = history.Num(v)
	return o
}

func list(items ...int64) history.Op {
	o := op(history.Read, 900, 901)
	o.Out.List = items
	return o
}

func unknown(o history.Op) history.Op {
	o.Status, o.Return = history.Unknown, history.Never
	return o
}

func swap(from, to int64, call, ret history.Time) history.Op {
	o := op(history.CAS, call, ret)
	o.Expect, o.In, o.Swapped = history.Num(from), history.Num(to), true
	return o
}

func final(v int64) history.Op { return read(v, 900, 901) }

func TestLostWrites(t *testing.T) {
	type h = history.History
	failed := write(1, 0, 10)
	failed.Status = history.Failed
	for _, c := range []struct {
		name      string
		h, finals h
		want      string // acked, lost operations, unjudged keys
	}{
		{"the last write is there", h{write(1, 0, 10), write(2, 20, 30)}, h{final(2)}, "2 [] []"},
		{"the last write is gone", h{write(1, 0, 10), write(2, 20, 30)}, h{final(1)}, "2 [1] []"},
		{"a fallback takes all newer writes along", h{write(1, 0, 10), write(2, 20, 30), write(3, 40, 50)}, h{final(1)}, "3 [1 2] []"},
		{"nothing is there at all", h{write(1, 0, 10), write(2, 20, 30)}, h{final(0)}, "2 [0 1] []"},
		{"concurrent writes: either may win", h{write(1, 0, 30), write(2, 20, 40)}, h{final(1)}, "2 [] []"},
		{"writes that touch are concurrent", h{write(1, 0, 20), write(2, 20, 40)}, h{final(1)}, "2 [] []"},
		{"an unknown write may come late and win", h{unknown(write(1, 0, 0)), write(2, 20, 40)}, h{final(1)}, "1 [] []"},
		{"but not if it was read before the other was called", h{unknown(write(1, 0, 0)), read(1, 5, 10), write(2, 20, 40)}, h{final(1)}, "1 [2] []"},
		{"an unknown write is never lost", h{write(1, 0, 10), unknown(write(2, 20, 0))}, h{final(1)}, "1 [] []"},
		{"a failed write is never lost", h{failed, write(2, 20, 30)}, h{final(2)}, "1 [] []"},
		{"a compare-and-set is a write", h{write(1, 0, 10), swap(1, 2, 20, 30)}, h{final(1)}, "2 [1] []"},
		{"one replica still has it", h{write(1, 0, 10), write(2, 20, 30)}, h{final(1), final(2), final(1)}, "2 [] []"},
		{"the same value written again later", h{write(1, 0, 10), write(2, 20, 30), write(1, 40, 50)}, h{final(1)}, "3 [] []"},
		{"the same value written twice before", h{write(1, 0, 10), write(1, 12, 15), write(2, 20, 30)}, h{final(1)}, "3 [2] []"},
		{"written twice: a read does not say which", h{write(1, 0, 10), read(1, 12, 15), write(1, 18, 50), write(2, 20, 30)}, h{final(1)}, "3 [] []"},
		{"not read in the end", h{write(1, 0, 10)}, h{unknown(final(1))}, "0 [] [x]"},
		{"a value from nowhere", h{write(1, 0, 10)}, h{final(9)}, "0 [] [x]"},
		{"appends that are there", h{add(1, 0, 10), add(2, 0, 10)}, h{list(2, 1)}, "2 [] []"},
		{"an append in the middle is gone", h{add(1, 0, 10), add(2, 20, 30), unknown(add(3, 40, 0)), add(4, 60, 70)}, h{list(1, 4)}, "3 [1] []"},
		{"another replica has the append", h{add(1, 0, 10), add(2, 20, 30)}, h{list(1), list(1, 2)}, "2 [] []"},
		{"appends and writes on one key", h{add(1, 0, 10), write(2, 20, 30)}, h{final(2)}, "0 [] [x]"},
		{"a number from nowhere", h{add(1, 0, 10)}, h{list(1, 9)}, "0 [] [x]"},
		{"by version, a concurrent write is newer", h{at(1, write(1, 0, 30)), at(2, write(2, 20, 40))}, h{at(1, final(1))}, "2 [1] []"},
		{"by version, it is overwritten", h{at(2, write(1, 0, 30)), at(1, write(2, 20, 40))}, h{at(2, final(1))}, "2 [] []"},
		{"a later write that a fast clock overruled is lost by real time", h{at(2, write(1, 0, 10)), at(1, write(2, 20, 30))}, h{at(2, final(1))}, "2 [1] []"},
		{"by version, the same value is another", h{at(1, write(1, 0, 10)), at(2, write(2, 20, 30)), at(3, write(1, 40, 50))}, h{at(1, final(1))}, "3 [1 2] []"},
		{"by version, nothing is left", h{at(1, write(1, 0, 30)), at(2, write(2, 0, 30))}, h{final(0)}, "2 [0 1] []"},
		{"by version, the newest final read counts", h{at(1, write(1, 0, 30)), at(2, write(2, 0, 30)), at(3, write(3, 0, 30))}, h{at(1, final(1)), at(2, final(2)), final(0)}, "3 [2] []"},
		{"a final read without its version", h{at(1, write(1, 0, 30)), at(2, write(2, 20, 40))}, h{final(1)}, "2 [] []"},
		{"by version, appends and writes on one key", h{at(1, add(1, 0, 10)), at(2, write(2, 20, 30))}, h{at(2, final(2))}, "2 [] []"},
		{"members of a set", h{member(1, 0, 10), member(2, 20, 30)}, h{list(2)}, "2 [0] []"},
		{"what is taken from a queue is not lost", h{queued(1, 0, 10)}, h{list()}, "0 [] [x]"},
		{"only reads", h{read(0, 0, 10)}, h{}, "0 [] []"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := LostWrites(c.h, c.finals)
			lost := []int{}
			for _, x := range l.Lost {
				lost = append(lost, x.Op)
			}
			if got := fmt.Sprint(l.Acked, lost, l.Unjudged); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// at gives the operation a version.
func at(major int64, o history.Op) history.Op {
	o.Version.Major = major
	return o
}

func member(v int64, call, ret history.Time) history.Op {
	o := add(v, call, ret)
	o.Kind = history.Add
	return o
}

func queued(v int64, call, ret history.Time) history.Op {
	o := add(v, call, ret)
	o.Kind = history.Enqueue
	return o
}

func TestLossesSayWhatProvesThem(t *testing.T) {
	h := history.History{at(1, write(1, 0, 30)), at(3, write(2, 20, 40)), at(2, write(3, 50, 60))}
	l := LostWrites(h, history.History{at(1, final(1))})
	if want := []Lost{{1, 0, true}, {2, 0, false}}; !slices.Equal(l.Lost, want) || l.Ranked != 3 {
		t.Errorf("%+v, want %+v", l, want)
	}
}

// random returns a history of a register or a list, and final reads of it.
func random(rng *rand.Rand) (h, finals history.History) {
	lists := rng.IntN(3) == 0
	var items []int64
	for i := range 1 + rng.IntN(6) {
		call := history.Time(rng.IntN(30))
		ret := call + history.Time(rng.IntN(10))
		v := int64(i + 1)
		o := write(v, call, ret)
		switch {
		case lists:
			o = add(v, call, ret)
		case rng.IntN(4) == 0:
			o = read(rng.Int64N(4), call, ret)
		}
		if rng.IntN(5) == 0 {
			o = unknown(o)
		}
		o.Client, o.Process = i, i
		h = append(h, o)
		if rng.IntN(3) > 0 {
			items = append(items, v)
		}
	}
	for range 1 + rng.IntN(2) {
		o := final(rng.Int64N(7))
		if lists {
			o = list(items...)
		}
		o.Client, o.Process = 9, 9
		finals = append(finals, o)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h, finals
}

// plainLost is the definition, read aloud, for one key with distinct values.
func plainLost(h, finals history.History) (lost []int) {
	over := func(v history.Value) history.Time {
		at := beginning
		for _, w := range h {
			if w.Kind == history.Write && w.In.Equal(v) {
				at = history.Never
				if w.Status == history.OK {
					at = w.Return
				}
				for _, r := range h {
					if r.Kind == history.Read && r.Status == history.OK && r.Out.Equal(v) {
						at = min(at, max(r.Return, w.Call))
					}
				}
			}
		}
		return at
	}
	for i, w := range h {
		gone := w.Status == history.OK && w.Kind != history.Read
		for _, f := range finals {
			if w.Kind == history.Append && slices.Contains(f.Out.List, w.In.Num) || w.Kind == history.Write && over(f.Out) >= w.Call {
				gone = false
			}
		}
		if gone {
			lost = append(lost, i)
		}
	}
	return lost
}

func TestAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	some, none := 0, 0
	for range 20_000 {
		h, finals := random(rng)
		l := LostWrites(h, finals)
		if len(l.Unjudged) > 0 {
			continue
		}
		var got []int
		for _, x := range l.Lost {
			got = append(got, x.Op)
		}
		if want := plainLost(h, finals); !slices.Equal(got, want) {
			t.Fatalf("lost %v, want %v, of\n%v\nwith %v", got, want, h, finals)
		}
		if len(got) == 0 {
			none++
			continue
		}
		some++
		if r := linear.Check(append(h, finals...), judge.Budget{}); r.Verdict != judge.Violated {
			t.Fatalf("lost %v, though it is linearizable:\n%v\nwith %v", got, h, finals)
		}
	}
	if some < 2_000 || none < 2_000 {
		t.Errorf("%d histories with losses, %d without: the generator is lopsided", some, none)
	}
}

func TestAfterHeal(t *testing.T) {
	type h = history.History
	const healed = 100
	for _, c := range []struct {
		name      string
		h, finals h
		stale     []int
		want      Convergence
	}{
		{"nothing disagrees", h{write(1, 0, 10), read(1, 110, 120)}, h{final(1)}, nil, Convergence{0, -1, 1, true}},
		{"a stale read after the heal", h{write(1, 0, 10), read(0, 110, 120), read(0, 120, 130)}, nil, []int{1}, Convergence{10, 1, 0, true}},
		{"a stale read of what is there in the end", h{write(1, 0, 10), read(0, 110, 120)}, h{final(0)}, []int{1}, Convergence{0, -1, 1, true}},
		{"a stale read of one of two final values", h{write(1, 0, 10), write(2, 150, 160), read(0, 170, 180)}, h{final(0), final(2)}, []int{2}, Convergence{70, 2, 1, false}},
		{"a stale read while the key is written", h{write(1, 0, 10), read(0, 110, 120), write(2, 110, 120)}, h{final(2)}, []int{1}, Convergence{10, 1, 1, true}},
		{"a stale read before the heal", h{write(1, 0, 10), read(0, 100, 120)}, h{final(1)}, []int{1}, Convergence{0, -1, 0, true}},
		{"a read of what did not last", h{write(1, 0, 30), write(2, 0, 30), read(2, 105, 110), read(2, 150, 160), read(1, 170, 180)}, h{final(1)}, nil, Convergence{50, 3, 3, true}},
		{"but not while something may change the key", h{write(1, 0, 30), unknown(write(2, 0, 30)), read(2, 150, 160)}, h{final(1)}, nil, Convergence{0, -1, 1, true}},
		{"a write that ended with the heal", h{write(1, 0, 100), read(0, 150, 160)}, h{final(1)}, nil, Convergence{0, -1, 1, true}},
		{"final reads that differ", h{write(1, 0, 30), write(2, 0, 30), read(2, 150, 160)}, h{final(1), final(2)}, nil, Convergence{0, -1, 1, false}},
		{"a set has no order", h{member(1, 0, 10), member(2, 0, 10), called(list(2, 1), 150), called(list(1), 120)}, h{list(1, 2)}, nil, Convergence{20, 3, 2, true}},
		{"a list has", h{add(1, 0, 10), add(2, 0, 10), called(list(2, 1), 150)}, h{list(1, 2)}, nil, Convergence{50, 2, 1, true}},
	} {
		if got := AfterHeal(c.h, keys.Of(c.h), c.finals, healed, c.stale); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// called moves an operation to the given call.
func called(o history.Op, call history.Time) history.Op {
	o.Call, o.Return = call, call+1
	return o
}

func TestLossesAsResult(t *testing.T) {
	h := history.History{write(1, 0, 10), write(2, 20, 30)}
	for _, c := range []struct {
		finals  history.History
		verdict judge.Verdict
		text    string
	}{
		{history.History{final(2)}, judge.Holds, ""},
		{history.History{final(1)}, judge.Violated, "client 0 wrote x=2 (answered at 30 ns), but in the end client 0 read x=1 (1 of 2 acknowledged writes lost)"},
		{nil, judge.Undecided, "1 keys were not read in the end, or show values nobody wrote; the first is x"},
	} {
		l := LostWrites(h, c.finals)
		if r := l.Result(h, c.finals); r.Verdict != c.verdict || r.Evidence.Text != c.text || r.Score != float64(len(l.Lost)) {
			t.Errorf("got %+v, want %v %s", r, c.verdict, c.text)
		}
	}
}

func TestDivergence(t *testing.T) {
	item := func(key string, v int64) Item { return Item{key, history.Num(v)} }
	a := Replica{Node: 0, Items: []Item{item("y", 2), item("x", 1), {"log", history.Value{List: []int64{1, 2}}}}}
	b := Replica{Node: 1, Items: []Item{item("x", 1), item("y", 3), {"log", history.Value{List: []int64{1, 2}}}}}
	c := Replica{Node: 2, Items: []Item{item("x", 1), item("y", 2), item("z", 5), {"log", history.Value{List: []int64{2, 1}}}}}
	want := "[{log [[1,2] [1,2] [2,1]]} {y [2 3 2]} {z [null null 5]}]"
	if got := fmt.Sprint(Divergence([]Replica{a, b, c})); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Divergence([]Replica{a, a, a}); got != nil {
		t.Errorf("equal replicas differ on %v", got)
	}
	if got := Divergence(nil); got != nil {
		t.Errorf("no replicas differ on %v", got)
	}
}

func TestReplicasThatDoNotHoldAKeyDoNotDiffer(t *testing.T) {
	away := func(string) bool { return false }
	replicas := []Replica{
		{Node: 0, Items: []Item{{"x", history.Num(1)}}},
		{Node: 1, Items: []Item{{"x", history.Num(1)}}},
		{Node: 2, Home: away},
	}
	if apart := Divergence(replicas); len(apart) != 0 {
		t.Errorf("a replica that is no home of x differs on it: %v", apart)
	}
	replicas[2].Home = nil
	if apart := Divergence(replicas); len(apart) != 1 {
		t.Errorf("a replica that holds x and misses it does not differ: %v", apart)
	}
}

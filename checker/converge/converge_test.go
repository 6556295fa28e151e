package converge

import (
	"fmt"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
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

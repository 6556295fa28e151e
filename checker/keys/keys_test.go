package keys

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
)

func op(kind history.Kind, key string, in, out int64) history.Op {
	return history.Op{Kind: kind, Key: key, In: history.Num(in), Out: history.Num(out), Status: history.OK}
}

func list(key string, items ...int64) history.Op {
	return history.Op{Kind: history.Read, Key: key, Out: history.Value{List: items}, Status: history.OK}
}

func with(o history.Op, change func(*history.Op)) history.Op {
	change(&o)
	return o
}

func unknown(o *history.Op) { o.Status = history.Unknown }
func failed(o *history.Op)  { o.Status = history.Failed }
func blind(o *history.Op)   { o.Blind = true }
func swapped(o *history.Op) { o.Swapped = true }

func version(major, minor int64) func(*history.Op) {
	return func(o *history.Op) { o.Version = history.Version{Major: major, Minor: minor} }
}

const (
	get   = history.Read
	write = history.Write
	cas   = history.CAS
	add   = history.Append
)

func TestOf(t *testing.T) {
	h := history.History{
		0:  op(get, "x", 0, 0),
		1:  op(write, "x", 7, 0),
		2:  op(add, "log", 1, 0),
		3:  with(op(write, "x", 8, 0), unknown),
		4:  with(op(write, "x", 9, 0), failed),
		5:  op(get, "x", 0, 8),
		6:  op(get, "x", 0, 9),
		7:  with(op(get, "x", 0, 7), unknown),
		8:  with(op(cas, "x", 10, 7), swapped),
		9:  op(cas, "x", 11, 10),
		10: with(op(cas, "y", 12, 0), blind),
		11: list("log", 1),
		12: list("x", 1),
		13: with(op(get, "z", 0, 0), failed),
		14: op(history.Enqueue, "q", 5, 0),
		15: op(history.Dequeue, "q", 0, 0), // found it empty
		16: op(history.Dequeue, "q", 0, 5),
	}
	got := ""
	for _, k := range Of(h) {
		got += fmt.Sprintln(k.Name, k.Shape, k.Blind, k.Writes, k.Reads, k.From)
	}
	const want = `x register false [1 3 8] [0 5 6 9 12] [-1 1 -2 2 -2]
log list false [2] [11] []
y register true [] [] []
q set, queue or stack false [14 16] [] []
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(Of(nil)) != 0 {
		t.Error("keys of an empty history")
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		want Shape
		h    history.History
	}{
		{Register, history.History{op(write, "x", 1, 0), op(write, "x", 1<<60, 0), op(write, "x", -1<<63, 0)}},
		{Repeated, history.History{op(write, "x", 1, 0), op(write, "x", 1, 0)}},
		{Repeated, history.History{op(write, "x", 1, 0), op(write, "x", 1<<60, 0), with(op(write, "x", 1, 0), unknown)}},
		{Repeated, history.History{op(add, "x", 1, 0), op(add, "x", 1, 0)}},
		{Mixed, history.History{op(write, "x", 1, 0), op(add, "x", 2, 0)}},
		{Mixed, history.History{op(write, "x", 0, 0)}},
		{Mixed, history.History{op(add, "x", 1, 0), op(history.Add, "x", 2, 0)}},
		{Mixed, history.History{with(op(write, "x", 0, 0), func(o *history.Op) { o.In.List = []int64{1} })}},
		{Items, history.History{op(history.Add, "x", 1, 0), op(history.Push, "x", 1, 0)}},
		{List, history.History{op(add, "x", 0, 0), op(add, "x", 1, 0)}},
	} {
		if got := Of(c.h)[0].Shape; got != c.want {
			t.Errorf("%v, want %v for %v", got, c.want, c.h)
		}
	}
}

func TestRanks(t *testing.T) {
	w := func(v, major int64) history.Op { return with(op(write, "x", v, 0), version(major, 0)) }
	r := func(v, major int64) history.Op { return with(op(get, "x", 0, v), version(major, 0)) }
	for _, c := range []struct {
		name string
		h    history.History
		want string
	}{
		{"by version, not by call", history.History{w(1, 20), w(2, 10), r(0, 0), r(1, 20), r(2, 10)}, "{[2 1] [0 2 1] 2} true"},
		{"an unknown write learns its rank from a read", history.History{w(1, 20), with(w(2, 0), unknown), r(2, 10)}, "{[2 1] [1] 2} true"},
		{"or has none", history.History{w(1, 20), with(w(2, 0), unknown)}, "{[1 0] [] 1} true"},
		{"the minor number breaks ties", history.History{with(w(1, 5), version(5, 2)), with(w(2, 5), version(5, 1))}, "{[2 1] [] 2} true"},
		{"values that repeat", history.History{w(1, 1), w(2, 2), w(1, 3), r(1, 3), r(1, 1)}, "{[1 2 3] [3 1] 3} true"},
		{"only the initial value", history.History{r(0, 0)}, "{[] [] 0} false"},
		{"an acknowledged write without a version", history.History{w(1, 0), r(1, 10)}, "{[] [] 0} false"},
		{"a read without a version", history.History{w(1, 10), r(1, 0)}, "{[] [] 0} false"},
		{"two writes of one version", history.History{w(1, 10), w(2, 10)}, "{[] [] 0} false"},
		{"one version of two values", history.History{w(1, 10), w(2, 20), r(2, 10)}, "{[] [] 0} false"},
		{"one value of two versions", history.History{with(w(2, 0), unknown), r(2, 10), r(2, 20)}, "{[] [] 0} false"},
		{"a read knows another version than the write", history.History{w(2, 10), r(2, 5)}, "{[] [] 0} false"},
	} {
		keys := Of(c.h)
		ranks, ok := keys[0].Ranks(c.h)
		if got := fmt.Sprint(ranks, ok); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// random returns a history of a few keys in which anything may happen.
func random(rng *rand.Rand) history.History {
	h := make(history.History, rng.IntN(20))
	kinds := 1 + rng.IntN(9)
	spread, apart := []int64{1, 1, 1 << 40}[rng.IntN(3)], rng.IntN(2) == 0
	for i := range h {
		h[i] = history.Op{
			Kind: history.Kind(rng.IntN(kinds)), Key: string(rune('a' + rng.IntN(3))), Status: history.Status(rng.IntN(3)),
			In: history.Num(spread * int64(i+1)), Out: history.Num(spread * rng.Int64N(20)), Swapped: rng.IntN(2) == 0, Blind: rng.IntN(4) == 0,
		}
		if apart { // each key has numbers of its own, or keys share them
			h[i].In = history.Num(spread * (1 + rng.Int64N(12)))
		}
		switch rng.IntN(20) {
		case 0:
			h[i].In = history.Value{}
		case 1, 2:
			h[i].In = history.Num(spread * (1 + rng.Int64N(20)))
		}
		if rng.IntN(30) == 0 {
			h[i].Out = history.Value{List: []int64{1}}
		}
	}
	return h
}

func TestAgreesWithThePlainWay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	shapes := map[Shape]int{}
	for range 20_000 {
		h := random(rng)
		for _, k := range Of(h) {
			shapes[k.Shape]++
			var writes, reads []int32
			for i := range h {
				switch op := &h[i]; {
				case op.Key != k.Name:
				case op.Observes():
					reads = append(reads, int32(i))
				case op.MayMutate():
					writes = append(writes, int32(i))
				}
			}
			if !slices.Equal(writes, k.Writes) || !slices.Equal(reads, k.Reads) {
				t.Fatalf("key %s: writes %v reads %v, want %v %v", k.Name, k.Writes, k.Reads, writes, reads)
			}
			if k.Shape != Register {
				continue
			}
			for n, r := range k.Reads {
				if got, want := k.From[n], plainFrom(h, &k, h[r].Out); got != want {
					t.Fatalf("read %d is from %d, want %d, in\n%v", r, got, want, h)
				}
			}
		}
	}
	for s := Register; s <= Items; s++ {
		if shapes[s] < 100 {
			t.Errorf("only %d keys of the shape %v: the generator is lopsided", shapes[s], s)
		}
	}
}

func plainFrom(h history.History, k *Key, v history.Value) int32 {
	if v.IsZero() {
		return Initial
	}
	for place, w := range k.Writes {
		if h[w].In.Equal(v) {
			return int32(place)
		}
	}
	return Nobody
}

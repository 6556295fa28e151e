package checker

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/checker/converge"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

const ms = history.Time(time.Millisecond)

func op(client int, kind history.Kind, v int64, call, ret history.Time) history.Op {
	o := history.Op{Client: client, Process: client, Kind: kind, Key: "x", Call: call, Return: ret, Status: history.OK}
	if kind == history.Read || kind.Takes() {
		o.Out = history.Num(v)
	} else {
		o.In = history.Num(v)
	}
	return o
}

// A store answers from an old replica for a while, and one append of a log vanishes.
func story() Run {
	on := func(key string, o history.Op) history.Op {
		o.Key, o.Call, o.Return = key, o.Call*ms, o.Return*ms
		return o
	}
	list := func(call, ret history.Time, items ...int64) history.Op {
		o := on("log", op(3, history.Read, 0, call, ret))
		o.Out.List = items
		return o
	}
	lost := on("log", op(4, history.Append, 9, 500, 650))
	lost.Status, lost.Return = history.Unknown, history.Never
	lost.Attempts = []history.Attempt{{Node: 1, Call: 500 * ms, Return: 650 * ms}}
	h := history.History{
		on("x", op(1, history.Write, 1, 100, 200)),
		on("log", op(3, history.Append, 7, 150, 160)),
		on("x", op(2, history.Read, 1, 210, 220)),
		on("x", op(1, history.Write, 2, 300, 400)),
		on("log", op(3, history.Append, 8, 310, 320)),
		lost,
		on("x", op(2, history.Read, 1, 510, 520)),
		on("x", op(2, history.Read, 1, 700, 710)),
		list(750, 760, 7, 9),
		on("x", op(2, history.Read, 2, 800, 810)),
		on("x", op(2, history.Read, 2, 2000, 2001)),
		list(2010, 2011, 7, 9),
	}
	held := func(v int64) []converge.Item { return []converge.Item{{Key: "x", Value: history.Num(v)}} }
	return Run{
		History: h, Finals: h[10:], Healed: 600 * ms, End: 1000 * ms,
		Replicas: []converge.Replica{{Node: 0, Items: held(2)}, {Node: 1, Items: held(1)}},
	}
}

func TestScoresOfAStory(t *testing.T) {
	got, err := json.MarshalIndent(Score(story()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "story.json")
	if *rewrite {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(want), "\n") {
		if lines := strings.Split(string(got)+"\n", "\n"); i >= len(lines) || lines[i] != line {
			t.Fatalf("%s:%d does not come out: %s\nif this is meant, go test ./checker -rewrite", golden, i+1, lines[min(i, len(lines)-1)])
		}
	}
}

// random returns a run in which anything may happen.
func random(rng *rand.Rand) Run {
	kinds := [][]history.Kind{
		{history.Read, history.Write}, {history.Read, history.Write, history.CAS}, {history.Read, history.Append}, {history.Read, history.Add},
		{history.Enqueue, history.Dequeue}, {history.Read, history.Write, history.Append, history.CAS, history.Push, history.Pop},
	}[rng.IntN(6)]
	var h history.History
	at := history.Time(0)
	for i := range rng.IntN(25) {
		at += history.Time(rng.IntN(5))
		o := op(i, kinds[rng.IntN(len(kinds))], int64(i+1), at, at+history.Time(rng.IntN(12)))
		o.Key = string(rune('a' + rng.IntN(2)))
		o.Status = []history.Status{history.OK, history.OK, history.OK, history.OK, history.Unknown, history.Failed}[rng.IntN(6)]
		if o.Status == history.Unknown {
			o.Return = history.Never
		}
		if o.Kind == history.Read || o.Kind.Takes() {
			o.Out = history.Num(rng.Int64N(int64(i + 2)))
			if kinds[1] == history.Append || kinds[1] == history.Add {
				o.Out = history.Value{}
				for v := range rng.Int64N(int64(i + 1)) {
					o.Out.List = append(o.Out.List, v+1)
				}
			}
		}
		if o.Kind == history.CAS {
			o.Expect, o.Out = history.Num(rng.Int64N(int64(i+2))), history.Num(rng.Int64N(int64(i+2)))
			o.Swapped, o.Blind = rng.IntN(2) == 0, rng.IntN(6) == 0
		}
		if rng.IntN(3) == 0 {
			o.Version.Major = rng.Int64N(8)
		}
		h = append(h, o)
	}
	r := Run{History: h, Healed: history.Time(rng.IntN(60)), End: history.Time(rng.IntN(80)), Window: time.Duration(rng.IntN(20))}
	for i := range h {
		if h[i].Kind == history.Read && rng.IntN(4) == 0 {
			r.Finals = append(r.Finals, h[i])
		}
	}
	return r
}

func TestScoresGoTogether(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3_000 {
		r := random(rng)
		s := Score(r)
		again, err := json.Marshal(Score(r))
		if got, _ := json.Marshal(s); err != nil || string(got) != string(again) {
			t.Fatalf("scored twice: %s and %s, %v", got, again, err)
		}
		perfect := s.Delta.Time == 0 && !s.Delta.Infinite
		if gamma := s.Gamma.Time == 0 && !s.Gamma.Infinite; gamma != perfect {
			t.Fatalf("Delta %+v, Gamma %+v", s.Delta, s.Gamma)
		}
		if s.K.Unjudged == s.Unjudged && perfect != (s.K.Upper == 1 && !s.K.Infinite) {
			t.Fatalf("Delta %+v, k %+v", s.Delta, s.K)
		}
		if s.K.Lower > s.K.Upper || s.Removal.Lower > s.Removal.Upper || s.Removal.Upper != len(s.RemovalOps) {
			t.Fatalf("k %+v, removal %+v", s.K, s.Removal)
		}
		if s.Unjudged == 0 && !hasItems(r.History) {
			if v := linear.Check(r.History, judge.Budget{}).Verdict; v != judge.Undecided && (v == judge.Holds) != perfect {
				t.Fatalf("Delta %+v, but it %v, for %v", s.Delta, v, r.History)
			}
		}
		if s.Consistability.Value > s.Consistability.Availability {
			t.Fatalf("%+v", s.Consistability)
		}
	}
}

func hasItems(h history.History) bool {
	for i := range h {
		if k := h[i].Kind; k > history.Append {
			return true
		}
	}
	return false
}

// served is a run of so many operations on so many keys; one read of so many is stale.
func served(ops, keys, stale int, lists bool) Run {
	rng := rand.New(rand.NewPCG(1, 2))
	names := make([]string, keys)
	held := make([][]int64, keys)
	for k := range names {
		names[k] = fmt.Sprint("key", k)
	}
	var h history.History
	for i := range ops {
		k := rng.IntN(keys)
		o := op(i%10, history.Read, 0, history.Time(i)*ms, history.Time(i)*ms+history.Time(rng.Int64N(int64(5*ms))))
		o.Key = names[k]
		back := 0
		if stale > 0 && rng.IntN(stale) == 0 {
			back = 1 + rng.IntN(4)
		}
		n := max(0, len(held[k])-back)
		switch {
		case rng.IntN(2) == 0 && lists:
			o.Kind, o.In = history.Append, history.Num(int64(i+1))
			held[k] = append(held[k], int64(i+1))
		case o.Kind == history.Read && lists:
			o.Out.List = held[k][:n:n]
		case rng.IntN(2) == 0:
			o.Kind, o.In = history.Write, history.Num(int64(i+1))
			held[k] = append(held[k], int64(i+1))
		case n > 0:
			o.Out = history.Num(held[k][n-1])
		}
		h = append(h, o)
	}
	for k := range names {
		o := op(0, history.Read, 0, history.Time(ops+100)*ms, history.Time(ops+101)*ms)
		o.Key = names[k]
		if n := len(held[k]); lists {
			o.Out.List = held[k]
		} else if n > 0 {
			o.Out = history.Num(held[k][n-1])
		}
		h = append(h, o)
	}
	return Run{History: h, Finals: h[ops:], Healed: history.Time(ops/2) * ms, End: history.Time(ops) * ms}
}

func BenchmarkScore(b *testing.B) {
	for _, c := range []struct {
		name string
		run  Run
	}{
		{"registers", served(1_000, 10, 0, false)}, {"registers,stale", served(1_000, 10, 20, false)},
		{"lists", served(1_000, 10, 0, true)}, {"lists,stale", served(1_000, 10, 20, true)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Score(c.run)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(len(c.run.History)), "ns/operation")
		})
	}
}

package effects

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
)

var crossChecks = flag.Int("crosschecks", 5_000, "random histories to compare with the definitions")

func op(kind history.Kind, v int64, call, ret history.Time) history.Op {
	o := history.Op{Kind: kind, Key: "x", Call: call, Return: ret, Status: history.OK}
	if kind.Takes() || kind == history.Read {
		o.Out = history.Num(v)
	} else {
		o.In = history.Num(v)
	}
	return o
}

func add(v int64, call, ret history.Time) history.Op { return op(history.Append, v, call, ret) }

func write(v int64, call, ret history.Time) history.Op { return op(history.Write, v, call, ret) }

func list(call, ret history.Time, items ...int64) history.Op {
	o := op(history.Read, 0, call, ret)
	o.Out.List = items
	return o
}

func unknown(o history.Op) history.Op {
	o.Status, o.Return = history.Unknown, history.Never
	return o
}

func failed(o history.Op) history.Op {
	o.Status = history.Failed
	return o
}

func (l Ledger) String() string {
	return fmt.Sprintf("%d of %d, lost %v, duplicate %v, phantom %v, limbo %v", l.Acked, l.Intents, l.Lost, l.Duplicate, l.Phantom, l.Limbo)
}

func TestStories(t *testing.T) {
	type h = history.History
	const enqueue, dequeue, member = history.Enqueue, history.Dequeue, history.Add
	for _, c := range []struct {
		name      string
		h, finals h
		want      string
	}{
		{"all is well", h{add(1, 0, 10), add(2, 20, 30), list(40, 50, 1, 2)}, h{list(90, 91, 1, 2)}, "2 of 2, lost [], duplicate [], phantom [], limbo []"},
		{"an append that was seen, and is gone", h{add(1, 0, 10), list(20, 30, 1)}, h{list(90, 91)}, "1 of 1, lost [{x 1 0 1 1}], duplicate [], phantom [], limbo []"},
		{"an append that nobody ever saw", h{add(1, 0, 10)}, h{list(90, 91)}, "1 of 1, lost [{x 1 0 -1 1}], duplicate [], phantom [], limbo []"},
		{"without final reads nothing is known to be lost", h{add(1, 0, 10), list(20, 30)}, nil, "1 of 1, lost [], duplicate [], phantom [], limbo []"},
		{"one final read shows it", h{add(1, 0, 10)}, h{list(90, 91), list(92, 93, 1)}, "1 of 1, lost [], duplicate [], phantom [], limbo []"},
		{"a retry that was applied twice", h{add(1, 0, 10), list(20, 30, 1, 1)}, h{list(90, 91, 1, 1)}, "1 of 1, lost [], duplicate [{x 1 0 1 2}], phantom [], limbo []"},
		{"twice in the end alone", h{add(1, 0, 10)}, h{list(90, 91, 1, 1)}, "1 of 1, lost [], duplicate [{x 1 0 1 2}], phantom [], limbo []"},
		{"asked for twice, happened twice", h{add(1, 0, 10), add(1, 20, 30)}, h{list(90, 91, 1, 1)}, "2 of 2, lost [], duplicate [], phantom [], limbo []"},
		{"asked for twice, happened once", h{add(1, 0, 10), add(1, 20, 30)}, h{list(90, 91, 1)}, "2 of 2, lost [{x 1 0 2 1}], duplicate [], phantom [], limbo []"},
		{"a number from nowhere", h{add(1, 0, 10), list(20, 30, 1, 7)}, nil, "1 of 1, lost [], duplicate [], phantom [{x 7 -1 1 1}], limbo []"},
		{"a number of a failed append", h{failed(add(1, 0, 10)), list(20, 30, 1)}, nil, "0 of 1, lost [], duplicate [], phantom [{x 1 0 1 1}], limbo []"},
		{"a number that failed and succeeded", h{failed(add(1, 0, 10)), add(1, 12, 15), list(20, 30, 1)}, nil, "1 of 2, lost [], duplicate [], phantom [], limbo []"},
		{"an unknown append appears", h{unknown(add(1, 5, 0)), list(10, 15), list(20, 30, 1)}, nil, "0 of 1, lost [], duplicate [], phantom [], limbo [{x 1 0 appeared 2 25ns}]"},
		{"the read that returned first counts", h{unknown(add(1, 5, 0)), list(10, 45, 1), list(20, 30, 1)}, nil, "0 of 1, lost [], duplicate [], phantom [], limbo [{x 1 0 appeared 2 25ns}]"},
		{"it is absent in the end", h{unknown(add(1, 5, 0))}, h{list(90, 91)}, "0 of 1, lost [], duplicate [], phantom [], limbo [{x 1 0 absent -1 0s}]"},
		{"or open", h{unknown(add(1, 5, 0)), list(20, 30)}, nil, "0 of 1, lost [], duplicate [], phantom [], limbo [{x 1 0 open -1 0s}]"},
		{"two unknown appends of a number, one seen", h{unknown(add(1, 5, 0)), unknown(add(1, 7, 0)), list(20, 30, 1)}, nil,
			"0 of 2, lost [], duplicate [], phantom [], limbo [{x 1 0 appeared 2 25ns} {x 1 1 open -1 0s}]"},
		{"an acknowledged one explains what was seen", h{unknown(add(1, 5, 0)), add(1, 7, 9), list(20, 30, 1)}, nil, "1 of 2, lost [], duplicate [], phantom [], limbo [{x 1 0 open -1 0s}]"},
		{"a set that misses a member", h{op(member, 1, 0, 10), op(member, 2, 0, 10), list(20, 30, 2, 1)}, h{list(90, 91, 2)}, "2 of 2, lost [{x 1 0 2 1}], duplicate [], phantom [], limbo []"},
		{"a queue delivers twice", h{op(enqueue, 1, 0, 10), op(dequeue, 1, 20, 30), op(dequeue, 1, 40, 50)}, nil, "1 of 1, lost [], duplicate [{x 1 0 1 2}], phantom [], limbo []"},
		{"a queue delivers what nobody sent", h{op(enqueue, 1, 0, 10), op(dequeue, 2, 20, 30)}, nil, "1 of 1, lost [], duplicate [], phantom [{x 2 -1 1 1}], limbo []"},
		{"a queue delivers what was sent in vain", h{unknown(op(enqueue, 1, 0, 10)), op(dequeue, 1, 20, 30)}, nil, "0 of 1, lost [], duplicate [], phantom [], limbo [{x 1 0 appeared 1 30ns}]"},
		{"an unknown write appears", h{unknown(write(1, 5, 0)), op(history.Read, 1, 20, 30)}, nil, "0 of 1, lost [], duplicate [], phantom [], limbo [{x 1 0 appeared 1 25ns}]"},
		{"an unknown write may have been overwritten", h{unknown(write(1, 5, 0)), write(2, 7, 9)}, h{op(history.Read, 2, 90, 91)}, "1 of 2, lost [], duplicate [], phantom [], limbo [{x 1 0 open -1 0s}]"},
		{"a value of a failed write", h{failed(write(1, 5, 10)), op(history.Read, 1, 20, 30)}, nil, "0 of 1, lost [], duplicate [], phantom [{x 1 0 1 1}], limbo []"},
		{"a list that nobody appended to", h{list(20, 30, 5)}, nil, "0 of 0, lost [], duplicate [], phantom [{x 5 -1 0 1}], limbo []"},
		{"writes and appends are not settled", h{write(1, 5, 10), add(2, 5, 10), list(20, 30, 5)}, nil, "0 of 0, lost [], duplicate [], phantom [], limbo []"},
	} {
		if got := Of(c.h, c.finals); got.String() != c.want {
			t.Errorf("%s:\n%v, want\n%s", c.name, got, c.want)
		}
	}
	if l := Of(h{write(1, 5, 10), add(2, 5, 10)}, nil); l.Unsettled != 1 {
		t.Errorf("%d keys unsettled", l.Unsettled)
	}
	l := Of(h{unknown(add(1, 5, 0)), unknown(add(2, 5, 0)), list(20, 30, 2)}, nil)
	if open, appeared, absent := l.Fates(); open != 1 || appeared != 1 || absent != 0 {
		t.Errorf("fates %d, %d, %d", open, appeared, absent)
	}
}

// random returns a history of one key in which much is wrong.
func random(rng *rand.Rand) (h, finals history.History) {
	brings := []history.Kind{history.Append, history.Append, history.Add, history.Enqueue, history.Write}[rng.IntN(5)]
	repeats := rng.IntN(4) == 0
	var items []int64
	for i := range rng.IntN(10) {
		call := history.Time(rng.IntN(50))
		ret := call + history.Time(rng.IntN(20))
		switch {
		case rng.IntN(2) == 0:
			v := int64(i + 1)
			if repeats {
				v = 1 + rng.Int64N(4)
			}
			o := op(brings, v, call, ret)
			switch rng.IntN(5) {
			case 0:
				o = unknown(o)
			case 1:
				o = failed(o)
			}
			h = append(h, o)
			items = append(items, v)
		case brings == history.Enqueue:
			h = append(h, op(history.Dequeue, rng.Int64N(6), call, ret))
		case brings == history.Write:
			h = append(h, op(history.Read, rng.Int64N(6), call, ret))
		default:
			shown := slices.Clone(items[:rng.IntN(len(items)+1)])
			for range rng.IntN(3) {
				shown = append(shown, 1+rng.Int64N(8))
			}
			h = append(h, list(call, ret, shown...))
		}
	}
	if brings != history.Enqueue {
		for range rng.IntN(3) {
			o := list(90, 91, items[:rng.IntN(len(items)+1)]...)
			if brings == history.Write {
				o = op(history.Read, rng.Int64N(6), 90, 91)
			}
			finals = append(finals, o)
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h, finals
}

// plain is what the definitions say of one number, counted anew for each question.
type plain struct {
	acked, unknown, failed, times, final int
}

func count1(h, finals history.History, v int64) (p plain) {
	in := func(l []int64) (n int) {
		for _, x := range l {
			if x == v {
				n++
			}
		}
		return n
	}
	taken := 0
	for i, o := range append(slices.Clone(h), finals...) {
		switch {
		case o.Kind.Takes():
			if o.Status == history.OK && o.Out.Num == v {
				taken++
			}
		case o.Kind == history.Read:
			n := in(o.Out.List)
			if o.Out.Num == v {
				n = 1
			}
			p.times = max(p.times, n)
			if i >= len(h) {
				p.final = max(p.final, n)
			}
		case o.In.Num != v:
		case o.Status == history.OK:
			p.acked++
		case o.Status == history.Unknown:
			p.unknown++
		default:
			p.failed++
		}
	}
	p.times = max(p.times, taken)
	return p
}

func TestAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	met := map[string]int{}
	for range *crossChecks {
		h, finals := random(rng)
		for name, times := range sameAsCounted(t, h, finals) {
			if times > 0 {
				met[name]++
			}
		}
	}
	t.Log(met)
	for _, name := range sorts {
		if met[name] < *crossChecks/40 {
			t.Errorf("%s only %d times: the generator is lopsided", name, met[name])
		}
	}
}

// sorts are what may be amiss with an intent.
var sorts = [...]string{"lost", "duplicate", "phantom", "appeared", "absent", "open"}

// sameAsCounted checks the ledger of one key against plain counts of the numbers from
// 1 to 20, and returns how often each sort occurs.
func sameAsCounted(t *testing.T, h, finals history.History) map[string]int {
	t.Helper()
	got := Of(h, finals)
	lists := slices.ContainsFunc(h, func(o history.Op) bool { return o.Kind == history.Append || o.Kind == history.Add })
	seen := slices.ContainsFunc(h, func(o history.Op) bool { return o.Status != history.Failed })
	var lost, duplicate, phantom, appeared, absent, open int
	for v := int64(1); v <= 20; v++ {
		p := count1(h, finals, v)
		possible := p.acked + p.unknown
		if !seen {
			continue
		}
		if ended := lists && len(finals) > 0; ended && p.acked > p.final {
			lost++
		}
		if possible > 0 && p.times > possible {
			duplicate++
		}
		if possible == 0 && p.times > 0 {
			phantom++
		}
		there := min(p.unknown, max(0, p.times-p.acked))
		appeared += there
		if lists && len(finals) > 0 {
			absent += p.unknown - there
		} else {
			open += p.unknown - there
		}
	}
	gotOpen, gotAppeared, gotAbsent := got.Fates()
	g := [...]int{len(got.Lost), len(got.Duplicate), len(got.Phantom), gotAppeared, gotAbsent, gotOpen}
	want := [...]int{lost, duplicate, phantom, appeared, absent, open}
	if g != want {
		t.Fatalf("lost, duplicate, phantom, appeared, absent, open %v, want %v, for\n%v\nfinally %v", g, want, h, finals)
	}
	for _, x := range got.Limbo {
		checkLimbo(t, h, finals, x)
	}
	met := map[string]int{}
	for i, name := range sorts {
		met[name] = want[i]
	}
	return met
}

// FuzzOf settles one key whose operations, four bytes each, ask for and show numbers
// from 1 to 16; the last few of them are the reads in the end.
func FuzzOf(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0x01, 0x12, 0, 1, 0x23, 0x34, 1, 1, 0x45, 0x51})
	f.Add([]byte{2, 0, 0, 0x01, 0x12, 1, 1, 0x23, 0x34, 1, 1, 0x45, 0x51})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 {
			return
		}
		brings := [...]history.Kind{history.Append, history.Add, history.Enqueue, history.Push, history.Write}[data[0]%5]
		last := int(data[1] % 4)
		var h history.History
		for data = data[2:]; len(data) >= 4 && len(h) < 16; data = data[4:] {
			call := history.Time(data[2] >> 4)
			h = append(h, tapedOp(brings, data[0], data[1], call, call+history.Time(data[2]&15), data[3]))
		}
		slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
		var finals history.History
		for n := len(h); n > 0 && len(finals) < last && h[n-1].Kind == history.Read; n-- {
			o := h[n-1]
			o.Call, o.Return = o.Call+90, o.Return+90
			finals, h = append(finals, o), h[:n-1]
		}
		sameAsCounted(t, h, finals)
	})
}

// tapedOp makes an operation of the numbers off a tape.
func tapedOp(brings history.Kind, what, v byte, call, ret history.Time, more byte) history.Op {
	number := 1 + int64(v&15)
	switch {
	case what&1 == 0:
		o := op(brings, number, call, ret)
		switch what >> 1 % 4 {
		case 0:
			o = unknown(o)
		case 1:
			o = failed(o)
		}
		return o
	case brings == history.Enqueue:
		return op(history.Dequeue, number-1, call, ret)
	case brings == history.Push:
		return op(history.Pop, number-1, call, ret)
	case brings == history.Write:
		return op(history.Read, number-1, call, ret)
	}
	var shown []int64
	for k := range int64(more & 3) {
		shown = append(shown, 1+(number+int64(more>>2)*k)%16)
	}
	return list(call, ret, shown...)
}

// checkLimbo checks that what is said to show an effect first does so.
func checkLimbo(t *testing.T, h, finals history.History, x Limbo) {
	t.Helper()
	all := append(slices.Clone(h), finals...)
	if x.Fate != Appeared {
		if x.Seen != -1 || x.After != 0 {
			t.Fatalf("%+v", x)
		}
		return
	}
	shows := func(o history.Op) bool {
		return o.Status == history.OK && !o.Kind.Brings() && (o.Out.Num == x.Number || slices.Contains(o.Out.List, x.Number))
	}
	if !shows(all[x.Seen]) || x.After != all[x.Seen].Return.Sub(h[x.Intent].Call) {
		t.Fatalf("%+v is not shown by %v", x, all[x.Seen])
	}
	for _, o := range all {
		if shows(o) && o.Return < all[x.Seen].Return {
			t.Fatalf("%+v is shown earlier by %v", x, o)
		}
	}
}

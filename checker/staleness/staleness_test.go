package staleness

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/keys"
	"faultline/checker/linear"
)

// op is an operation at whole milliseconds.
func op(client int, k history.Kind, call, ret int) history.Op {
	return history.Op{
		Client: client, Process: client, Kind: k, Key: "x", Status: history.OK,
		Call: history.Time(call) * history.Time(time.Millisecond), Return: history.Time(ret) * history.Time(time.Millisecond),
	}
}

func write(client int, v int64, call, ret int) history.Op {
	o := op(client, history.Write, call, ret)
	o.In = history.Num(v)
	return o
}

func read(client int, v int64, call, ret int) history.Op {
	o := op(client, history.Read, call, ret)
	o.Out = history.Num(v)
	return o
}

func add(client int, v int64, call, ret int) history.Op {
	o := op(client, history.Append, call, ret)
	o.In = history.Num(v)
	return o
}

func list(client, call, ret int, items ...int64) history.Op {
	o := op(client, history.Read, call, ret)
	o.Out.List = items
	return o
}

func unknown(o history.Op) history.Op {
	o.Status, o.Return = history.Unknown, history.Never
	return o
}

const ms = time.Millisecond

func TestStories(t *testing.T) {
	for _, c := range []struct {
		name    string
		h       history.History
		stale   []Stale
		samples []Sample
	}{
		{
			"a read of the initial value, after an acknowledged write",
			history.History{write(1, 1, 100, 205), read(2, 0, 700, 701)},
			[]Stale{{Op: 1, Newer: 0, Age: 495 * ms, Versions: 1}},
			[]Sample{{1, 495 * ms, false}},
		},
		{
			"two versions behind, the clock runs from the first overwrite",
			history.History{write(1, 1, 0, 10), write(1, 2, 20, 30), write(1, 3, 40, 50), read(2, 1, 60, 61)},
			[]Stale{{Op: 3, Newer: 1, Age: 30 * ms, Versions: 2}},
			[]Sample{{3, 10 * ms, false}},
		},
		{
			"a concurrent write makes nothing stale",
			history.History{write(1, 1, 0, 30), write(2, 2, 20, 40), read(3, 1, 50, 51)},
			nil,
			[]Sample{{2, 10 * ms, true}},
		},
		{
			"equal instants are concurrent",
			history.History{write(1, 1, 0, 10), write(2, 2, 10, 20), write(3, 3, 20, 30), read(4, 2, 30, 31), read(4, 1, 31, 32)},
			[]Stale{{Op: 4, Newer: 2, Age: 1 * ms, Versions: 1}},
			[]Sample{{3, 10 * ms, true}, {4, 1 * ms, false}},
		},
		{
			"an unknown write that nobody saw proves nothing",
			history.History{write(1, 1, 0, 10), unknown(write(2, 2, 20, 0)), read(3, 1, 50, 51)},
			nil,
			[]Sample{{2, 40 * ms, true}},
		},
		{
			"an unknown write counts from the first read that shows it",
			history.History{write(1, 1, 0, 10), unknown(write(2, 2, 20, 0)), read(3, 2, 30, 35), read(4, 1, 50, 51)},
			[]Stale{{Op: 3, Newer: 1, Age: 15 * ms, Versions: 1}},
			[]Sample{{2, 20 * ms, true}, {3, 40 * ms, false}},
		},
		{
			"a read shows that the old value was in place before a slow write of it was acknowledged",
			history.History{write(1, 1, 0, 90), read(2, 1, 5, 10), write(3, 2, 20, 30), read(4, 1, 40, 41)},
			[]Stale{{Op: 3, Newer: 2, Age: 10 * ms, Versions: 1}},
			[]Sample{{3, 10 * ms, false}},
		},
		{
			"a list that misses acknowledged appends",
			history.History{add(1, 1, 0, 10), add(1, 2, 20, 30), add(2, 3, 25, 60), list(3, 40, 41, 1), list(3, 50, 51, 3, 2, 1), list(4, 70, 71, 3)},
			[]Stale{{Op: 3, Newer: 1, Age: 10 * ms, Versions: 1}, {Op: 5, Newer: 0, Age: 60 * ms, Versions: 2}},
			[]Sample{{3, 10 * ms, false}, {4, 20 * ms, true}, {5, 10 * ms, false}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Measure(c.h)
			if !slices.Equal(got.Stale, c.stale) {
				t.Errorf("stale %+v, want %+v", got.Stale, c.stale)
			}
			if !slices.Equal(got.Samples, c.samples) {
				t.Errorf("samples %+v, want %+v", got.Samples, c.samples)
			}
		})
	}
}

func TestWhatCannotBeJudgedIsCounted(t *testing.T) {
	dup := history.History{write(1, 1, 0, 10), write(1, 1, 20, 30), read(2, 1, 40, 50)}
	mixed := history.History{write(1, 1, 0, 10), add(1, 2, 20, 30), list(2, 40, 50, 2)}
	ghost := history.History{write(1, 1, 0, 10), read(2, 9, 40, 50)}
	for _, c := range []struct {
		h                    history.History
		skipped, unexplained int
	}{{dup, 1, 0}, {mixed, 1, 0}, {ghost, 0, 1}} {
		s := Measure(c.h)
		if s.Reads != 0 || s.Skipped != c.skipped || s.Unexplained != c.unexplained {
			t.Errorf("%+v, want %d skipped and %d unexplained", s, c.skipped, c.unexplained)
		}
		if v := (Checker{}).Check(c.h, judge.Budget{}).Verdict; v != judge.Undecided {
			t.Errorf("%v, want undecided", v)
		}
	}
}

func TestCheckerShowsTheOldestRead(t *testing.T) {
	h := history.History{write(1, 1, 100, 205), read(2, 0, 300, 301), read(2, 0, 700, 701), read(3, 1, 700, 701)}
	r := Checker{}.Check(h, judge.Budget{})
	const want = "client 2 read x=null at 700 ms, though client 1 wrote x=1, which was in place 495 ms earlier (2 stale of 3 reads)"
	if r.Verdict != judge.Violated || r.Evidence.Text != want || !slices.Equal(r.Evidence.Ops, []int{0, 2}) || r.Score != 2.0/3 {
		t.Errorf("%+v", r)
	}
}

// random returns a history of one key with arbitrary answers.
func random(rng *rand.Rand, lists bool) history.History {
	var h history.History
	var written []int64
	for i := range 2 + rng.IntN(12) {
		call := rng.IntN(30)
		ret := call + rng.IntN(10)
		switch {
		case rng.IntN(2) == 0:
			w := write(i, int64(i+1), call, ret)
			if lists {
				w = add(i, int64(i+1), call, ret)
			}
			if rng.IntN(4) == 0 {
				w = unknown(w)
			}
			h = append(h, w)
			written = append(written, int64(i+1))
		case lists:
			items := slices.Clone(written)
			rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
			items = items[:rng.IntN(len(items)+1)]
			if len(items) > 0 && rng.IntN(4) == 0 {
				items = append(items, items[0])
			}
			h = append(h, list(i, call, ret, items...))
		default:
			v := int64(0)
			if len(written) > 0 && rng.IntN(5) > 0 {
				v = written[rng.IntN(len(written))]
			}
			h = append(h, read(i, v, call, ret))
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// plainRegister is the definition, read aloud.
func plainRegister(h history.History) []Stale {
	place := func(w int) history.Time {
		at := h[w].Return
		for _, r := range h {
			if r.Kind == history.Read && r.Out.Equal(h[w].In) {
				at = min(at, max(r.Return, h[w].Call))
			}
		}
		return at
	}
	var out []Stale
	for r, o := range h {
		if o.Kind != history.Read {
			continue
		}
		placed := beginning
		for w, x := range h {
			if x.Kind == history.Write && x.In.Equal(o.Out) {
				placed = place(w)
			}
		}
		s := Stale{Op: r}
		first := history.Never
		for w, x := range h {
			if x.Kind == history.Write && x.Call > placed && place(w) < o.Call {
				s.Versions++
				if place(w) < first {
					first, s.Newer = place(w), w
				}
			}
		}
		if s.Versions > 0 {
			s.Age = o.Call.Sub(first)
			out = append(out, s)
		}
	}
	return out
}

// plainList is the definition, read aloud.
func plainList(h history.History) []Stale {
	var out []Stale
	for r, o := range h {
		if o.Kind != history.Read {
			continue
		}
		s := Stale{Op: r}
		for w, x := range h {
			if x.Kind == history.Append && x.Return < o.Call && !slices.Contains(o.Out.List, x.In.Num) {
				s.Versions++
				if age := o.Call.Sub(x.Return); age > s.Age {
					s.Age, s.Newer = age, w
				}
			}
		}
		if s.Versions > 0 {
			out = append(out, s)
		}
	}
	return out
}

var crossChecks = flag.Int("crosschecks", 5_000, "random histories to compare with the definitions, per family")

// same reports whether two lists say the same of the same reads: several writes may
// have been in place first at the same instant.
func same(got, want []Stale) bool {
	return slices.EqualFunc(got, want, func(a, b Stale) bool { return a.Op == b.Op && a.Age == b.Age && a.Versions == b.Versions })
}

func TestAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	stale := 0
	for i := range *crossChecks {
		lists := i%2 == 0
		h := random(rng, lists)
		want := plainRegister(h)
		if lists {
			want = plainList(h)
		}
		got := Measure(h).Stale
		if !same(got, want) {
			t.Fatalf("got %+v, want %+v for\n%v", got, want, dump(h))
		}
		if len(got) == 0 {
			continue
		}
		stale++
		if r := linear.Check(h, judge.Budget{}); r.Verdict != judge.Violated {
			t.Fatalf("a stale read %+v in a linearizable history:\n%v", got, dump(h))
		}
	}
	if stale < *crossChecks/10 || stale > *crossChecks*9/10 {
		t.Errorf("%d of %d histories stale: the generator is lopsided", stale, *crossChecks)
	}
}

// versioned gives the operations of a register the versions of some order: that of
// the calls, if honest, or any.
func versioned(rng *rand.Rand, h history.History, honest bool) history.History {
	rank := map[int64]int64{}
	for i, n := range rng.Perm(len(h)) {
		if h[i].Kind == history.Write {
			rank[h[i].In.Num] = int64(n) + 1
			if honest {
				rank[h[i].In.Num] = int64(i) + 1
			}
		}
	}
	for i := range h {
		switch o := &h[i]; {
		case o.Kind == history.Read && !o.Out.IsZero():
			o.Version.Major = rank[o.Out.Num]
		case o.Kind == history.Write && o.Status == history.OK:
			o.Version.Major = rank[o.In.Num]
		}
	}
	return h
}

// plainRanked is the definition by the store's own order, read aloud. The second
// result is the time from the acknowledgement of the greatest version, of each read.
func plainRanked(h history.History, unique bool) (out []Stale, since []time.Duration) {
	place := map[int64]history.Time{} // when each version was in place
	for _, o := range h {
		v := o.Version.Major
		for _, r := range h { // an unknown write is known by a read of it
			if unique && v == 0 && o.Kind == history.Write && r.Kind == history.Read && r.Out.Equal(o.In) {
				v = r.Version.Major
			}
		}
		if v == 0 {
			continue
		}
		at, call := history.Never, beginning
		for _, x := range h {
			switch {
			case x.Kind == history.Read && x.Version.Major == v:
				at = min(at, x.Return)
			case x.Kind == history.Write && x.Version.Major == v:
				at = min(at, x.Return)
				call = x.Call
			}
		}
		if o.Kind == history.Write {
			call = o.Call
		}
		place[v] = max(place[v], at, call)
	}
	for r, o := range h {
		if o.Kind != history.Read {
			continue
		}
		s, first := Stale{Op: r}, history.Never
		for v, at := range place {
			if v > o.Version.Major && at < o.Call {
				s.Versions++
				first = min(first, at)
			}
		}
		if s.Versions > 0 {
			s.Age = o.Call.Sub(first)
			out = append(out, s)
		}
		var newest history.Op
		for _, w := range h {
			if w.Kind == history.Write && w.Return < o.Call && w.Version.Major > newest.Version.Major {
				newest = w
			}
		}
		if newest.Version.Major > 0 {
			since = append(since, o.Call.Sub(newest.Return))
		}
	}
	return out, since
}

// repeated makes values repeat, where versions tell them apart.
func repeated(h history.History) history.History {
	for i := range h {
		if o := &h[i]; o.Version.Major > 0 || o.Kind == history.Write {
			o.In.Num, o.Out.Num = o.In.Num%2, o.Out.Num%2
			if o.Kind == history.Write {
				o.In.Num++
			} else {
				o.Out.Num++
			}
		}
	}
	return h
}

func TestAgreesWithTheDefinitionByTheStoresOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	stale, again, fewer := 0, 0, 0
	for i := range *crossChecks {
		honest := i%2 == 0
		h := random(rng, false)
		inferred := Measure(h)
		h = versioned(rng, h, honest)
		unique := i%3 > 0
		if !unique {
			h = repeated(h)
		}
		got := Measure(h)
		if !unique && got.Ranked == 0 {
			continue // so few writes are left that their values tell them apart, and contradict their versions
		}
		want, since := plainRanked(h, keys.Of(h)[0].Shape == keys.Register)
		var samples []time.Duration
		for _, x := range got.Samples {
			samples = append(samples, x.Since)
			if wrong := slices.ContainsFunc(got.Stale, func(s Stale) bool { return s.Op == x.Op }); wrong == x.Fresh {
				t.Fatalf("sample %+v does not go with %+v", x, got.Stale)
			}
		}
		if !same(got.Stale, want) || !slices.Equal(samples, since) {
			t.Fatalf("got %+v %v (%d ranked, %d unexplained), want %+v %v for\n%v", got.Stale, samples, got.Ranked, got.Unexplained, want, since, dump(h))
		}
		if written := slices.ContainsFunc(h, func(o history.Op) bool { return o.Version.Major > 0 }); written && got.Reads > 0 && got.Basis() != "store" {
			t.Fatalf("basis %s for\n%v", got.Basis(), dump(h))
		}
		if len(got.Stale) > 0 {
			stale++
			if !unique {
				again++
			}
		}
		if !honest || !unique {
			continue
		}
		for _, x := range inferred.Stale { // it is a lower bound
			k := slices.IndexFunc(got.Stale, func(s Stale) bool { return s.Op == x.Op })
			if k < 0 || got.Stale[k].Age < x.Age || got.Stale[k].Versions < x.Versions {
				t.Fatalf("inferred %+v, but by the store's order %+v, for\n%v", x, got.Stale, dump(h))
			}
		}
		if len(inferred.Stale) < len(got.Stale) {
			fewer++
		}
	}
	if stale < *crossChecks/10 || again < *crossChecks/50 || fewer < *crossChecks/100 {
		t.Errorf("%d of %d histories stale, %d with values that repeat, %d times more than is certain: the generator is lopsided", stale, *crossChecks, again, fewer)
	}
}

func TestTheStoresOrder(t *testing.T) {
	at := func(o history.Op, major int64) history.Op {
		o.Version.Major = major
		return o
	}
	for _, c := range []struct {
		name    string
		h       history.History
		stale   []Stale
		samples []Sample
		basis   string
	}{
		{
			"concurrent writes: the store knows which is newer",
			history.History{at(write(1, 1, 0, 30), 2), at(write(2, 2, 20, 40), 1), at(read(3, 2, 50, 51), 1)},
			[]Stale{{Op: 2, Newer: 0, Age: 20 * ms, Versions: 1}},
			[]Sample{{2, 20 * ms, false}},
			"store",
		},
		{
			"a later write that a fast clock overrules",
			history.History{at(write(1, 1, 0, 10), 2), at(write(1, 2, 20, 30), 1), at(read(3, 1, 50, 51), 2)},
			nil,
			[]Sample{{2, 40 * ms, true}},
			"store",
		},
		{
			"values that repeat are told apart",
			history.History{at(write(1, 1, 0, 10), 1), at(write(1, 2, 20, 30), 2), at(write(1, 1, 40, 50), 3), at(read(3, 1, 60, 61), 1), at(read(3, 1, 62, 63), 3)},
			[]Stale{{Op: 3, Newer: 1, Age: 30 * ms, Versions: 2}},
			[]Sample{{3, 10 * ms, false}, {4, 12 * ms, true}},
			"store",
		},
		{
			"an unknown write whose value repeats is known by its reads",
			history.History{at(write(1, 1, 0, 10), 1), unknown(write(1, 1, 20, 0)), at(read(3, 1, 30, 35), 2), at(read(4, 1, 60, 61), 1)},
			[]Stale{{Op: 3, Newer: 2, Age: 25 * ms, Versions: 1}},
			[]Sample{{2, 20 * ms, true}, {3, 50 * ms, false}},
			"store",
		},
		{
			"a key that nobody wrote says nothing about the basis",
			history.History{at(write(1, 1, 0, 10), 1), at(read(2, 1, 20, 21), 1), func() history.Op { o := read(3, 0, 50, 51); o.Key = "y"; return o }()},
			nil,
			[]Sample{{1, 10 * ms, true}},
			"store",
		},
		{
			"one answer without a version, and the order is not known",
			history.History{at(write(1, 1, 0, 30), 2), write(2, 2, 20, 40), at(read(3, 1, 50, 51), 2)},
			nil,
			[]Sample{{2, 10 * ms, true}},
			"inferred",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Measure(c.h)
			if !slices.Equal(got.Stale, c.stale) || !slices.Equal(got.Samples, c.samples) || got.Basis() != c.basis {
				t.Errorf("stale %+v, samples %+v, %s; want %+v, %+v, %s", got.Stale, got.Samples, got.Basis(), c.stale, c.samples, c.basis)
			}
		})
	}
}

func dump(h history.History) string {
	var b strings.Builder
	for _, o := range h {
		fmt.Fprintf(&b, "%v [%v, %v] version %d\n", o, o.Call, o.Return, o.Version.Major)
	}
	return b.String()
}

func BenchmarkMeasure(b *testing.B) {
	const ops = 100_000
	h := make(history.History, ops)
	for i := range h {
		at := 2 * i
		if h[i] = write(i%50, int64(i+1), at, at+90); i%2 == 1 {
			h[i] = read(i%50, int64(max(1, i-i%200)), at, at+90)
		}
	}
	for b.Loop() {
		Measure(h)
	}
}

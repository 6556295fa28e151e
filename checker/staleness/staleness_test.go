package staleness

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
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

func TestAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	stale, violated := 0, 0
	const histories = 20_000
	for i := range histories {
		lists := i%2 == 0
		h := random(rng, lists)
		want := plainRegister(h)
		if lists {
			want = plainList(h)
		}
		got := Measure(h).Stale
		same := slices.EqualFunc(got, want, func(a, b Stale) bool {
			// Several writes may have been in place first at the same instant.
			return a.Op == b.Op && a.Age == b.Age && a.Versions == b.Versions
		})
		if !same {
			t.Fatalf("got %+v, want %+v for\n%v", got, want, dump(h))
		}
		if len(got) == 0 {
			continue
		}
		stale++
		if r := linear.Check(h, judge.Budget{}); r.Verdict == judge.Violated {
			violated++
		} else {
			t.Fatalf("a stale read %+v in a linearizable history:\n%v", got, dump(h))
		}
	}
	if stale < histories/10 || stale > histories*9/10 {
		t.Errorf("%d of %d histories stale: the generator is lopsided", stale, histories)
	}
}

func dump(h history.History) string {
	var b strings.Builder
	for _, o := range h {
		b.WriteString(o.String() + " [" + o.Call.String() + ", " + o.Return.String() + "]\n")
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

package history

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRecorderTellsWhatHappened(t *testing.T) {
	r := NewRecorder()
	w := r.Call(Op{Client: 1, Kind: Write, Key: "x", In: Num(1), Call: 5})
	c := r.Call(Op{Client: 2, Kind: Read, Key: "x", Call: 7})
	r.Attempt(w, Attempt{Node: 3, Call: 5, Return: 6, Status: Unknown})
	r.Attempt(c, Attempt{Node: 4, Call: 7, Return: 9, Status: OK})
	r.Attempt(w, Attempt{Node: 5, Call: 6, Return: 8, Status: OK})
	r.Return(c, 9, OK, Num(1), false)
	r.Return(w, 10, Unknown, Value{}, false)

	h := r.History()
	if got, want := told(h), "client 1 wrote x=1 [5 ns, never] unknown\nclient 2 read x=1 [7 ns, 9 ns] ok\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	want := []Attempt{{3, 5, 6, Unknown}, {5, 6, 8, OK}}
	if !slices.Equal(h[w].Attempts, want) {
		t.Errorf("attempts %v, want %v", h[w].Attempts, want)
	}
}

func TestRecorderRefusesNonsense(t *testing.T) {
	for name, do := range map[string]func(*Recorder){
		"a call back in time":    func(r *Recorder) { r.Call(Op{Call: 4}) },
		"a return before a call": func(r *Recorder) { r.Return(0, 4, OK, Value{}, false) },
		"a second return": func(r *Recorder) {
			r.Return(0, 6, OK, Value{}, false)
			r.Return(0, 7, OK, Value{}, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRecorder()
			r.Call(Op{Call: 5})
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			do(r)
		})
	}
}

// Attempts of many operations share slabs: they must never run into each other.
func TestAttemptsKeepApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := NewRecorder()
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			r.Reset()
			ops := rapid.IntRange(1, 20).Draw(t, "ops")
			want := make([][]Attempt, ops)
			for range ops {
				r.Call(Op{})
			}
			for n := range rapid.IntRange(0, 3*slabAttempts).Draw(t, "attempts") {
				i := n * 7919 % 104729 % ops
				a := Attempt{Node: n}
				r.Attempt(i, a)
				want[i] = append(want[i], a)
			}
			for i, op := range r.History() {
				if !slices.Equal(op.Attempts, want[i]) {
					t.Fatalf("operation %d: %v, want %v", i, op.Attempts, want[i])
				}
			}
		}
	})
}

func TestRecorderAllocatesNothingOnceWarm(t *testing.T) {
	r := NewRecorder()
	run := func() {
		r.Reset()
		for i := range 1000 {
			h := r.Call(Op{Kind: Write, Key: "x", In: Num(int64(i)), Call: Time(i)})
			r.Attempt(h, Attempt{})
			r.Attempt(h, Attempt{})
			r.Return(h, Time(i), OK, Value{}, false)
		}
	}
	run()
	if n := testing.AllocsPerRun(10, run); n > 0 {
		t.Errorf("%v allocations in a run of 1000 operations, want 0", n)
	}
}

func TestDigest(t *testing.T) {
	base := func() History {
		return History{
			{Client: 1, Process: 1, Kind: Write, Key: "x", In: Num(1), Call: 1, Return: 2, Status: OK},
			{Client: 2, Process: 2, Kind: Read, Key: "x", Out: Value{List: []int64{1, 2}}, Call: 1, Return: 3, Status: OK},
			{Client: 3, Process: 3, Kind: CAS, Key: "a longer key", Expect: Num(1), In: Num(2), Swapped: true, Call: 5, Return: 8, Status: OK},
		}
	}
	const golden = 0x761502d82a7d9e13
	if got := base().Digest(); got != golden {
		t.Errorf("digest %#x, want %#x: it must stay the same on all platforms and versions", got, uint64(golden))
	}
	for name, change := range map[string]func(History){
		"order":    func(h History) { h[0], h[1] = h[1], h[0] },
		"value":    func(h History) { h[0].In.Num = 2 },
		"item":     func(h History) { h[1].Out.List[1] = 3 },
		"time":     func(h History) { h[1].Return = 4 },
		"status":   func(h History) { h[0].Status = Failed },
		"key":      func(h History) { h[2].Key = "a longer kez" },
		"swap":     func(h History) { h[2].Swapped = false },
		"expect":   func(h History) { h[2].Expect.Num = 3 },
		"process":  func(h History) { h[2].Process = 4 },
		"attempts": func(h History) { h[2].Attempts = []Attempt{{Node: 1}} },
	} {
		h := base()
		change(h)
		if h.Digest() == base().Digest() {
			t.Errorf("another %s gives the same digest", name)
		}
	}
	h := base()
	h[0].Out, h[0].Swapped, h[1].In = Num(9), true, Num(9)
	if h.Digest() != base().Digest() {
		t.Error("fields without meaning change the digest")
	}
}

func TestTimeString(t *testing.T) {
	for at, want := range map[Time]string{
		0: "0 ns", 999: "999 ns", 1_000: "1 µs", 1_050: "1.05 µs", 205_000_000: "205 ms",
		205_001_000: "205.001 ms", 205_000_001: "205 ms", 7_100_000_000: "7100 ms", -5: "-5 ns", Never: "never",
	} {
		if got := at.String(); got != want {
			t.Errorf("%d: %s, want %s", int64(at), got, want)
		}
	}
}

// The short way of a digest covers what the long one does.
func TestDigestOfPlainOperations(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	value := func() Value { return Value{Num: rng.Int64N(2), List: make([]int64, rng.IntN(2))} }
	plain := 0
	for range 20_000 {
		op := Op{
			Kind: Kind(rng.IntN(4)), Status: Status(rng.IntN(3)), Swapped: rng.IntN(8) == 0, Blind: rng.IntN(8) == 0,
			Key: "x", In: value(), Return: []Time{5, Never}[rng.IntN(2)],
		}
		if rng.IntN(4) == 0 {
			op.Expect = value()
		}
		if rng.IntN(2) == 0 {
			op.Out = value()
		}
		if op.isPlain() {
			plain++
		}
		meant, d := op.meaning(), digest(1)
		d.op(&meant)
		if got := (History{op}).Digest(); got != uint64(d) {
			t.Fatalf("digest %#x of %+v, want %#x", got, op, uint64(d))
		}
	}
	if plain < 1000 {
		t.Errorf("only %d operations were plain", plain)
	}
}

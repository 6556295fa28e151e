package txn

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// consistent checks what must be true of any report.
func consistent(t *testing.T, ts []history.Transaction, r *Report) {
	t.Helper()
	if len(r.Levels) != int(levelCount)-1 {
		t.Fatalf("%d levels", len(r.Levels))
	}
	for i, j := range r.Levels {
		if j.Level != Level(i+1) {
			t.Fatalf("level %v at %d", j.Level, i)
		}
		for _, w := range r.Levels {
			if j.Level.Implies(w.Level) && (j.Verdict == judge.Holds && w.Verdict != judge.Holds || w.Verdict == judge.Violated && j.Verdict != judge.Violated) {
				t.Fatalf("%v %v, but %v %v\n%s", j.Level, j.Verdict, w.Level, w.Verdict, dump(ts))
			}
		}
		an := r.refuting(j.Level)
		if (an != nil) != (j.Verdict == judge.Violated) || an != nil && j.Why != string(an.Kind) || j.Verdict == judge.Undecided && j.Why == "" {
			t.Fatalf("%v %v for %q\n%v\n%s", j.Level, j.Verdict, j.Why, r, dump(ts))
		}
	}
	kinds := map[Kind]bool{}
	for i := range r.Anomalies {
		an := &r.Anomalies[i]
		if kinds[an.Kind] || an.Count < 1 || len(an.Ops) == 0 || !slices.IsSorted(an.Ops) || an.Text == "" || an.Name == "" || strings.Contains(an.Text, "%!") {
			t.Fatalf("%+v", an)
		}
		kinds[an.Kind] = true
		checkCycle(t, ts, an)
	}
	if res := r.Result; res.Verdict == judge.Violated && (len(res.Evidence.Ops) == 0 || res.Evidence.Text == "") {
		t.Fatalf("%+v", res)
	}
}

// checkCycle looks at each step of a cycle with nothing but the history in hand.
func checkCycle(t *testing.T, ts []history.Transaction, an *Anomaly) {
	t.Helper()
	if an.Cycle == nil {
		return
	}
	types := make([]string, len(an.Cycle))
	for i, s := range an.Cycle {
		types[i] = s.Type
		if next := an.Cycle[(i+1)%len(an.Cycle)]; next.From != s.To {
			t.Fatalf("%s: step %d does not lead on\n%s", an.Kind, i, an.Text)
		}
		if s.Why == "" || !slices.Contains(an.Ops, s.From) || !step(ts, s) {
			t.Fatalf("%s: step %d (%s on %q) does not stand\n%s\n%s", an.Kind, i, s.Type, s.Key, an.Text, dump(ts))
		}
	}
	if want := shapeOf(types); !an.Derived && !slices.Contains(want, an.Kind) {
		t.Fatalf("%v is called %s, not %v\n%s\n%s", types, an.Kind, want, an.Text, dump(ts))
	}
}

// step reports whether a step of a cycle is true, as far as the history shows.
func step(ts []history.Transaction, s Step) bool {
	x, y := &ts[s.From], &ts[s.To]
	switch s.Type {
	case "session":
		return x.Process == y.Process && x.Status == history.OK && x.Return <= y.Call
	case "realtime":
		return x.Status == history.OK && x.Return < y.Call
	case "wr":
		return slices.ContainsFunc(y.Ops, func(op history.Micro) bool {
			return op.Kind == history.Read && op.Key == s.Key && brought(x, s.Key, last(op.Value))
		})
	case "rw":
		return slices.ContainsFunc(x.Ops, func(op history.Micro) bool {
			return op.Kind == history.Read && op.Key == s.Key && !shows(y, s.Key, op.Value) && writes(y, s.Key)
		})
	case "ww":
		return writes(x, s.Key) && writes(y, s.Key) && (isRegister(ts, s.Key) || appendedAfter(ts, x, y, s.Key) || updated(x, y, s.Key))
	case "view":
		return writes(x, s.Key) && writes(y, s.Key)
	default:
		return false
	}
}

func last(v history.Value) int64 {
	if n := len(v.List); n > 0 {
		return v.List[n-1]
	}
	return v.Num
}

func brought(t *history.Transaction, key string, x int64) bool {
	return slices.ContainsFunc(t.Ops, func(op history.Micro) bool {
		return op.Kind != history.Read && op.Key == key && op.Value.Num == x
	})
}

func writes(t *history.Transaction, key string) bool {
	return slices.ContainsFunc(t.Ops, func(op history.Micro) bool { return op.Kind != history.Read && op.Key == key })
}

// shows reports whether a value shows everything that t brought to the key.
func shows(t *history.Transaction, key string, v history.Value) bool {
	for _, op := range t.Ops {
		seen := slices.Contains(v.List, op.Value.Num) || op.Kind == history.Write && op.Value.Num == v.Num
		if op.Kind != history.Read && op.Key == key && !seen {
			return false
		}
	}
	return true
}

func isRegister(ts []history.Transaction, key string) bool {
	return slices.ContainsFunc(ts, func(t history.Transaction) bool {
		return slices.ContainsFunc(t.Ops, func(op history.Micro) bool { return op.Key == key && op.Kind == history.Write })
	})
}

// appendedAfter reports whether a read shows an append of x, and after it one of
// y, with nothing between them of which is known who appended it; or none of y at all.
func appendedAfter(ts []history.Transaction, x, y *history.Transaction, key string) bool {
	for _, t := range ts {
		for _, op := range t.Ops {
			if t.Status != history.OK || op.Kind != history.Read || op.Key != key {
				continue
			}
			for i, e := range op.Value.List {
				if brought(x, key, e) && (follows(ts, y, key, op.Value.List[i+1:]) || !shows(y, key, op.Value)) {
					return true
				}
			}
		}
	}
	return false
}

// follows reports whether, of the elements of which is known who appended them,
// the first is of t, or there is none.
func follows(ts []history.Transaction, t *history.Transaction, key string, elements []int64) bool {
	for _, e := range elements {
		makers := 0
		for i := range ts {
			if ts[i].Status != history.Failed && brought(&ts[i], key, e) {
				makers++
			}
		}
		if makers == 1 {
			return brought(t, key, e)
		}
	}
	return true
}

// updated reports whether x read the key, not seeing y, and then wrote it.
func updated(x, y *history.Transaction, key string) bool {
	return writes(x, key) && slices.ContainsFunc(x.Ops, func(op history.Micro) bool {
		return op.Kind == history.Read && op.Key == key && !shows(y, key, op.Value)
	})
}

// shapeOf returns what a cycle of such edges may be called.
func shapeOf(types []string) []Kind {
	n := map[string]int{}
	inARow := false
	for i, t := range types {
		n[t]++
		inARow = inARow || t == "rw" && types[(i+1)%len(types)] == "rw"
	}
	var kinds []Kind
	switch {
	case n["rw"] > 1 && inARow:
		kinds = []Kind{G2Item}
	case n["rw"] > 1:
		kinds = []Kind{GNonadjacent}
	case n["rw"] == 1:
		kinds = []Kind{GSingle}
	case n["view"] > 0:
		kinds = []Kind{ObservedVanishes, GSingle}
	case n["wr"] > 0:
		kinds = []Kind{G1c, LostUpdate, GSingle}
	default:
		kinds = []Kind{G0, LostUpdate, GSingle}
	}
	suffixes := []variant{byData, inSessions, inRealTime} // the order of versions may come from any of them
	if n["realtime"] > 0 {
		suffixes = []variant{inRealTime}
	} else if n["session"] > 0 {
		suffixes = []variant{inSessions, inRealTime}
	}
	var all []Kind
	for _, k := range kinds {
		for _, v := range suffixes {
			all = append(all, k.in(v))
		}
	}
	return all
}

// What a database keeps is never called violated, and for lists it is called kept.
func TestDatabasesKeepTheirPromise(t *testing.T) {
	promise := []Level{strictly: StrictSerializable, lagging: Serializable, snapshots: StrongSnapshot}
	breaks := []Level{strictly: 0, lagging: StrongSessionSnapshot, snapshots: Serializable, committed: SnapshotIsolation, unprepared: ReadCommitted}
	for _, registers := range []bool{false, true} {
		for i := strictly; i <= unprepared; i++ {
			broken := false
			for seed := range uint64(6) {
				d := simulated(i, 400, 3+int(seed), seed)
				d.registers = registers
				ts := d.run()
				r := Check(ts, Options{}, judge.Budget{})
				consistent(t, ts, &r)
				if int(i) < len(promise) {
					if got := r.Levels[promise[i]-1]; got.Verdict != judge.Holds {
						t.Errorf("isolation %d, registers %v, seed %d: %v is %v\n%v", i, registers, seed, got.Level, got.Verdict, &r)
					}
				}
				broken = broken || breaks[i] != 0 && r.Levels[breaks[i]-1].Verdict == judge.Violated
			}
			if !broken && breaks[i] != 0 {
				t.Errorf("isolation %d, registers %v: %v was never violated", i, registers, breaks[i])
			}
		}
	}
}

// An order that was asked for explains every read and keeps the order of its level.
func TestOrdersExplain(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	orders := 0
	for n := range 4000 {
		f := families[n%len(families)]
		ts := f.generate(rng)
		level := []Level{Serializable, StrongSessionSerializable, StrictSerializable}[n%3]
		r := Check(ts, Options{Level: level}, judge.Budget{Order: true})
		if r.Result.Verdict != judge.Holds {
			continue
		}
		orders++
		explains(t, ts, level, r.Result.Order)
	}
	ts := load(strictly, 5000, 10, 2)
	r := Check(ts, Options{}, judge.Budget{Order: true})
	explains(t, ts, StrictSerializable, r.Result.Order)
	if orders < 1000 {
		t.Errorf("only %d orders", orders)
	}
}

func explains(t *testing.T, ts []history.Transaction, l Level, order []int32) {
	t.Helper()
	w := world{ts: ts}
	state := map[string]history.Value{}
	at := map[int]int{}
	for i, x := range order {
		after, ok := apply(&ts[x], state)
		if !ok || ts[x].Status == history.Failed {
			t.Fatalf("transaction %d does not fit in order %v\n%s", x, order, dump(ts))
		}
		state = after
		at[int(x)] = i
	}
	latest := history.Time(0) // call of those so far
	for i := range ts {
		if _, ok := at[i]; ok != (ts[i].Status == history.OK) && ts[i].Status != history.Unknown {
			t.Fatalf("transaction %d of status %v in order %v", i, ts[i].Status, order)
		}
	}
	for _, x := range order {
		if l == StrictSerializable && ts[x].Status == history.OK && ts[x].Return < latest {
			t.Fatalf("transaction %d comes too late in order %v\n%s", x, order, dump(ts))
		}
		latest = max(latest, ts[x].Call)
	}
	if l == StrongSessionSerializable {
		for x, i := range at {
			for y, j := range at {
				if w.session(x, y) && i > j {
					t.Fatalf("session of %d and %d in order %v\n%s", x, y, order, dump(ts))
				}
			}
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	for _, registers := range []bool{false, true} {
		for i := strictly; i <= unprepared; i++ {
			d := simulated(i, 300, 5, 9)
			d.registers = registers
			ts := d.run()
			var first []byte
			for range 3 {
				r := Check(ts, Options{}, judge.Budget{Order: true})
				b, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				b = append(b, fmt.Sprint(r.Result, r.String())...)
				if first == nil {
					first = b
				}
				if string(b) != string(first) {
					t.Fatalf("isolation %d: reports differ", i)
				}
			}
		}
	}
}

// Keys renamed, and transactions that see and do nothing added, change no verdict.
func TestNamesAndBystandersDoNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for n := range 2000 {
		ts := families[n%len(families)].generate(rng)
		before := Check(ts, Options{}, judge.Budget{})
		other := make([]history.Transaction, 0, len(ts)+2)
		for i, x := range ts {
			x.Ops = slices.Clone(x.Ops)
			for m := range x.Ops {
				x.Ops[m].Key = "renamed " + x.Ops[m].Key
			}
			if i == len(ts)/2 {
				other = append(other, history.Transaction{Client: 99, Process: 99, Status: history.OK, Call: x.Call, Return: x.Call})
			}
			other = append(other, x)
		}
		other = append(other, history.Transaction{Client: 98, Process: 98, Call: ts[len(ts)-1].Call, Return: history.Never, Ops: []history.Micro{{Kind: history.Append, Key: "new", Value: history.Num(1)}}})
		after := Check(other, Options{}, judge.Budget{})
		for i := range before.Levels {
			if before.Levels[i].Verdict != after.Levels[i].Verdict {
				t.Fatalf("%v was %v, is %v\n%s", before.Levels[i].Level, before.Levels[i].Verdict, after.Levels[i].Verdict, dump(ts))
			}
		}
	}
}

package txn

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

var crossChecks = flag.Int("crosschecks", 120, "random histories to compare with brute force, per family")

// A family is a kind of tiny random history.
type family struct {
	name      string
	lists     string // keys
	registers string
	unique    bool
}

var families = []family{
	{"lists", "xy", "", true},
	{"more lists", "xyz", "", true},
	{"registers", "", "xy", true},
	{"more registers", "", "xyz", true},
	{"both", "xy", "zw", true},
	{"duplicates", "", "xy", false},
	{"duplicates in lists", "x", "y", false},
}

// generate makes a tiny history. Reads show a state of some order of the writes of
// each key; the orders, and how much of them a read shows, are more or less wrong.
func (f family) generate(rng *rand.Rand) []history.Transaction {
	n := 2 + rng.IntN(5)
	ts := make([]history.Transaction, n)
	at, tick := history.Time(0), 1+rng.IntN(3)
	value := int64(0)
	keys := f.lists + f.registers
	for i := range ts {
		t := &ts[i]
		at += history.Time(rng.IntN(2) * tick)
		t.Status, t.Call, t.Return = history.OK, at, at+history.Time(rng.IntN(4)*tick)
		switch rng.IntN(12) {
		case 0:
			t.Status, t.Return = history.Unknown, history.Never
		case 1:
			t.Status = history.Failed
		}
		t.Process = f.process(rng, ts[:i], t)
		t.Client = t.Process
		for range 1 + rng.IntN(3) {
			k := keys[rng.IntN(len(keys))]
			op := history.Micro{Key: string(k)}
			if rng.IntN(2) == 0 {
				op.Kind = history.Append
				if strings.Contains(f.registers, op.Key) {
					op.Kind = history.Write
				}
				value++
				op.Value = history.Num(value)
				if !f.unique {
					op.Value = history.Num(1 + rng.Int64N(3))
				}
			}
			t.Ops = append(t.Ops, op)
		}
	}
	f.read(rng, ts)
	return ts
}

// process takes one that is free, or a new one.
func (f family) process(rng *rand.Rand, before []history.Transaction, t *history.Transaction) int {
	p := rng.IntN(3)
	for i := range before {
		if b := &before[i]; b.Process == p && (b.Status == history.Unknown || b.Return > t.Call) {
			return 10 + len(before)
		}
	}
	return p
}

// read lets each read show something: it runs the transactions in some order, and
// now and then from a state of the past, or of an other order.
func (f family) read(rng *rand.Rand, ts []history.Transaction) {
	wild := rng.IntN(5) // in how many of eight cases it takes another state
	order := rng.Perm(len(ts))
	if rng.IntN(2) == 0 {
		slices.Sort(order)
	}
	past := map[string][]history.Value{}
	for _, i := range order {
		t := &ts[i]
		own := map[string]history.Value{}
		began := map[string]int{}
		for k, states := range past {
			began[k] = len(states)
		}
		if t.Status != history.OK && rng.IntN(2) == 0 {
			continue
		}
		for m := range t.Ops {
			op := &t.Ops[m]
			states := past[op.Key]
			v := history.Value{}
			if len(states) > 0 {
				v = states[len(states)-1]
			}
			if mine, ok := own[op.Key]; ok {
				v = mine
			} else if len(states) > 0 && rng.IntN(8) < wild {
				at := rng.IntN(len(states) + 1)
				v = history.Value{}
				if at > 0 {
					v = states[at-1]
				}
			}
			switch op.Kind {
			case history.Read:
				op.Value = v
				if rng.IntN(60) == 0 {
					spoil(rng, op)
				}
			case history.Write:
				own[op.Key] = op.Value
				past[op.Key] = append(past[op.Key], op.Value)
			default:
				v = history.Value{List: append(slices.Clone(v.List), op.Value.Num)}
				if rng.IntN(8) == 0 && len(v.List) > 1 {
					n := len(v.List)
					v.List[n-1], v.List[n-2] = v.List[n-2], v.List[n-1]
				}
				own[op.Key] = v
				past[op.Key] = append(past[op.Key], v)
			}
		}
	}
}

func spoil(rng *rand.Rand, op *history.Micro) {
	switch {
	case rng.IntN(2) == 0:
		op.Value = history.Value{}
	case len(op.Value.List) > 0 && rng.IntN(2) == 0:
		op.Value.List = append(slices.Clone(op.Value.List), op.Value.List[0])
	case len(op.Value.List) > 1 && rng.IntN(2) == 0:
		op.Value.List = op.Value.List[1:]
	default:
		op.Value = history.Num(9)
	}
}

func dump(ts []history.Transaction) string {
	var b strings.Builder
	for i, t := range ts {
		fmt.Fprintf(&b, "%d process %d %d-%d %v: %v\n", i, t.Process, t.Call, t.Return, t.Status, t)
	}
	return b.String()
}

func TestAgreesWithBruteForce(t *testing.T) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(len(f.name))))
			counts := map[Level]map[judge.Verdict]int{}
			for range *crossChecks {
				ts := f.generate(rng)
				r := Check(ts, Options{}, judge.Budget{})
				consistent(t, ts, &r)
				for _, j := range r.Levels {
					if counts[j.Level] == nil {
						counts[j.Level] = map[judge.Verdict]int{}
					}
					counts[j.Level][j.Verdict]++
					f.compare(t, ts, &r, j)
				}
				if t.Failed() {
					return
				}
			}
			for l := ReadUncommitted; l < levelCount; l++ {
				t.Logf("%-35v %v", l, counts[l])
			}
		})
	}
}

// compare compares the verdict on one level with brute force.
func (f family) compare(t *testing.T, ts []history.Transaction, r *Report, j Judgement) {
	byVersions := j.Level <= CursorStability
	switch {
	case byVersions && !f.unique:
		return // brute force knows unique values only
	case j.Level == ReadUncommitted && slices.ContainsFunc(r.Anomalies, func(an Anomaly) bool { return an.Kind == G1a }):
		return // nor does it know what failed transactions left behind
	case j.Verdict == judge.Undecided:
		if f.registers == "" && j.Level > ReadUncommitted || !byVersions {
			t.Fatalf("%v is undecided: %s\n%s", j.Level, j.Why, dump(ts))
		}
		return
	}
	want := judge.Violated
	if kept(ts, j.Level) {
		want = judge.Holds
	}
	if j.Verdict != want {
		t.Fatalf("%v: got %v (%s), brute force says %v\n%s\n%s", j.Level, j.Verdict, j.Why, want, dump(ts), texts(r))
	}
}

func texts(r *Report) string {
	var b strings.Builder
	for _, an := range r.Anomalies {
		fmt.Fprintf(&b, "%s (%s)\n%s\n", an.Kind, an.Name, an.Text)
	}
	return b.String()
}

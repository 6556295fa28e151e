package checker

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/execution"
	"faultline/checker/history"
	"faultline/checker/keys"
	"faultline/checker/sequential"
)

// hostile is a short history in which little is as it should be.
func hostile(rng *rand.Rand) history.History {
	h := make(history.History, 1+rng.IntN(8))
	nkeys, span, clients := 1+rng.IntN(2), 3+rng.IntN(12), 1+rng.IntN(4)
	versions := 1 + rng.IntN(5)
	version := func() history.Version {
		return history.Version{Major: int64(rng.IntN(versions + 1)), Minor: int64(rng.IntN(5) / 4)}
	}
	tidy := rng.IntN(3) > 0
	for i := range h {
		op := &h[i]
		*op = history.Op{Client: rng.IntN(clients), Key: string(rune('x' + rng.IntN(nkeys))), Status: history.OK}
		op.Process = op.Client
		op.Call = history.Time(rng.IntN(span))
		op.Return = op.Call + history.Time(rng.IntN(5))
		if tidy {
			op.Call = history.Time(2*i + rng.IntN(4))
			op.Return = op.Call + 1 + history.Time(rng.IntN(5))
		}
		switch k := rng.IntN(20); {
		case k < 8:
			op.Kind = history.Write
		case k < 19:
			op.Kind = history.Read
		default:
			op.Kind, op.Swapped, op.Blind = history.CAS, rng.IntN(2) == 0, rng.IntN(3) == 0
		}
		switch rng.IntN(10) {
		case 0:
			op.Status = history.Unknown
			if rng.IntN(2) == 0 {
				op.Return = history.Never
			}
		case 1:
			op.Status = history.Failed
		}
		op.Version = version()
		if op.Kind != history.Read {
			op.In = history.Num(int64(i + 1))
			if tidy {
				op.Version = history.Version{Major: int64(i + 1)}
			}
			if rng.IntN(40) == 0 {
				op.In = history.Num(int64(rng.IntN(4)))
			}
			if rng.IntN(12) == 0 {
				op.Version = history.Version{}
			}
		}
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	for i := range h {
		op := &h[i]
		if op.Kind == history.Write {
			continue
		}
		from := &h[rng.IntN(len(h))]
		if rng.IntN(3) > 0 && i > 0 {
			from = &h[rng.IntN(i)]
		}
		switch {
		case op.Kind == history.CAS:
			op.Expect = from.In
			op.Out = from.In
		case rng.IntN(6) == 0:
			op.Out = history.Value{}
			if rng.IntN(2) == 0 {
				op.Version = history.Version{}
			}
		case from.Key == op.Key || rng.IntN(10) == 0:
			op.Out = from.In
			if rng.IntN(8) > 0 {
				op.Version = from.Version
			}
		}
	}
	return h
}

// serial is the dumbest judge of linearizability: it tries all orders.
func serial(h history.History) bool {
	byKey := map[string][]history.Op{}
	for _, op := range h {
		byKey[op.Key] = append(byKey[op.Key], op)
	}
	for _, ops := range byKey {
		if !serialKey(ops, make([]bool, len(ops)), 0) {
			return false
		}
	}
	return true
}

func serialKey(ops []history.Op, done []bool, now int64) bool {
	all := true
	for i := range ops {
		if !done[i] && ops[i].Status == history.OK {
			all = false
		}
	}
	if all {
		return true
	}
next:
	for i := range ops {
		op := &ops[i]
		if done[i] || op.Status == history.Failed || op.Status == history.Unknown && op.Kind == history.Read {
			continue
		}
		for j := range ops { // somebody who must come first is not done
			if !done[j] && j != i && ops[j].Status == history.OK && ops[j].Return < op.Call {
				continue next
			}
		}
		v := now
		switch op.Kind {
		case history.Read:
			if op.Out.Num != now {
				continue
			}
		case history.Write:
			v = op.In.Num
		case history.CAS:
			if op.Status == history.OK && op.Swapped != (now == op.Expect.Num) {
				continue
			}
			if now == op.Expect.Num {
				v = op.In.Num
			}
		}
		done[i] = true
		if serialKey(ops, done, v) {
			return true
		}
		done[i] = false
	}
	return false
}

// No history, however hostile, is explained that is not linearizable by the dumbest judge, nor
// one with which any other way of judging finds fault.
func TestNothingWrongIsExplained(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	count := map[bool]int{}
	var s spans
	for range 30_000 {
		h := hostile(rng)
		all := keys.Of(h)
		is := s.explained(h, all)
		count[is]++
		if !is {
			continue
		}
		if !serial(h) {
			t.Fatalf("explained, but not linearizable: %v", h)
		}
		faultFree(t, h, all)
		if r := sequential.Judge(execution.New(h), Budget{}); r.Verdict == Violated {
			t.Fatalf("%+v of %v", r, h)
		}
	}
	if count[true] < 3_000 || count[false] < 3_000 {
		t.Errorf("%d histories were explained and %d were not: the generator is lopsided", count[true], count[false])
	}
}

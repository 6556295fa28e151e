package txn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Where only a search finds that no order explains the reads, the transactions that
// it names prove it alone, and none of those around them is named.
func TestNoOrderNamesFew(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	d := simulated(strictly, 100, 8, 1)
	d.active, d.registers = 40, true
	host, found, picked := d.run(), 0, 0
	for range 6 * *crossChecks {
		ts := families[5].generate(rng)
		no := noOrders(ts)
		if no == nil {
			continue
		}
		found++
		level := no.Refutes[0]
		if !violated(pick(ts, no.Ops), level) {
			t.Fatalf("%v alone do not violate %v:\n%s", no.Ops, level, dump(ts))
		}
		among := noOrders(slices.Concat(host, moved(ts)))
		switch {
		case among == nil: // the search was lost in the orders of the others
		case len(among.Ops) > len(ts) || among.Ops[0] < len(host):
			t.Fatalf("among others: %+v of\n%s", among, dump(ts))
		default:
			picked++
		}
	}
	if t.Logf("found %d, %d among others", found, picked); picked < 10 {
		t.Error("too few")
	}
}

func noOrders(ts []history.Transaction) *Anomaly {
	r := Check(ts, Options{}, judge.Budget{Steps: 200_000})
	for i := range r.Anomalies {
		if r.Anomalies[i].Kind == NoOrder {
			return &r.Anomalies[i]
		}
	}
	return nil
}

func violated(ts []history.Transaction, l Level) bool {
	return Check(ts, Options{Level: l}, judge.Budget{}).Result.Verdict == judge.Violated
}

func pick(ts []history.Transaction, some []int) (out []history.Transaction) {
	for _, i := range some {
		out = append(out, ts[i])
	}
	return out
}

// moved gives the transactions processes and keys of their own.
func moved(ts []history.Transaction) []history.Transaction {
	ts = slices.Clone(ts)
	for i := range ts {
		t := &ts[i]
		t.Process += 1_000
		t.Ops = slices.Clone(t.Ops)
		for m := range t.Ops {
			t.Ops[m].Key += "'"
		}
	}
	return ts
}

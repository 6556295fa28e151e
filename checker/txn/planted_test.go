package txn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// planted are anomalies on keys and in sessions of their own, to be put into a
// history that is strict serializable otherwise.
var planted = []struct{ kind, name, history string }{
	{"G0", "write cycle", "1 0-9 ax1 ay1\n2 0-9 ax2 ay2\n3 10-11 rx12 ry21"},
	{"G0", "write cycle", "1 0-9 ax1 ay1\n2 0-9 ax2 az2\n4 0-9 az3 ay3\n3 10-11 rx12 rz23 ry31"},
	{"G0-process", "write cycle", "1 0-9 ax1\n1 9-19 ay1\n2 0-9 ay2\n2 9-19 ax2\n3 20-21 rx21 ry12"},
	{"G0-realtime", "write cycle", "1 0-1 ax1\n2 2-3 ax2\n3 4-5 rx21"},
	{"G1a", "aborted read", "1 0-1! ax1\n3 4-5 rx1"},
	{"G1b", "intermediate read", "1 0-9 ax1 ax2\n2 0-9 rx1\n3 10-11 rx12"},
	{"G1c", "circular information flow", "1 0-9 ax1 ry1\n2 0-9 ay1 rx1"},
	{"G1c-process", "circular information flow", "1 0-9 rx1\n1 9-19 ay1\n2 0-19 ax1 ry1"},
	{"G1c-realtime", "circular information flow", "1 0-1 rx1\n2 2-3 ax1"},
	{"OTV, G-single", "observed transaction vanishes", "1 0-9 ax1 ay1\n2 0-9 rx1 ry-"},
	{"lost-update", "lost update", "1 0-9 rx- ax1\n2 0-9 rx- ax2\n3 10-11 rx21"},
	{"fuzzy-read", "non-repeatable read", "1 0-9 ax1\n2 0-9 rx- rx1"},
	{"G-single", "read skew", "1 0-9 ax1 ay1\n2 0-9 rx- ry1"},
	{"G-single-process", "a session misses what it has seen or done", "1 0-9 ax1\n1 9-19 rx-\n2 0-9 rx-"},
	{"G-single-realtime", "stale read", "1 0-1 ax1\n2 2-3 rx-"},
	{"G-nonadjacent", "long fork", "1 0-9 ax1\n2 0-9 ay1\n3 0-9 rx1 ry-\n4 0-9 rx- ry1"},
	{"G-nonadjacent-process", "anti-dependencies apart", "1 0-9 ax1\n2 0-9 ay1\n1 9-18 ry-\n2 9-18 rx-"},
	{"G-nonadjacent-realtime", "anti-dependencies apart", "1 0-5 ay1\n2 4-20 rx1 ry-\n3 0-20 ax1\n4 6-20 rx-"},
	{"G2-item", "write skew", "1 0-9 rx- ay1\n2 0-9 ry- ax1"},
	{"G2-item", "anti-dependency cycle", "1 0-9 rx- ay1\n2 0-9 ry- az1\n3 0-9 rz- ax1"},
	{"G2-item-process", "anti-dependency cycle", "1 0-9 ay1\n2 0-19 ry- ax1\n1 9-19 rx-\n"},
	{"G2-item-realtime", "anti-dependency cycle", "1 0-5 ay1\n2 0-19 ry- ax1\n3 6-19 rx-\n"},
	{"garbage-read", "garbage read", "1 0-1 rx1"},
	{"duplicate-elements", "duplicate elements", "1 0-1 ax1\n2 2-3 rx11"},
	{"scrambled-appends", "scrambled appends", "1 0-1 ax1 ax2\n2 2-3 rx21"},
	{"incompatible-order", "incompatible order", "1 0-9 ax1\n2 0-9 ax2\n3 0-9 rx1\n4 0-9 rx2"},
	{"internal", "internal inconsistency", "1 0-1 ax1 rx-"},
	{"future-read", "future read", "1 0-1 rx1 ax1"},
	{"G1a, dirty-update", "aborted read", "1 0-1! ax1\n2 0-1 ax2\n3 2-3 rx12"},

	{"registers: G1a", "aborted read", "1 0-1! wx1\n3 4-5 Rx1"},
	{"registers: G1b", "intermediate read", "1 0-9 wx1 wx2\n2 0-9 Rx1"},
	{"registers: G1c", "circular information flow", "1 0-9 wx1 Ry1\n2 0-9 wy1 Rx1"},
	{"registers: G1c-realtime", "circular information flow", "1 0-1 Rx1\n2 2-3 wx1"},
	{"registers: OTV", "observed transaction vanishes", "1 0-9 wx1 wy1\n2 0-9 wx2 wy2\n3 0-9 Rx1 Ry2\n4 0-9 Rx2 Ry1"},
	{"registers: lost-update", "lost update", "1 0-9 Rx- wx1\n2 0-9 Rx- wx2"},
	{"registers: fuzzy-read", "non-repeatable read", "1 0-9 wx1\n2 0-9 Rx- Rx1"},
	{"registers: G-single", "read skew", "1 0-9 wx1 wy1\n2 0-9 Rx- Ry1"},
	{"registers: G-single-process", "a session misses what it has seen or done", "1 0-9 wx1\n1 9-19 Rx-\n2 0-9 Rx-"},
	{"registers: G-single-process", "a session misses what it has seen or done", "1 0-9 wx1\n2 0-9 wx2\n3 9-19 Rx1\n3 19-29 Rx2\n4 9-19 Rx2\n4 19-29 Rx1"},
	{"registers: G-single-realtime", "stale read", "1 0-1 wx1\n2 2-3 wx2\n3 4-5 Rx1"},
	{"registers: G-nonadjacent", "long fork", "1 0-9 wx1\n2 0-9 wy1\n3 0-9 Rx1 Ry-\n4 0-9 Rx- Ry1"},
	{"registers: G2-item", "write skew", "1 0-9 Rx- wy1\n2 0-9 Ry- wx1"},
	{"registers: garbage-read", "garbage read", "1 0-1 Rx1"},
	{"registers: internal", "internal inconsistency", "1 0-1 wx1 Rx-"},
}

// plant puts an anomaly into the middle of a history.
func plant(ts []history.Transaction, anomaly string, round int) []history.Transaction {
	at := ts[len(ts)/2].Call
	for _, t := range txs(anomaly) {
		t.Call += at
		if t.Status != history.Unknown {
			t.Return += at
		}
		t.Client += 1000 + 100*round
		t.Process += 1000 + 100*round
		for m := range t.Ops {
			t.Ops[m].Key = fmt.Sprintf("planted %s%d", t.Ops[m].Key, round)
		}
		ts = append(ts, t)
	}
	slices.SortStableFunc(ts, func(x, y history.Transaction) int { return cmp.Compare(x.Call, y.Call) })
	return ts
}

func TestPlanted(t *testing.T) {
	lists, registers := quiet(false), quiet(true)
	for _, ts := range [][]history.Transaction{lists, registers} {
		if r := Check(ts, Options{}, judge.Budget{}); r.Result.Verdict != judge.Holds {
			t.Fatalf("before anything was planted:\n%v", &r)
		}
	}
	for _, c := range planted {
		t.Run(c.kind, func(t *testing.T) {
			ts := lists
			kinds, of := strings.CutPrefix(c.kind, "registers: ")
			if of {
				ts = registers
			}
			r := Check(plant(slices.Clone(ts), c.history, 0), Options{}, judge.Budget{})
			var got []string
			for _, an := range r.Anomalies {
				got = append(got, string(an.Kind))
			}
			if strings.Join(got, ", ") != kinds || r.Anomalies[0].Name != c.name {
				t.Errorf("got %s, want %s (%s)\n%v", got, kinds, c.name, &r)
			}
		})
	}
}

// quiet is the history of a strict database with little contention.
func quiet(registers bool) []history.Transaction {
	d := simulated(strictly, 1500, 8, 1)
	d.active, d.length, d.registers = 40, 4, registers
	return d.run()
}

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/results/report"
)

// planted are anomalies, each of which check has to find in the middle of a long
// history that has none, to call by its name, and to prove by what was planted alone.
// An operation is: client call-return kind key values; an exclamation mark says that it
// failed, a question mark that nobody knows.
var planted = []struct{ name, level, words, history string }{
	{"stale read", "linearizable", "read planted x=1 at 100.04 µs, but client 101 wrote planted x=2 (answered at 100.029 µs)", "1 0-9 write x 1; 1 20-29 write x 2; 2 40-49 read x 1"},
	{"stale read of nothing", "linearizable", "read planted x=null at 100.04 µs, but client 101 wrote planted x=1 (answered at 100.009 µs)", "1 0-9 write x 1; 2 40-49 read x null"},
	{"lost update", "linearizable", "though planted x held 1 only once", "1 0-9 write x 1; 2 10-29 cas x 1 2; 3 10-29 cas x 1 3"},
	{"future read", "linearizable", "read planted x=1 (answered at 100.009 µs), before client 101 wrote planted x=1 at 100.02 µs", "2 0-9 read x 1; 1 20-29 write x 1"},
	{"phantom", "linearizable", "but nobody wrote 1", "2 0-9 read x 1"},
	{"aborted read", "linearizable", "certainly failed: an aborted read", "1 0-9! write x 1; 2 20-29 read x 1"},
	{"two readers, two orders", "sequential", "no one order explains all answers", "1 0-9 write x 1; 2 0-9 write x 2; 3 10-19 read x 1; 3 20-29 read x 2; 4 10-19 read x 2; 4 20-29 read x 1"},
	{"store buffering", "sequential", "no one order explains all answers", "1 0-9 write x 1; 2 0-9 write y 1; 1 20-29 read y null; 2 20-29 read x null"},
	{"long fork", "sequential", "no one order explains all answers", "1 0-9 write x 1; 2 0-9 write y 1; 3 20-29 read x 1; 3 30-39 read y null; 4 20-29 read y 1; 4 30-39 read x null"},
	{"no convergence", "causal-convergence", "CyclicCF", "1 0-9 write x 1; 2 0-9 write x 2; 1 20-29 read x 2; 2 20-29 read x 1"},
	{"no causal memory", "causal-memory", "WriteHBInitRead", "1 0-9 write z 1; 1 10-19 write x 1; 1 20-29 write y 1; 2 0-9 write x 2; 2 30-39 read z null; 2 40-49 read y 1; 2 50-59 read x 2"},
	{"answer without its question", "causal", "WriteCOInitRead", "1 0-9 write x 1; 2 10-19 read x 1; 2 20-29 write y 1; 3 30-39 read y 1; 3 40-49 read x null"},
	{"back and forth", "pram", "CyclicHB", "1 0-9 write x 1; 2 0-9 write x 2; 3 10-19 read x 1; 3 20-29 read x 2; 3 30-39 read x 1"},
	{"non-monotonic read", "monotonic-reads", "read planted x=1 at 100.03 µs after client 102 read planted x=2 at 100.02 µs, a newer value", "1 0-9 write x 1; 1 10-19 write x 2; 2 20-29 read x 2; 2 30-39 read x 1"},
	{"own write not read", "read-your-writes", "read planted x=null at 100.01 µs after client 101 wrote planted x=1 at 100 µs, a newer value", "1 0-9 write x 1; 1 10-19 read x null"},
	{"writes out of order", "monotonic-writes", "not in this order", "1 0-9 append l 1; 1 10-19 append l 2; 2 20-29 read l [2,1]"},
	{"write before what it follows", "writes-follow-reads", "not in this order", "1 0-9 append l 1; 2 10-19 read l [1]; 2 20-29 append l 2; 3 30-39 read l [2]"},
	{"lost append", "linearizable", "but 1 is missing from the list", "1 0-9 append l 1; 2 10-19 append l 2; 3 20-29 read l [2]"},
	{"duplicate effect", "linearizable", "with 1 in it twice, but it was appended once", "1 0-9 append l 1; 2 10-19 append l 2; 3 20-29 read l [1,2,1]"},
	{"appends in two orders", "linearizable", "neither list continues the other", "1 0-9 append l 1; 2 0-9 append l 2; 3 20-29 read l [1,2]; 3 30-39 read l [2,1]"},

	{"duplicate dequeue", "linearizable", "but it was enqueued only once", "1 0-9 enqueue q 1; 2 10-19 dequeue q 1; 3 20-29 dequeue q 1"},
	{"lost element", "linearizable", "there was something in it all the time", "1 0-9 enqueue q 1; 1 10-19 enqueue q 2; 2 20-29 dequeue q 2; 2 30-39 dequeue q null"},
	{"empty and yet not", "linearizable", "there was something in it all the time", "1 0-9 enqueue q 1; 2 20-29 dequeue q null; 2 30-39 dequeue q 1"},
	{"FIFO inversion", "linearizable", "first in should be first out", "1 0-9 enqueue q 1; 1 10-19 enqueue q 2; 2 20-29 dequeue q 2; 2 30-39 dequeue q 1"},
	{"out of thin air", "linearizable", "but nobody enqueued 7", "1 0-9 enqueue q 1; 2 20-29 dequeue q 7"},
	{"LIFO inversion", "linearizable", "last in should be first out", "1 0-9 push s 1; 1 10-19 push s 2; 2 20-29 pop s 1; 2 30-39 pop s 2"},
	{"lost from a stack", "linearizable", "there was something in it all the time", "1 0-9 push s 1; 2 30-39 pop s null"},
	{"lost from a set", "linearizable", "but 2 is missing when client 102 read", "1 0-9 add t 1; 1 10-19 add t 2; 2 20-29 read t [1]"},
	{"forgotten by a set", "linearizable", "a set only grows", "1 0-90 add t 1; 2 20-29 read t [1]; 2 30-39 read t []"},

	{"G0", "read-uncommitted", "G0 (write cycle)", "1 0-9 txn append x 1, append y 1; 2 0-9 txn append x 2, append y 2; 3 20-29 txn read x [1,2], read y [2,1]"},
	{"G1a", "read-committed", "G1a (aborted read)", "1 0-9! txn append x 1; 3 20-29 txn read x [1]"},
	{"G1b", "read-committed", "G1b (intermediate read)", "1 0-9 txn append x 1, append x 2; 2 0-9 txn read x [1]; 3 20-29 txn read x [1,2]"},
	{"G1c", "read-committed", "G1c (circular information flow)", "1 0-9 txn append x 1, read y [1]; 2 0-9 txn append y 1, read x [1]"},
	{"lost update", "snapshot-isolation", "lost update: T1 read planted x", "1 0-9 txn read x null, append x 1; 2 0-9 txn read x null, append x 2; 3 20-29 txn read x [1,2]"},
	{"G-single", "snapshot-isolation", "G-single (read skew)", "1 0-9 txn append x 1, append y 1; 2 0-9 txn read x null, read y [1]"},
	{"long fork", "snapshot-isolation", "G-nonadjacent (long fork)", "1 0-9 txn append x 1; 2 0-9 txn append y 1; 3 0-9 txn read x [1], read y null; 4 0-9 txn read x null, read y [1]"},
	{"G2-item", "serializable", "G2-item (write skew)", "1 0-9 txn read x null, append y 1; 2 0-9 txn read y null, append x 1; 3 20-29 txn read x [1], read y [1]"},
	{"stale read in real time", "strict-serializable", "G-single-realtime (stale read)", "1 0-9 txn append x 1; 2 20-29 txn read x null"},
	{"duplicate effect of a transaction", "read-uncommitted", "duplicate elements: T1 read a list in planted x that shows the single append of 1 twice", "1 0-9 txn append x 1; 3 20-29 txn read x [1,1]"},
	{"internal inconsistency", "read-uncommitted", "T1 read planted x=null after its own append of 1", "1 0-9 txn append x 1, read x null; 3 20-29 txn read x [1]"},
	{"garbage", "read-uncommitted", "garbage read: T1 read a list in planted x that shows 7, which nobody appended", "1 0-9 txn append x 1; 3 20-29 txn read x [1,7]"},
	{"transactions in two orders", "read-committed", "incompatible order", "1 0-9 txn append x 1; 2 0-9 txn append x 2; 3 20-29 txn read x [1,2]; 4 20-29 txn read x [2,1]"},
	{"future read of a transaction", "read-committed", "future read: T1 saw its own append of 1 to planted x before it did so", "1 0-9 txn read x [1], append x 1"},
	{"observed transaction vanishes", "monotonic-atomic-view", "OTV (observed transaction vanishes)", "1 0-9 txn append x 1, append y 1; 2 10-19 txn append x 2, append y 2; 3 20-29 txn read x [1,2], read y [1]; 4 30-39 txn read y [1,2]"},
	{"G1a of registers", "read-committed", "G1a (aborted read): T1 saw the write of 1 to planted x by T2, which certainly failed", "1 0-9! txn write x 1; 3 20-29 txn read x 1"},
	{"G1b of registers", "read-committed", "G1b (intermediate read)", "1 0-9 txn write x 1, write x 2; 2 0-9 txn read x 1"},
	{"G1c of registers", "read-committed", "G1c (circular information flow)", "1 0-9 txn write x 1, read y 1; 2 0-9 txn write y 1, read x 1"},
	{"lost update of registers", "cursor-stability", "lost update: T1 and T2 read the same version of planted x and then both changed it", "1 0-9 txn read x null, write x 1; 2 0-9 txn read x null, write x 2"},
	{"read skew of registers", "snapshot-isolation", "G-single (read skew)", "1 0-9 txn write x 1, write y 1; 2 0-9 txn read x null, read y 1"},
	{"long fork of registers", "snapshot-isolation", "G-nonadjacent (long fork)", "1 0-9 txn write x 1; 2 0-9 txn write y 1; 3 0-9 txn read x 1, read y null; 4 0-9 txn read x null, read y 1"},
	{"write skew of registers", "serializable", "G2-item (write skew)", "1 0-9 txn read x null, write y 1; 2 0-9 txn read y null, write x 1"},
	{"session stale", "strong-session-serializable", "G-single-process (a session misses", "1 0-9 txn append x 1; 1 20-29 txn read x null"},
}

// lineOf makes a line of JSON Lines of an operation or transaction.
func lineOf(t *testing.T, text string, at int) (line string, call int) {
	t.Helper()
	var client, from, to int
	var mark rune
	head, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	fmt.Sscan(head, &client)
	span, rest, _ := strings.Cut(rest, " ")
	if _, err := fmt.Sscanf(span, "%d-%d%c", &from, &to, &mark); err != nil && mark != 0 {
		t.Fatal(text, err)
	}
	status, end := "ok", fmt.Sprintf(`,"return":%d`, at+to)
	switch mark {
	case '!':
		status = "failed"
	case '?':
		status, end = "unknown", ""
	}
	kind, rest, _ := strings.Cut(rest, " ")
	action := ""
	switch words := strings.Fields(rest); {
	case kind == "txn":
		var micros []string
		for _, one := range strings.Split(rest, ", ") {
			w := strings.Fields(one)
			micros = append(micros, fmt.Sprintf(`["%s","planted %s",%s]`, w[0], w[1], w[2]))
		}
		action = `"txn":[` + strings.Join(micros, ",") + `]`
	case kind == "cas":
		action = fmt.Sprintf(`"kind":"cas","key":"planted %s","expect":%s,"in":%s,"swapped":true`, words[0], words[1], words[2])
	default:
		field := "in"
		if kind == "read" || kind == "dequeue" || kind == "pop" {
			field = "out"
		}
		action = fmt.Sprintf(`"kind":"%s","key":"planted %s","%s":%s`, kind, words[0], field, words[1])
	}
	return fmt.Sprintf(`{"client":%d,%s,"call":%d%s,"status":"%s"}`, 100+client, action, at+from, end, status), at + from
}

// host is a long history without anomalies, line by line with their calls: ten clients
// take turns.
func host(txns bool) (lines []string, calls []int) {
	rng := rand.New(rand.NewPCG(7, 7))
	state := map[string]int{}
	for i := range 2000 {
		key := fmt.Sprintf("k%d", rng.IntN(20))
		kind, field, value := "write", "in", fmt.Sprint(i+1)
		if rng.IntN(2) == 0 {
			kind, field, value = "read", "out", fmt.Sprint(state[key])
			if state[key] == 0 {
				value = "null"
			}
		} else {
			state[key] = i + 1
		}
		action := fmt.Sprintf(`"kind":"%s","key":"%s","%s":%s`, kind, key, field, value)
		if txns {
			action = fmt.Sprintf(`"txn":[["%s","%s",%s]]`, kind, key, value)
		}
		call := max(0, i*100-400)
		lines = append(lines, fmt.Sprintf(`{"client":%d,%s,"call":%d,"return":%d,"status":"ok"}`, i%10, action, call, i*100+400))
		calls = append(calls, call)
	}
	return lines, calls
}

// judgeText judges a level of a history that is given as text.
func judgeText(t *testing.T, text, level string, o history.Options) *checked {
	t.Helper()
	f, err := history.Load(strings.NewReader(text), "h", o)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	c := newChecked("h", f)
	if f.Transactions != nil {
		err = c.judgeTransactions(level, judge.Budget{})
	} else {
		err = c.judgeOperations(level, judge.Budget{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckNamesPlantedAnomalies(t *testing.T) {
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			txns := strings.Contains(p.history, " txn ")
			lines, calls := host(txns)
			for _, text := range strings.Split(p.history, "; ") {
				line, call := lineOf(t, text, 100_000)
				k, _ := slices.BinarySearch(calls, call+1)
				lines, calls = slices.Insert(lines, k, line), slices.Insert(calls, k, call)
			}
			c := judgeText(t, strings.Join(lines, "\n"), p.level, history.Options{})
			text := c.text(report.Style{})
			if plain := strings.Join(strings.Fields(text), " "); c.Verdict != judge.Violated || !strings.Contains(plain, p.words) || p.words == "" {
				t.Errorf("%v:\n%s", c.Verdict, text)
			}
			for _, one := range c.Proof {
				if !strings.Contains(one.Op, "planted") {
					t.Errorf("%s was not planted", one.Op)
				}
			}
		})
	}
}

// eventsOf writes the lines of a short history as the events of Jepsen, in EDN or JSON.
func eventsOf(t *testing.T, text string, edn bool) string {
	t.Helper()
	type event struct {
		at   int
		text string
	}
	var events []event
	for _, one := range strings.Split(text, "; ") {
		var op struct {
			Client, Call, Return int
			Kind, Key, Status    string
			Txn                  [][]any
			In, Out, Expect      any
		}
		line, _ := lineOf(t, one, 100)
		if err := json.Unmarshal([]byte(line), &op); err != nil {
			t.Fatal(err)
		}
		f, asked, found := op.Kind, []any{op.Key, op.In}, []any{op.Key, op.In}
		switch {
		case op.Kind == "read":
			found = []any{op.Key, op.Out}
		case op.Kind == "dequeue" || op.Kind == "pop":
			asked, found = nil, []any{op.Out}
		case op.Kind == "enqueue" || op.Kind == "push":
			asked, found = []any{op.In}, []any{op.In}
		case op.Kind == "cas":
			asked = []any{op.Key, []any{op.Expect, op.In}}
			found = asked
		case op.Txn != nil:
			f, asked, found = "txn", nil, nil
			for _, m := range op.Txn {
				word := map[any]string{"read": "r", "write": "w", "append": "append"}[m[0]]
				before := m[2]
				if word == "r" {
					before = nil
				}
				asked, found = append(asked, []any{word, m[1], before}), append(found, []any{word, m[1], m[2]})
			}
		}
		end := map[string]string{"ok": "ok", "failed": "fail", "unknown": "info"}[op.Status]
		events = append(events, event{op.Call, eventText(op.Client, "invoke", f, asked, op.Call, edn)}, event{op.Return, eventText(op.Client, end, f, found, op.Return, edn)})
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at - b.at })
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.text + "\n")
	}
	return b.String()
}

// eventText writes an event; the item of a queue or stack has no key, and stands alone.
func eventText(process int, phase, f string, value []any, at int, edn bool) string {
	var v any = value
	switch {
	case value == nil:
		v = nil
	case len(value) == 1 && f != "txn":
		v = value[0]
	}
	text, _ := json.Marshal(v)
	if !edn {
		return fmt.Sprintf(`{"process":%d,"type":"%s","f":"%s","value":%s,"time":%d}`, process, phase, f, text, at)
	}
	plain := strings.NewReplacer("null", "nil", ",", " ", `["r"`, "[:r", `["w"`, "[:w", `["append"`, "[:append").Replace(string(text))
	return fmt.Sprintf(`{:process %d, :type :%s, :f :%s, :value %s, :time %d}`, process, phase, f, plain, at)
}

// In the formats of others the same is found. Times count from the first event there.
func TestCheckNamesPlantedAnomaliesInEvents(t *testing.T) {
	for _, p := range planted {
		for _, format := range []history.Format{history.FormatEDN, history.FormatJSON} {
			t.Run(p.name+" in "+string(format), func(t *testing.T) {
				text := eventsOf(t, p.history, format == history.FormatEDN)
				c := judgeText(t, text, p.level, history.Options{Dialect: history.Jepsen})
				plain := strings.Join(strings.Fields(c.text(report.Style{})), " ")
				words := p.words
				if strings.Contains(words, "µs") {
					words = "planted x"
				}
				if c.Format != format || c.Verdict != judge.Violated || !strings.Contains(plain, words) {
					t.Errorf("%v, format %s:\n%s\n%s", c.Verdict, c.Format, text, c.text(report.Style{}))
				}
			})
		}
	}
}

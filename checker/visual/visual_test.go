package visual

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
)

// read reads a history of events without times.
func read(t *testing.T, text string, d history.Dialect) history.History {
	t.Helper()
	f, err := history.Load(strings.NewReader(text), "h", history.Options{Dialect: d})
	if err != nil {
		t.Fatal(err)
	}
	return f.History
}

// event is one line of a log: a call and its answer at once, unless they differ.
func done(f, call, answer string) string {
	return "{:process 0 :type :invoke :f " + f + " :value " + call + "}\n{:process 0 :type :ok :f " + f + " :value " + answer + "}\n"
}

func TestModel(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want porcupine.CheckResult
	}{
		{"register", done(":write", "1", "1") + done(":read", "nil", "1"), porcupine.Ok},
		{"stale", done(":write", "1", "1") + done(":read", "nil", "nil"), porcupine.Illegal},
		{"swap", done(":write", "1", "1") + done(":cas", "[1 2]", "[1 2]") + done(":read", "nil", "2"), porcupine.Ok},
		{"swap of another", done(":write", "1", "1") + done(":cas", "[2 3]", "[2 3]"), porcupine.Illegal},
		{"list", done(":append", "1", "1") + done(":append", "2", "2") + done(":read", "nil", "[1 2]"), porcupine.Ok},
		{"wrong order", done(":append", "1", "1") + done(":append", "2", "2") + done(":read", "nil", "[2 1]"), porcupine.Illegal},
		{"set", done(":add", "1", "1") + done(":add", "2", "2") + done(":add", "1", "1") + done(":read", "nil", "[2 1]"), porcupine.Ok},
		{"missing", done(":add", "1", "1") + done(":read", "nil", "[]"), porcupine.Illegal},
		{"queue", done(":enqueue", "1", "1") + done(":enqueue", "2", "2") + done(":dequeue", "nil", "1") + done(":dequeue", "nil", "2") + done(":dequeue", "nil", "nil"), porcupine.Ok},
		{"last first", done(":enqueue", "1", "1") + done(":enqueue", "2", "2") + done(":dequeue", "nil", "2"), porcupine.Illegal},
		{"not empty", done(":enqueue", "1", "1") + done(":dequeue", "nil", "nil"), porcupine.Illegal},
		{"stack", done(":push", "1", "1") + done(":push", "2", "2") + done(":pop", "nil", "2") + done(":push", "3", "3") + done(":pop", "nil", "3") + done(":pop", "nil", "1"), porcupine.Ok},
		{"first first", done(":push", "1", "1") + done(":push", "2", "2") + done(":pop", "nil", "1"), porcupine.Illegal},
		{"unknown", "{:process 1 :type :invoke :f :write :value 5}\n" + done(":read", "nil", "nil") + done(":read", "nil", "5"), porcupine.Ok},
		{"unknown cas", "{:process 1 :type :invoke :f :cas :value [3 5]}\n" + done(":write", "4", "4") + done(":read", "nil", "4"), porcupine.Ok},
		{"failed", "{:process 1 :type :invoke :f :write :value 5}\n{:process 1 :type :fail :f :write :value 5}\n" + done(":read", "nil", "5"), porcupine.Illegal},
	} {
		d := drawing{h: read(t, c.text, history.Jepsen), clients: map[int]int{}}
		for i := range d.h {
			d.add(i)
		}
		d.end()
		if got := porcupine.CheckOperationsTimeout(model, d.ops, 0); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBlindSwap(t *testing.T) {
	const text = "{:process 0 :type :invoke :f :cas :value [1 2]}\n{:process 0 :type :fail :f :cas :value [1 2]}\n"
	for before, want := range map[string]porcupine.CheckResult{"1": porcupine.Illegal, "3": porcupine.Ok} {
		d := drawing{h: read(t, done(":write", before, before)+text, history.Porcupine), clients: map[int]int{}}
		for i := range d.h {
			d.add(i)
		}
		d.end()
		if got := porcupine.CheckOperationsTimeout(model, d.ops, 0); got != want {
			t.Errorf("after a write of %s: %v, want %v", before, got, want)
		}
	}
}

func TestPageNamesOperationsAndProof(t *testing.T) {
	h := read(t, done(":write", `"up"`, `"up"`)+done(":read", "nil", "nil")+"{:process 99 :type :invoke :f :write :value 0}\n", history.Jepsen)
	var b bytes.Buffer
	if err := Write(&b, h, []int{0, 1, 2}, judge.Evidence{Ops: []int{0, 1}, Text: "the reason"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`client 0 wrote register=\"up\"`, "client 0 read register=null", "client 99 wrote register=0", "the reason", "proof"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// FuzzWrite draws operations of one sort of key. Porcupine must decide by the model
// here as the checker does, and what it draws must name every operation.
func FuzzWrite(f *testing.F) {
	sorts := [][]history.Kind{
		{history.Read, history.Write}, {history.Read, history.Write, history.CAS}, {history.Read, history.Append},
		{history.Read, history.Add}, {history.Enqueue, history.Dequeue}, {history.Push, history.Pop},
	}
	for k := range sorts {
		f.Add([]byte{byte(k), 0, 0x10, 2, 0, 1, 0x11, 2, 0, 2, 0x10, 9, 1, 3, 0x11, 9, 2})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		h := executiontest.Distinct(data[1:], 8, 3, 2, sorts[int(data[0])%len(sorts)]...)
		d := drawing{h: h, clients: map[int]int{}}
		all := make([]int, len(h))
		for i := range h {
			all[i] = i
			d.add(i)
		}
		d.end()
		want := linear.Check(h, judge.Budget{})
		if got := porcupine.CheckOperations(model, d.ops); want.Verdict != judge.Undecided && got != (want.Verdict == judge.Holds) {
			t.Fatalf("%v by %s, but by the model drawn %v:\n%v", want.Verdict, want.Engine, got, h)
		}
		var b bytes.Buffer
		if err := Write(&b, h, all, want.Evidence, time.Minute); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), `"Tag":"proof"`); n != len(want.Evidence.Ops) {
			t.Fatalf("%d marks for %d operations of the proof", n, len(want.Evidence.Ops))
		}
	})
}

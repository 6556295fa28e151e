package strict_test

import (
	"fmt"
	"strings"
	"testing"

	"faultline/experiments/strict"
)

// parsed returns a document that the test takes to be readable.
func parsed(t testing.TB, name, text string) *strict.Doc {
	t.Helper()
	doc, err := strict.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

const sample = `version: 1
model: {kind: raft, n: 5}
faults:
  - partition: {for: 1s}
  - crash:
sweep:
  model.kind: [raft, abd, paxos]
  load.reads: [10%, 150%]
`

func TestSet(t *testing.T) {
	for _, c := range []struct{ assignment, path, want string }{
		{"model.n=7", "model.n", "7"},
		{"load.rate=10/s", "load.rate", "10/s"},
		{"faults[0].partition.for=10s", "faults[0].partition.for", "10s"},
		{"load.latency=uniform(1ms, 2ms)", "load.latency", "uniform(1ms, 2ms)"},
		{"faults[1].crash={node: n1}", "faults[1].crash.node", "n1"},
		{`sweep["model.kind"]=[abd]`, `sweep["model.kind"][0]`, "abd"},
		{"question=", "question", ""},
	} {
		doc := parsed(t, "x", sample)
		if err := doc.Set(c.assignment); err != nil {
			t.Errorf("%s: %v", c.assignment, err)
			continue
		}
		if got := doc.At(c.path); got == nil || got.Text() != c.want {
			t.Errorf("%s: %s is %v, want %q", c.assignment, c.path, got, c.want)
		}
	}
}

// TestSetMistakes holds where a wrong override is reported, and that it is reported beside those of the file.
func TestSetMistakes(t *testing.T) {
	for _, c := range []struct{ assignment, want string }{
		{"model.n=12", "--set model.n=12: model.n: 12 is above the maximum of 9\n  hint: write a value from 1 to 9"},
		{"model.wrties=1", "--set model.wrties=1: model.wrties: unknown field\n  hint: did you mean \"writes\"?"},
		{"faults[0].partition.for=soon", "--set faults[0].partition.for=soon: faults[0].partition.for: \"soon\" is not a duration"},
		{"model.kind.x=1", "--set model.kind.x=1: model.kind: has no field \"x\": it is text"},
		{"faults[7].crash=1", "--set faults[7].crash=1: faults: has no entry 7: it has 2, counted from 0"},
		{"model[0]=1", "--set model[0]=1: model: has no entry 0: it is a mapping"},
		{"model.n", "--set model.n: has no \"=\"\n  hint: write path=value"},
		{"=5", "--set =5: \"\" is not a path"},
		{"model..n=5", "--set model..n=5: \"model..n\" is not a path"},
		{"question=> 90%", "--set question=> 90%: \">\" at the start of a value begins a block of text in YAML\n  hint: put the value in quotes: \"> 90%\""},
		{"question=[1", "--set question=[1: this [ is never closed"},
		{"question=", "--set question=: question: has no value"},
	} {
		doc := parsed(t, "x", "version: 1\nmodel: {kind: raft}\nfaults: [{partition: {for: 1s}}, crash: ]\n")
		err := doc.Set(c.assignment)
		if err == nil {
			err = doc.Decode(&recipe{})
		}
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant\n%s", c.assignment, err, c.want)
		}
	}
}

func TestOverridesAreReportedInTheirOrderAfterTheFile(t *testing.T) {
	doc := parsed(t, "x", "version: 1\nwrong: 1\nmodel: {kind: raft}\n")
	for _, assignment := range []string{"model.n=99", "model.kind=paxos"} {
		if err := doc.Set(assignment); err != nil {
			t.Fatal(err)
		}
	}
	err := doc.Decode(&recipe{})
	var places []string
	for line := range strings.Lines(fmt.Sprint(err)) {
		if strings.Contains(line, ": ") && !strings.HasPrefix(line, " ") {
			places = append(places, strings.SplitN(line, ": ", 2)[0])
		}
	}
	if got := strings.Join(places, ", "); got != "x:2:1, --set model.n=99, --set model.kind=paxos" {
		t.Errorf("got %s", got)
	}
}

// TestSweep unfolds a sweep as experiments do: every mistake of a cell is reported once, on the sweep's own line.
func TestSweep(t *testing.T) {
	doc := parsed(t, "x", sample)
	var sweep strict.Map[[]*strict.Node]
	if err := doc.DecodeAt("sweep", &sweep); err != nil {
		t.Fatal(err)
	}
	doc.Drop("sweep")
	var errs []error
	var good []string
	for _, kind := range sweep[0].Value {
		for _, reads := range sweep[1].Value {
			cell := doc.Clone()
			var r recipe
			errs = append(errs, cell.Put(sweep[0].At, kind), cell.Put(sweep[1].At, reads))
			if err := cell.Decode(&r); err != nil {
				errs = append(errs, err)
				continue
			}
			good = append(good, fmt.Sprintf("%s %v", r.Model.Kind, r.Load.Reads))
		}
	}
	const want = `x:7:27: model.kind: "paxos" is not one of the choices
     7 |   model.kind: [raft, abd, paxos]
       |                           ^
  hint: one of raft, abd, quorum, primary-backup
x:8:21: load.reads: 150% is more than the whole
     8 |   load.reads: [10%, 150%]
       |                     ^
  hint: write at most 100%`
	if got := fmt.Sprint(strict.Join(errs...)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := strings.Join(good, ", "); got != "raft 10%, abd 10%" {
		t.Errorf("got %s", got)
	}
}

// TestPutReportsTheName holds that a sweep over a field that does not exist is reported where the sweep names it.
func TestPutReportsTheName(t *testing.T) {
	doc := parsed(t, "x", "version: 1\nmodel: {kind: raft}\nsweep:\n  model.m: [1]\n  model.kind.m: [1]\n  a..b: [1]\n")
	var sweep strict.Map[[]*strict.Node]
	if err := doc.DecodeAt("sweep", &sweep); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"x:4:3: model.m: unknown field", "x:5:3: model.kind: has no field \"m\"", "x:6:3: \"a..b\" is not a path"} {
		cell := doc.Clone()
		err := cell.Put(sweep[i].At, sweep[i].Value[0])
		if err == nil {
			err = cell.Decode(&recipe{})
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	doc := parsed(t, "x", sample)
	before := string(doc.YAML())
	clone := doc.Clone()
	if err := clone.Set("model.n=9"); err != nil {
		t.Fatal(err)
	}
	clone.Drop("faults[0]")
	clone.Drop("model.kind")
	clone.Drop("not.there")
	if got := string(doc.YAML()); got != before {
		t.Errorf("changing a clone changed the document:\n%s", got)
	}
	const want = "version: 1\nmodel:\n  n: 9\nfaults:\n- crash: null\n"
	if got := strings.ReplaceAll(string(clone.YAML()), "  - crash", "- crash"); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDecodeAtFillsDefaults(t *testing.T) {
	var l load
	if err := parsed(t, "x", smallest).DecodeAt("load", &l); err != nil || l.For != strict.Duration(60e9) {
		t.Errorf("got %v, %v", l, err)
	}
}

func TestJoin(t *testing.T) {
	if err := strict.Join(nil, nil); err != nil {
		t.Errorf("nothing joined is %v", err)
	}
	n := parsed(t, "x", sample).At("model.n")
	p := n.Problem("too many for this machine", "")
	const want = "x:2:24: model.n: too many for this machine\n     2 | model: {kind: raft, n: 5}\n       |                        ^"
	if err := strict.Join(p, nil, strict.Join(p)); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if n.Line() != 2 || n.Col() != 24 || n.Path() != "model.n" {
		t.Errorf("got %d:%d %s", n.Line(), n.Col(), n.Path())
	}
}

// TestLateFail holds that a complaint that nobody would see is a programmer's error.
func TestLateFail(t *testing.T) {
	var kept struct {
		Model *strict.Node `yaml:"model"`
		V     int          `yaml:"version"`
	}
	if err := strict.Decode("x", []byte(smallest), &kept); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a late complaint was swallowed")
		}
	}()
	kept.Model.Fail("too late", "")
}

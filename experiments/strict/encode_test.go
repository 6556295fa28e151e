package strict_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"faultline/experiments/strict"

	"github.com/google/jsonschema-go/jsonschema"
	"pgregory.net/rapid"
)

// anyRecipe draws a document that is right.
func anyRecipe(t *rapid.T) recipe {
	r := recipe{Version: 1, Question: rapid.String().Draw(t, "question")}
	strict.Defaults(&r)
	r.Model.Kind = rapid.SampledFrom([]string{"raft", "abd", "quorum", "primary-backup"}).Draw(t, "kind")
	r.Model.N = rapid.IntRange(2, 9).Draw(t, "n")
	r.Load.For = strict.Duration(rapid.Int64Range(1e6, 3600e9).Draw(t, "for"))
	r.Load.Reads = strict.Share(rapid.Float64Range(0, 1).Draw(t, "reads"))
	if rapid.Bool().Draw(t, "weighted") {
		r.Load.Weights = rapid.SliceOfN(rapid.Float64Range(0, 1), 2, 5).Draw(t, "weights")
	}
	for _, crashes := range rapid.SliceOfN(rapid.Bool(), 0, 3).Draw(t, "faults") {
		if crashes {
			r.Faults = append(r.Faults, fault{kind: "crash", crash: crash{Node: rapid.String().Draw(t, "node")}})
		} else {
			r.Faults = append(r.Faults, fault{kind: "partition", partition: partition{For: 1e9, Cut: [][]string{{"n1"}, {"y", "5", "true"}}}})
		}
	}
	for i, name := range rapid.SliceOfNDistinct(rapid.StringN(1, 20, 60), 0, 4, func(s string) string { return s }).Draw(t, "limits") {
		r.Limits = append(r.Limits, strict.Entry[float64]{Name: name, Value: float64(i) / 3})
	}
	r.Notes = rapid.SampledFrom([]map[string]string{nil, {"a": "good", "b": "bad"}}).Draw(t, "notes")
	if rapid.Bool().Draw(t, "disk") {
		r.Disk = &disk{Sync: 5, Torn: rapid.Bool().Draw(t, "torn")}
	}
	return r
}

// forget removes what a decoded document knows of its places.
func forget(r recipe) recipe {
	limits := r.Limits
	r.Limits = nil
	for _, e := range limits {
		r.Limits = append(r.Limits, strict.Entry[float64]{Name: e.Name, Value: e.Value})
	}
	return r
}

func TestDecodeOfEncodeIsIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecipe(t)
		text := strict.Encode(r)
		var back recipe
		if err := strict.Decode("x", text, &back); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if back = forget(back); !reflect.DeepEqual(r, back) {
			t.Fatalf("wrote %+v\nread  %+v\n%s", r, back, text)
		}
	})
}

// TestYAMLIsStable holds that writing a document and reading it gives the document, and the same bytes again.
func TestYAMLIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := strict.Encode(anyRecipe(t))
		doc, err := strict.Parse("x", first)
		if err != nil {
			t.Fatal(err)
		}
		if second := doc.YAML(); string(second) != string(first) {
			t.Fatalf("wrote\n%s\nthen\n%s", first, second)
		}
	})
}

func TestEncode(t *testing.T) {
	var r recipe
	if err := strict.Decode("x", []byte(smallest+"faults: [crash: ]\nlimits: {p99: 1, p50: 2}\n"), &r); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/resolved.txt", string(strict.Encode(r)))
}

func TestSchema(t *testing.T) {
	golden(t, "testdata/schema.json", string(strict.Schema(&recipe{}, "A recipe")))
}

// TestSchemaAgrees holds that the schema accepts what Decode accepts, and refuses plain mistakes.
func TestSchemaAgrees(t *testing.T) {
	var schema jsonschema.Schema
	if err := json.Unmarshal(strict.Schema(&recipe{}, "A recipe"), &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		json string
		good bool
	}{
		{`{"version": 1, "model": {"kind": "raft"}}`, true},
		{`{"version": 1, "model": {"kind": "raft", "n": 9}, "load": {"for": "1m30s", "reads": "5%", "rate": "10/m", "value": "1KiB", "weights": [0, 1]}}`, true},
		{`{"version": 1, "model": {"kind": "raft"}, "load": {"reads": 0.5, "link": "100Mbit/s"}, "faults": [{"crash": {}}], "disk": {"torn": false}}`, true},
		{`{"version": 1, "model": {"kind": "raft"}, "limits": {"p99": 1}, "notes": {"a": "good"}, "sweep": {"model.n": [3, 5]}}`, true},
		{`{"version": 1, "model": {"kind": "paxos"}}`, false},
		{`{"version": 1, "model": {"kind": "raft", "n": 10}}`, false},
		{`{"version": 1, "model": {"kind": "raft", "m": 1}}`, false},
		{`{"version": 1}`, false},
		{`{"version": 1, "model": {"kind": "raft"}, "load": {"for": "10"}}`, false},
		{`{"version": 1, "model": {"kind": "raft"}, "load": {"for": 10}}`, false},
		{`{"version": 1, "model": {"kind": "raft"}, "load": {"reads": 5}}`, false},
		{`{"version": 1, "model": {"kind": "raft"}, "load": {"weights": [1]}}`, false},
		{`{"version": 1, "model": {"kind": "raft"}, "notes": {"a": "ugly"}}`, false},
		{`{"version": 1, "model": {"kind": "raft"}, "limits": {"p99": -1}}`, false},
	} {
		var document any
		if err := json.Unmarshal([]byte(c.json), &document); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(document); (err == nil) != c.good {
			t.Errorf("%s: the schema says %v, want good = %v", c.json, err, c.good)
		}
		if err := strict.Decode("x", []byte(c.json), &recipe{}); (err == nil) != c.good {
			t.Errorf("%s: Decode says %v, want good = %v", c.json, err, c.good)
		}
	}
}

// TestProgrammersErrors holds that wrong tags and targets are found by the first test that touches them.
func TestProgrammersErrors(t *testing.T) {
	type recursive struct {
		Self []*recursiveEntry `yaml:"self"`
	}
	for name, f := range map[string]func(){
		"not a pointer": func() { _ = strict.Decode("x", []byte("a: 1"), recipe{}) },
		"a bad default": func() {
			strict.Defaults(&struct {
				A strict.Duration `yaml:"a" default:"10"`
			}{})
		},
		"required and default": func() {
			strict.Defaults(&struct {
				A int `yaml:"a" default:"1" required:"true"`
			}{})
		},
		"a bad bound": func() {
			_ = strict.Decode("x", []byte("a: 1"), &struct {
				A int `yaml:"a" min:"x"`
			}{})
		},
		"an unknown type": func() {
			_ = strict.Decode("x", []byte("a: 1"), &struct {
				A complex64 `yaml:"a"`
			}{})
		},
		"a bad path":         func() { parsed(t, "x", "a: 1").At("a..b") },
		"a struct in itself": func() { strict.Schema(&recursive{}, "") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, "strict: ") {
					t.Errorf("panicked with %q", said)
				}
			}()
			f()
		})
	}
}

type recursiveEntry struct {
	Below []*recursiveEntry `yaml:"below"`
}

// FuzzDecode holds that no document and no override makes the package panic, that a problem always has a place within the
// text, and that what was read can be written and read again.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"issue", "types", "keys", "tags", "comma", "values", "tab", "cross", "default"} {
		data, err := os.ReadFile("testdata/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "faults[0].partition.for=10s")
	}
	f.Fuzz(func(t *testing.T, data []byte, assignment string) {
		var r recipe
		doc, err := strict.Parse("x", data)
		if err != nil {
			places(t, data, err)
			return
		}
		places(t, data, doc.Decode(&r))
		if clone := doc.Clone(); clone.Set(assignment) == nil {
			_ = clone.Decode(&r)
		}
		text := doc.YAML()
		again, err := strict.Parse("x", text)
		if err != nil {
			t.Fatalf("wrote what cannot be read: %v\n%q\n%q", err, data, text)
		}
		if third := again.YAML(); string(third) != string(text) {
			t.Fatalf("not stable:\n%q\n%q", text, third)
		}
	})
}

func places(t *testing.T, data []byte, err error) {
	if err == nil {
		return
	}
	lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
	for _, p := range err.(*strict.Errors).Problems {
		if p.Line < 1 || p.Line > lines+1 || p.Col < 1 || p.Cause == "" {
			t.Fatalf("no place for %+v in %q", p, data)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	doc := parsed(b, "x", sample)
	doc.Drop("sweep")
	for b.Loop() {
		var r recipe
		if err := doc.Decode(&r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := strict.Parse("x", []byte(sample)); err != nil {
			b.Fatal(err)
		}
	}
}

package strict_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/experiments/strict"

	"github.com/google/jsonschema-go/jsonschema"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files of this package anew")

// recipe is the document that the tests decode: every kind of field, and the shapes that experiments need.
type recipe struct {
	Version  int                        `yaml:"version" doc:"version of the format" required:"true" min:"1" max:"1"`
	Question string                     `yaml:"question" doc:"what is asked"`
	Model    model                      `yaml:"model" doc:"the store" required:"true"`
	Load     load                       `yaml:"load"`
	Faults   []fault                    `yaml:"faults" maxitems:"20"`
	Sweep    strict.Map[[]*strict.Node] `yaml:"sweep" doc:"lists of values by path"`
	Limits   strict.Map[float64]        `yaml:"limits" min:"0"`
	Notes    map[string]string          `yaml:"notes" oneof:"good, bad"`
	Trace    bool                       `yaml:"trace"`
	Disk     *disk                      `yaml:"disk"`
}

type model struct {
	Kind   string `yaml:"kind" doc:"name of a store" required:"true" oneof:"raft, abd, quorum, primary-backup"`
	N      int    `yaml:"n" doc:"replicas" default:"3" min:"1" max:"9"`
	Reads  int    `yaml:"reads" default:"2" min:"1"`
	Writes int    `yaml:"writes" default:"2" min:"1"`
}

// CheckStrict holds quorums to the number of replicas.
func (m *model) CheckStrict(n *strict.Node) {
	if m.Reads > m.N {
		n.FailField("reads", "more than the replicas", "write at most model.n")
	}
}

type load struct {
	Rate    strict.Rate      `yaml:"rate" default:"200/s" min:"1/m"`
	For     strict.Duration  `yaml:"for" doc:"length of the run" default:"60s" min:"1ms" max:"1h"`
	Offset  strict.Duration  `yaml:"offset" min:"-1s"`
	Reads   strict.Share     `yaml:"reads" default:"0.7"`
	Value   strict.Size      `yaml:"value" default:"64B" max:"1MiB"`
	Link    strict.Bandwidth `yaml:"link" default:"10MB/s"`
	Latency law              `yaml:"latency" default:"lognormal(5ms, 0.4)"`
	Weights []float64        `yaml:"weights" min:"0" max:"1" minitems:"2"`
}

type disk struct {
	Sync strict.Duration `yaml:"sync" default:"2ms"`
	Torn bool            `yaml:"torn" default:"true"`
}

// law is a distribution such as lognormal(5ms, 0.4): a scalar with a grammar of its own.
type law struct{ text string }

var lawNames = []string{"constant", "uniform", "lognormal"}

func (l *law) UnmarshalStrict(n *strict.Node) {
	text, ok := n.Scalar("a law", "write a law such as lognormal(5ms, 0.4)")
	if !ok {
		return
	}
	name, arguments, found := strings.Cut(text, "(")
	if !found || !strings.HasSuffix(arguments, ")") {
		n.Fail(text+" is not a law", "write a law such as lognormal(5ms, 0.4)")
		return
	}
	for _, known := range lawNames {
		if known == name {
			l.text = text
			return
		}
	}
	n.Unknown("law", lawNames)
}

func (l law) MarshalStrict() any { return l.text }

func (l *law) StrictSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^(constant|uniform|lognormal)\(.*\)$`}
}

// fault is a mapping with one field, whose name chooses the kind.
type fault struct {
	kind      string
	partition partition
	crash     crash
}

type partition struct {
	At  strict.Duration `yaml:"at" default:"20s"`
	For strict.Duration `yaml:"for" required:"true"`
	Cut [][]string      `yaml:"cut"`
}

type crash struct {
	Node string `yaml:"node" default:"leader"`
}

func (f *fault) UnmarshalStrict(n *strict.Node) {
	p, ok := n.Single("a fault")
	if !ok {
		return
	}
	f.kind = p.Key.Text()
	switch f.kind {
	case "partition":
		p.Value.Decode(&f.partition)
	case "crash":
		if p.Value.Kind() == strict.Null {
			strict.Defaults(&f.crash)
			return
		}
		p.Value.Decode(&f.crash)
	default:
		p.Key.Unknown("fault", []string{"partition", "crash"})
	}
}

func (f fault) MarshalStrict() any {
	if f.kind == "crash" {
		return map[string]crash{"crash": f.crash}
	}
	return map[string]partition{"partition": f.partition}
}

func (f *fault) StrictSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object"}
}

// golden compares got with a file, or writes the file under -rewrite.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// TestMistakes decodes every file of testdata and compares what is said about it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files to decode: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var r recipe
			got := "no problems\n"
			if err := strict.Decode(filepath.Base(file), data, &r); err != nil {
				got = err.Error() + "\n"
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", got)
		})
	}
}

// smallest is the shortest document without a mistake.
const smallest = "version: 1\nmodel: {kind: raft}\n"

// TestText holds the mistakes that cannot be shown in a readable file.
func TestText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "x:1:1: the file is empty"},
		{"comments only", "# nothing\n", "x:1:1: the file is empty"},
		{"byte order mark", "\uFEFF" + smallest, ""},
		{"windows line ends", strings.ReplaceAll(smallest, "\n", "\r\n"), ""},
		{"old line ends", strings.ReplaceAll(smallest, "\n", "\r") + "wrong: 1", "x:3:1: wrong: unknown field"},
		{"utf-16", "\xff\xfev\x00e\x00", "x:1:1: the file is UTF-16"},
		{"binary", "\x7fELF\x00\x01", "x:1:1: this is a binary file"},
		{"latin-1", "version: 1\nquestion: caf\xe9\n", "x:2:14: the byte 0xE9 is not UTF-8"},
		{"control character", "version: 1\nquestion: \x1b[31mred\n", "x:2:11: the invisible character U+001B"},
		{"too large", strings.Repeat("# comment\n", 200_000), "x:1:1: the file is larger than 1024 KiB"},
		{"deep list", smallest + "notes: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nested more than 64 deep"},
		{"deeper than the parser", strings.Repeat("[", 20_000), "nested more than 64 deep"},
		{"many values", smallest + "limits: [" + strings.Repeat("1,", 150_000) + "]", "more than 100000 values"},
		{"two documents", smallest + "---\n" + smallest, "x:3:1: a second document starts here"},
		{"a broken second document", smallest + "---\n[", "x:4:1: the text ends where a value should follow"},
		{"json", `{"version": 1, "model": {"kind": "raft", "n": 5}}`, ""},
		{"null document", "---\n", "the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r recipe
			err := strict.Decode("x", []byte(c.text), &r)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestAliasesAreBounded is the "billion laughs": nine aliases of nine aliases, nine times.
func TestAliasesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		before := string(rune('0' + i - 1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat("*a"+before+", ", 9) + "]\n")
	}
	var into map[string]*strict.Node
	err := strict.Decode("x", []byte(b.String()), &into)
	if err == nil || !strings.Contains(err.Error(), "more than 100000 values") {
		t.Errorf("got %v", err)
	}
}

func TestRead(t *testing.T) {
	endless := endlessReader{}
	_, err := strict.Read("x", endless)
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("an endless file: got %v", err)
	}
	broken := errors.New("the disk is gone")
	if _, err := strict.Read("x", failingReader{broken}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	doc, err := strict.Read("x", bytes.NewReader([]byte(smallest)))
	if err != nil || doc.At("model.kind").Text() != "raft" {
		t.Errorf("got %v, %v", doc, err)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestCap(t *testing.T) {
	text := smallest
	for i := range 70 {
		text += "wrong" + strings.Repeat("x", i) + ": 1\n"
	}
	var r recipe
	err := strict.Decode("x", []byte(text), &r)
	var all *strict.Errors
	if !errors.As(err, &all) || len(all.Problems) != 70 || !strings.HasSuffix(err.Error(), "\nand 20 more") {
		t.Errorf("got %v", err)
	}
}

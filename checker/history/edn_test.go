package history

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// forms reads all forms of a text and writes them in their one spelling.
func formsOf(text string, json bool) (string, error) {
	var all []string
	for e := newEDN(strings.NewReader(text), "f", json); ; {
		f, err := e.next()
		if err == io.EOF {
			return strings.Join(all, " | "), nil
		}
		if err != nil {
			return "", err
		}
		all = append(all, f.String())
	}
}

func TestForms(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{" ; nothing\n#_ 1 #_[2 #_3]", ""},
		{"nil true false", "nil | true | false"},
		{"0 -1 +2 17N -9223372036854775808", "0 | -1 | 2 | 17 | -9223372036854775808"},
		{"9223372036854775808 -99999999999999999999N 0x1F", "9223372036854775808N | -99999999999999999999N | 0x1F"},
		{`#object[java.lang.Object 0x1f3a "java.lang.Object@1f3a"] #:jepsen{:f :read}`, `[java.lang.Object 0x1f3a "java.lang.Object@1f3a"] | {:f :read}`},
		{"1.5 -2e10 3.0M 1/2 ##NaN", "1.5 | -2e10 | 3.0M | 1/2 | ##NaN"},
		{`:a :a/b :a.b/c-d? x a/b + - ->x .y`, ":a | :a/b | :a.b/c-d? | x | a/b | + | - | ->x | .y"},
		{`"a\n\"\\\u00e9/\/" "two
lines" "é"`, `"a\n\"\\é//" | "two\nlines" | "é"`},
		{`\a \newline \u00e9 \( [\,]`, `\a | \newline | \u00e9 | \( | [\,]`},
		{`{:a 1, :b [2 (3) #{5 4}]}{}`, "{:a 1 :b [2 (3) #{4 5}]} | {}"},
		{"{:b 1 :a 2} #{:b 10 9 a}", "{:a 2 :b 1} | #{9 10 :b a}"},
		{`#inst "2020-01-01" #jepsen.history.Op{:a 1} #a [1]`, `"2020-01-01" | {:a 1} | [1]`},
		{"a#_b c[1;x\n]", "a#_b | c | [1]"}, // # may stand inside a symbol
		{"[1 2] ", "1 | 2"},
		{"; one list\n( [1] {} )\n", "[1] | {}"},
		{strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1)},
	} {
		if got, err := formsOf(c.text, false); err != nil || got != c.want {
			t.Errorf("%s\n got %s (%v)\nwant %s", c.text, got, err, c.want)
		}
	}
	const json = `[{"a": [1, -2, null], "b:c": true}, {"d":{}}]`
	if got, err := formsOf(json, true); err != nil || got != `{"a" [1 -2 nil] "b:c" true} | {"d" {}}` {
		t.Errorf("JSON: got %s (%v)", got, err)
	}
}

func TestFormErrorsNamePlaceCauseAndRemedy(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[1\n [2", "f:2:4: edn: the file ends where a ']' should close what line 2 opens; check that the file is complete"},
		{"[1\n2", "f:2:2: edn: the file ends inside the collection that begins on line 1; check that the file is complete"},
		{"1 ]", `f:1:3: edn: ']' closes nothing; remove it, or open it before`},
		{"{:a [1}", `f:1:7: edn: '}' closes nothing; remove it, or open it before`},
		{"[1] 2", "f:1:5: edn: something follows the collection; give one list or vector of events, or events alone"},
		{"{:a 1\n :b}", "f:2:2: edn: a key without a value; give every key of a map a value"},
		{"1 \"abc", "f:1:3: edn: string without end; close it with a double quote; the file may have been cut off"},
		{`"\q"`, `f:1:2: edn: bad escape in a string; use \t, \r, \n, \\, \" or \u and four digits`},
		{`"\u12"`, `f:1:2: edn: bad escape in a string; use \t, \r, \n, \\, \" or \u and four digits`},
		{`"\u12x4"`, `f:1:2: edn: bad escape in a string; use \t, \r, \n, \\, \" or \u and four digits`},
		{"12x", "f:1:1: edn: 12x is no number; put a string in double quotes"},
		{"1 0x1g", "f:1:3: edn: 0x1g is no number; put a string in double quotes"},
		{"007", "f:1:1: edn: 007 begins with 0; write numbers without zeros in front"},
		{": a", "f:1:1: edn: : is no keyword; write a colon and a name"},
		{"1 \x00", `f:1:3: edn: a form cannot begin with '\x00'; check that this is a text file with EDN`},
		{"@x", `f:1:1: edn: a form cannot begin with '@'; check that this is a text file with EDN`},
		{"\"a\xff\"", "f:1:1: edn: not UTF-8; save the file as UTF-8"},
		{":a\xff", "f:1:1: edn: not UTF-8; save the file as UTF-8"},
		{"1 \\", `f:1:3: edn: a backslash without a character; write \a, \newline, \space or \tab`},
		{"# a", "f:1:1: edn: # without a tag; write #{ for a set, or # and a name before a form"},
		{"#a", "f:1:3: edn: the file ends inside a form; check that the file is complete"},
		{"#_", "f:1:3: edn: the file ends inside a form; check that the file is complete"},
		{"#{1 2", "f:1:6: edn: the file ends where a '}' should close what line 1 opens; check that the file is complete"},
		{"{" + strings.Repeat("[", 1e3), "f:1:66: edn: collections lie more than 64 deep in one another; check that this is a history file"},
		{strings.Repeat("#_", 1e3), "f:1:133: edn: collections lie more than 64 deep in one another; check that this is a history file"},
		{"1 [" + strings.Repeat("1 ", maxItems+1) + "]", "f:1:1048581: edn: more than 524288 items in one form; check that this is a history file, with one map for each event"},
	} {
		if got, err := formsOf(c.text, false); err == nil || err.Error() != c.want {
			t.Errorf("for %.60s\n got %.100s %v\nwant %s", c.text, got, err, c.want)
		}
	}
}

// endless yields the same bytes for ever and counts them.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	p = p[:len(p)/len(e.text)*len(e.text)]
	copy(p, strings.Repeat(e.text, len(p)/len(e.text)))
	e.read += len(p)
	return len(p), nil
}

// A line, string, word, form or comment without end must not fill the memory:
// every reader gives up soon after the longest line allowed.
func TestEndlessInputIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		format Format
		begin  string
		text   string
	}{
		{FormatLines, `{"client":`, "1"},
		{FormatJepsen, "INFO jepsen.util - ", "1"},
		{FormatEDN, `{:a "`, "x"},
		{FormatEDN, `{:a "`, `\n`},
		{FormatEDN, `{:a `, "x"},
		{FormatEDN, `{:a `, "1 "},
		{FormatEDN, `{:a `, "#_1 "},
		{FormatEDN, "#", "x"},
		{FormatEDN, `\`, "x"},
	} {
		tail := &endless{text: c.text}
		_, err := Load(io.MultiReader(strings.NewReader(c.begin), tail), "f", Options{Format: c.format})
		if err == nil || !strings.Contains(err.Error(), "longer than 4 MiB") && !strings.Contains(err.Error(), "more than 524288 items") {
			t.Errorf("%s%s...: %v", c.begin, c.text, err)
		}
		if tail.read > 4*maxLine {
			t.Errorf("%s%s...: %d bytes were read", c.begin, c.text, tail.read)
		}
	}
}

func BenchmarkForms(b *testing.B) {
	var text bytes.Buffer
	for range 10_000 {
		text.WriteString("{:type :ok, :f :txn, :value [[:append 255 8] [:r 253 [1 3 4]]], :process 4, :time 1589367458073308289, :index 17}\n")
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		for e := newEDN(bytes.NewReader(text.Bytes()), "b", false); ; {
			if _, err := e.next(); err != nil {
				break
			}
		}
	}
}

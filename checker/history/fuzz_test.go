package history

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// seed adds what the readers are known to meet: whole files, halves, and oddities.
func seed(f *testing.F) {
	texts := append(inputs(f), []byte(sample), []byte(jepsenSample), []byte(kvSample))
	for _, text := range texts {
		for _, s := range [][]byte{text, text[len(text)/2:], text[:len(text)/2], bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), append([]byte(byteOrderMark), text...)} {
			f.Add(s, byte(0), byte(0))
			f.Add(s, byte(2), byte(1))
		}
	}
	for _, s := range []string{
		"\x00\xff{", "[", "({", "{:a", `{"client":1,"kind":"append","key":"\ud800","in":-0,"call":1e3}`, `{:type :invoke :value [[:r #{} ##NaN]]}`,
		"{:type :invoke :time -9223372036854775808}\n{:type :ok :time 9223372036854775807}", "#_#_#_", `{:type :invoke :f :w :value "\u0000"}`,
	} {
		for format := range Formats {
			f.Add([]byte(s), byte(format+1), byte(0))
		}
	}
	for _, name := range porcupineLogs(f) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		const enough = 4000
		f.Add(text[:min(len(text), enough)], byte(0), byte(0))
	}
}

// porcupineLogs are some of the logs that porcupine's own tests read.
func porcupineLogs(f *testing.F) []string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	if err != nil {
		return nil // no go command: the seeds of our own must do
	}
	data := filepath.Join(strings.TrimSpace(string(out)), "test_data")
	return []string{filepath.Join(data, "jepsen", "etcd_000.log"), filepath.Join(data, "jepsen", "etcd_031.log"), filepath.Join(data, "kv", "c01-ok.txt")}
}

// Whatever the bytes: no panic, one line with the place for an error, and what
// was read can be written in our own format and comes back the same.
func FuzzLoad(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte, format, dialect byte) {
		o := Options{Dialect: Dialects[int(dialect)%len(Dialects)]}
		if i := int(format) % (len(Formats) + 1); i > 0 {
			o.Format = Formats[i-1]
		}
		file, err := Load(bytes.NewReader(data), "f", o)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error without place, or of several lines: %q", err)
			}
			return
		}
		if n := len(file.History) + len(file.Transactions); n != len(file.Lines) {
			t.Fatalf("%d operations and transactions on %d lines", n, len(file.Lines))
		}
		if file.Transactions != nil {
			checkTransactions(t, file.Transactions)
			return
		}
		checkHistory(t, file.History)
	})
}

func checkHistory(t *testing.T, h History) {
	var out bytes.Buffer
	if err := Encode(&out, h); err != nil {
		t.Fatalf("read, but not to be written: %v", err)
	}
	if len(h) == 0 {
		return // all that was read says nothing
	}
	text := out.String()
	back, err := Decode(&out, "f")
	if err != nil || back.Digest() != h.Digest() {
		t.Fatalf("not the same after a round trip: %v\n%s", err, text)
	}
}

func checkTransactions(t *testing.T, all []Transaction) {
	var out bytes.Buffer
	if err := EncodeTransactions(&out, all); err != nil {
		t.Fatalf("read, but not to be written: %v", err)
	}
	text := out.String()
	back, err := Load(&out, "f", Options{})
	if err != nil || len(back.Transactions) != len(all) {
		t.Fatalf("not the same after a round trip: %v\n%s", err, text)
	}
	var again bytes.Buffer
	if err := EncodeTransactions(&again, back.Transactions); err != nil || again.String() != text {
		t.Fatalf("not the same after a round trip: %v\n%s\n%s", err, text, again.String())
	}
}

// Any form comes back as it was written.
func FuzzForms(f *testing.F) {
	for _, text := range inputs(f) {
		f.Add(string(text), false)
		f.Add(string(text), true)
	}
	f.Fuzz(func(t *testing.T, text string, json bool) {
		forms, err := formsOf(text, json)
		if err != nil || strings.Contains(text, "|") { // which is what formsOf puts between forms
			return
		}
		again, err := formsOf("["+strings.ReplaceAll(forms, " | ", "\n")+"]", json)
		if err != nil && !strings.Contains(err.Error(), "deep") || err == nil && again != forms {
			t.Fatalf("%q\nis %s\nthen %s (%v)", text, forms, again, err)
		}
	})
}

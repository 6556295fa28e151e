package history

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// Each file in testdata/load is a transcript: histories as other tools write
// them, with the options to read them by, and what came of it.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/load/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { transcript(t, file) })
	}
}

// transcript reads what stands between "-- name options --" and "-- result --".
func transcript(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(a.Files); i += 2 {
		in, want := &a.Files[i], &a.Files[i+1]
		if want.Name != "result" {
			t.Fatalf("%s: after %s comes %s, not result", file, in.Name, want.Name)
		}
		got := result(in.Data, optionsOf(t, in.Name))
		if *rewrite {
			want.Data = []byte(got)
		} else if got != string(want.Data) {
			t.Errorf("%s: %s\n got\n%s\nwant\n%s", file, in.Name, got, want.Data)
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func optionsOf(t *testing.T, words string) (o Options) {
	for _, word := range strings.Fields(words)[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "format":
			o.Format = Format(value)
		case "model":
			o.Model = Model(value)
		case "dialect":
			o.Dialect = Dialect(value)
		case "initial":
			o.Initial = value
		default:
			t.Fatal("no option " + name)
		}
	}
	return o
}

// result tells what came of reading a file.
func result(data []byte, o Options) string {
	f, err := Load(bytes.NewReader(data), "file", o)
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s timed=%v\n", f.Format, f.Model, f.Dialect, f.Timed)
	for i, op := range f.History {
		fmt.Fprintf(&b, "%d-%d %v [%d, %s] %v", f.Lines[i].Call, f.Lines[i].Return, op, op.Call, strings.TrimSuffix(op.Return.String(), " ns"), op.Status)
		if op.Process != op.Client {
			fmt.Fprintf(&b, " as process %d", op.Process)
		}
		b.WriteByte('\n')
	}
	for i, txn := range f.Transactions {
		fmt.Fprintf(&b, "%d-%d %v [%d, %s] %v\n", f.Lines[i].Call, f.Lines[i].Return, txn, txn.Call, strings.TrimSuffix(txn.Return.String(), " ns"), txn.Status)
	}
	for _, note := range f.Notes {
		b.WriteString("note: " + note + "\n")
	}
	return b.String()
}

// inputs are all histories in the transcripts.
func inputs(tb testing.TB) (all [][]byte) {
	files, err := filepath.Glob("testdata/load/*.txt")
	if err != nil || len(files) == 0 {
		tb.Fatal(err, files)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for i := 0; i < len(a.Files); i += 2 {
			all = append(all, a.Files[i].Data)
		}
	}
	return all
}

// A stream yields what Load returns, but for names that only the end of a file can tell.
func TestStreamYieldsWhatLoadReturns(t *testing.T) {
	compared := 0
	for _, data := range append(inputs(t), []byte(sample), []byte(jepsenSample), []byte(kvSample)) {
		for _, d := range Dialects {
			f, err := Load(bytes.NewReader(data), "file", Options{Dialect: d})
			if err != nil || f.Transactions != nil {
				continue
			}
			s, err := Open(iotestOneByte{bytes.NewReader(data)}, "file", Options{Dialect: d})
			if err != nil {
				t.Fatal(err)
			}
			for i := range f.History {
				op, at, err := s.Next()
				if err != nil {
					t.Fatalf("%v\n%s", err, data)
				}
				want := f.History[i]
				want.Key, want.Names, op.Names = op.Key, nil, nil
				if !reflect.DeepEqual(op, want) || at != f.Lines[i] {
					t.Fatalf("operation %d of\n%s\n got %+v %v\nwant %+v %v", i, data, op, at, want, f.Lines[i])
				}
				compared++
			}
			if _, _, err := s.Next(); err != io.EOF {
				t.Fatalf("after the end: %v", err)
			}
			if got := s.File(); !reflect.DeepEqual(got.Notes, f.Notes) || got.Model != f.Model {
				t.Fatalf("the stream knows %+v\nthe file is %+v", got, f)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d operations compared", compared)
	}
}

// A stream holds the operations that run, and forgets those it has given away.
func TestStreamForgets(t *testing.T) {
	const ops, processes = 50_000, 10
	var text bytes.Buffer
	for i := range ops {
		if i >= processes {
			fmt.Fprintf(&text, "{:type :ok :f :write :process %d :value %d}\n", i%processes, i-processes+1)
		}
		fmt.Fprintf(&text, "{:type :invoke :f :write :process %d :value %d}\n", i%processes, i+1)
	}
	s, err := Open(&text, "file", Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, most := 0, 0
	for ; ; n++ {
		op, _, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil || op.In.Num != int64(n+1) {
			t.Fatalf("operation %d: %v, %v", n, op, err)
		}
		most = max(most, cap(s.log.ops))
	}
	if n != ops || most > 3000 {
		t.Errorf("%d operations in the stream, of which it kept up to %d; want %d, and little more than the %d that run", n, most, ops, processes)
	}
}

// iotestOneByte reads a byte at a time, so that every form lies across reads.
type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// eventLog is a history of transactions as Jepsen writes it.
func eventLog(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "{:type :invoke, :f :txn, :value [[:append %d %d] [:r %d nil]], :process %d, :time %d, :index %d}\n", i%9, i, i%7, i%10, 1000*i, 2*i)
		fmt.Fprintf(&b, "{:type :ok, :f :txn, :value [[:append %d %d] [:r %d [1 2 3 4 5 6]]], :process %d, :time %d, :index %d}\n", i%9, i, i%7, i%10, 1000*i+500, 2*i+1)
	}
	return b.Bytes()
}

func BenchmarkLoadEvents(b *testing.B) {
	text := eventLog(50_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Load(bytes.NewReader(text), "b", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

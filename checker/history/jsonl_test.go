package history

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const sample = `{"client":1,"kind":"write","key":"x","in":7,"call":0,"return":205000000,"status":"ok"}
{"client":2,"kind":"read","key":"x","out":null,"call":700000000,"return":701000000,"status":"ok","attempts":[[0,700000000,700500000,"unknown"],[1,700500000,701000000,"ok"]]}
{"client":1,"kind":"cas","key":"x","expect":7,"in":8,"call":800000000,"status":"unknown"}
{"client":3,"kind":"cas","key":"x","expect":7,"in":9,"out":8,"call":800000000,"return":800000000,"status":"ok"}
{"client":3,"kind":"cas","key":"x","expect":8,"in":9,"swapped":true,"call":800000000,"return":800000001,"status":"ok"}
{"client":3,"kind":"cas","key":"x","expect":8,"in":10,"blind":true,"call":800000001,"return":800000002,"status":"ok"}
{"client":1,"process":9,"kind":"append","key":"a \"log\" é","in":0,"call":900000000,"return":905000000,"status":"failed"}
{"client":2,"kind":"read","key":"a \"log\" é","out":[0,-3],"call":950000000,"return":950000001,"status":"ok"}
{"client":4,"kind":"write","key":"x","in":0,"call":950000000,"return":950000001,"status":"ok"}
{"client":4,"kind":"cas","key":"x","expect":0,"in":"zero","swapped":true,"call":950000001,"return":950000002,"status":"ok"}
{"client":4,"kind":"read","key":"x","out":"0","call":950000002,"return":950000003,"status":"ok"}
{"client":4,"kind":"add","key":"s","in":"two words","call":950000004,"return":950000005,"status":"ok"}
{"client":4,"kind":"add","key":"s","in":0,"call":950000005,"return":950000006,"status":"ok"}
{"client":4,"kind":"read","key":"s","out":["two words",0,"-7",-7],"call":950000006,"return":950000007,"status":"ok"}
{"client":5,"kind":"enqueue","key":"q","in":0,"call":950000006,"return":950000007,"status":"ok"}
{"client":5,"kind":"dequeue","key":"q","out":0,"call":950000007,"return":950000008,"status":"ok"}
{"client":5,"kind":"dequeue","key":"q","out":null,"call":950000008,"return":950000009,"status":"ok"}
{"client":5,"kind":"push","key":"p","in":"\"1\"","call":950000009,"return":950000010,"status":"ok"}
{"client":5,"kind":"pop","key":"p","call":950000010,"status":"unknown"}
`

func TestSampleComesBackAsItWas(t *testing.T) {
	h, err := Decode(strings.NewReader(sample), "sample")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Encode(&out, h); err != nil {
		t.Fatal(err)
	}
	if out.String() != sample {
		t.Errorf("got\n%s\nwant\n%s", out.String(), sample)
	}
	if op := h[4]; !op.Swapped || op.Out.Num != 8 {
		t.Errorf("a cas that swapped found what it expected; got %+v", op)
	}
	if op := h[2]; op.Return != Never || op.Status != Unknown {
		t.Errorf("an unknown operation never returns; got %+v", op)
	}
}

// line returns a good read with some text replaced.
func line(from, to string) string {
	const good = `{"client":2,"kind":"read","key":"x","out":5,"call":10,"return":20,"status":"ok"}`
	if !strings.Contains(good, from) {
		panic("no " + from)
	}
	return strings.Replace(good, from, to, 1) + "\n"
}

func TestErrorsNamePlaceCauseAndRemedy(t *testing.T) {
	write := `{"client":1,"kind":"write","key":"x","in":7,"call":0,"return":5,"status":"ok"}` + "\n"
	for _, c := range []struct{ file, want string }{
		{"", "h:1:1: file: it holds no operation; check that the recording worked and that this is the right file"},
		{"\n \n", "h:1:1: file: it holds no operation; check that the recording worked and that this is the right file"},
		{"nonsense", `h:1:1: line: expected a JSON object, found "nonsense"; see the format in the help of check`},
		{write + "[1]", `h:2:1: line: expected a JSON object, found "[1]"; see the format in the help of check`},
		{line(`"key":"x"`, `"key":"x","colour":1`), "h:1:37: colour: unknown field; use client, process, kind, key, expect, in, out, swapped, blind, txn, call, return, status, attempts"},
		{line(`"key":"x"`, `"key":"x","key":"y"`), "h:1:37: key: given twice; keep one of them"},
		{line(`"key":"x",`, ``), "h:1:1: key: missing; add the key"},
		{line(`"client":2,`, ``), "h:1:1: client: missing; add the number of the client"},
		{line(`"client":2`, `"client":-2`), "h:1:11: client: -2 is out of range; use numbers from 0 to 2147483647"},
		{line(`"client":2`, `"client":2.0`), `h:1:11: client: expected a whole number without point or exponent, found "2.0,\"kind\":\"read\",\"k"...; see the format in the help of check`},
		{line(`"client":2`, `"client":02`), `h:1:11: client: expected a whole number, found "02,\"kind\":\"read\",\"ke"...; see the format in the help of check`},
		{line(`"read"`, `"reed"`), `h:1:20: kind: unknown kind "reed"; use read, write, cas, append, add, enqueue, dequeue, push, pop`},
		{line(`"ok"`, `"maybe"`), `h:1:76: status: unknown status "maybe"; use unknown, ok, failed`},
		{line(`"out":5,`, ``), "h:1:1: out: missing; add what was found (null for nothing)"},
		{line(`"out":5`, `"out":[1,[2]]`), `h:1:46: out: expected a whole number, found "[2]],\"call\":10,\"retu"...; see the format in the help of check`},
		{line(`"out":5`, `"out":5,"in":4`), "h:1:50: in: out of place: a read brings nothing along; remove it"},
		{line(`"out":5`, `"out":[1,]`), `h:1:46: out: expected a whole number, found "],\"call\":10,\"return\""...; see the format in the help of check`},
		{line(`"out":5`, `"out":99999999999999999999`), "h:1:43: out: 99999999999999999999 does not fit 64 bits; use smaller numbers"},
		{line(`"call":10`, `"call":-1`), "h:1:52: call: -1 is negative; count nanoseconds from the start of the history"},
		{line(`"return":20`, `"return":9`), "h:1:64: return: 9 is before the call at 10; check the clock that stamped this operation"},
		{line(`"return":20,`, ``), "h:1:1: return: missing; add the time of the answer in nanoseconds"},
		{line(`"return":20`, `"return":9223372036854775807`), "h:1:64: return: the time is out of range; leave return out and use the status unknown if there was no answer"},
		{line(`"out":5,"call":10,"return":20,"status":"ok"`, `"call":10,"return":20,"status":"unknown"`), "h:1:56: return: out of place: an unknown operation never returned; remove it"},
		{line(`"ok"}`, `"ok"`), "h:1:80: line: expected a comma or the end of the object, found the end of the line; see the format in the help of check"},
		{line(`"ok"}`, `"ok"}}`), `h:1:81: line: expected the end of the line, found "}"; see the format in the help of check`},
		{line(`"x"`, `"x`), `h:1:37: line: expected a comma or the end of the object, found "out\":5,\"call\":10,\"re"...; see the format in the help of check`},
		{line(`"x"`, "\"\xff\""), "h:1:34: key: not UTF-8; save the file as UTF-8"},
		{line(`"x"`, `"\q"`), "h:1:34: key: bad escape in a string; use the escapes of JSON"},
		{line(`"ok"`, `"ok","attempts":[[0,5,4,"ok"]]`), "h:1:92: attempts[0]: return 4 is before the call at 5; check the clock that stamped this attempt"},
		{line(`"ok"`, `"ok","attempts":[[0,5,6,"fine"]]`), `h:1:100: attempts[0]: unknown status "fine"; use unknown, ok, failed`},
		{line(`"ok"`, `"ok","attempts":[[0,5,6]]`), `h:1:99: attempts[0]: expected [node, call, return, status], found "]]}"; see the format in the help of check`},
		{line(`"ok"`, `"ok","swapped":true`), "h:1:91: swapped: out of place: only an ok cas can have swapped; remove it"},
		{`{"client":1,"kind":"append","key":"x","in":[1],"call":0,"return":5,"status":"ok"}`, "h:1:44: in: append takes one value; split a list into one operation per value"},
		{`{"client":1,"kind":"append","key":"x","in":null,"call":0,"return":5,"status":"ok"}`, "h:1:44: in: append takes one value; split a list into one operation per value"},
		{`{"client":1,"kind":"dequeue","key":"x","out":[1],"call":0,"return":5,"status":"ok"}`, "h:1:46: out: dequeue returns one value, not a list; split it into one operation per value"},
		{`{"client":1,"kind":"pop","key":"x","call":0,"return":5,"status":"ok"}`, "h:1:1: out: missing; add what was found (null for nothing)"},
		{`{"client":1,"kind":"dequeue","key":"x","in":1,"out":2,"call":0,"return":5,"status":"ok"}`, "h:1:45: in: out of place: a dequeue brings nothing along; remove it"},
		{`{"client":1,"txn":[["read","x"]],"key":"x","call":0,"return":5,"status":"ok"}`, "h:1:40: key: out of place: a transaction has client, process, txn, call, return and status; remove it"},
		{`{"client":1,"txn":[["cas","x",1]],"call":0,"return":5,"status":"ok"}`, `h:1:21: txn[0]: unknown kind "cas"; use read, write, append`},
		{`{"client":1,"txn":[["read","x",1],["append","x"]],"call":0,"return":5,"status":"ok"}`, `h:1:48: txn[1]: expected ["read", key, value], ["write", key, value] or ["append", key, value], found "]],\"call\":0,\"return\""...; see the format in the help of check`},
		{`{"client":1,"txn":[["append","x",[1]]],"call":0,"return":5,"status":"ok"}`, "h:1:34: txn[0]: append takes one value; split a list into one append per value"},
		{`{"client":1,"txn":[],"call":0,"return":5,"status":"ok"}` + "\n" + line("10", "15"), "h:2:1: line: operations and transactions in one file; keep them in files of their own"},
		{`{"client":1,"txn":[["read","x",1]],"call":0,"return":5,"status":"ok"}`, "h:1:1: txn: transactions, where operations were expected; read the file with Load"},
		{"\x00\x01", "h:1:1: file: it is no text: it holds NUL bytes; check that this is a history file"},
		{write + line("10", "4") + write, "h:3:52: call: 0 is before the call at 4 of the operation above; sort the operations by call"},
		{write + line(`"client":2`, `"client":2,"process":1`), "h:2:23: process: process 1 belongs to client 1 (line 1), not 2; give each client its own process numbers"},
		{line("20", "30") + line("10", "15"), "h:2:11: process: process 2 calls at 15 while its operation on line 1 runs until 30; let the operations of a process follow one another"},
		{`{"client":2,"kind":"read","key":"x","call":0,"status":"unknown"}` + "\n\n" + line("10", "15"), "h:3:11: process: process 2 calls again though its operation on line 1 was never answered; let the client take a new process number after an unknown outcome"},
		{write + strings.Repeat("x", maxLine+1), "h:2:1: line: longer than 4 MiB; check that this is a history file, with one operation per line"},
	} {
		_, err := Decode(strings.NewReader(c.file), "h")
		if err == nil {
			t.Errorf("no error for %.100s", c.file)
		} else if err.Error() != c.want {
			t.Errorf("for %.200s\n got %s\nwant %s", c.file, err, c.want)
		}
	}
}

func TestZeroMayComeBeforeTheKind(t *testing.T) {
	h, err := Decode(strings.NewReader(`{"in":0,"kind":"append","client":1,"key":"x","call":0,"return":5,"status":"ok"}`), "h")
	if err != nil || h[0].In.Num != 0 {
		t.Errorf("got %v, %v", h, err)
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	good := Op{Kind: Write, Key: "x", In: Num(1), Return: 5, Status: OK}
	for _, c := range []struct {
		spoil func(*Op)
		want  string
	}{
		{func(op *Op) { op.Return = -1 }, "operation 1: return: -1 is before the call at 0; check the clock that stamped this operation"},
		{func(op *Op) { op.Return = Never }, "operation 1: return: missing though the status is ok; say when the answer came, or use the status unknown"},
		{func(op *Op) { op.Client = -1 }, "operation 1: client: -1 is out of range; number clients from 0 to 2147483647"},
		{func(op *Op) { op.Key = "\xff" }, `operation 1: key: "\xff" is not UTF-8; use a readable key`},
		{func(op *Op) { op.In.Num = -1 << 63 }, "operation 1: in: -9223372036854775808 is kept for names; use numbers from -9223372034707292159 on"},
		{func(op *Op) { op.In.List = []int64{1} }, "operation 1: in: a value holds both a number and a list; use one of them"},
		{func(op *Op) { op.Kind = 9 }, "operation 1: kind: no kind has the number 9; use one of the kinds that package history names"},
		{func(op *Op) { op.Attempts = []Attempt{{Node: -1}} }, "operation 1: attempts[0]: node -1 is out of range; number nodes from 0 to 2147483647"},
		{func(op *Op) { op.Process = 0; op.Call = 1 }, "operation 1: process: process 0 calls at 1 while its operation on line 1 runs until 5; let the operations of a process follow one another"},
	} {
		bad := good
		bad.Client, bad.Process = 0, 1
		c.spoil(&bad)
		err := Encode(io.Discard, History{good, bad})
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

// drawHistory draws a history that files can hold.
func drawHistory(t *rapid.T) History {
	var h History
	var free [4]Time // when each client may call again
	process := [4]int{0, 1, 2, 3}
	at := Time(0)
	for i := range rapid.IntRange(1, 12).Draw(t, "ops") {
		at += Time(rapid.IntRange(0, 3).Draw(t, "gap"))
		c := rapid.IntRange(0, 3).Draw(t, "client")
		at = max(at, free[c])
		op := drawOp(t, c, process[c], at)
		if op.Status == Unknown {
			process[c] = 100 + i
		}
		free[c] = op.Return
		if op.Status == Unknown {
			free[c] = at
		}
		h = append(h, op)
	}
	return h
}

func drawOp(t *rapid.T, client, process int, at Time) Op {
	op := Op{
		Client: client, Process: process, Call: at, Return: at + Time(rapid.IntRange(0, 9).Draw(t, "length")),
		Kind:   Kind(rapid.IntRange(0, len(kindNames)-1).Draw(t, "kind")),
		Key:    rapid.SampledFrom([]string{"", "x", "é\n\"<", "\u2028"}).Draw(t, "key"),
		Status: rapid.SampledFrom([]Status{OK, OK, Unknown, Failed}).Draw(t, "status"),
		In:     drawValue(t), Expect: drawValue(t), Out: drawValue(t),
		Swapped: rapid.Bool().Draw(t, "swapped"), Blind: rapid.Bool().Draw(t, "blind"), Names: drawn,
	}
	if op.Kind.bringsOne() {
		op.In = Num(drawItem(t))
	}
	if (op.Kind == Enqueue || op.Kind == Push) && op.In.Num == 0 || rapid.IntRange(0, 9).Draw(t, "zero") == 0 && op.Kind == Write {
		op.In = Num(drawn.Number("0"))
	}
	if op.Kind.Takes() {
		op.Out.List = nil
	}
	for range rapid.IntRange(0, 3).Draw(t, "attempts") {
		op.Attempts = append(op.Attempts, Attempt{Node: rapid.IntRange(0, 9).Draw(t, "node"), Call: at, Return: at + 1, Status: OK})
	}
	return op.meaning()
}

func drawValue(t *rapid.T) Value {
	if rapid.Bool().Draw(t, "list") {
		return Value{List: rapid.SliceOfN(rapid.Custom(drawItem), 0, 3).Draw(t, "items")}
	}
	return Num(drawItem(t))
}

// drawItem draws a number, now and then one that stands for a name.
func drawItem(t *rapid.T) int64 {
	if rapid.IntRange(0, 3).Draw(t, "named") == 0 {
		return drawn.Number(rapid.SampledFrom([]string{`"0"`, `"\"0\""`, "up", ":up", "two words", "", "-12x", `"-12"`, "\"", "é"}).Draw(t, "name"))
	}
	return rapid.Int64Min(lastName+1).Draw(t, "number")
}

// drawn are the names that occur in drawn histories.
var drawn = &Names{}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		var file bytes.Buffer
		if err := Encode(&file, h); err != nil {
			t.Fatal(err)
		}
		text := file.String()
		back, format, err := ReadAny(&file, "h")
		if err != nil || format != FormatLines {
			t.Fatalf("%v %v\n%s", format, err, text)
		}
		if back.Digest() != h.Digest() {
			t.Fatalf("digest changed:\n%+v\n%+v", h, back)
		}
		var again bytes.Buffer
		if err := Encode(&again, back); err != nil || again.String() != text {
			t.Fatalf("%v\n%s\n%s", err, text, again.String())
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var file bytes.Buffer
	h := make(History, 100_000)
	for i := range h {
		h[i] = Op{Client: i % 50, Process: i % 50, Kind: Kind(i % 2), Key: fmt.Sprint("key", i%100), In: Num(int64(i + 1)), Out: Num(int64(i)), Call: Time(i) * 1e6, Return: Time(i)*1e6 + 5e5, Status: OK}
	}
	if err := Encode(&file, h); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		if _, err := Decode(bytes.NewReader(file.Bytes()), "b"); err != nil {
			b.Fatal(err)
		}
	}
}

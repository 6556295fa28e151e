package history

import (
	"strings"
	"testing"
)

const jepsenSample = `INFO  jepsen.util - 0	:invoke	:read	nil
INFO  jepsen.util - 1	:invoke	:write	0
INFO  jepsen.util - 0	:ok	:read	nil
INFO  jepsen.util - :nemesis	:info	:start	nil
INFO  jepsen.util - 1	:ok	:write	0
INFO  jepsen.util - 2	:invoke	:cas	[0 3]
INFO  jepsen.util - 2	:ok	:cas	[0 3]
INFO  jepsen.util - 2	:invoke	:cas	[0 4]
INFO  jepsen.util - 2	:fail	:cas	[0 4]
INFO  jepsen.util - 0	:invoke	:read	nil
INFO  jepsen.util - 0	:fail	:read	:timed-out
INFO  jepsen.util - 1	:invoke	:write	9
INFO  jepsen.util - 1	:info	:write	:timed-out
INFO  jepsen.util - 0	:invoke	:write	7
`

const kvSample = `{:process 0, :type :invoke, :f :put, :key "k", :value "a."}
{:process 0, :type :ok, :f :put, :key "k", :value "a."}
{:process 0, :type :invoke, :f :append, :key "k", :value "b."}
{:process 1, :type :invoke, :f :get, :key "k", :value nil}
{:process 0, :type :ok, :f :append, :key "k", :value "b."}
{:process 1, :type :ok, :f :get, :key "k", :value "a.b.?"}
{:process 1, :type :invoke, :f :get, :key "l", :value nil}
{:process 1, :type :ok, :f :get, :key "l", :value ""}
`

// short form of an operation: what it did, its times and its status.
func told(h History) string {
	var b strings.Builder
	for _, op := range h {
		b.WriteString(op.String() + " [" + op.Call.String() + ", " + op.Return.String() + "] " + op.Status.String() + "\n")
	}
	return b.String()
}

func TestReadJepsen(t *testing.T) {
	h, format, err := ReadAny(strings.NewReader("\n\n"+jepsenSample), "j")
	if err != nil || format != FormatJepsen {
		t.Fatal(format, err)
	}
	const want = `client 0 read register=null [3 ns, 5 ns] ok
client 1 wrote register=0 [4 ns, 7 ns] ok
client 2 set register from 0 to 3 [8 ns, 9 ns] ok
client 2 found register not to be 0 [10 ns, 11 ns] ok
client 0 read register=null [12 ns, 13 ns] failed
client 1 wrote register=9 [14 ns, never] unknown
client 0 wrote register=7 [16 ns, never] unknown
`
	if got := told(h); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestReadKV(t *testing.T) {
	h, format, err := ReadAny(strings.NewReader(kvSample), "k")
	if err != nil || format != FormatKV {
		t.Fatal(format, err)
	}
	const want = `client 0 wrote k=[a.] [1 ns, 2 ns] ok
client 0 appended b. to k [3 ns, 5 ns] ok
client 1 read k=[a.,b.,?] [4 ns, 6 ns] ok
client 1 read l=null [7 ns, 8 ns] ok
`
	if got := told(h); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestForeignErrors(t *testing.T) {
	const j, k = "INFO jepsen.util - ", `{:process 0, :type :invoke, :f :append, :key "k", :value "a"}` + "\n"
	for _, c := range []struct{ file, want string }{
		{"<html>", `f:1:1: file: no history format begins with "<html>"; give JSON Lines (see the help of check), EDN, or a Jepsen text log`},
		{" \n", "f:1:1: file: it holds no operation; check that the recording worked and that this is the right file"},
		{j + ":nemesis :info :start nil", "f:1:1: file: it holds no operation; check that the recording worked and that this is the right file"},
		{j + "1 :ok :read 4", "f:1:20: process: process 1 is answered, and nobody had called; add the :invoke of each operation: without it nobody knows when it began, and only transactions can be judged"},
		{j + "1 :invoke :read nil\n" + j + "1 :invoke :read nil", "f:2:20: process: process 1 calls while its operation on line 1 runs; let the operations of a process follow one another"},
		{j + "1 :invoke :write 1\n" + j + "1 :ok :write 2", "f:2:33: value: the answer says 2, the call on line 1 said otherwise; check that no line is missing above"},
		{j + "1 :invoke :write 1\n" + j + "1 :ok :read 2", "f:2:26: f: process 1 called a write on line 1 and is answered a read; check that no line is missing above"},
		{j + "1 :invoke :write 1\n" + j + "1 :done :write 1", "f:2:22: type: unknown type :done; use :invoke, :ok, :fail or :info"},
		{j + "x :invoke :write 1", `f:1:20: process: x is not a process number; use numbers from 0 to 2147483647`},
		{j + "1 :invoke :cas 5", "f:1:35: value: 5 is not a pair; use [expected new]"},
		{j + "1 :invoke", "f:1:1: line: cut off; give process, type, function and value"},
		{j + "1 :invoke :read nil\nWARN boom", `f:2:1: line: not an event of a Jepsen log; keep only the lines that have "jepsen.util" before the event`},
		{k + `{:process 0, :type :ok, :f :append, :key "z", :value "a"}`, "f:2:1: key: the answer is about key z, the call on line 1 was not; check that no line is missing above"},
		{k + `{:process 1, :type :invoke, :f :put, :key "k", :value "ab"}`, `f:2:1: value: "ab" begins with "a" (lines 2 and 1), so a get cannot be told apart; end each piece of text with a mark`},
		{`{:process 0, :type :invoke, :f :drop, :key "k", :value "a"}`, "f:1:32: f: unknown function :drop; judged are :read, :write, :cas, :append, :add, :enqueue, :dequeue, :drain, :push, :pop, :acquire, :release, and :txn with [[:r x nil] [:w x 1] [:append x 1]]"},
		{`{:process 0, :type :invoke, :f :put, :key "k"}`, "f:1:1: value: :put of nothing; give some text in double quotes"},
		{`{:process 0, :process 1}`, "f:1:14: process: given twice; keep one of them"},
		{`{:process 0, :colour 1}`, "f:1:1: type: missing; add :type with :invoke, :ok, :fail or :info"},
		{`{:process 0, :type :invoke, :f :append, :key "k", :value ""}`, "f:1:58: value: :append of nothing; give some text in double quotes"},
	} {
		_, _, err := ReadAny(strings.NewReader(c.file), "f")
		if err == nil || err.Error() != c.want {
			t.Errorf("for %s\n got %v\nwant %s", c.file, err, c.want)
		}
	}
}

// What a disk, an editor or a careless recorder does to a file is an error with
// its place, or follows a stated rule.
func TestSpoiltEventLogs(t *testing.T) {
	const call, answer = "{:process 0 :type :invoke :f :write :value 1}\n", "{:process 0 :type :ok :f :write :value 1}\n"
	for _, c := range []struct{ name, file, want string }{
		{"two calls", call + call, "f:2:11: process: process 0 calls while its operation on line 1 runs; let the operations of a process follow one another"},
		{"an answer without a call", answer, "f:1:11: process: process 0 is answered, and nobody had called; add the :invoke of each operation: without it nobody knows when it began, and only transactions can be judged"},
		{"a call after answers alone", "{:process 0, :type :ok, :value [[:w x 1]]}\n{:process 0, :type :invoke, :value [[:w x 2]]}", "f:2:1: type: a call, though the answer on line 1 had none; give the calls of all transactions, or of none"},
		{"an unknown answer alone", "{:process 0, :type :ok, :value [[:w x 1]]}\n{:process 0, :type :info, :value nil}", "f:2:1: value: missing: what this transaction may have written is not known; give the micro operations, or the calls of all transactions"},
		{"two answers", call + answer + answer, "f:3:11: process: process 0 is answered but had not called; check that no line is missing above"},
		{"a process below 0", strings.ReplaceAll(call, "0", "-1"), "f:1:11: process: -1 is out of range; use numbers from 0 to 2147483647"},
		{"a process too great", strings.ReplaceAll(call, "0", "2147483648"), "f:1:11: process: 2147483648 is out of range; use numbers from 0 to 2147483647"},
		{"a process of many digits", strings.ReplaceAll(call, "0", "99999999999999999999"), "f:1:11: process: 99999999999999999999N is out of range; use numbers from 0 to 2147483647"},
		{"a time of many digits", strings.ReplaceAll(call, "}", " :time 99999999999999999999}"), "f:1:52: time: 99999999999999999999N does not fit 64 bits; count nanoseconds from any one instant on"},
		{"times too far apart", strings.ReplaceAll(call, "}", " :time -9223372036854775808}") + strings.ReplaceAll(answer, "}", " :time 9223372036854775807}"), "f:2:1: time: 9223372036854775807 is too far from the first time, -9223372036854775808; count nanoseconds from any one instant on"},
		{"a field twice", strings.ReplaceAll(call, "}", " :f :read}"), "f:1:46: f: given twice; keep one of them"},
		{"no map", call + "[:write 1]", "f:2:1: event: expected a map, found [:write 1]; write {:process 0, :type :invoke, :f :read, :value nil}"},
		{"JSON Lines behind", call + `{"client":1}`, "f:2:1: type: missing; add :type with :invoke, :ok, :fail or :info"},
		{"NUL", call + "\x00\x00", `f:1:1: file: it is no text: it holds NUL bytes; check that this is a history file`},
		{"NUL far behind", call + strings.Repeat(" ", headBytes) + "\x00", `f:2:4097: edn: a form cannot begin with '\x00'; check that this is a text file with EDN`},
		{"not UTF-8", strings.ReplaceAll(call, "1", "\"\xff\""), "f:1:44: edn: not UTF-8; save the file as UTF-8"},
		{"UTF-16", "\xff\xfe{\x00", "f:1:1: file: it is encoded in UTF-16; save it as UTF-8"},
		{"gzip", "\x1f\x8b\x08", "f:1:1: file: it is compressed with gzip; unpack it first: gunzip -c FILE | faultline check -"},
		{"cut off", call + answer[:20], "f:2:21: edn: the file ends where a '}' should close what line 2 opens; check that the file is complete"},
		{"an empty vector", "[]", "f:1:1: file: it holds no operation; check that the recording worked and that this is the right file"},
		{"only comments", "; nothing", "f:1:1: file: it holds no operation; check that the recording worked and that this is the right file"},
		{"no type", "{:process 0}", "f:1:1: type: missing; add :type with :invoke, :ok, :fail or :info"},
		{"no function", "{:process 0 :type :invoke :value 1}", "f:1:1: f: missing; add :f with the function, such as :read"},
		{"an unknown type", "{:process 0 :type :maybe}", "f:1:19: type: unknown type :maybe; use :invoke, :ok, :fail or :info"},
		{"a bank", "{:process 0 :type :invoke :f :transfer :value {:from 1}}", "f:1:30: f: :transfer is of a test of a bank, which cannot be judged; judged are :read, :write, :cas, :append, :add, :enqueue, :dequeue, :drain, :push, :pop, :acquire, :release, and :txn with [[:r x nil] [:w x 1] [:append x 1]]"},
		{"a counter", strings.ReplaceAll(call, "write :value 1", "read") + strings.ReplaceAll(answer, "write", "read") + strings.ReplaceAll(call, "write", "add"), "f:2:39: value: a read of a set returned 1; give all members in a vector or a set; counters cannot be judged"},
		{"now and then a tuple", strings.ReplaceAll(call, "1", "[1 2]") + strings.ReplaceAll(call, "0", "1"), "f:2:44: value: 1 is no pair of a key and a value, as those before are; give every value as [key value]"},
	} {
		_, err := Load(strings.NewReader(c.file), "f", Options{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestMarksAndLineEndsOfOtherSystems(t *testing.T) {
	for _, text := range []string{sample, jepsenSample, kvSample, "[{:process 0 :type :invoke :f :write :value 1}\n{:process 0 :type :ok :f :write :value 1}]"} {
		plain, err := Load(strings.NewReader(text), "f", Options{})
		if err != nil {
			t.Fatal(err)
		}
		odd, err := Load(strings.NewReader(byteOrderMark+strings.ReplaceAll(text, "\n", "\r\n")), "f", Options{})
		if err != nil || odd.History.Digest() != plain.History.Digest() || odd.Notes[0] != "the byte order mark at its beginning was skipped" {
			t.Errorf("%v for %.60s with CRLF and a mark: %v", err, text, odd)
		}
	}
}

// What a test stored, or what others make of it, holds the events in one way or another.
func TestWaysToWrapEvents(t *testing.T) {
	const events = "{:process 0 :type :invoke :f :write :value 1}\n{:process 0 :type :ok :f :write :value 1}\n{:process 1 :type :invoke :f :read}\n{:process 1 :type :ok :f :read :value 1}\n"
	const objects = `{"process":0,"type":"invoke","f":"write","value":1},{"process":0,"type":"ok","f":"write","value":1},{"process":1,"type":"invoke","f":"read","value":null},{"process":1,"type":"ok","f":"read","value":1}`
	for _, file := range []string{
		events, "[" + events + "]", "(" + events + ")",
		strings.ReplaceAll(events, "{", "#jepsen.history.Op{"),
		strings.ReplaceAll(events, "{", "#jepsen.history.Op {:index nil, :time nil, :error nil "),
		"{:history [" + events + "]}", "{:name \"a {b\", :valid? true, :results {:history [1 2]} :history (" + events + ") :more [1 {2 3}]}", "; stored\n{:history\n [" + events + "]\n :valid? true}\n",
		strings.NewReplacer(":process", `"process"`, ":type", `"type"`, ":f ", `"f" `, ":value", `"value"`).Replace(events),
		strings.NewReplacer(":invoke", `"invoke"`, ":ok", `"ok"`, ":write", `"write"`, ":read", `"read"`).Replace(events),
		"[" + objects + "]", strings.ReplaceAll(objects, "},{", "}\n{"), `{"history": [` + objects + `], "valid": true}`, "{\n  \"history\": [\n" + objects + "]}",
		"0 :invoke :write 1\n0 :ok :write 1\n1 :invoke :read nil\n1 :ok :read 1",
		strings.ReplaceAll("\n0\t:invoke\t:write\t1\n0\t:ok\t:write\t1\n1\t:invoke\t:read\tnil\n1\t:ok\t:read\t1", "\n", "\n2026-02-01 10:20:33,123{GMT}\tINFO\t[jepsen worker 0] jepsen.util: "),
	} {
		f, err := Load(strings.NewReader(file), "f", Options{})
		if err != nil {
			t.Errorf("%v for\n%s", err, file)
			continue
		}
		var said []string
		for _, op := range f.History {
			said = append(said, op.String())
		}
		if got := strings.Join(said, ", "); got != "client 0 wrote register=1, client 1 read register=1" {
			t.Errorf("%s for\n%s", got, file)
		}
	}
	for file, want := range map[string]string{
		"{:history [" + events: "f:5:1: edn: the file ends inside the collection that begins on line 1; check that the file is complete",
		"{:history 3}":         "f:1:1: type: missing; add :type with :invoke, :ok, :fail or :info",
		"{:history":            "f:1:10: edn: the file ends where a '}' should close what line 1 opens; check that the file is complete",
		"{:type :ok :process}": "f:1:12: edn: a key without a value; give every key of a map a value",
	} {
		if _, err := Load(strings.NewReader(file), "f", Options{}); err == nil || err.Error() != want {
			t.Errorf("%v for\n%s", err, file)
		}
	}
}

// A mutex is told of as one.
func TestMutexInWords(t *testing.T) {
	const file = "0 :invoke :acquire nil\n0 :ok :acquire nil\n1 :invoke :acquire nil\n1 :fail :acquire nil\n0 :invoke :release nil\n0 :ok :release nil\n1 :invoke :lock nil\n1 :info :lock nil"
	h, _, err := ReadAny(strings.NewReader(file), "f")
	const want = "client 0 acquired mutex [1 ns, 2 ns] ok\nclient 1 found mutex held [3 ns, 4 ns] ok\nclient 0 released mutex [5 ns, 6 ns] ok\nclient 1 tried to acquire mutex [7 ns, never] unknown\n"
	if err != nil || told(h) != want {
		t.Errorf("%v\n%s", err, told(h))
	}
}

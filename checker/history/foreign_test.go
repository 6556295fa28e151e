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
		{j + "1 :ok :read 4", "f:1:20: process: process 1 is answered but had not called; check that no line is missing above"},
		{j + "1 :invoke :read nil\n" + j + "1 :invoke :read nil", "f:2:20: process: process 1 calls while its operation on line 1 runs; let the operations of a process follow one another"},
		{j + "1 :invoke :write 1\n" + j + "1 :ok :write 2", "f:2:33: value: the answer says 2, the call on line 1 said otherwise; check that no line is missing above"},
		{j + "1 :invoke :write 1\n" + j + "1 :ok :read 2", "f:2:26: f: process 1 called a write on line 1 and is answered a read; check that no line is missing above"},
		{j + "1 :invoke :write 1\n" + j + "1 :done :write 1", "f:2:22: type: unknown type :done; use :invoke, :ok, :fail or :info"},
		{j + "x :invoke :write 1", `f:1:20: process: x is not a process number; use numbers from 0 to 2147483647`},
		{j + "1 :invoke :cas 5", "f:1:35: value: 5 is not a pair; use [expected new]"},
		{j + "1 :invoke", "f:1:1: line: cut off; give process, type, function and value"},
		{j + "1 :invoke :read nil\nWARN boom", `f:2:1: line: not an event of a Jepsen log; keep only the lines that begin with "INFO jepsen.util -"`},
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

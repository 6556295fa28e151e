package checker

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/causal"
	"faultline/checker/execution"
	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/linear"
	"faultline/checker/sequential"
)

// strongestOf says which levels the litmus histories of the literature keep.
var strongestOf = map[string]string{
	"causal memory, not convergent":           "causal-memory",                                                            // w:x=1 r:x=2 | w:x=2 r:x=1
	"convergent, not causal memory":           "causal-convergence, monotonic-reads",                                      // w:z=1 w:x=1 w:y=1 | w:x=2 r:z=0 r:y=1 r:x=2
	"causal only":                             "causal, monotonic-reads",                                                  // w:x=1 | w:x=2 r:x=1 r:x=2
	"weakly causal, not sequential":           "causal-convergence, causal-memory",                                        // w:x=1 r:y=0 w:y=1 r:x=1 | w:x=2 r:y=0 w:y=2 r:x=2
	"not causal":                              "pram, writes-follow-reads",                                                // w:x=1 w:y=1 | r:y=1 w:x=2 | r:x=2 r:x=1
	"store buffering":                         "causal-convergence, causal-memory",                                        // w:x=1 r:y=0 | w:y=1 r:x=0
	"message passing":                         "read-your-writes, monotonic-reads, monotonic-writes, writes-follow-reads", // w:x=1 w:y=1 | r:y=1 r:x=0
	"message passing through a third":         "pram, writes-follow-reads",                                                // w:x=1 | r:x=1 w:y=1 | r:y=1 r:x=0
	"two readers, two orders":                 "causal-memory",                                                            // w:x=1 | w:x=2 | r:x=1 r:x=2 | r:x=2 r:x=1
	"independent reads of independent writes": "causal-convergence, causal-memory",                                        // w:x=1 | w:y=1 | r:x=1 r:y=0 | r:y=1 r:x=0
	"load buffering":                          "pram, writes-follow-reads",                                                // r:x=1 w:y=1 | r:y=1 w:x=1
	"one's own write lost":                    "monotonic-reads, monotonic-writes, writes-follow-reads",                   // w:x=1 r:x=0
	"back and forth":                          "causal",                                                                   // w:x=1 | w:x=2 | r:x=1 r:x=2 r:x=1
	"writes seen out of order":                "read-your-writes, monotonic-writes, writes-follow-reads",                  // w:x=1 w:x=2 | r:x=2 r:x=1
	"a reply before its question":             "pram, writes-follow-reads",                                                // w:x=1 | r:x=1 w:x=2 | r:x=2 r:x=1
	"two swaps from one value":                "causal-convergence, causal-memory",                                        // w:x=1 c:x=1>2 | c:x=1>3 r:x=3
	"a swap seen backwards":                   "pram, writes-follow-reads",                                                // w:x=1 | c:x=1>2 | r:x=2 r:x=1
	"lists that fork":                         "causal-convergence, causal-memory",                                        // a:x=1 r:x=[1] | a:x=2 r:x=[2]
	"lists in two orders":                     "causal-memory",                                                            // a:x=1 r:x=[1,2] | a:x=2 r:x=[2,1]
	"a list out of order":                     "read-your-writes, monotonic-reads, writes-follow-reads",                   // a:x=1 a:x=2 | r:x=[2,1]
	"an append forgotten":                     "pram",                                                                     // a:x=1 | r:x=[1] a:x=2 | r:x=[2]
	"an unknown write comes late":             "linearizable",                                                             // w:x=1? r:x=0 | r:x=0 r:x=1
	"an unknown write undone":                 "read-your-writes, monotonic-writes, writes-follow-reads",                  // w:x=1? r:x=1 r:x=0
	"two writes, three registers":             "causal",                                                                   // w:z=1 w:x=1 | w:x=2 r:x=2 r:z=0 r:x=1 r:x=2
}

func TestLitmuses(t *testing.T) {
	for _, l := range executiontest.Litmuses {
		r := Levels(l.History(), Budget{})
		var names []string
		for _, level := range r.Strongest {
			names = append(names, string(level))
		}
		if got := strings.Join(names, ", "); got != strongestOf[l.Name] {
			t.Errorf("%q: %q, // %s", l.Name, got, l.Script)
		}
	}
}

// In the middle of a long history that is linearizable, a litmus keeps its levels.
func TestPlantedLitmuses(t *testing.T) {
	host := executiontest.Plan{
		Store: executiontest.Atomic, Clients: 8, Keys: 5, Ops: 2000, Crashes: true, Think: 5,
		Kinds: []history.Kind{history.Read, history.Write, history.CAS},
	}.Make(rand.New(rand.NewPCG(1, 2)))
	for _, l := range executiontest.Litmuses {
		h, _ := executiontest.Plant(host, l)
		if got, want := Levels(h, Budget{}).Strongest, Levels(l.History(), Budget{}).Strongest; !slices.Equal(got, want) {
			t.Errorf("%s: %v, alone %v", l.Name, got, want)
		}
	}
}

// direct judges one level by itself.
func direct(h history.History, level Level) Verdict {
	b := Budget{}
	x := execution.New(h)
	switch level {
	case Linearizable:
		return linear.Check(h, b).Verdict
	case Sequential:
		return sequential.Judge(x, b).Verdict
	case CausalConvergence:
		return causal.Judge(x, causal.CCv, b).Verdict
	case CausalMemory:
		return causal.Judge(x, causal.CM, b).Verdict
	case Causal:
		return causal.Judge(x, causal.CC, b).Verdict
	case PRAM:
		return causal.Judge(x, causal.PRAM, b).Verdict
	}
	c, _ := Find(string(level))
	return c.Check(h, b).Verdict
}

// What a level implies holds wherever it holds, by the judgement of checkers that
// know nothing of each other; and the report says the same of each level.
func TestHierarchy(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := [][]history.Kind{
		{history.Read, history.Write}, {history.Read, history.Write, history.CAS}, {history.Read, history.Append},
	}
	held, broken := map[Level]int{}, map[Level]int{}
	strongest := map[string]int{}
	for range 6000 {
		h := executiontest.Vary(rng)
		if rng.IntN(3) > 0 {
			h = executiontest.Plan{
				Store: executiontest.Store(rng.IntN(int(executiontest.Stores))), Clients: 2 + rng.IntN(4), Keys: 1 + rng.IntN(3),
				Ops: 5 + rng.IntN(20), Kinds: kinds[rng.IntN(len(kinds))], Crashes: rng.IntN(2) == 0, Spoil: rng.IntN(4), Think: 3,
			}.Make(rng)
		}
		if touches(h) {
			continue
		}
		verdicts := map[Level]Verdict{}
		for _, level := range AllLevels {
			if verdicts[level] = direct(h, level); verdicts[level] == Holds {
				held[level]++
			} else {
				broken[level]++
			}
		}
		for _, level := range AllLevels {
			for _, weaker := range AllLevels {
				if level.Implies(weaker) && verdicts[level] == Holds && verdicts[weaker] == Violated {
					t.Fatalf("%s holds, but %s is %v:\n%s", level, weaker, verdicts[weaker], dump(h))
				}
			}
		}
		r := Levels(h, Budget{})
		for i, l := range r.Levels {
			if v := verdicts[l.Level]; l.Level != AllLevels[i] || l.Verdict != v && v != Undecided {
				t.Fatalf("the report says that %s is %v, its checker %v:\n%s%s", l.Level, l.Verdict, v, r.Text(), dump(h))
			}
		}
		for _, l := range r.Strongest {
			strongest[string(l)]++
		}
	}
	t.Logf("held %v, broken %v, strongest %v", held, broken, strongest)
	for _, level := range AllLevels {
		if held[level] < 100 || broken[level] < 100 || strongest[string(level)] < 10 {
			t.Errorf("%s: held %d times, broken %d times, strongest %d times: too few to tell", level, held[level], broken[level], strongest[string(level)])
		}
	}
}

func dump(h history.History) string {
	var b strings.Builder
	for i := range h {
		b.WriteString(h[i].String())
		b.WriteString("\n")
	}
	return b.String()
}

func TestText(t *testing.T) {
	h := executiontest.Litmus{Script: "w:x=1 w:y=2 | w:x=3 r:y=0 r:x=3 r:x=1 | r:y=2 r:x=3 r:x=1 r:x=3"}.History()
	r := Levels(h, Budget{})
	r.Converged(Result{Verdict: Violated, Engine: "final reads", Evidence: Evidence{Text: "in the end client 1 read x=1 and client 2 read x=3"}})
	const want = `10 operations by 3 clients on 2 keys

  linearizable         violated   zones
  sequential           violated   saturation
  causal-convergence   violated   bad patterns
  causal-memory        violated   bad patterns
  causal               holds      bad patterns
  pram                 violated   bad patterns
  read-your-writes     holds      since causal holds
  monotonic-reads      violated   sessions
  monotonic-writes     holds      since causal holds
  writes-follow-reads  holds      since causal holds
  eventual             violated   final reads

strongest that holds: causal
causal-convergence is violated:
  no one order of the writes explains what was read, for it would go in a
  circle: client 0 wrote x=1 at 0 ns, before client 1 wrote x=3 at 0 ns (since
  client 0 wrote y=2 at 10 ns, then client 2 read y=2 at 0 ns, then client 2
  read x=3 at 10 ns), before client 0 wrote x=1 at 0 ns (since client 1 read x=1
  at 30 ns) (bad pattern CyclicCF)
monotonic-reads is violated:
  client 2 read x=3 at 30 ns, though it had read that value before and then
  another: client 2 read x=1 at 20 ns
eventual is violated:
  in the end client 1 read x=1 and client 2 read x=3

session guarantees by real time, broken by operations of 10:
  read-your-writes             0      0.00 per thousand
  monotonic-reads              1    100.00 per thousand
  monotonic-writes             0      0.00 per thousand
  writes-follow-reads          0      0.00 per thousand
first of monotonic-reads:
  client 2 read x=3 at 30 ns, though it had read that value before and then
  another: client 2 read x=1 at 20 ns
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, line := range strings.Split(r.Text(), "\n") {
		if len(line) > width {
			t.Errorf("more than %d columns: %s", width, line)
		}
	}
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(Levels(executiontest.Litmus{Script: "w:x=1 | r:x=1 r:x=1"}.History(), Budget{}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"operations":3,"clients":2,"keys":1,"levels":[` +
		`{"level":"linearizable","verdict":"holds","engine":"zones"},` +
		`{"level":"sequential","verdict":"holds","from":"linearizable"},` +
		`{"level":"causal-convergence","verdict":"holds","from":"linearizable"},` +
		`{"level":"causal-memory","verdict":"holds","from":"linearizable"},` +
		`{"level":"causal","verdict":"holds","from":"linearizable"},` +
		`{"level":"pram","verdict":"holds","from":"linearizable"},` +
		`{"level":"read-your-writes","verdict":"holds","from":"linearizable"},` +
		`{"level":"monotonic-reads","verdict":"holds","from":"linearizable"},` +
		`{"level":"monotonic-writes","verdict":"holds","from":"linearizable"},` +
		`{"level":"writes-follow-reads","verdict":"holds","from":"linearizable"}],` +
		`"strongest":["linearizable"],"sessions":[` +
		`{"guarantee":"read-your-writes","broken":0,"per_thousand":0},` +
		`{"guarantee":"monotonic-reads","broken":0,"per_thousand":0},` +
		`{"guarantee":"monotonic-writes","broken":0,"per_thousand":0},` +
		`{"guarantee":"writes-follow-reads","broken":0,"per_thousand":0}],"order":"real time","judged":3}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// What is not decided is not said to hold, nor to be violated.
func TestUndecidedLevels(t *testing.T) {
	h := executiontest.Litmus{Script: "w:x=1 w:x=2 w:x=1 | r:x=2 r:x=1 r:x=2"}.History()
	h[0].Return, h[2].Return, h[4].Return = 9, 19, 29
	r := Levels(h, Budget{Steps: 1})
	for _, l := range r.Levels {
		if l.Verdict != Undecided && l.Level != Linearizable || l.Why == "" {
			t.Errorf("%s is %v: %s", l.Level, l.Verdict, l.Why)
		}
	}
	if len(r.Strongest) > 0 {
		t.Errorf("strongest: %v", r.Strongest)
	}
}

// Where operations of one client touch, the report says of every level what its own
// checker says; only linearizability may follow from others.
func TestHierarchyOfTouching(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	followed, judged := 0, 0
	for range 4000 {
		h := executiontest.Plan{
			Store: executiontest.Store(rng.IntN(int(executiontest.Stores))), Clients: 1 + rng.IntN(4), Keys: 1 + rng.IntN(2),
			Ops: 3 + rng.IntN(15), Kinds: []history.Kind{history.Read, history.Write}, Crashes: rng.IntN(3) == 0, Spoil: rng.IntN(3),
		}.Make(rng)
		if !touches(h) || linear.Check(h, Budget{}).Verdict != Holds {
			continue
		}
		r := Levels(h, Budget{})
		for _, l := range r.Levels {
			v := direct(h, l.Level)
			if l.Level == Linearizable {
				v = direct(h, Sequential) // it asks for less than this one, but is not said to hold without it
			}
			if l.Verdict != v && v != Undecided {
				t.Fatalf("the report says that %s is %v, its checker %v:\n%s%s", l.Level, l.Verdict, v, r.Text(), dump(h))
			}
			if l.Level == Sequential && l.From == Linearizable {
				followed++
			} else if l.Level == Sequential {
				judged++
			}
		}
	}
	if followed < 200 || judged < 20 {
		t.Errorf("in %d histories the levels followed, in %d they were judged", followed, judged)
	}
}

// Operations of one client that touch are in order for all levels but linearizability.
func TestTouching(t *testing.T) {
	h := executiontest.Litmus{Script: "w:x=1 r:x=0"}.History()
	h[0].Return = h[1].Call
	r := Levels(h, Budget{})
	if l := r.Levels[0]; l.Verdict != Violated || l.From != Causal || r.Holds(Sequential) {
		t.Errorf("%s", r.Text())
	}
	h[1].Out = history.Num(1)
	if r := Levels(h, Budget{}); !slices.Equal(r.Strongest, []Level{Linearizable}) {
		t.Errorf("%s", r.Text())
	}
}

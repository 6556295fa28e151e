package linear

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var (
	mutate      = flag.Bool("mutate", false, "change each comparison of the package in turn, and demand that a test fails")
	mutateOnly  = flag.String("mutate-only", "", "mutants whose place begins with this, such as register.go:2")
	mutateTests = flag.Int("mutate-crosschecks", 1000, "random histories that each mutant is tried on, per family")
)

// Comparisons that can be changed without changing what the package does, or only
// how fast: by the function they are in and what they become, and why.
var equivalent = map[string]string{
	// How fast, or in how much memory.
	"collect: width < uint64(denseSlack*len(w.ops))": "either table finds the writer",
	"collect: width > uint64(denseSlack*len(w.ops))": "either table finds the writer",
	"clusterOfList: len(v.List) > len(k)":            "a list that is known is followed once more",
	"clusterOfList: len(v.List) <= len(k)":           "a list that is known was found before",
	"merge: len(orders) >= 1":                        "a single order is sorted already",
	"reset: len(s.all) <= len(s.head)/8":             "both ways empty the set",
	"reset: len(s.all) >= len(s.head)/8":             "both ways empty the set",
	"add: len(s.all) >= 2*len(s.head)":               "the set grows a little sooner",
	"reset: t.used >= 0":                             "an empty table is emptied",
	"reset: len(t.slots) >= keptSlots":               "both ways empty the table",
	"reset: len(t.slots) <= keptSlots":               "both ways empty the table",
	"prepare: shift+size+1 >= 64":                    "fields may stand in more words than they need",
	"prepare: shift+size+1 <= 64":                    "fields may stand in more words than they need",
	"prepare: n >= 0":                                "a field of no bits may have a guard",
	"take: op.Return <= s.reads[n-1].at":             "of reads that return at one instant the first is named anyway",
	"take: op.Return <= x.soonest":                   "more reads are kept than evidence needs",
	"pick: cmp.Compare(b.number, a.number)":          "sorted to leave out what comes twice; comparePairs sorts by time",

	"judge: n < longest":                               "whether there is a quick try first",
	"judge: n > longest":                               "whether there is a quick try first",
	"depth: len(s.here.all) >= most":                   "one configuration less is kept",
	"breadth: len(s.here.all)+len(s.past.all) >= most": "one configuration less is kept",
	"judge: s.steps >= limit":                          "what has no steps left decides nothing",

	"prepare: s.here.head != nil":                  "a search gets its memory later, bit by bit",
	"try: effect.kind == history.Write":            "what could be hidden now can be hidden, or happen, at its own return",
	"try: s.blind&^(c.taken|c.free) != 0":          "what could be hidden now can be hidden, or happen, at its own return",
	"tells: s.builds >= 0":                         "steps are taken that nothing can tell of",
	"tells: s.window.states[d.state].expects >= 0": "steps are taken that nothing can tell of",
	"see: op.Kind != history.CAS":                  "more states are told apart than matter",
	"seeMaybe: pass >= passes":                     "more states are told apart than matter",
	"seeMaybe: pass <= passes":                     "more states are told apart than matter",
	"shows: s.shown.get(0, x) != 0":                "more states are told apart than matter",
	"matter: at >= dead":                           "nobody asks until when dead matters",
	"settle: at >= blank":                          "the initial value continues no list",
	"alive: at >= dead":                            "dead is dead",
	"seeMaybe: len(maybe) >= 0":                    "none left is as many as before",
	"smallest: len(b) >= 0":                        "what is kept is asked about once more",
	"ask: w.h[i].Return < since":                   "what is not asked about is never needed",
	"ask: returned(op) >= since":                   "a little less of what is long past is left out",

	// Sets.
	"collect: at <= m.answer.at":                         "of adds of one item that return at one instant either may be named",
	"newDirectory: s.writers >= 0":                       "either directory finds the member",
	"newDirectory: s.writers <= 0":                       "either directory finds the member",
	"newDirectory: width < uint64(denseSlack*s.writers)": "either directory finds the member",
	"chain: len(list) >= size":                           "reads of one set are in order of call, so that none returned before one of lower rank was called",
	"compare: cmp.Compare(b.call.op, a.call.op)":         "calls at one instant may come in either order",
	"compare: r.call.at >= g.ranks[latest].call.at":      "of calls at one instant only the instant counts",

	// What cannot be.
	"try: freeEnd <= dueEnd": "no two operations have one event",
	"earliest: m.end <= end": "no two operations have one event",
	"plus: known <= 0":       "the empty bag is no bag with one more",
	"before: cmp.Or(cmp.Compare(m.at, n.at), cmp.Compare(m.op, n.op)) <= 0": "no value awaits the same return twice",
	"blame: i <= s.wrong":    "what is blamed twice is the same operation",
	"pick: s.wrong <= wrong": "an operation is about one value",

	// Which of several that are as good.
	"takeSlot: p.returns(p.open[at-1]) < p.h[m.op].Return": "returns at one instant may come in either order",
	"Verify: op.Call >= h[latest[0]].Call":                 "an error names one of two operations called at one instant",
	"witness: w.steps <= 0":                                "how much is shown when steps run out",
	"witness: len(needed) >= witnessMost":                  "how much is shown when steps run out",
	"witness: len(needed) <= witnessMost":                  "how much is shown when steps run out",
	"proves: w.steps <= 0":                                 "how much is shown when steps run out",
	"culprit: steps > 0":                                   "what has no steps left decides nothing",
	"arrange: cmp.Compare(b.head, a.head)":                 "blocks that begin at one instant may come in either order",
	"rank: v.last.at >= w.latest[0].last.at":               "of calls at one instant only the instant counts",
	"rank: v.last.at >= w.latest[1].last.at":               "of calls at one instant only the instant counts",
	"retry: c.steps > c.limit":                             "a key that no step is left for is tried with none",
}

// instead says what becomes of each comparison: the boundary moves, or the sense turns.
var instead = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
}

// A mutant is one comparison changed.
type mutant struct {
	place  string // file:line
	in     string // the function
	before string
	after  string
}

func (m *mutant) key() string { return m.in + ": " + m.after }

// A mutator rewrites files so that a variable chooses which comparison is changed:
// so they are compiled once.
type mutator struct {
	set     *token.FileSet
	source  []byte
	in      string
	mutants []mutant
}

// text returns the source of the node, with the comparisons in it made changeable.
func (m *mutator) text(n ast.Node) string {
	var edits []edit
	ast.Inspect(n, func(child ast.Node) bool {
		switch child := child.(type) {
		case *ast.FuncDecl:
			m.in = child.Name.Name
		case *ast.GenDecl:
			if child.Tok == token.CONST {
				return false
			}
		case *ast.BinaryExpr:
			if others := instead[child.Op]; others != nil {
				edits = append(edits, edit{child, m.comparison(child, others)})
				return false
			}
		case *ast.CallExpr:
			if text, ok := m.call(child); ok {
				edits = append(edits, edit{child, text})
				return false
			}
		}
		return true
	})
	var b strings.Builder
	at := n.Pos()
	for _, e := range edits {
		b.Write(m.between(at, e.node.Pos()))
		b.WriteString(e.text)
		at = e.node.End()
	}
	b.Write(m.between(at, n.End()))
	return b.String()
}

type edit struct {
	node ast.Node
	text string
}

func (m *mutator) between(from, to token.Pos) []byte {
	return m.source[m.set.Position(from).Offset:m.set.Position(to).Offset]
}

func (m *mutator) comparison(x *ast.BinaryExpr, others []token.Token) string {
	left, right := m.text(x.X), m.text(x.Y)
	chosen := fmt.Sprintf("(%s %v %s)", left, x.Op, right)
	for _, op := range others {
		after := fmt.Sprintf("%s %v %s", m.between(x.X.Pos(), x.X.End()), op, m.between(x.Y.Pos(), x.Y.End()))
		chosen = fmt.Sprintf("mutated(%d, %s, %s %v %s)", m.add(x, after), chosen, left, op, right)
	}
	return chosen
}

// call turns min into max, max into min, and a comparison of two values round.
func (m *mutator) call(x *ast.CallExpr) (string, bool) {
	name := string(m.between(x.Fun.Pos(), x.Fun.End()))
	args := make([]string, len(x.Args))
	plain := make([]string, len(x.Args))
	for i, a := range x.Args {
		plain[i] = string(m.between(a.Pos(), a.End()))
	}
	other := map[string]string{"min": "max", "max": "min", "cmp.Compare": "cmp.Compare"}[name]
	if other == "" {
		return "", false
	}
	for i, a := range x.Args {
		args[i] = m.text(a)
	}
	turned, after := args, other+"("+strings.Join(plain, ", ")+")"
	if name == other {
		turned, after = []string{args[1], args[0]}, fmt.Sprintf("%s(%s, %s)", name, plain[1], plain[0])
	}
	return fmt.Sprintf("mutated(%d, %s(%s), %s(%s))", m.add(x, after), name, strings.Join(args, ", "), other, strings.Join(turned, ", ")), true
}

func (m *mutator) add(x ast.Node, after string) int {
	at := m.set.Position(x.Pos())
	m.mutants = append(m.mutants, mutant{fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line), m.in, string(m.between(x.Pos(), x.End())), after})
	return len(m.mutants)
}

const chooser = `package linear

import (
	"os"
	"strconv"
)

var chosenMutant, _ = strconv.Atoi(os.Getenv("MUTANT"))

func mutated[T any](n int, before, after T) T {
	if n == chosenMutant {
		return after
	}
	return before
}
`

// overlay writes changeable copies of the package's files into dir, and returns
// the mutants and the file that tells the go command of the copies.
func overlay(t *testing.T, dir string) ([]mutant, string) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	m := mutator{set: token.NewFileSet()}
	replace := map[string]string{}
	write := func(name, text string) {
		replace[filepath.Join(here, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if m.source, err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(m.set, name, m.source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		write(name, "package linear\n"+m.text(file)[len("package linear"):])
	}
	write("mutated.go", chooser)
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return m.mutants, list
}

// Change any comparison, and a test fails:
//
//	go test ./checker/linear -run Mutation -timeout 2h -args -mutate
func TestMutation(t *testing.T) {
	if !*mutate {
		t.Skip("takes long: run with -args -mutate")
	}
	dir := t.TempDir()
	mutants, list := overlay(t, dir)
	binary := filepath.Join(dir, "mutants.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", list, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, ok := tryMutant(binary, 0); !ok {
		t.Fatalf("the tests fail without a mutant:\n%s", out)
	}
	survived := make([]bool, len(mutants))
	var wait sync.WaitGroup
	next := make(chan int)
	for range 2 {
		wait.Go(func() {
			for k := range next {
				_, survived[k] = tryMutant(binary, k+1)
			}
		})
	}
	tried := 0
	for k := range mutants {
		if strings.HasPrefix(mutants[k].place, *mutateOnly) {
			tried++
			next <- k
		}
	}
	close(next)
	wait.Wait()
	reportMutants(t, mutants, survived, tried)
}

func reportMutants(t *testing.T, mutants []mutant, survived []bool, tried int) {
	same := 0
	for k, m := range mutants {
		why, known := equivalent[m.key()]
		switch {
		case !survived[k]:
		case known:
			same++
			t.Logf("%s: %s: %s became %s: %s", m.place, m.in, m.before, m.after, why)
		default:
			t.Errorf("%s: %s: %s became %s, and no test failed", m.place, m.in, m.before, m.after)
		}
	}
	alive := len(slices.DeleteFunc(survived, func(s bool) bool { return !s }))
	t.Logf("%d mutants, %d caught, %d known to be the same, %d not caught", tried, tried-alive, same, alive-same)
}

// tryMutant runs the tests with one comparison changed, and reports whether they pass.
func tryMutant(binary string, n int) (string, bool) {
	cmd := exec.Command("sh", "-c", `ulimit -v 8000000; exec "$0" "$@"`, binary, "-test.failfast", "-test.timeout", "60s",
		"-crosschecks", strconv.Itoa(*mutateTests))
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(n), "GOMAXPROCS=2")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}

package checker

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
	mutate      = flag.String("mutate", "", "change each comparison of this package, such as linear, in turn, and demand that a test of it fails")
	mutateOnly  = flag.String("mutate-only", "", "mutants whose place begins with this, such as register.go:2")
	mutateTests = flag.Int("mutate-crosschecks", 1000, "random histories that each mutant is tried on, per family")
)

// instead says what becomes of each comparison: the boundary moves, or the sense turns.
var instead = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
}

// crossChecked are the packages that take the number of their random histories.
var crossChecked = []string{"atomicity", "causal", "effects", "linear", "sequential", "session", "staleness", "txn"}

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

// chooser is what a package needs to choose; its clause stands before.
const chooser = `
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

// overlay writes changeable copies of the files of a package into dir, and returns
// the mutants and the file that tells the go command of the copies.
func overlay(t *testing.T, name, dir string) ([]mutant, string) {
	here, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(here, "*.go"))
	if err != nil || files == nil {
		t.Fatal(here, files, err)
	}
	clause := "package " + name + "\n"
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
		write(filepath.Base(name), clause+m.text(file)[len(clause)-1:])
	}
	write("mutated.go", clause+chooser)
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
//	go test ./checker -run Mutation -timeout 2h -args -mutate linear
func TestMutation(t *testing.T) {
	if *mutate == "" {
		t.Skip("takes long: run with -args -mutate linear, or another package")
	}
	dir := t.TempDir()
	mutants, list := overlay(t, *mutate, dir)
	binary := filepath.Join(dir, "mutants.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", list, "-o", binary, "./"+*mutate).CombinedOutput(); err != nil {
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
		why, known := equivalent[*mutate][m.key()]
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
	cmd := exec.Command("sh", "-c", `ulimit -v 8000000; exec "$0" "$@"`, binary, "-test.failfast", "-test.timeout", "60s")
	if slices.Contains(crossChecked, *mutate) {
		cmd.Args = append(cmd.Args, "-crosschecks", strconv.Itoa(*mutateTests))
	}
	cmd.Dir = *mutate
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(n), "GOMAXPROCS=2")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}

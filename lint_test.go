package faultline_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// The house rules, held by a test: who may import whom, and what would leak the
// machine's time, luck or scheduling into a run.

// mayImport says which packages of the house a package may use, beyond its own
// folder's children, and which modules from outside. The first match counts.
var mayImport = []struct {
	pkg     string   // pattern of path.Match, without the module's name; a trailing /... matches everything below
	house   []string // patterns of packages of the house
	modules []string // prefixes of packages from outside
}{
	{"sim/portable", nil, nil},
	{"sim/dist", []string{"sim/portable"}, nil},
	{"sim/simtest", []string{"sim"}, nil},
	{"sim", nil, nil},
	{"net/policy", []string{"sim/portable"}, nil},
	{"net/call", []string{"sim", "net/policy"}, nil},
	{"net", []string{"sim", "sim/dist"}, nil},
	{"checker/history", nil, nil},
	{"checker/judge", nil, nil},
	{"checker", []string{"checker/..."}, []string{"github.com/anishathalye/porcupine"}},
	{"checker/...", []string{"checker/history", "checker/judge", "checker/keys", "checker/execution"}, []string{"github.com/anishathalye/porcupine"}},
	{"models/store/storetest", []string{"models/store", "experiments", "experiments/...", "checker/...", "net", "net/...", "sim", "sim/..."}, nil},
	{"models/store/versioned", []string{"models/store", "sim", "checker/history"}, nil},
	{"models/store", []string{"sim", "net/call", "checker/history"}, nil},
	{"models/raft", []string{"models/store", "sim", "net/call", "checker/history"}, []string{"go.etcd.io/raft/v3", "google.golang.org/protobuf"}},
	{"models/service", []string{"models/store", "sim", "net/call", "net/policy", "checker/history"}, nil},
	{"models/*", []string{"models/store", "models/store/versioned", "sim", "net/call", "checker/history"}, nil},
	{"models", []string{"models/*"}, nil},
	{"results/...", []string{"results"}, []string{"gonum.org/v1/plot", "gonum.org/v1/gonum"}},
	{"results", nil, []string{"gonum.org/v1/gonum"}},
	{"experiments/strict", nil, []string{"go.yaml.in/yaml/v4", "github.com/google/jsonschema-go"}},
	{"experiments/fault", []string{"models/store", "net", "net/*", "sim", "sim/dist"}, nil},
	{"experiments/workload", []string{"checker/history", "net/policy", "sim", "sim/dist"}, nil},
	{"experiments", []string{"experiments/*", "models", "models/store", "models/service", "models/dedup", "net", "net/*", "checker", "checker/*", "sim", "sim/*", "results", "results/chart"}, []string{"github.com/google/jsonschema-go"}},
	{"cmd/...", []string{"..."}, []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"}},
}

// deterministic are the packages in which a run happens and is judged, all of them
// but the files in which experiments are read, described and run in parallel, and
// the one that keeps laws for whoever asks next.
var (
	deterministic = []string{"sim", "net", "models", "checker", "experiments", "experiments/fault", "experiments/workload"}
	outside       = []string{"experiments/load.go", "experiments/spec_values.go", "experiments/sweep.go", "experiments/cli_support.go", "experiments/published.go", "experiments/fields.go", "sim/dist/made.go"}
)

// harmless are the packages of the standard library that know nothing of the
// machine: no time, luck, files, addresses, scheduling or order of maps.
var harmless = []string{
	"bufio", "bytes", "cmp", "container/heap", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "hash", "hash/fnv",
	"io", "iter", "maps", "math", "math/big", "math/bits", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
	"context", // etcd's raft wants one; what it offers of timers needs goroutines
}

// bannedCalls are functions of harmless packages that bring the machine in after all.
var bannedCalls = []struct {
	pkg   string
	names []string
	why   string
}{
	{"time", []string{"Now", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Since", "Until", "Local"}, "looks at the wall clock: ask sim.Env for the node's own time"},
	{"context", []string{"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause", "AfterFunc"}, "looks at the wall clock: set a timer with sim.Env"},
	{"math", []string{"Exp", "Exp2", "Expm1", "Log", "Log2", "Log10", "Log1p", "Pow", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Gamma", "Lgamma", "Erf", "Erfc", "Erfinv", "Cbrt", "FMA"},
		"has other last bits on other platforms: use integers, or the tables of sim/dist"},
}

type goPackage struct {
	ImportPath, Dir  string
	GoFiles, Imports []string
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not to be found, and it alone knows the imports")
	}
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,Imports"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func matches(pattern, name string) bool {
	if below, ok := strings.CutSuffix(pattern, "..."); ok {
		return strings.HasPrefix(name, below)
	}
	ok, err := filepath.Match(pattern, name)
	if err != nil {
		panic(err)
	}
	return ok
}

func TestImportRules(t *testing.T) {
	for _, p := range goList(t, "./...") {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "faultline"), "/")
		rule := slices.IndexFunc(mayImport, func(r struct {
			pkg            string
			house, modules []string
		}) bool {
			return matches(r.pkg, name)
		})
		if rule < 0 {
			if name != "" {
				t.Errorf("%s: no rule says what this package may import; add it to mayImport", name)
			}
			continue
		}
		for _, imported := range p.Imports {
			checkImport(t, name, imported, mayImport[rule].house, mayImport[rule].modules)
		}
	}
}

func checkImport(t *testing.T, name, imported string, house, modules []string) {
	t.Helper()
	if inner, ok := strings.CutPrefix(imported, "faultline/"); ok {
		if !slices.ContainsFunc(house, func(p string) bool { return matches(p, inner) }) {
			t.Errorf("%s imports %s: of the house it may import %s", name, inner, only(house))
		}
		return
	}
	if isStandard(imported) {
		return
	}
	if !slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(imported, m) }) {
		t.Errorf("%s imports %s: from outside it may import %s; see mayImport in lint_test.go", name, imported, only(modules))
	}
}

func only(packages []string) string {
	if len(packages) == 0 {
		return "nothing"
	}
	return strings.Join(packages, ", ") + " only"
}

// TestDeterminismBans holds every package in which a run happens to what makes
// the same seed give the same bytes everywhere.
func TestDeterminismBans(t *testing.T) {
	for _, p := range loadTyped(t) {
		for _, file := range p.Syntax {
			if name := p.Fset.Position(file.Pos()).Filename; !isTestFolder(name) && !isOutside(name) {
				l := &linter{t: t, pkg: p, excused: excuses(p, file), rounded: map[ast.Expr]bool{}}
				l.imports(file)
				ast.Inspect(file, func(n ast.Node) bool { l.check(n); return true })
			}
		}
	}
}

func loadTyped(t *testing.T) []*packages.Package {
	config := &packages.Config{Mode: packages.NeedName | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedExportFile}
	var patterns []string
	for _, folder := range deterministic {
		patterns = append(patterns, "./"+folder)
		if folder != "experiments" { // whose other folders are outside
			patterns = append(patterns, "./"+folder+"/...")
		}
	}
	loaded, err := packages.Load(config, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// isTestFolder reports whether a file belongs to a package that only tests use.
func isTestFolder(path string) bool {
	return strings.Contains(path, "simtest") || strings.Contains(path, "storetest") || strings.Contains(path, "executiontest")
}

func isOutside(path string) bool {
	return slices.ContainsFunc(outside, func(o string) bool { return strings.HasSuffix(filepath.ToSlash(path), "/"+o) })
}

// excuses are the lines of a file with a comment that begins with "any order" and
// says why it does not matter there.
func excuses(p *packages.Package, file *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range file.Comments {
		if strings.HasPrefix(group.Text(), "any order") {
			lines[p.Fset.Position(group.Pos()).Line] = true
		}
	}
	return lines
}

// A linter looks at one file.
type linter struct {
	t       *testing.T
	pkg     *packages.Package
	excused map[int]bool      // lines on which any order will do
	rounded map[ast.Expr]bool // products that nothing can be fused with
}

func (l *linter) complain(n ast.Node, format string, args ...any) {
	l.t.Helper()
	at := l.pkg.Fset.Position(n.Pos())
	if here, err := filepath.Abs("."); err == nil {
		if name, err := filepath.Rel(here, at.Filename); err == nil {
			at.Filename = name
		}
	}
	l.t.Errorf("%s: %s", at, fmt.Sprintf(format, args...))
}

// imports complains about packages of the standard library that may know the machine.
func (l *linter) imports(file *ast.File) {
	for _, spec := range file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if isStandard(name) && !slices.Contains(harmless, name) {
			l.complain(spec, "imports %s, which may bring the machine's time, luck or scheduling into a run: do without it, or add it to harmless if it cannot", name)
		}
	}
}

func isStandard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return first != "faultline" && !strings.Contains(first, ".")
}

func (l *linter) check(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		l.complain(n, "starts a goroutine: the order would be the scheduler's; use sim.Go")
	case *ast.SelectStmt:
		l.complain(n, "selects: the choice would be the scheduler's")
	case *ast.ChanType:
		l.complain(n, "has a channel, which only goroutines need: use a sim.Proc, or a message")
	case *ast.Ident:
		l.use(n)
	case *ast.RangeStmt:
		if isMap(l.pkg.TypesInfo.TypeOf(n.X)) {
			l.disorder(n)
		}
	case *ast.CallExpr:
		l.call(n)
	case *ast.BasicLit:
		if n.Kind == token.STRING && strings.Contains(n.Value, "%p") {
			l.complain(n, "prints an address, which no two runs share")
		}
	}
	l.rounds(n)
}

// use complains about a function that is banned, under whatever name its package was imported.
func (l *linter) use(name *ast.Ident) {
	f := l.pkg.TypesInfo.Uses[name]
	if f == nil || f.Pkg() == nil || f.Parent() != f.Pkg().Scope() {
		return
	}
	for _, ban := range bannedCalls {
		if f.Pkg().Path() == ban.pkg && slices.Contains(ban.names, f.Name()) {
			l.complain(name, "%s.%s %s", ban.pkg, f.Name(), ban.why)
		}
	}
}

// call complains about iterators over maps, unless their values are sorted at once.
func (l *linter) call(call *ast.CallExpr) {
	if sorts(l.callee(call)) {
		for _, arg := range call.Args {
			if inner, ok := arg.(*ast.CallExpr); ok {
				l.excused[l.line(inner)] = true
			}
		}
	}
	switch l.callee(call) {
	case "maps.Keys", "maps.Values", "maps.All":
		l.disorder(call)
	}
}

// callee names a function of another package that is called: maps.Keys.
func (l *linter) callee(call *ast.CallExpr) string {
	fun := call.Fun
	if generic, ok := fun.(*ast.IndexExpr); ok {
		fun = generic.X
	}
	var name *ast.Ident
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel
	case *ast.Ident:
		name = f
	default:
		return ""
	}
	if f, ok := l.pkg.TypesInfo.Uses[name].(*types.Func); ok && f.Pkg() != nil && f.Signature().Recv() == nil {
		return f.Pkg().Path() + "." + f.Name()
	}
	return ""
}

func sorts(function string) bool {
	return slices.Contains([]string{"slices.Sorted", "slices.SortedFunc", "slices.SortedStableFunc"}, function)
}

func (l *linter) line(n ast.Node) int { return l.pkg.Fset.Position(n.Pos()).Line }

// disorder complains about what goes through a map, unless its line says why any order will do.
func (l *linter) disorder(n ast.Node) {
	if !l.excused[l.line(n)] {
		l.complain(n, "goes through a map in an order that differs from run to run: sort its keys, or say on this line why any order will do")
	}
}

// isMap reports whether t is a map, or a type parameter that stands for maps.
func isMap(t types.Type) bool {
	if param, ok := t.(*types.TypeParam); ok {
		if union, ok := param.Constraint().Underlying().(*types.Interface); ok && union.NumEmbeddeds() == 1 {
			t = union.EmbeddedType(0)
		}
		if u, ok := t.(*types.Union); ok && u.Len() == 1 {
			t = u.Term(0).Type()
		}
	}
	_, is := t.Underlying().(*types.Map)
	return is
}

// rounds notes the products of floats that are converted, multiplied, divided or
// compared at once, and complains about all others: some platforms fuse a product
// with a sum that it meets later, in another statement or in a function that calls
// this one, and round once instead of twice (Go specification, Floating-point operators).
func (l *linter) rounds(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if l.pkg.TypesInfo.Types[n.Fun].IsType() {
			l.rounded[ast.Unparen(n.Args[0])] = true
		}
	case *ast.BinaryExpr:
		if n.Op != token.ADD && n.Op != token.SUB { // multiplied further, divided, or compared
			l.rounded[ast.Unparen(n.X)], l.rounded[ast.Unparen(n.Y)] = true, true
		}
		if n.Op == token.MUL && l.isFloat(n) && !l.rounded[n] {
			l.complain(n, "may be fused with a sum on some platforms: write float64(x*y)")
		}
	case *ast.AssignStmt:
		if n.Tok == token.MUL_ASSIGN && l.isFloat(n.Lhs[0]) {
			l.complain(n, "may be fused with a sum on some platforms: write x = float64(x*y)")
		}
	}
}

// isFloat reports whether an expression is a float that is not known before the run.
func (l *linter) isFloat(e ast.Expr) bool {
	value := l.pkg.TypesInfo.Types[e]
	basic, ok := value.Type.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsFloat != 0 && value.Value == nil
}

// TestDocumented holds every exported name, and every package, to a comment that
// says what it is.
func TestDocumented(t *testing.T) {
	for _, p := range goList(t, "./...") {
		set := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		docs, err := doc.NewFromFiles(set, files, p.ImportPath)
		if err != nil {
			t.Fatal(err)
		}
		if docs.Doc == "" {
			t.Errorf("%s: no comment says what the package is", p.ImportPath)
		}
		if docs.Name != "main" {
			checkDocs(t, p.ImportPath, docs)
		}
	}
}

func checkDocs(t *testing.T, pkg string, docs *doc.Package) {
	functions, values := docs.Funcs, slices.Concat(docs.Consts, docs.Vars)
	for _, typ := range docs.Types {
		if typ.Doc == "" {
			t.Errorf("%s.%s: no comment says what it is", pkg, typ.Name)
		}
		functions = slices.Concat(functions, typ.Funcs, typ.Methods)
		values = slices.Concat(values, typ.Consts, typ.Vars)
	}
	for _, f := range functions {
		if f.Doc == "" && !wellKnown(f) {
			t.Errorf("%s.%s: no comment says what it does", pkg, strings.TrimPrefix(f.Recv+"."+f.Name, "."))
		}
	}
	for _, v := range values {
		for _, spec := range v.Decl.Specs {
			value := spec.(*ast.ValueSpec)
			if v.Doc == "" && value.Doc == nil && value.Comment == nil && value.Names[0].IsExported() {
				t.Errorf("%s.%s: no comment says what it is", pkg, value.Names[0].Name)
			}
		}
	}
}

// wellKnown reports whether a method is one that every reader of Go knows.
func wellKnown(f *doc.Func) bool {
	return f.Recv != "" && slices.Contains([]string{"Error", "Unwrap"}, f.Name)
}

// TestCatalogue holds every store to being in the catalogue and to running the
// conformance suite: one that is not would be believed and never tried.
func TestCatalogue(t *testing.T) {
	catalogue := readAll(t, "models/models.go")
	folders, err := filepath.Glob("models/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		name := filepath.Base(folder)
		if !strings.Contains(readAll(t, folder+"/*.go"), "var Model = store.Model{") {
			continue // a part that stores share
		}
		if !strings.Contains(catalogue, "&"+name+".Model,") {
			t.Errorf("%s: the store is not in the catalogue: add a line to models/models.go", folder)
		}
		if !strings.Contains(readAll(t, folder+"/*_test.go"), "storetest.Run(") {
			t.Errorf("%s: no test calls storetest.Run, which holds a store to what it claims", folder)
		}
	}
}

// readAll returns the text of all files that a pattern matches.
func readAll(t *testing.T, pattern string) string {
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

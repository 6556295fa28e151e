package faultline_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
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
	{"models/store/versioned", []string{"sim", "checker/history"}, nil},
	{"models/store", []string{"sim", "net/call", "checker/history"}, nil},
	{"models/raft", []string{"models/store", "sim", "net/call", "checker/history"}, []string{"go.etcd.io/raft/v3", "google.golang.org/protobuf"}},
	{"models/*", []string{"models/store", "models/store/versioned", "sim", "net/call", "checker/history"}, nil},
	{"models", []string{"models/*"}, nil},
	{"results/...", []string{"results"}, []string{"gonum.org/v1/plot", "gonum.org/v1/gonum"}},
	{"results", nil, []string{"gonum.org/v1/gonum"}},
	{"experiments/strict", nil, []string{"go.yaml.in/yaml/v4", "github.com/google/jsonschema-go"}},
	{"experiments/fault", []string{"models/store", "net", "net/*", "sim", "sim/dist"}, nil},
	{"experiments/workload", []string{"checker/history", "sim", "sim/dist"}, nil},
	{"experiments", []string{"experiments/*", "models", "models/store", "net", "net/*", "checker/*", "sim", "sim/*", "results", "results/chart"}, []string{"github.com/google/jsonschema-go"}},
	{"cmd/...", []string{"..."}, []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"}},
}

// deterministic are the folders in which a run happens.
var deterministic = []string{"sim", "net", "models", "checker", "experiments/fault", "experiments/workload"}

// bannedImports must not be used there: they bring in the machine's time, luck, files or scheduling.
var bannedImports = []string{"math/rand", "math/rand/v2", "crypto/rand", "sync", "sync/atomic", "os", "net", "net/http", "os/exec", "runtime", "unsafe", "syscall"}

// bannedTime are the functions of package time that look at the wall clock.
var bannedTime = []string{"Now", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Since", "Until"}

// bannedMath have results that differ between platforms in the last bits.
var bannedMath = []string{"Exp", "Exp2", "Expm1", "Log", "Log2", "Log10", "Log1p", "Pow", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Gamma", "Lgamma", "Erf", "Erfc", "Erfinv", "Cbrt"}

type goPackage struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not to be found, and it alone knows the imports")
	}
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Standard"}, args...)...).Output()
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
			t.Errorf("%s imports %s: it may import %v of the house only", name, inner, house)
		}
		return
	}
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") {
		return // the standard library
	}
	if !slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(imported, m) }) {
		t.Errorf("%s imports %s: it may import %v from outside only", name, imported, modules)
	}
}

func TestDeterminismBans(t *testing.T) {
	for _, folder := range deterministic {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !isTestFolder(path) {
				checkFile(t, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// isTestFolder reports whether a file belongs to a package that only tests use.
func isTestFolder(path string) bool {
	return strings.Contains(path, "simtest") || strings.Contains(path, "storetest") || strings.Contains(path, "executiontest")
}

func checkFile(t *testing.T, path string) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	complain := func(n ast.Node, format string) { t.Errorf("%s: %s", set.Position(n.Pos()), format) }
	for _, spec := range file.Imports {
		if name, _ := strconv.Unquote(spec.Path.Value); slices.Contains(bannedImports, name) {
			complain(spec, "imports "+name+", which brings the machine into the run")
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			complain(n, "starts a goroutine: the order would be the scheduler's")
		case *ast.SelectStmt:
			complain(n, "selects: the choice would be the scheduler's")
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if !ok || pkg.Obj != nil {
				break
			}
			if pkg.Name == "time" && slices.Contains(bannedTime, n.Sel.Name) {
				complain(n, "time."+n.Sel.Name+" looks at the wall clock")
			}
			if pkg.Name == "math" && slices.Contains(bannedMath, n.Sel.Name) {
				complain(n, "math."+n.Sel.Name+" has other results on other platforms")
			}
		}
		return true
	})
}

// A loop over a map in which the order cannot matter says so, and why, in a
// comment on its line that begins with "any order". All others are leaks.
func TestMapOrderBans(t *testing.T) {
	config := &packages.Config{Mode: packages.NeedName | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedExportFile}
	var patterns []string
	for _, folder := range deterministic {
		patterns = append(patterns, "./"+folder+"/...")
	}
	loaded, err := packages.Load(config, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range loaded {
		for _, file := range p.Syntax {
			checkMapRanges(t, p, file)
		}
	}
}

func checkMapRanges(t *testing.T, p *packages.Package, file *ast.File) {
	excused := map[int]bool{} // lines
	for _, group := range file.Comments {
		if strings.HasPrefix(group.Text(), "any order") {
			excused[p.Fset.Position(group.Pos()).Line] = true
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		loop, ok := n.(*ast.RangeStmt)
		if !ok {
			return true
		}
		if _, overMap := p.TypesInfo.TypeOf(loop.X).Underlying().(*types.Map); overMap && !excused[p.Fset.Position(loop.Pos()).Line] {
			t.Errorf("%s: loops over a map: sort its keys, or say on this line why any order will do", p.Fset.Position(loop.Pos()))
		}
		return true
	})
}

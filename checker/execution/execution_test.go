package execution_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"faultline/checker/execution"
	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
)

const none = execution.None

// read returns the execution of a script.
func read(script string) *execution.Execution {
	return execution.New(executiontest.Litmus{Script: script}.History())
}

// show writes an execution down: chains in brackets, each after its parent if it
// has one; what events read from behind an arrow.
func show(x *execution.Execution) string {
	var b strings.Builder
	for c, chain := range x.Chains {
		if c > 0 {
			b.WriteString(" ")
		}
		if chain.Parent != none {
			fmt.Fprintf(&b, "%d:", chain.Parent)
		}
		b.WriteString("[")
		for e := chain.First; e < chain.End; e++ {
			if e > chain.First {
				b.WriteString(" ")
			}
			ev := &x.Events[e]
			fmt.Fprintf(&b, "%v", x.Op(e).Kind)
			switch {
			case ev.List != none && len(x.Items(&x.Lists[ev.List])) > 0:
				fmt.Fprintf(&b, "<%v", x.Items(&x.Lists[ev.List]))
			case ev.From == execution.Initial || ev.List != none:
				b.WriteString("<null")
			case ev.From != none:
				fmt.Fprintf(&b, "<%d", ev.From)
			}
		}
		b.WriteString("]")
	}
	return b.String()
}

func TestNew(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"nothing", "", ""},
		{"sessions", "w:x=1 r:y=2 | w:y=2 r:x=0", "[write read<2] [write read<null]"},
		{"an unknown write that nobody read", "w:x=1 w:x=2? r:x=1", "[write read<0]"},
		{"one that was read stands alone", "w:x=1 w:x=2? r:x=1 | r:x=2", "[write read<0] 0:[write] [read<2]"},
		{"the first of its session", "w:x=2? r:x=0 | r:x=2", "[read<null] [write] [read<1]"},
		{"two in a row", "w:x=1 w:x=2? w:x=3? r:x=3 r:x=2", "[write read<4 read<3] 0:[write] 0:[write]"},
		{"an unknown swap proves what it replaced", "w:x=1? | c:x=1>2? | r:x=2", "[write] [cas<0] [read<1]"},
		{"a failed write", "w:x=1! r:x=0", "[read<null]"},
		{"a swap reads and writes", "c:x=0>1 | c:x=1>2", "[cas<null] [cas<0]"},
		{"lists", "a:x=1 a:x=2 | r:x=[1] r:x=[1,2] r:x=[2] r:x=[2,1]", "[append append] [read<[0] read<[0 1] read<[1] read<[1 0]]"},
		{"an unknown append", "a:x=1? a:x=2? | r:x=[2]", "[append] [read<[0]]"},
		{"a value written twice is a gap", "w:x=1 w:x=1 r:x=1 | w:x=2 r:x=2", "[write write] [write read<2]"},
		{"as is a key of writes and appends", "w:x=1 a:x=2 r:y=0", "[read<null]"},
	} {
		if got := show(read(c.script)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestProgramOrder(t *testing.T) {
	x := read("w:x=1 w:x=2? r:x=1 | r:x=2")
	if x.Before(0) != none || x.Before(1) != 0 || x.Before(2) != 0 || x.Before(3) != none {
		t.Errorf("before: %d %d %d %d", x.Before(0), x.Before(1), x.Before(2), x.Before(3))
	}
}

func TestThinAir(t *testing.T) {
	for _, c := range []struct {
		script string
		ops    []int
		text   string
	}{
		{"r:x=1", []int{0}, "client 0 read x=1 at 0 ns, but nobody wrote 1"},
		{"r:x=2 r:x=1", []int{0}, "client 0 read x=2 at 0 ns, but nobody wrote 2"},
		{"a:x=1 | r:x=[1,2]", []int{1}, "client 1 read x=[1,2] at 0 ns, but nobody appended 2"},
		{"a:x=1 | r:x=7", []int{1}, "client 1 read x=7 at 0 ns, but nobody appended 7"},
		{"w:x=1 | r:x=[1]", []int{1}, "client 1 read x=[1] at 0 ns, but nobody wrote [1]"},
		{"a:x=1 a:x=2! | r:x=[1,2]", []int{1, 2}, "client 1 read x=[1,2] at 0 ns, but the operation that appended 2 (called at 10 ns) certainly failed: an aborted read"},
		{"c:x=5>6? | r:x=6", []int{0, 1}, "client 0 set x from 5 to 6 at 0 ns (it happened, since client 1 read x=6 at 0 ns), but nobody wrote 5"},
		{"a:x=1 a:x=2 | r:x=[1] r:x=[2,1,2]", []int{2, 3}, "client 1 read x=[2,1,2] at 10 ns with 2 in it twice, but it was appended once (called at 10 ns)"},
		{"a:x=1 | r:x=[1,1]", []int{0, 1}, "client 1 read x=[1,1] at 0 ns with 1 in it twice, but it was appended once (called at 0 ns)"},
	} {
		why := read(c.script).ThinAir
		if why == nil || !slices.Equal(why.Ops, c.ops) || why.Text != c.text {
			t.Errorf("%s: %+v", c.script, why)
		}
	}
	h := executiontest.Litmus{Script: "w:x=1 | r:x=1 r:x=0"}.History()
	h[1].Kind, h[1].Expect = history.CAS, history.Num(1)
	if why := execution.New(h).ThinAir; why == nil || why.Text != "client 1 found x=1 at 0 ns and did not swap, although this is what it expected" {
		t.Errorf("%+v", why)
	}
}

// closure is the order of a graph, found the dumb way; reached includes the node itself.
func closure(g *execution.Graph) [][]bool {
	n := g.Nodes()
	m := make([][]bool, n)
	for i := range m {
		m[i] = make([]bool, n)
		if e := int32(i); !g.IsJoin(e) {
			if c := g.X.Chains[g.X.Events[e].Chain]; e+1 < c.End {
				m[i][i+1] = true
			}
		}
	}
	for i := range m {
		if i+1 < n && !g.IsJoin(int32(i)) && int32(i)+1 == g.X.Chains[g.X.Events[i].Chain].End {
			m[i][i+1] = false
		}
	}
	for _, e := range g.Edges {
		m[e.From][e.To] = true
	}
	for k := range m {
		for i := range m {
			for j := range m {
				m[i][j] = m[i][j] || m[i][k] && m[k][j]
			}
		}
	}
	return m
}

// randomGraph adds edges and joins at random to the program order of a history.
func randomGraph(rng *rand.Rand, clients, ops int) *execution.Graph {
	h := executiontest.Plan{
		Store: executiontest.Loose, Clients: clients, Keys: 2, Ops: ops, Crashes: true,
		Kinds: []history.Kind{history.Read, history.Write}, Think: 2,
	}.Make(rng)
	g := execution.NewGraph(execution.New(h))
	for range rng.IntN(4) {
		g.Join()
	}
	place := rng.Perm(g.Nodes())
	for range rng.IntN(ops) {
		if g.Nodes() == 0 {
			break
		}
		a, b := int32(rng.IntN(g.Nodes())), int32(rng.IntN(g.Nodes()))
		if rng.IntN(8) > 0 && (place[a] > place[b] || a == b) { // mostly one way
			a, b = b, a
		}
		if a != b && !(g.IsJoin(a) && g.IsJoin(b)) {
			g.Add(a, b, execution.Derived, none)
		}
	}
	return g
}

func TestGraphAgreesWithClosure(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	orders, circles := 0, 0
	for i := range 4000 {
		clients, ops := 1+rng.IntN(4), 2+rng.IntN(12)
		if i%50 == 0 {
			clients, ops = 100, 100 // so many chains of one event that their bits take two cells
		}
		g := randomGraph(rng, clients, ops)
		m := closure(g)
		cyclic := false
		for i := range m {
			cyclic = cyclic || m[i][i]
		}
		circle := g.Sweep()
		if (circle != nil) != cyclic {
			t.Fatalf("circle %v, closure says %v", circle, cyclic)
		}
		checkPaths(t, g, m)
		if cyclic {
			circles++
			checkCircle(t, g, circle)
			continue
		}
		orders++
		if !g.Tick() {
			t.Fatal("no room for a few clocks")
		}
		checkClocks(t, g, m)
		checkAhead(t, rng, g, m)
	}
	if orders < 500 || circles < 500 {
		t.Errorf("%d orders and %d circles: the generator is lopsided", orders, circles)
	}
}

func checkCircle(t *testing.T, g *execution.Graph, circle []int32) {
	t.Helper()
	if g.IsJoin(g.Edges[circle[0]].From) {
		t.Fatalf("the circle %v begins with a join", circle)
	}
	for i := range circle {
		to, from := g.Edges[circle[i]].To, g.Edges[circle[(i+1)%len(circle)]].From
		if to != from && (g.IsJoin(to) || g.IsJoin(from) || g.X.Events[to].Chain != g.X.Events[from].Chain || to > from) {
			t.Fatalf("the circle is broken between %d and %d", to, from)
		}
	}
}

func checkClocks(t *testing.T, g *execution.Graph, m [][]bool) {
	t.Helper()
	at := map[int32]int{}
	for i, e := range g.Order() {
		at[e] = i
	}
	for a := range g.X.Events {
		for b := range m {
			if got := g.Reaches(int32(a), int32(b)); got != m[a][b] {
				t.Fatalf("%d reaches %d: %v", a, b, got)
			}
			if b < len(g.X.Events) && m[a][b] && at[int32(a)] > at[int32(b)] {
				t.Fatalf("%d comes after %d", a, b)
			}
		}
	}
	for _, j := range g.Joins() {
		for e := range g.X.Events {
			want := true
			for a := range g.X.Events {
				want = want && (!m[a][j] || m[a][e])
			}
			if got := g.Covers(int32(e), j); got != want {
				t.Fatalf("%d covers %d: %v", e, j, got)
			}
		}
	}
}

// checkAhead checks what is ahead of cuts against one look at all writes.
func checkAhead(t *testing.T, rng *rand.Rand, g *execution.Graph, m [][]bool) {
	t.Helper()
	x := g.X
	for range min(50, len(x.Events)) {
		e, from := int32(rng.IntN(len(x.Events))), int32(rng.IntN(len(x.Events)))
		cut, in := g.Nothing(nil), make([]bool, len(x.Events))
		if rng.IntN(4) > 0 {
			cut = g.UpTo(cut, from)
			for a := range in {
				in[a] = m[a][from] || along(g, int32(a), from)
			}
		}
		for range rng.IntN(3) {
			more := int32(rng.IntN(len(x.Events)))
			g.Include(cut, more)
			for a := range in {
				in[a] = in[a] || along(g, int32(a), more)
			}
		}
		for k := range x.Keys {
			var want []int32
			count := 0
			for _, w := range x.Keys[k].Writes {
				if !m[w][e] {
					continue
				}
				count++
				if n := len(want); n > 0 && along(g, want[n-1], w) {
					want = want[:n-1] // a later one of its chain
				}
				if !in[w] {
					want = append(want, w)
				}
			}
			got := g.Ahead(nil, int32(k), e, cut)
			slices.Sort(got)
			if !slices.Equal(got, want) || g.Count(int32(k), e) != count {
				t.Fatalf("ahead of %d: %v of %d, want %v of %d", e, got, g.Count(int32(k), e), want, count)
			}
		}
	}
}

// checkPaths checks that there is a path wherever there is an order, that it
// leads from one to the other, and that none is shorter.
func checkPaths(t *testing.T, g *execution.Graph, m [][]bool) {
	t.Helper()
	for a := range m {
		for b := range m {
			path, ok := g.Path(int32(a), int32(b), int32(len(g.Edges)))
			if a != b && ok != m[a][b] {
				t.Fatalf("a path from %d to %d: %v", a, b, ok)
			}
			at := int32(a)
			for _, i := range path {
				if e := g.Edges[i]; !along(g, at, e.From) {
					t.Fatalf("the path from %d to %d is broken at %d", a, b, at)
				} else {
					at = e.To
				}
			}
			if ok && !along(g, at, int32(b)) {
				t.Fatalf("the path from %d to %d ends at %d", a, b, at)
			}
		}
	}
}

// along reports whether b is a, or comes after it in the same chain.
func along(g *execution.Graph, a, b int32) bool {
	return a == b || !g.IsJoin(a) && !g.IsJoin(b) && g.X.Events[a].Chain == g.X.Events[b].Chain && a < b
}

func TestForget(t *testing.T) {
	g := execution.NewGraph(read("w:x=1 | w:x=2 | w:x=3"))
	g.Add(0, 1, execution.Derived, none)
	n := len(g.Edges)
	g.Add(1, 2, execution.Derived, none)
	g.Add(2, 0, execution.Derived, none)
	if g.Sweep() == nil {
		t.Error("a circle was not seen")
	}
	g.Forget(n)
	if circle := g.Sweep(); circle != nil {
		t.Errorf("a circle of forgotten edges: %v", circle)
	}
	if _, ok := g.Path(0, 1, int32(len(g.Edges))); !ok {
		t.Error("an edge was forgotten that was to stay")
	}
}

func TestLastWrite(t *testing.T) {
	x := read("w:x=1 w:x=2 w:x=3 | w:y=9 r:x=0")
	g := execution.NewGraph(x)
	g.Add(1, 4, execution.Derived, none)
	g.Sweep()
	g.Tick()
	key := &x.Keys[0]
	for _, c := range []struct{ node, last, count int32 }{{0, none, 0}, {1, 0, 1}, {2, 1, 2}, {3, none, 0}, {4, 1, 2}} {
		if last, n := g.LastWrite(key, key.Runs[0], c.node); last != c.last || int32(n) != c.count {
			t.Errorf("last write before %d: %d (%d)", c.node, last, n)
		}
	}
}

// A part keeps what it reads from, what proves that it happened, and its order.
func TestParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		kinds := []history.Kind{history.Read, history.Write, history.CAS}
		if rng.IntN(2) == 0 {
			kinds = []history.Kind{history.Read, history.Append}
		}
		x := execution.New(executiontest.Plan{
			Store: executiontest.Store(rng.IntN(int(executiontest.Stores))), Clients: 3, Keys: 2, Ops: 12, Kinds: kinds, Crashes: true, Think: 2,
		}.Make(rng))
		if len(x.Events) == 0 {
			continue
		}
		some := []int32{int32(rng.IntN(len(x.Events))), int32(rng.IntN(len(x.Events)))}
		part := x.Part(some)
		for _, e := range some {
			if !slices.ContainsFunc(part.Events, func(ev execution.Event) bool { return ev.Op == x.Events[e].Op }) {
				t.Fatalf("the part of %v is %s", some, show(part))
			}
		}
		checkPart(t, x, part)
		checkPart(t, x, x.Restrict(func(int32) bool { return rng.IntN(3) > 0 }))
	}
}

// checkPart compares a part with the execution of the history of its operations alone.
func checkPart(t *testing.T, x, part *execution.Execution) {
	t.Helper()
	h := slices.Clone(x.History)
	for i := range h {
		if !slices.ContainsFunc(part.Events, func(ev execution.Event) bool { return ev.Op == int32(i) }) {
			h[i].Status = history.Failed
		}
	}
	alone := execution.New(h)
	if got, want := show(part), show(alone); got != want || alone.ThinAir != nil {
		t.Fatalf("the part is\n%s\nalone it is\n%s\nof\n%s", got, want, show(x))
	}
	for k := range part.Keys {
		a, b := &part.Keys[k], &alone.Keys[k]
		if a.Name != b.Name || !slices.Equal(a.Writes, b.Writes) || !slices.Equal(a.Reads, b.Reads) {
			t.Fatalf("key %+v, alone %+v", a, b)
		}
	}
}

// precedes reports whether a comes before b in program order.
func precedes(x *execution.Execution, a, b int32) bool {
	for b = x.Before(b); b != none; b = x.Before(b) {
		if a == b {
			return true
		}
	}
	return false
}

func TestShrink(t *testing.T) {
	x := read("w:x=1 w:x=2 r:x=2 r:x=1 w:y=1 | r:y=1 r:x=1 r:x=2")
	backwards := func(part *execution.Execution) bool {
		for a := range part.Events {
			for b := range part.Events {
				if part.Events[a].Reads() && part.Events[b].Reads() && precedes(part, int32(a), int32(b)) && part.Events[b].From < part.Events[a].From {
					return true
				}
			}
		}
		return false
	}
	if got := show(execution.Shrink(x, backwards)); got != "[write write read<1 read<0]" {
		t.Errorf("shrunk to %s", got)
	}
}

func TestComponents(t *testing.T) {
	x := read("w:x=1 r:y=0 | r:y=0 | w:z=1 r:z=1 | w:u=1 | r:x=1 r:v=0 | r:v=0")
	if of, n := x.Components(); n != 3 || !slices.Equal(of, []int32{0, 0, 0, 1, 1, 2, 0, 0, 0}) {
		t.Errorf("%d components: %v", n, of)
	}
}

func TestUnexplained(t *testing.T) {
	for _, c := range []struct {
		script string
		order  []int32
		want   int32
	}{
		{"w:x=1 r:x=1 | r:x=0", []int32{2, 0, 1}, none},
		{"w:x=1 r:x=1 | r:x=0", []int32{0, 2, 1}, 2},
		{"w:x=1 r:x=1 | r:x=0", []int32{2, 1, 0}, 1},
		{"w:x=1 r:x=1 | r:x=0", []int32{2, 0}, 1},
		{"w:x=1 r:x=1 | r:x=0", []int32{2, 0, 0}, 0},
		{"c:x=0>1 | c:x=1>2 | r:x=2", []int32{0, 1, 2}, none},
		{"c:x=0>1 | c:x=1>2 | r:x=2", []int32{1, 0, 2}, 1},
		{"a:x=1 a:x=2 | r:x=[1] r:x=[1,2]", []int32{0, 2, 1, 3}, none},
		{"a:x=1 a:x=2 | r:x=[1] r:x=[1,2]", []int32{0, 1, 2, 3}, 2},
		{"a:x=1 a:x=2 | r:x=[2]", []int32{0, 1, 2}, 0},
		{"a:x=1 | a:x=2 | r:x=[1] r:x=[2]", []int32{0, 2, 1, 3}, 3},
	} {
		if got := read(c.script).Unexplained(c.order); got != c.want {
			t.Errorf("%s in the order %v: %d, want %d", c.script, c.order, got, c.want)
		}
	}
}

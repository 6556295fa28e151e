package causal

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A brute judges tiny histories by the definitions, trying every order. It knows
// no bad patterns and shares no code with the checker.
type brute struct {
	ops []history.Op
	po  [][]bool // program order, transitive
	co  [][]bool // causal order, transitive
}

// bruteForce tries all ways in which operations of unknown outcome may have happened.
func bruteForce(h history.History, m Model) judge.Verdict {
	var unknown []int
	for i, op := range h {
		if op.Status == history.Unknown && op.Kind.Mutates() {
			unknown = append(unknown, i)
		}
	}
	for set := range 1 << len(unknown) {
		var ops []history.Op
		for i, op := range h {
			at := slices.Index(unknown, i)
			if op.Status == history.OK || at >= 0 && set>>at&1 == 1 {
				ops = append(ops, op)
			}
		}
		if newBrute(ops).holds(m) {
			return judge.Holds
		}
	}
	return judge.Violated
}

func newBrute(ops []history.Op) *brute {
	b := &brute{ops: ops, po: matrix(len(ops)), co: matrix(len(ops))}
	for i := range ops {
		for j := i + 1; j < len(ops); j++ {
			b.po[i][j] = ops[i].Client == ops[j].Client && ops[i].Status == history.OK
		}
	}
	return b
}

func matrix(n int) [][]bool {
	m := make([][]bool, n)
	for i := range m {
		m[i] = make([]bool, n)
	}
	return m
}

// found returns what the operation found on its key, and whether it found something.
func found(op *history.Op) (history.Value, bool) {
	switch {
	case op.Kind == history.Read:
		return op.Out, true
	case op.Kind == history.CAS && (op.Swapped || op.Status == history.Unknown):
		return op.Expect, true
	case op.Kind == history.CAS:
		return op.Out, true
	default:
		return history.Value{}, false
	}
}

func writes(op *history.Op) bool {
	return op.Kind == history.Write || op.Kind == history.Append || op.Kind == history.CAS && (op.Swapped || op.Status == history.Unknown)
}

// after returns the value of the key after the operation wrote.
func after(state history.Value, op *history.Op) history.Value {
	if op.Kind == history.Append {
		return history.Value{List: append(slices.Clone(state.List), op.In.Num)}
	}
	return op.In
}

// causes closes program order and reads-from; it reports whether all reads have a writer.
func (b *brute) causes() bool {
	for i := range b.ops {
		copy(b.co[i], b.po[i])
	}
	for r := range b.ops {
		v, ok := found(&b.ops[r])
		if !ok {
			continue
		}
		if b.ops[r].Kind == history.CAS && !writes(&b.ops[r]) && v.Equal(b.ops[r].Expect) {
			return false
		}
		var values []int64
		if v.Num != 0 {
			values = []int64{v.Num}
		}
		for _, x := range append(values, v.List...) {
			w := slices.IndexFunc(b.ops, func(op history.Op) bool { return op.Key == b.ops[r].Key && writes(&op) && op.In.Num == x })
			if w < 0 {
				return false
			}
			b.co[w][r] = true
		}
	}
	for k := range b.ops {
		for i := range b.ops {
			for j := range b.ops {
				b.co[i][j] = b.co[i][j] || b.co[i][k] && b.co[k][j]
			}
		}
	}
	return true
}

func (b *brute) holds(m Model) bool {
	if !b.causes() {
		return false
	}
	for i := range b.ops {
		if m != PRAM && b.co[i][i] {
			return false
		}
	}
	switch m {
	case CCv:
		return b.converges(nil)
	default:
		for o := range b.ops {
			if !b.explains(m, o) {
				return false
			}
		}
		return true
	}
}

// explains tries all orders of what o may depend on.
func (b *brute) explains(m Model, o int) bool {
	order := b.co
	if m == PRAM {
		order = b.po
	}
	var in, told []bool
	for i := range b.ops {
		mine := i == o || b.po[i][o]
		switch m {
		case CC:
			in, told = append(in, i == o || b.co[i][o]), append(told, i == o)
		case CM:
			in, told = append(in, i == o || b.co[i][o]), append(told, mine)
		case PRAM:
			in, told = append(in, mine || writes(&b.ops[i])), append(told, mine)
		}
	}
	return b.extend(order, in, told, map[string]history.Value{})
}

// extend puts any operation next that nothing else in the set precedes.
func (b *brute) extend(order [][]bool, in, told []bool, state map[string]history.Value) bool {
	left := false
	for i := range b.ops {
		if !in[i] {
			continue
		}
		left = true
		if slices.ContainsFunc(indices(in), func(j int) bool { return order[j][i] }) {
			continue
		}
		op := &b.ops[i]
		before := state[op.Key]
		if v, ok := found(op); ok && told[i] && !v.Equal(before) {
			continue
		}
		in[i] = false
		if writes(op) {
			state[op.Key] = after(before, op)
		}
		ok := b.extend(order, in, told, state)
		in[i], state[op.Key] = true, before
		if ok {
			return true
		}
	}
	return !left
}

func indices(in []bool) (all []int) {
	for i, yes := range in {
		if yes {
			all = append(all, i)
		}
	}
	return all
}

// converges tries all orders of the writes.
func (b *brute) converges(order []int) bool {
	left := false
	for i := range b.ops {
		if !writes(&b.ops[i]) || slices.Contains(order, i) {
			continue
		}
		left = true
		early := false
		for j := range b.ops {
			early = early || b.co[j][i] && writes(&b.ops[j]) && !slices.Contains(order, j)
		}
		if !early && b.converges(append(slices.Clone(order), i)) {
			return true
		}
	}
	return !left && b.explained(order)
}

// explained reports whether the order of writes explains all reads.
func (b *brute) explained(order []int) bool {
	for r := range b.ops {
		v, ok := found(&b.ops[r])
		if !ok {
			continue
		}
		state := history.Value{}
		for _, w := range order {
			if b.co[w][r] && b.ops[w].Key == b.ops[r].Key {
				state = after(state, &b.ops[w])
			}
		}
		if !state.Equal(v) {
			return false
		}
	}
	return true
}

func dump(h history.History) string {
	var b strings.Builder
	for i, op := range h {
		fmt.Fprintf(&b, "%d: %v [%d,%d] %v\n", i, op, op.Call, op.Return, op.Status)
	}
	return b.String()
}

package sequential

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// bruteForce tries every order of the operations, and all ways in which those of
// unknown outcome may have happened. It shares no code with the checker.
func bruteForce(h history.History) judge.Verdict {
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
		if explained(ops, make([]bool, len(ops)), map[string]history.Value{}) {
			return judge.Holds
		}
	}
	return judge.Violated
}

// explained tries each operation that its session allows as the next one.
func explained(ops []history.Op, done []bool, state map[string]history.Value) bool {
	all := true
	for i := range ops {
		if done[i] {
			continue
		}
		all = false
		waits := false
		for j := range i {
			waits = waits || !done[j] && ops[j].Client == ops[i].Client && ops[j].Status == history.OK
		}
		before := state[ops[i].Key]
		next, ok := apply(before, &ops[i])
		if waits || !ok {
			continue
		}
		done[i], state[ops[i].Key] = true, next
		found := explained(ops, done, state)
		done[i], state[ops[i].Key] = false, before
		if found {
			return true
		}
	}
	return all
}

// apply is what a key holds after the operation, and whether its answer is right.
func apply(state history.Value, op *history.Op) (history.Value, bool) {
	switch op.Kind {
	case history.Read:
		return state, op.Out.Equal(state)
	case history.Write:
		return op.In, true
	case history.Append:
		return history.Value{Num: state.Num, List: append(slices.Clone(state.List), op.In.Num)}, true
	}
	switch {
	case op.Status == history.Unknown, op.Swapped:
		return op.In, op.Expect.Equal(state)
	case op.Blind:
		return state, !op.Expect.Equal(state)
	default:
		return state, op.Out.Equal(state) && !op.Out.Equal(op.Expect)
	}
}

func dump(h history.History) string {
	var b strings.Builder
	for i, op := range h {
		fmt.Fprintf(&b, "%d: %v [%d,%d] %v\n", i, op, op.Call, op.Return, op.Status)
	}
	return b.String()
}

package visual

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"faultline/checker/history"
)

// A state is what a key holds: the value of a register, or the items of a list,
// a set (sorted), a queue or a stack.
type state struct {
	history.Value
	set   bool // the items are a set, which is read in any order
	names *history.Names
}

var model = porcupine.Model{
	Partition: byKey,
	Init:      func() any { return state{} },
	Step: func(from, input, _ any) (bool, any) {
		op := input.(*history.Op)
		to, ok := step(from.(state), op)
		to.names = op.Names
		return ok, to
	},
	Equal:             func(a, b any) bool { return a.(state).Equal(b.(state).Value) },
	DescribeOperation: func(input, _ any) string { return input.(*history.Op).String() },
	DescribeState: func(s any) string {
		at := s.(state)
		op := history.Op{Names: at.names}
		return op.Show(at.Value)
	},
}

// byKey splits the operations by key, in the order in which keys appear.
func byKey(ops []porcupine.Operation) [][]porcupine.Operation {
	var parts [][]porcupine.Operation
	place := map[string]int{}
	for _, one := range ops {
		key := one.Input.(*history.Op).Key
		i, ok := place[key]
		if !ok {
			i = len(parts)
			place[key] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], one)
	}
	return parts
}

// step returns what the key holds after the operation, and whether the answer to
// it is right. One of unknown outcome has no answer: whatever it would find is right.
func step(s state, op *history.Op) (state, bool) {
	known := op.Status == history.OK
	switch op.Kind {
	case history.Read:
		if s.set {
			return s, slices.Equal(s.List, slices.Sorted(slices.Values(op.Out.List)))
		}
		return s, s.Equal(op.Out)
	case history.Write:
		return state{Value: op.In}, true
	case history.CAS:
		return swap(s, op, known)
	case history.Append, history.Enqueue, history.Push:
		return state{Value: history.Value{List: append(slices.Clip(s.List), op.In.Num)}}, true
	case history.Add:
		items := slices.Clone(s.List)
		if at, in := slices.BinarySearch(items, op.In.Num); !in {
			items = slices.Insert(items, at, op.In.Num)
		}
		return state{Value: history.Value{List: items}, set: true}, true
	case history.Dequeue, history.Pop:
		return take(s, op, known)
	default:
		panic(fmt.Sprintf("visual: kind %d", op.Kind))
	}
}

func swap(s state, op *history.Op, known bool) (state, bool) {
	met := s.Equal(op.Expect)
	switch {
	case met && (op.Swapped || !known):
		return state{Value: op.In}, true
	case !known:
		return s, true
	case met || op.Swapped:
		return s, false
	default:
		return s, op.Blind || s.Equal(op.Out)
	}
}

// take removes the first item of a queue, or the last of a stack.
func take(s state, op *history.Op, known bool) (state, bool) {
	n := len(s.List)
	if n == 0 {
		return s, !known || op.Out.IsZero()
	}
	item, rest := s.List[0], s.List[1:]
	if op.Kind == history.Pop {
		item, rest = s.List[n-1], s.List[:n-1]
	}
	return state{Value: history.Value{List: rest}}, !known || item == op.Out.Num
}

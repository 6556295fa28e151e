package linear

import (
	"fmt"
	"maps"
	"slices"

	"faultline/checker/history"
)

// Verify checks that order, indices into h, shows that h is linearizable: every OK
// operation is in it once, and none that failed; none had returned before one
// that comes earlier was called; and one after the other they explain every
// answer. An operation of unknown outcome is in it if and only if it took effect
// there. Verify returns nil, or what is wrong. It takes time in proportion to the
// history and its lists, and shares nothing with the engines that find orders.
func Verify(h history.History, order []int32) error {
	if err := complete(h, order); err != nil {
		return err
	}
	latest := order // the one whose call is the latest so far, first
	things := map[string]*thing{}
	for at, i := range order {
		op := &h[i]
		switch {
		case op.Call > h[latest[0]].Call:
			latest = order[at:]
		case op.Status == history.OK && op.Return < h[latest[0]].Call:
			return fmt.Errorf("operation %d comes after operation %d, but had returned at %v before that was called at %v", i, latest[0], op.Return, h[latest[0]].Call)
		}
		t := things[op.Key]
		if t == nil {
			t = &thing{}
			things[op.Key] = t
		}
		if !t.explains(op) {
			return fmt.Errorf("operation %d (%v) cannot be where the order has it: %s holds %v then", i, op, op.Key, t)
		}
	}
	return nil
}

// complete checks that what happened is in the order, once.
func complete(h history.History, order []int32) error {
	there := make([]bool, len(h))
	for _, i := range order {
		switch {
		case i < 0 || int(i) >= len(h):
			return fmt.Errorf("the history has no operation %d", i)
		case there[i]:
			return fmt.Errorf("operation %d comes twice", i)
		case h[i].Status == history.Failed:
			return fmt.Errorf("operation %d failed, so it is in no order", i)
		}
		there[i] = true
	}
	for i := range h {
		if h[i].Status == history.OK && !there[i] {
			return fmt.Errorf("operation %d is missing", i)
		}
	}
	return nil
}

// A thing is what a key holds: the sequential specification.
type thing struct {
	value   history.Value // a register or list; or a queue or stack: what comes out last is last in a queue, first in a stack
	members map[int64]bool
	kinds   [len(familyOf)]bool // of the operations so far
}

// String returns what the thing holds.
func (t *thing) String() string {
	if t.members != nil {
		return history.Value{List: slices.Sorted(maps.Keys(t.members))}.String()
	}
	return t.value.String()
}

// explains lets the operation take effect, and reports whether its answer fits.
func (t *thing) explains(op *history.Op) bool {
	t.kinds[op.Kind] = true
	known := op.Status == history.OK
	switch v := &t.value; op.Kind {
	case history.Read:
		return known && t.reads(op.Out)
	case history.Write:
		*v = history.Value{Num: op.In.Num, List: slices.Clone(op.In.List)}
	case history.CAS:
		return t.compareAndSet(op)
	case history.Append, history.Enqueue, history.Push:
		v.List = append(v.List, op.In.Num)
	case history.Add:
		if t.members == nil {
			t.members = map[int64]bool{}
		}
		t.members[op.In.Num] = true
	case history.Dequeue:
		if len(v.List) == 0 || known && !op.Out.Equal(history.Num(v.List[0])) {
			return len(v.List) == 0 && known && op.Out.IsZero()
		}
		v.List = v.List[1:]
	case history.Pop:
		top := len(v.List) - 1
		if top < 0 || known && !op.Out.Equal(history.Num(v.List[top])) {
			return top < 0 && known && op.Out.IsZero()
		}
		v.List = v.List[:top]
	}
	return true
}

func (t *thing) compareAndSet(op *history.Op) bool {
	equal := t.value.Equal(op.Expect)
	switch {
	case op.Status == history.Unknown || op.Swapped:
		if equal {
			t.value = history.Value{Num: op.In.Num, List: slices.Clone(op.In.List)}
		}
		return equal
	case op.Blind:
		return !equal
	default:
		return !equal && t.value.Equal(op.Out)
	}
}

// reads reports whether a read returns v: of a set its members in any order, of a
// queue or stack what is in it, first what comes out first.
func (t *thing) reads(v history.Value) bool {
	switch {
	case t.kinds[history.Push] || t.kinds[history.Pop]:
		top := slices.Clone(t.value.List)
		slices.Reverse(top)
		return v.Equal(history.Value{List: top})
	case t.members == nil:
		return v.Equal(t.value)
	}
	seen := map[int64]bool{}
	for _, x := range v.List {
		if !t.members[x] {
			return false
		}
		seen[x] = true
	}
	return v.Num == 0 && len(seen) == len(v.List) && len(seen) == len(t.members)
}

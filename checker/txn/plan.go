package txn

import (
	"fmt"
	"slices"

	"faultline/checker/history"
)

// A plan is what the transactions do to the keys whose order of versions is not
// certain, numbered anew.
type plan struct {
	odd      bool    // some keys hold values that may be written more than once
	initial  []int32 // what each key holds at first, as slot
	fickles  []bool  // keys: values may be written more than once
	readers  []int32 // slots: transactions that must read it from others; only where it is written once
	optional []int32 // transactions that may have happened, in order of call
	twin     []int32 // transactions: the optional one before that does the same, or none

	acts      []act
	actsFrom  []int32 // where the acts of each transaction begin
	needs     []held
	needsFrom []int32
	puts      []int32
	putsFrom  []int32

	slots  map[item]int32
	lists  map[string]int32
	values []history.Value // slots
	joined map[item]int32  // the slot of a list after an append
	keyOf  []int32         // slots
}

// An act is an operation on a key of the plan.
type act struct {
	kind history.Kind
	key  int32
	slot int32 // read or written
	num  int64 // appended
}

// make plans all transactions. With tails, lists to which several transactions
// appended what no read shows are part of it.
func (p *plan) make(a *analysis, tails bool) {
	p.slots, p.lists, p.joined = map[item]int32{}, map[string]int32{}, map[item]int32{}
	number := make([]int32, len(a.keys))
	for k := range a.keys {
		number[k] = none
		if key := &a.keys[k]; key.free() || tails && len(key.list.tail) > 1 {
			number[k] = int32(len(p.initial))
			p.fickles = append(p.fickles, key.unclear())
			p.odd = p.odd || key.unclear()
			p.initial = append(p.initial, p.slot(number[k], history.Value{}))
		}
	}
	seen := newPerKey(false)
	for t := range a.ts {
		p.mark()
		if !a.present(int32(t)) {
			continue
		}
		seen.next()
		for m := range a.ts[t].Ops {
			micro := a.start[t] + int32(m)
			if k := a.keyOf[micro]; number[k] != none {
				p.add(a, int32(t), micro, number[k], &a.ts[t].Ops[m], seen.at(k))
			}
		}
	}
	p.mark()
	p.readers = make([]int32, len(p.values))
	for _, n := range p.needs {
		p.readers[n.slot]++
	}
	p.findTwins(a)
}

// mark notes where what is planned for one transaction ends.
func (p *plan) mark() {
	p.actsFrom = append(p.actsFrom, int32(len(p.acts)))
	p.needsFrom = append(p.needsFrom, int32(len(p.needs)))
	p.putsFrom = append(p.putsFrom, int32(len(p.puts)))
}

// script returns what a transaction does, in order.
func (p *plan) script(t int32) []act { return p.acts[p.actsFrom[t]:p.actsFrom[t+1]] }

// reads returns what a transaction must read from others.
func (p *plan) reads(t int32) []held { return p.needs[p.needsFrom[t]:p.needsFrom[t+1]] }

// writes returns the keys that a transaction writes.
func (p *plan) writes(t int32) []int32 { return p.puts[p.putsFrom[t]:p.putsFrom[t+1]] }

// fickle reports whether a transaction writes what others may write again.
func (p *plan) fickle(t int32) bool {
	return slices.ContainsFunc(p.writes(t), func(k int32) bool { return p.fickles[k] })
}

// findTwins chains the optional transactions that write the same, on all keys.
func (p *plan) findTwins(a *analysis) {
	p.twin = make([]int32, len(a.ts))
	latest := map[string]int32{}
	for _, t := range a.byCall {
		p.twin[t] = none
		if !a.maybe[t] {
			continue
		}
		p.optional = append(p.optional, t)
		writes := slices.DeleteFunc(slices.Clone(a.ts[t].Ops), func(op history.Micro) bool { return op.Kind == history.Read })
		does := fmt.Sprint(writes)
		if before, ok := latest[does]; ok {
			p.twin[t] = before
		}
		latest[does] = t
	}
}

// add plans one operation. Seen tells whether the transaction has touched the key.
func (p *plan) add(a *analysis, t, micro, k int32, op *history.Micro, seen *bool) {
	shape := a.keys[a.keyOf[micro]].shape
	reads := op.Kind == history.Read
	if reads && a.ts[t].Status != history.OK {
		return
	}
	first := !*seen
	*seen = true
	if !reads && !slices.Contains(p.puts[p.putsFrom[t]:], k) {
		p.puts = append(p.puts, k)
	}
	switch {
	case p.fickles[k]:
		x := act{kind: op.Kind, key: k, num: op.Value.Num}
		if op.Kind != history.Append {
			x.slot = p.slot(k, op.Value)
		}
		p.acts = append(p.acts, x)
	case shape == list: // the graph knows what was read
	case reads && first:
		slot := p.slot(k, op.Value)
		p.acts = append(p.acts, act{kind: op.Kind, key: k, slot: slot})
		p.needs = append(p.needs, held{k, slot})
	case !reads && a.writes[a.ref[micro]].last:
		p.acts = append(p.acts, act{kind: op.Kind, key: k, slot: p.slot(k, op.Value)})
	}
}

// slot numbers the values of a key.
func (p *plan) slot(k int32, v history.Value) int32 {
	if len(v.List) > 0 {
		name := fmt.Sprint(k, " ", v.Num, v)
		s, ok := p.lists[name]
		if !ok {
			s = p.newSlot(k, v)
			p.lists[name] = s
		}
		return s
	}
	i := item{k, v.Num}
	s, ok := p.slots[i]
	if !ok {
		s = p.newSlot(k, v)
		p.slots[i] = s
	}
	return s
}

func (p *plan) newSlot(k int32, v history.Value) int32 {
	p.values, p.keyOf = append(p.values, v), append(p.keyOf, k)
	return int32(len(p.values)) - 1
}

// append returns the slot of a value after an append.
func (p *plan) append(slot int32, x int64) int32 {
	i := item{slot, x}
	s, ok := p.joined[i]
	if !ok {
		v := p.values[slot]
		s = p.slot(p.keyOf[slot], history.Value{Num: v.Num, List: append(slices.Clone(v.List), x)})
		p.joined[i] = s
	}
	return s
}

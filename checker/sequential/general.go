package sequential

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"faultline/checker/execution"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// Where answers do not tell what they read from, all that is left is to try every
// order of the operations themselves, and to remember what every key held.

// A general search is one over operations and values.
type general struct {
	h      history.History
	chains []strand
	key    []int32 // by operation: the number of its key
	moves  []move  // by operation
	values values  // of all keys
	at     []int32 // by chain: how many of its operations are taken
	state  []int32 // by key: the value that it holds
	due    int     // acknowledged operations not taken
	taken  []int32 // operations, in order
	left   int     // steps
	room   int     // bytes for states that may yet be remembered
	failed map[string]struct{}
	name   []byte // scratch
}

// chainsPerStep is how many chains are looked at for one more step of the budget.
const chainsPerStep = 8

// A strand is the acknowledged operations of a session, or one operation of
// unknown outcome, which may be taken once its session got as far as it had when
// it was called, or never.
type strand struct {
	ops   []int32
	chain int32 // that it waits for, or none
	until int32 // how many operations of that chain
}

// A move is an operation with its values by number.
type move struct{ in, expect, out int32 }

// values numbers what keys may hold: 0 is the initial value.
type values struct {
	nums  map[int64]int32
	lists map[item]int32
}

// An item is a number at the end of a list.
type item struct {
	list   int32
	number int64
}

func (v *values) count() int32 { return int32(len(v.nums) + len(v.lists)) }

func (v *values) num(n int64) int32 {
	id, ok := v.nums[n]
	if !ok {
		id = v.count()
		v.nums[n] = id
	}
	return id
}

func (v *values) append(list int32, n int64) int32 {
	id, ok := v.lists[item{list, n}]
	if !ok {
		id = v.count()
		v.lists[item{list, n}] = id
	}
	return id
}

func (v *values) of(x history.Value) int32 {
	id := v.num(x.Num)
	for _, n := range x.List {
		id = v.append(id, n)
	}
	return id
}

// generally judges a history by general search, if it holds nothing else than
// reads, writes, compare-and-sets and appends of clients that never overlap.
func generally(x *execution.Execution, limit int) judge.Result {
	if x.Gap.Beyond || x.Gap.Overlap {
		return x.Undecided(General)
	}
	g := newGeneral(x.History, relevant(x.History), limit)
	r := judge.Result{Engine: General}
	switch found := g.run(); {
	case found:
		r.Order = g.taken
	case g.spent():
		r = x.Undecided(General)
		r.Evidence.Text += fmt.Sprintf("; and the search of %d steps found neither an order nor that there is none", limit)
	default:
		r.Verdict, r.Evidence = judge.Violated, *g.explain()
	}
	r.Steps = limit - g.left
	return r
}

// relevant returns the operations that count. Those of unknown outcome whose
// value no answer depends on may as well never have happened.
func relevant(h history.History) []int32 {
	type number struct {
		key string
		n   int64
	}
	met, blind := map[number]bool{}, map[string]bool{}
	for i := range h {
		op := &h[i]
		blind[op.Key] = blind[op.Key] || op.Blind
		for _, v := range [...]history.Value{op.Out, op.Expect} {
			met[number{op.Key, v.Num}] = true
			for _, n := range v.List {
				met[number{op.Key, n}] = true
			}
		}
	}
	var ops []int32
	for i := range h {
		op := &h[i]
		counts := blind[op.Key] || met[number{op.Key, op.In.Num}] // lists have the number 0, as any answer that shows one
		if op.Status == history.OK || op.Status == history.Unknown && op.Kind.Mutates() && counts {
			ops = append(ops, int32(i))
		}
	}
	return ops
}

func newGeneral(h history.History, ops []int32, limit int) *general {
	g := &general{
		h: h, key: make([]int32, len(h)), moves: make([]move, len(h)), left: limit, room: maxStates,
		values: values{map[int64]int32{}, map[item]int32{}}, failed: map[string]struct{}{},
	}
	g.values.num(0)
	keys, sessions := map[string]int32{}, map[int]int32{}
	for _, i := range ops {
		op := &h[i]
		k, known := keys[op.Key]
		if !known {
			k = int32(len(keys))
			keys[op.Key] = k
		}
		g.key[i] = k
		g.moves[i] = move{g.values.of(op.In), g.values.of(op.Expect), g.values.of(op.Out)}
		g.place(i, sessions)
	}
	g.state, g.at = make([]int32, len(keys)), make([]int32, len(g.chains))
	return g
}

// place puts an operation at the end of its session, or beside it.
func (g *general) place(i int32, sessions map[int]int32) {
	op := &g.h[i]
	c, known := sessions[op.Client]
	switch {
	case op.Status == history.Unknown && known:
		g.chains = append(g.chains, strand{[]int32{i}, c, int32(len(g.chains[c].ops))})
		return
	case op.Status == history.Unknown:
		g.chains = append(g.chains, strand{[]int32{i}, none, 0})
		return
	case !known:
		c = int32(len(g.chains))
		sessions[op.Client] = c
		g.chains = append(g.chains, strand{nil, none, 0})
	}
	g.chains[c].ops = append(g.chains[c].ops, i)
	g.due++
}

func (g *general) spent() bool { return g.left < 0 || g.room < 0 }

// run takes reads that are right now, then tries all else. It reports whether it
// took all acknowledged operations.
func (g *general) run() bool {
	began := len(g.taken)
	g.settle()
	if g.due == 0 {
		return true
	}
	if g.left -= 1 + len(g.at)/chainsPerStep; g.spent() {
		return false
	}
	if _, known := g.failed[string(g.position())]; !known {
		for _, c := range g.ready() {
			held, next, _ := g.next(c)
			g.take(c, next)
			if g.run() {
				return true
			}
			if g.undo(c, held); g.spent() {
				return false
			}
		}
		g.remember()
	}
	for len(g.taken) > began {
		i := g.taken[len(g.taken)-1]
		g.undo(g.chainOf(i), g.state[g.key[i]])
	}
	return false
}

// ready returns the chains whose next operation may come next, by when it was called.
func (g *general) ready() []int32 {
	var chains []int32
	for c := range g.at {
		if _, _, ok := g.next(int32(c)); ok {
			chains = append(chains, int32(c))
		}
	}
	called := func(c int32) history.Time { return g.h[g.chains[c].ops[g.at[c]]].Call }
	slices.SortStableFunc(chains, func(a, b int32) int { return cmp.Compare(called(a), called(b)) })
	return chains
}

// settle takes what changes nothing and is right as it is.
func (g *general) settle() {
	for again := true; again; {
		again = false
		for c := range g.at {
			for {
				held, next, ok := g.next(int32(c))
				if !ok || held != next || g.h[g.chains[c].ops[g.at[c]]].MayMutate() {
					break
				}
				g.take(int32(c), next)
				again = true
			}
		}
	}
}

// next returns what the key of the chain's next operation holds and what it would
// hold after it, and whether the operation may come next.
func (g *general) next(c int32) (held, next int32, ok bool) {
	s := &g.chains[c]
	if int(g.at[c]) == len(s.ops) || s.chain != none && g.at[s.chain] < s.until {
		return 0, 0, false
	}
	i := s.ops[g.at[c]]
	op, m := &g.h[i], &g.moves[i]
	held = g.state[g.key[i]]
	switch op.Kind {
	case history.Read:
		return held, held, m.out == held
	case history.Write:
		return held, m.in, true
	case history.Append:
		return held, g.values.append(held, op.In.Num), true
	}
	switch equal := m.expect == held; {
	case op.MayMutate():
		return held, m.in, equal // of unknown outcome and not equal: as if it never happened
	case op.Blind:
		return held, held, !equal
	default:
		return held, held, !equal && m.out == held
	}
}

// take takes the next operation of a chain.
func (g *general) take(c, next int32) {
	i := g.chains[c].ops[g.at[c]]
	g.taken = append(g.taken, i)
	g.state[g.key[i]] = next
	g.at[c]++
	if g.h[i].Status == history.OK {
		g.due--
	}
}

// undo takes back the operation taken last, of the chain, before which its key held a value.
func (g *general) undo(c, held int32) {
	i := g.taken[len(g.taken)-1]
	g.taken = g.taken[:len(g.taken)-1]
	g.state[g.key[i]] = held
	g.at[c]--
	if g.h[i].Status == history.OK {
		g.due++
	}
}

// chainOf returns the chain of an operation that was taken last.
func (g *general) chainOf(i int32) int32 {
	for c := range g.at {
		if n := g.at[c]; n > 0 && g.chains[c].ops[n-1] == i {
			return int32(c)
		}
	}
	panic("sequential: taken back what was not taken last")
}

// position writes down how far each chain got and what each key holds.
func (g *general) position() []byte {
	g.name = g.name[:0]
	for _, n := range g.at {
		g.name = binary.AppendUvarint(g.name, uint64(n))
	}
	for _, v := range g.state {
		g.name = binary.AppendUvarint(g.name, uint64(v))
	}
	return g.name
}

// remember notes that nothing leads on from here.
func (g *general) remember() {
	g.room -= len(g.position()) + mapOverhead
	g.failed[string(g.name)] = struct{}{}
}

// explain returns the evidence: as few reads as possible, and all that may have
// changed the keys which they are about.
func (g *general) explain() *judge.Evidence {
	var reads, writes []int32
	for _, s := range g.chains {
		for _, i := range s.ops {
			if g.h[i].Observes() {
				reads = append(reads, i)
			} else {
				writes = append(writes, i)
			}
		}
	}
	left := maxWitnessSteps
	for size := (len(reads) + 1) / 2; size > 0; size /= 2 {
		for from := 0; from < len(reads) && left > 0; {
			fewer := slices.Delete(slices.Clone(reads), from, min(from+size, len(reads)))
			try := newGeneral(g.h, g.about(fewer, writes), min(witnessSteps, left))
			impossible := !try.run() && !try.spent()
			left -= try.spentSteps(min(witnessSteps, left))
			if impossible {
				reads = fewer
			} else {
				from += size
			}
		}
	}
	ops := g.about(reads, writes)
	return execution.Because(fmt.Sprintf("no one order explains all answers of these %d operations: every order was tried", len(ops)), ops...)
}

// spentSteps returns how many steps of the limit are spent, and something for the set-up.
func (g *general) spentSteps(limit int) int { return limit - g.left + 1 + len(g.h)/nodesPerStep }

// about returns the reads with the writes of their keys, and of the keys of
// compare-and-sets, whose answers count as well.
func (g *general) about(reads, writes []int32) []int32 {
	keys := map[int32]bool{}
	for _, i := range reads {
		keys[g.key[i]] = true
	}
	for _, i := range writes {
		if op := &g.h[i]; op.Kind == history.CAS && op.Status == history.OK {
			keys[g.key[i]] = true
		}
	}
	ops := slices.Clone(reads)
	for _, i := range writes {
		if keys[g.key[i]] {
			ops = append(ops, i)
		}
	}
	slices.Sort(ops)
	return ops
}

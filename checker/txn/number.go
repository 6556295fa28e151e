package txn

import (
	"fmt"
	"slices"

	"faultline/checker/history"
)

// A shape says how the values of a key tell of each other.
type shape uint8

const (
	register shape = iota // only written to: a value tells who wrote it
	list                  // only appended to: a value tells all that came before it
	odd                   // both, or anything strange: only a search can judge it
)

// A key is what happened to one key.
type key struct {
	name              string
	shape             shape
	written, appended bool
	twins             bool // several transactions wrote the same value, none of them failed

	strange bool // something was done to it that is no read, write of a number or append of one
	updated bool // some transaction read it and then wrote it

	// Of a register.
	makers      []int32 // the transactions that made its versions
	firstReader int32   // the first external read of the initial version, as index into reads, or none

	list keyList
}

// A write is one write or append.
type write struct {
	txn   int32
	micro int32 // as index into keyOf
	key   int32
	prev  int32 // the write before it in the same transaction on the same key, or none
	pos   int32 // the place of an append in the order that reads show, or none

	// Of a register.
	first   int32 // the first external read of this version, as index into reads, or none
	updater int32 // who read this version and then wrote the key, or none

	last bool // the transaction's last on its key
	twin bool // another write brought the same value, and neither failed
	seen bool // of the first of twins: a read shows the value
}

// An item is a value that was brought to a key.
type item struct {
	key   int32
	value int64
}

// Versions of registers and lists that are no write or run.
const (
	initial    = -1 // nothing was written yet
	nobody     = -2 // a value that nobody wrote
	ambiguous  = -3 // a value that several wrote
	disordered = -4 // a list that does not fit the others
)

// number gives numbers to keys and writes, finds out the shape of each key, and
// the longest list that was read of it.
func (a *analysis) number() {
	a.layOut()
	names := numbering{number: map[string]int32{}}
	latest := newPerKey[int32](none)
	for t := range a.ts {
		latest.next()
		for m := range a.ts[t].Ops {
			op := &a.ts[t].Ops[m]
			k := names.of(op.Key)
			if int(k) == len(a.keys) {
				a.keys = append(a.keys, key{name: op.Key, firstReader: none})
			}
			micro := a.start[t] + int32(m)
			a.keyOf[micro] = k
			switch op.Kind {
			case history.Read:
				a.noteRead(int32(t), micro, k, op)
			case history.Write, history.Append:
				a.noteWrite(int32(t), micro, k, op, latest.at(k))
			default:
				a.keys[k].strange = true
				a.unfit = fmt.Sprintf("a transaction holds an operation of kind %v; only reads, writes and appends can be judged", op.Kind)
			}
		}
	}
	for k := range a.keys {
		a.keys[k].settleShape()
	}
}

// layOut counts the micro-operations and makes room.
func (a *analysis) layOut() {
	a.start = make([]int32, len(a.ts)+1)
	writes := 0
	for t := range a.ts {
		a.start[t+1] = a.start[t] + int32(len(a.ts[t].Ops))
		for m := range a.ts[t].Ops {
			if a.ts[t].Ops[m].Kind != history.Read {
				writes++
			}
		}
	}
	n := a.start[len(a.ts)]
	a.keyOf, a.ref = make([]int32, n), make([]int32, n)
	a.writes = make([]write, 0, writes)
	a.byItem = make(map[item]int32, writes)
	a.happened, a.maybe = make([]bool, len(a.ts)), make([]bool, len(a.ts))
	a.byCall = make([]int32, len(a.ts))
	for t := range a.ts {
		a.byCall[t] = int32(t)
	}
	slices.SortStableFunc(a.byCall, func(t, u int32) int {
		switch x, y := a.ts[t].Call, a.ts[u].Call; {
		case x < y:
			return -1
		case x > y:
			return 1
		default:
			return 0
		}
	})
}

func (a *analysis) noteRead(t, micro, k int32, op *history.Micro) {
	if l := &a.keys[k].list; a.ts[t].Status == history.OK && len(op.Value.List) > len(l.longest) {
		l.longest, l.witness = op.Value.List, t
	}
}

func (a *analysis) noteWrite(t, micro, k int32, op *history.Micro, latest *int32) {
	w := int32(len(a.writes))
	a.writes = append(a.writes, write{txn: t, micro: micro, key: k, prev: *latest, pos: none, first: none, updater: none, last: true})
	if *latest != none {
		a.writes[*latest].last = false
	}
	*latest, a.ref[micro] = w, w

	key := &a.keys[k]
	switch {
	case op.Kind == history.Append && len(op.Value.List) > 0:
		key.strange = true
		a.unfit = fmt.Sprintf("a transaction appends the list %s to %s; only appends of single numbers can be judged", a.ts[t].Show(op.Value), op.Key)
	case op.Kind == history.Append:
		key.appended = true
	default:
		key.written = true
		key.strange = key.strange || op.Value.IsZero() || len(op.Value.List) > 0
	}
	a.claim(item{k, op.Value.Num}, w)
}

// claim notes who wrote an item. A failed transaction wrote it only if no other did.
func (a *analysis) claim(i item, w int32) {
	before, ok := a.byItem[i]
	switch {
	case !ok, a.failed(a.writes[before].txn):
		a.byItem[i] = w
	case !a.failed(a.writes[w].txn):
		a.writes[before].twin, a.writes[w].twin = true, true
		a.keys[i.key].twins = true
	}
}

func (a *analysis) failed(t int32) bool { return a.ts[t].Status == history.Failed }

func (k *key) settleShape() {
	switch {
	case k.strange, k.written && k.appended:
		k.shape = odd
	case k.appended:
		k.shape = list
	}
}

// value returns what a write brought.
func (a *analysis) value(w int32) history.Value {
	made := &a.writes[w]
	return a.ts[made.txn].Ops[made.micro-a.start[made.txn]].Value
}

// item returns the number that a write brought.
func (a *analysis) item(w int32) int64 { return a.value(w).Num }

// A numbering gives each key a number, in order of first appearance.
type numbering struct {
	number map[string]int32
}

func (n *numbering) of(key string) int32 {
	k, ok := n.number[key]
	if !ok {
		k = int32(len(n.number))
		n.number[key] = k
	}
	return k
}

// A perKey holds something for each key, and forgets all of it at once.
type perKey[T any] struct {
	zero  T
	round int32
	cells []perKeyCell[T]
}

type perKeyCell[T any] struct {
	round int32
	value T
}

func newPerKey[T any](zero T) perKey[T] { return perKey[T]{zero: zero} }

// next forgets everything.
func (p *perKey[T]) next() { p.round++ }

// at returns what is held for the key. It is valid until the next call.
func (p *perKey[T]) at(k int32) *T {
	for int(k) >= len(p.cells) {
		p.cells = append(p.cells, perKeyCell[T]{})
	}
	c := &p.cells[k]
	if c.round != p.round {
		c.round, c.value = p.round, p.zero
	}
	return &c.value
}

package effects

import (
	"cmp"
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// Of settles a history, given the reads that clients made in the end, if any. The
// IDs are indices into the history; those of the final reads go on from its end.
//
//   - Lists: a number that a read shows is an effect. It is there in the end if any
//     final read of the key shows it.
//   - Sets: likewise, but a set never shows a number twice.
//   - Queues and stacks: the effect of a number is to be taken. What was not taken
//     may still be there, so nothing is known to be lost.
//   - Registers: a value that a read shows is an effect. It can be overwritten at
//     any time, so nothing is known to be lost or to have happened twice. See
//     package converge for what can be said of lost writes.
//
// Keys on which appends meet writes are left out. It takes O(n log n), plus the
// length of the lists read.
func Of(h, finals history.History) Ledger { return OfKeys(h, keys.Of(h), finals) }

// OfKeys is Of for a history that is already taken apart.
func OfKeys(h history.History, all []keys.Key, finals history.History) Ledger {
	return new(Reader).OfKeys(h, all, finals)
}

// A Reader settles histories, one after the other in the same memory. The zero
// value is ready to use.
type Reader struct {
	h, finals history.History
	keys      []account
	named     map[string]*account
	ledger    Ledger

	intents []Intent
	effects []Effect
	place   []int32         // of each write of a list, that of its effect, plus one
	other   map[int64]int32 // of other numbers, the same
	counts  []count         // of each effect: how often it is in the list being read
	looks   []look
}

// OfKeys is the function OfKeys.
func (r *Reader) OfKeys(h history.History, all []keys.Key, finals history.History) Ledger {
	r.h, r.finals, r.ledger = h, finals, Ledger{}
	if r.named == nil {
		r.named, r.other = map[string]*account{}, map[int64]int32{}
	}
	r.sortOut(all)
	for i := range all {
		r.settle(i)
	}
	return r.ledger
}

// An account is a key, with what package keys leaves out.
type account struct {
	*keys.Key
	failed []int32 // requests that failed
	last   []int32 // OK final reads
}

// A look is a read, and its ID.
type look struct {
	op *history.Op
	id int
}

// A count is how often a number is in the list of one look, from 1.
type count struct{ look, times int }

// sortOut opens the accounts.
func (r *Reader) sortOut(all []keys.Key) {
	r.keys = slices.Grow(r.keys[:0], len(all))[:len(all)]
	place := r.named
	clear(place)
	for i := range all {
		k := &r.keys[i]
		*k = account{&all[i], k.failed[:0], k.last[:0]}
		place[k.Name] = k
	}
	for i := range r.h {
		if op := &r.h[i]; op.Status == history.Failed && op.Kind.Brings() {
			if k := place[op.Key]; k != nil {
				k.failed = append(k.failed, int32(i))
			}
		}
	}
	for i := range r.finals {
		if op := &r.finals[i]; op.Observes() {
			if k := place[op.Key]; k != nil {
				k.last = append(k.last, int32(i))
			}
		}
	}
}

// settle enters one key.
func (r *Reader) settle(i int) {
	k := &r.keys[i]
	if k.Shape == keys.Mixed {
		r.ledger.Unsettled++
		return
	}
	r.intend(k)
	r.effects, r.counts = r.effects[:0], r.counts[:0]
	r.place = append(r.place[:0], make([]int32, len(k.Writes))...)
	clear(r.other)
	ended := false
	switch r.kind(k) {
	case history.Append, history.Add:
		r.lists(k)
		ended = len(k.last) > 0
		if k.Shape == keys.List {
			r.disorder(k)
		}
	case history.Write:
		r.values(k)
	default:
		r.takes(k)
	}
	r.ledger.Settle(k.Name, ended, r.intents, r.effects)
}

// kind returns Append for a list, Add for a set, Write for a register and Enqueue
// for what numbers are taken from.
func (r *Reader) kind(k *account) history.Kind {
	requests := k.Writes
	if len(requests) == 0 {
		requests = k.failed
	}
	kind := history.Write
	for _, i := range requests {
		switch r.h[i].Kind {
		case history.Append:
			return history.Append
		case history.Add:
			kind = history.Add
		case history.Write, history.CAS:
			return history.Write
		default:
			return history.Enqueue
		}
	}
	if len(requests) == 0 && slices.ContainsFunc(r.byReturn(k), func(l look) bool { return len(l.op.Out.List) > 0 }) {
		return history.Append // of numbers that nobody appended
	}
	return kind
}

// intend collects what was asked for.
func (r *Reader) intend(k *account) {
	r.intents = r.intents[:0]
	looked := history.Never
	for i, f := range k.last {
		if call := r.finals[f].Call; i == 0 || call > looked {
			looked = call
		}
	}
	add := func(i int32) {
		if op := &r.h[i]; op.Kind.Brings() {
			late := op.Status == history.OK && op.Return > looked
			r.intents = append(r.intents, Intent{int(i), op.In.Num, op.Status, op.Call, late})
		}
	}
	for _, i := range k.Writes {
		add(i)
	}
	for _, i := range k.failed {
		add(i)
	}
}

// takes counts how often each number was taken.
func (r *Reader) takes(k *account) {
	for _, i := range k.Writes {
		if op := &r.h[i]; op.Kind.Takes() && op.Status == history.OK {
			e := &r.effects[r.effect(k, op.Out.Num, look{op, int(i)})]
			e.Times++
			if op.Return < e.At {
				e.Seen, e.At = int(i), op.Return
			}
		}
	}
}

// values notes the values of a register.
func (r *Reader) values(k *account) {
	note := func(op *history.Op, id int) {
		if op.Out.Num == 0 {
			return
		}
		e := &r.effects[r.effect(k, op.Out.Num, look{op, id})]
		e.Times = 1
		if op.Return < e.At || op.Return == e.At && id < e.Seen {
			e.Seen, e.At = id, op.Return
		}
	}
	for _, i := range k.Reads {
		note(&r.h[i], int(i))
	}
	for _, i := range k.last {
		note(&r.finals[i], len(r.h)+int(i))
	}
}

// byReturn returns the reads of the key, the final ones included, by return.
func (r *Reader) byReturn(k *account) []look {
	r.looks = r.looks[:0]
	for _, i := range k.Reads {
		r.looks = append(r.looks, look{&r.h[i], int(i)})
	}
	for _, i := range k.last {
		r.looks = append(r.looks, look{&r.finals[i], len(r.h) + int(i)})
	}
	slices.SortFunc(r.looks, func(a, b look) int { return cmp.Or(cmp.Compare(a.op.Return, b.op.Return), cmp.Compare(a.id, b.id)) })
	return r.looks
}

// lists counts what the reads of a list or set show.
func (r *Reader) lists(k *account) {
	var longest []int64
	for n, l := range r.byReturn(k) {
		list, final := l.op.Out.List, l.id >= len(r.h)
		if !final && len(list) <= len(longest) && slices.Equal(list, longest[:len(list)]) {
			continue // it shows nothing new; most reads are such
		}
		for _, x := range list {
			i := r.effect(k, x, l)
			c := &r.counts[i]
			if c.look != n+1 {
				*c = count{look: n + 1}
			}
			c.times++
			e := &r.effects[i]
			e.Times = max(e.Times, c.times)
			if final {
				e.Final = max(e.Final, c.times)
			}
		}
		if len(list) > len(longest) {
			longest = list
		}
	}
}

// effect returns the place of the effect of the number, which the look shows.
func (r *Reader) effect(k *account, number int64, l look) int32 {
	if k.Shape == keys.List || k.Shape == keys.Register {
		if w := k.Writer(number); w != keys.Nobody {
			if r.place[w] == 0 {
				r.place[w] = r.open(number, l)
			}
			return r.place[w] - 1
		}
	}
	at, known := r.other[number]
	if !known {
		at = r.open(number, l)
		r.other[number] = at
	}
	return at - 1
}

// open begins to count an effect, and returns its place plus one.
func (r *Reader) open(number int64, l look) int32 {
	r.effects = append(r.effects, Effect{Number: number, Seen: l.id, At: l.op.Return})
	r.counts = append(r.counts, count{})
	return int32(len(r.effects))
}

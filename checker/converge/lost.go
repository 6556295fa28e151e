// Package converge judges where replicas ended up once all faults were healed
// and everything had time to settle: which acknowledged writes are gone, and on
// which keys replicas still differ.
package converge

import (
	"fmt"
	"math"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// A Lost is an acknowledged write that is gone.
type Lost struct {
	Op    int // the write, as index into the history
	Final int // the final read that proves it, as index into the final reads
}

// Losses is what the final reads say about the acknowledged writes of a run.
type Losses struct {
	Acked    int      // acknowledged writes on the keys judged
	Lost     []Lost   // those certainly lost, in order of call
	Unjudged []string // the other keys with acknowledged writes, in order of appearance
}

// LostWrites returns the acknowledged writes of h that are certainly lost, given
// the reads that clients made after everything had healed and settled.
//
// A write, or a compare-and-set that swapped, is lost if every final read of its
// key returned a value that is certainly older: whatever may have written that
// value was over before the lost write was called. So it was not kept, and in no
// order of the operations was it overwritten by what is there now. When a store
// falls back to an old value, each write since then is lost. A write that
// vanished before others followed is not counted: from outside, it looks like
// any overwritten write. To see all losses, append: an acknowledged append is
// lost if no final read of its key shows it.
//
// A write was over once it was acknowledged or, when nobody else wrote its value,
// once a read of that value returned. A key is not judged if it has no OK final
// read or one of a value that nobody wrote, or if it saw both writes and appends.
func LostWrites(h, finals history.History) Losses {
	var l Losses
	for _, k := range keysOf(h, finals) {
		if len(k.acked) == 0 {
			continue
		}
		lost, ok := k.lost(h, finals)
		if !ok {
			l.Unjudged = append(l.Unjudged, k.name)
			continue
		}
		l.Acked += len(k.acked)
		l.Lost = append(l.Lost, lost...)
	}
	slices.SortFunc(l.Lost, func(a, b Lost) int { return a.Op - b.Op })
	return l
}

// Result puts the losses in the words of a checker: the score is their number.
func (l *Losses) Result(h, finals history.History) judge.Result {
	r := judge.Result{Engine: "final reads", Score: float64(len(l.Lost))}
	switch {
	case len(l.Lost) > 0:
		first := l.Lost[0]
		r.Verdict = judge.Violated
		r.Evidence.Ops = []int{first.Op}
		r.Evidence.Text = fmt.Sprintf("%v (answered at %v), but in the end %v (%d of %d acknowledged writes lost)",
			h[first.Op], h[first.Op].Return, finals[first.Final], len(l.Lost), l.Acked)
	case len(l.Unjudged) > 0:
		r.Verdict = judge.Undecided
		r.Evidence.Text = fmt.Sprintf("%d keys were not read in the end, or show values nobody wrote; the first is %s", len(l.Unjudged), l.Unjudged[0])
	}
	return r
}

// A key is what happened to one key.
type key struct {
	name    string
	writes  []int // what may have changed it, as indices into the history
	reads   []int // what says what it held
	finals  []int // the OK final reads, as indices into the final reads
	acked   []int // the acknowledged writes
	appends int   // how many of the writes are appends
}

// keysOf sorts the operations by key, in order of first appearance in h.
func keysOf(h, finals history.History) []*key {
	var keys []*key
	byName := map[string]*key{}
	for i := range h {
		op := &h[i]
		k := byName[op.Key]
		if k == nil {
			k = &key{name: op.Key}
			byName[op.Key] = k
			keys = append(keys, k)
		}
		k.add(op, i)
	}
	for i := range finals {
		if k := byName[finals[i].Key]; k != nil && finals[i].Observes() {
			k.finals = append(k.finals, i)
		}
	}
	return keys
}

func (k *key) add(op *history.Op, i int) {
	switch {
	case op.Observes():
		k.reads = append(k.reads, i)
	case op.MayMutate():
		k.writes = append(k.writes, i)
		if op.Kind == history.Append {
			k.appends++
		}
		if op.Status == history.OK {
			k.acked = append(k.acked, i)
		}
	}
}

// lost returns the acknowledged writes that are lost, and whether the key can be judged.
func (k *key) lost(h, finals history.History) ([]Lost, bool) {
	switch {
	case len(k.finals) == 0:
		return nil, false
	case k.appends == 0:
		return k.lostWrites(h, finals)
	case k.appends == len(k.writes):
		return k.lostAppends(h, finals)
	default:
		return nil, false
	}
}

// lostWrites judges a key that was only written and swapped. The final value that
// may be youngest decides.
func (k *key) lostWrites(h, finals history.History) (lost []Lost, ok bool) {
	youngest, over := 0, beginning
	for n, f := range k.finals {
		if n > 0 && finals[f].Out.Equal(finals[k.finals[n-1]].Out) {
			continue
		}
		at, ok := k.over(h, finals[f].Out)
		if !ok {
			return nil, false
		}
		if n == 0 || at > over {
			youngest, over = f, at
		}
	}
	for _, i := range k.acked {
		if over < h[i].Call {
			lost = append(lost, Lost{i, youngest})
		}
	}
	return lost, true
}

// beginning is before all operations.
const beginning = history.Time(math.MinInt64)

// over returns when all that may have written v was over, and whether anything may have.
func (k *key) over(h history.History, v history.Value) (history.Time, bool) {
	over, writers, call := beginning, 0, beginning
	if v.IsZero() {
		writers++ // nobody, at the beginning
	}
	for _, i := range k.writes {
		if op := &h[i]; op.In.Equal(v) {
			end := op.Return
			if op.Status == history.Unknown {
				end = history.Never
			}
			over, call = max(over, end), op.Call
			writers++
		}
	}
	if writers == 1 {
		over = max(call, min(over, k.firstRead(h, v)))
	}
	return over, writers > 0
}

// firstRead returns the earliest instant by which a read of v had returned, or Never.
func (k *key) firstRead(h history.History, v history.Value) history.Time {
	first := history.Never
	for _, i := range k.reads {
		if h[i].Out.Equal(v) {
			first = min(first, h[i].Return)
		}
	}
	return first
}

// lostAppends judges a key that was only appended to.
func (k *key) lostAppends(h, finals history.History) (lost []Lost, ok bool) {
	var shown []int64
	for _, f := range k.finals {
		if finals[f].Out.Num != 0 {
			return nil, false
		}
		shown = append(shown, finals[f].Out.List...)
	}
	slices.Sort(shown)
	shown = slices.Compact(shown)
	if !k.appended(h, shown) {
		return nil, false
	}
	for _, i := range k.acked {
		if _, kept := slices.BinarySearch(shown, h[i].In.Num); !kept {
			lost = append(lost, Lost{i, k.finals[0]})
		}
	}
	return lost, true
}

// appended reports whether all the numbers were appended by someone.
func (k *key) appended(h history.History, numbers []int64) bool {
	var known []int64
	for _, i := range k.writes {
		known = append(known, h[i].In.Num)
	}
	slices.Sort(known)
	for _, x := range numbers {
		if _, ok := slices.BinarySearch(known, x); !ok {
			return false
		}
	}
	return true
}

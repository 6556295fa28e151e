// Package converge judges where replicas ended up once all faults were healed
// and everything had time to settle: which acknowledged writes are gone, on which
// keys replicas still differ, and how long reads went on to disagree.
package converge

import (
	"fmt"
	"math"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/keys"
)

// A Lost is an acknowledged write that is gone.
type Lost struct {
	Op     int  // the write, as index into the history
	Final  int  // the final read that proves it, as index into the final reads
	Ranked bool // proved by the store's own order of versions alone; else by real time or by a missing number
}

// Losses is what the final reads say about the acknowledged writes of a run.
type Losses struct {
	Acked    int       // acknowledged writes on the keys judged
	Ranked   int       // of these, those on keys whose order of versions is known
	Lost     []Lost    // those certainly lost, in order of call
	Dropped  []Dropped // those that were old when they were acknowledged, by the store's own order; in order of call
	Unjudged []string  // the other keys with acknowledged writes, in order of appearance
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
// any overwritten write. To see all losses, append, or add to a set: an
// acknowledged number is lost if no final read of its key shows it.
//
// Where the store's own order of versions is known for a key, a write is lost as
// well if its version is greater than those of all final reads: concurrent writes
// have an order then, and values may repeat. One that is not lost is dropped,
// which counts apart, if its version is below one that was in place before it was
// called: that one may have been overwritten since, and the final reads say nothing of it.
//
// A write was over once it was acknowledged or, when nobody else wrote its value,
// once a read of that value returned. A key is not judged if it has no OK final
// read or one of a value that nobody wrote; or if it saw writes mixed with appends and its
// versions are not known; or if it is a queue or stack, from which numbers are taken.
func LostWrites(h, finals history.History) Losses { return LostWritesOf(h, keys.Of(h), finals) }

// LostWritesOf is LostWrites for a history that is already taken apart.
func LostWritesOf(h history.History, all []keys.Key, finals history.History) Losses {
	var l Losses
	last := finalReads(all, finals)
	k := key{h: h, finals: finals}
	for i := range all {
		k.Key, k.final = &all[i], last[i]
		k.ackedWrites()
		if len(k.acked) == 0 {
			continue
		}
		if !k.judge(&l) {
			l.Unjudged = append(l.Unjudged, k.Name)
		}
	}
	slices.SortFunc(l.Lost, func(a, b Lost) int { return a.Op - b.Op })
	l.Dropped = slices.DeleteFunc(l.Dropped, func(d Dropped) bool { return l.lost(d.Op) })
	slices.SortFunc(l.Dropped, func(a, b Dropped) int { return a.Op - b.Op })
	return l
}

// lost reports whether an operation is among the lost, which are sorted.
func (l *Losses) lost(op int) bool {
	_, found := slices.BinarySearchFunc(l.Lost, op, func(x Lost, op int) int { return x.Op - op })
	return found
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

// A key is what happened to one key, and how it was found in the end. Its slices are
// scratch, used anew for the next key.
type key struct {
	*keys.Key
	h, finals history.History
	final     []int   // the OK final reads, as indices into the final reads
	acked     []int32 // the acknowledged writes
	first     []history.Time
}

// finalReads returns the OK final reads of each key.
func finalReads(all []keys.Key, finals history.History) [][]int {
	place := make(map[string]int, len(all))
	for i := range all {
		place[all[i].Name] = i
	}
	count := make([]int, len(all))
	each := func(of func(key, final int)) {
		for i := range finals {
			if k, known := place[finals[i].Key]; known && finals[i].Observes() {
				of(k, i)
			}
		}
	}
	each(func(key, _ int) { count[key]++ })
	room := make([]int, 0, len(finals)) // one for all keys
	last := make([][]int, len(all))
	for k, n := range count {
		last[k], room = room[:0:n], room[n:n]
	}
	each(func(key, final int) { last[key] = append(last[key], final) })
	return last
}

// ackedWrites collects the writes that were acknowledged before the key was last
// read: one that is retried for so long that it happens after that is not lost.
func (k *key) ackedWrites() {
	k.acked = slices.Grow(k.acked[:0], len(k.Writes))
	looked := beginning
	for _, f := range k.final {
		looked = max(looked, k.finals[f].Call)
	}
	for _, i := range k.Writes {
		if k.h[i].Status == history.OK && (k.h[i].Return <= looked || len(k.final) == 0) {
			k.acked = append(k.acked, i)
		}
	}
}

// judge adds what is lost of the key, and reports whether it can be judged.
func (k *key) judge(l *Losses) bool {
	if len(k.final) == 0 {
		return false
	}
	lost, ok := k.byContent()
	newest, known := k.newest()
	if known {
		lost, ok = k.byVersion(lost, newest), true
		l.Ranked += len(k.acked)
		k.dropped(l)
	}
	if !ok {
		return false
	}
	l.Acked += len(k.acked)
	l.Lost = append(l.Lost, lost...)
	return true
}

// byContent returns what is lost by real time or by missing numbers, and whether
// this can be told.
func (k *key) byContent() ([]Lost, bool) {
	switch {
	case k.only(history.Write, history.CAS):
		return k.lostWrites()
	case k.only(history.Append, history.Append), k.only(history.Add, history.Add):
		return k.lostNumbers()
	default:
		return nil, false
	}
}

// only reports whether all writes of the key are of the two kinds.
func (k *key) only(a, b history.Kind) bool {
	return !slices.ContainsFunc(k.Writes, func(i int32) bool { return k.h[i].Kind != a && k.h[i].Kind != b })
}

// newest returns the final read of the greatest version, and whether the store's
// order of the key is known.
func (k *key) newest() (newest int, known bool) {
	if k.Shape == keys.List {
		return 0, false // its numbers tell more
	}
	if _, known := k.Ranks(k.h); !known {
		return 0, false
	}
	newest = k.final[0]
	for _, f := range k.final {
		final := &k.finals[f]
		if final.Version == (history.Version{}) && !final.Out.IsZero() {
			return 0, false
		}
		if final.Version.Compare(k.finals[newest].Version) > 0 {
			newest = f
		}
	}
	return newest, true
}

// byVersion adds to what is lost the writes of greater versions than the newest
// that was read in the end.
func (k *key) byVersion(lost []Lost, newest int) []Lost {
	version := k.finals[newest].Version
	at := 0
	var all []Lost
	for _, i := range k.acked {
		switch {
		case at < len(lost) && lost[at].Op == int(i):
			all = append(all, lost[at])
			at++
		case k.h[i].Version.Compare(version) > 0:
			all = append(all, Lost{int(i), newest, true})
		}
	}
	return all
}

// lostWrites judges a key that was only written and swapped. The final value that
// may be youngest decides.
func (k *key) lostWrites() (lost []Lost, ok bool) {
	youngest, over := 0, beginning
	for n, f := range k.final {
		if n > 0 && k.finals[f].Out.Equal(k.finals[k.final[n-1]].Out) {
			continue
		}
		at, ok := k.over(k.finals[f].Out)
		if !ok {
			return nil, false
		}
		if n == 0 || at > over {
			youngest, over = f, at
		}
	}
	for _, i := range k.acked {
		if over < k.h[i].Call {
			lost = append(lost, Lost{Op: int(i), Final: youngest})
		}
	}
	return lost, true
}

// beginning is before all operations.
const beginning = history.Time(math.MinInt64)

// over returns when all that may have written v was over, and whether anything may have.
func (k *key) over(v history.Value) (history.Time, bool) {
	over, writers, call := beginning, 0, beginning
	if v.IsZero() {
		writers++ // nobody, at the beginning
	}
	for _, i := range k.Writes {
		if op := &k.h[i]; op.In.Equal(v) {
			end := op.Return
			if op.Status == history.Unknown {
				end = history.Never
			}
			over, call = max(over, end), op.Call
			writers++
		}
	}
	if writers == 1 {
		over = max(call, min(over, k.firstRead(v)))
	}
	return over, writers > 0
}

// firstRead returns the earliest instant by which a read of v had returned, or Never.
func (k *key) firstRead(v history.Value) history.Time {
	first := history.Never
	for _, i := range k.Reads {
		if k.h[i].Out.Equal(v) {
			first = min(first, k.h[i].Return)
		}
	}
	return first
}

// lostNumbers judges a key to which numbers were only appended, or added.
func (k *key) lostNumbers() (lost []Lost, ok bool) {
	var shown []int64
	for _, f := range k.final {
		if k.finals[f].Out.Num != 0 {
			return nil, false
		}
		shown = append(shown, k.finals[f].Out.List...)
	}
	slices.Sort(shown)
	shown = slices.Compact(shown)
	if !k.brought(shown) {
		return nil, false
	}
	for _, i := range k.acked {
		if _, kept := slices.BinarySearch(shown, k.h[i].In.Num); !kept {
			lost = append(lost, Lost{Op: int(i), Final: k.final[0]})
		}
	}
	return lost, true
}

// brought reports whether someone appended or added each of the numbers.
func (k *key) brought(numbers []int64) bool {
	known := make([]int64, 0, len(k.Writes))
	for _, i := range k.Writes {
		known = append(known, k.h[i].In.Num)
	}
	slices.Sort(known)
	for _, x := range numbers {
		if _, ok := slices.BinarySearch(known, x); !ok {
			return false
		}
	}
	return true
}

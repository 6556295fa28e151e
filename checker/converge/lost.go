// Package converge judges where replicas ended up once all faults were healed
// and everything had time to settle: which acknowledged writes are gone, and on
// which keys replicas still differ.
package converge

import (
	"fmt"
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
	Unjudged []string // keys with acknowledged writes that the final reads say nothing about, in order of first write
}

// LostWrites returns the acknowledged writes of h that are certainly lost, given
// the reads that clients made after everything had healed and settled.
//
// A write, or a compare-and-set that swapped, is lost if every value that a final
// read of its key returned is certainly older: all the operations that may have
// written that value were over before the write was called. It was neither kept
// nor can any order of the operations have it overwritten by what is there now. So
// values written before a rollback are lost with it, each of them; a write that
// vanished and was then overwritten is not counted, since from outside that looks
// like any overwritten write. To count losses in full, append: an acknowledged append is
// lost if no final read of its key shows it and no write to the key can have
// cleared it, that is, every write to it was over before the append was called.
//
// A write was over once it was acknowledged, or once a read of its value returned
// if nobody else wrote the same value. A key is not judged if it has no OK final
// read, or one that shows a value nobody wrote.
func LostWrites(h, finals history.History) Losses {
	var l Losses
	for _, k := range keysOf(h, finals) {
		acked := k.acked(h)
		if len(acked) == 0 {
			continue
		}
		if !k.judgeable() {
			l.Unjudged = append(l.Unjudged, k.name)
			continue
		}
		l.Acked += len(acked)
		for _, i := range acked {
			if final, lost := k.lost(h, i); lost {
				l.Lost = append(l.Lost, Lost{i, final})
			}
		}
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
	name   string
	writes []int  // what may have changed it, as indices into the history
	finals []seen // the final reads of it
	odd    bool   // a final read shows what nobody wrote
}

// A seen is a final read: what it shows and when that had certainly been written.
type seen struct {
	read int // index into the final reads
	over history.Time
	out  history.Value
}

// lost reports whether the acknowledged write i is lost, and the final read that proves it.
func (k *key) lost(h history.History, i int) (final int, lost bool) {
	op := &h[i]
	for _, f := range k.finals {
		switch {
		case op.Kind == history.Append && (slices.Contains(f.out.List, op.In.Num) || !k.clearedBefore(h, op.Call)):
			return 0, false
		case op.Kind != history.Append && (k.shows(f, op) || f.over >= op.Call):
			return 0, false
		}
	}
	return k.finals[0].read, true
}

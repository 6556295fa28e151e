package txn

import (
	"slices"

	"faultline/checker/history"
)

// connect builds the graph of who must come before whom. Edges from a write to
// its readers are there already.
func (a *analysis) connect() {
	a.connectLists()
	a.connectRegisters()
	a.connectSessions()
	a.connectRealTime()
	a.g.build()
}

// present reports whether a transaction is, or may be, part of what happened.
func (a *analysis) present(t int32) bool { return a.happened[t] || a.maybe[t] }

func (a *analysis) connectLists() {
	for i := range a.reads {
		r := &a.reads[i]
		k := &a.keys[r.key]
		if k.shape != list || k.list.broken {
			continue
		}
		if r.own != none && !a.judgeUpdate(r) {
			continue // nothing else is to be learnt from it
		}
		if r.version < k.list.lastRun() {
			a.g.add(rw, r.txn, k.list.order[r.version+1])
		}
	}
	for k := range a.keys {
		if l := &a.keys[k].list; a.keys[k].shape == list && !l.broken {
			a.connectVersions(int32(k))
			a.connectTail(int32(k))
		}
	}
}

// connectVersions makes each version of a list follow the one before.
func (a *analysis) connectVersions(k int32) {
	l := &a.keys[k].list
	for i := 1; i < len(l.order); i++ {
		a.g.add(ww, l.order[i-1], l.order[i])
	}
	if l.aborted == 0 {
		return
	}
	failed := int32(none)
	for _, w := range l.elems {
		switch {
		case w == none || a.writes[w].twin:
		case a.failed(a.writes[w].txn):
			failed = w
		case failed != none:
			a.dirtyUpdate(k, failed, w)
			failed = none
		}
	}
}

// judgeUpdate looks whether an update of a list stands on the version that its
// transaction had read, as far as reads show it.
func (a *analysis) judgeUpdate(r *externalRead) bool {
	l := &a.keys[r.key].list
	own := &a.writes[a.firstWrite(r.own)]
	made := int32(len(l.order)) // the version that it made, if no read shows it
	if own.pos != none {
		made = l.runs[own.pos+1]
	}
	if own.twin || made <= r.version+1 {
		return true
	}
	a.lostUpdate(r.txn, l.order[r.version+1], r.key)
	return false
}

// firstWrite returns the first write of the transaction to the key of a write.
func (a *analysis) firstWrite(w int32) int32 {
	for a.writes[w].prev != none {
		w = a.writes[w].prev
	}
	return w
}

// connectTail places the appends that no read shows after all others.
func (a *analysis) connectTail(k int32) {
	l := &a.keys[k].list
	if len(l.tail) == 0 {
		return
	}
	last := l.maker(l.lastRun())
	if last != none {
		for _, t := range l.tail {
			a.g.add(ww, last, t)
		}
	}
	var readers, updaters []int32
	for _, i := range l.full {
		switch r := &a.reads[i]; {
		case r.own == none:
			readers = append(readers, r.txn)
		case a.writes[a.firstWrite(r.own)].pos == none && !a.keys[k].twins:
			updaters = append(updaters, r.txn)
		}
	}
	a.overwrite(k, readers, updaters, l.tail, last)
}

// overwrite connects those who read a version with those who wrote one later. An
// updater, who read and then wrote, must be the first of them, or else its update
// is lost. What the maker of the version did itself is no matter.
func (a *analysis) overwrite(k int32, readers, updaters, later []int32, maker int32) {
	for i := 1; i < len(updaters); i++ {
		a.lostUpdates(updaters[0], updaters[i], k)
	}
	var others []int32
	for _, t := range later {
		if t != maker && (len(updaters) == 0 || t != updaters[0]) {
			others = append(others, t)
		}
	}
	if len(updaters) == 0 {
		a.g.fan(rw, readers, others)
		return
	}
	a.g.fan(rw, readers, updaters[:1])
	a.g.fan(next, updaters[:1], others)
}

// connectSessions makes each transaction follow the one before in its session.
// After one of unknown outcome nothing follows: it may take effect at any time.
func (a *analysis) connectSessions() {
	latest := map[int]int32{}
	for _, t := range a.byCall {
		if !a.present(t) {
			continue
		}
		tx := &a.ts[t]
		if before, ok := latest[tx.Process]; ok && a.ts[before].Return <= tx.Call {
			a.g.add(session, before, t)
		}
		if tx.Status == history.OK {
			latest[tx.Process] = t
		}
	}
}

// over is when a transaction had certainly taken effect before others were called.
func (a *analysis) over(t int32) history.Time {
	if a.ts[t].Status != history.OK || a.o.Uncalled {
		return history.Never
	}
	return max(a.ts[t].Call, a.ts[t].Return)
}

// precedes reports whether t was over before u was called.
func (a *analysis) precedes(t, u int32) bool { return a.over(t) < a.ts[u].Call }

// connectRealTime makes each transaction follow all that were over when it was
// called. There is a junction for each call, in order of call, which leads to the
// next one: three edges for each transaction.
func (a *analysis) connectRealTime() {
	var called []int32
	for _, t := range a.byCall {
		if a.present(t) {
			called = append(called, t)
		}
	}
	first := a.g.junctions(len(called))
	for i, t := range called {
		a.g.add(realtime, first+int32(i), t)
		if i > 0 {
			a.g.add(realtime, first+int32(i)-1, first+int32(i))
		}
		if j := a.calledAfter(called, t); j < len(called) {
			a.g.add(realtime, t, first+int32(j))
		}
	}
}

// calledAfter returns how many of the transactions, which are in order of call,
// were not called after t was over.
func (a *analysis) calledAfter(called []int32, t int32) int {
	over := a.over(t)
	j, _ := slices.BinarySearchFunc(called, over, func(u int32, at history.Time) int {
		if a.ts[u].Call > at {
			return 1
		}
		return -1
	})
	return j
}

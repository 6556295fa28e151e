package txn

import (
	"slices"

	"faultline/checker/history"
)

// A list that is only appended to shows its own past. The longest list that was
// read gives the order of all appends in it, and every other read must be a
// beginning of it: "traceable" versions (Kingsbury and Alvaro, section 4.1).
// Appends that no read shows come after those, in an order of their own.

// A keyList is what is known of the list of one key.
type keyList struct {
	longest []int64 // that was read
	witness int32   // who read it

	// Its versions: neighbouring appends of one transaction make one, since a
	// transaction takes effect at once.
	order []int32 // the transactions that made them, in order
	runs  []int32 // the version, as index into order, that a list of each length shows
	elems []int32 // the append that put each element there, as index into writes; none for garbage
	tail  []int32 // transactions that appended what no read shows
	full  []int32 // those that read the last version, as indices into reads

	garbage, aborted, double, scrambled int32 // length of the shortest list that shows such an element, or 0

	broken bool // it shows an element twice, or some read does not fit it
}

// indexList finds out who made the versions of a list.
func (a *analysis) indexList(k int32) {
	l := &a.keys[k].list
	l.runs = make([]int32, 1, len(l.longest)+1)
	l.runs[0] = initial
	l.elems = make([]int32, 0, len(l.longest))
	for i, x := range l.longest {
		if t := a.place(k, int32(i), x); t != none && (len(l.order) == 0 || l.order[len(l.order)-1] != t) {
			l.order = append(l.order, t)
		}
		l.runs = append(l.runs, int32(len(l.order))-1)
	}
}

// place notes that an element has the given place in the longest list. It returns
// the transaction that certainly appended it, or none.
func (a *analysis) place(k, at int32, x int64) int32 {
	l := &a.keys[k].list
	w, ok := a.byItem[item{k, x}]
	if !ok {
		l.elems = append(l.elems, none)
		note(&l.garbage, at+1)
		return none
	}
	l.elems = append(l.elems, w)
	made := &a.writes[w]
	a.see(w)
	switch {
	case made.twin:
		return none
	case made.pos != none:
		note(&l.double, at+1)
		l.broken = true
		return none
	}
	made.pos = at
	if made.prev != none && !a.writes[made.prev].twin && a.writes[made.prev].pos == none {
		note(&l.scrambled, at+1)
	}
	if a.failed(made.txn) {
		note(&l.aborted, at+1)
		return none
	}
	return made.txn
}

// note keeps the first length that was noted.
func note(first *int32, length int32) {
	if *first == 0 {
		*first = length
	}
}

// see notes that a read shows a write.
func (a *analysis) see(w int32) {
	made := &a.writes[w]
	switch {
	case a.failed(made.txn):
	case made.twin:
		made.seen = true
	default:
		a.happened[made.txn] = true
	}
}

// settleTwins notes that any transaction of unknown outcome that wrote a value
// which was read may have happened, if others wrote it too.
func (a *analysis) settleTwins() {
	for w := range a.writes {
		made := &a.writes[w]
		if !made.twin || a.happened[made.txn] {
			continue
		}
		if a.writes[a.byItem[item{made.key, a.item(int32(w))}]].seen {
			a.maybe[made.txn] = true
		}
	}
}

// fit compares a read of a list with the longest one.
func (a *analysis) fit(t, micro, k int32, v history.Value) {
	l := &a.keys[k].list
	switch n := len(v.List); {
	case v.Num != 0:
		a.ref[micro] = nobody
	case slices.Equal(v.List, l.longest[:n]):
		a.ref[micro] = l.runs[n]
	default:
		a.ref[micro] = disordered
		l.broken = true
		a.misfit(t, k, v.List)
	}
}

// misfit judges a list that is no beginning of the longest one.
func (a *analysis) misfit(t, k int32, list []int64) {
	shown := map[int64]bool{}
	for _, x := range list {
		w, ok := a.byItem[item{k, x}]
		switch {
		case shown[x] && !(ok && a.writes[w].twin):
			a.duplicate(t, k, x)
		case !ok:
			a.garbageItem(t, k, x)
		case a.failed(a.writes[w].txn):
			a.aborted(t, k, w)
		default:
			a.see(w)
		}
		shown[x] = true
	}
	a.incompatible(t, k, list)
}

// findTails collects the appends that no read shows, once it is known who happened.
func (a *analysis) findTails() {
	for w := range a.writes {
		made := &a.writes[w]
		k := &a.keys[made.key]
		if k.shape != list || made.pos != none || made.twin || !a.present(made.txn) {
			continue
		}
		if n := len(k.list.tail); n == 0 || k.list.tail[n-1] != made.txn {
			k.list.tail = append(k.list.tail, made.txn)
		}
	}
}

// lastRun is the version of the longest list.
func (l *keyList) lastRun() int32 { return int32(len(l.order)) - 1 }

// maker returns the transaction that made a version, or none for the initial one.
func (l *keyList) maker(run int32) int32 {
	if run < 0 {
		return none
	}
	return l.order[run]
}

package txn

import "faultline/checker/history"

// A register does not show what it held before. Of the order of its versions
// only this is certain:
//
//   - The initial one is first.
//   - Who updates a register, that is reads and then writes it, makes the next
//     version, or an update is lost.
//   - Who has seen a transaction makes a later version than it did.
//   - If the order of sessions is kept, none of them goes back to an older version.
//   - If real time is kept, nobody does.
//
// The last two concern the levels that promise such an order, and all levels if
// Options say that each key alone is known to keep it.

// A versionPair is two versions of a register, as indices into writes, of which
// the first came before the second.
type versionPair struct{ earlier, later int32 }

// An origin says how that is known: of two transactions that touched the key, one
// came before the other.
type origin struct {
	by            relation // session, realtime or wr; or wwInferred
	before, after int32
}

// A touch is what a transaction did to a register: which version it met first, and
// which one it left.
type touch struct{ txn, in, out int32 }

func (a *analysis) connectRegisters() {
	a.findMakers()
	for w := range a.writes {
		if a.writes[w].first != none {
			a.connectReaders(int32(w))
		}
	}
	for k := range a.keys {
		key := &a.keys[k]
		if key.shape != register || len(key.makers) == 0 {
			continue
		}
		readers, updaters := a.readersOf(key.firstReader, none)
		a.overwrite(int32(k), readers, updaters, key.makers, none)
	}
	for k, touches := range a.touches() {
		a.followSessions(int32(k), touches)
		a.followTime(touches)
	}
}

// findMakers collects who made versions of each register.
func (a *analysis) findMakers() {
	for w := range a.writes {
		made := &a.writes[w]
		if k := &a.keys[made.key]; k.shape == register && made.last && a.present(made.txn) {
			k.makers = append(k.makers, made.txn)
		}
	}
}

// readersOf sorts those who read a version of somebody else: who only read it, and
// who updated it. The first read of them is given, as index into reads.
func (a *analysis) readersOf(first, maker int32) (readers, updaters []int32) {
	for i := first; i != none; i = a.reads[i].next {
		switch r := &a.reads[i]; {
		case r.txn == maker: // a future read
		case r.own != none:
			updaters = append(updaters, r.txn)
		default:
			readers = append(readers, r.txn)
		}
	}
	return readers, updaters
}

// connectReaders connects those who read a version with the one who updated it.
func (a *analysis) connectReaders(w int32) {
	made := &a.writes[w]
	readers, updaters := a.readersOf(made.first, made.txn)
	a.overwrite(made.key, readers, updaters, a.followers[w], none)
	made.updater = none
	if len(updaters) > 0 {
		made.updater = updaters[0]
	}
}

// touches returns who touched each register, in order of call, if there are several versions.
func (a *analysis) touches() [][]touch {
	all := make([][]touch, len(a.keys))
	for _, t := range a.byCall {
		if !a.happened[t] {
			continue
		}
		for m := range a.ts[t].Ops {
			k := a.keyOf[a.start[t]+int32(m)]
			if a.keys[k].shape == register && len(a.keys[k].makers) > 1 {
				all[k] = a.touch(all[k], t, a.start[t]+int32(m))
			}
		}
	}
	return all
}

// touch adds what one operation of a transaction did to a register.
func (a *analysis) touch(touches []touch, t, micro int32) []touch {
	op := &a.ts[t].Ops[micro-a.start[t]]
	reads := op.Kind == history.Read
	if reads && a.ts[t].Status != history.OK {
		return touches
	}
	if n := len(touches); n > 0 && touches[n-1].txn == t {
		x := &touches[n-1]
		if !reads && x.in >= 0 && a.writes[x.in].txn == t {
			x.in = a.ref[micro] // its last write alone makes a version
		}
		if !reads {
			x.out = a.ref[micro]
		}
		return touches
	}
	return append(touches, touch{t, a.ref[micro], a.ref[micro]})
}

// followSessions lets a session meet no version older than it has met before.
func (a *analysis) followSessions(k int32, touches []touch) {
	latest := map[int]touch{}
	for _, x := range touches {
		tx := &a.ts[x.txn]
		if before, ok := latest[tx.Process]; ok && a.ts[before.txn].Return <= tx.Call {
			a.precede(before, x, session)
		}
		if tx.Status == history.OK {
			latest[tx.Process] = x
		}
	}
}

// followTime lets nobody meet a version older than somebody had met who was over
// by then. Each touch is compared with those only that follow it directly.
func (a *analysis) followTime(touches []touch) {
	called := make([]int32, len(touches))
	for i, x := range touches {
		called[i] = x.txn
	}
	for _, x := range touches {
		until := history.Never
		for i := a.calledAfter(called, x.txn); i < len(touches) && a.ts[called[i]].Call <= until; i++ {
			a.precede(x, touches[i], realtime)
			until = min(until, a.over(called[i]))
		}
	}
}

// precede notes that what the one left came before what the other met.
func (a *analysis) precede(x, y touch, by relation) {
	p := versionPair{x.out, y.in}
	if p.earlier < 0 || p.later < 0 || p.earlier == p.later {
		return
	}
	earlier, later := &a.writes[p.earlier], &a.writes[p.later]
	if earlier.txn == later.txn || a.failed(earlier.txn) || a.failed(later.txn) {
		return
	}
	if _, known := a.orders[p]; known {
		return // sessions come first, and what they tell holds in real time as well
	}
	a.orders[p] = origin{by, x.txn, y.txn}
	over, anti, after := wwSession, rwSession, nextSession
	if by == realtime {
		over, anti, after = wwRealtime, rwRealtime, nextRealtime
	}
	if earlier.updater != none {
		a.g.add(after, earlier.updater, later.txn)
		return
	}
	a.g.add(over, earlier.txn, later.txn)
	for i := earlier.first; i != none; i = a.reads[i].next {
		a.g.add(anti, a.reads[i].txn, later.txn)
	}
}

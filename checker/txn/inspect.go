package txn

import "faultline/checker/history"

// order finds out, for each read, which version it saw, and who happened.
func (a *analysis) order() {
	for t := range a.ts {
		a.happened[t] = a.ts[t].Status == history.OK
	}
	for k := range a.keys {
		if a.keys[k].shape == list {
			a.indexList(int32(k))
		}
	}
	a.eachRead(func(t, micro, k int32, v history.Value) {
		switch a.keys[k].shape {
		case list:
			a.fit(t, micro, k, v)
		case register:
			a.ref[micro] = a.versionOf(k, v)
		}
	})
	a.settleTwins()
	for w := range a.writes {
		made := &a.writes[w]
		a.maybe[made.txn] = a.maybe[made.txn] || a.keys[made.key].shape == odd
	}
	for t := range a.ts {
		a.maybe[t] = a.maybe[t] && a.ts[t].Status == history.Unknown && !a.happened[t]
	}
	a.findTails()
}

// eachRead calls f for each read that was answered.
func (a *analysis) eachRead(f func(t, micro, k int32, v history.Value)) {
	for t := range a.ts {
		if a.ts[t].Status != history.OK {
			continue
		}
		for m := range a.ts[t].Ops {
			if op := &a.ts[t].Ops[m]; op.Kind == history.Read {
				micro := a.start[t] + int32(m)
				f(int32(t), micro, a.keyOf[micro], op.Value)
			}
		}
	}
}

// versionOf returns which version of a register a read saw.
func (a *analysis) versionOf(k int32, v history.Value) int32 {
	if v.IsZero() {
		return initial
	}
	w, ok := a.byItem[item{k, v.Num}]
	if !ok || len(v.List) > 0 {
		return nobody
	}
	a.see(w)
	if a.writes[w].twin {
		return ambiguous
	}
	return w
}

// An externalRead is the last read of a key by a transaction that had not written
// it yet: what it saw of others. Who saw several versions is kept only if it then
// wrote the key, since its update may still be lost.
type externalRead struct {
	txn, key int32
	version  int32 // as in ref
	own      int32 // the last write of the transaction to the key, or none
	next     int32 // the next read of the same version, as index into reads, or none
}

// A sight is a read of a register after which another version must be older.
type sight struct {
	txn        int32
	must, read int32 // versions: must is of a transaction that it had seen
}

// An inspector looks at what each transaction saw, in the order in which it did.
type inspector struct {
	*analysis
	visits   perKey[visit]
	touched  []int32 // the keys visited
	observed []int32 // by transaction: the last one that saw a write of it
	views    perKey[[]int32]
	big      map[int32]map[int32]int32 // the last writes of large transactions, by transaction and key
}

// A visit is what a transaction has done to one key so far.
type visit struct {
	version int32 // the latest external read, as in ref
	read    bool  // there was one
	fuzzy   bool  // another one saw another version
	length  int32 // of the longest list read
	own     int32 // its latest write, or none
}

func (a *analysis) inspect() {
	in := inspector{
		analysis: a, visits: newPerKey(visit{own: none}), views: newPerKey[[]int32](nil),
		observed: make([]int32, len(a.ts)), big: map[int32]map[int32]int32{},
	}
	for t := range in.observed {
		in.observed[t] = none
	}
	for t := range a.ts {
		if a.ts[t].Status == history.OK {
			in.transaction(int32(t))
		}
	}
}

func (in *inspector) transaction(t int32) {
	in.visits.next()
	in.views.next()
	in.touched = in.touched[:0]
	for m := range in.ts[t].Ops {
		op, micro := &in.ts[t].Ops[m], in.start[t]+int32(m)
		k := in.keyOf[micro]
		if in.keys[k].shape == odd {
			continue
		}
		v := in.visits.at(k)
		if !v.read && v.own == none {
			in.touched = append(in.touched, k)
		}
		switch {
		case op.Kind != history.Read:
			in.ownWrite(t, k, in.ref[micro], v)
		case v.own != none:
			in.ownRead(t, k, op.Value, v)
		default:
			in.externalRead(t, micro, k, op.Value, v)
		}
	}
	for _, k := range in.touched {
		in.follow(t, k)
		if v := in.visits.at(k); v.read && (!v.fuzzy || v.own != none) {
			in.compareAgain(t, k, v.version)
			in.addRead(externalRead{txn: t, key: k, version: v.version, own: v.own, next: none})
		}
	}
}

// follow notes that what a transaction wrote to a register without having read it
// came after what those wrote to it whom the transaction had seen.
func (in *inspector) follow(t, k int32) {
	v := in.visits.at(k)
	if in.keys[k].shape == list || v.read || v.own == none {
		return
	}
	for _, w := range *in.views.at(k) {
		in.followers[w] = append(in.followers[w], t)
		in.orders[versionPair{w, v.own}] = origin{wr, in.writes[w].txn, t}
	}
}

// addRead keeps an external read for the edges that come later.
func (a *analysis) addRead(r externalRead) {
	n := int32(len(a.reads))
	k := &a.keys[r.key]
	k.updated = k.updated || r.own != none
	switch {
	case k.shape == list && r.version == k.list.lastRun():
		k.list.full = append(k.list.full, n)
	case k.shape == list:
	case r.version == initial:
		r.next, k.firstReader = k.firstReader, n
	case r.version >= 0:
		w := &a.writes[r.version]
		r.next, w.first = w.first, n
	}
	a.reads = append(a.reads, r)
}

func (in *inspector) ownWrite(t, k, w int32, v *visit) {
	if pos := in.writes[w].pos; pos != none && pos < v.length {
		in.future(t, k, w)
	}
	v.own = w
}

// ownRead judges a read of what the transaction itself has written: a list must
// end with its appends.
func (in *inspector) ownRead(t, k int32, got history.Value, v *visit) {
	if in.keys[k].shape == register {
		if !got.Equal(in.value(v.own)) {
			in.internal(t, k, v.own, got)
		}
		return
	}
	if !in.sound(t, k, got) {
		return
	}
	at := len(got.List) - 1
	for w := v.own; w != none; w = in.writes[w].prev {
		if at < 0 || got.List[at] != in.item(w) {
			in.internal(t, k, w, got)
			return
		}
		at--
	}
}

// sound judges whether a list shows only what somebody appended and did not take back.
func (in *inspector) sound(t, k int32, got history.Value) bool {
	l := &in.keys[k].list
	n := int32(len(got.List))
	if got.Num != 0 {
		in.garbage(t, k, got)
		return false
	}
	shows := func(length int32) bool { return length > 0 && n >= length }
	if shows(l.garbage) {
		in.garbageItem(t, k, got.List[l.garbage-1])
	}
	if shows(l.aborted) {
		in.aborted(t, k, in.byItem[item{k, got.List[l.aborted-1]}])
	}
	if shows(l.double) {
		in.duplicate(t, k, got.List[l.double-1])
	}
	if shows(l.scrambled) {
		in.scrambled(t, k, l.elems[l.scrambled-1])
		return false
	}
	return !l.broken
}

func (in *inspector) externalRead(t, micro, k int32, got history.Value, v *visit) {
	version := in.ref[micro]
	if in.keys[k].shape == list {
		if version != disordered && !in.sound(t, k, got) || in.keys[k].list.broken {
			return
		}
		v.length = max(v.length, int32(len(got.List)))
	}
	switch {
	case version == nobody:
		in.garbage(t, k, got)
		return
	case version == ambiguous:
		return
	case v.read && v.version != version && !v.fuzzy:
		v.fuzzy = true
		in.fuzzy(t, k)
	}
	v.read, v.version = true, version
	in.compareView(t, k, version, got)
	if w := in.writeSeen(k, version, got); w != none {
		in.seeWrite(t, micro, k, w)
	}
}

// writeSeen returns the write that made what a read saw, or none if it is not known.
func (a *analysis) writeSeen(k, version int32, got history.Value) int32 {
	if a.keys[k].shape == register || len(got.List) == 0 {
		return max(version, none)
	}
	w := a.keys[k].list.elems[len(got.List)-1]
	if w != none && a.writes[w].twin {
		return none
	}
	return w
}

// seeWrite notes that a transaction saw the write of another.
func (in *inspector) seeWrite(t, micro, k, w int32) {
	made := &in.writes[w]
	switch from := made.txn; {
	case from == t && in.keys[k].shape == register:
		in.future(t, k, w)
	case from == t:
	case in.failed(from):
		if in.keys[k].shape == register {
			in.aborted(t, k, w)
		}
	default:
		if !made.last {
			in.intermediate(t, k, w)
		}
		in.g.add(wr, from, t)
		if in.observed[from] != t {
			in.observed[from] = t
			in.observe(t, micro, from)
		}
	}
}

// observe notes which writes a transaction must see from now on, since it has
// seen one of another transaction: this is monotonic atomic view.
func (in *inspector) observe(t, micro, from int32) {
	writes, reads := in.start[from+1]-in.start[from], in.start[t+1]-micro
	if writes <= reads || writes <= fewOps {
		for m, op := range in.ts[from].Ops {
			if op.Kind != history.Read {
				in.require(in.ref[in.start[from]+int32(m)])
			}
		}
		return
	}
	// A loader of the whole database is seen by everybody: look at what is left to read instead.
	for m := micro; m < in.start[t+1]; m++ {
		if w, ok := in.lastWrites(from)[in.keyOf[m]]; ok {
			in.require(w)
		}
	}
}

// fewOps is up to how many operations of a transaction are looked through one by one.
const fewOps = 64

// lastWrites returns the last write of a transaction to each of its keys.
func (in *inspector) lastWrites(t int32) map[int32]int32 {
	m, ok := in.big[t]
	if !ok {
		m = map[int32]int32{}
		for i, op := range in.ts[t].Ops {
			if micro := in.start[t] + int32(i); op.Kind != history.Read {
				m[in.keyOf[micro]] = in.ref[micro]
			}
		}
		in.big[t] = m
	}
	return m
}

// require notes that later reads must see the write, or what came after it.
func (in *inspector) require(w int32) {
	made := &in.writes[w]
	k := &in.keys[made.key]
	if !made.last || made.twin || k.shape == odd || k.list.broken {
		return
	}
	must := in.views.at(made.key)
	if k.shape == register || len(*must) == 0 {
		*must = append(*must, w)
		return
	}
	if pos := in.writes[(*must)[0]].pos; pos != none && (made.pos == none || made.pos > pos) {
		(*must)[0] = w // who sees the later append sees the earlier one
	}
}

// compareView judges whether a read shows what its transaction must see by now.
func (in *inspector) compareView(t, k, version int32, got history.Value) {
	must := in.views.at(k)
	for _, w := range *must {
		made := &in.writes[w]
		switch {
		case in.keys[k].shape == list:
			if made.pos == none || int(made.pos) >= len(got.List) {
				in.vanished(t, k, w)
			}
		case version == w:
		case version == initial:
			in.vanished(t, k, w)
		case version >= 0 && made.txn != in.writes[version].txn:
			in.mustPrecede(view, t, w, version)
		}
	}
	if in.keys[k].shape == register && version >= 0 && len(*must) > 0 {
		*must = append((*must)[:0], version) // the others came before it
	}
}

// compareAgain looks at what was seen only after a register was read. Monotonic
// atomic view does not mind, but in a snapshot, what one reads and does not come
// from a transaction that one has seen came after what that one wrote.
func (in *inspector) compareAgain(t, k, version int32) {
	if in.keys[k].shape == list || version < 0 {
		return
	}
	for _, w := range *in.views.at(k) {
		if w != version && in.writes[w].txn != in.writes[version].txn {
			in.mustPrecede(atomic, t, w, version)
		}
	}
}

// mustPrecede notes that the one version is older than the other, since t saw the
// transaction of the first and read the second.
func (in *inspector) mustPrecede(r relation, t, must, read int32) {
	in.g.add(r, in.writes[must].txn, in.writes[read].txn)
	in.sights = append(in.sights, sight{t, must, read})
}

package keys

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// Ranks are the places of what was written and read in the store's own order of
// versions: 1 is the least version, 0 the initial value.
type Ranks struct {
	Writes []int32 // by place in Key.Writes; 0: of unknown outcome, and nobody read it
	Reads  []int32 // by place in Key.Reads
	Count  int32   // the greatest rank
}

// Ranks returns the store's own order of the key's versions, and whether it is
// known: there are versions, every acknowledged write and every read of a written value has a
// one, no two writes share one, and a version always has the same value (two
// lists are not compared). A read that found the initial value has rank 0. It takes
// O(n log n) when the order is known, and stops early when it is not; and it is
// found out once.
func (k *Key) Ranks(h history.History) (Ranks, bool) {
	m := k.memo
	if !m.asked {
		m.asked = true
		m.ranks, m.known = k.findRanks(h)
	}
	return m.ranks, m.known
}

// A memo is what Ranks found out, and where there is room for it.
type memo struct {
	asked bool
	ranks Ranks
	known bool
	room  *room
}

// A room has space for the ranks of all keys, and scratch for those of one.
type room struct {
	spare    []int32 // one for each operation whose key was not asked for yet
	versions []history.Version
	order    []int32
}

// newRanks returns ranks of the key that are all 0.
func (k *Key) newRanks() Ranks {
	r, w, n := k.memo.room, len(k.Writes), len(k.Writes)+len(k.Reads)
	own := r.spare[:n:n]
	r.spare = r.spare[n:]
	clear(own)
	return Ranks{Writes: own[:w:w], Reads: own[w:]}
}

func (k *Key) findRanks(h history.History) (Ranks, bool) {
	if k.Shape == Items || !k.versioned(h) {
		return Ranks{}, false
	}
	if k.Shape == Register && !slices.Contains(k.From, Nobody) {
		return k.rankWrites(h)
	}
	all := make([]ranked, 0, len(k.Writes)+len(k.Reads))
	for place, i := range k.Writes {
		if op := &h[i]; op.Version != (history.Version{}) {
			all = append(all, ranked{op.Version, i, int32(place), true})
		}
	}
	for place, i := range k.Reads {
		if op := &h[i]; !op.Out.IsZero() {
			all = append(all, ranked{op.Version, i, int32(place), false})
		}
	}
	if len(all) == 0 {
		return Ranks{}, false
	}
	// A write comes before the reads of its version.
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(a.version.Compare(b.version), before(a.write, b.write), cmp.Compare(a.op, b.op))
	})
	r := k.newRanks()
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].version == all[0].version {
			n++
		}
		r.Count++
		if !k.rank(h, all[:n], &r) {
			return Ranks{}, false
		}
		all = all[n:]
	}
	return r, true
}

// rankWrites is findRanks where the write of everything that was read is known:
// then writes alone need be sorted, which most stores' versions are already.
func (k *Key) rankWrites(h history.History) (Ranks, bool) {
	room := k.memo.room
	room.versions, room.order = fit(room.versions, len(k.Writes)), room.order[:0]
	version := room.versions // a write without an answer has that of its reads
	for place, i := range k.Writes {
		version[place] = h[i].Version
	}
	for n, i := range k.Reads {
		w := k.From[n]
		switch {
		case w < 0:
		case version[w] == (history.Version{}):
			version[w] = h[i].Version
		case version[w] != h[i].Version:
			return Ranks{}, false
		}
	}
	for place := range version {
		if version[place] != (history.Version{}) {
			room.order = append(room.order, int32(place))
		}
	}
	order := room.order // of the places, by version
	if len(order) == 0 {
		return Ranks{}, false
	}
	slices.SortFunc(order, func(a, b int32) int { return version[a].Compare(version[b]) })
	r := k.newRanks()
	for i, place := range order {
		if i > 0 && version[place] == version[order[i-1]] {
			return Ranks{}, false
		}
		r.Count++
		r.Writes[place] = r.Count
	}
	for n, w := range k.From {
		if w >= 0 {
			r.Reads[n] = r.Writes[w]
		}
	}
	return r, true
}

// A ranked is an operation and the version it is about.
type ranked struct {
	version history.Version
	op      int32
	place   int32 // in Writes or Reads
	write   bool
}

// before puts true first.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// versioned reports whether every operation that has to has a version.
func (k *Key) versioned(h history.History) bool {
	for _, i := range k.Writes {
		if op := &h[i]; op.Status == history.OK && op.Version == (history.Version{}) {
			return false
		}
	}
	for _, i := range k.Reads {
		if op := &h[i]; !op.Out.IsZero() && op.Version == (history.Version{}) {
			return false
		}
	}
	return true
}

// rank notes the next rank for all that is about one version, and reports whether
// this is one write at most and one value. A write without an answer gets its
// rank from the reads of its value.
func (k *Key) rank(h history.History, same []ranked, r *Ranks) bool {
	value := valueOf(&h[same[0].op])
	for i, x := range same {
		if i > 0 && (x.write || !alike(value, valueOf(&h[x.op]))) {
			return false
		}
		if x.write {
			r.Writes[x.place] = r.Count
			continue
		}
		r.Reads[x.place] = r.Count
		if k.Shape != Register {
			continue
		}
		if w := k.From[x.place]; w >= 0 {
			own, given := h[k.Writes[w]].Version, r.Writes[w]
			if own != (history.Version{}) && own != x.version || given != 0 && given != r.Count {
				return false
			}
			r.Writes[w] = r.Count
		}
	}
	return true
}

// valueOf is what an operation wrote or read.
func valueOf(op *history.Op) history.Value {
	switch {
	case op.Observes():
		return op.Out
	case op.Kind == history.Append:
		return history.Value{List: []int64{op.In.Num}}
	default:
		return op.In
	}
}

// alike reports whether two values may be those of one version: an append tells
// only one number of its list.
func alike(a, b history.Value) bool {
	if len(a.List) > 0 && len(b.List) > 0 {
		return true
	}
	return a.Equal(b)
}

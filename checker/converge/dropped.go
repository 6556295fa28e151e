package converge

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// A Dropped is an acknowledged write that the store's own order of versions puts
// below one that was in place before the write was called: it was overwritten
// before it was written, and nobody will read it after a merge. Stores that order
// by clocks do this to what a slow clock stamped.
type Dropped struct {
	Op int // the write, as index into the history
	By int // the operation that wrote or read the greater version, and returned before the write was called
}

// dropped adds the acknowledged writes of a key whose order of versions is known
// that were dropped, in O(n log n).
func (k *key) dropped(l *Losses) {
	if !k.anyDropped() {
		return
	}
	seen := slices.Concat(k.acked, k.Reads)
	slices.SortStableFunc(seen, func(a, b int32) int { return cmp.Compare(k.h[a].Return, k.h[b].Return) })
	byCall := slices.Clone(k.acked)
	slices.SortStableFunc(byCall, func(a, b int32) int { return cmp.Compare(k.h[a].Call, k.h[b].Call) })
	next, newest := 0, int32(-1)
	for _, i := range byCall {
		for ; next < len(seen) && k.h[seen[next]].Return < k.h[i].Call; next++ {
			if newest < 0 || k.version(seen[next]).Compare(k.version(newest)) > 0 {
				newest = seen[next]
			}
		}
		if newest >= 0 && k.version(newest).Compare(k.version(i)) > 0 {
			l.Dropped = append(l.Dropped, Dropped{int(i), int(newest)})
		}
	}
}

// anyDropped reports whether any write was dropped, in O(n): whether anything of a
// greater version had returned before it was called.
func (k *key) anyDropped() bool {
	ranks, _ := k.Ranks(k.h)
	k.first = slices.Grow(k.first[:0], int(ranks.Count)+2)[:ranks.Count+2]
	first := k.first // by rank: the first return of what has it or a greater one
	for rank := range first {
		first[rank] = history.Never
	}
	note := func(rank int32, i int32) {
		if op := &k.h[i]; op.Status == history.OK {
			first[rank] = min(first[rank], op.Return)
		}
	}
	for place, i := range k.Writes {
		note(ranks.Writes[place], i)
	}
	for n, i := range k.Reads {
		note(ranks.Reads[n], i)
	}
	for rank := len(first) - 2; rank >= 0; rank-- {
		first[rank] = min(first[rank], first[rank+1])
	}
	for place, i := range k.Writes {
		if op := &k.h[i]; op.Status == history.OK && first[ranks.Writes[place]+1] < op.Call {
			return true
		}
	}
	return false
}

func (k *key) version(i int32) history.Version { return k.h[i].Version }

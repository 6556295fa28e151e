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

func (k *key) version(i int32) history.Version { return k.h[i].Version }

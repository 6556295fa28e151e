package converge

import (
	"cmp"
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// A Convergence is how long after everything was healed reads still disagreed. The
// name and idea are those of eventual consistency (Vogels, CACM 2009): if nothing
// is written any more, in the end all reads return the last value.
type Convergence struct {
	Time    time.Duration // from the heal to the call of the last read that disagreed; 0 if none did. A lower bound
	Last    int           // that read, as index into the history; -1 if none disagreed
	Reads   int           // reads called after the heal on keys that have final reads
	Settled bool          // on every key that has final reads, those agree with one another
}

// AfterHeal returns how long reads disagreed after the heal. A read disagrees if it
// was called after the heal, returned another value than the final reads of its
// key, and is among those known to be stale, or nothing may have changed its key
// since the heal. Stale reads should be given without those that only miss a write
// that is lost: there is nothing that they could still converge to. It judges
// clients' reads, so it says nothing of replicas that nobody asked.
func AfterHeal(h history.History, all []keys.Key, finals history.History, healed history.Time, stale []int) Convergence {
	c := Convergence{Last: -1, Settled: true}
	disagrees := func(i int) {
		if c.Last < 0 || cmp.Or(cmp.Compare(h[i].Call, h[c.Last].Call), cmp.Compare(c.Last, i)) > 0 {
			c.Last, c.Time = i, h[i].Call.Sub(healed)
		}
	}
	behind := make(map[int32]bool, len(stale))
	for _, i := range stale {
		behind[int32(i)] = true
	}
	for i, last := range finalReads(all, finals) {
		if len(last) == 0 {
			for _, r := range all[i].Reads {
				if behind[r] && h[r].Call > healed {
					disagrees(int(r))
				}
			}
			continue
		}
		final := finals[last[0]].Out
		equal := history.Value.Equal
		if all[i].Shape == keys.Items {
			equal = sameMembers
		}
		agree := !slices.ContainsFunc(last, func(f int) bool { return !equal(finals[f].Out, final) })
		c.Settled = c.Settled && agree
		quiet := agree && quietSince(h, &all[i], healed)
		for _, r := range all[i].Reads {
			if h[r].Call > healed {
				c.Reads++
				if (quiet || behind[r]) && !(agree && equal(h[r].Out, final)) {
					disagrees(int(r))
				}
			}
		}
	}
	return c
}

// quietSince reports whether nothing may have changed the key after the instant.
func quietSince(h history.History, k *keys.Key, at history.Time) bool {
	return !slices.ContainsFunc(k.Writes, func(i int32) bool { return h[i].Status == history.Unknown || h[i].Return >= at })
}

// sameMembers reports whether two sets are equal, which have no order.
func sameMembers(a, b history.Value) bool {
	sorted := func(v history.Value) history.Value {
		v.List = slices.Clone(v.List)
		slices.Sort(v.List)
		return v
	}
	return sorted(a).Equal(sorted(b))
}

package effects

import "faultline/checker/history"

// disorder enters the effects that stand in the wrong place of a list in the end:
// behind one that was asked for only after they were acknowledged. It looks at the
// longest final read; of a number that is there more than once, at its first place.
func (r *Reader) disorder(k *account) {
	var list []int64
	by := -1
	for _, i := range k.last {
		if l := r.finals[i].Out.List; len(l) > len(list) {
			list, by = l, len(r.h)+int(i)
		}
	}
	latest := history.Time(-1 << 63) // call of what stands before
	seen := make(map[int64]bool, len(list))
	for _, x := range list {
		w := k.Writer(x)
		if w < 0 || seen[x] {
			continue
		}
		seen[x] = true
		op := &r.h[k.Writes[w]]
		if op.Status == history.OK && op.Return < latest {
			r.ledger.Disorder = append(r.ledger.Disorder, Entry{k.Name, x, int(k.Writes[w]), by, 1})
		}
		latest = max(latest, op.Call)
	}
}

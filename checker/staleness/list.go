package staleness

import (
	"cmp"
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// lists judges the reads of a key that is only appended to. What a list shows says
// exactly which appends were in place.
func (s *Score) lists(h history.History, k *keys.Key) {
	ws := writes(h, k)
	l := appended{key: k, ws: ws, acks: acknowledgements(ws), rank: make([]int32, len(ws)), shown: make([]int32, len(ws))}
	l.rankByAck()
	for n, r := range k.Reads {
		read := int32(n) + 1
		due, _ := slices.BinarySearch(l.acks, h[r].Call)
		shown, ok := l.show(h[r].Out, read, due)
		if !ok {
			s.Unexplained++
			continue
		}
		s.Reads++
		if shown < due {
			first := l.firstMissing(read)
			s.Stale = append(s.Stale, Stale{Op: int(r), Newer: int(first.op), Age: h[r].Call.Sub(first.acked), Versions: due - shown})
		}
		s.sample(h, r, l.acks, shown == due)
	}
}

// appended is the appends of one key. Their rank is their place in the order of
// acknowledgement.
type appended struct {
	key   *keys.Key
	ws    []written
	acks  []history.Time // by rank
	order []int32        // by rank: the place in ws
	rank  []int32        // by place in ws
	shown []int32        // by place in ws: the latest read that shows it, from 1
}

func (l *appended) rankByAck() {
	for i := range l.ws {
		l.order = append(l.order, int32(i))
	}
	slices.SortStableFunc(l.order, func(a, b int32) int { return cmp.Compare(l.ws[a].acked, l.ws[b].acked) })
	for rank, i := range l.order {
		l.rank[i] = int32(rank)
	}
}

// show marks what the list read shows, and counts the first due appends in it.
// It reports whether all of the list was appended by someone.
func (l *appended) show(v history.Value, read int32, due int) (count int, ok bool) {
	if v.Num != 0 {
		return 0, false
	}
	for _, x := range v.List {
		i := l.key.Writer(x)
		if i == keys.Nobody {
			return 0, false
		}
		if l.shown[i] != read && int(l.rank[i]) < due {
			count++
		}
		l.shown[i] = read
	}
	return count, true
}

// firstMissing returns the append that was acknowledged first among those the read does not show.
func (l *appended) firstMissing(read int32) *written {
	for _, i := range l.order {
		if l.shown[i] != read {
			return &l.ws[i]
		}
	}
	panic("staleness: the read shows every append")
}

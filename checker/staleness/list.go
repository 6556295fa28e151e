package staleness

import (
	"cmp"
	"slices"

	"faultline/checker/history"
)

// lists judges the reads of a key that is only appended to.
func (s *Score) lists(h history.History, k *key) {
	ws, unique := writesByValue(h, k)
	if !unique {
		s.Skipped += len(k.reads)
		return
	}
	l := appended{ws: ws, acks: acknowledgements(ws), rank: make([]int, len(ws)), shown: make([]int, len(ws))}
	l.rankByAck()
	for n, r := range k.reads {
		read := n + 1
		due, _ := slices.BinarySearch(l.acks, h[r].Call)
		shown, ok := l.show(h[r].Out, read, due)
		if !ok {
			s.Unexplained++
			continue
		}
		s.Reads++
		if shown < due {
			first := l.firstMissing(read)
			s.Stale = append(s.Stale, Stale{Op: r, Newer: first.op, Age: h[r].Call.Sub(first.acked), Versions: due - shown})
		}
		s.sample(h, r, l.acks, shown == due)
	}
}

// appended is the appends of one key. Their rank is their place in the order of
// acknowledgement.
type appended struct {
	ws    []written      // by value
	acks  []history.Time // by rank
	order []int          // by rank: the place in ws
	rank  []int          // by place in ws
	shown []int          // by place in ws: the latest read that shows it, from 1
}

func (l *appended) rankByAck() {
	for i := range l.ws {
		l.order = append(l.order, i)
	}
	slices.SortStableFunc(l.order, func(a, b int) int { return cmp.Compare(l.ws[a].acked, l.ws[b].acked) })
	for rank, i := range l.order {
		l.rank[i] = rank
	}
}

// place returns where in ws the append of x is, or -1.
func (l *appended) place(x int64) int {
	i, ok := slices.BinarySearchFunc(l.ws, x, func(w written, x int64) int { return cmp.Compare(w.value, x) })
	if !ok {
		return -1
	}
	return i
}

// show marks what the list read shows, and counts the first due appends in it.
// It reports whether all of the list was appended by someone.
func (l *appended) show(v history.Value, read, due int) (count int, ok bool) {
	if v.Num != 0 {
		return 0, false
	}
	for _, x := range v.List {
		i := l.place(x)
		if i < 0 {
			return 0, false
		}
		if l.shown[i] != read && l.rank[i] < due {
			count++
		}
		l.shown[i] = read
	}
	return count, true
}

// firstMissing returns the append that was acknowledged first among those the read does not show.
func (l *appended) firstMissing(read int) *written {
	for _, i := range l.order {
		if l.shown[i] != read {
			return &l.ws[i]
		}
	}
	panic("staleness: the read shows every append")
}

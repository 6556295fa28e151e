package atomicity

import (
	"cmp"
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// list puts the operations on a list into clusters: one for each number of the
// longest read that can be explained, chained in its order, with the append and
// the reads that end with it; and one for each acknowledged append that this read
// does not show.
func (m *measurer) list(k *keys.Key) {
	m.start(k)
	whole := m.longest(k)
	for _, x := range whole {
		m.open(k.Writes[k.Writer(x)]).happened = true
		m.follow(int32(len(m.clusters))-2, int32(len(m.clusters))-1)
	}
	for n, r := range k.Reads {
		op := &m.h[r]
		list := op.Out.List
		m.of[n] = none
		switch {
		case op.Out.Num == 0 && len(list) <= len(whole) && slices.Equal(list, whole[:len(list)]):
			m.add(n, int32(len(list)))
		case op.Out.Num != 0 || !appended(k, list):
			m.wrong(r, NeverWritten)
		default:
			m.wrong(r, Disagrees)
		}
	}
	for place, i := range k.Writes {
		if m.h[i].Status == history.OK && !m.reached[place] {
			m.open(i).happened = true
		}
	}
}

// longest returns the first of the longest lists read in which every number was
// appended by someone, and once. It marks in reached the appends that it shows.
func (m *measurer) longest(k *keys.Key) []int64 {
	byLength := append(m.chain[:0], k.Reads...)
	slices.SortStableFunc(byLength, func(a, b int32) int { return cmp.Compare(len(m.h[b].Out.List), len(m.h[a].Out.List)) })
	m.chain = byLength
	m.reached = append(m.reached[:0], make([]bool, len(k.Writes))...)
	for _, r := range byLength {
		if out := m.h[r].Out; out.Num == 0 && m.shows(k, out.List) {
			return out.List
		}
		clear(m.reached)
	}
	return nil
}

// shows marks what the list shows, and reports whether all of it was appended, and once.
func (m *measurer) shows(k *keys.Key, list []int64) bool {
	for _, x := range list {
		place := k.Writer(x)
		if place == keys.Nobody || m.reached[place] {
			return false
		}
		m.reached[place] = true
	}
	return true
}

// appended reports whether someone appended each of the numbers.
func appended(k *keys.Key, list []int64) bool {
	return !slices.ContainsFunc(list, func(x int64) bool { return k.Writer(x) == keys.Nobody })
}

package atomicity

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// Delta. Let f be the earliest return of a block and s its latest call. A must
// come before B if f(A) < s(B); no time repairs this if B's latest write was
// called after f(A), while a read that was called after f(A) can be moved until
// it was not. Two blocks conflict if each must come before the other.
//
// So of each two blocks one comes before the other, say A before B: the one that
// must whatever is moved or, if neither must, the one with the lesser f+s, since
// s(A)-f(B) < s(B)-f(A) says that it needs the lesser shift. Then every read in A
// that was called after f(B) is late, by the time between. Delta is the greatest
// such time, since repaired pairs suffice: see package linear for why.

// delta finds out which reads of the key are late.
func (m *measurer) delta() {
	o := &m.order
	o.sortByCenter(m.blocks)
	o.fill(m.blocks)
	for i := range m.blocks {
		b := &m.blocks[i]
		if m.chained && m.contradicted(int32(i)) {
			m.wrong(b.calls.op, Contradicts)
		}
		free := m.free(b)
		must := o.calls.next(free, unsigned(b.first.at))
		m.bind(b, min(must, o.ranks.next(free, o.ranks.of(i))))
	}
	m.late()
}

// free returns the first block that need not come before b whatever is moved.
func (m *measurer) free(b *block) int32 {
	return int32(sort.Search(len(m.blocks), func(i int) bool { return m.blocks[i].first.at >= b.calls.at }))
}

// contradicted reports whether, whatever is moved, another block must come both
// before and after the given one. Only chains can be too long for their place.
func (m *measurer) contradicted(i int32) bool {
	b := &m.blocks[i]
	other := m.order.calls.next(0, unsigned(b.first.at))
	if other == i {
		other = m.order.calls.next(i+1, unsigned(b.first.at))
	}
	return int(other) < len(m.blocks) && m.blocks[other].first.at < b.calls.at
}

// bind notes that all clusters of b come before the given block.
func (m *measurer) bind(b *block, before int32) {
	if int(before) == len(m.blocks) {
		return
	}
	first := m.blocks[before].first
	for at := b.head; at != none; at = m.clusters[at].next {
		c := &m.clusters[at]
		c.bound = earlier(c.bound, first)
	}
}

// late notes the reads that were called after a value that theirs must precede.
func (m *measurer) late() {
	for n, of := range m.of {
		if of == none {
			continue
		}
		r, bound := m.reads[n], m.clusters[of].bound
		if call := m.h[r].Call; call > bound.at {
			m.score.Late = append(m.score.Late, Late{int(r), int(bound.op), call.Sub(bound.at)})
		}
	}
}

// finish puts the parts of the score together.
func (m *measurer) finish() Score {
	s := &m.score
	slices.SortFunc(s.Late, func(a, b Late) int { return a.Op - b.Op })
	slices.SortFunc(s.Wrong, func(a, b Wrong) int { return a.Op - b.Op })
	s.Wrong = slices.Compact(s.Wrong)
	slices.Sort(s.Removal.Ops)
	m.finishDelta()
	m.finishGamma()
	return *s
}

func (m *measurer) finishDelta() {
	s := &m.score
	var worst *Late
	for i := range s.Late {
		if worst == nil || s.Late[i].By > worst.By {
			worst = &s.Late[i]
		}
	}
	if worst != nil {
		s.Delta.Time = worst.By
		s.Delta.Evidence = m.gapText(worst.Op, worst.Seen, worst.By)
	}
	if len(s.Wrong) > 0 {
		s.Delta.Infinite = true
		s.Delta.Evidence = m.wrongText(&s.Wrong[0])
	}
}

func (m *measurer) wrongText(w *Wrong) judge.Evidence {
	op := &m.h[w.Op]
	return judge.Evidence{Ops: []int{w.Op}, Text: fmt.Sprintf("%v at %v, but %v", op, op.Call, w.Why)}
}

func (m *measurer) gapText(late, soon int, by time.Duration) judge.Evidence {
	a, b := &m.h[late], &m.h[soon]
	return judge.Evidence{
		Ops:  []int{min(late, soon), max(late, soon)},
		Text: fmt.Sprintf("%v at %v, %v after %v (answered at %v)", a, a.Call, history.Time(by), b, b.Return),
	}
}

package atomicity

import (
	"slices"
	"time"
)

// Gamma. Widening by g turns f into f+g/2 and s into s-g/2, so that "A must come
// before B" becomes f(A)+g < s(B). Two blocks stop conflicting when g reaches
// the lesser of s(A)-f(B) and s(B)-f(A), which is the former if f(A)+s(A) <=
// f(B)+s(B). In order of f+s, the widest gap of B to a block before it is thus
// the greatest s so far, minus f(B).

// A gap is a call that comes too late after a return.
type gap struct {
	late, soon mark
	width      time.Duration
}

// widen notes the gap from soon to late, if it is the widest so far.
func (m *measurer) widen(late, soon mark) {
	if late.at <= soon.at {
		return
	}
	if width := late.at.Sub(soon.at); width > m.gamma.width {
		m.gamma = gap{late, soon, width}
	}
}

// widenBlocks widens the gap by what the blocks of the key need. They are in order of
// center already, unless there are reads that only Gamma can explain.
func (m *measurer) widenBlocks() {
	o := &m.order
	if slices.ContainsFunc(m.blocks, func(b block) bool { return b.early.op != none }) {
		for i := range m.blocks {
			b := &m.blocks[i]
			b.first = earlier(b.first, b.early)
		}
		o.sortByCenter(m.blocks)
	}
	last := mark{always, none}
	for _, p := range o.byCenter {
		b := &m.blocks[p.block]
		m.widen(last, b.first)
		last = later(last, b.last)
	}
}

// beyond reports whether Gamma cannot repair it.
func (w Why) beyond() bool { return w != BeforeWrite && w != Contradicts }

func (m *measurer) finishGamma() {
	s := &m.score
	if m.gamma.width > 0 {
		s.Gamma.Time = m.gamma.width
		s.Gamma.Evidence = m.gapText(int(m.gamma.late.op), int(m.gamma.soon.op), m.gamma.width)
	}
	if i := slices.IndexFunc(s.Wrong, func(w Wrong) bool { return w.Why.beyond() }); i >= 0 {
		s.Gamma.Infinite = true
		s.Gamma.Evidence = m.wrongText(&s.Wrong[i])
	}
}

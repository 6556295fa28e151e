package atomicity

import (
	"faultline/checker/history"
	"faultline/checker/keys"
)

// register puts the operations on a register into clusters. A write of unknown
// outcome counts only if its value was seen: it may never have happened.
func (m *measurer) register(k *keys.Key) {
	m.start(k)
	for _, i := range k.Writes {
		m.open(i)
		if m.h[i].Status == history.OK {
			m.see(int32(len(m.clusters)) - 1)
		}
	}
	for n, r := range k.Reads {
		m.of[n] = none
		op := &m.h[r]
		switch from := k.From[n]; {
		case from == keys.Nobody:
			m.wrong(r, NeverWritten)
		case op.Kind == history.CAS && op.Out.Equal(op.Expect):
			m.wrong(r, Refused)
		default:
			m.see(from + 1)
			m.add(n, from+1)
		}
	}
	if len(m.swaps) > 0 {
		m.link(k)
		m.cut()
	}
}

// see notes that the write of the cluster happened.
func (m *measurer) see(to int32) {
	if c := &m.clusters[to]; !c.happened {
		c.happened = true
		if m.h[c.write].Kind == history.CAS {
			m.swaps = append(m.swaps, to)
		}
	}
}

// link chains the clusters by the compare-and-sets that happened. Each of them saw
// the value it replaced, so that value's write happened too. One that cannot have
// swapped is noted, and from then on treated as a write.
func (m *measurer) link(k *keys.Key) {
	for i := 0; i < len(m.swaps); i++ {
		to := m.swaps[i]
		c := &m.clusters[to]
		from := k.Origin(m.h[c.write].Expect)
		if from == keys.Nobody {
			m.wrong(c.write, NeverWritten)
			continue
		}
		if m.clusters[from+1].next != none {
			m.wrong(c.write, SwappedTwice)
			continue
		}
		m.see(from + 1)
		m.follow(from+1, to)
	}
}

// follow notes that cluster b follows a directly.
func (m *measurer) follow(a, b int32) { m.clusters[a].next, m.clusters[b].from = b, a }

// cut opens the circles among the chains. A chain has one head at most, so what no
// head leads to is on a circle.
func (m *measurer) cut() {
	m.reached = append(m.reached[:0], make([]bool, len(m.clusters))...)
	for k := range m.clusters {
		if m.clusters[k].from == none {
			m.reach(int32(k))
		}
	}
	for k := range m.clusters {
		if c := &m.clusters[k]; !m.reached[k] {
			m.wrong(c.write, Circle)
			m.clusters[c.from].next, c.from = none, none
			m.reach(int32(k))
		}
	}
}

// reach notes what the head leads to.
func (m *measurer) reach(head int32) {
	for at := head; at != none; at = m.clusters[at].next {
		m.reached[at] = true
	}
}

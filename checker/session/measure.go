package session

import (
	"cmp"
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// Measure scores the guarantees. By the store's order means where that is known,
// else by real time.
func Measure(h history.History, by Order) Score { return MeasureKeys(h, keys.Of(h), by) }

// MeasureKeys is Measure for a history that has been taken apart already.
func MeasureKeys(h history.History, all []keys.Key, by Order) Score {
	m := measurer{h: h, busy: busyClients(h)}
	for i := range all {
		m.key(&all[i], by)
	}
	m.s.By = m.used.list()
	slices.SortFunc(m.s.Violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.Guarantee, b.Guarantee))
	})
	return m.s
}

// A measurer scores one history.
type measurer struct {
	h    history.History
	busy map[int]bool // clients that had several operations under way at once
	s    Score
	used orderSet
}

// An orderSet is which orders were used.
type orderSet [len(orders)]bool

func (s *orderSet) list() []Order {
	var all []Order
	for o, used := range s {
		if used {
			all = append(all, Order(o))
		}
	}
	return all
}

// busyClients returns the clients whose operations overlap: what they did first
// cannot be told.
func busyClients(h history.History) map[int]bool {
	until, busy := map[int]history.Time{}, map[int]bool{}
	for i := range h {
		op := &h[i]
		if op.Call < until[op.Client] {
			busy[op.Client] = true
		}
		if op.Status == history.OK {
			until[op.Client] = max(until[op.Client], op.Return)
		}
	}
	return busy
}

// key scores one key by the order that fits it.
func (m *measurer) key(k *keys.Key, by Order) {
	if by == ByStore {
		if ranks, known := k.Ranks(m.h); known {
			m.use(ByStore)
			m.versions(k, &ranks)
			return
		}
		by = ByTime
	}
	switch {
	case k.Shape == keys.List:
		m.use(ByLists)
		m.list(k)
	case k.Shape == keys.Register && by == ByTime:
		m.use(ByTime)
		m.register(k, timeRanks(m.h, k), ByTime)
	case k.Shape == keys.Register:
		m.use(BySessions)
		m.register(k, sessionRanks(m.h, k), BySessions)
	default:
		m.skip(k)
	}
}

func (m *measurer) use(by Order) { m.used[by] = true }

// skip counts the operations of a key that cannot be judged.
func (m *measurer) skip(k *keys.Key) {
	for _, ops := range [...][]int32{k.Writes, k.Reads} {
		for _, i := range ops {
			if m.h[i].Status == history.OK {
				m.s.Skipped++
			}
		}
	}
}

// counts reports whether the operation is one that its session can hold the store
// to, and counts it.
func (m *measurer) counts(i int32) bool {
	op := &m.h[i]
	switch {
	case op.Status != history.OK:
		return false
	case m.busy[op.Client]:
		m.s.Skipped++
		return false
	default:
		m.s.Ops++
		return true
	}
}

func (m *measurer) found(v Violation) { m.s.Violations = append(m.s.Violations, v) }

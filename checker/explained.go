package checker

import (
	"faultline/checker/atomicity"
	"faultline/checker/history"
	"faultline/checker/keys"
)

// explained reports whether the store's own order of versions explains all that
// clients saw: whether to carry out every key's writes by version, and every read
// right after the write whose value it returned, respects real time. It is the
// order of operations that the definition of linearizability asks for (Herlihy and
// Wing, TOPLAS 1990, section 2), so nothing need be searched, in O(n) once versions
// are ranked. If it does not explain them, another order still may.
//
// An operation that is called at the very instant of an answer has to come after
// it: so the order also keeps each client's own, and with it every other level.
// No score finds fault with such a history: no read is late or stale, nothing has to
// be removed, no guarantee to a session is broken, and no write was old when it was
// acknowledged. Most runs of a store that keeps its word are of this kind, and are
// scored in a fraction of the time.
func (s *spans) explained(h history.History, all []keys.Key) bool {
	for i := range all {
		if !s.explain(h, &all[i]) {
			return false
		}
	}
	return true
}

// spans are when the operations about each version of a key were under way; version
// 0 is the initial value. They keep their memory from key to key.
type spans []span

type span struct {
	calledLast    history.Time // of all
	returnedFirst history.Time // of all
	written       history.Time // when the write was called
	readFirst     history.Time // the first return of a read
}

// explain is explained for one key. Compare-and-sets are left to the search.
func (s *spans) explain(h history.History, k *keys.Key) bool {
	if k.Shape != keys.Register || k.Blind {
		return false
	}
	ranks, known := k.Ranks(h)
	s.reset(int(ranks.Count) + 1)
	for place, i := range k.Writes {
		op := &h[i]
		switch {
		case op.Kind != history.Write:
			return false
		case known && ranks.Writes[place] > 0:
			at := &(*s)[ranks.Writes[place]]
			at.written = op.Call
			if !at.add(op) {
				return false
			}
		case op.Status == history.OK: // of no known version
			return false
		}
	}
	for n, i := range k.Reads {
		op, rank := &h[i], int32(0)
		if known {
			rank = ranks.Reads[n]
		}
		at := &(*s)[rank]
		if op.Kind != history.Read || k.From[n] == keys.Nobody || !known && !op.Out.IsZero() || !at.add(op) {
			return false
		}
		at.readFirst = min(at.readFirst, op.Return)
	}
	return s.inOrder()
}

// reset makes s the spans of n versions that nobody met yet.
func (s *spans) reset(n int) {
	*s = (*s)[:0]
	for range n {
		*s = append(*s, span{calledLast: beginning, returnedFirst: history.Never, written: beginning, readFirst: history.Never})
	}
}

const (
	beginning = -history.Never // no operation that can be explained is called before it
	far       = 1 << 61        // instants further away have no room for an order of what happened at once
)

// add takes in an operation about the version, and reports whether it took time, at
// an instant that can be told from others.
func (s *span) add(op *history.Op) bool {
	s.calledLast = max(s.calledLast, op.Call)
	s.returnedFirst = min(s.returnedFirst, op.Return)
	return op.Call < op.Return && op.Call > -far && op.Call < far
}

// inOrder reports whether no operation had returned before all were called that
// come before it.
func (s spans) inOrder() bool {
	called := beginning
	for i := range s {
		if s[i].returnedFirst <= called || s[i].readFirst <= s[i].written {
			return false
		}
		called = max(called, s[i].calledLast)
	}
	return true
}

// faultless is the score of a history that is explained.
func faultless(all []keys.Key) (s atomicity.Score) {
	s.K = atomicity.K{Lower: 1, Upper: 1}
	for i := range all {
		s.Reads += len(all[i].Reads)
	}
	return s
}

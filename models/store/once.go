package store

import (
	"time"

	"faultline/checker/history"
	"faultline/net/call"
	"faultline/sim"
)

// A Once says how a write that is retried is to be recognised, where that is not
// left to the client sessions of State: by a table of idempotency keys, which are
// the tokens. The zero Once leaves it to the sessions.
type Once struct {
	Part Part
	At   sim.Time      // when the replica that took the request in did so, by its own clock
	Keep time.Duration // how long a record is good; 0: for ever
}

// A Part is what of a write its place in the order of writes stands for.
type Part uint8

// The parts of a write. All of them look the token up first, and change nothing if it is there.
const (
	Session Part = iota // the whole write, recorded in the client's session
	Whole               // the whole write, recorded in the table in the same step
	Effect              // the effect alone: the record is to follow
	Record              // the record alone: the effect is to follow, or was before
)

// records are the table of idempotency keys. Its time is that of the log: the
// latest At applied so far. If each replica looked at its own clock instead, they
// would forget keys at different places in the order of writes, and part for ever
// (Ongaro's thesis, section 6.3, has the same rule for sessions).
type records struct {
	now   sim.Time
	byKey map[call.Token]*Reply
	order []dated // oldest first
}

// A dated record is a key, and when it was recorded.
type dated struct {
	key call.Token
	at  sim.Time
}

// forget goes on to a time, and drops the records that are too old then.
func (t *records) forget(o *Once) {
	t.now = max(t.now, o.At)
	for o.Keep > 0 && len(t.order) > 0 && t.now.Sub(t.order[0].at) >= o.Keep {
		delete(t.byKey, t.order[0].key)
		t.order = t.order[1:]
	}
}

// add records the answer to a write.
func (t *records) add(key call.Token, reply *Reply) {
	if t.byKey == nil {
		t.byKey = map[call.Token]*Reply{}
	}
	t.byKey[key] = reply
	t.order = append(t.order, dated{key, t.now})
}

// clone returns an independent copy.
func (t *records) clone() records {
	c := records{now: t.now}
	for _, d := range t.order {
		c.now = d.at
		c.add(d.key, t.byKey[d.key])
	}
	c.now = t.now
	return c
}

// applyOnce carries out one part of a write, unless the table has its key: then it
// answers as it did then.
func (s *State) applyOnce(r *Request, at history.Version) *Reply {
	s.records.forget(r.Once)
	if past, ok := s.records.byKey[r.Token]; ok {
		again := *past
		again.ID, again.Again = r.ID, true
		return r.box(again)
	}
	reply := r.Answer(history.Value{}, history.Version{}) // of a record alone: nobody knows the place of the effect
	if r.Once.Part != Record {
		reply = s.change(r, at)
	}
	if r.Once.Part != Effect {
		s.records.add(r.Token, reply)
	}
	return reply
}

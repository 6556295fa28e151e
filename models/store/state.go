package store

import (
	"faultline/checker/history"
	"faultline/net/call"
)

// A State is the state machine that a replicated store keeps in step: what every
// key holds, and for every client the answer to its latest write, so that a
// write that is retried is applied once (client sessions; Ongaro, "Consensus:
// Bridging Theory and Practice", section 6.3). It is deterministic: the same
// requests in the same order give the same answers.
type State struct {
	held     map[string]*cell
	sessions map[int64]*session
	records  records
}

// A cell is what a key holds, and the place of the write that made it so.
type cell struct {
	value history.Value
	made  history.Version
}

// A session is a client's latest applied write. A client has several sessions of
// calls under way only under different Token.Client.
type session struct {
	seq   uint64
	reply *Reply
}

// NewState returns the empty state.
func NewState() *State {
	return &State{held: map[string]*cell{}, sessions: map[int64]*session{}}
}

// Read answers a read.
func (s *State) Read(r *Request) *Reply {
	if c := s.held[r.Key]; c != nil {
		return r.Answer(c.value, c.made)
	}
	return r.Answer(history.Value{}, history.Version{})
}

// Applied returns the answer to the write that token names, if it was applied
// already and is the client's latest.
func (s *State) Applied(token call.Token) (*Reply, bool) {
	if reply, ok := s.records.byKey[token]; ok {
		return reply, true
	}
	if past := s.sessions[token.Client]; past != nil && !token.IsZero() && past.seq == token.Seq {
		return past.reply, true
	}
	return nil, false
}

// Apply carries out the request at a place in the order of writes, and returns
// the answer. A write whose token was applied already changes nothing and is
// answered as it was then; one that is older than the client's latest is a
// straggler that nobody waits for.
func (s *State) Apply(r *Request, at history.Version) *Reply {
	if !r.Kind.Mutates() {
		return s.Read(r)
	}
	if r.Once != nil {
		return s.applyOnce(r, at)
	}
	if r.Token.IsZero() {
		return s.change(r, at)
	}
	past := s.session(r.Token.Client)
	switch {
	case r.Token.Seq < past.seq:
		return r.Doubt()
	case r.Token.Seq == past.seq:
		again := *past.reply
		again.ID = r.ID
		return r.box(again)
	}
	past.seq, past.reply = r.Token.Seq, s.change(r, at)
	return past.reply
}

// session returns a client's latest applied write, of sequence number 0 if there was none.
func (s *State) session(client int64) *session {
	past := s.sessions[client]
	if past == nil {
		past = new(session)
		s.sessions[client] = past
	}
	return past
}

// change applies a write that is new.
func (s *State) change(r *Request, at history.Version) *Reply {
	if r.Kind == history.CAS {
		return s.compareAndSet(r, at)
	}
	c := s.cell(r.Key)
	next := r.In
	if r.Kind == history.Append {
		// The list is copied: the old one may be on its way to a client.
		list := make([]int64, len(c.value.List)+1)
		list[copy(list, c.value.List)] = r.In.Num
		next = history.Value{List: list}
	}
	*c = cell{next, at}
	return r.Answer(history.Value{}, at)
}

// compareAndSet applies a compare-and-set. If the key does not hold what the client
// expects, it acts as a read.
func (s *State) compareAndSet(r *Request, at history.Version) *Reply {
	var found cell
	if c := s.held[r.Key]; c != nil {
		found = *c
	}
	if !found.value.Equal(r.expected()) {
		return r.Answer(found.value, found.made)
	}
	*s.cell(r.Key) = cell{r.In, at}
	reply := r.Answer(found.value, at)
	reply.Swapped = true
	return reply
}

// cell returns what a key holds, which is about to be written.
func (s *State) cell(key string) *cell {
	c := s.held[key]
	if c == nil {
		c = new(cell)
		s.held[key] = c
	}
	return c
}

// Clone returns an independent copy, for snapshots and state transfer.
func (s *State) Clone() *State {
	c := &State{held: make(map[string]*cell, len(s.held)), sessions: make(map[int64]*session, len(s.sessions))}
	cells, sessions := make([]cell, 0, len(s.held)), make([]session, 0, len(s.sessions))
	for key, held := range s.held { // any order: a copy of a map is a map
		cells = append(cells, *held)
		c.held[key] = &cells[len(cells)-1]
	}
	for client, past := range s.sessions { // any order: the same
		sessions = append(sessions, *past)
		c.sessions[client] = &sessions[len(sessions)-1]
	}
	c.records = s.records.clone()
	return c
}

// Size returns the bytes that the state takes on the wire.
func (s *State) Size() int {
	size := headerSize
	for key, held := range s.held { // any order: a sum
		size += len(key) + valueSize(held.value)
	}
	return size + (len(s.sessions)+len(s.records.order))*headerSize
}

// Dump calls visit for every key, in any order.
func (s *State) Dump(visit func(key string, v history.Value)) {
	for key, held := range s.held { // any order: Dump promises none
		visit(key, held.value)
	}
}

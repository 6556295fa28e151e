package store

import (
	"faultline/checker/history"
	"faultline/net/call"
	"faultline/sim"
)

// A State is the state machine that a replicated store keeps in step: what every
// key holds, and for every client the answer to its latest write, so that a
// write that is retried is applied once (client sessions; Ongaro, "Consensus:
// Bridging Theory and Practice", section 6.3). It is deterministic: the same
// requests in the same order give the same answers.
type State struct {
	held     map[string]history.Value
	sessions map[sim.NodeID]session
}

// A session is a client's latest applied write. A client has several sessions of
// calls under way only under different Token.Client.
type session struct {
	seq   uint64
	reply Reply
}

// NewState returns the empty state.
func NewState() *State {
	return &State{held: map[string]history.Value{}, sessions: map[sim.NodeID]session{}}
}

// Get returns what the key holds.
func (s *State) Get(key string) history.Value { return s.held[key] }

// Set makes the key hold v.
func (s *State) Set(key string, v history.Value) { s.held[key] = v }

// Applied returns the answer to the write that token names, if it was applied
// already and is the client's latest.
func (s *State) Applied(token call.Token) (Reply, bool) {
	past, ok := s.sessions[token.Client]
	return past.reply, ok && !token.IsZero() && past.seq == token.Seq
}

// Apply carries out a request and returns the answer. A write whose token was
// applied already changes nothing and is answered as it was then; one that is
// older than the client's latest is a straggler that nobody waits for.
func (s *State) Apply(r Request) Reply {
	if !r.Kind.Mutates() {
		return r.Answer(s.held[r.Key])
	}
	if past, ok := s.sessions[r.Token.Client]; ok && !r.Token.IsZero() && r.Token.Seq <= past.seq {
		if r.Token.Seq < past.seq {
			return r.Doubt()
		}
		past.reply.ID = r.ID
		return past.reply
	}
	reply := s.change(r)
	if !r.Token.IsZero() {
		s.sessions[r.Token.Client] = session{r.Token.Seq, reply}
	}
	return reply
}

// change applies a request that is new.
func (s *State) change(r Request) Reply {
	found := s.held[r.Key]
	next, swapped := Change(r, found)
	s.held[r.Key] = next
	reply := r.Answer(history.Value{})
	if r.Kind == history.CAS {
		reply.Value, reply.Swapped = found, swapped
	}
	return reply
}

// Change returns what a key that holds found holds after r, and whether a CAS took effect.
func Change(r Request, found history.Value) (next history.Value, swapped bool) {
	switch r.Kind {
	case history.Write:
		return r.In, false
	case history.CAS:
		if found.Equal(r.Expect) {
			return r.In, true
		}
		return found, false
	case history.Append:
		// The list is copied: the old one may be on its way to a client.
		list := make([]int64, len(found.List)+1)
		list[copy(list, found.List)] = r.In.Num
		return history.Value{List: list}, false
	}
	return found, false
}

// Clone returns an independent copy, for snapshots and state transfer.
func (s *State) Clone() *State {
	c := &State{held: make(map[string]history.Value, len(s.held)), sessions: make(map[sim.NodeID]session, len(s.sessions))}
	for key, v := range s.held { // any order: a copy of a map is a map
		c.held[key] = v
	}
	for client, past := range s.sessions { // any order: the same
		c.sessions[client] = past
	}
	return c
}

// Size returns the bytes that the state takes on the wire.
func (s *State) Size() int {
	size := headerSize
	for key, v := range s.held { // any order: a sum
		size += len(key) + valueSize(v)
	}
	return size + len(s.sessions)*headerSize
}

// Dump calls visit for every key, in any order.
func (s *State) Dump(visit func(key string, v history.Value)) {
	for key, v := range s.held { // any order: Dump promises none
		visit(key, v)
	}
}

package raft

import (
	"time"

	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// An asked is a request that waits for its answer.
type asked struct {
	from   sim.NodeID
	id     call.ID
	kind   history.Kind
	key    string // of a read that is answered from the state
	number uint64 // of a proposal
}

// proposals are the requests that go through the log of a leader.
type proposals struct {
	taken    duplicates
	sessions bool
	window   time.Duration // of group commit
	timer    sim.TimerID   // ends the window under way; zero if none is
	gathered []asked       // in it
	message  pb.Message    // with the entries of those gathered, which the library copies
	pending  []asked       // proposed in the term that this replica leads, in the order of the log
	number   uint64        // of the latest proposal; they are consecutive
}

// request takes in what a client asks.
func (r *replica) request(e sim.Env, from sim.NodeID, req *store.Request) {
	a := asked{from: from, id: req.ID, kind: req.Kind, key: req.Key}
	read := req.Kind == history.Read
	stale := r.cfg.Mutant == "stale-read" && r.reads.mode == readLog
	switch {
	case r.node == nil || !r.proposals.taken.first(from, req.ID):
	case read && (r.reads.mode == readLocal || stale):
		r.answerRead(e, a)
	case !r.leads():
		e.Send(from, req.Refuse(r.hint()))
	case read && r.reads.mode != readLog:
		r.read(e, a)
	default:
		r.gather(e, a, req)
	}
}

// gather takes a request into the log, now or at the end of the window.
func (r *replica) gather(e sim.Env, a asked, req *store.Request) {
	p := &r.proposals
	if !p.sessions {
		req = req.Copy()
		req.Token = call.Token{}
	}
	p.number++
	a.number = p.number
	p.gathered = append(p.gathered, a)
	entry := p.entry()
	entry.Data = encode(entry.Data[:0], p.number, req)
	if r.cfg.Mutant == "ack-before-commit" && (req.Kind == history.Write || req.Kind == history.Append) {
		e.Send(a.from, req.Answer(history.Value{}, history.Version{}))
	}
	switch {
	case p.window == 0:
		r.propose(e)
	case p.timer == 0:
		p.timer = e.After(p.window)
	}
}

// propose appends what was gathered to the log. The library drops it if it lost
// the leadership at this instant.
func (r *replica) propose(e sim.Env) {
	p := &r.proposals
	p.message.Type, p.message.From = &typeProp, &r.id
	err := r.node.Step(&p.message)
	must(err)
	r.fed = true
	if err != nil {
		r.refuse(e, p.gathered)
	} else {
		p.pending = append(p.pending, p.gathered...)
	}
	p.timer, p.message.Entries, p.gathered = 0, p.message.Entries[:0], p.gathered[:0]
	r.unsettle(e)
}

// entry adds an entry to the message: one of an earlier message, if there is.
func (p *proposals) entry() *pb.Entry {
	all, n := p.message.Entries, len(p.message.Entries)
	if n == cap(all) {
		all = append(all, new(pb.Entry))
	} else if all = all[:n+1]; all[n] == nil {
		all[n] = new(pb.Entry)
	}
	p.message.Entries = all
	return all[n]
}

// answer answers the request of an applied entry, if this replica proposed it
// and has led ever since. Its proposals come in the order in which it made them;
// one can only be missing where a disk lied, and is then never answered.
func (r *replica) answer(e sim.Env, number uint64, reply *store.Reply) {
	p := &r.proposals
	if len(p.pending) == 0 {
		return
	}
	missing := number - p.pending[0].number
	if missing >= uint64(len(p.pending)) {
		return // another replica's, or that of an earlier life
	}
	reply = r.replies.New(*reply) // as it is, the state machine keeps it
	reply.ID = p.pending[missing].id
	e.Send(p.pending[missing].from, reply)
	p.pending = p.pending[missing+1:]
}

// abdicate answers all who wait when the leadership is lost. The next leader may
// still commit what was proposed.
func (r *replica) abdicate(e sim.Env) {
	p := &r.proposals
	e.Cancel(p.timer)
	r.refuse(e, p.gathered)
	for _, a := range p.pending {
		if a.kind == history.Read {
			r.refuse(e, []asked{a})
		} else {
			e.Send(a.from, &store.Reply{ID: a.id, Status: history.Unknown, Hint: sim.None})
		}
	}
	p.timer, p.message.Entries, p.gathered, p.pending = 0, nil, nil, nil
	r.dropReads(e)
}

// refuse tells clients that nothing came of their requests, and whom to ask.
func (r *replica) refuse(e sim.Env, all []asked) {
	for _, a := range all {
		e.Send(a.from, &store.Reply{ID: a.id, Status: history.Failed, Hint: r.hint()})
	}
}

// duplicates tell a request from its copies, by sender. The network may deliver
// one twice; if the first copy was refused because the replica did not lead, the
// second must not be carried out once it does.
type duplicates map[sender]*window

// A sender counts its attempts upward. It is not the client of the token: several
// services may ask on behalf of one, and each counts for itself.
type sender struct {
	node    sim.NodeID
	session int
}

// remembered is how many attempts of a sender are. A service may have hundreds under
// way at once, and the network lets later ones overtake.
const remembered = 1024

// A window remembers which of a sender's latest attempts came.
type window struct {
	top  call.ID // the highest that came
	came [remembered / 64]uint64
}

// bit returns where it stands whether an attempt came.
func (w *window) bit(id call.ID) (word *uint64, mask uint64) {
	at := id % remembered
	return &w.came[at/64], 1 << (at % 64)
}

// first reports whether the attempt comes for the first time. One that is older
// than the window does not count as such: nobody waits for it any more.
func (d duplicates) first(from sim.NodeID, id call.ID) bool {
	s := sender{from, id.Session()}
	w := d[s]
	if w == nil {
		w = &window{top: id}
		d[s] = w
	}
	w.advance(id)
	if w.top-id >= remembered {
		return false
	}
	word, mask := w.bit(id)
	is := *word&mask == 0
	*word |= mask
	return is
}

// advance makes room for an attempt that is higher than all before it.
func (w *window) advance(id call.ID) {
	if id <= w.top {
		return
	}
	if id-w.top >= remembered {
		w.came = [len(w.came)]uint64{}
		w.top = id
	}
	for w.top < id {
		w.top++
		word, mask := w.bit(w.top)
		*word &^= mask
	}
}

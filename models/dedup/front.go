package dedup

import (
	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// A front stands before a replica: what clients ask goes through it, and so do the answers.
type front struct {
	layer Layer
	inner sim.Handler
	out   answers
	asked map[asking]*write
	local table
}

// An asking names a request: IDs are unique within the script that asks.
type asking struct {
	from sim.NodeID
	id   call.ID
}

// A write is one that the replica has not answered yet.
type write struct {
	req   *store.Request // as the client sent it
	reply *store.Reply   // to the effect, while its record is being written
}

// answers is the world as the replica sees it: its replies go to the front.
type answers struct {
	sim.Env
	front *front
}

// Send hands replies to the front, and the rest to the network.
func (a *answers) Send(to sim.NodeID, msg any) {
	if reply, ok := msg.(*store.Reply); ok {
		a.front.answered(a.Env, to, reply)
		return
	}
	a.Env.Send(to, msg)
}

func newFront(l Layer, inner sim.Handler) sim.Handler {
	f := &front{layer: l, inner: inner, asked: map[asking]*write{}, local: newTable(l.Window)}
	f.out.front = f
	if d, ok := inner.(store.Dumper); ok {
		return holder{f, d}
	}
	return f
}

// A holder is the front of a replica that holds data.
type holder struct {
	*front
	store.Dumper
}

func (f *front) Start(e sim.Env) {
	f.out.Env = e
	f.inner.Start(&f.out)
}

func (f *front) Timer(e sim.Env, t sim.TimerID) {
	f.out.Env = e
	f.inner.Timer(&f.out, t)
}

// Leads reports whether the replica believes that it leads.
func (f *front) Leads() bool {
	l, ok := f.inner.(store.Leader)
	return ok && l.Leads()
}

// Receive lets everything through but writes with a key, which the table is asked about first.
func (f *front) Receive(e sim.Env, from sim.NodeID, msg any) {
	f.out.Env = e
	req, ok := msg.(*store.Request)
	switch {
	case !ok:
		f.inner.Receive(&f.out, from, msg)
	case !req.Kind.Mutates():
		f.ask(from, *req, firstStep)
	case req.Token.IsZero():
		f.ask(from, keyless(*req), firstStep)
	default:
		f.take(e, from, req)
	}
}

// A write is one step of the replica or two. Each goes under an ID of its own.
const (
	firstStep  call.ID = 0
	secondStep call.ID = 1
)

// ask has the replica carry out a step of what a client asked.
func (f *front) ask(from sim.NodeID, req store.Request, step call.ID) {
	req.ID = req.ID<<1 | step
	f.inner.Receive(&f.out, from, &req)
}

// take begins with a write.
func (f *front) take(e sim.Env, from sim.NodeID, req *store.Request) {
	switch f.layer.Table {
	case Replicated:
		f.begin(e, from, req)
	case Local:
		f.lookUp(e, from, req)
	default:
		f.ask(from, keyless(*req), firstStep)
	}
}

// keyless returns the request as one that the store recognises only if the network
// doubled it, as a connection would, and not when the client sends it again.
func keyless(req store.Request) store.Request {
	req.Token.Seq, req.Once = uint64(req.ID), nil
	return req
}

// part returns the request for one part of a write, to be recognised by the replicated table.
func (f *front) part(e sim.Env, req store.Request, p store.Part) store.Request {
	req.Once = &store.Once{Part: p, At: e.Clock(), Keep: f.layer.Window}
	return req
}

// begin takes the first step of a write whose record is replicated.
func (f *front) begin(e sim.Env, from sim.NodeID, req *store.Request) {
	first := store.Whole
	switch {
	case f.layer.Once():
		f.ask(from, *req, firstStep)
		return
	case f.layer.Record == After:
		first = store.Effect
	case f.layer.Record == Before:
		first = store.Record
	}
	f.asked[asking{from, req.ID}] = &write{req: req}
	f.ask(from, f.part(e, *req, first), firstStep)
}

// lookUp asks the local table. A write that is under way cannot be answered yet,
// unless it counts as done before it is; the client must come again (HTTP's 409).
func (f *front) lookUp(e sim.Env, from sim.NodeID, req *store.Request) {
	if past, ok := f.local.find(req.Token, e.Clock()); ok {
		answer := req.Doubt()
		if past.Status == history.OK {
			answer = req.Pass(past)
		}
		e.Send(from, answer)
		return
	}
	switch f.layer.Record {
	case Atomic:
		f.local.add(req.Token, e.Clock(), req.Doubt())
	case Before:
		f.local.add(req.Token, e.Clock(), req.Answer(history.Value{}, history.Version{}))
	}
	f.asked[asking{from, req.ID}] = &write{req: req}
	f.ask(from, keyless(*req), firstStep)
}

// answered goes on with a write, or passes the answer on.
func (f *front) answered(e sim.Env, to sim.NodeID, reply *store.Reply) {
	step := reply.ID & 1
	reply = reply.Copy()
	reply.ID >>= 1
	who := asking{to, reply.ID}
	w := f.asked[who]
	switch {
	case w == nil:
	case f.layer.Table == Local:
		f.note(e, w, reply)
	case step == firstStep && reply.Status == history.OK && !reply.Again && f.layer.Record != Atomic:
		f.goOn(e, to, w, reply)
		return
	case step == secondStep && f.layer.Record == After:
		reply = w.recorded(reply)
	}
	delete(f.asked, who)
	e.Send(to, reply)
}

// goOn takes the second step of a write.
func (f *front) goOn(e sim.Env, from sim.NodeID, w *write, reply *store.Reply) {
	if f.layer.Record == Before {
		f.ask(from, keyless(*w.req), secondStep)
		return
	}
	w.reply = reply
	f.ask(from, f.part(e, *w.req, store.Record), secondStep)
}

// recorded returns the answer to a write whose effect is there, and whose record
// is or is not: without it, nobody may be told that nothing happened.
func (w *write) recorded(reply *store.Reply) *store.Reply {
	if reply.Status == history.OK {
		return w.reply
	}
	return w.req.Doubt()
}

// note enters into the local table what became of a write. One that may have come
// to nothing is no longer under way.
func (f *front) note(e sim.Env, w *write, reply *store.Reply) {
	switch {
	case f.layer.Record == Before && reply.Status == history.Unknown: // it stays done
	case reply.Status == history.OK:
		f.local.add(w.req.Token, e.Clock(), reply)
	default:
		f.local.drop(w.req.Token)
	}
}

package service

import (
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/net/policy"
	"faultline/sim"
)

// An edge is a Call of one replica, with what its requests have in common there.
type edge struct {
	*Call
	carries bool // the operation to the store
	dedups  bool // who is called applies one token once
	route   func(history.Op, store.View) []sim.NodeID
	view    store.View
	shared  *policy.Shared
	cache   map[string]answer
	asking  map[string][]*request // of Coalesce: who waits for the answer about a key that another has asked for
	known   bool                  // of Refresh: there was an answer
}

// An answer is kept in a cache.
type answer struct {
	reply store.Reply
	until sim.Time // on the replica's own clock
}

func newEdge(w *world, c store.Config, about *Call, id sim.NodeID, place int) *edge {
	ed := &edge{Call: about, carries: w.carries(about), shared: policy.NewShared(about.Policy), cache: map[string]answer{}}
	ed.asking = map[string][]*request{}
	ed.dedups = !about.NoKey && (!ed.carries || w.leaf.AppliesOnce(w.beneath(c)))
	nodes := w.nodes(c, about.To)
	first := place % len(nodes)
	ed.view = store.NewView(id, slices.Concat(nodes[first:], nodes[:first]), sim.None)
	ed.route = func(_ history.Op, v store.View) []sim.NodeID { return v.HintFirst() }
	if about.To == Store {
		beneath := w.beneath(c)
		ed.route = func(op history.Op, v store.View) []sim.NodeID { return w.leaf.Route(beneath, op, v) }
	}
	return ed
}

// A visit is one call on its way through its attempts.
type visit struct {
	edge    *edge
	of      *request // nil: a refresh
	machine policy.Machine
	targets []sim.NodeID
	ids     []call.ID // of the attempts that were sent
	timer   sim.TimerID
	resting bool // of a refresh: the time for the next has not come
	reply   store.Reply
}

// Peer returns the node behind a target (policy.Peers).
func (v *visit) Peer(target int) int { return int(v.targets[target]) }

// ask makes a call for a request, unless an answer is there already.
func (r *replica) ask(e sim.Env, ed *edge, q *request) {
	if ed.Refresh > 0 {
		q.over(ed, ed.known, policy.Unsure, store.Reply{})
		return
	}
	key, cached := q.req.Key, ed.Cache > 0 && !q.req.Kind.Mutates()
	if cached {
		if a, ok := ed.cache[key]; ok && e.Clock() < a.until {
			q.over(ed, true, policy.Answered, a.reply)
			return
		}
		if waiting, asked := ed.asking[key]; ed.Coalesce && asked {
			ed.asking[key] = append(waiting, q)
			return
		}
		if ed.Coalesce {
			ed.asking[key] = nil
		}
	}
	r.visit(e, ed, q)
}

// over notes that a call of the request is over, and how.
func (q *request) over(ed *edge, ok bool, o policy.Outcome, reply store.Reply) {
	q.open--
	q.failed = q.failed || !ok && !ed.Optional
	if ed.carries {
		q.begun, q.ended, q.reply = true, o, reply
	}
}

// visit begins a call.
func (r *replica) visit(e sim.Env, ed *edge, q *request) {
	var v *visit
	if n := len(r.idle); n > 0 {
		v, r.idle = r.idle[n-1], r.idle[:n-1]
	} else {
		v = new(visit)
	}
	v.edge, v.of, v.ids, v.reply = ed, q, v.ids[:0], store.Reply{}
	r.begin(e, v)
}

func (r *replica) begin(e sim.Env, v *visit) {
	op := v.op()
	v.targets = v.edge.route(op, v.edge.view)
	about := policy.Intent{Mutates: op.Kind.Mutates(), Dedup: v.edge.dedups, Targets: len(v.targets), Peers: v}
	r.act(e, v, v.machine.Begin(now(e), e.Rand(), v.edge.shared, about))
}

// op is what the call asks for: the operation, if it carries that, and else nothing that changes anything.
func (v *visit) op() history.Op {
	op := history.Op{Kind: history.Read}
	if v.of == nil {
		return op
	}
	op.Key = v.of.req.Key
	if v.edge.carries {
		op.Kind, op.In, op.Expect = v.of.req.Kind, v.of.req.In, v.of.req.Expect
	}
	return op
}

// act does what the policy says.
func (r *replica) act(e sim.Env, v *visit, a policy.Action) {
	e.Cancel(v.timer)
	delete(r.timers, v.timer)
	v.timer = 0
	if a.Do == policy.Finish {
		r.end(e, v, a.Outcome)
		return
	}
	if a.Do == policy.Send {
		r.send(e, v, a)
	}
	if a.Wake != policy.Never {
		v.timer = e.After(a.Wake - now(e))
		r.timers[v.timer] = v
	}
}

// send sends an attempt.
func (r *replica) send(e sim.Env, v *visit, a policy.Action) {
	r.lastID++
	op := v.op()
	header := call.Header{ID: r.lastID, Attempt: a.Attempt, Deadline: sim.Time(a.Deadline)}
	if q := v.of; q != nil {
		if !v.edge.NoKey {
			header.Token = q.req.Token
		}
		if v.edge.PassOn {
			header.Deadline = min(header.Deadline, q.req.Expires())
		}
	}
	v.ids = append(v.ids, r.lastID)
	r.sent[r.lastID] = sent{v, a.Attempt}
	e.Send(v.targets[a.Target], store.Request{Header: header, Kind: op.Kind, Key: op.Key, In: op.In, Expect: op.Expect})
}

// answered hands an answer to the call that wants it.
func (r *replica) answered(e sim.Env, from sim.NodeID, reply store.Reply) {
	s, wanted := r.sent[reply.ID]
	if !wanted {
		return
	}
	delete(r.sent, reply.ID)
	v := s.visit
	event := policy.Event{Kind: policy.Replied, Attempt: s.attempt, Outcome: policy.Unsure, Hint: policy.NoHint}
	switch reply.Status {
	case history.OK:
		event.Outcome = policy.Answered
		v.reply, v.edge.view.Hint = reply, from
	case history.Failed:
		event.Outcome, event.Hint = policy.Refused, slices.Index(v.targets, reply.Hint)
	}
	r.act(e, v, v.machine.Step(now(e), e.Rand(), event))
}

// end notes how a call ended, for the request and for those that waited with it.
func (r *replica) end(e sim.Env, v *visit, o policy.Outcome) {
	for _, id := range v.ids {
		delete(r.sent, id)
	}
	v.ids = v.ids[:0]
	ed, q := v.edge, v.of
	if o != policy.Answered {
		ed.view.Hint = sim.None
	}
	if q == nil {
		r.rest(e, v, o)
		return
	}
	reply := v.reply
	r.idle = append(r.idle, v)
	ok := o == policy.Answered
	if ed.Cache > 0 {
		reply, ok = ed.keep(e, q, reply, ok)
	}
	waiting := ed.asking[q.req.Key]
	if !q.req.Kind.Mutates() {
		delete(ed.asking, q.req.Key)
	} else {
		waiting = nil
	}
	q.over(ed, ok, o, reply)
	r.next(e, q)
	for _, other := range waiting {
		other.over(ed, ok, o, reply)
		r.next(e, other)
	}
}

// keep remembers an answer, or finds an old one if the call failed. A write makes
// what this replica remembers of its key worthless; others do not hear of it.
func (ed *edge) keep(e sim.Env, q *request, reply store.Reply, ok bool) (store.Reply, bool) {
	key := q.req.Key
	switch {
	case q.req.Kind.Mutates():
		delete(ed.cache, key)
	case ok:
		ed.cache[key] = answer{reply, e.Clock().Add(ed.Cache)}
	case ed.Stale:
		if a, kept := ed.cache[key]; kept {
			return a.reply, true
		}
	}
	return reply, ok
}

// rest waits until the next refresh is due.
func (r *replica) rest(e sim.Env, v *visit, o policy.Outcome) {
	v.edge.known = v.edge.known || o == policy.Answered
	v.resting = true
	v.timer = e.After(max(v.edge.Refresh, time.Millisecond))
	r.timers[v.timer] = v
}

// Flush empties the caches.
func (r *replica) Flush() {
	for _, stage := range r.stages {
		for _, ed := range stage {
			clear(ed.cache)
		}
	}
}

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
	route   func(*history.Op, *store.View) []sim.NodeID
	to      *Service       // nil: the store
	nodes   []sim.NodeID   // of whom is called, in the caller's own order
	shards  map[int]*shard // by number; without shards there is one
	salt    uint64         // of the choice which requests need the call
	shared  *policy.Shared
	cache   map[string]answer
	asking  map[string][]*request // of Coalesce: who waits for the answer about a key that another has asked for
	known   bool                  // of Refresh: there was an answer
}

// An answer is kept in a cache.
type answer struct {
	reply *store.Reply
	until sim.Time // on the replica's own clock
}

// newEdge returns the call of a number among those of a caller, as a replica of it makes it.
func newEdge(w *world, c store.Config, caller *Service, number int, about *Call) *edge {
	ed := &edge{Call: about, carries: w.carries(about), shared: policy.NewShared(about.Policy), cache: map[string]answer{}}
	ed.asking, ed.shards, ed.to = map[string][]*request{}, map[int]*shard{}, w.find(about.To)
	ed.dedups = !about.NoKey && (!ed.carries || w.leaf.AppliesOnce(w.beneath(c)))
	ed.nodes = w.nodes(c, about.To)
	ed.salt = sim.NewStream(uint64(number), "who needs what "+caller.Name+" asks").Uint64() // the same for all its replicas: retries may go to another
	ed.route = func(_ *history.Op, v *store.View) []sim.NodeID { return v.HintFirst() }
	if about.To == Store {
		beneath := w.beneath(c)
		ed.route = func(op *history.Op, v *store.View) []sim.NodeID { return w.leaf.Route(beneath, op, v) }
	}
	return ed
}

// shard returns what the caller knows of those who serve a request. A refresh is nobody's: anyone may serve it.
func (ed *edge) shard(q *request, self sim.NodeID, place int) *shard {
	number, divided := 0, q != nil && ed.to != nil && ed.to.Shard > 0
	if divided {
		number = ed.to.shardOf(max(q.req.Origin-1, 0), q.req.Key)
	}
	sh := ed.shards[number]
	if sh == nil {
		nodes := ed.nodes
		if divided {
			nodes = ed.to.members(nodes, number)
		}
		first := place % len(nodes)
		sh = &shard{number, store.NewView(self, slices.Concat(nodes[first:], nodes[:first]), sim.None)}
		ed.shards[number] = sh
	}
	return sh
}

// needs reports whether a request needs the call: all its attempts do, or none.
func (ed *edge) needs(q *request) bool {
	if ed.Share == 0 {
		return true
	}
	t := q.req.Token
	if t.IsZero() {
		t = call.Token{Client: int64(q.from), Seq: uint64(q.req.ID)}
	}
	return float64(sim.Mix(ed.salt^sim.Mix(uint64(t.Client))^t.Seq)>>11) < float64(ed.Share*(1<<53))
}

// nothing is the reply of a call that has none. It is read only.
var nothing = &store.Reply{}

// A visit is one call on its way through its attempts.
type visit struct {
	edge    *edge
	of      *request   // nil: a refresh
	op      history.Op // what is asked for
	shard   *shard
	machine policy.Machine
	targets []sim.NodeID
	open    []attempt // that were sent
	timer   sim.TimerID
	resting bool // of a refresh: the time for the next has not come
	reply   *store.Reply
}

// An attempt was sent to a node, and is given up at an instant.
type attempt struct {
	id       call.ID
	to       sim.NodeID
	deadline time.Duration
}

// Peer returns the node behind a target (policy.Peers).
func (v *visit) Peer(target int) int { return int(v.targets[target]) }

// ask makes a call for a request, unless an answer is there already.
func (r *replica) ask(e sim.Env, ed *edge, q *request) {
	if ed.Refresh > 0 {
		q.over(ed, ed.known, policy.Unsure, nothing)
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
func (q *request) over(ed *edge, ok bool, o policy.Outcome, reply *store.Reply) {
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
	v.edge, v.of, v.open, v.reply = ed, q, v.open[:0], nothing
	v.op = ed.op(q)
	if q != nil {
		q.visits = append(q.visits, v)
	}
	r.begin(e, v)
}

func (r *replica) begin(e sim.Env, v *visit) {
	v.shard = v.edge.shard(v.of, e.Self(), r.place)
	v.targets = v.edge.route(&v.op, &v.shard.view)
	about := policy.Intent{Mutates: v.op.Kind.Mutates(), Dedup: v.edge.dedups, Targets: len(v.targets), Shard: v.shard.number, Peers: v}
	r.act(e, v, v.machine.Begin(now(e), e.Rand(), v.edge.shared, about))
}

// op is what the call asks for: the operation, if it carries that, and else nothing that changes anything.
func (ed *edge) op(q *request) history.Op {
	op := history.Op{Kind: history.Read}
	if q == nil {
		return op
	}
	op.Key = q.req.Key
	if ed.carries {
		op.Kind, op.In = q.req.Kind, q.req.In
	}
	return op
}

// act does what the policy says.
func (r *replica) act(e sim.Env, v *visit, a policy.Action) {
	r.disarm(e, v)
	r.takeBack(e, v, now(e))
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

// disarm stops waiting for the visit's time.
func (r *replica) disarm(e sim.Env, v *visit) {
	e.Cancel(v.timer)
	delete(r.timers, v.timer)
	v.timer = 0
}

// takeBack tells those whose attempts are given up by now, if the policy has it so.
func (r *replica) takeBack(e sim.Env, v *visit, until time.Duration) {
	if !v.edge.Policy.Cancel {
		return
	}
	v.open = slices.DeleteFunc(v.open, func(a attempt) bool {
		over := a.deadline <= until
		if over {
			delete(r.sent, a.id)
			e.Send(a.to, call.Cancel{ID: a.id})
		}
		return over
	})
}

// send sends an attempt.
func (r *replica) send(e sim.Env, v *visit, a policy.Action) {
	r.lastID++
	header := call.Header{ID: r.lastID, Attempt: a.Attempt, Deadline: sim.Time(a.Deadline)}
	if q := v.of; q != nil {
		if !v.edge.NoKey {
			header.Token = q.req.Token
		}
		header.Origin = q.req.Origin
		if v.edge.PassOn {
			header.Deadline = min(header.Deadline, q.req.Expires())
		}
	}
	to := v.targets[a.Target]
	v.open = append(v.open, attempt{r.lastID, to, a.Deadline})
	r.sent[r.lastID] = sent{v, a.Attempt}
	req := r.boxes.Request(store.Request{Header: header, Kind: v.op.Kind, Key: v.op.Key, In: v.op.In})
	if q := v.of; q != nil && v.edge.carries {
		req.Expect = q.req.Expect
	}
	e.Send(to, req)
}

// answered hands an answer to the call that wants it.
func (r *replica) answered(e sim.Env, from sim.NodeID, reply *store.Reply) {
	s, wanted := r.sent[reply.ID]
	if !wanted {
		return
	}
	delete(r.sent, reply.ID)
	v := s.visit
	v.open = slices.DeleteFunc(v.open, func(a attempt) bool { return a.id == reply.ID })
	event := policy.Event{Kind: policy.Replied, Attempt: s.attempt, Outcome: policy.Unsure, Hint: policy.NoHint}
	switch reply.Status {
	case history.OK:
		event.Outcome = policy.Answered
		v.reply, v.shard.view.Hint = reply, from
	case history.Failed:
		event.Outcome, event.Hint = policy.Refused, slices.Index(v.targets, reply.Hint)
	}
	r.act(e, v, v.machine.Step(now(e), e.Rand(), event))
}

// end notes how a call ended, for the request and for those that waited with it.
func (r *replica) end(e sim.Env, v *visit, o policy.Outcome) {
	r.close(e, v)
	ed, q := v.edge, v.of
	if o != policy.Answered {
		v.shard.view.Hint = sim.None
	}
	if q == nil {
		r.rest(e, v, o)
		return
	}
	reply := v.reply
	r.release(v)
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

// close wants no more answers to the attempts of a visit.
func (r *replica) close(e sim.Env, v *visit) {
	r.takeBack(e, v, policy.Never)
	for _, a := range v.open {
		delete(r.sent, a.id)
	}
	v.open = v.open[:0]
}

// release takes a visit from its request. It can be used again.
func (r *replica) release(v *visit) {
	v.of.visits = slices.DeleteFunc(v.of.visits, func(w *visit) bool { return w == v })
	r.idle = append(r.idle, v)
}

// drop ends a visit whose outcome nobody wants to know any more. One for whose
// answer other requests wait goes on.
func (r *replica) drop(e sim.Env, v *visit) {
	ed, key := v.edge, v.of.req.Key
	waiting, asked := ed.asking[key]
	if leads := asked && !v.of.req.Kind.Mutates(); leads && len(waiting) > 0 {
		return
	} else if leads {
		delete(ed.asking, key)
	}
	r.disarm(e, v)
	v.machine.Abandon(now(e), e.Rand())
	r.close(e, v)
	r.idle = append(r.idle, v)
}

// keep remembers an answer, or finds an old one if the call failed. A write makes
// what this replica remembers of its key worthless; others do not hear of it.
func (ed *edge) keep(e sim.Env, q *request, reply *store.Reply, ok bool) (*store.Reply, bool) {
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

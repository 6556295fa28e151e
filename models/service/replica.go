package service

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/net/policy"
	"faultline/sim"
)

// A replica is one machine of a service. All that it holds is lost in a crash.
type replica struct {
	self     *Service
	place    int // among the replicas of its service
	stages   [][]*edge
	boxes    *store.Boxes
	requests *store.Slab[request]
	under    map[name]*request // requests under way
	lastID   call.ID
	sent     map[call.ID]sent
	timers   map[sim.TimerID]*visit
	idle     []*visit // to be used again
	seen     seen
}

// A sent is an attempt whose answer is wanted.
type sent struct {
	visit   *visit
	attempt int
}

// A request is on its way through the stages.
type request struct {
	from   sim.NodeID
	req    *store.Request
	worker int // that is kept at it, if workers are
	visits []*visit
	room   [2]*visit // where they are, if they are few
	stage  int
	gone   bool         // nobody wants to know how it ends
	open   int          // calls of the stage that are not over
	asking bool         // the calls of the stage are being made
	reply  *store.Reply // of the call that carries the operation, once it is over
	begun  bool         // that call was made
	ended  policy.Outcome
	failed bool // a hard call failed
}

// A name tells one attempt of one client from all others.
type name struct {
	from sim.NodeID
	id   call.ID
}

func (q *request) name() name { return name{q.from, q.req.ID} }

func newReplica(w *world, c store.Config, s *Service, place int) *replica {
	r := &replica{self: s, place: place, boxes: c.Boxes, requests: store.SlabOf[request](c)}
	r.under, r.sent, r.timers = map[name]*request{}, map[call.ID]sent{}, map[sim.TimerID]*visit{}
	number := 0
	for _, stage := range s.Stages {
		var edges []*edge
		for i := range stage {
			edges = append(edges, newEdge(w, c, s, number, &stage[i]))
			number++
		}
		r.stages = append(r.stages, edges)
	}
	return r
}

// Start names attempts anew: answers to those of before a crash must not be taken for others.
func (r *replica) Start(e sim.Env) {
	r.lastID = call.ID(e.Rand().Uint64() >> 1)
	for _, stage := range r.stages {
		for _, ed := range stage {
			if ed.Refresh > 0 {
				r.visit(e, ed, nil)
			}
		}
	}
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case *store.Request:
		r.take(e, from, m)
	case *store.Reply:
		r.answered(e, from, m)
	case call.Cancel:
		r.cancel(e, name{from, m.ID})
	}
}

// take begins with a request, if there are not too many under way.
func (r *replica) take(e sim.Env, from sim.NodeID, req *store.Request) {
	worker := 0
	if r.blocking() {
		worker = e.(sim.Workplace).Worker()
	}
	if !r.seen.add(from, req.ID) {
		r.free(e, worker)
		return
	}
	if r.self.Concurrent > 0 && len(r.under) >= r.self.Concurrent {
		r.free(e, worker)
		e.Send(from, req.Refusal(true))
		return
	}
	q := r.requests.New(request{from: from, req: req, worker: worker, stage: -1})
	q.visits = q.room[:0]
	r.under[q.name()] = q
	r.next(e, q)
}

// blocking reports whether a worker is kept at a request until that is answered.
func (r *replica) blocking() bool { return r.self.Server != nil && r.self.Server.Blocking }

// free lets go of a worker.
func (r *replica) free(e sim.Env, worker int) {
	if r.blocking() {
		e.(sim.Workplace).Free(worker)
	}
}

// cancel ends a request whose sender does not want to know any more how it ends,
// and what it has others do. It gets no answer.
func (r *replica) cancel(e sim.Env, n name) {
	q := r.under[n]
	if q == nil {
		return
	}
	q.gone = true
	for _, v := range q.visits {
		r.drop(e, v)
	}
	q.visits = nil
	delete(r.under, n)
	r.free(e, q.worker)
}

// next goes on to the next stage if that is over, or answers if there is none.
func (r *replica) next(e sim.Env, q *request) {
	for q.open == 0 && !q.asking && !q.gone {
		q.stage++
		if q.failed || q.stage == len(r.stages) {
			r.finish(e, q)
			return
		}
		q.asking = true
		for _, ed := range r.stages[q.stage] {
			if ed.needs(q) {
				q.open++
				r.ask(e, ed, q)
			}
		}
		q.asking = false
	}
}

// finish answers the request. What failed after the operation may have reached the store is in doubt.
func (r *replica) finish(e sim.Env, q *request) {
	delete(r.under, q.name())
	r.free(e, q.worker)
	var reply *store.Reply
	switch mayHaveHappened := q.begun && q.ended != policy.Refused; {
	case !q.failed && q.begun:
		reply = q.req.Pass(q.reply)
	case !q.failed:
		reply = q.req.Answer(history.Value{}, history.Version{})
	case q.req.Kind.Mutates() && mayHaveHappened:
		reply = q.req.Doubt()
	default:
		reply = q.req.Refuse(sim.None)
	}
	e.Send(q.from, reply)
}

// Timer is for the calls, and for the refreshes.
func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	v := r.timers[t]
	delete(r.timers, t)
	v.timer = 0
	if v.resting {
		v.resting = false
		r.begin(e, v)
		return
	}
	r.act(e, v, v.machine.Step(now(e), e.Rand(), policy.Event{Kind: policy.Woke}))
}

// now is the node's own time, as policies count it.
func now(e sim.Env) time.Duration { return time.Duration(e.Clock()) }

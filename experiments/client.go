package experiments

import (
	"slices"
	"strconv"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/net/policy"
	"faultline/sim"
)

// A client is one client machine. Its sessions share its address; each carries
// out one operation at a time.
type client struct {
	run    *run
	index  int
	id     sim.NodeID
	view   store.View     // whom it may ask
	shared *policy.Shared // what its policy remembers from one operation to the next

	arrivals *sim.Proc // of an open loop: the script that takes operations as they arrive
	sessions []*session
	idle     []*session // of an open loop: waiting for an arrival; the last used is taken first
}

// A session carries out the operations of one client one after the other: as a
// script in steps if it asks all the time, or else as one on a coroutine, which is
// easier to read. In the history it is a client of its own.
type session struct {
	*client
	number int // among the sessions of its client
	proc   *sim.Proc
	caller *call.Caller
	hint   sim.NodeID // who answered last, or was named as the one to ask
	seen   map[string]history.Value
	job    job // of an open loop: what to do next
	intent intent
	asking bool // an operation is under way
}

// A job is an operation that is to be carried out.
type job struct {
	kind    history.Kind
	key     string
	arrived sim.Time // when it was wanted; latency counts from here
}

// historyID names the session in the history, in the same way whatever other clients do.
func (c *session) historyID() int { return c.index + c.number*len(c.run.clients) }

// perform carries out one operation on the session's coroutine. It returns how it ended.
func (c *session) perform(j job) history.Status {
	c.begin(j)
	for !c.goOn() {
		c.proc.Yield()
	}
	return c.intent.reply.Status
}

// begin begins an operation, and writes it down.
func (c *session) begin(j job) {
	i := &c.intent
	i.op = history.Op{Client: c.historyID(), Process: c.historyID(), Kind: j.kind, Key: j.key, Call: history.Time(c.proc.Now())}
	if j.kind.Mutates() {
		i.op.In = history.Num(c.run.nextValue())
	}
	if j.kind == history.CAS {
		i.op.Expect = c.seen[j.key]
	}
	i.begin()
	c.run.arrivals = append(c.run.arrivals, j.arrived)
	about := policy.Intent{Mutates: j.kind.Mutates(), Dedup: c.run.dedups, Targets: len(i.targets), Shard: c.run.shardOf(j.key), Peers: i}
	c.caller.Begin(c.shared, about, c.caller.NextToken(), i)
	c.asking = true
}

// goOn calls the store until it answers or the policy gives up. It reports whether
// that is so by now; if not, it awaits what is to come.
func (c *session) goOn() (over bool) {
	if !c.caller.Step() {
		return false
	}
	i := &c.intent
	i.end(c.caller.Outcome())
	c.run.record.Return(i.handle, history.Time(c.proc.Now()), i.reply.Status, i.reply.Value, i.reply.Swapped)
	c.run.record.Rank(i.handle, i.reply.Version)
	c.learn()
	c.asking = false
	return true
}

// shardOf returns the part of the store that a key belongs to.
func (r *run) shardOf(key string) int {
	if shard := r.scenario.Model.Shard; shard != nil {
		return shard(r.config, key)
	}
	return 0
}

// learn remembers whom to ask next time, and the value to expect in a compare-and-set.
func (c *session) learn() {
	reply := &c.intent.reply
	if reply.Status != history.OK {
		c.hint = sim.None
		return
	}
	c.hint = c.intent.answered
	if !c.run.remembers {
		return
	}
	switch op := &c.intent.op; {
	case op.Kind == history.Read, op.Kind == history.CAS && !reply.Swapped:
		c.seen[op.Key] = reply.Value
	default:
		c.seen[op.Key] = op.In
	}
}

// An intent is one operation on its way through its attempts (call.Intent).
type intent struct {
	*session
	handle   int
	op       history.Op
	targets  []sim.NodeID
	sent     [maxAttemptsNoted]history.Attempt
	attempts int
	reply    store.Reply // that counts
	answered sim.NodeID  // who sent the reply that counts
}

// begin writes the operation down, and asks whom to send it. It leaves alone what
// earlier attempts left in sent, which the count of attempts hides.
func (i *intent) begin() {
	i.handle, i.attempts = i.run.record.Call(i.op), 0
	i.reply, i.answered = store.Reply{Hint: sim.None}, sim.None
	i.view.Hint = i.hint
	i.targets = i.run.scenario.Model.Route(i.run.config, &i.op, &i.view)
}

// maxAttemptsNoted bounds the attempts of one operation that are written down; the rest are counted alone.
const maxAttemptsNoted = 8

// Peer returns the node behind a target (policy.Peers).
func (i *intent) Peer(target int) int { return int(i.targets[target]) }

// Request returns the request of one attempt (call.Intent).
func (i *intent) Request(h call.Header, target int) (sim.NodeID, call.Asks) {
	to := i.targets[target]
	if i.attempts < maxAttemptsNoted {
		i.sent[i.attempts] = history.Attempt{Node: int(to), Call: history.Time(i.proc.Now()), Return: history.Time(i.proc.Sim().TrueTime(h.Deadline))}
	}
	i.attempts++
	i.run.attempts++
	h.Token, h.Origin = i.run.scenario.Key.token(h), i.index+1
	r := store.Request{Header: h, Kind: i.op.Kind, Key: i.op.Key, In: i.op.In}
	if i.op.Kind == history.CAS {
		expect := i.op.Expect
		r.Expect = &expect
	}
	return to, i.run.config.Boxes.Request(r)
}

func (i *intent) Judge(r call.Reply) (policy.Outcome, int) {
	reply := r.Answer.(*store.Reply)
	if a := r.Attempt - 1; a < maxAttemptsNoted {
		i.sent[a].Return, i.sent[a].Status = history.Time(i.proc.Now()), reply.Status
	}
	switch reply.Status {
	case history.OK:
		i.reply, i.answered = *reply, r.From
		return policy.Answered, policy.NoHint
	case history.Failed:
		return policy.Refused, slices.Index(i.targets, reply.Hint) // -1 is policy.NoHint
	default:
		return policy.Unsure, policy.NoHint
	}
}

// end writes down the attempts and, if none was answered, what that means.
func (i *intent) end(o policy.Outcome) {
	for _, a := range i.sent[:min(i.attempts, maxAttemptsNoted)] {
		a.Return = min(a.Return, history.Time(i.proc.Now())) // of one without an answer: when waiting ended
		i.run.record.Attempt(i.handle, a)
	}
	if o == policy.Refused {
		i.reply.Status = history.Failed
	}
}

// route tells whose answer a message is: desks have one address for many sessions.
func (c *client) route(msg any) *sim.Proc {
	reply, ok := msg.(*store.Reply)
	if !ok || reply.ID.Session() >= len(c.sessions) {
		return nil
	}
	return c.sessions[reply.ID.Session()].proc
}

// open starts one more session, which runs body on a coroutine.
func (c *client) open(body func(c *session)) *session {
	s, name := c.newSession()
	s.proc = c.run.sim.Go(c.id, name, func(*sim.Proc) { body(s) })
	s.caller = call.NewSession(s.proc, s.number)
	return s
}

// openSteps starts one more session, which goes on with step whenever what it awaits has come.
func (c *client) openSteps(step func(c *session)) *session {
	s, name := c.newSession()
	s.proc = c.run.sim.GoSteps(c.id, name, func() { step(s) })
	s.caller = call.NewSession(s.proc, s.number)
	return s
}

// newSession returns a session without a script, and the name of its script.
func (c *client) newSession() (*session, string) {
	s := &session{client: c, number: len(c.sessions), hint: sim.None}
	if c.run.remembers {
		s.seen = map[string]history.Value{}
	}
	s.intent.session = s
	c.sessions = append(c.sessions, s)
	return s, "client " + strconv.Itoa(c.index) + " session " + strconv.Itoa(s.number)
}

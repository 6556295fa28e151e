package call

import (
	"slices"
	"strconv"
	"time"

	"faultline/net/policy"
	"faultline/sim"
)

// A Caller makes calls from a script. It owns the script's inbox while it waits:
// messages that answer none of its open attempts are dropped, be they late,
// duplicates, or no answers at all.
type Caller struct {
	proc    *sim.Proc
	client  int64       // in tokens
	rand    *sim.Stream // of the policy alone, so that a retry does not shift the script's own draws
	lastID  ID
	lastSeq uint64
	open    []openCall
	machine policy.Machine

	// The intent under way.
	shared *policy.Shared
	token  Token
	intent Intent
	action policy.Action // the latest
}

// An openCall is an attempt whose answer is still wanted.
type openCall struct {
	id       ID
	to       sim.NodeID
	attempt  int
	deadline sim.Time
}

// NewCaller returns the caller of a script, which must have a network address. A
// script has one caller for life: a second one would count IDs and tokens anew.
func NewCaller(p *sim.Proc) *Caller { return NewSession(p, 0) }

// NewSession returns the caller of one of several scripts that share an address
// (sim.AddDesk). Each has a session number of its own, from 0, which its IDs carry
// so that the desk can tell whose answer has come, and its own Token.Client.
func NewSession(p *sim.Proc, session int) *Caller {
	if p.Self() == sim.None {
		panic("call: a script without a network address cannot be answered")
	}
	return &Caller{
		proc:   p,
		client: int64(p.Self()) + int64(session)<<sessionShift,
		rand:   p.Sim().Stream("retries of node " + strconv.Itoa(int(p.Self())) + " session " + strconv.Itoa(session)),
		lastID: ID(session) << 32,
	}
}

// sessionShift leaves room for 65,536 node IDs below the session number in
// Token.Client. A client whose store is silent has as many sessions as calls come
// in: if two had the same tokens, a store that applies a retried write once would
// leave out what is new.
const sessionShift = 16

// Session returns the number of the session that made the call.
func (id ID) Session() int { return int(id >> 32) }

// NextToken names a new intent of this client.
func (c *Caller) NextToken() Token {
	c.lastSeq++
	return Token{Client: c.client, Seq: c.lastSeq}
}

// Open begins an attempt and returns the header that its request must carry.
// Its answer is wanted until it comes or the attempt is closed.
func (c *Caller) Open(t Token, attempt int, deadline sim.Time) Header {
	c.lastID++
	c.open = append(c.open, openCall{c.lastID, sim.None, attempt, deadline})
	return Header{ID: c.lastID, Token: t, Attempt: attempt, Deadline: c.proc.Sim().ClockTime(deadline)}
}

// Send sends a request.
func (c *Caller) Send(to sim.NodeID, request Asks) { c.proc.Send(to, request) }

// answers returns what a message answers, if that is an open attempt, which it closes.
func (c *Caller) answers(from sim.NodeID, msg any) (r Reply, wanted bool) {
	a, isAnswer := msg.(Answer)
	if !isAnswer {
		return Reply{}, false
	}
	attempt, wanted := c.close(a.CallID())
	return Reply{From: from, Attempt: attempt, Answer: a}, wanted
}

// A Reply is the answer to an open attempt.
type Reply struct {
	From    sim.NodeID
	Attempt int
	Answer  Answer
}

// Abandon closes all attempts: their answers are no longer wanted.
func (c *Caller) Abandon() { c.open = c.open[:0] }

// close ends an attempt and reports whether it was open.
func (c *Caller) close(id ID) (attempt int, ok bool) {
	for i, o := range c.open {
		if o.id == id {
			c.open = slices.Delete(c.open, i, i+1)
			return o.attempt, true
		}
	}
	return 0, false
}

// giveUp closes the attempts whose deadline has come.
func (c *Caller) giveUp(cancel bool) {
	now := c.proc.Now()
	c.open = slices.DeleteFunc(c.open, func(o openCall) bool {
		over := o.deadline <= now
		if over && cancel {
			c.proc.Send(o.to, Cancel{o.id})
		}
		return over
	})
}

// An Intent is what Do carries out: it makes the requests and reads the answers.
type Intent interface {
	// Request returns the request of one attempt, which carries h, and whom to
	// send it: the node that target stands for.
	Request(h Header, target int) (to sim.NodeID, request Asks)
	// Judge says what an answer means, and which target it names as the one to
	// ask, or policy.NoHint. It keeps what the intent is to learn from the answer.
	Judge(r Reply) (o policy.Outcome, hint int)
}

// Do carries out an intent: it sends attempts as the policy says, until one is
// answered or the policy gives up, and returns how that went. The policy counts
// time in nanoseconds since the run began.
func (c *Caller) Do(s *policy.Shared, about policy.Intent, t Token, i Intent) policy.Outcome {
	c.Begin(s, about, t, i)
	for !c.Step() {
		c.proc.Yield()
	}
	return c.Outcome()
}

// Begin begins to carry out an intent, as Do does in one go.
func (c *Caller) Begin(s *policy.Shared, about policy.Intent, t Token, i Intent) {
	c.shared, c.token, c.intent = s, t, i
	c.act(c.machine.Begin(c.now(), c.rand, s, about))
}

// Step goes on with the intent as far as it gets now, and reports whether it is
// over. If not, it is to be called again when what the script awaits has come.
func (c *Caller) Step() (over bool) {
	for c.action.Do != policy.Finish {
		from, msg, ok := c.proc.Poll()
		if !ok {
			if c.proc.AwaitMessage(sim.Time(c.action.Wake)) {
				return false
			}
			c.giveUp(c.shared.Policy().Cancel)
			c.act(c.machine.Step(c.now(), c.rand, policy.Event{Kind: policy.Woke}))
			continue
		}
		r, wanted := c.answers(from, msg)
		if !wanted {
			continue
		}
		outcome, hint := c.intent.Judge(r)
		c.act(c.machine.Step(c.now(), c.rand, policy.Event{Kind: policy.Replied, Attempt: r.Attempt, Outcome: outcome, Hint: hint}))
	}
	return true
}

// Outcome returns how the intent ended.
func (c *Caller) Outcome() policy.Outcome { return c.action.Outcome }

// act does what the policy says.
func (c *Caller) act(a policy.Action) {
	c.action = a
	switch a.Do {
	case policy.Send:
		to, request := c.intent.Request(c.Open(c.token, a.Attempt, sim.Time(a.Deadline)), a.Target)
		c.open[len(c.open)-1].to = to
		c.Send(to, request)
	case policy.Finish:
		if c.shared.Policy().Cancel {
			for _, o := range c.open {
				c.proc.Send(o.to, Cancel{o.id})
			}
		}
		c.Abandon()
	}
}

func (c *Caller) now() time.Duration { return time.Duration(c.proc.Now()) }

package sim

// A Tracer sees what happens in a run, in order. It must not change the run.
type Tracer func(Trace)

// A Trace is one thing that happened.
type Trace struct {
	At   Time
	What What
	Node NodeID // to whom
	From NodeID // the sender of a message; None otherwise
	Msg  any    // of a message; nil otherwise
	Fate Fate   // of a Sent message
}

// What happened.
type What uint8

const (
	Sent       What = iota // Node was sent Msg by From, which has Fate
	Deliver                // Node handles Msg
	Dead                   // Msg reached Node, which is down
	Alarm                  // Node handles a timer or a completed sync
	Started                // Node starts or restarts
	Crashed                // Node crashes
	PausedNode             // Node pauses
	Resumed                // Node goes on
)

var whatNames = [...]string{"send", "recv", "dead", "timer", "start", "crash", "pause", "resume"}

// String returns a short verb: send, recv, dead, timer, start, crash, pause or resume.
func (w What) String() string { return whatNames[w] }

// Trace sets a tracer, or removes it with nil. Without one, tracing costs nothing.
func (s *Sim) Trace(t Tracer) { s.tracer = t }

func (s *Sim) trace(what What, node, from NodeID, msg any) {
	s.tracer(Trace{At: s.now, What: what, Node: node, From: from, Msg: msg})
}

func (s *Sim) traceSend(from, to NodeID, msg any, fate Fate) {
	s.tracer(Trace{At: s.now, What: Sent, Node: to, From: from, Msg: msg, Fate: fate})
}

// note records what a script does to a node, which is no event of the queue.
func (s *Sim) note(what What, node NodeID) {
	s.hash = fold(s.hash, s.now, noteKinds+uint8(what), node, None)
	if s.tracer != nil {
		s.trace(what, node, None, nil)
	}
}

const noteKinds = 64 // keeps notes apart from events in the trace hash

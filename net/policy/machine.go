package policy

import (
	"fmt"
	"time"
)

// maxInFlight bounds the attempts of one intent that are in flight at once.
const maxInFlight = 8

// A flight is an attempt that was sent and neither answered nor given up.
type flight struct {
	attempt     int
	peer, shard int
	first       bool // of its intent
	sent        time.Duration
	deadline    time.Duration
}

// A Machine carries one intent through its attempts. It allocates nothing once its
// client knows all replicas, and can be begun again for the next intent.
type Machine struct {
	shared  *Shared
	flights [maxInFlight]flight // the first inFlight count
	progress
}

// progress is how far an intent has come.
type progress struct {
	intent    Intent
	deadline  time.Duration // of the intent
	attempts  int           // sent so far
	hedges    int           // among them
	redirects int           // among them: those that followed a hint at once
	course    Course        // of the backoffs
	target    int           // of the latest or the planned attempt
	hinted    bool          // whether that target came from a hint
	free      bool          // whether the planned attempt follows a hint, so that no budget pays for it
	unsure    bool          // an attempt may have taken effect
	finished  bool
	retryAt   time.Duration // when the planned attempt is due, or Never
	hedgeAt   time.Duration // when the next hedge is due, or Never
	inFlight  int
}

// Begin starts a new intent and returns the first action: Send, or Finish if the
// client's own policy does not let it through.
func (m *Machine) Begin(now time.Duration, r Rand, s *Shared, i Intent) Action {
	m.progress = progress{intent: i, deadline: later(now, s.policy.TotalTimeout), retryAt: Never, hedgeAt: Never}
	m.shared, m.target = s, m.checked(i.First)
	s.stats.Intents++
	if !s.throttle.Admit(now, r) {
		s.stats.Throttled++
		return m.giveUp(now, r)
	}
	return m.send(now, r)
}

// Step tells the machine what happened and returns what to do about it.
func (m *Machine) Step(now time.Duration, r Rand, e Event) Action {
	if m.finished {
		panic(fmt.Sprintf("policy: step after the intent finished: %+v", e))
	}
	if e.Kind == Replied {
		return m.replied(now, r, e)
	}
	return m.woke(now, r)
}

// replied ends an attempt by its answer.
func (m *Machine) replied(now time.Duration, r Rand, e Event) Action {
	f, ok := m.land(e.Attempt)
	if !ok {
		return m.wait() // given up before: too late
	}
	redirected := e.Outcome == Refused && e.Hint != NoHint
	m.shared.ended(now, &f, e.Outcome == Answered, e.Outcome != Answered && !redirected, r)
	switch e.Outcome {
	case Answered:
		m.measure(now, &f)
		return m.finish(now, r, Answered)
	case Unsure:
		m.unsure = true
	}
	if m.inFlight > 0 { // another attempt may still bring the answer
		if m.hedgeAt != Never {
			m.hedgeAt = now // one that failed makes the next hedge due (gRPC A6)
			return m.woke(now, r)
		}
		return m.wait()
	}
	return m.again(now, r, e.Hint)
}

// measure notes how long the call took, for hedges by percentile: from the earliest
// attempt that was still out, which may be slower yet. The time of the hedge that won
// would make slow calls look quick, and the more hedges there are, the sooner they would come.
func (m *Machine) measure(now time.Duration, won *flight) {
	if m.shared.policy.Hedge.Percent == 0 {
		return
	}
	first := won.sent
	for _, f := range m.flights[:m.inFlight] {
		first = min(first, f.sent)
	}
	m.shared.took.Add(now - first)
}

// woke gives up the attempts whose time has come, and sends what is due.
func (m *Machine) woke(now time.Duration, r Rand) Action {
	expired := m.expire(now, r)
	switch {
	case m.inFlight > 0 && now >= m.hedgeAt && now < m.deadline:
		return m.hedge(now, r)
	case m.inFlight > 0:
		return m.wait()
	case expired:
		return m.again(now, r, NoHint)
	case now >= m.retryAt:
		return m.retry(now, r)
	}
	return m.wait()
}

// again decides about the next attempt once none is left in flight.
func (m *Machine) again(now time.Duration, r Rand, hint int) Action {
	m.hedgeAt = Never
	m.free = hint != NoHint && !m.hinted
	spent := m.attempts-m.hedges-m.redirects >= m.shared.policy.MaxAttempts
	if spent && !m.free || now >= m.deadline || !m.mayResend() {
		return m.giveUp(now, r)
	}
	delay := m.aim(r, hint)
	if delay == 0 {
		return m.retry(now, r)
	}
	m.retryAt = later(now, delay)
	if m.retryAt >= m.deadline {
		return m.giveUp(now, r) // it could not be sent in time, so do not wait for it
	}
	return m.wait()
}

// mayResend reports whether sending the intent again can do no harm, or is asked for.
func (m *Machine) mayResend() bool {
	return !m.unsure || !m.intent.Mutates || m.intent.Dedup || m.shared.policy.Resend == Always
}

// aim picks the target of the next attempt and returns how long to wait before it.
//
// A hint is followed at once, since the replica that gave it is well and the one
// it names is likely idle. Such a redirect is part of the store's protocol: it is
// no retry, takes nothing from a budget and does not count as an attempt. Not so a second hint in a row: two replicas that take
// each other for the leader would otherwise bounce the client between them and
// use up its attempts while they sort it out.
func (m *Machine) aim(r Rand, hint int) time.Duration {
	m.hinted = hint != NoHint
	if m.hinted {
		m.target = m.checked(hint)
	} else {
		m.target = (m.target + 1) % m.intent.Targets
	}
	if m.free {
		return 0
	}
	return m.shared.policy.Backoff.Next(&m.course, r)
}

func (m *Machine) checked(target int) int {
	if target < 0 || target >= m.intent.Targets {
		panic(fmt.Sprintf("policy: target %d of %d", target, m.intent.Targets))
	}
	return target
}

// retry sends the planned attempt, if throttle and budget allow. If not, waiting
// would not help: the intent is over.
func (m *Machine) retry(now time.Duration, r Rand) Action {
	s := m.shared
	switch {
	case !s.throttle.Admit(now, r):
		s.stats.Throttled++
		return m.giveUp(now, r)
	case m.free:
		m.redirects++
		s.stats.Redirects++
	case !s.budget.Take(now):
		s.stats.Unfunded++
		return m.giveUp(now, r)
	default:
		s.stats.Retries++
	}
	return m.send(now, r)
}

// hedge sends one more attempt beside those in flight, if the budget allows.
func (m *Machine) hedge(now time.Duration, r Rand) Action {
	s := m.shared
	m.hedgeAt = Never
	m.target = (m.target + 1) % m.intent.Targets
	target, ok := s.choose(now, r, &m.intent, m.target, m.flights[:m.inFlight])
	if !ok {
		return m.wait()
	}
	if !s.budget.Take(now) {
		s.stats.Unfunded++
		return m.wait()
	}
	m.hedges++
	s.stats.Hedges++
	return m.launch(now, target)
}

// send sends an attempt to the planned target, or to another one if the client's
// policy keeps away from it.
func (m *Machine) send(now time.Duration, r Rand) Action {
	m.retryAt = Never
	target, ok := m.target, m.hinted && m.shared.passes(now, m.intent.Shard, m.intent.peer(m.target))
	if !ok { // a hint is followed whatever the balancer says
		target, ok = m.shared.choose(now, r, &m.intent, m.target, nil)
	}
	if !ok {
		m.shared.blame(now, m.intent.Shard, m.intent.peer(target))
		return m.giveUp(now, r)
	}
	return m.launch(now, target)
}

// launch sends an attempt.
func (m *Machine) launch(now time.Duration, target int) Action {
	if m.inFlight == maxInFlight {
		panic(fmt.Sprintf("policy: attempt %d while %d are in flight", m.attempts+1, maxInFlight))
	}
	m.attempts++
	m.target = target
	f := &m.flights[m.inFlight]
	*f = flight{
		attempt: m.attempts, peer: m.intent.peer(target), shard: m.intent.Shard, first: m.attempts == 1,
		sent: now, deadline: min(later(now, m.shared.policy.AttemptTimeout), m.deadline),
	}
	m.inFlight++
	m.shared.sent(now, f)
	m.planHedge(now)
	return Action{Do: Send, Attempt: f.attempt, Target: target, Deadline: f.deadline, Wake: m.wake()}
}

// planHedge sets the time of the next hedge, if there is to be one.
func (m *Machine) planHedge(now time.Duration) {
	m.hedgeAt = Never
	h := m.shared.policy.Hedge
	if !h.eligible(m.intent) || m.hedges >= h.Max || m.inFlight >= maxInFlight {
		return
	}
	if after, ok := m.shared.hedgeAfter(); ok {
		m.hedgeAt = later(now, after)
	}
}

// Abandon ends the intent, whose outcome nobody wants to know any more.
func (m *Machine) Abandon(now time.Duration, r Rand) {
	if !m.finished {
		m.finish(now, r, Unsure)
	}
}

func (m *Machine) wait() Action { return Action{Do: Wait, Wake: m.wake()} }

func (m *Machine) giveUp(now time.Duration, r Rand) Action {
	if m.unsure {
		return m.finish(now, r, Unsure)
	}
	return m.finish(now, r, Refused)
}

// finish ends the intent. Attempts still in flight are cancelled.
func (m *Machine) finish(now time.Duration, r Rand, o Outcome) Action {
	for i := range m.flights[:m.inFlight] {
		m.shared.ended(now, &m.flights[i], false, false, r)
	}
	m.inFlight = 0
	m.finished = true
	return Action{Do: Finish, Outcome: o, Local: m.attempts == 0}
}

// wake returns the next instant at which something is due.
func (m *Machine) wake() time.Duration {
	at := min(m.retryAt, m.hedgeAt)
	for _, f := range m.flights[:m.inFlight] {
		at = min(at, f.deadline)
	}
	return at
}

// land removes an attempt from those in flight and returns it, if it was.
func (m *Machine) land(attempt int) (flight, bool) {
	for i, f := range m.flights[:m.inFlight] {
		if f.attempt == attempt {
			m.remove(i)
			return f, true
		}
	}
	return flight{}, false
}

// expire gives up the attempts whose deadline has come, and reports whether there were any.
func (m *Machine) expire(now time.Duration, r Rand) bool {
	before := m.inFlight
	for i := m.inFlight - 1; i >= 0; i-- {
		if f := m.flights[i]; f.deadline <= now {
			m.remove(i)
			m.unsure = true
			m.shared.ended(now, &f, false, true, r)
		}
	}
	return m.inFlight < before
}

func (m *Machine) remove(i int) {
	m.inFlight--
	m.flights[i] = m.flights[m.inFlight]
}

// later returns now+d, or Never where that overflows.
func later(now, d time.Duration) time.Duration {
	if d > Never-now {
		return Never
	}
	return now + d
}

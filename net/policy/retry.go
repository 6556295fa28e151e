package policy

import (
	"fmt"
	"time"
)

// A Resend says whether a write is sent again when an earlier attempt may have
// taken effect already.
type Resend uint8

const (
	// Safe re-sends such a write only to a store that deduplicates. To any other
	// store it might be applied twice: a delayed first attempt would overwrite
	// what others wrote since.
	Safe Resend = iota
	// Always re-sends it: at-least-once delivery.
	Always
)

var resendNames = [...]string{"safe", "always"}

// String returns safe or always.
func (r Resend) String() string { return resendNames[r] }

// ParseResend is the inverse of String.
func ParseResend(name string) (Resend, error) {
	for r, n := range resendNames {
		if n == name {
			return Resend(r), nil
		}
	}
	return Safe, fmt.Errorf("resend is %q: it must be safe or always", name)
}

// A Retry is the policy of one kind of client. The zero Retry makes one attempt
// and waits for its answer for ever.
type Retry struct {
	AttemptTimeout time.Duration // after which an attempt is given up; 0 means never
	TotalTimeout   time.Duration // after which the intent is given up; 0 means never
	MaxAttempts    int           // attempts, not retries: the first one counts; 0 means 1
	Backoff        Backoff       // wait between attempts
	Resend         Resend        // whether a write that may have happened is sent again
}

// Validate returns an error that names the field and the remedy if no client can follow the policy.
func (p Retry) Validate() error {
	switch {
	case p.AttemptTimeout < 0:
		return fmt.Errorf("attempt timeout is %v: it must not be negative (0 waits for ever)", p.AttemptTimeout)
	case p.TotalTimeout < 0:
		return fmt.Errorf("total timeout is %v: it must not be negative (0 waits for ever)", p.TotalTimeout)
	case p.MaxAttempts < 0:
		return fmt.Errorf("max_attempts is %d: it must be at least 1 (the first attempt counts)", p.MaxAttempts)
	case p.Backoff.Base < 0:
		return fmt.Errorf("backoff base is %v: it must not be negative", p.Backoff.Base)
	case p.Backoff.Cap < 0:
		return fmt.Errorf("backoff cap is %v: it must not be negative (0 means no cap)", p.Backoff.Cap)
	case p.MaxAttempts > 1 && p.AttemptTimeout == 0 && p.TotalTimeout == 0:
		return fmt.Errorf("max_attempts is %d but nothing ends an attempt whose answer is lost: set an attempt timeout", p.MaxAttempts)
	}
	return nil
}

func (p Retry) withDefaults() Retry {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 1
	}
	if p.AttemptTimeout == 0 {
		p.AttemptTimeout = Never
	}
	if p.TotalTimeout == 0 {
		p.TotalTimeout = Never
	}
	return p
}

// maxInFlight bounds the attempts of one intent that are in flight at once.
const maxInFlight = 8

// A flight is an attempt that was sent and neither answered nor given up.
type flight struct {
	attempt  int
	deadline time.Duration
}

// A Machine carries one intent through its attempts. It allocates nothing, and
// can be begun again for the next intent.
type Machine struct {
	policy   Retry
	intent   Intent
	deadline time.Duration // of the intent
	attempts int           // sent so far
	backoffs int           // waited so far
	target   int           // of the latest or the planned attempt
	hinted   bool          // whether that target came from a hint
	unsure   bool          // an attempt may have taken effect
	finished bool
	retryAt  time.Duration // when the planned attempt is due, or Never
	flights  [maxInFlight]flight
	inFlight int
}

// Begin starts a new intent and returns the first action, which is always Send.
func (m *Machine) Begin(now time.Duration, p Retry, i Intent) Action {
	p = p.withDefaults()
	*m = Machine{policy: p, intent: i, deadline: later(now, p.TotalTimeout), retryAt: Never}
	m.target = m.checked(i.First)
	return m.send(now)
}

// Step tells the machine what happened and returns what to do about it.
func (m *Machine) Step(now time.Duration, r Rand, e Event) Action {
	if m.finished {
		panic(fmt.Sprintf("policy: step after the intent finished: %+v", e))
	}
	switch e.Kind {
	case Replied:
		return m.replied(now, r, e)
	case Sent:
		m.attempts++
		m.launch(flight{e.Attempt, min(e.Deadline, m.deadline)})
		return m.wait()
	default:
		return m.woke(now, r)
	}
}

// replied ends an attempt by its answer.
func (m *Machine) replied(now time.Duration, r Rand, e Event) Action {
	if !m.land(e.Attempt) {
		return m.wait() // given up before: too late
	}
	switch e.Outcome {
	case Answered:
		return m.finish(Answered)
	case Unsure:
		m.unsure = true
	}
	if m.inFlight > 0 {
		return m.wait() // another attempt may still bring the answer
	}
	return m.again(now, r, e.Hint)
}

// woke gives up the attempts whose time has come, and sends the one that is due.
func (m *Machine) woke(now time.Duration, r Rand) Action {
	expired := m.expire(now)
	switch {
	case m.inFlight > 0:
		return m.wait()
	case expired:
		return m.again(now, r, NoHint)
	case now >= m.retryAt:
		return m.send(now)
	}
	return m.wait()
}

// again decides about the next attempt once none is left in flight.
func (m *Machine) again(now time.Duration, r Rand, hint int) Action {
	if m.attempts >= m.policy.MaxAttempts || now >= m.deadline || !m.mayResend() {
		return m.giveUp()
	}
	delay := m.aim(r, hint)
	if delay == 0 {
		return m.send(now)
	}
	m.retryAt = later(now, delay)
	if m.retryAt >= m.deadline {
		return m.giveUp() // it could not be sent in time, so do not wait for it
	}
	return m.wait()
}

// mayResend reports whether sending the intent again can do no harm, or is asked for.
func (m *Machine) mayResend() bool {
	return !m.unsure || !m.intent.Mutates || m.intent.Dedup || m.policy.Resend == Always
}

// aim picks the target of the next attempt and returns how long to wait before it.
//
// A hint is followed at once, since the replica that gave it is well and the one
// it names is likely idle. Not so a second hint in a row: two replicas that take
// each other for the leader would otherwise bounce the client between them and
// use up its attempts while they sort it out.
func (m *Machine) aim(r Rand, hint int) time.Duration {
	first := hint != NoHint && !m.hinted
	m.hinted = hint != NoHint
	if m.hinted {
		m.target = m.checked(hint)
	} else {
		m.target = (m.target + 1) % m.intent.Targets
	}
	if first {
		return 0
	}
	m.backoffs++
	return m.policy.Backoff.Delay(m.backoffs, r)
}

func (m *Machine) checked(target int) int {
	if target < 0 || target >= m.intent.Targets {
		panic(fmt.Sprintf("policy: target %d of %d", target, m.intent.Targets))
	}
	return target
}

func (m *Machine) send(now time.Duration) Action {
	m.attempts++
	m.retryAt = Never
	f := flight{m.attempts, min(later(now, m.policy.AttemptTimeout), m.deadline)}
	m.launch(f)
	return Action{Do: Send, Attempt: f.attempt, Target: m.target, Deadline: f.deadline, Wake: m.wake()}
}

func (m *Machine) wait() Action { return Action{Do: Wait, Wake: m.wake()} }

func (m *Machine) giveUp() Action {
	if m.unsure {
		return m.finish(Unsure)
	}
	return m.finish(Refused)
}

func (m *Machine) finish(o Outcome) Action {
	m.finished = true
	return Action{Do: Finish, Outcome: o}
}

// wake returns the next instant at which something is due.
func (m *Machine) wake() time.Duration {
	at := m.retryAt
	for _, f := range m.flights[:m.inFlight] {
		at = min(at, f.deadline)
	}
	return at
}

func (m *Machine) launch(f flight) {
	if m.inFlight == maxInFlight {
		panic(fmt.Sprintf("policy: attempt %d while %d are in flight", f.attempt, maxInFlight))
	}
	m.flights[m.inFlight] = f
	m.inFlight++
}

// land removes an attempt from those in flight and reports whether it was.
func (m *Machine) land(attempt int) bool {
	for i, f := range m.flights[:m.inFlight] {
		if f.attempt == attempt {
			m.remove(i)
			return true
		}
	}
	return false
}

// expire gives up the attempts whose deadline has come, and reports whether there were any.
func (m *Machine) expire(now time.Duration) bool {
	before := m.inFlight
	for i := m.inFlight - 1; i >= 0; i-- {
		if m.flights[i].deadline <= now {
			m.remove(i)
			m.unsure = true
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

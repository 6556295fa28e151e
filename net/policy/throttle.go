package policy

import (
	"fmt"
	"time"
)

// A ThrottlePolicy rejects requests at the client while the service rejects many
// ("Handling Overload", Site Reliability Engineering, chapter 21, 2016). The zero
// policy rejects none.
type ThrottlePolicy struct {
	K      float64       // requests that may be sent for each one accepted; 2 there; 0: no throttle
	Window time.Duration // over which requests and accepts are counted; 0 means 2 minutes
	Most   float64       // greatest share rejected; 0 means all
}

// Validate returns an error that names the field and the remedy if the policy makes no sense.
func (p ThrottlePolicy) Validate() error {
	switch {
	case p.K != 0 && p.K < 1:
		return fmt.Errorf("throttle k is %v: below 1 it would reject requests of a service in perfect health", p.K)
	case p.Window < 0:
		return fmt.Errorf("throttle window is %v: it must not be negative", p.Window)
	case p.Most < 0 || p.Most > 1:
		return fmt.Errorf("throttle most is %v: it is a share, from 0 to 1", p.Most)
	}
	return nil
}

// A Throttle is the state of a ThrottlePolicy.
type Throttle struct {
	policy ThrottlePolicy
	window window // requests as calls, those not accepted as failures
}

// NewThrottle returns a throttle that saw no request yet.
func NewThrottle(p ThrottlePolicy) Throttle {
	if p.Window == 0 {
		p.Window = 2 * time.Minute
	}
	if p.Most == 0 {
		p.Most = 1
	}
	return Throttle{p, newWindow(p.Window)}
}

// Rejects returns the probability with which a request is rejected now:
// max(0, (requests - K*accepts) / (requests + 1)).
func (t *Throttle) Rejects(now time.Duration) float64 {
	if t.policy.K == 0 {
		return 0
	}
	s := t.window.total(now)
	over := float64(s.calls) - float64(t.policy.K*float64(s.calls-s.failures))
	return min(max(0, over/float64(s.calls+1)), t.policy.Most)
}

// Admit reports whether a request may be sent. One that may not counts as a
// request that was not accepted. It draws only if the answer is in doubt.
func (t *Throttle) Admit(now time.Duration, r Rand) bool {
	p := t.Rejects(now)
	if p > 0 && fraction(r.Uint64()) < p {
		t.window.add(now, tally{calls: 1, failures: 1})
		return false
	}
	return true
}

// Ended notes whether a request that was sent failed.
func (t *Throttle) Ended(now time.Duration, failed bool) {
	if t.policy.K == 0 {
		return
	}
	s := tally{calls: 1}
	if failed {
		s.failures = 1
	}
	t.window.add(now, s)
}

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
	MaxAttempts    int           // attempts, not retries: the first one counts, redirects do not; 0 means 1
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

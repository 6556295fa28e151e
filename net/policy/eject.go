package policy

import (
	"fmt"
	"time"
)

// An EjectPolicy keeps away from replicas that fail (Envoy's outlier detection by
// consecutive failures). The zero policy ejects nobody.
type EjectPolicy struct {
	Failures int           // in a row, after which a replica is ejected; Envoy: 5
	For      time.Duration // times the number of its ejections so far; Envoy: 30 s
	Most     float64       // greatest share of replicas ejected at once, but always one; Envoy: 10 %
}

// Validate returns an error that names the field and the remedy if the policy makes no sense.
func (p EjectPolicy) Validate() error {
	switch {
	case p.Failures < 0:
		return fmt.Errorf("eject failures is %d: it must not be negative", p.Failures)
	case p.Failures > 0 && p.For <= 0:
		return fmt.Errorf("eject for is %v: say how long a replica is kept out", p.For)
	case p.Most < 0 || p.Most > 1:
		return fmt.Errorf("eject most is %v: it is a share, from 0 to 1", p.Most)
	}
	return nil
}

// An outlier is what is known of one replica.
type outlier struct {
	row   int           // failures in a row
	times int           // it was ejected
	until time.Duration // ejected until then
}

// ended notes how a call to the replica went; allowed says whether one more may be ejected.
func (o *outlier) ended(p EjectPolicy, now time.Duration, failed bool, allowed func() bool) {
	if p.Failures == 0 {
		return
	}
	if !failed {
		o.row = 0
		return
	}
	o.row++
	if o.row >= p.Failures && now >= o.until && allowed() {
		o.times++
		o.row = 0
		o.until = later(now, p.For*time.Duration(o.times))
	}
}

package policy

import (
	"slices"
	"time"
)

// A Scope says what one breaker or limiter watches over.
type Scope uint8

// The scopes.
const (
	PerService Scope = iota // all calls of the client
	PerShard                // the calls about one shard
	PerReplica              // the calls to one replica
)

// Scopes lists the scopes, with their names in experiments.
var Scopes = []Named[Scope]{
	{PerService, "service", "one for all calls of a client"},
	{PerShard, "shard", "one for the calls about each shard"},
	{PerReplica, "replica", "one for the calls to each replica"},
}

// String returns service, shard or replica.
func (s Scope) String() string { return Scopes[s].Name }

// A Policy is all that a client does about failure. The zero Policy makes one
// attempt and waits for its answer for ever.
type Policy struct {
	Retry
	Hedge      HedgePolicy
	Budget     BudgetPolicy // of retries and hedges
	Throttle   ThrottlePolicy
	Breaker    BreakerPolicy
	BreakerPer Scope
	Limiter    LimiterPolicy
	LimiterPer Scope
	Balance    BalanceRule
	Choices    int // of TwoChoices; 0: two
	Eject      EjectPolicy
	Cancel     bool // who was asked is told when an attempt is given up; the driver sees to it
}

// Validate returns an error that names the field and the remedy if no client can follow the policy.
func (p *Policy) Validate() error {
	for _, part := range []interface{ Validate() error }{p.Retry, p.Hedge, p.Budget, p.Throttle, p.Breaker, p.Limiter, p.Eject} {
		if err := part.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Stats counts what a client's policy did.
type Stats struct {
	Intents   int
	Attempts  int // sent, of all kinds
	Retries   int // sent
	Redirects int // sent: they followed a hint at once
	Hedges    int // sent

	Unfunded  int // retries and hedges that the budget did not pay
	Throttled int // attempts rejected by the throttle
	Broken    int // attempts for which every breaker was open
	Limited   int // attempts for which every limiter was full
}

// Shared is what the intents of one client have in common.
type Shared struct {
	policy   Policy
	budget   Budget
	throttle Throttle
	balance  balancer
	breakers []Breaker
	limiters []Limiter
	peers    []peer
	took     *Latencies // nil unless a hedge goes by them
	stats    Stats
	plain    bool // nothing keeps the client away from a replica
}

// A peer is what a client knows of one replica.
type peer struct {
	load int // attempts under way
	outlier
}

// NewShared returns the state of a client that asked for nothing yet. The policy must be valid.
func NewShared(p Policy) *Shared {
	p.Retry = p.Retry.withDefaults()
	s := &Shared{
		policy: p, budget: NewBudget(p.Budget), throttle: NewThrottle(p.Throttle), balance: balancer{rule: p.Balance, choices: p.Choices},
		plain: p.Breaker.Rule == NoBreaker && p.Limiter.Rule == NoLimit && p.Balance == InOrder && p.Eject.Failures == 0,
	}
	if p.Hedge.Percent > 0 {
		s.took = new(Latencies)
	}
	return s
}

// Policy returns the policy that the client follows.
func (s *Shared) Policy() *Policy { return &s.policy }

// Stats returns the counts so far.
func (s *Shared) Stats() Stats { return s.stats }

// peer returns what is known of a replica.
func (s *Shared) peer(id int) *peer {
	for id >= len(s.peers) {
		s.peers = append(s.peers, peer{})
	}
	return &s.peers[id]
}

// index returns the place of a breaker or limiter that watches over a call.
func (sc Scope) index(shard, peer int) int {
	switch sc {
	case PerShard:
		return shard
	case PerReplica:
		return peer
	}
	return 0
}

func (s *Shared) breaker(shard, peer int) *Breaker {
	i := s.policy.BreakerPer.index(shard, peer)
	for i >= len(s.breakers) {
		s.breakers = append(s.breakers, NewBreaker(s.policy.Breaker))
	}
	return &s.breakers[i]
}

func (s *Shared) limiter(shard, peer int) *Limiter {
	i := s.policy.LimiterPer.index(shard, peer)
	for i >= len(s.limiters) {
		s.limiters = append(s.limiters, NewLimiter(s.policy.Limiter))
	}
	return &s.limiters[i]
}

// passes reports whether breaker and limiter let a call through.
func (s *Shared) passes(now time.Duration, shard, peer int) bool {
	return s.plain || s.breaker(shard, peer).Ready(now) && s.limiter(shard, peer).Ready()
}

// blame counts why no target may be called.
func (s *Shared) blame(now time.Duration, shard, peer int) {
	if s.breaker(shard, peer).Ready(now) {
		s.stats.Limited++
	} else {
		s.stats.Broken++
	}
}

// sent notes an attempt.
func (s *Shared) sent(now time.Duration, f *flight) {
	s.stats.Attempts++
	s.budget.Sent(now, f.first)
	if s.plain {
		return
	}
	s.breaker(f.shard, f.peer).Sent(now)
	s.limiter(f.shard, f.peer).Sent()
	s.peer(f.peer).load++
}

// ended notes that an attempt is over, and whether it was answered or failed. An
// attempt that is neither was cancelled or redirected, and says nothing.
func (s *Shared) ended(now time.Duration, f *flight, answered, failed bool, r Rand) {
	s.budget.Ended(f.first, answered, failed)
	if answered || failed {
		s.throttle.Ended(now, failed)
	}
	if !s.plain {
		s.peerEnded(now, f, answered, failed, r)
	}
}

// peerEnded is ended for what is kept per service, shard or replica.
func (s *Shared) peerEnded(now time.Duration, f *flight, answered, failed bool, r Rand) {
	p, l, b := s.peer(f.peer), s.limiter(f.shard, f.peer), s.breaker(f.shard, f.peer)
	p.load--
	if !answered && !failed {
		l.Cancelled()
		b.Cancelled(now)
		return
	}
	took := now - f.sent
	l.Ended(now, took, failed, r)
	b.Ended(now, took, failed, r)
	p.ended(s.policy.Eject, now, failed, func() bool { return s.mayEject(now) })
}

// mayEject reports whether one more replica may be ejected: the first always.
func (s *Shared) mayEject(now time.Duration) bool {
	out := 0
	for i := range s.peers {
		if now < s.peers[i].until {
			out++
		}
	}
	return out == 0 || float64(out+1) <= float64(s.policy.Eject.Most*float64(len(s.peers)))
}

// hedgeAfter returns how long to wait before a hedge, and false if that is not known yet.
func (s *Shared) hedgeAfter() (time.Duration, bool) {
	h := s.policy.Hedge
	if h.Percent == 0 {
		return h.After, true
	}
	d, ok := s.took.Percentile(h.Percent)
	return max(d, h.After), ok
}

// choose picks the target of an attempt, from first on if the policy does not
// balance. Targets that were ejected are left out as long as there are others, and
// those that are being asked already for as long as there are targets that are not.
func (s *Shared) choose(now time.Duration, r Rand, i *Intent, first int, asked []flight) (target int, ok bool) {
	if s.plain {
		return first, true
	}
	load := func(t int) int { return s.peer(i.peer(t)).load }
	passes := func(t int) bool { return s.passes(now, i.Shard, i.peer(t)) }
	idle := func(t int) bool {
		return !slices.ContainsFunc(asked, func(f flight) bool { return f.peer == i.peer(t) })
	}
	healthy := func(t int) bool { return now >= s.peer(i.peer(t)).until }
	if target, ok = s.balance.pick(i.Targets, first, r, load, func(t int) bool { return passes(t) && idle(t) && healthy(t) }); ok {
		return target, true
	}
	plain := balancer{rule: InOrder} // the balancer had its turn
	if target, ok = plain.pick(i.Targets, target, r, load, func(t int) bool { return passes(t) && idle(t) }); ok {
		return target, true
	}
	return plain.pick(i.Targets, target, r, load, passes)
}

// peer returns who stands behind a target.
func (i *Intent) peer(target int) int {
	if i.Peers == nil {
		return target
	}
	return i.Peers.Peer(target)
}

// Package experiments turns a question into numbers: a Spec is read from a file,
// becomes Scenarios, each Scenario and seed is one Run, and a Sweep is all of
// them. Parallel outside, single-threaded inside: a run is a pure function of its
// scenario and seed.
package experiments

import (
	"time"

	"faultline/experiments/fault"
	"faultline/experiments/workload"
	"faultline/models/service"
	"faultline/models/store"
	"faultline/net"
	"faultline/net/policy"
	"faultline/sim"
)

// A Scenario is everything that decides a run but the seed.
type Scenario struct {
	Name string // of the experiment

	Model    *store.Model
	Replicas int            // all of them: those of services come after the store's
	Services *service.Graph // before the store, as Model has it already; nil: none
	Values   store.Values   // settings of the model; what is missing has its default
	Mutant   string         // a bug to plant, or empty

	Topology     *net.Topology
	Network      net.Options
	ReplicaSites []int         // sites of the topology, taken round robin; empty: all of them
	ClientSites  []int         // the same for clients
	CPU          time.Duration // what a replica needs to handle a message or timer
	Server       *sim.Server   // how replicas serve requests; nil: like all else that they handle
	Disk         sim.Delays    // what a sync takes; nil: no time
	ClockBound   time.Duration // the error that the replicas' clock service claims at most

	Workload workload.Workload
	Policy   policy.Policy // of every client
	Key      Key           // what its tokens name

	Faults []fault.Fault
	Budget fault.Budget
	Warmup time.Duration // before the run begins at time 0, for stores to elect their leaders
	Settle time.Duration // after the faults are healed, before the final reads

	SLO         float64 // share of operations that must succeed; 0: DefaultSLO
	ServiceOnly bool    // judge staleness, availability, latency and cost alone
	CheckBudget int     // steps that the linearizability checker may search; 0: DefaultCheckBudget
}

// Defaults for what a Scenario may leave open.
const (
	DefaultReplicas = 3
	DefaultWarmup   = 5 * time.Second
	DefaultSettle   = 10 * time.Second
	MaxReplicas     = 1000
)

// DefaultPolicy is what clients do unless an experiment says otherwise: they wait
// half a second for each answer, ask the next replica if none comes or it
// refuses, and give up after 2 s.
var DefaultPolicy = policy.Policy{Retry: policy.Retry{
	AttemptTimeout: 500 * time.Millisecond,
	TotalTimeout:   2 * time.Second,
	MaxAttempts:    20,
	Backoff:        policy.Backoff{Kind: policy.FullJitter, Base: 10 * time.Millisecond, Cap: 500 * time.Millisecond, Multiplier: 2},
}}

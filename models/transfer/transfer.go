// Package transfer models money that goes from one bank to another: a change of two
// databases that no single transaction spans.
//
//	n1  coordinator    keeps a log of how far each transfer is
//	n2  debit bank     takes the money; clients read here what was taken
//	n3  credit bank    gives it, or refuses to
//
// A client's append is a transfer between accounts of one name, its read the list of
// transfers that left the account. Two protocols:
//
//	commit: saga        debit, then credit, each a transaction of its own. If the credit
//	                    is refused, the debit is compensated: refunded. Meanwhile the debit
//	                    is there for all to see (no isolation)
//	commit: two-phase   both banks prepare: they lock the account and promise to do as they
//	                    are told; the coordinator decides and tells. While it is down, what
//	                    is prepared stays locked, and reads of it wait (blocking)
//
// What was taken at one bank and not refunded was given at the other: no money is
// made or lost. That is what it means here that replicas agree in the end. A saga
// keeps it only if compensation is retried until it is confirmed, and a bank that
// is asked twice refunds once (compensate: forever).
//
// A coordinator that knows nothing of a transfer says that it is aborted (presumed
// abort). Two-phase commit locks the debit bank first, for all transfers, so that
// there are no deadlocks.
package transfer

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "transfer",
	Summary: "money from one bank to another, by saga or by two-phase commit: one shows what it may yet undo, the other blocks while its coordinator is down",
	Paper: "Garcia-Molina and Salem, Sagas (SIGMOD 1987); Mohan, Lindsay and Obermarck, Transaction Management in the R* Distributed Database Management System " +
		"(TODS 1986), presumed abort. Departures: one coordinator; it remembers all decisions; banks prepare one after the other, and lock whole accounts",
	Params: []store.Param{
		{Name: "commit", Default: bySaga, Choices: []string{bySaga, byTwoPhase}, Safety: true,
			Doc: "how the two banks are changed together: one after the other with compensation, or both or neither by two-phase commit"},
		{Name: "compensate", Default: forever, Choices: []string{forever, once, blindly}, Safety: true,
			Doc: "of a saga: a refund is asked for until it is confirmed, and given once; or asked for once; or given as often as it is asked for"},
		{Name: "refuse", Default: 0, Min: 0, Max: 1_000_000,
			Doc: "every so-many-th credit is refused, so that the transfer is undone; 0: none"},
		{Name: "retry", Default: 200 * time.Millisecond, Min: time.Millisecond, Max: time.Minute,
			Doc: "time after which the coordinator asks a bank again, and a bank that is in doubt the coordinator"},
	},
	Kinds: []history.Kind{history.Read, history.Append},
	Steps: steps,
	Mutants: []store.Mutant{
		{Name: "memory-log", Doc: "the coordinator's log is not on disk: after a crash it knows of no transfer", Breaks: "converges"},
		{Name: "no-resume", Doc: "after a crash the coordinator does not go on with the sagas that its log holds", Breaks: "converges"},
		{Name: "early-unlock", Doc: "a bank unlocks the account once it is prepared: reads do not wait for the decision",
			Set: store.Values{"commit": byTwoPhase}},
	},
	Claims: func(c store.Config) store.Level {
		switch {
		case c.Choice("commit") == byTwoPhase:
			return store.Linearizable
		case c.Choice("compensate") == forever || c.Int("refuse") == 0:
			return store.Eventual
		}
		return store.Nothing
	},
	Assumes:     func(store.Config) []store.Assumption { return []store.Assumption{store.DisksSurvive, store.HonestSync} },
	AppliesOnce: func(store.Config) bool { return true }, // a transfer is named by the client's token
	Check: func(c store.Config) error {
		if len(c.Replicas) < machines {
			return fmt.Errorf("n is %d: there must be at least %d machines, for the coordinator and two banks", len(c.Replicas), machines)
		}
		return nil
	},
	Replica: func(c store.Config, id sim.NodeID) sim.Handler {
		switch at := c.Index(id); at {
		case coordinatorAt:
			return newCoordinator(c)
		case debitAt, creditAt:
			return newBank(c, at == debitAt)
		}
		return idle{}
	},
	Route: func(c store.Config, op *history.Op, _ *store.View) []sim.NodeID {
		if op.Kind.Mutates() {
			return c.Replicas[coordinatorAt : coordinatorAt+1]
		}
		return c.Replicas[debitAt : debitAt+1]
	},
}

// The settings of commit and compensate.
const (
	bySaga     = "saga"
	byTwoPhase = "two-phase"

	forever = "forever"
	once    = "once"
	blindly = "blindly"
)

// The steps, by who takes them. Neither protocol goes through all of them.
const (
	received     = "received"     // coordinator: a new transfer has come; nothing is done
	begun        = "begun"        // coordinator, saga: it is in the log
	advanced     = "advanced"     // coordinator, saga: that the debit is done is in the log
	compensating = "compensating" // coordinator, saga: that the credit is refused is in the log
	decided      = "decided"      // coordinator: the outcome is in the log; nobody was told
	answered     = "answered"     // coordinator: the client was told

	debitPrepared  = "debit-prepared"  // debit bank, two-phase: it has promised; nobody was told
	debited        = "debited"         // debit bank: the money is taken; nobody was told
	refunded       = "refunded"        // debit bank, saga: and given back
	creditPrepared = "credit-prepared" // credit bank, two-phase: as debit-prepared
	credited       = "credited"        // credit bank: the money is given; nobody was told
)

var steps = []string{
	received, begun, advanced, compensating, decided, answered,
	debitPrepared, debited, refunded, creditPrepared, credited,
}

// Who is where among the replicas. Further ones are idle.
const (
	coordinatorAt = iota
	debitAt
	creditAt
	machines
)

// idle is a machine beyond the three.
type idle struct{}

func (idle) Start(sim.Env)              {}
func (idle) Timer(sim.Env, sim.TimerID) {}
func (idle) Receive(e sim.Env, from sim.NodeID, msg any) {
	if req, ok := msg.(*store.Request); ok {
		e.Send(from, req.Refuse(sim.None))
	}
}

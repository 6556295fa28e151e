// Package primarybackup models primary-backup replication: one replica, the
// primary, orders the writes; the others, its backups, follow. How much it
// promises depends on when it answers a client:
//
//	ack: primary      at once; the backups hear later (asynchronous, as Redis or PostgreSQL by default)
//	ack: one-backup   once one backup has the write (semi-synchronous)
//	ack: all          once every backup that is in touch has it (Alsberg and Day)
//
// Time is cut into views, numbered upwards; replica v mod n is the primary of
// view v. A write goes through these steps:
//
//	order      the primary gives it the next sequence number and writes it to its journal
//	replicate  once durable, it goes to the backups, who journal it in order and acknowledge
//	commit     once enough copies are durable, the primary applies it and answers the client;
//	           the backups learn of it from the next message and apply it too
//
// A backup that misses the primary's heartbeats for the failover time takes over,
// by itself (vote: any) or once a majority of the replicas takes the primary for
// dead as well and has nothing newer than the candidate (vote: majority). A new
// view begins with the whole state of its primary, which replaces whatever the
// others held: that is how the extra writes of a deposed primary are lost.
//
// What holds in ack: all with vote: majority, whatever the network does: a write
// is answered only when a majority holds it durably, and a new primary is at
// least as new as a majority, so no acknowledged write is ever lost and writes,
// compare-and-sets and appends are linearizable. Reads are the weak spot: a
// primary that was deposed and does not know it yet answers them from what it
// has. Only if a node that seems dead is dead (fail-stop) is that impossible.
package primarybackup

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "primarybackup",
	Summary: "a primary orders writes, backups follow and take over: fast when asynchronous, and then it loses acknowledged writes",
	Paper: "Alsberg and Day, A Principle for Resilient Sharing of Distributed Resources (ICSE 1976); Budhiraja, Marzullo, Schneider and Toueg, " +
		"The Primary-Backup Approach (1993). Departures: views are elected by vote as in Viewstamped Replication (Oki and Liskov, PODC 1988), " +
		"each view starts with a transfer of the whole state, and the primary itself answers the client",
	Params:      params,
	Kinds:       []history.Kind{history.Read, history.Write, history.CAS, history.Append},
	Mutants:     mutants,
	Claims:      claims,
	Assumes:     assumes,
	AppliesOnce: appliesOnce,
	Check:       check,
	Replica:     func(cfg store.Config, id sim.NodeID) sim.Handler { return newReplica(cfg, id) },
	Route:       route,
}

// When a client is answered.
const (
	ackPrimary   = "primary"
	ackOneBackup = "one-backup"
	ackAll       = "all"
)

// Who decides on a takeover, and who answers reads.
const (
	voteMajority = "majority"
	voteAny      = "any"
	readPrimary  = "primary"
	readAny      = "any"
)

var params = []store.Param{
	{Name: "ack", Default: ackAll, Choices: []string{ackPrimary, ackOneBackup, ackAll}, Safety: true,
		Doc: "when a write is answered: once the primary, one backup, or every backup in touch (and with vote: majority, at least a majority of the replicas) has it"},
	{Name: "vote", Default: voteMajority, Choices: []string{voteMajority, voteAny}, Safety: true,
		Doc: "who must take the primary for dead before a backup takes over: a majority of the replicas, or the backup alone"},
	{Name: "reads", Default: readPrimary, Choices: []string{readPrimary, readAny}, Safety: true,
		Doc: "who answers reads: the primary, or any replica from what it has, which may be stale"},
	{Name: "sync", Default: true, Safety: true,
		Doc: "make a write durable on every copy before it counts"},
	{Name: "heartbeat", Default: 50 * time.Millisecond, Min: time.Millisecond, Max: 10 * time.Second,
		Doc: "time between two heartbeats of the primary"},
	{Name: "failover", Default: 500 * time.Millisecond, Min: 5 * time.Millisecond, Max: 10 * time.Minute,
		Doc: "silence after which a backup takes the primary for dead, and the primary a backup"},
}

var mutants = []store.Mutant{
	{Name: "ack-early", Doc: "answers before the backups have the write, though ack is all: a failover loses it", Breaks: "durable"},
	{Name: "out-of-order", Doc: "a backup takes updates as they arrive, not in sequence: what was lost on the way stays lost", Breaks: "converges"},
	{Name: "early-reads", Doc: "a new primary answers reads before it has committed what earlier ones may have acknowledged"},
	{Name: "blind-vote", Doc: "a vote goes to any candidate, also to one that lacks acknowledged writes which the voter has: they are gone",
		Set: store.Values{"reads": readAny}, Breaks: "durable"},
	{Name: "no-sync", Doc: "promises and writes count before they are durable: crashes lose what was acknowledged",
		Breaks: "durable"},
	{Name: "no-fence", Doc: "a primary that hears of a later view goes on: two primaries for ever",
		Set: store.Values{"ack": ackPrimary}, Breaks: "converges"},
	{Name: "no-transfer", Doc: "a replica goes over to a new view with the history that it has: extra writes of a deposed primary stay",
		Set: store.Values{"ack": ackPrimary}, Breaks: "converges"},
}

// claims says what the settings promise. Linearizability needs every acknowledged
// write on a majority, a vote that cannot pass that majority by, and reads from
// where writes are ordered. Two copies are a majority of three.
func claims(cfg store.Config) store.Level {
	safe := cfg.Choice("ack") == ackAll || cfg.Choice("ack") == ackOneBackup && cfg.Majority() <= 2
	if safe && cfg.Choice("vote") == voteMajority && cfg.Choice("reads") == readPrimary {
		return store.Linearizable
	}
	return store.Eventual
}

func assumes(cfg store.Config) []store.Assumption {
	if claims(cfg) != store.Linearizable {
		return nil // the latest view wins, whatever happened
	}
	// A timeout tells that a node is dead only if clocks tick at about the same rate.
	needs := []store.Assumption{store.FailStop, store.ClockRate, store.DisksSurvive, store.HonestSync}
	if !cfg.Bool("sync") {
		needs = append(needs, store.NoCrash)
	}
	return needs
}

// appliesOnce is true in every mode. The sessions are part of the state that is
// replicated, so whichever history survives a failover holds a write at most
// once: if the failover lost the write, it lost the memory of its token too, and
// a retry applies it then.
func appliesOnce(store.Config) bool { return true }

// route starts with whoever answered last, then goes from near to far; replicas
// that are not the primary name the one they follow.
func route(cfg store.Config, op *history.Op, view *store.View) []sim.NodeID {
	if op.Kind == history.Read && cfg.Choice("reads") == readAny {
		return view.Near
	}
	return view.HintFirst()
}

func check(cfg store.Config) error {
	if beat, limit := cfg.Duration("heartbeat"), cfg.Duration("failover"); limit < 2*beat {
		return fmt.Errorf("failover (%v) must be at least two heartbeats (%v each), or one late heartbeat deposes a primary", limit, beat)
	}
	return nil
}

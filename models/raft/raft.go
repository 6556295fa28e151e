// Package raft models a store on Raft (Ongaro and Ousterhout, "In Search of an
// Understandable Consensus Algorithm", ATC 2014). The protocol is not modelled:
// it is go.etcd.io/raft/v3, the library inside etcd, CockroachDB and TiKV. This
// package is what an application must build around it: the disk, the network,
// the clock, the state machine and the clients.
//
// A leader, elected by a majority for a term, puts every write into its log and
// sends it to the followers. An entry that a majority has on disk is committed:
// no later leader can lack it. All replicas apply the committed entries in the
// order of the log to a state machine (store.State), which also remembers every
// client's latest write, so that a retry is applied once. Whoever is not the
// leader refuses and names the leader.
//
// The library is a pure machine: messages and ticks in, a Ready out. In
// replica.go, settle carries out what a Ready asks for; journal.go is the log on
// disk and its compaction into snapshots; election.go counts the election
// timeout; reads.go answers reads in five ways, which differ in what they cost
// and what they can miss:
//
//	log           the read is an entry of the log itself
//	readindex     the leader asks a majority whether it still leads, and answers from its state
//	lease         as readindex, but the leader trusts that nobody else can lead yet (the library's lease)
//	clock_lease   the same with the lease of Ongaro's thesis, section 6.4.1, measured by the leader's clock
//	local         any replica answers from its own state, however old
//
// The library's lease (ReadOnlyLeaseBased) holds only while no message is lost.
// A leader looks once per election timeout whether a majority has answered since
// it last looked (CheckQuorum), so one that is cut off right after a look leads on
// for up to two election timeouts, but its followers vote for another after one.
// In between it answers reads that miss acknowledged writes, with perfect clocks.
// If it pauses as well, there is no limit: while it stands still, so do its ticks.
// The lease of the thesis has neither fault: it begins when the leader asked, not
// when it looks at the answers, and it is over when the clock says so. It does
// need replicas that keep their promise not to vote over a restart (tooYoung).
package raft

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "raft",
	Summary: "etcd's Raft: a majority elects a leader, which orders all writes in a replicated log",
	Paper: "Ongaro and Ousterhout, ATC 2014, and Ongaro's thesis (2014) for snapshots, sessions and reads, as built in go.etcd.io/raft/v3. " +
		"Departs from it in the election timeout, which is counted outside the library from the run's own randomness; the members never change. A processor works on every message, and not " +
		"on clients' requests alone: a write brings its leader an answer from each follower, and each takes machine.cpu",
	Params:      params,
	Kinds:       []history.Kind{history.Read, history.Write, history.CAS, history.Append},
	Mutants:     mutants,
	Claims:      claims,
	Assumes:     assumes,
	AppliesOnce: func(cfg store.Config) bool { return cfg.Bool("sessions") },
	Check:       check,
	Replica:     func(cfg store.Config, id sim.NodeID) sim.Handler { return newReplica(cfg, id) },
	Route:       route,
}

// The ways to read.
const (
	readLog        = "log"
	readIndex      = "readindex"
	readLease      = "lease"
	readClockLease = "clock_lease"
	readLocal      = "local"
)

var params = []store.Param{
	{Name: "heartbeat", Default: 100 * time.Millisecond, Min: time.Millisecond, Max: 10 * time.Second,
		Doc: "how often the leader says that it lives"},
	{Name: "tick", Default: time.Duration(0), Min: time.Duration(0), Max: 10 * time.Second,
		Doc: "in what timeouts are counted, a part of heartbeat; 0: heartbeat itself"},
	{Name: "election_timeout", Default: time.Second, Min: 2 * time.Millisecond, Max: time.Minute,
		Doc: "a follower that hears nothing for so long, and a part of election_spread, stands for election"},
	{Name: "election_spread", Default: time.Duration(0), Min: time.Duration(0), Max: time.Minute,
		Doc: "how far apart the patience of followers is, drawn in whole ticks; with one tick all have the same; 0: election_timeout once more, as in the library"},
	{Name: "fresh_after_loss", Default: true,
		Doc: "a candidate that a majority turned down begins to wait anew, as in the library; in Ongaro's dissertation it goes on counting from when it stood"},
	{Name: "candidates", Default: 0, Min: 0, Max: 1000,
		Doc: "how many replicas, from the first on, ever stand for election; 0: all"},
	{Name: "prevote", Default: true,
		Doc: "ask whether an election could be won before holding it, so that a replica which was cut off does not unseat the leader when it returns"},
	{Name: "check_quorum", Default: true,
		Doc: "a leader that hears from no majority for an election timeout steps down, and nobody votes while the leader is heard"},
	{Name: "reads", Default: readIndex, Choices: []string{readLog, readIndex, readLease, readClockLease, readLocal}, Safety: true,
		Doc: "how reads are answered: through the log, after asking a majority, by a lease on the leadership (the library's, or one measured by the clock), or from any replica's own state"},
	{Name: "max_drift", Default: 1000, Min: 0, Max: 500_000, Safety: true,
		Doc: "parts per million by which a clock_lease assumes that oscillators differ at most"},
	{Name: "snapshot_every", Default: 1000, Min: 0, Max: 1_000_000,
		Doc: "entries after which the log is compacted into a snapshot; 0 is never"},
	{Name: "sessions", Default: true,
		Doc: "remember every client's latest write, so that clients may send a write again whose fate they do not know"},
	{Name: "batch", Default: time.Duration(0), Min: time.Duration(0), Max: time.Second,
		Doc: "how long the leader gathers requests before it appends them together (group commit)"},
}

var mutants = []store.Mutant{
	{Name: "ack-before-commit", Doc: "acknowledges a write when the leader has it, before a majority does: the next leader may never have heard of it"},
	{Name: "no-sync", Doc: "answers votes and appends before they are on disk: what a crash takes was already counted as stored"},
	{Name: "forget-vote", Doc: "keeps the log on disk but not the term and the vote: after a crash a replica votes twice in one term, and two may lead in it",
		// Two elections must be so close together that the replica crashes and returns between them.
		Set: store.Values{"prevote": false, "heartbeat": 50 * time.Millisecond, "election_timeout": 100 * time.Millisecond}},
	{Name: "stale-read", Doc: "whoever is asked answers a read from its own state, though it should go through the log", Set: store.Values{"reads": readLog}},
	{Name: "no-sessions", Doc: "forgets which writes were applied: a write that is sent again is applied twice"},
}

func claims(cfg store.Config) store.Level {
	if cfg.Choice("reads") == readLocal {
		return store.Eventual
	}
	return store.Linearizable
}

func assumes(cfg store.Config) []store.Assumption {
	rests := []store.Assumption{store.DisksSurvive, store.HonestSync}
	switch cfg.Choice("reads") {
	case readLease:
		// Not of clocks alone: see the package's comment.
		return append(rests, store.FailStop, store.ClockRate)
	case readClockLease:
		return append(rests, store.ClockRate, store.ClockBound)
	}
	return rests
}

func check(cfg store.Config) error {
	beat, patience := cfg.Duration("heartbeat"), cfg.Duration("election_timeout")
	if patience < 2*beat {
		return fmt.Errorf("election_timeout (%v) must be at least twice heartbeat (%v); ten times is usual", patience, beat)
	}
	tick := tickOf(cfg)
	if tick < time.Microsecond || beat%tick != 0 {
		return fmt.Errorf("heartbeat (%v) must be a multiple of tick (%v), and tick at least 1us", beat, tick)
	}
	if spread := spreadOf(cfg); spread < tick {
		return fmt.Errorf("election_spread (%v) must be at least one tick (%v)", spread, tick)
	}
	reads := cfg.Choice("reads")
	if (reads == readLease || reads == readClockLease) && !cfg.Bool("check_quorum") {
		return fmt.Errorf("reads: %s needs check_quorum: true; without it followers vote although they hear the leader, and there is no lease", reads)
	}
	return nil
}

// tickOf returns in what timeouts are counted.
func tickOf(cfg store.Config) time.Duration {
	if tick := cfg.Duration("tick"); tick > 0 {
		return tick
	}
	return cfg.Duration("heartbeat")
}

// spreadOf returns from how wide a range followers draw their patience.
func spreadOf(cfg store.Config) time.Duration {
	if spread := cfg.Duration("election_spread"); spread > 0 {
		return spread
	}
	return cfg.Duration("election_timeout")
}

// route sends clients to the leader, if they know it; a local read goes to the nearest replica.
func route(cfg store.Config, op *history.Op, view *store.View) []sim.NodeID {
	if op.Kind == history.Read && cfg.Choice("reads") == readLocal {
		return view.Near
	}
	return view.HintFirst()
}
